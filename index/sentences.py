"""Sentences, as offsets into the article's text.

sentencex finds the boundaries; what it gets wrong in ways that a reader of citations would see is mended here:

- an opening quotation mark or bracket goes with the sentence that it opens, a closing one with the sentence it closes;
- "Dr.", "Mr.", "Mrs.", "Ms.", "Prof.", "approx." end no sentence, even before "Who" or "It"; nor does "p.m." before
  "Monday" or "Eastern Time";
- a photograph's credit in brackets goes with the caption's last sentence: alone it says nothing;
- a piece without a letter or digit ("...", ":)") goes with the sentence before it, a list's "1." with the one after it;
- what is longer than 1,000 code points is cut: inside its quotations if that helps, else at a line end, a semicolon, a
  CJK comma, white space, and only failing those inside a word, but not between a letter and its accent or in an emoji.

All non-space characters of the stretch lie in exactly one sentence, by construction: sentences are what lies between
successive cuts, less the white space around it.
"""

import re
import unicodedata
from importlib.metadata import version
from itertools import pairwise

from sentencex import get_sentence_boundaries

from index.boilerplate import CREDIT

MAX_SENTENCE = 1000
"""The longest sentence, in code points: a few times the longest that people write, and still read at one look."""

SEGMENTER = f"sentencex {version('sentencex')}, rules 2"
"""Names what decides blocks, sentences and passages: raise the number when a rule of theirs changes, in whichever file."""

# sentencex 1.0.32 panics (a BaseException, and a Rust trace on stderr) when white space of several UTF-8 bytes, such as a
# no-break space, stands before an initial: "George\u00a0W. Bush". One code point for another keeps the offsets.
_WIDE_SPACES = dict.fromkeys(map(ord, "\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000"), " ") | dict.fromkeys(
    range(0x2000, 0x200B), " "
)
_ENCLOSING = dict.fromkeys(map(ord, '"“”„«»「」『』()[]'), " ")

_OPENING_LEFT_BEHIND = re.compile(r"(?<=\s)[\"'“‘«„‚‹「『(\[{]+\Z")
_CLOSING_CARRIED_OVER = re.compile(r"[\"'”’»›」』)\]}]+(?=\s|\Z)")
_ABBREVIATION = re.compile(r"(?<!\w)(?:Dr|Mr|Mrs|Ms|Prof|approx)\.\s*\Z")
_CLOCK = re.compile(r"\b[ap]\.m\.\s*\Z", re.IGNORECASE)
_AFTER_CLOCK = re.compile(
    r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|(?:Eastern|Central|Mountain|Pacific|Greenwich|Israel)\b|[A-Z]{2,4}T\b|UTC\b"
)
_LIST_NUMBER = re.compile(r"\s*\(?(?:\d{1,3}|[A-Za-z])[.)]\s*")
_WORD = re.compile(r"[^\W_]")
_CUTS = (re.compile(r"\n"), re.compile(r"[;:](?=\s)|[；：，、]"), re.compile(r"\s"))
_WINDOW = 16  # code points before a boundary that the patterns above look at
_MAX_CLUSTER = 32  # code points; an accent upon accent upon accent is cut all the same

_Span = tuple[int, int]


def split_sentences(text: str, start: int, end: int, language: str) -> list[_Span]:
    """The sentences of `text[start:end]`, in order, as `[start, end)` offsets into `text`.

    They never overlap, are not empty, have no white space (`str.isspace`) at either end, and hold every other character
    of the stretch. None is longer than `MAX_SENTENCE` code points. `language` is a language tag; an unknown one is split
    by sentencex's general rules. The time is linear in the length: 200,000 characters take some hundredths of a second.
    """
    spans: list[_Span] = []
    stretch = text[start:end]
    pieces = _between(stretch, 0, len(stretch), _boundaries(stretch, language))
    if len(pieces) > 1 and CREDIT.match(stretch, pieces[-1][0]):
        pieces[-2:] = [(pieces[-2][0], pieces[-1][1])]
    for piece in pieces:
        for begin, stop in _short_enough(stretch, *piece, language):
            spans.append((start + begin, start + stop))
    return spans


def cut(text: str, start: int, end: int, limit: int) -> list[_Span]:
    """`text[start:end]` in pieces of at most `limit` code points, less the white space around each.

    Each cut is made in the second half of what fits, after the last line end there, else the last semicolon, colon or CJK
    comma, else white space; else where the piece is full, without parting a letter from its accent.
    """
    cuts: list[int] = []
    position = start
    while end - position > limit:
        position = _best_cut(text, position, position + limit)
        cuts.append(position)
    return _between(text, start, end, cuts)


def _boundaries(stretch: str, language: str) -> list[int]:
    """Where one sentence of `stretch` ends and the next begins: increasing offsets inside it."""
    found = get_sentence_boundaries(language.split("-")[0].lower(), stretch.translate(_WIDE_SPACES))
    settled = {_settled(stretch, boundary["end_index"]) for boundary in found}
    cuts = sorted(position for position in settled if 0 < position < len(stretch))
    kept: list[int] = []
    begin = 0
    for position, after in pairwise([*cuts, len(stretch)]):
        if _is_boundary(stretch, begin, position, after):
            kept.append(position)
            begin = position
    return kept


def _settled(stretch: str, position: int) -> int:
    """`position`, moved so that quotation marks and brackets go with the sentence they belong to."""
    behind = _OPENING_LEFT_BEHIND.search(stretch, max(0, position - _WINDOW), position)
    if behind:
        return behind.start()
    over = _CLOSING_CARRIED_OVER.match(stretch, position)
    return over.end() if over else position


def _is_boundary(stretch: str, begin: int, position: int, after: int) -> bool:
    """Whether `[begin, position)` is a sentence by itself, and so is what follows up to `after`."""
    if not _says_something(stretch, position, after) or not _says_something(stretch, begin, position):
        return False
    window = max(begin, position - _WINDOW)
    if _ABBREVIATION.search(stretch, window, position):
        return False
    if _CLOCK.search(stretch, window, position) and _AFTER_CLOCK.match(stretch, position):
        return False
    return _LIST_NUMBER.fullmatch(stretch, begin, position) is None


def _says_something(text: str, start: int, end: int) -> bool:
    return _WORD.search(text, start, end) is not None


def _short_enough(stretch: str, start: int, end: int, language: str) -> list[_Span]:
    """One sentence, or the pieces of one that is too long."""
    if end - start <= MAX_SENTENCE:
        return [(start, end)]
    # sentencex does not look inside quotations, and a forgotten quotation mark can make one of half an article.
    inside = _boundaries(stretch[start:end].translate(_ENCLOSING), language)
    pieces = _between(stretch, start, end, [start + position for position in inside])
    return [span for piece in pieces for span in cut(stretch, *piece, MAX_SENTENCE)]


def _best_cut(text: str, start: int, full: int) -> int:
    half = start + (full - start) // 2
    for pattern in _CUTS:
        ends = [match.end() for match in pattern.finditer(text, half, full)]
        if ends:
            return ends[-1]
    position = full
    while position > max(half, full - _MAX_CLUSTER, start + 1) and _joins(text, position):
        position -= 1
    return full if _joins(text, position) else position


def _joins(text: str, position: int) -> bool:
    """Whether the characters on both sides of `position` are seen as one: accent, joined or coloured emoji, flag."""
    before, after = text[position - 1], text[position]
    return (
        unicodedata.category(after)[0] == "M"
        or after == "\u200d"
        or before == "\u200d"
        or "\U0001f3fb" <= after <= "\U0001f3ff"
        or ("\U0001f1e6" <= before <= "\U0001f1ff" and "\U0001f1e6" <= after <= "\U0001f1ff")
    )


def _between(text: str, start: int, end: int, cuts: list[int]) -> list[_Span]:
    """The stretches of `text[start:end]` between `cuts`, less white space around them; none that is all white space."""
    spans: list[_Span] = []
    for begin, stop in pairwise([start, *cuts, end]):
        piece = text[begin:stop]
        core = piece.strip()
        if core:
            first = begin + len(piece) - len(piece.lstrip())
            spans.append((first, first + len(core)))
    return spans
