"""An Answer as the HTML of one chat message.

Gradio's chat renders Markdown, then sanitises it. Each message here is one HTML block without a line break in it, so
Markdown leaves its inside alone, and is built from escaped text, so nothing typed or quoted becomes markup. The sanitiser
drops `data-*` and `aria-*`: a citation's target travels in its `href`, its hint in `title`.
"""

import re
from collections.abc import Sequence
from html import escape
from urllib.parse import urlencode
from uuid import uuid4

from index.article import Article
from index.units import Sentence
from qa.answer import Answer, Citation
from qa.question import MAX_QUESTION
from qa.web.article_html import readable_date
from qa.web.bidi import closing

GLIMPSE = 200
"""Code points that are shown of a question too long to be asked; any other is shown whole."""

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


def busy_html() -> str:
    """What stands in the answer's place until it comes."""
    return '<div class="qa-busy">Reading the article<span></span><span></span><span></span></div>'


def error_html(message: str, again: str = "") -> str:
    """Why there is no answer, in words.

    :param again: the question, where asking it once more may help: a button does.
    """
    chip = _chips("Ask again", [again] if again else [])
    return f'<div class="qa-turn qa-error" id="{_turn_id()}"><p>{_escape(message)}</p>{chip}</div>'


def notice_html(words: str = "") -> str:
    """Above the question box: why a question was not asked, in `words`, and the list, as yet empty, of those that wait."""
    unasked = " qa-unasked" if words else ""
    return (
        f'<div class="qa-notice{unasked}" role="alert">{_escape(words)}</div>'
        '<ul class="qa-waiting" aria-label="Waiting to be asked"></ul>'
    )


def welcome_html(suggestions: Sequence[str]) -> str:
    """What an empty chat says."""
    return (
        '<div class="qa-welcome"><p class="qa-welcome-title">Ask this article</p>'
        "<p>Every answer is <mark>quoted word for word</mark> from the article, and cited. "
        "If the article does not say, you are told so.</p>"
        f"{_chips('Try one of these', suggestions)}</div>"
    )


def answer_html(answer: Answer, article: Article, sentences: Sequence[Sentence], *, votes: bool = False) -> str:
    """The message for `answer`, whose citations lie in `article`; `sentences` are the article's, in reading order.

    :param votes: whether readers may say that an answer or a refusal is right or not.
    """
    parts: list[str] = []
    if answer.interpreted_as:
        parts.append(_understood(answer.interpreted_as))
    if answer.message:
        parts.append(f'<p class="qa-message" dir="auto">{_escape(answer.message)}</p>')
    if answer.kind == "answer":
        parts += _evidence(answer, article, sentences, votes=votes)
    elif answer.kind == "overview":
        parts += _overview(answer, article, sentences)
    elif answer.kind == "no_answer":
        parts += _refusal(answer, article, votes=votes)
    parts.append(_chips("You could ask", answer.suggestions))
    return f'<div class="qa-turn qa-{answer.kind}" id="{_turn_id()}">{"".join(parts)}</div>'


def permalink(question: str, article_id: str, sentence_id: int | None) -> str:
    """The address, relative to the page, that asks `question` again and lights up the sentence."""
    query: dict[str, str | int] = {"article": article_id, "q": question}
    if sentence_id is not None:
        query["s"] = sentence_id
    return f"?{urlencode(query)}"


def _understood(question: str) -> str:
    """What a question was taken to ask, and a way to change it."""
    return (
        f'<p class="qa-interpreted">Understood as: <span class="qa-understood" dir="auto">{_escape(question)}</span> '
        '<button class="qa-edit" type="button" title="Change it in the question box">Edit</button></p>'
    )


def _evidence(answer: Answer, article: Article, sentences: Sequence[Sentence], *, votes: bool) -> list[str]:
    first, *others = answer.citations
    said = "" if answer.answer is None else f'<span class="qa-said">{_escape(answer.answer.text)}</span>'
    parts = [
        _verdict(_SAYS[answer.confidence_label or "medium"], answer),
        _quote(first, article, sentences, "qa-quote qa-first"),
        said,
        _actions(answer, [first], article, votes=votes),
    ]
    if others:
        parts.append('<p class="qa-label">Also relevant</p>')
        parts += [_quote(citation, article, sentences, "qa-quote qa-more") for citation in others]
    return parts


def _overview(answer: Answer, article: Article, sentences: Sequence[Sentence]) -> list[str]:
    """Several sentences that say what the article is about: a list, each with its chip; none is the answer."""
    quotes = "".join(f"<li>{_quote(citation, article, sentences, 'qa-quote')}</li>" for citation in answer.citations)
    return [
        _verdict("In the article’s own sentences", answer),
        f'<ol class="qa-sentences">{quotes}</ol>',
        _actions(answer, answer.citations, article),
    ]


def _refusal(answer: Answer, article: Article, *, votes: bool) -> list[str]:
    parts = [_verdict("" if answer.message else "The article does not say.", answer)]
    if answer.nearest:
        parts.append('<p class="qa-label">Not an answer — the nearest sentences:</p><ul class="qa-nearest">')
        parts += [
            f'<li dir="auto"><span class="qa-words">{_escape(near.quote)}{closing(near.quote)}</span> '
            f'<a class="qa-near" href="#s{near.sentence_id}" title="Show this sentence in the article">'
            f"Show in article</a>{_page(near)}</li>"
            for near in answer.nearest
        ]
        parts.append("</ul>")
    parts.append(_actions(answer, (), article, votes=votes))
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


def _quote(citation: Citation, article: Article, sentences: Sequence[Sentence], css: str) -> str:
    """One cited sentence, its spans marked, its chip behind it; before it, on request, the sentence that it leans on."""
    pieces: list[str] = []
    position = citation.start
    for span in sorted(citation.spans, key=lambda span: span.start):
        pieces.append(_escape(article.text[position : span.start]))
        mark = '<mark class="qa-whole">' if (span.start, span.end) == (citation.start, citation.end) else "<mark>"
        pieces.append(f"{mark}{_escape(article.text[span.start : span.end])}</mark>")
        position = span.end
    pieces.append(_escape(article.text[position : citation.end]) + closing(citation.quote))
    return (
        f"{_sentence_before(citation, article, sentences)}"
        f'<blockquote class="{css}" dir="auto"><span class="qa-words">{"".join(pieces)}</span>{_chip(citation)}</blockquote>'
    )


def _chip(citation: Citation) -> str:
    if citation.number is None:
        return ""
    return (
        f'&nbsp;<a class="qa-cite" href="#s{citation.sentence_id}"'
        f' title="Citation {citation.number}: show this sentence in the article">[{citation.number}]</a>{_page(citation)}'
    )


def _page(citation: Citation) -> str:
    """Where in a PDF it stands; nothing for an article without pages."""
    return (
        "" if citation.page is None else f' <span class="qa-page" title="Page {citation.page}">p. {citation.page}</span>'
    )


def _sentence_before(citation: Citation, article: Article, sentences: Sequence[Sentence]) -> str:
    found = _POINTS_BACK.match(citation.quote)
    before = [sentence for sentence in sentences if sentence.end <= citation.start]
    if found is None or not before:
        return ""
    words = _escape(article.text[before[-1].start : before[-1].end])
    return (
        f'<details class="qa-before"><summary>“{_escape(found[1].capitalize())}”? Show the sentence before</summary>'
        f'<p dir="auto">{words}</p></details>'
    )


def _actions(answer: Answer, cited: Sequence[Citation], article: Article, *, votes: bool = False) -> str:
    """Copy, link and vote: the text to copy stands in the message, unseen; the page's script adds the absolute address."""
    target = cited[0] if cited else next(iter(answer.nearest), None)
    # A link means the same without the turns before it.
    question = answer.interpreted_as or answer.question
    link = permalink(question, article.id, target.sentence_id if cited and target else None)
    copy = ""
    if cited:
        day = readable_date(article.published)
        numbers = dict.fromkeys(citation.page for citation in cited if citation.page is not None)
        pages = ", ".join(f"p. {number}" for number in numbers)
        source = ", ".join(part for part in (article.title, article.source, day, pages) if part)
        quotes = " ".join(f"“{citation.quote}”" for citation in cited)
        words = "quote" if len(cited) == 1 else "quotes"
        copy = (
            f'<button class="qa-copy" type="button" title="Copy the quotation with its source">Copy {words}</button>'
            f'<span class="qa-copytext">{_escape(quotes)} — {_escape(source)}</span>'
        )
    return (
        f'<div class="qa-actions">{copy}'
        f'<a class="qa-link" href="{_escape(link)}" title="Copy a link that asks this again">Copy link</a>'
        f"{_VOTES if votes else ''}</div>"
    )


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
