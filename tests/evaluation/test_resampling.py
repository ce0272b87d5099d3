"""Intervals and p-values against what theory, scipy and full enumeration say."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import bootstrap as scipy_bootstrap

from qa.evaluation import metrics
from qa.evaluation.resampling import Columns, Figures, bootstrap, compare, least_p


def mean_of(columns: Columns) -> Figures:
    return {"mean": metrics.mean(columns["x"])}


def test_interval_of_one_article_agrees_with_scipy_over_questions() -> None:
    values = np.random.default_rng(5).exponential(size=200)
    found = bootstrap(mean_of, {"x": values}, ["one"] * 200, seed=0, draws=4_000)["mean"]
    theirs = scipy_bootstrap((values,), np.mean, n_resamples=4_000, method="percentile", rng=1).confidence_interval
    assert found == pytest.approx((theirs.low, theirs.high), abs=0.02)


def test_whole_articles_are_drawn_when_there_are_several() -> None:
    # Four articles whose questions agree among themselves: 400 questions know no more than four.
    values = np.repeat([0.0, 0.0, 1.0, 1.0], 100)
    clusters = [name for name in "abcd" for _ in range(100)]
    by_article = bootstrap(mean_of, {"x": values}, clusters, seed=0)["mean"]
    by_question = bootstrap(mean_of, {"x": values}, ["one"] * 400, seed=0)["mean"]
    assert by_article == (0.0, 1.0)
    assert by_question == pytest.approx((0.45, 0.55), abs=0.01)


def test_articles_of_any_order_and_size_are_kept_whole() -> None:
    clusters = ["a", "b", "a", "c", "b", "a"]
    seen = set()

    def note(columns: Columns) -> Figures:
        seen.add(tuple(sorted(columns["row"].astype(int).tolist())))
        return {"n": 0.0}

    bootstrap(note, {"row": np.arange(6.0)}, clusters, seed=3, draws=300)
    members = {"a": (0, 2, 5), "b": (1, 4), "c": (3,)}
    possible = {tuple(sorted(row for name in names for row in members[name])) for names in product("abc", repeat=3)}
    assert seen == possible  # every draw is three whole articles, and in 300 all ten kinds came up


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.integers(0, 3))
def test_interval_holds_the_figure_and_is_the_same_every_time(values: list[float], seed: int) -> None:
    columns = {"x": np.array(values)}
    clusters = [str(number % 3) for number in range(len(values))]
    found = bootstrap(mean_of, columns, clusters, seed=seed, draws=50)["mean"]
    assert found is not None
    figure = mean_of(columns)["mean"] or 0.0
    assert found[0] <= figure <= found[1]
    assert bootstrap(mean_of, columns, clusters, seed=seed, draws=50)["mean"] == found


def error_of(columns: Columns) -> Figures:
    return {"error": metrics.expected_calibration_error(columns["confidence"], columns["right"])}


def test_interval_of_a_calibration_error_agrees_with_scipy_s_basic_one() -> None:
    draw = np.random.default_rng(4)
    confidence = draw.uniform(0.4, 0.9, 120)
    columns = {"confidence": confidence, "right": (draw.random(120) < confidence - 0.3).astype(float)}
    found = bootstrap(error_of, columns, ["one"] * 120, seed=0, draws=2_000, errors=("error",))["error"]
    theirs = scipy_bootstrap(
        (columns["confidence"], columns["right"]), metrics.expected_calibration_error, paired=True, vectorized=False,
        n_resamples=2_000, method="basic", rng=1,
    ).confidence_interval  # fmt: skip
    assert found == pytest.approx((theirs.low, theirs.high), abs=0.01)


def test_interval_of_a_calibration_error_reaches_below_the_figure() -> None:
    # Told .15 too much: the error of 60 questions is larger than .15 by chance alone, that of their resamples larger still.
    held = 0
    for number in range(30):
        draw = np.random.default_rng(number)
        confidence = draw.uniform(0.35, 0.95, 60)
        columns = {"confidence": confidence, "right": (draw.random(60) < confidence - 0.15).astype(float)}
        found = bootstrap(error_of, columns, ["one"] * 60, seed=0, draws=100, errors=("error",))["error"]
        figure = error_of(columns)["error"]
        assert found is not None
        assert figure is not None
        assert 0 <= found[0] < figure <= found[1]
        held += found[0] <= 0.15 <= found[1]
    assert held >= 15  # the percentile interval holds it once in 30 times


def test_interval_of_what_is_mostly_undefined_is_none() -> None:
    assert bootstrap(mean_of, {"x": np.array([np.nan] * 9 + [1.0])}, list("abcdefghij"), seed=0)["mean"] is not None
    assert bootstrap(mean_of, {"x": np.array([np.nan] * 3)}, list("abc"), seed=0)["mean"] is None
    assert bootstrap(mean_of, {"x": np.array([])}, [], seed=0)["mean"] is None


@pytest.mark.parametrize("gain", [-0.02, 0.03, 0.1])
def test_p_value_agrees_with_every_way_to_swap(gain: float) -> None:
    draw = np.random.default_rng(2)
    before, after = draw.random(40), draw.random(40) + gain
    clusters = [str(number % 8) for number in range(40)]
    difference = after - before
    sums = np.array([difference[[name == str(number) for name in clusters]].sum() for number in range(8)])
    exact = np.mean([abs(np.dot(signs, sums)) >= abs(sums.sum()) - 1e-12 for signs in product((-1, 1), repeat=8)])
    change = compare(mean_of, {"x": before}, {"x": after}, clusters, seed=0, draws=4_000)["mean"]
    assert change.difference == pytest.approx(difference.mean())
    assert change.p_value == pytest.approx(exact, abs=0.03)
    assert change.interval is not None
    assert change.interval[0] <= difference.mean() <= change.interval[1]


def test_no_change_is_no_surprise_and_a_great_one_is() -> None:
    same = {"x": np.arange(20.0)}
    clusters = [str(number) for number in range(20)]
    unchanged = compare(mean_of, same, same, clusters, seed=0)["mean"]
    assert (unchanged.difference, unchanged.interval, unchanged.p_value) == (0.0, (0.0, 0.0), 1.0)
    better = compare(mean_of, same, {"x": same["x"] + 1}, clusters, seed=0)["mean"]
    assert better.interval == (1.0, 1.0)
    assert better.p_value is not None
    assert better.p_value < 0.005


def test_pairing_sees_what_two_intervals_would_not() -> None:
    draw = np.random.default_rng(0)
    before = draw.random(300)
    change = compare(mean_of, {"x": before}, {"x": before + 0.02}, ["one"] * 300, seed=0, draws=300)["mean"]
    assert change.p_value is not None
    assert change.p_value < 0.01


def test_what_is_undefined_in_one_run_is_not_compared() -> None:
    undefined = {"x": np.array([np.nan, np.nan])}
    change = compare(mean_of, undefined, {"x": np.ones(2)}, ["a", "b"], seed=0, draws=10)["mean"]
    assert (change.before, change.after, change.difference, change.p_value) == (None, 1.0, None, None)


def test_least_p_counts_the_articles_or_the_questions_of_one() -> None:
    assert least_p(["a", "b", "b", "c"]) == 0.25
    assert least_p(["a"] * 4) == 0.125
