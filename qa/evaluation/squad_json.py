"""SQuAD 1.1 and 2.0 JSON: `{"data": [{"title", "paragraphs": [{"context", "qas": [{"id", "question", "answers"}]}]}]}`.

The form is that of https://rajpurkar.github.io/SQuAD-explorer/. `is_impossible`, where a question has it, must agree with
its answers; `plausible_answers` are no answers and are not read.
"""

import unicodedata
from typing import Any

from index.article import Article, article_from_paragraphs
from index.errors import ArticleError
from qa.answer import Span
from qa.evaluation.questions import Collector, shown

_LONGEST_ID = 180
"""Room below an article id's 200 characters for the number of a repeated title."""


def read_squad(source: str, document: object, collector: Collector) -> None:
    """Add every article and question of `document`; report every one that cannot be used."""
    articles = document.get("data") if isinstance(document, dict) else None
    if not isinstance(articles, list):
        found = "no `data`" if articles is None else f"data: {shown(articles)}"
        collector.problem(
            source, f"found JSON with {found}; expected SQuAD JSON: an object with a list of articles, `data`"
        )
        return
    for number, article in enumerate(articles):
        _read_article(f"{source}: data[{number}]", article, collector)


def _read_article(place: str, document: object, collector: Collector) -> None:
    paragraphs = document.get("paragraphs") if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(paragraphs, list):
        collector.problem(place, f"paragraphs: found {shown(paragraphs)}; expected a list")
        return
    title = document.get("title", "")
    if not isinstance(title, str):
        collector.problem(f"{place}.title", f"found {shown(title)}; expected text")
        return
    contexts = [paragraph.get("context") if isinstance(paragraph, dict) else None for paragraph in paragraphs]
    strange = [number for number, context in enumerate(contexts) if not isinstance(context, str)]
    for number in strange:
        collector.problem(f"{place}.paragraphs[{number}].context", f"found {shown(contexts[number])}; expected text")
    if strange:
        return
    try:
        article = article_from_paragraphs(_identity(title), title.replace("_", " "), [str(text) for text in contexts])
    except ArticleError as error:
        collector.problem(f"{place} ({shown(title)})", str(error))
        return
    article = collector.add_article(article)
    begin = 0
    for number, paragraph in enumerate(paragraphs):
        here, context = f"{place}.paragraphs[{number}]", paragraph["context"]
        if paragraph.get("qas") and _says_nothing(context):
            reason = f"found {shown(context)} under questions; expected a paragraph that says something"
            collector.problem(f"{here}.context", reason)
        span = Span(begin, begin + len(context))
        _read_questions(here, paragraph, article, span, collector)
        begin = span.end + 2


def _read_questions(place: str, paragraph: dict[str, Any], article: Article, span: Span, collector: Collector) -> None:
    questions = paragraph.get("qas", [])
    if not isinstance(questions, list):
        collector.problem(f"{place}.qas", f"found {shown(questions)}; expected a list")
        return
    for number, row in enumerate(questions):
        here = f"{place}.qas[{number}]"
        if not isinstance(row, dict):
            collector.problem(here, f"found {shown(row)}; expected an object")
            continue
        collector.add_question(here, row, article, "answer_start", span)


def _says_nothing(context: str) -> bool:
    """Whether a paragraph of a usable article is none by itself, which is how its questions may be asked."""
    try:
        article_from_paragraphs("paragraph", "paragraph", [context])
    except ArticleError:
        return True
    return False


def _identity(title: str) -> str:
    """An article id from a title: no slash, no control character, no dot in front, not too long."""
    safe = "".join("_" if c in "/\\" or unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") else c for c in title)
    safe = safe.strip()[:_LONGEST_ID].strip()
    return f"_{safe[1:]}" if safe.startswith(".") else safe or "untitled"
