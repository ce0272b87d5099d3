"""The blocks of an article: which stretch of its text is title, standfirst, caption, subheading, paragraph, boilerplate.

Lines. Blank lines part blocks. Consecutive lines are one block, hard-wrapped, except that

- when one of them is longer than 160 code points nobody wrapped them by hand, and each line is a block;
- a Markdown heading (`# `, or a line underlined with `===` or `---`) is a block, without its marks;
- in a list, each item begins a block, without its bullet (nor has a quotation its first `>`);
- a line that ends with a credit, "(photo credit: REUTERS/JOE SKIPPER)", ends its block, and a line that is nothing but a
  credit belongs to the line above it;
- an image `![words](address)` alone on a line is a caption, its words; without words it is no block;
- a rule (`---`, `* * *`, `____`) is no block;
- when each line of a group is boilerplate by itself, each is a block.

Kinds, the first rule that holds:

1. title: the block that equals the given title, among the first three; else the first `#` heading among the first three;
   else, when no title is given, the first block that is not boilerplate, if it is one line of at most 200 code points
   without a sentence's end (`.` `,` `;` `:`) and content follows.
2. boilerplate: a single line that is, whole, a set phrase of `index/boilerplate.py`.
3. boilerplate: a caption given again: with its credit anywhere later, or without it in the block right after.
4. caption: a block of at most 600 code points that ends with a credit; an image's words; and the block right before such
   a caption, if it says the same without the credit (then the second is the copy).
5. standfirst: the block after the title, at most 300 code points, before a caption; or at least 40, not ended like a
   sentence, before a paragraph.
6. subheading: any other heading; or one line of at most 80 code points, with a letter in it and none of `.,;:!?` at its
   end, before a longer paragraph that does end like a sentence. Not a list item, not "By Jane Doe".
7. paragraph: all else. A paragraph given twice is a paragraph twice: only captions and set phrases are ever boilerplate.

Only boilerplate is kept from answering, so only rules 2 and 3 can lose anything; the others change how a block looks and
with what it is joined. Set phrases and credits are English; in other languages nothing is boilerplate.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from index.boilerplate import CREDIT, is_boilerplate

BlockKind = Literal["title", "standfirst", "caption", "subheading", "paragraph", "boilerplate"]

_WRAP_WIDTH = 160
_MAX_TITLE, _MAX_SUBHEADING, _MAX_CAPTION = 200, 80, 600
_MIN_STANDFIRST, _MAX_STANDFIRST = 40, 300
_TITLE_AMONG = 3

_HEADING = re.compile(r"(#{1,6})[ \t]+")
_UNDERLINE = re.compile(r"={3,}|-{3,}")
_RULE = re.compile(r"(?:[-*_=~–—•·#][ \t]*){3,}")
_BULLET = re.compile(r"[-*+•‣>][ \t]+")
_ITEM = re.compile(r"[-*+•‣][ \t]+|\(?\d{1,3}[.)][ \t]+")
_BYLINE = re.compile(r"by\s", re.IGNORECASE)
_IMAGE = re.compile(r"!\[([^\[\]]*)\]\([^()]*\)")
_CREDIT_WINDOW = 200  # code points at the end of a line in which a credit is looked for
_CLOSERS = "\"'”’»›」』)]*_ \t"
_STOPS = ".,;:…。．،؛।։።、，；："
_MARKS = "!?！？؟"


@dataclass(frozen=True, slots=True)
class Block:
    """A typed stretch of an article's text, without the white space around it."""

    kind: BlockKind
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Piece:
    """A block before its kind is known, and what its lines looked like."""

    start: int
    end: int
    text: str
    one_line: bool
    level: int = 0  # of a heading, 0 for none
    item: bool = False
    image: bool = False


_Line = tuple[int, int]


def find_blocks(text: str, title: str | None) -> tuple[Block, ...]:
    """The blocks of `text` in reading order, by the rules above; `()` for a text without content.

    They do not overlap, are never empty, and begin and end with a character that is not white space. White space, rules
    and Markdown's marks at the start of a line lie outside all blocks; everything else lies in one.
    """
    pieces = [piece for group in _groups(text) for piece in _pieces(text, group)]
    headline = _title(pieces, title)
    kinds: list[BlockKind] = []
    for number, piece in enumerate(pieces):
        if number == headline:
            kinds.append("title")
        elif piece.one_line and is_boilerplate(piece.text):
            kinds.append("boilerplate")
        elif _is_caption(piece):
            kinds.append("caption")
        elif piece.level:
            kinds.append("subheading")
        else:
            kinds.append("paragraph")
    _mark_copies(pieces, kinds)
    if headline is not None:
        _mark_standfirst(pieces, kinds, headline)
    _mark_subheadings(pieces, kinds)
    return tuple(Block(kind, piece.start, piece.end) for kind, piece in zip(kinds, pieces, strict=True))


# Lines and pieces


def _groups(text: str) -> Iterator[list[_Line]]:
    """Runs of consecutive lines that are neither blank nor rules, each line without the white space around it.

    The underline of a heading stays in its group.
    """
    group: list[_Line] = []
    begin = 0
    for line in text.splitlines(keepends=True):
        core = line.strip()
        start = begin + len(line) - len(line.lstrip())
        begin += len(line)
        underlines = len(group) == 1 and _UNDERLINE.fullmatch(core) and _may_head(text, group[0])
        if core and (underlines or not _RULE.fullmatch(core)):
            group.append((start, start + len(core)))
        elif group:
            yield group
            group = []
    if group:
        yield group


def _may_head(text: str, line: _Line) -> bool:
    core = text[line[0] : line[1]]
    return len(core) <= _MAX_TITLE and not _ends_with(core, _STOPS)


def _pieces(text: str, group: list[_Line]) -> Iterator[_Piece]:
    lines = [text[start:end] for start, end in group]
    if len(lines) >= 2 and _UNDERLINE.fullmatch(lines[1]) and _may_head(text, group[0]):
        start, end = group[0]
        yield _Piece(start, end, lines[0], True, level=1 if lines[1][0] == "=" else 2)
        if len(group) > 2:
            yield from _pieces(text, group[2:])
        return
    wide = any(len(line) > _WRAP_WIDTH for line in lines)
    listed = _ITEM.match(lines[0]) is not None
    apart = len(lines) > 1 and all(is_boilerplate(line) for line in lines)
    first = 0
    for number in range(1, len(lines) + 1):
        if (
            number == len(lines)
            or apart
            or (wide and not _is_credit(lines[number]))
            or (listed and _ITEM.match(lines[number]))
            or _stands_alone(lines[number])
            or _stands_alone(lines[number - 1])
            or _ends_with_credit(lines[number - 1])
        ):
            piece = _piece(text, group[first:number])
            if piece:
                yield piece
            first = number


def _piece(text: str, lines: list[_Line]) -> _Piece | None:
    """The block that these lines make, without Markdown's marks in front; None when the marks are all there is."""
    start, end = lines[0][0], lines[-1][1]
    one_line = len(lines) == 1
    core = text[start:end]
    heading = _HEADING.match(core) if one_line else None
    image = _IMAGE.fullmatch(core) if one_line else None
    if image:
        start, end = start + image.start(1), start + image.end(1)
    elif heading:
        end = start + len(core.rstrip("#"))  # "## Mars ##" is closed as it was opened
        start += heading.end()
    elif bullet := _BULLET.match(core):
        start += bullet.end()
    words = text[start:end]
    start, end = start + len(words) - len(words.lstrip()), end - len(words) + len(words.rstrip())
    if start >= end:
        return None
    level = len(heading[1]) if heading else 0
    return _Piece(start, end, text[start:end], one_line, level, item=bool(_ITEM.match(core)), image=bool(image))


def _stands_alone(line: str) -> bool:
    return _HEADING.match(line) is not None or _IMAGE.fullmatch(line) is not None


# Kinds


def _title(pieces: list[_Piece], title: str | None) -> int | None:
    """Which piece is the title, if any is (rule 1)."""
    opening = range(min(_TITLE_AMONG, len(pieces)))
    if title:
        for number in opening:
            if _same(pieces[number].text) == _same(title):
                return number
    for number in opening:
        if pieces[number].level == 1:
            return number
    if title:
        return None
    content = [number for number, piece in enumerate(pieces) if not (piece.one_line and is_boilerplate(piece.text))]
    if len(content) < 2:
        return None
    first = pieces[content[0]]
    ends_like_sentence = _ends_with(first.text, _STOPS)
    fits = first.one_line and len(first.text) <= _MAX_TITLE and not ends_like_sentence
    return content[0] if fits and not first.item and not _is_caption(first) else None


def _is_caption(piece: _Piece) -> bool:
    return piece.image or (len(piece.text) <= _MAX_CAPTION and _ends_with_credit(piece.text))


def _mark_copies(pieces: list[_Piece], kinds: list[BlockKind]) -> None:
    """Rules 3 and 4: the first of two equal captions stays, the other is boilerplate."""
    seen: set[str] = set()
    for number, piece in enumerate(pieces):
        words = _uncredited(piece.text)
        follows = number > 0 and words == _uncredited(pieces[number - 1].text)
        if kinds[number] == "caption":
            if follows and kinds[number - 1] == "paragraph" and len(piece.text) <= _MAX_CAPTION:
                kinds[number - 1] = "caption"
                seen.add(words)
            if words in seen:
                kinds[number] = "boilerplate"
            seen.add(words)
        elif (
            kinds[number] == "paragraph" and follows and kinds[number - 1] in ("caption", "boilerplate") and words in seen
        ):
            kinds[number] = "boilerplate"


def _mark_standfirst(pieces: list[_Piece], kinds: list[BlockKind], headline: int) -> None:
    number = headline + 1
    if number + 1 >= len(pieces) or kinds[number] != "paragraph" or pieces[number].item:
        return
    text, after = pieces[number].text, kinds[number + 1]
    subtitle = after == "paragraph" and len(text) >= _MIN_STANDFIRST and not _ends_with(text, _STOPS + _MARKS)
    if len(text) <= _MAX_STANDFIRST and not _BYLINE.match(text) and (after == "caption" or subtitle):
        kinds[number] = "standfirst"


def _mark_subheadings(pieces: list[_Piece], kinds: list[BlockKind]) -> None:
    for number in range(1, len(pieces) - 1):
        piece, after = pieces[number], pieces[number + 1]
        if (
            kinds[number] == "paragraph"
            and kinds[number + 1] == "paragraph"
            and piece.one_line
            and not piece.item
            and not _BYLINE.match(piece.text)
            and len(piece.text) <= min(_MAX_SUBHEADING, len(after.text) - 1)
            and any(character.isalpha() for character in piece.text)
            and not _ends_with(piece.text, _STOPS + _MARKS)
            and _ends_with(after.text, _STOPS + _MARKS)
        ):
            kinds[number] = "subheading"


def _ends_with(text: str, marks: str) -> bool:
    """Whether the last character before closing quotation marks and brackets is one of `marks`."""
    return text.rstrip(_CLOSERS)[-1:] in tuple(marks)


def _ends_with_credit(line: str) -> bool:
    return CREDIT.search(line[-_CREDIT_WINDOW:]) is not None


def _is_credit(line: str) -> bool:
    return CREDIT.match(line) is not None


def _uncredited(text: str) -> str:
    """What a caption says, to compare: without its credit, unless that is all it says."""
    head, tail = text[:-_CREDIT_WINDOW], text[-_CREDIT_WINDOW:]
    return _same(head + CREDIT.sub("", tail)) or _same(text)


def _same(text: str) -> str:
    return " ".join(text.split()).casefold()
