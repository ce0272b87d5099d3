"""An article: its exact text, its identity, and its typed blocks; and how one is read from a file.

Offsets everywhere in this program are `[start, end)` in Unicode code points of `Article.text`.
"""

import bisect
import codecs
import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from index.blocks import Block, BlockKind, find_blocks
from index.errors import ArticleError
from index.frontmatter import shown, split_front_matter

__all__ = [
    "SUFFIXES",
    "Article",
    "Block",
    "BlockKind",
    "Particulars",
    "article_from_paragraphs",
    "article_from_text",
    "checked_date",
    "checked_language",
    "checked_url",
    "load_article",
    "one_line",
    "text_article",
]

SUFFIXES = (".md", ".txt")
_MAX_ID = 200
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_PARTIAL_DATE = re.compile(r"\d{4}(-(0[1-9]|1[0-2]))?")


@dataclass(frozen=True, slots=True)
class Article:
    """What was read from one file: text, metadata and blocks, in reading order.

    `text` is the file decoded as UTF-8, less a BOM and front matter, otherwise untouched, line ends included; of HTML and
    PDF it is the text that was extracted. `pages` are the offsets at which a PDF's pages begin, in order; else empty.
    """

    id: str
    text: str
    blocks: tuple[Block, ...]
    title: str
    source: str | None = None
    url: str | None = None
    published: str | None = None
    language: str = "en"
    pages: tuple[int, ...] = ()
    sha256: str = field(default="")

    def __post_init__(self) -> None:
        object.__setattr__(self, "sha256", hashlib.sha256(self.text.encode()).hexdigest())

    @property
    def characters(self) -> int:
        """How long the text is."""
        return len(self.text)

    def page(self, offset: int) -> int | None:
        """The number, from 1, of the page that holds the character at `offset`; None where there are no pages."""
        return bisect.bisect_right(self.pages, offset) or None


class Particulars(Protocol):
    """What is known of an article without its text: what lists are made of, also where a store holds the texts."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def source(self) -> str | None: ...
    @property
    def url(self) -> str | None: ...
    @property
    def published(self) -> str | None: ...
    @property
    def language(self) -> str: ...
    @property
    def sha256(self) -> str: ...
    @property
    def characters(self) -> int: ...


def load_article(path: Path) -> Article:
    """Read the article in a `.md` or `.txt` file; `index/frontmatter.py` says what its first lines may declare.

    Its id is the front matter's, else the file's stem.

    :raises ArticleError: the file cannot be read, is no UTF-8 text, says nothing, or declares something unusable.
    """
    raw = _read(path)
    try:
        return text_article(raw, path.stem)
    except ArticleError as error:
        raise ArticleError(f"{path}: {error}") from error


def text_article(raw: bytes, id: str) -> Article:
    """The article in the bytes of a `.md` or `.txt` file, called `id` unless its front matter says otherwise.

    :raises ArticleError: it is no UTF-8 text, says nothing, or declares something unusable.
    """
    text = _decoded(raw)
    fields, begin = split_front_matter(text)
    return article_from_text(
        text[begin:],
        id=fields.get("id", id),
        title=fields.get("title"),
        source=fields.get("source"),
        url=fields.get("url"),
        published=fields.get("published"),
        language=fields.get("language", "en"),
    )


def article_from_text(
    text: str,
    *,
    id: str,
    title: str | None = None,
    source: str | None = None,
    url: str | None = None,
    published: str | None = None,
    language: str = "en",
) -> Article:
    """An article with the blocks that `index/blocks.py` finds in `text`; nothing is taken for front matter.

    Without a title, the article's is its title block, else its id.

    :raises ArticleError: `text` says nothing or is no text; the id or another field cannot be used.
    """
    _check_text(text)
    title = one_line("title", title)
    blocks = find_blocks(text, title)
    if all(block.kind == "boilerplate" for block in blocks):
        raise ArticleError("found nothing but boilerplate and rules; expected an article's text")
    headline = next((text[block.start : block.end] for block in blocks if block.kind == "title"), None)
    identity = _checked_id(id)
    return Article(
        id=identity,
        text=text,
        blocks=blocks,
        title=title or (" ".join(headline.split()) if headline else identity),
        source=one_line("source", source),
        url=checked_url(url),
        published=checked_date(published),
        language=checked_language(language),
    )


def article_from_paragraphs(id: str, title: str, paragraphs: Sequence[str]) -> Article:
    """An article for evaluation: `paragraphs` verbatim, joined by a blank line, each one a paragraph block.

    No title or boilerplate is looked for, so paragraph i begins at the summed lengths before it plus 2 i.

    :raises ArticleError: the paragraphs say nothing or are no text; the id or title cannot be used.
    """
    text = "\n\n".join(paragraphs)
    _check_text(text)
    blocks: list[Block] = []
    begin = 0
    for paragraph in paragraphs:
        start = begin + len(paragraph) - len(paragraph.lstrip())
        end = begin + len(paragraph.rstrip())
        if start < end:
            blocks.append(Block("paragraph", start, end))
        begin += len(paragraph) + 2
    identity = _checked_id(id)
    return Article(id=identity, text=text, blocks=tuple(blocks), title=one_line("title", title) or identity)


def _read(path: Path) -> bytes:
    if path.is_dir():
        raise ArticleError(f"{path}: found a folder; expected a file ({' or '.join(SUFFIXES)})")
    if path.suffix.lower() not in SUFFIXES:
        raise ArticleError(
            f"{path}: found {f'a {path.suffix} file' if path.suffix else 'no extension'}; "
            f"expected {' or '.join(SUFFIXES)}; save the article as plain text or Markdown"
        )
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise ArticleError(f"{path}: there is no such file; give the path of an article") from error
    except OSError as error:
        raise ArticleError(f"{path}: cannot be read: {error.strerror or error}") from error


def _decoded(raw: bytes) -> str:
    # Before the NUL check: UTF-16 is full of NULs, and "save it as UTF-8" helps more than "binary".
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ArticleError("found UTF-16 text; expected UTF-8; save it again as UTF-8")
    if b"\0" in raw:
        raise ArticleError(f"found a NUL at byte {raw.index(0)}, so it is binary; expected UTF-8 text")
    try:
        return raw.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        raise ArticleError(
            f"not UTF-8: found 0x{raw[error.start]:02x} at byte {error.start}; save it again as UTF-8"
        ) from error


def _check_text(text: str) -> None:
    surrogate = re.search("[\ud800-\udfff]", text)
    if surrogate:
        raise ArticleError(
            f"found half a surrogate pair (U+{ord(surrogate[0]):04X}) at offset {surrogate.start()}; "
            "expected Unicode text; decode it again as what it was written in"
        )
    if "\0" in text:
        raise ArticleError(f"found a NUL at offset {text.index(chr(0))}, so it is binary; expected text")
    if not any(unicodedata.category(character) not in _SILENT for character in text):
        raise ArticleError(
            f"found {'white space and control characters only' if text else 'an empty file'}; expected an article's text"
        )


# Control and format characters (zero-width spaces among them) and white space: a text of these alone says nothing.
_SILENT = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})


def _checked_id(id: str) -> str:
    """`id` in NFC, so that what a Mac saved as `café` is found by the `café` that a person types.

    An id goes into URLs and file names, so it may not leave its folder or hide what it is; letters of any script, digits,
    spaces inside and other signs are welcome.
    """
    identity = unicodedata.normalize("NFC", id)
    # Zero-width joiners spell Persian and Indic words; other format characters can turn an id's direction around.
    unsafe = [c for c in identity if c in "/\\" or (unicodedata.category(c)[0] == "C" and c not in "\u200c\u200d")]
    lines = [c for c in identity if unicodedata.category(c) in ("Zl", "Zp")]
    if unsafe or lines:
        raise ArticleError(
            f"the id {shown(identity)} holds {shown((unsafe or lines)[0])}; expected no slash and no control character; "
            "give it another id, in its front matter or row, or rename the file"
        )
    if not identity or identity != identity.strip() or identity.startswith(".") or len(identity) > _MAX_ID:
        raise ArticleError(
            f"the id {shown(identity)} cannot be used; expected 1 to {_MAX_ID} characters, no dot in front and no white "
            "space at either end; give it another id, in its front matter or row, or rename the file"
        )
    return identity


def one_line(name: str, value: str | None) -> str | None:
    """`value` with its white space collapsed; None when there is nothing left.

    :raises ArticleError: it holds a control character; the message names it `name`.
    """
    line = " ".join((value or "").split())
    if any(unicodedata.category(c) in ("Cc", "Cs") for c in line):
        raise ArticleError(f"{name}: found a control character in {shown(line)}; expected one line of text")
    return line or None


def checked_url(url: str | None) -> str | None:
    """The page shows it as a link, so `javascript:` and the like must never get there.

    :raises ArticleError: it is no http(s) address.
    """
    line = one_line("url", url)
    if line is None:
        return None
    try:
        parts = urlsplit(line)
    except ValueError as error:
        raise ArticleError(f"url: found {shown(line)}, which is no address ({error}); expected https://…") from error
    if parts.scheme not in ("http", "https") or not parts.netloc or " " in line:
        raise ArticleError(f"url: found {shown(line)}; expected an address that begins with https:// or http://")
    return line


def checked_date(published: str | None) -> str | None:
    """An ISO date, or the beginning of one.

    :raises ArticleError: it is none.
    """
    line = one_line("published", published)
    if line is None or _PARTIAL_DATE.fullmatch(line):
        return line
    try:
        datetime.fromisoformat(line)
    except ValueError as error:
        raise ArticleError(f"published: found {shown(line)}; expected an ISO date, as in 2025-03-27") from error
    return line


def checked_language(language: str) -> str:
    """A language tag, with hyphens.

    :raises ArticleError: it is none.
    """
    line = language.strip().replace("_", "-")
    if not _LANGUAGE.fullmatch(line):
        raise ArticleError(f"language: found {shown(language)}; expected a language tag, as in en or pt-BR")
    return line
