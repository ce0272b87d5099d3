"""Retrieval from an index too large for a look at every row: which sentences may answer, and their measures.

candidates   the nearest sentences and passages by vector, and those with most of the question's terms by BM25; of each
             found sentence all of its passage
measures     as a look at every row would give them, of these only
statistics   the mean and the spread of each measure over every row, without that look: of an inner product they follow
             from the mean and the covariance of the vectors, of BM25 from the rows that hold a term of the question
"""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from index.lexical import Matches
from index.shortcuts import Shortcuts
from index.store import Index

DEPTH = 200
"""Rows that each of the four searches gives."""

Both = tuple[tuple[int, int], tuple[int, int]]
"""Rows of sentences, and of the passages that they are of."""
Numbers = NDArray[np.int64]


class Candidates:
    """What a large index has for one question."""

    def __init__(self, index: Index, shortcuts: Shortcuts, text: str, vector: NDArray[np.float32]) -> None:
        """:param vector: *Shape:* ``(1, d)``: that of `text`."""
        self._index = index
        self._shortcuts = shortcuts
        self._text = text
        self._vector = vector
        self._matches = index.sentence_terms.matches(text), index.passage_terms.matches(text)

    def rows(self) -> Numbers:
        """*Shape:* ``(k,)``: the rows of the sentences that may answer, ascending."""
        index, shortcuts = self._index, self._shortcuts
        near = index.sentence_vectors.nearest(self._vector, DEPTH, shortcuts.sentences.near)[0]
        sentences = np.concatenate([near, best(self._matches[0], DEPTH)])
        near = index.passage_vectors.nearest(self._vector, DEPTH, shortcuts.passages.near)[0]
        passages = np.unique(np.concatenate([near, best(self._matches[1], DEPTH), index.passage_of[sentences]]))
        return stretches(*index.sentences_of(passages))

    def raw(self, rows: Numbers) -> NDArray[np.float32]:
        """The measures of some rows, ascending. *Shape:* ``(5, len(rows))``."""
        index = self._index
        passages, home = np.unique(index.passage_of[rows], return_inverse=True)
        found = np.zeros((5, len(rows)), dtype=np.float32)
        found[0] = index.sentence_vectors.scores(self._vector, rows)[0]
        found[2] = index.passage_vectors.scores(self._vector, passages)[0, home]
        return self.counted(found, rows, None)

    def counted(self, raw: NDArray[np.float32], rows: Numbers, of: Sequence[Both] | None) -> NDArray[np.float32]:
        """`raw` with other document frequencies: those in some stretches of sentences and of their passages; None: in all."""
        index, text = self._index, [self._text]
        passages, home = np.unique(index.passage_of[rows], return_inverse=True)
        sentences_of = [own for own, _ in of] if of is not None else None
        passages_of = [own for _, own in of] if of is not None else None
        found = raw.copy()
        found[1] = index.sentence_terms.scores(text, rows, sentences_of)[0]
        found[3] = index.passage_terms.scores(text, passages, passages_of)[0, home]
        found[4] = index.sentence_terms.coverage(text, rows, sentences_of)[0]
        return found

    @cached_property
    def statistics(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Mean and spread over all sentences of the measures that are standardised. *Shape:* ``(4, 1)`` each."""
        sizes, total = self._index.passage_sizes, len(self._index.sentences)
        sentences, passages = self._matches
        pairs = [
            self._shortcuts.sentences.moments.of(self._vector[0]),
            _moments(sentences.scores, np.ones(1), total),
            self._shortcuts.passages.moments.of(self._vector[0]),
            _moments(passages.scores, sizes[passages.rows], total),
        ]
        found = np.array(pairs, dtype=np.float32)
        return found[:, :1], found[:, 1:]


def best(matches: Matches, count: int) -> Numbers:
    """The rows with the `count` highest scores; of equals at the cut the first. In no order."""
    rows, scores = matches
    if len(rows) <= count:
        return rows
    cut = np.partition(scores, -count)[-count]
    above = rows[scores > cut]
    return np.concatenate([above, np.sort(rows[scores == cut])[: count - len(above)]])


def stretches(starts: Numbers, ends: Numbers) -> Numbers:
    """The numbers of some stretches, one stretch after the other.

    >>> stretches(np.array([3, 9]), np.array([5, 12])).tolist()
    [3, 4, 9, 10, 11]
    """
    lengths = ends - starts
    before = np.cumsum(lengths) - lengths
    return np.asarray(np.repeat(starts - before, lengths) + np.arange(lengths.sum()), dtype=np.int64)


def _moments(values: NDArray[np.float32], weights: NDArray[np.float64] | Numbers, total: int) -> tuple[float, float]:
    """Mean and spread of `total` values, those that are not here being 0."""
    known = values.astype(np.float64)
    mean = float((known * weights).sum()) / total
    square = float((known**2 * weights).sum()) / total
    return mean, max(0.0, square - mean**2) ** 0.5
