"""PDF -> its text and the offsets of its pages, by pypdf. Runs in a process of its own (`index/sources/extractor.py`).

A PDF holds lines of print, not paragraphs. Made of them is what is cheap and safe:

- lines are joined by a space; a paragraph ends at an empty line, or at a line that ends like a sentence and is clearly
  shorter than its page's lines, and a short line before a capital stands alone, as headings do;
- a word parted by a hyphen at a line's end is joined only where the document has it elsewhere in one piece ("well-\nknown"
  is left as it is); a soft hyphen always;
- a first or last line that most pages share but for its digits, as running headers do, is left out, as is one of a page's
  number alone.

A paragraph that goes on over a page's end stays one: the page begins in its midst.
"""

import io
import re
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from index.article import one_line
from index.errors import ArticleError
from index.sources.extracted import Extracted, refuse_larger

if TYPE_CHECKING:
    from pypdf import PdfReader

LARGEST_PDF = 128 * 2**20
"""Bytes of a PDF, pictures included."""

MOST_PAGES = 3_000
MOST_TEXT = 20_000_000
"""Characters of a PDF's text; a thousand pages of print have about three million."""

_SHARED_BY = 3  # pages, and at least half of all, whose first or last line is a running header
_FULL = 0.8  # share of the width of a page's lines from which a line is a full one
_WORD = re.compile(r"[^\W\d_]{2,}")
_PARTED = re.compile(r"([^\W\d_]{2,})-\Z")
_STOPS = tuple(".!?:;…。！？\"'”’)]")
# What programs write there when nobody gave a title.
_NO_TITLE = re.compile(r"microsoft |untitled|.*\.(docx?|indd|tex|pdf|rtf|odt|pages|qxd)\Z", re.IGNORECASE)


def prepare() -> None:
    """Load the library, which takes a second, so that it is not the first document's."""
    import pypdf  # noqa: F401


def extract_pdf(raw: bytes) -> Extracted:
    """The text of a PDF, page after page.

    :raises ArticleError: it is too large, encrypted, damaged, or its pages hold no text, as those of a scan.
    """
    from pypdf import PdfReader
    from pypdf.errors import DependencyError, LimitReachedError, PyPdfError

    refuse_larger(len(raw), LARGEST_PDF, "the file")
    try:
        reader = PdfReader(io.BytesIO(raw))
        if reader.is_encrypted and not reader.decrypt(""):
            raise _encrypted()
        if len(reader.pages) > MOST_PAGES:
            raise ArticleError(
                f"it has {len(reader.pages):,} pages; expected at most {MOST_PAGES:,}; split it into several"
            )
        pages = _lines_of_pages(reader)
        title = _title(reader)
    except DependencyError as error:  # kinds of encryption that pypdf leaves to other packages
        raise _encrypted() from error
    except LimitReachedError as error:
        raise ArticleError(
            f"it unpacks to more than a document needs ({error}); expected a PDF that people read"
        ) from error
    except RecursionError as error:
        raise ArticleError("its parts lie too deep within each other; expected a PDF that people read") from error
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, AssertionError, OSError) as error:
        # pypdf meets damage wherever it happens to look, with whatever Python raises there.
        said = " ".join(str(error).split())[:120]
        raise ArticleError(f"it is no PDF, or damaged ({type(error).__name__}: {said}); export it again") from error
    text, starts = _joined(_without_running_lines(pages))
    if not text:
        raise ArticleError(
            f"its pages ({len(pages):,}) hold no text, as those of a scan; run text recognition (OCR) on it first"
        )
    return Extracted(text=text, title=title, pages=starts)


def _encrypted() -> ArticleError:
    return ArticleError("it is encrypted; save a copy that needs no password")


def _lines_of_pages(reader: "PdfReader") -> list[list[str]]:
    pages: list[list[str]] = []
    size = 0
    for page in reader.pages:
        text = page.extract_text().translate(_UNWANTED)
        size += len(text)
        if size > MOST_TEXT:
            raise ArticleError(f"it holds more than {MOST_TEXT:,} characters of text; split it into several")
        pages.append([" ".join(line.split()) for line in text.splitlines()])
    return pages


# Control characters that fonts without a proper table bring, and halves of surrogate pairs; line ends stay.
_UNWANTED = dict.fromkeys((*range(9), *range(14, 32), 127, *range(0xD800, 0xE000)))


def _title(reader: "PdfReader") -> str | None:
    title: str | None = None
    with suppress(ArticleError):
        title = one_line("title", str(reader.metadata.title or "") if reader.metadata else None)
    return None if title is None or _NO_TITLE.match(title) else title


def _without_running_lines(pages: Sequence[Sequence[str]]) -> list[list[str]]:
    filled = [[line for line in page if line] for page in pages]
    edges = Counter(key for lines in filled for key in {_key(line) for line in (lines[:1] + lines[-1:])})
    shared = {key for key, count in edges.items() if count >= max(_SHARED_BY, len(pages) / 2)}

    def runs(line: str) -> bool:
        return _key(line) in shared or line.strip("-–— ").isdecimal()

    cleaned: list[list[str]] = []
    for page in pages:
        lines = list(page)
        for edge in (0, -1):
            while lines and not lines[edge]:
                lines.pop(edge)
            if lines and runs(lines[edge]):
                lines.pop(edge)
        cleaned.append(lines)
    return cleaned


def _key(line: str) -> str:
    """`The Report · 12` and `The Report · 13` are one line."""
    return re.sub(r"\d+", "#", line).casefold()


def _joined(pages: Sequence[Sequence[str]]) -> tuple[str, tuple[int, ...]]:
    """The lines as text, and the offset at which each page's begins; a page without lines begins where the next one does."""
    words = Counter(word.casefold() for page in pages for line in page for word in _WORD.findall(line))
    parts: list[str] = []
    starts: list[int] = []
    length = 0
    before, before_width, gap = "", 0, False
    for page in pages:
        width = _width(page)
        opening = True
        for line in page:
            if not line:
                gap = True
                continue
            if parts:
                cut, between = _between(before, line, before_width, words, gap=gap)
                if cut:
                    parts[-1] = parts[-1][:-cut]
                parts.append(between)
                length += len(between) - cut
            if opening:
                starts.append(length)
                opening = False
            parts.append(line)
            length += len(line)
            before, before_width, gap = line, width, False
        if opening:
            starts.append(-1)
    text = "".join(parts)
    following = length
    for number in range(len(starts) - 1, -1, -1):
        following = starts[number] = following if starts[number] < 0 else starts[number]
    if starts:
        starts[0] = 0
    return text, tuple(starts)


def _width(page: Sequence[str]) -> int:
    """The length that all but a tenth of the page's lines do not pass."""
    lengths = sorted(len(line) for line in page if line)
    return lengths[-(-(len(lengths) - 1) * 9 // 10)] if lengths else 0


def _between(before: str, line: str, width: int, words: Counter[str], *, gap: bool) -> tuple[int, str]:
    """How many characters of the line before go, and what stands between it and this one."""
    if before.endswith("\N{SOFT HYPHEN}"):
        return 1, ""
    goes_on = line[0].islower()
    if goes_on and (parted := _PARTED.search(before)):
        rest = _WORD.match(line)
        whole = words[(parted[1] + (rest[0] if rest else "")).casefold()] > 0
        return (1, "") if whole else (0, "")
    short = len(before) < _FULL * width
    if goes_on:
        return 0, "\n\n" if gap and short and before.endswith(_STOPS) else " "
    ends = gap or (short and (before.endswith(_STOPS) or line[0].isupper()))
    return 0, "\n\n" if ends else " "
