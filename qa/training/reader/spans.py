"""Where answers lie: characters of a context, tokens of it, tokens of its windows."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from qa.training.reader import recipe
from qa.training.reader.rows import Row


@dataclass(frozen=True, slots=True, eq=False)
class Tokens:
    """A text's n tokens, without special ones. *Shapes:* ids (n,) uint16; offsets (n, 2) int32, code points [start, end)."""

    ids: NDArray[np.uint16]
    offsets: NDArray[np.int32]


def tokenize(tokenizer: Tokenizer, texts: Sequence[str]) -> list[Tokens]:
    """Every text's tokens, whole; the tokenizer's padding and truncation are switched off for good."""
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return [
        Tokens(np.array(found.ids, dtype=np.uint16), np.array(found.offsets, dtype=np.int32).reshape(-1, 2))
        for found in tokenizer.encode_batch(list(texts), add_special_tokens=False)
    ]


def answer_spans(row: Row) -> list[tuple[int, int]]:
    """Code points [start, end) that count as right, distinct, at most MAX_SPANS.

    Where `start` is only the first occurrence, all whole-word occurrences are right: the loss sums over them (Clark and
    Gardner 2018, "Simple and Effective Multi-Paragraph Reading Comprehension", the summed objective).
    """
    spans = dict.fromkeys((start, start + len(text)) for text, start in row.answers)
    if row.source in recipe.FIRST_OCCURRENCE_SOURCES:
        for text, _ in row.answers:
            spans |= dict.fromkeys(found.span() for found in re.finditer(rf"(?<!\w){re.escape(text)}(?!\w)", row.context))
    return list(spans)[: recipe.MAX_SPANS]


def token_spans(tokens: Tokens, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Tokens (first, last), both inclusive, that cover the spans [start, end) of code points, distinct.

    A span that touches no token, being of characters that the tokenizer drops, is left out.
    """
    found: dict[tuple[int, int], None] = {}
    for start, end in spans:
        inside = np.flatnonzero((tokens.offsets[:, 1] > start) & (tokens.offsets[:, 0] < end))
        if len(inside):
            found[int(inside[0]), int(inside[-1])] = None
    return list(found)


def windows(length: int, room: int) -> list[tuple[int, int]]:
    """[start, end) windows of up to `room` tokens that cover `length` tokens, each sharing STRIDE_TOKENS or more with the
    next; the last one is full.

    >>> windows(500, 300)
    [(0, 300), (200, 500)]
    """
    if length <= room:
        return [(0, length)]
    starts = [*range(0, length - room, room - recipe.STRIDE_TOKENS), length - room]
    return [(start, start + room) for start in starts]


def room(question: Tokens) -> int:
    """Tokens of context that fit beside a question, [CLS] and two [SEP]."""
    return recipe.MAX_TOKENS - min(len(question.ids), recipe.MAX_QUESTION_TOKENS) - 3
