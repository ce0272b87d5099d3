"""What the API takes and sends besides the Answer, whose JSON is `Answer.as_dict()` and nothing else.

How long what it takes may be is a matter of the settings, which `QAPipeline` and the routes see to; qa/web/openapi.py writes
it into the document.
"""

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from index.article import BlockKind, Particulars
from qa.answer import Answer
from qa.catalogue import LONGEST, catalogue_of
from qa.pipeline import QAPipeline
from qa.web.examples import ASK_EXAMPLE, BATCH_EXAMPLE
from qa.web.problems import Problem

LISTED: Final = 100
"""Articles that are listed where nobody says how many."""

MOST_LISTED: Final = 1_000

Searched = Annotated[
    str, Field(max_length=LONGEST, description="words of the title or the id, in any case, with or without accents")
]
ListLimit = Annotated[int, Field(ge=1, le=MOST_LISTED, description="most articles to list")]
ListOffset = Annotated[int, Field(ge=0, le=2**31 - 1, description="how many to pass over")]


def _whole(value: object) -> object:
    """3.0 is an integer in JSON, and some clients write it so; text and true are none."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


class Turn(BaseModel):
    """An earlier question, the words that answered it (null for a refusal), and how it was understood."""

    model_config = ConfigDict(extra="forbid")

    question: str
    answer: str | None = None
    interpreted_as: str | None = None


class AskRequest(BaseModel):
    """One question."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": ASK_EXAMPLE})

    question: Annotated[str, Field(description="the question, with a word in it")]
    article: Annotated[str | None, Field(description="the article's id or URL; null asks every article")] = None
    top_k: Annotated[
        int, Field(ge=1, le=10, strict=True, description="most citations wanted"), BeforeValidator(_whole)
    ] = 3
    history: Annotated[list[Turn], Field(description="earlier turns, oldest first")] = []


class BatchRequest(BaseModel):
    """Questions that do not depend on each other. Each is checked by itself: a bad one gets a Problem in its place."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": BATCH_EXAMPLE})

    questions: Annotated[
        list[Any],
        Field(
            min_length=1,
            description="questions, each as POST /api/v1/ask takes it",
            json_schema_extra={"items": {"$ref": "#/components/schemas/AskRequest"}},
        ),
    ]


class BatchAnswers(BaseModel):
    """An Answer or a Problem for each question of a batch, in their order."""

    answers: list[Answer | Problem]


class Stretch(BaseModel):
    """A typed block of an article, `[start, end)` in code points of its text."""

    kind: BlockKind
    start: int
    end: int


class SentenceRange(BaseModel):
    """A sentence, `[start, end)` in code points of its article's text; `id` is what citations call `sentence_id`."""

    id: int
    start: int
    end: int


class ArticleSummary(BaseModel):
    """An article, without its text. `suggestions` are questions that it answers."""

    id: str
    title: str
    source: str | None
    url: str | None
    published: str | None
    language: str
    sha256: str
    characters: int
    sentences: int
    suggestions: list[str]


class ArticleList(BaseModel):
    """Articles that can be asked, in the order of the index, or of how well they fit what was searched for; `total` counts
    those before and behind them too.
    """

    articles: list[ArticleSummary]
    total: int


class ArticleDetail(ArticleSummary):
    """An article with its exact text, to check citations against."""

    text: str
    pages: Annotated[list[int], Field(description="where a PDF's pages begin in the text; empty for what has no pages")]
    blocks: list[Stretch]
    sentence_ranges: list[SentenceRange]


class Health(BaseModel):
    """The process is alive."""

    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """The server has answered a question just now."""

    status: Literal["ready"] = "ready"
    articles: int
    sentences: int


def summary(pipeline: QAPipeline, article: Particulars) -> ArticleSummary:
    """An article of the pipeline's index as the list of articles shows it; asks for no text."""
    low, high = pipeline.index.sentence_rows(article.id)
    return ArticleSummary(
        id=article.id,
        title=article.title,
        source=article.source,
        url=article.url,
        published=article.published,
        language=article.language,
        sha256=article.sha256,
        characters=article.characters,
        sentences=high - low,
        suggestions=list(pipeline.suggestions(article.id)),
    )


def listed(pipeline: QAPipeline, words: str = "", limit: int = LISTED, offset: int = 0) -> ArticleList:
    """At most `limit` articles from number `offset` on, of those whose titles or ids hold the words."""
    found = catalogue_of(pipeline.index).search(words, limit=limit, offset=offset)
    return ArticleList(articles=[summary(pipeline, one) for one in found.articles], total=found.total)


def detail(pipeline: QAPipeline, key: str) -> ArticleDetail:
    """The same of the article with this id or URL, with its text, blocks and sentences.

    :raises ArticleError: there is no such article, or its URL is that of several.
    """
    article, sentences = pipeline.index.whole(key)
    return ArticleDetail(
        **summary(pipeline, article).model_dump() | {"sentences": len(sentences)},
        text=article.text,
        pages=list(article.pages),
        blocks=[Stretch(kind=b.kind, start=b.start, end=b.end) for b in article.blocks],
        sentence_ranges=[SentenceRange(id=s.id, start=s.start, end=s.end) for s in sentences],
    )
