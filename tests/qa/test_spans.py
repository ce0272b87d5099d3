"""From logits to spans: what is legal, compared with trying every span there is."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from qa.reader import Reading
from qa.spans import LONGEST, SentenceSpans

ORIGIN = 7  # where the text begins in the article


@dataclass(frozen=True)
class Case:
    """A text with its sentences in the article, some stretches being in none, and readings of it."""

    bounds: NDArray[np.int64]
    readings: tuple[Reading, ...]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Up to 100 tokens and 5 sentences that may begin inside a token; read at once, or in two overlapping windows."""
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    n = draw(st.integers(1, 100))
    widths, gaps = random.integers(1, 4, n), random.integers(0, 2, n)
    ends = np.cumsum(widths + gaps)
    offsets = np.stack([ends - widths, ends], axis=1)
    cuts = np.unique(random.integers(0, ends[-1] + 1, draw(st.integers(2, 6))))
    bounds = np.stack([cuts[:-1], cuts[1:]], axis=1)[random.random(len(cuts) - 1) < 0.8] + ORIGIN
    low, high = sorted(random.integers(0, n + 1, 2).tolist())
    spread = draw(st.sampled_from([0.1, 1.0, 10.0]))

    def read(first: int, last: int) -> Reading:
        start, end = random.normal(scale=spread, size=(2, last - first)).astype(np.float32)
        return Reading(0, offsets[first:last], start, end)

    return Case(bounds, draw(st.sampled_from([(read(0, n),), (read(0, high), read(low, n))])))


def legal_spans(reading: Reading, low: int, high: int) -> dict[tuple[int, int], float]:
    """Every span of at most `LONGEST` tokens inside `[low, high)` of the article, with its score."""
    offsets = (reading.offsets + ORIGIN).tolist()
    return {
        (offsets[first][0], offsets[last][1]): float(reading.start[first]) + float(reading.end[last])
        for first in range(len(offsets))
        for last in range(first, min(first + LONGEST, len(offsets)))
        if low <= offsets[first][0] and offsets[last][1] <= high
    }


@given(cases())
def test_of_all_legal_spans_the_best_is_kept_and_all_are_weighed(case: Case) -> None:
    found = SentenceSpans.unread(len(case.bounds))
    for reading in case.readings:
        found.take(reading, ORIGIN, case.bounds, np.arange(len(case.bounds)))
    for row, (low, high) in enumerate(case.bounds.tolist()):
        spans = [legal for reading in case.readings if (legal := legal_spans(reading, low, high))]
        if not spans:
            assert (found.best[row], found.mass[row], *found.spans[row]) == (-np.inf, -np.inf, -1, -1)
            continue
        surer = max(spans, key=lambda legal: max(legal.values()))
        assert found.best[row] == max(surer.values())
        assert surer[tuple(found.spans[row].tolist())] == found.best[row]
        assert found.mass[row] == pytest.approx(np.logaddexp.reduce(list(surer.values())))
        start, end = found.spans[row].tolist()
        assert low <= start < end <= high


def words(n: int, start: dict[int, float], end: dict[int, float]) -> Reading:
    """n tokens of one letter with a space after each; logits are 0 but for those given by the token's number."""
    offsets = np.stack([np.arange(n) * 2, np.arange(n) * 2 + 1], axis=1)
    logits = [np.array([given.get(token, 0.0) for token in range(n)], dtype=np.float32) for given in (start, end)]
    return Reading(0, offsets, *logits)


def taken(reading: Reading, *bounds: tuple[int, int]) -> SentenceSpans:
    found = SentenceSpans.unread(len(bounds))
    found.take(reading, 0, np.array(bounds), np.arange(len(bounds)))
    return found


def test_no_span_reaches_over_the_end_of_a_sentence() -> None:
    found = taken(words(6, {2: 5}, {4: 5, 1: 1, 3: 2}), (0, 5), (6, 11))
    assert found.spans.tolist() == [[4, 5], [6, 9]]  # the first word to the last would have had 10
    assert found.best.tolist() == [5, 5]


def test_no_span_is_longer_than_the_longest() -> None:
    n = LONGEST + 1
    assert taken(words(n, {0: 5}, {n - 1: 5}), (0, 2 * n)).best.tolist() == [5]
    assert taken(words(n, {1: 5}, {n - 1: 5}), (0, 2 * n)).spans.tolist() == [[2, 2 * n - 1]]


def test_no_span_ends_before_it_begins() -> None:
    assert taken(words(5, {3: 5}, {1: 5}), (0, 9)).best.tolist() == [5]


def test_what_is_in_no_sentence_is_never_taken() -> None:
    found = taken(words(6, {0: 9, 3: 9}, {0: 9, 3: 9, 5: 1}), (2, 5), (8, 11))
    assert found.spans.tolist()[1] == [8, 11]
    assert found.best.tolist() == [0, 1]


def test_mass_counts_every_span_once() -> None:
    assert taken(words(3, {}, {}), (0, 5)).mass == pytest.approx(np.log([6]))


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_two_readings_of_a_sentence_the_surer_counts(order: tuple[int, int]) -> None:
    readings = words(3, {0: 1}, {0: 1}), words(3, {2: 4}, {2: 4})
    found = SentenceSpans.unread(1)
    for number in order:
        found.take(readings[number], 0, np.array([(0, 5)]), np.array([0]))
    assert found.best.tolist() == [8]
    assert found.spans.tolist() == [[4, 5]]
    assert found.mass == taken(readings[1], (0, 5)).mass


def test_a_text_without_a_token_says_nothing() -> None:
    found = taken(words(0, {}, {}), (0, 5))
    assert found.best.tolist() == [-np.inf]


def test_rows_say_whose_sentence_it_is() -> None:
    found = SentenceSpans.unread(3)
    found.take(words(2, {}, {1: 1}), 100, np.array([(100, 103)]), np.array([1]))
    assert found.best.tolist() == [-np.inf, 1, -np.inf]
    assert found.spans.tolist()[1] == [100, 103]
