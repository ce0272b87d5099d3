"""Uncertainty by resampling: bootstrap intervals, and paired tests of one run against another.

Questions on one article succeed and fail together, so whole articles are drawn; with one article, its questions are.
Everything is seeded: the same rows and seed give the same numbers.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DRAWS = 1_000
"""Resamples behind an interval, and shuffles behind a p-value."""

Columns = dict[str, NDArray[np.float64]]
"""One array a name, one number a question, in the same order; NaN where a question has no such number."""

Figures = dict[str, float | None]
Interval = tuple[float, float]


def bootstrap(
    figures: Callable[[Columns], Figures],
    columns: Columns,
    clusters: Sequence[str],
    *,
    seed: int,
    draws: int = DRAWS,
    errors: Collection[str] = (),
) -> dict[str, Interval | None]:
    """95 % interval of each figure: `figures` of as many clusters as there are, drawn with replacement.

    It is the percentile interval ``q.025 .. q.975`` of the draws. Those of calibration errors come out too large: doubled
    questions agree with each other, and a mean of absolute gaps only grows by it. So theirs is the basic interval
    ``2 f - q.975 .. 2 f - q.025``, f the figure, which takes off the draws' bias instead of adding it; not below 0. Where the
    true error is near 0 it is still too high, as the figure itself is, but less so.
    An interval is None when the figure is undefined in more than half of the draws; other undefined draws are left out. It
    is widened to hold the figure where it would not.
    Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993; by cluster: Field and Welsh, JRSS B 69 (2007);
    basic: Davison and Hinkley, Bootstrap Methods and their Application, 1997, 5.2.

    :param clusters: the article of each question.
    :param errors: names of the figures that are calibration errors.
    """
    drawn = [figures(_take(columns, rows)) for rows in _draws(clusters, seed, draws)]
    return {
        name: _interval([one[name] for one in drawn], value, basic=name in errors)
        for name, value in figures(columns).items()
    }


@dataclass(frozen=True, slots=True)
class Change:
    """A figure of two runs on the same questions: `after - before`, its 95 % interval, and how surprising it is.

    `p_value` is two-sided; None, as the others, where a figure is undefined.
    """

    before: float | None
    after: float | None
    difference: float | None
    interval: Interval | None
    p_value: float | None


def compare(
    figures: Callable[[Columns], Figures],
    before: Columns,
    after: Columns,
    clusters: Sequence[str],
    *,
    seed: int,
    draws: int = DRAWS,
) -> dict[str, Change]:
    """Each figure of two runs whose rows are the same questions in the same order.

    The interval is a paired bootstrap: the same clusters are drawn from both runs. The p-value is by approximate
    randomisation: how often swapping the two runs, cluster by cluster at random, makes a difference at least as large;
    (times + 1) / (shuffles + 1), so that it is never 0. Source: Noreen, Computer-Intensive Methods for Testing Hypotheses,
    1989; Yeh, COLING 2000.
    """
    old, new = figures(before), figures(after)
    differences: dict[str, list[float | None]] = {name: [] for name in old}
    for rows in _draws(clusters, seed, draws):
        _collect(differences, figures(_take(before, rows)), figures(_take(after, rows)))
    shuffled: dict[str, list[float | None]] = {name: [] for name in old}
    groups, generator = _groups(clusters), np.random.default_rng([seed, 1])
    for _ in range(draws):
        swapped = np.zeros(len(clusters), dtype=bool)
        for rows in (group for group in groups if generator.random() < 0.5):
            swapped[rows] = True
        mixed = (_mix(before, after, swapped), _mix(after, before, swapped))
        _collect(shuffled, figures(mixed[0]), figures(mixed[1]))
    return {name: _change(old[name], new[name], differences[name], shuffled[name]) for name in old}


def least_p(clusters: Sequence[str]) -> float:
    """The smallest p-value that `compare` can come near to: 2 of the 2^k ways to swap k clusters are as extreme as any.

    >>> least_p(["a", "a", "b", "c"])
    0.25
    """
    return float(2.0 ** (1 - len(_groups(clusters))))


def _groups(clusters: Sequence[str]) -> list[NDArray[np.intp]]:
    """Rows of each cluster; a row each when there is one cluster, for one article drawn again is the same article."""
    names = np.array(clusters, dtype=object)
    different = list(dict.fromkeys(clusters))
    if len(different) == 1:
        return [np.array([row]) for row in range(len(clusters))]
    return [np.flatnonzero(names == name) for name in different]


def _draws(clusters: Sequence[str], seed: int, draws: int) -> Iterator[NDArray[np.intp]]:
    groups, generator = _groups(clusters), np.random.default_rng([seed, 0])
    for _ in range(draws if groups else 0):
        yield np.concatenate([groups[number] for number in generator.integers(len(groups), size=len(groups))])


def _take(columns: Columns, rows: NDArray[np.intp]) -> Columns:
    return {name: values[rows] for name, values in columns.items()}


def _mix(one: Columns, other: Columns, swapped: NDArray[np.bool_]) -> Columns:
    return {name: np.where(swapped, other[name], values) for name, values in one.items()}


def _collect(into: dict[str, list[float | None]], before: Figures, after: Figures) -> None:
    for name, values in into.items():
        old, new = before[name], after[name]
        values.append(None if old is None or new is None else new - old)


def _interval(values: Sequence[float | None], figure: float | None, *, basic: bool = False) -> Interval | None:
    defined = [value for value in values if value is not None]
    if figure is None or not defined or 2 * len(defined) < len(values):
        return None
    low, high = np.percentile(defined, [2.5, 97.5])
    if basic:
        low, high = max(0.0, 2 * figure - high), max(0.0, 2 * figure - low)
    return min(float(low), figure), max(float(high), figure)


def _change(
    before: float | None, after: float | None, differences: Sequence[float | None], shuffled: Sequence[float | None]
) -> Change:
    if before is None or after is None:
        return Change(before, after, None, None, None)
    difference = after - before
    # The last bits of two sums in another order must not count as smaller.
    as_large = sum(abs(value) >= abs(difference) - 1e-12 for value in shuffled if value is not None)
    defined = sum(value is not None for value in shuffled)
    return Change(before, after, difference, _interval(differences, difference), (as_large + 1) / (defined + 1))
