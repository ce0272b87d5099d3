"""Spans: from a reader's logits to the best answer in each sentence.

A span is legal when it begins and ends with tokens of one sentence, in that order, at most `LONGEST` tokens in all; nothing
else is ever considered, so nothing else can win.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qa.answer import Span
from qa.reader import Reading

LONGEST = 40
"""Tokens of an answer."""

SAME = 0.5
"""Share of characters in common from which a span repeats one that was given before."""


@dataclass(frozen=True, eq=False)
class SentenceSpans:
    """For n sentences the best span, and how much all spans say together.

    :param best: *Shape:* ``(n,)``, float64: start + end logits of the best span less the null's; -inf when unread.
    :param mass: *Shape:* ``(n,)``, float64: log of the summed exponentials of all its spans' scores; -inf when unread.
    :param spans: *Shape:* ``(n, 2)``, int64: `[start, end)` of the best span in code points of the article; -1 when unread.
    """

    best: NDArray[np.float64]
    mass: NDArray[np.float64]
    spans: NDArray[np.int64]

    @classmethod
    def unread(cls, n: int) -> "SentenceSpans":
        return cls(np.full(n, -np.inf), np.full(n, -np.inf), np.full((n, 2), -1))

    def take(
        self,
        reading: Reading,
        origin: int,
        bounds: NDArray[np.int64],
        rows: NDArray[np.int64],
        told: Sequence[Span] = (),
    ) -> None:
        """Note what a reading says of the sentences in its text; of two readings of a sentence the surer counts.

        :param origin: where the text begins in the article.
        :param bounds: *Shape:* ``(k, 2)``: `[start, end)` of the sentences in the article, in order.
        :param rows: *Shape:* ``(k,)``: their rows here.
        :param told: stretches of the article that are no answer, having been given as one before.
        """
        offsets = reading.offsets + origin
        scores = span_scores(reading)
        first = np.searchsorted(offsets[:, 0], bounds[:, 0])
        last = np.searchsorted(offsets[:, 1], bounds[:, 1], side="right")
        for row, low, high in zip(rows, first, last, strict=True):
            if low >= high:
                continue  # outside this window
            legal = scores[low:high, : high - low].copy()
            legal[np.arange(legal.shape[0])[:, None] + np.arange(legal.shape[1]) >= high - low] = -np.inf
            for span in told:
                legal[_repeats(span, offsets[low:high])[:, : legal.shape[1]]] = -np.inf
            best = legal.max()
            if best > self.best[row]:
                start, length = np.unravel_index(int(legal.argmax()), legal.shape)
                self.best[row] = best
                self.mass[row] = best + np.log(np.exp(legal - best).sum())
                self.spans[row] = offsets[low + start, 0], offsets[low + start + length, 1]


def _repeats(told: Span, offsets: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which spans hold all of `told`, or share at least `SAME` of both. *Shape:* ``(t, t)``, by first token and length less
    one.
    """
    count = len(offsets)
    ends = np.minimum(np.arange(count)[:, None] + np.arange(count), count - 1)
    start, end = offsets[:, :1], offsets[ends, 1]
    shared = np.minimum(end, told.end) - np.maximum(start, told.start)
    length = told.end - told.start
    return np.asarray((shared == length) | (shared >= SAME * np.maximum(end - start, length)))


def span_scores(reading: Reading) -> NDArray[np.float64]:
    """start + end for every first token and every length. *Shape:* ``(t, LONGEST)``; -inf past the window's end."""
    t = len(reading.start)
    padded = np.full(t + LONGEST, -np.inf)
    padded[:t] = reading.end
    ends = np.lib.stride_tricks.sliding_window_view(padded, LONGEST)[:t]
    return np.asarray(reading.start[:, None] + ends, dtype=np.float64)
