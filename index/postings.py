"""What each term adds to the score of each row, from rows that come one at a time: the arrays that bm25s searches.

bm25s makes the same, to the bit, of all rows as lists, which takes a hundred bytes a word; here a word takes four, and no
text is kept.
"""

import math
from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_BLOCK = 2**24
"""Words that are put in order in one go."""


class Postings(NamedTuple):
    """A sparse matrix, by term.

    :param data: *Shape:* ``(e,)``, float32: what a term adds to a row's score, term by term.
    :param rows: *Shape:* ``(e,)``, int32: the rows, ascending in each term.
    :param starts: *Shape:* ``(t + 1,)``, int64: where each term's entries begin.
    :param total: how many rows there are, with terms and without.
    :param numbers: the terms' numbers, in alphabetical order.
    """

    data: NDArray[np.float32]
    rows: NDArray[np.int32]
    starts: NDArray[np.int64]
    total: int
    numbers: dict[str, int]


def postings(rows: Iterable[Sequence[str]], k1: float, b: float, besides: str) -> Postings:
    """Scores by "Lucene (accurate)", as `METHOD` in index/lexical.py.

    :param rows: the terms of each row.
    :param besides: a term that no row holds.
    """
    first_seen: dict[str, int] = {}
    words, counts = array("i"), array("i")
    for row in rows:
        words.extend(first_seen.setdefault(term, len(first_seen)) for term in row)
        counts.append(len(row))
    terms = sorted((*first_seen, besides))
    numbers = {term: number for number, term in enumerate(terms)}
    renumbered = np.array([numbers[term] for term in first_seen], dtype=np.int32)
    del first_seen
    lengths = np.frombuffer(counts, dtype=np.int32) if counts else np.empty(0, dtype=np.int32)
    numbered = renumbered[np.frombuffer(words, dtype=np.int32)] if words else np.empty(0, dtype=np.int32)
    del words
    parts = list(_entries(numbered, lengths, len(terms), k1, b))
    nothing = np.empty(0, dtype=np.int32)
    held = np.concatenate([part[0] for part in parts] or [nothing])
    starts = np.concatenate([[0], np.cumsum(np.bincount(held, minlength=len(terms)))]).astype(np.int64)
    return Postings(
        np.concatenate([part[2] for part in parts] or [np.empty(0, dtype=np.float32)]),
        np.concatenate([part[1] for part in parts] or [nothing]),
        starts,
        len(lengths),
        numbers,
    )


Entries = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]


def _entries(words: NDArray[np.int32], lengths: NDArray[np.int32], terms: int, k1: float, b: float) -> Iterator[Entries]:
    """Terms, rows and scores, some terms at a time.

    :param words: the words of all rows as terms' numbers, row after row.
    """
    rows, mean = len(lengths), lengths.mean() if len(lengths) else 0.0
    ends = np.cumsum(np.bincount(words, minlength=terms))
    homes = np.repeat(np.arange(rows, dtype=np.int32), lengths)
    low = 0
    while low < terms:
        before = ends[low - 1] if low else 0
        high = max(low + 1, int(np.searchsorted(ends, before + _BLOCK, side="right")))
        inside = np.flatnonzero((words >= low) & (words < high))
        pairs, times = np.unique(words[inside].astype(np.int64) * rows + homes[inside], return_counts=True)
        if len(pairs):
            held, home = np.divmod(pairs, rows)
            found = times / (k1 * ((1 - b) + b * lengths[home].astype(np.float64) / mean) + times)
            yield held.astype(np.int32), home.astype(np.int32), (_rarities(held, rows) * found).astype(np.float32)
        low = high


def _rarities(held: NDArray[np.int64], rows: int) -> NDArray[np.float64]:
    """For each entry the rarity of its term; single precision, as bm25s keeps it."""
    _, place, holding = np.unique(held, return_inverse=True, return_counts=True)
    found = [math.log(1 + (rows - df + 0.5) / (df + 0.5)) for df in holding.tolist()]
    return np.array(found, dtype=np.float32).astype(np.float64)[place]
