"""The JSON API: ask a question, list the articles, and say whether the server lives and can answer.

The Answer's JSON is `Answer.as_dict()` and nothing else; the models here describe requests, and article listings. Methods
that a route does not answer are refused by the guard, before they come here.
"""

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse

from index.article import Article, BlockKind
from qa.answer import Answer
from qa.pipeline import QAPipeline
from qa.web.openapi import ASK_EXAMPLE
from qa.web.problems import problem_responses
from qa.web.workers import Workers


class Turn(BaseModel):
    """An earlier question and the words that answered it, None for a refusal."""

    model_config = ConfigDict(extra="forbid")

    question: str
    answer: str | None = None


class AskRequest(BaseModel):
    """One question."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": ASK_EXAMPLE})

    question: Annotated[str, Field(description="the question, at most 1,000 characters")]
    article: Annotated[str | None, Field(description="the article's id; null asks every article")] = None
    top_k: Annotated[int, Field(ge=1, le=10, strict=True, description="most citations wanted")] = 3
    history: Annotated[list[Turn], Field(max_length=20, description="earlier turns, oldest first")] = []


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
    """An article, without its text."""

    id: str
    title: str
    source: str | None
    url: str | None
    published: str | None
    language: str
    sha256: str
    characters: int
    sentences: int


class ArticleList(BaseModel):
    """Every article that can be asked, in the order of the index."""

    articles: list[ArticleSummary]


class ArticleDetail(ArticleSummary):
    """An article with its exact text, to check citations against."""

    text: str
    blocks: list[Stretch]
    sentence_ranges: list[SentenceRange]
    suggestions: list[str]


class Health(BaseModel):
    """The process is alive."""

    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """The server has answered a question just now."""

    status: Literal["ready"] = "ready"
    articles: int
    sentences: int


def api_router(pipeline: QAPipeline, workers: Workers) -> APIRouter:
    """The routes, over one pipeline; each computation runs on `workers`."""
    router = APIRouter()
    _add_ask(router, pipeline, workers)
    _add_articles(router, pipeline)
    _add_health(router, pipeline, workers)
    return router


def _add_ask(router: APIRouter, pipeline: QAPipeline, workers: Workers) -> None:
    @router.post(
        "/api/v1/ask",
        response_model=Answer,
        response_description="an Answer: the words found, or a refusal",
        responses=problem_responses(400, 403, 404, 411, 413, 415, 422, 503),
        tags=["ask"],
    )
    async def ask(request: AskRequest) -> JSONResponse:
        """The exact words of an article that answer the question, cited, or a refusal with the nearest sentences."""
        answer = await workers.run(
            pipeline.answer,
            request.question,
            article=request.article,
            top_k=request.top_k,
            history=[turn.model_dump() for turn in request.history],
        )
        return JSONResponse(answer.as_dict())


def _add_articles(router: APIRouter, pipeline: QAPipeline) -> None:
    @router.get("/api/v1/articles", responses=problem_responses(), tags=["articles"])
    async def articles() -> ArticleList:
        """Every article that can be asked."""
        return ArticleList(articles=[_summary(pipeline, a) for a in pipeline.index.articles])

    @router.get("/api/v1/articles/{article_id:path}", responses=problem_responses(404), tags=["articles"])
    async def article(article_id: str) -> ArticleDetail:
        """One article with its exact text, blocks and sentences."""
        found = pipeline.index.article(article_id)
        low, high = pipeline.index.sentence_rows(article_id)
        return ArticleDetail(
            **_summary(pipeline, found).model_dump(),
            text=found.text,
            blocks=[Stretch(kind=b.kind, start=b.start, end=b.end) for b in found.blocks],
            sentence_ranges=[
                SentenceRange(id=s.id, start=s.start, end=s.end) for s in pipeline.index.sentences[low:high]
            ],
            suggestions=list(pipeline.suggestions(article_id)),
        )


def _add_health(router: APIRouter, pipeline: QAPipeline, workers: Workers) -> None:
    @router.get("/healthz", responses=problem_responses(), tags=["health"])
    async def healthz() -> Health:
        """The process lives."""
        return Health()

    @router.get("/readyz", responses=problem_responses(503), tags=["health"])
    async def readyz() -> Readiness:
        """The server can answer: it has just done so."""
        await workers.run(pipeline.answer, "What is this article about?", article=pipeline.index.articles[0].id)
        return Readiness(articles=len(pipeline.index.articles), sentences=len(pipeline.index.sentences))


def _summary(pipeline: QAPipeline, article: Article) -> ArticleSummary:
    low, high = pipeline.index.sentence_rows(article.id)
    return ArticleSummary(
        id=article.id,
        title=article.title,
        source=article.source,
        url=article.url,
        published=article.published,
        language=article.language,
        sha256=article.sha256,
        characters=len(article.text),
        sentences=high - low,
    )
