"""Target: a question, the turns before it and the article asked, through everything that answers and shows answers.

The parts of an input, in order: question, article's id (empty for all), then question, answer and meaning of each turn.
"""

import json
import re
from functools import cache
from typing import Any

from index.errors import ArticleError, QuestionError
from index.store import build_index
from qa.answer import Answer
from qa.cli.render import render_answer
from qa.cli.terminal import Terminal
from qa.courtesy import courtesy
from qa.overview import focus_of
from qa.pipeline import QAPipeline
from qa.question import folded, search_text
from qa.settings import load_settings
from qa.web import answer_html as html
from qa.web.sent import kept_history, kept_messages
from tests.conftest import AWKWARD, ROOT
from tests.fuzz.harness import PART, pace, within
from tests.toy import ToyEncoder, ToyReader

SEEDS = tuple(
    PART.join(parts).encode()
    for parts in (
        ("When could humans first land on Mars?", "article"),
        ("And where did he say so?", "article", "Who said 2029?", "Musk", "", "When?", "as early as 2029", "When is it?"),
        ("What about crater number 7?", "moon", "How much ice does crater number 3 hold?", "3 tons", ""),
        ("What is this article about?", ""),
        ("who is mentioned in it", "article"),
        ("Hello!", "", "thanks", "", ""),
        ("מתי נמצאו מים על הירח?", "moon"),
        ("Does it? Is she the one who did that, and why not in 2031 or 2032?", "", "Who is Kirill Dmitriev?", "x", "y"),
        ("\ufdfa" * 900 + "?", "moon", "\u202e\u200b?", "\u2066", "İİ"),
    )
)

PLAIN = 28
"""Times as long as a plain question that any other may take; one of signs that stand for eighteen letters each takes 14."""

PER_KILOBYTE = 0.5
"""Times as long that each thousand bytes may take besides; of plain words they take half of it."""

_TAG = re.compile(r"<[^<>]*>")
_OURS = re.compile(
    r"</?(?:div|p|span|i|blockquote|mark|a|button|ul|ol|li|details|summary|bdi)"
    r"(?: (?:class|id|href|title|type|dir)=\"[^\"<>]*\")*>"
)


def check(data: bytes) -> None:
    """Ask what `data` says, as the API and the page would; hold the answer to its word, and its time to that of others."""
    with within((PLAIN + PER_KILOBYTE * len(data) / 1_000) * _pace()):
        _check(data)


@cache
def _pace() -> float:
    return pace(lambda: _check(SEEDS[0]))


def _check(data: bytes) -> None:
    # What is no UTF-8 becomes lone surrogates, which JSON can bring as well.
    question, article, *before = (data.decode("utf-8", "surrogateescape") + PART).split(PART)[:32]
    turns = [
        {"question": before[place], "answer": before[place + 1] or None, "interpreted_as": before[place + 2] or None}
        for place in range(0, len(before) - 2, 3)
    ]
    for history in (turns, kept_history(json.dumps(turns))):
        _check_answer(question, article or None, history)
    for words in (question, article, *before):
        shown = html.question_html(words)
        assert len(_TAG.findall(shown)) == 2 and "\n" not in shown
        search_text(words), folded(words), courtesy(words), focus_of(words)
    kept_history(question)
    kept_messages([{"role": "user", "content": [{"type": "text", "text": words}]} for words in before])


def _check_answer(question: str, article: str | None, history: Any) -> None:
    pipeline = _pipeline()
    try:
        answer = pipeline.answer(question, article=article, history=history)
    except (QuestionError, ArticleError) as error:
        assert "\n" not in str(error)
        return
    for citation in (*answer.citations, *answer.nearest):
        source = pipeline.index.article(citation.article_id)
        assert source.text[citation.start : citation.end] == citation.quote
        assert source.sha256 == citation.article_sha256
        assert all(citation.start <= span.start < span.end <= citation.end for span in citation.spans)
    if answer.answer is not None:
        source = pipeline.index.article(answer.answer.article_id)
        assert source.text[answer.answer.start : answer.answer.end] == answer.answer.text
    json.dumps(answer.as_dict(), ensure_ascii=False, allow_nan=False).encode()
    _check_shown(answer)


def _check_shown(answer: Answer) -> None:
    index = _pipeline().index
    cited = next((one.article_id for one in (*answer.citations, *answer.nearest)), index.articles[0].id)
    low, high = index.sentence_rows(cited)
    if all(one.article_id == cited for one in (*answer.citations, *answer.nearest)):  # the page asks one article
        shown = html.answer_html(answer, index.article(cited), index.sentences[low:high], votes=True)
        assert "\n" not in shown
        assert all(_OURS.fullmatch(tag) for tag in _TAG.findall(shown)), shown
    lines = render_answer(answer, index.article, Terminal())
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202d\u202e]", lines), "nothing that a terminal obeys"


@cache
def _pipeline() -> QAPipeline:
    """The real one, over the seed article and an awkward one, with the toy encoder and reader."""
    from index.article import article_from_text, load_article

    articles = [load_article(ROOT / "seeds" / "article.md"), article_from_text(AWKWARD, id="moon", title="Moon")]
    encoder = ToyEncoder()
    return QAPipeline(
        build_index(articles, encoder), encoder, load_settings(), reader=ToyReader(), suggestions={"moon": ("Who came?",)}
    )
