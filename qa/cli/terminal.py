"""What a terminal can show, and text made safe and fitted for it.

Whatever comes from an article, a question or a file name passes through `printable` before it reaches a terminal: an
escape sequence in an article must not be able to retitle the window, hide text or answer for the person who reads.
"""

import os
import re
import shutil
import unicodedata
from dataclasses import dataclass
from typing import TextIO

MAX_WIDTH = 88
"""Cells of the longest line; beyond it the eye loses the next line's start."""

_MIN_WIDTH = 32
"""The widest heading; a narrower terminal breaks the lines itself."""
_RESET = "\x1b[0m"


@dataclass(frozen=True, slots=True)
class Terminal:
    """How one stream is written to: `width` in cells, and what it can show.

    `styled` allows bold, underlined and dim text, `coloured` colours as well; `unicode` signs beyond ASCII. The default
    is what a pipe or a file gets.
    """

    width: int = 80
    styled: bool = False
    coloured: bool = False
    unicode: bool = True

    @classmethod
    def of(cls, stream: TextIO) -> "Terminal":
        """What `stream` can show. https://no-color.org: NO_COLOR asks for no colour; bold and underlined are none."""
        styled = stream.isatty() and os.environ.get("TERM") != "dumb"
        columns = shutil.get_terminal_size(fallback=(80, 24)).columns
        return cls(
            width=max(_MIN_WIDTH, min(MAX_WIDTH, columns)),
            styled=styled,
            coloured=styled and not os.environ.get("NO_COLOR"),
            unicode=_encodes(stream, "┃│●○·–—"),
        )

    def sign(self, preferred: str, ascii: str) -> str:
        """`preferred` where the stream can show it, else `ascii`."""
        return preferred if self.unicode else ascii

    def bold(self, text: str) -> str:
        """A heading, or the answer's own words."""
        return self._style(text, "1", "1")

    def dim(self, text: str) -> str:
        """What may be skipped."""
        return self._style(text, "2", "2")

    def accent(self, text: str) -> str:
        """The bar beside an answer, a citation's number, a meter."""
        return self._style(text, "1", "33")

    def mark(self, text: str) -> str:
        """The words that answer, within their sentence: as a highlighter would, which reads on dark and on light."""
        return self._style(text, "1;4", "1;30;43")

    def _style(self, text: str, plain: str, coloured: str) -> str:
        return f"\x1b[{coloured if self.coloured else plain}m{text}{_RESET}" if self.styled and text else text


def printable(text: str) -> str:
    """`text` with nothing in it that a terminal would obey; one code point for each of `text`'s, so offsets still hold.

    White space of any kind becomes a space; other control characters become their pictures, direction overrides and lone
    surrogates U+FFFD.

    >>> printable("a\\x1b[31mb")
    'a␛[31mb'
    """
    return "".join(_printable(character) for character in text)


def cells(text: str) -> int:
    """How many cells of a terminal `text`, which is printable, takes.

    >>> cells("é"), cells("火星"), cells("e\\u0301")
    (1, 4, 1)
    """
    return sum(_cells(character) for character in text)


def wrap(text: str, width: int) -> list[tuple[int, int]]:
    """Where to break `text`: the `[start, end)` of each line, at most `width` cells, less the spaces between lines.

    Lines break at spaces (not at no-break spaces), a word longer than a line wherever the line is full.

    >>> [text[start:end] for text in ["to be or not"] for start, end in wrap(text, 6)]
    ['to be', 'or not']
    """
    lines: list[tuple[int, int]] = []
    for word in re.finditer("[^ ]+", text):
        if lines and cells(text[lines[-1][0] : word.end()]) <= width:
            lines[-1] = (lines[-1][0], word.end())
        else:
            lines += _broken(text, word.start(), word.end(), width)
    return lines


def _broken(text: str, start: int, end: int, width: int) -> list[tuple[int, int]]:
    """The word `text[start:end]`, in pieces of at most `width` cells; a character wider than that stands alone."""
    pieces = []
    used = 0
    for position in range(start, end):
        size = _cells(text[position])
        if used + size > width and position > start:
            pieces.append((start, position))
            start, used = position, 0
        used += size
    return [*pieces, (start, end)]


def _printable(character: str) -> str:
    if character.isspace() and character != "\N{NO-BREAK SPACE}":
        return " "
    category = unicodedata.category(character)
    if category == "Cc":
        code = ord(character)
        return chr(0x2400 + code) if code < 0x20 else "␡" if code == 0x7F else "\N{REPLACEMENT CHARACTER}"
    if category == "Cs" or unicodedata.bidirectional(character) in ("LRO", "RLO"):
        return "\N{REPLACEMENT CHARACTER}"
    return character


def _cells(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _encodes(stream: TextIO, text: str) -> bool:
    try:
        text.encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
