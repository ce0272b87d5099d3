"""HTML -> the text of its article, and what its metadata says of it, by trafilatura. Runs in a process of its own
(`index/sources/extractor.py`).

Paragraphs, headings, list items, quotations and rows of tables are parted by a blank line; white space inside them is one
space, as a browser shows it; `<br>` is a line end. Menus, advertisements and comments are left out.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from index.article import checked_date, checked_language, checked_url, one_line
from index.blocks import BlockKind
from index.errors import ArticleError
from index.sources.charset import decoded
from index.sources.extracted import Extracted, refuse_larger

if TYPE_CHECKING:
    from lxml.etree import _Element

LARGEST_HTML = 16 * 2**20
"""Bytes of a page; the longest articles of an encyclopedia have two million."""

DEEPEST = 200
"""Elements within each other. Pages that people read have some thirty; libxml2 cuts what lies deeper than 255, silently."""

_BREAK = "\v"  # stands for <br> until white space has been collapsed; no character of XML
_BLOCKS: dict[str, BlockKind] = dict.fromkeys(("p", "quote", "code", "item", "row", "list", "table"), "paragraph")
_BLOCKS["head"] = "subheading"


def prepare() -> None:
    """Load the libraries, which takes a second, so that it is not the first page's."""
    import trafilatura  # noqa: F401


def extract_html(raw: bytes, charset: str | None = None, url: str | None = None) -> Extracted:
    """The article of a page.

    :param charset: the Content-Type header's, for a page that was fetched.
    :param url: where it was fetched from. A page may name another address on the same host as its own, and no other's; a
        file may name any.
    :raises ArticleError: it is too large, too deep, no text, or holds no article.
    """
    from lxml.etree import ParserError
    from trafilatura import bare_extraction
    from trafilatura.settings import set_date_params
    from trafilatura.utils import load_html

    refuse_larger(len(raw), LARGEST_HTML, "the page")
    text = decoded(raw, charset)
    try:
        tree = load_html(text)
    except (ParserError, ValueError) as error:
        raise ArticleError("it is no HTML; expected a page with an article") from error
    if tree is None:
        raise ArticleError("it is no HTML; expected a page with an article")
    _refuse_deep(tree)
    language = tree.get("lang") or tree.get("{http://www.w3.org/XML/1998/namespace}lang")
    # A date from a tag or the address, not from any that stands in the text.
    dates = set_date_params(extensive=False)
    found = bare_extraction(tree, url=url, with_metadata=True, include_comments=False, date_extraction_params=dates)
    if found is None or isinstance(found, dict) or found.body is None:
        raise ArticleError("found no article in it; expected a page with paragraphs of text")
    words, kinds = _text(found.body)
    if not words:
        raise ArticleError("found no article in it; expected a page with paragraphs of text")
    return Extracted(
        text=words,
        title=_usable(lambda: one_line("title", found.title)),
        source=_usable(lambda: one_line("source", found.sitename)),
        url=_own_address(found.url, url),
        published=_usable(lambda: checked_date(found.date)),
        language=_usable(lambda: checked_language(language or "en")),
        kinds=kinds,
    )


def _refuse_deep(tree: "_Element") -> None:
    from lxml.etree import iterwalk

    depth = 0
    for event, _ in iterwalk(tree, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > DEEPEST:
            raise ArticleError(f"its elements are nested more than {DEEPEST} deep; expected a page that people read")


def _text(body: "_Element") -> tuple[str, tuple[tuple[BlockKind, int, int], ...]]:
    """The words of an extracted body, block by block, and where each block stands and of what kind it is."""
    from lxml.etree import iterwalk

    parts: list[str] = []
    kinds: list[tuple[BlockKind, int, int]] = []
    waiting: list[str] = []
    kind: BlockKind = "paragraph"
    length = 0

    def close() -> None:
        nonlocal length
        lines = (" ".join(line.split()) for line in "".join(waiting).split(_BREAK))
        waiting.clear()
        words = "\n".join(filter(None, lines))
        if words:
            start = length + (2 if parts else 0)
            parts.append(words)
            length = start + len(words)
            kinds.append((kind, start, length))

    for event, element in iterwalk(body, events=("start", "end")):
        if element.tag in _BLOCKS:
            close()
            kind = _BLOCKS[element.tag] if event == "start" else "paragraph"
        if event == "start":
            if element.tag == "lb":
                waiting.append(_BREAK)
            elif element.tag == "cell" and "".join(waiting).strip():
                waiting.append(" | ")
            waiting.append(element.text or "")
        elif element is not body:
            waiting.append(element.tail or "")
    close()
    return "\n\n".join(parts), tuple(kinds)


def _own_address(named: str | None, fetched: str | None) -> str | None:
    """The address that a page names as its own, unless it was fetched from another host; then where it was fetched from."""
    address = _usable(lambda: checked_url(named))
    if fetched is None or (address is not None and urlsplit(address).hostname == urlsplit(fetched).hostname):
        return address
    return fetched


def _usable(checked: Callable[[], str | None]) -> str | None:
    """What a page says of itself, where it can be used: its text is worth having all the same."""
    try:
        return checked()
    except ArticleError:
        return None
