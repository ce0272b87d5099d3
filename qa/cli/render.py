"""An Answer as text for a terminal: what the article says, how sure that is, the quotation, and where it stands.

The words are the page's, the layout is the terminal's. The answer stands on a line of its own above the sentence that it
was taken from, so a pipe, which has no highlighter, loses nothing.
"""

from collections.abc import Callable, Iterator, Sequence

from index.article import Article
from qa.answer import Answer, Citation, Span
from qa.cli.terminal import Terminal, cells, printable, wrap

ArticleOf = Callable[[str], Article]
"""The article of an id that an Answer cites; `Index.article` is one."""

_SAYS = {"high": "The article says", "medium": "The article says", "low": "The article may say"}
_METER = {"high": 3, "medium": 2, "low": 1}
_INDENT = "  "


def render_answer(answer: Answer, article_of: ArticleOf, terminal: Terminal, *, archive: bool = False) -> str:
    """`answer` as lines for `terminal`, without a line end behind the last.

    :param archive: all articles of several were asked: every sentence names its own, with the id that asks it alone.
    """
    lines: list[str] = []
    if answer.interpreted_as:
        lines += [*_paragraph(f"Interpreted as: {answer.interpreted_as}", terminal, terminal.dim), ""]
    if answer.message:
        lines += [*_paragraph(answer.message, terminal), ""]
    if answer.kind == "answer":
        lines += _evidence(answer, article_of, terminal, archive=archive)
    elif answer.kind == "overview":
        whose = "articles'" if archive else "article's"
        lines += [*_verdict(f"In the {whose} own sentences", answer, terminal), ""]
        lines += _citations(answer.citations, article_of, terminal, archive=archive)
    elif answer.kind == "no_answer":
        lines += _refusal(answer, article_of, terminal, archive=archive)
    if answer.suggestions and answer.kind != "answer":  # who was answered needs no list
        lines += _suggestions(answer.suggestions, terminal)
    while lines and not lines[-1]:
        lines.pop()
    return "\n".join(lines)


def _evidence(answer: Answer, article_of: ArticleOf, terminal: Terminal, *, archive: bool) -> list[str]:
    first = answer.citations[0]
    lines = [*_verdict(_SAYS[answer.confidence_label or "medium"], answer, terminal), ""]
    if answer.answer is not None and not _whole(first):
        lines += [*_paragraph(answer.answer.text, terminal, terminal.bold), ""]
    cited = _citations(answer.citations[:1], article_of, terminal, archive=archive)
    if len(answer.citations) > 1:
        cited += [_INDENT + terminal.dim("Also relevant"), ""]
        known = [first.article_id]
        cited += _citations(answer.citations[1:], article_of, terminal, known=known, archive=archive)
    return lines + cited


def _refusal(answer: Answer, article_of: ArticleOf, terminal: Terminal, *, archive: bool) -> list[str]:
    says = "The articles do not say." if archive else "The article does not say."
    lines = [*_verdict("" if answer.message else says, answer, terminal), ""]
    if not answer.nearest:
        return lines
    lines += [*_paragraph("The nearest sentences, none of which is an answer:", terminal, terminal.dim), ""]
    several = archive or len({near.article_id for near in answer.nearest}) > 1
    for near in answer.nearest:
        lines += _item(near.quote, terminal, terminal.dim)
        article = article_of(near.article_id) if several else None
        where = _where(near, article, terminal, with_id=archive)
        lines += [*_paragraph(where, terminal, terminal.dim, indent=4), ""]
    return lines


def _suggestions(questions: Sequence[str], terminal: Terminal) -> list[str]:
    lines = [_INDENT + terminal.dim("You could ask")]
    for question in questions:
        lines += _item(question, terminal)
    return lines


def _verdict(words: str, answer: Answer, terminal: Terminal) -> list[str]:
    """What it is on the left, how sure on the right; one below the other where they do not fit."""
    label = answer.confidence_label
    if label is None:
        return [_INDENT + terminal.bold(words)] if words else []
    full, empty = terminal.sign("●", "#"), terminal.sign("○", "-")
    meter = full * _METER[label] + empty * (3 - _METER[label])
    sure = f"{label.capitalize()} confidence"
    confidence = f"{terminal.dim(sure)} {terminal.accent(meter)}"
    room = terminal.width - len(_INDENT) - cells(words) - cells(sure) - len(meter) - 1
    if words and room < 2:
        return [_INDENT + terminal.bold(words), _INDENT + confidence]
    return [f"{_INDENT}{terminal.bold(words)}{' ' * room}{confidence}"]


def _citations(
    citations: Sequence[Citation],
    article_of: ArticleOf,
    terminal: Terminal,
    known: Sequence[str] = (),
    *,
    archive: bool,
) -> list[str]:
    """Each quotation with its source; an article that stands above already (`known`) is not named again.

    Where the citations are from several articles, or several were asked, each is named every time.
    """
    seen = set(known)
    several = archive or len(seen | {citation.article_id for citation in citations}) > 1
    lines: list[str] = []
    for citation in citations:
        lines += _quotation(citation, terminal)
        named = several or citation.article_id not in seen
        article = article_of(citation.article_id) if named else None
        lines += [*_citation_line(citation, article, terminal, with_id=archive), ""]
        seen.add(citation.article_id)
    return lines


def _quotation(citation: Citation, terminal: Terminal) -> list[str]:
    """The sentence behind a bar. Its spans are marked; one that is the whole sentence needs no more than the bar."""
    bar = terminal.accent(terminal.sign("┃", "|")) if citation.spans else terminal.dim(terminal.sign("│", "|"))
    quote = printable(citation.quote)
    spans = () if _whole(citation) else citation.spans
    return [
        f"{_INDENT}{bar} " + "".join(_marked(quote, start, end, spans, citation.start, terminal))
        for start, end in wrap(quote, terminal.width - 4)
    ]


def _marked(quote: str, start: int, end: int, spans: Sequence[Span], offset: int, terminal: Terminal) -> Iterator[str]:
    """`quote[start:end]`, the parts of `spans` in it marked; `offset` is where the quote begins in the article."""
    for span in sorted(spans, key=lambda span: span.start):
        begin, stop = max(span.start - offset, start), min(span.end - offset, end)
        if begin < stop:
            yield quote[start:begin]
            yield terminal.mark(quote[begin:stop])
            start = stop
    yield quote[start:end]


def _citation_line(citation: Citation, article: Article | None, terminal: Terminal, *, with_id: bool) -> list[str]:
    """`[1] title · source · date · p. 3, passage 8, characters 1679–1787`, without the article's part when it is None.

    Only the citation of a PDF has a page.
    """
    number = f"[{citation.number}]"
    text = printable(_where(citation, article, terminal, with_id=with_id))
    room = len(_INDENT) + len(number) + 1
    lines = [terminal.dim(text[start:end]) for start, end in wrap(text, terminal.width - room)]
    lines = [f"{_INDENT}{terminal.accent(number)} {lines[0]}", *(" " * room + line for line in lines[1:])]
    # On a line of its own, uncut, so that a terminal makes it a link.
    return (
        lines if article is None or article.url is None else [*lines, " " * room + terminal.dim(printable(article.url))]
    )


def _where(citation: Citation, article: Article | None, terminal: Terminal, *, with_id: bool) -> str:
    dash = terminal.sign("–", "-")
    page = "" if citation.page is None else f"p. {citation.page}, "
    place = f"{page}passage {citation.passage_id}, characters {citation.start}{dash}{citation.end}"
    named: tuple[str | None, ...] = ()
    if article is not None:
        named = (article.title, article.source, article.published, f"article {article.id}" if with_id else None)
    return f" {terminal.sign('·', '-')} ".join([*filter(None, named), place])


def _whole(citation: Citation) -> bool:
    """Whether a span is all of the sentence, but for a few signs at its ends."""
    return any(
        not any(
            character.isalnum()
            for character in citation.quote[: span.start - citation.start] + citation.quote[span.end - citation.start :]
        )
        for span in citation.spans
    )


def _paragraph(text: str, terminal: Terminal, style: Callable[[str], str] = str, indent: int = len(_INDENT)) -> list[str]:
    shown = printable(text)
    return [" " * indent + style(shown[start:end]) for start, end in wrap(shown, terminal.width - indent)]


def _item(text: str, terminal: Terminal, style: Callable[[str], str] = str) -> list[str]:
    """`text` as one item of a list."""
    first, *others = _paragraph(text, terminal, style, indent=4)
    return [f"{_INDENT}{style(terminal.sign('·', '*'))} {first.strip(' ')}", *others]
