"""An Answer as the HTML of one chat message.

Gradio's chat renders Markdown, then sanitises it. Each message here is one HTML block without a line break in it, so
Markdown leaves its inside alone, and is built from escaped text, so nothing typed or quoted becomes markup. The sanitiser
drops `data-*` and `aria-*`: a citation's target travels in its `href`, its hint in `title`.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

from index.article import Article, Particulars
from index.errors import ArticleError, StoreUnavailable
from index.store import Index
from index.units import Sentence
from qa.answer import Answer, Citation
from qa.conversation import leans
from qa.question import MAX_QUESTION
from qa.web.article_html import readable_date
from qa.web.bidi import closing

OF_ALL = {"of": "all"}
"""In an address: all articles are asked, whichever is shown."""

GLIMPSE = 200
"""Code points that are shown of a question too long to be asked; any other is shown whole."""

QUOTED = 200
"""Code points of a sentence that an address carries: enough to know it again by."""

EDITION = 12
"""Hexadecimal digits of an article's SHA-256 that an address carries."""

_POINTS_BACK = re.compile(
    r"[\"'“‘«]*(?:(?:and|but|so|yet|then)\s+)?"
    r"(he|she|it|they|him|her|them|his|hers|its|their|theirs|this|that|these|those)\b",
    re.IGNORECASE,
)
_SAYS = {"high": "The article says", "medium": "The article says", "low": "The article may say"}
_VOTES = (
    '<div class="qa-votes"><span class="qa-votes-asked">Is that right?</span>'
    '<button class="qa-vote qa-up" type="button" title="Yes, it is right"><i></i><span>Yes, it is right</span></button>'
    '<button class="qa-vote qa-down" type="button" title="No, it is wrong"><i></i><span>No, it is wrong</span></button></div>'
)
_METER = {"high": 3, "medium": 2, "low": 1}


def question_html(question: str) -> str:
    """What the reader typed, as typed."""
    shown = question if len(question) <= MAX_QUESTION else f"{question[:GLIMPSE].rstrip()} …"
    return f'<div class="qa-question" dir="auto">{_escape(shown)}</div>'


def busy_html(*, archive: bool = False) -> str:
    """What stands in the answer's place until it comes."""
    what = "articles" if archive else "article"
    return f'<div class="qa-busy">Reading the {what}<span></span><span></span><span></span></div>'


def error_html(message: str, again: str = "") -> str:
    """Why there is no answer, in words.

    :param again: the question, where asking it once more may help: a button does.
    """
    chip = _chips("Ask again", [again] if again else [])
    return f'<div class="qa-turn qa-error" id="{_turn_id()}"><p>{_escape(message)}</p>{chip}</div>'


def notice_html(words: str = "") -> str:
    """Above the question box: why a question was not asked, in `words`; places, as yet empty, for what has changed since, and
    for the questions that wait.
    """
    unasked = " qa-unasked" if words else ""
    return (
        f'<div class="qa-notice{unasked}" role="alert">{_escape(words)}</div>'
        '<div class="qa-since" role="status"></div><ul class="qa-waiting" aria-label="Waiting to be asked"></ul>'
    )


def welcome_html(suggestions: Sequence[str], *, articles: int = 1) -> str:
    """What an empty chat says. :param articles: how many are asked."""
    title = "Ask this article" if articles == 1 else f"Ask all {articles:,} articles"
    whence, unsaid = ("the article", "the article does not say") if articles == 1 else ("an article", "none of them says")
    return (
        f'<div class="qa-welcome"><p class="qa-welcome-title">{title}</p>'
        f"<p>Every answer is <mark>quoted word for word</mark> from {whence}, and cited. "
        f"If {unsaid}, you are told so.</p>"
        f"{_chips('Try one of these', suggestions)}</div>"
    )


@dataclass(frozen=True)
class _Texts:
    """The articles that citations lie in.

    :ivar head: what is known of the article of an id.
    :ivar whole: that article, and its sentences in reading order; None where it cannot be had. It may be of another edition
        than a citation of it: nothing is taken from it by a citation's offsets before their checksums are compared.
    :ivar asked: the id of the article that was asked; None of an archive, where each citation says which it is of.
    """

    head: Callable[[str], Particulars]
    whole: Callable[[str], tuple[Article, Sequence[Sentence]] | None]
    asked: str | None

    @property
    def archive(self) -> bool:
        return self.asked is None


def answer_html(answer: Answer, article: Article, sentences: Sequence[Sentence], *, votes: bool = False) -> str:
    """The message for `answer`, whose citations lie in `article`; `sentences` are the article's, in reading order.

    :param votes: whether readers may say that an answer or a refusal is right or not.
    """
    return _answer(answer, _Texts(lambda _: article, lambda _: (article, sentences), article.id), votes=votes)


def archive_answer_html(answer: Answer, index: Index, *, votes: bool = False) -> str:
    """The message for an `answer` that all articles of `index` were asked for: each citation names its own."""

    def whole(article_id: str) -> tuple[Article, Sequence[Sentence]] | None:
        try:
            return index.whole(article_id)
        except (ArticleError, StoreUnavailable):  # a store has lost it since, or is away: the answer stands all the same
            return None

    return _answer(answer, _Texts(index.head_of.__getitem__, whole, None), votes=votes)


def _answer(answer: Answer, texts: _Texts, *, votes: bool) -> str:
    parts: list[str] = []
    if answer.interpreted_as:
        parts.append(_understood(answer.interpreted_as))
    if answer.message:
        parts.append(f'<p class="qa-message" dir="auto">{_escape(answer.message)}</p>')
    if answer.kind == "answer":
        parts += _evidence(answer, texts, votes=votes)
    elif answer.kind == "overview":
        parts += _overview(answer, texts)
    elif answer.kind == "no_answer":
        parts += _refusal(answer, texts, votes=votes)
    parts.append(_chips("You could ask", answer.suggestions))
    return f'<div class="qa-turn qa-{answer.kind}" id="{_turn_id()}">{"".join(parts)}</div>'


def permalink(question: str, article: Particulars | None, cited: Citation | None, *, archive: bool = False) -> str:
    """The address, relative to the page, that asks `question` again and lights up the sentence that was cited: found by its
    number or, as the text may have changed by then, by its words and those around them (`static/anchor.js`).

    :param article: the one that is shown, and, unless of an `archive`, asked; None shows none.
    """
    query: dict[str, str | int] = {"q": question} if article is None else {"article": article.id, "q": question}
    if cited is not None:
        query["s"] = cited.sentence_id
    if article is not None:
        query["v"] = (article.sha256 if cited is None else cited.article_sha256)[:EDITION]
    if cited is not None:
        query |= {"quote": cited.quote[:QUOTED], "prefix": cited.prefix, "suffix": cited.suffix}
    return f"?{urlencode(query | (OF_ALL if archive else {}))}"


def _understood(question: str) -> str:
    """What a question was taken to ask, and a way to change it."""
    return (
        f'<p class="qa-interpreted">Understood as: <span class="qa-understood" dir="auto">{_escape(question)}</span> '
        '<button class="qa-edit" type="button" title="Change it in the question box">Edit</button></p>'
    )


def _evidence(answer: Answer, texts: _Texts, *, votes: bool) -> list[str]:
    first, *others = answer.citations
    said = "" if answer.answer is None else f'<span class="qa-said">{_escape(answer.answer.text)}</span>'
    parts = [
        _verdict(_SAYS[answer.confidence_label or "medium"], answer),
        _quote(first, texts, "qa-quote qa-first"),
        said,
        _actions(answer, [first], texts, votes=votes),
    ]
    if others:
        parts.append('<p class="qa-label">Also relevant</p>')
        parts += [_quote(citation, texts, "qa-quote qa-more") for citation in others]
    return parts


def _overview(answer: Answer, texts: _Texts) -> list[str]:
    """Several sentences that say what the article is about: a list, each with its chip; none is the answer."""
    quotes = "".join(f"<li>{_quote(citation, texts, 'qa-quote')}</li>" for citation in answer.citations)
    whose = "articles’" if texts.archive else "article’s"
    return [
        _verdict(f"In the {whose} own sentences", answer),
        f'<ol class="qa-sentences">{quotes}</ol>',
        _actions(answer, answer.citations, texts),
    ]


def _refusal(answer: Answer, texts: _Texts, *, votes: bool) -> list[str]:
    says = "The articles do not say." if texts.archive else "The article does not say."
    parts = [_verdict("" if answer.message else says, answer)]
    if answer.nearest:
        parts.append('<p class="qa-label">Not an answer — the nearest sentences:</p><ul class="qa-nearest">')
        parts += [
            f'<li dir="auto"><span class="qa-words">{_escape(near.quote)}{closing(near.quote)}</span> '
            f'<a class="qa-near" href="{_target(near, texts)}" title="Show this sentence in the article">'
            f"Show in article</a>{_page(near)}{_from(near, texts)}</li>"
            for near in answer.nearest
        ]
        parts.append("</ul>")
    parts.append(_actions(answer, (), texts, votes=votes))
    return parts


def _verdict(words: str, answer: Answer) -> str:
    """The line above an answer: what it is, and how sure, in words with a meter of three bars."""
    label = answer.confidence_label
    if label is None:
        return f'<p class="qa-verdict"><span>{words}</span></p>'
    bars = "".join(f'<i class="{"on" if bar < _METER[label] else "off"}"></i>' for bar in range(3))
    hint = "" if answer.confidence is None else f"Right in about {answer.confidence:.0%} of such cases"
    return (
        f'<p class="qa-verdict"><span>{words}</span>'
        f'<span class="qa-confidence" title="{hint}"><span class="qa-meter">{bars}</span>'
        f"{label.capitalize()} confidence</span></p>"
    )


def _quote(citation: Citation, texts: _Texts, css: str) -> str:
    """One cited sentence, its spans marked, its chip behind it; before it, on request, the sentence that it leans on; below
    it, of an archive, the article that it is of. The words are the citation's own, which were checked.
    """
    said, first = citation.quote, citation.start
    pieces: list[str] = []
    position = 0
    for span in sorted(citation.spans, key=lambda span: span.start):
        start, end = span.start - first, span.end - first
        pieces.append(_escape(said[position:start]))
        mark = '<mark class="qa-whole">' if (start, end) == (0, len(said)) else "<mark>"
        pieces.append(f"{mark}{_escape(said[start:end])}</mark>")
        position = end
    pieces.append(_escape(said[position:]) + closing(said))
    return (
        f"{_sentence_before(citation, texts)}"
        f'<blockquote class="{css}" dir="auto"><span class="qa-words">{"".join(pieces)}</span>{_chip(citation, texts)}'
        f"</blockquote>{_from(citation, texts)}"
    )


def _target(citation: Citation, texts: _Texts) -> str:
    """Where a citation's link leads: to the sentence in the article shown, or, of an archive, in its own."""
    place = f"#s{citation.sentence_id}"
    if not texts.archive:
        return place
    edition = citation.article_sha256[:EDITION]
    query: dict[str, str | int] = {"article": citation.article_id, "s": citation.sentence_id, "v": edition}
    return escape(f"?{urlencode(query | OF_ALL)}{place}")


def _chip(citation: Citation, texts: _Texts) -> str:
    if citation.number is None:
        return ""
    return (
        f'&nbsp;<a class="qa-cite" href="{_target(citation, texts)}"'
        f' title="Citation {citation.number}: show this sentence in the article">[{citation.number}]</a>{_page(citation)}'
    )


def _page(citation: Citation) -> str:
    """Where in a PDF it stands; nothing for an article without pages."""
    return (
        "" if citation.page is None else f' <span class="qa-page" title="Page {citation.page}">p. {citation.page}</span>'
    )


def _from(citation: Citation, texts: _Texts) -> str:
    """The article that a citation of an archive is of: title, source, date, and a link to where it was published."""
    if not texts.archive:
        return ""
    source = texts.head(citation.article_id).source
    about = "".join(f" · {_escape(one)}" for one in (source, readable_date(citation.published)) if one)
    title = f"{_escape(citation.title)}{closing(citation.title)}"
    away = ""
    if citation.url is not None and citation.url.startswith(("https://", "http://")):
        name = _escape(urlsplit(citation.url).hostname or citation.url)
        away = f' · <a class="qa-away" href="{_escape(citation.url)}" title="Open where it was published">{name}</a>'
    return f'<p class="qa-from" dir="auto"><cite>{title}</cite>{about}{away}</p>'


def _sentence_before(citation: Citation, texts: _Texts) -> str:
    """Nothing where the article's text is another by now."""
    found = _POINTS_BACK.match(citation.quote)
    whole = texts.whole(citation.article_id) if found else None
    if found is None or whole is None or whole[0].sha256 != citation.article_sha256:
        return ""
    article, sentences = whole
    before = [sentence for sentence in sentences if sentence.end <= citation.start]
    if not before:
        return ""
    words = _escape(article.text[before[-1].start : before[-1].end])
    return (
        f'<details class="qa-before"><summary>“{_escape(found[1].capitalize())}”? Show the sentence before</summary>'
        f'<p dir="auto">{words}</p></details>'
    )


def _actions(answer: Answer, cited: Sequence[Citation], texts: _Texts, *, votes: bool = False) -> str:
    """Copy, link and vote: the text to copy stands in the message, unseen; the page's script adds the absolute address."""
    # A link means the same without the turns before it.
    question = answer.interpreted_as or answer.question
    shown = cited[0].article_id if texts.archive and cited else texts.asked
    article = None if shown is None else texts.head(shown)
    link = permalink(question, article, cited[0] if cited else None, archive=texts.archive)
    copy = ""
    if cited:
        words = "quote" if len(cited) == 1 else "quotes"
        copy = (
            f'<button class="qa-copy" type="button" title="Copy the quotation with its source">Copy {words}</button>'
            f'<span class="qa-copytext">{_escape(_with_sources(cited, texts))}</span>'
        )
    return (
        f'<div class="qa-actions">{copy}'
        f'<a class="qa-link" href="{_escape(link)}" title="Copy a link that asks this again">Copy link</a>'
        f"{_VOTES if votes and (answer.interpreted_as or not leans(answer.question)) else ''}</div>"
    )


def _with_sources(cited: Sequence[Citation], texts: _Texts) -> str:
    """The quotations, those of one article together, each with its title, source and date."""
    told = []
    for article_id, group in groupby(cited, key=lambda citation: citation.article_id):
        article, quotes = texts.head(article_id), list(group)
        numbers = dict.fromkeys(one.page for one in quotes if one.page is not None)
        pages = ", ".join(f"p. {number}" for number in numbers)
        source = ", ".join(filter(None, (quotes[0].title, article.source, readable_date(quotes[0].published), pages)))
        told.append(f"{' '.join(f'“{one.quote}”' for one in quotes)} — {source}")
    return "; ".join(told)


def _chips(label: str, questions: Sequence[str]) -> str:
    if not questions:
        return ""
    chips = "".join(
        f'<li><button class="qa-ask" type="button" dir="auto">{_escape(question)}</button></li>' for question in questions
    )
    return f'<div class="qa-further"><p class="qa-label">{label}</p><ul class="qa-chips">{chips}</ul></div>'


def _turn_id() -> str:
    """A new id for each message, so the page's script sees that an equal answer is a new one."""
    return f"t{uuid4().hex[:12]}"


def _escape(text: str) -> str:
    """`text` for HTML inside Markdown: no markup, and no line break that would end the HTML block."""
    return re.sub(r"[\r\n]+", "&#10;", escape(sendable(text)))


def sendable(text: str) -> str:
    """`text` with U+FFFD for half a surrogate pair, which JSON can bring and UTF-8 not take: sending it would fail."""
    return re.sub("[\ud800-\udfff]", "\N{REPLACEMENT CHARACTER}", text)
