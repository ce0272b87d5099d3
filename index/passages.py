"""Passages: what is retrieved and read as one, each a contiguous slice of the article that holds no boilerplate.

- A block is a passage, but for what follows. Boilerplate is in none, and parts what stands before it from what follows.
- A subheading goes with the block after it. A block of fewer than 20 tokens goes with its neighbour: the one after it, or
  where that is a subheading or a caption, or there is none, the one before. So a short line of dialogue has its context,
  while paragraphs of the usual length, those of evaluation data among them, stay as they are. A caption is not part of
  the flow and stays by itself.
- Blocks are joined only when the result fits the encoder. A single block (with its subheading) that does not fit is cut
  into windows of about equal length, each beginning with the last sentence of the window before when there is room.
- A sentence that alone does not fit is itself cut, so that the encoder sees all of it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from index.article import Article, Block, BlockKind
from index.sentences import cut, split_sentences
from index.units import Passage, Sentence

CountTokens = Callable[[Sequence[str]], list[int]]

SPECIAL_TOKENS = 2
"""[CLS] and [SEP], which the encoder puts around every text."""

SHORT = 20
"""Tokens below which a block is joined with a neighbour; about one line of print."""

_Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Unit:
    """A sentence and its length in tokens."""

    start: int
    end: int
    tokens: int


@dataclass(frozen=True, slots=True)
class _Group:
    """Neighbouring blocks that make one passage, or the windows of one; `kind` is the last block's."""

    kind: BlockKind
    units: tuple[_Unit, ...]
    headed: bool = False  # begins with a subheading

    @property
    def tokens(self) -> int:
        return sum(unit.tokens for unit in self.units)


def segment(
    article: Article, count_tokens: CountTokens, max_tokens: int
) -> tuple[tuple[Passage, ...], tuple[Sentence, ...]]:
    """The passages and sentences of `article`, each numbered from 0 in reading order.

    `count_tokens` gives the lengths of texts in the encoder's tokens, without special ones; it is called once, and again
    only for sentences that do not fit. `max_tokens` is the encoder's limit, special tokens included. Each sentence names
    the one passage that it belongs to and lies inside its `[start, end)`; where windows overlap that is the earlier one.

    :raises ValueError: `max_tokens` leaves no room for text.
    """
    room = max_tokens - SPECIAL_TOKENS
    if room < 1:
        raise ValueError(f"max_tokens: found {max_tokens}; expected at least {SPECIAL_TOKENS + 1}")
    content = [block for block in article.blocks if block.kind != "boilerplate"]
    measured = _measure(article, content, count_tokens, room)
    passages: list[Passage] = []
    sentences: list[Sentence] = []
    for run in _runs(article.blocks, measured):
        for group in _joined(article.text, run, room):
            units = group.units
            for first, begin, end in _windows(units, room):
                passage = Passage(article.id, len(passages), units[first].start, units[end - 1].end)
                passages.append(passage)
                for unit in units[begin:end]:
                    sentences.append(Sentence(article.id, len(sentences), passage.id, unit.start, unit.end))
    return tuple(passages), tuple(sentences)


def _measure(
    article: Article, blocks: list[Block], count_tokens: CountTokens, room: int
) -> dict[Block, tuple[_Unit, ...]]:
    """The sentences of each block with their lengths; those of more than `room` tokens are cut until they fit.

    A single character is left as it is, however many tokens it takes.
    """
    text = article.text
    spans = {block: split_sentences(text, block.start, block.end, article.language) for block in blocks}
    fresh = [span for found in spans.values() for span in found]
    tokens: dict[_Span, int] = {}
    while fresh:
        tokens.update(zip(fresh, count_tokens([text[start:end] for start, end in fresh]), strict=True))
        spans = {
            block: [part for span in found for part in _fitted(text, span, tokens[span], room)]
            for block, found in spans.items()
        }
        fresh = [span for found in spans.values() for span in found if span not in tokens]
    return {block: tuple(_Unit(*span, tokens[span]) for span in found) for block, found in spans.items()}


def _fitted(text: str, span: _Span, tokens: int, room: int) -> list[_Span]:
    """The sentence, or its parts when it is too long, a tenth shorter than its average token would have them."""
    start, end = span
    if tokens <= room or end - start == 1:
        return [span]
    return cut(text, start, end, max(1, min(end - start - 1, (end - start) * room * 9 // (tokens * 10))))


def _runs(blocks: Sequence[Block], measured: dict[Block, tuple[_Unit, ...]]) -> list[list[_Group]]:
    """Each block as a group by itself, in runs that boilerplate parts."""
    runs: list[list[_Group]] = [[]]
    for block in blocks:
        if block.kind == "boilerplate":
            runs.append([])
        else:
            runs[-1].append(_Group(block.kind, measured[block], headed=block.kind == "subheading"))
    return runs


def _joined(text: str, run: list[_Group], room: int) -> list[_Group]:
    """Subheadings joined with what follows them, short neighbours with each other."""
    groups: list[_Group] = []
    for group in run:
        before = groups[-1] if groups else None
        if before is None or "caption" in (before.kind, group.kind):
            groups.append(group)
            continue
        both = _union(text, before, group)
        fits = both.tokens <= room
        if before.kind == "subheading":
            # It leads even a paragraph that it does not fit in one window with; a list of headings is no such thing.
            join = fits or group.kind != "subheading"
        else:
            join = fits and before.tokens < SHORT and group.kind != "subheading"
        if join:
            groups[-1] = both
        else:
            groups.append(group)
    return _joined_backwards(text, groups, room)


def _joined_backwards(text: str, groups: list[_Group], room: int) -> list[_Group]:
    """Short paragraphs that had nothing after them to go with, joined with the one before."""
    kept: list[_Group] = []
    for group in groups:
        before = kept[-1] if kept else None
        if before and group.tokens < SHORT and not group.headed and before.kind == group.kind == "paragraph":
            both = _union(text, before, group)
            if both.tokens <= room:
                kept[-1] = both
                continue
        kept.append(group)
    return kept


def _union(text: str, before: _Group, after: _Group) -> _Group:
    """Both as one; marks between them ("##", "-", "====") count as a token a character, which is the most they take."""
    last = before.units[-1]
    marks = len("".join(text[last.end : after.units[0].start].split()))
    last = _Unit(last.start, last.end, last.tokens + marks)
    return _Group(after.kind, (*before.units[:-1], last, *after.units), before.headed)


def _windows(units: tuple[_Unit, ...], room: int) -> list[tuple[int, int, int]]:
    """`(first, begin, end)` of each window: it spans `units[first:end]`, of which those from `begin` on are its own.

    For example six sentences of 50 tokens in a room of 254 give (0, 0, 3) and (2, 3, 6).
    """
    total = sum(unit.tokens for unit in units)
    if total <= room:
        return [(0, 0, len(units))]
    # All windows but the first spend some of their room on the sentence that they share with the one before.
    shared = min(max(unit.tokens for unit in units), room // 2)
    count = -(-(total - shared) // (room - shared))
    windows: list[tuple[int, int, int]] = []
    end = 0
    while end < len(units):
        first = begin = end
        own, shared = units[begin].tokens, units[begin - 1].tokens if begin else 0
        end += 1
        if begin and shared + own <= room:
            first = begin - 1
        else:
            shared = 0
        while end < len(units) and own < total / count and shared + own + units[end].tokens <= room:
            own += units[end].tokens
            end += 1
        windows.append((first, begin, end))
    return windows
