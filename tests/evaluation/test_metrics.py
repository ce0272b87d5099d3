"""The metrics against values worked out by hand, and against independent implementations."""

import ir_measures
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ir_measures import RR, Success
from sklearn.calibration import calibration_curve
from sklearn.metrics import precision_recall_fscore_support, roc_auc_score

from qa.evaluation import metrics


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("The", ""),
        ("the theatre an anthem", "theatre anthem"),
        ("THE U.S.A.'s", "usas"),
        ("A-level", "alevel"),  # the hyphen goes first, so this "A" is no article
        ("a, b", "b"),
        ("  as\tearly \n as\u00a02029 ", "as early as 2029"),
        ("“Émile”", "“émile”"),  # punctuation beyond ASCII stays
        ("İstanbul", "i̇stanbul"),
        ("100 %", "100"),
        ("$1,000.50", "100050"),
        ("l'an 2000", "lan 2000"),
    ],
)
def test_normalise_follows_the_squad_script(text: str, expected: str) -> None:
    assert metrics.normalise(text) == expected


@pytest.mark.parametrize(
    ("gold", "predicted", "exact", "f1"),
    [
        (["as early as 2029", "2029"], "2029", 1, 1),
        (["as early as 2029"], "2029", 0, 2 * 1 * 0.25 / 1.25),
        (["as early as 2029"], "as as as", 0, 2 * (2 / 3) * 0.5 / (2 / 3 + 0.5)),  # bags: two of the three count
        (["The cat!"], "cat", 1, 1),
        (["cat"], "dog", 0, 0),
        (["cat sat", "dog sat down"], "dog sat", 0, 2 * 1 * (2 / 3) / (5 / 3)),  # the better gold answer counts
        (["cat"], "", 0, 0),
        ([], "", 1, 1),
        ([], "cat", 0, 0),
        ([], "the", 1, 1),  # normalises to nothing, which is what the script expects
        (["the", "cat"], "", 0, 0),  # the gold "the" does not count
        (["the"], "", 1, 1),  # none counts, so only nothing is right
        (["the"], "cat", 0, 0),
        (["“X”"], '"X"', 0, 0),
        (["Café"], "café", 1, 1),
        (["Cafe\u0301"], "café", 0, 0),  # no Unicode normalisation in the script
    ],
)
def test_exact_match_and_f1_follow_the_squad_script(gold: list[str], predicted: str, exact: float, f1: float) -> None:
    assert metrics.exact_match(gold, predicted) == exact
    assert metrics.token_f1(gold, predicted) == pytest.approx(f1, abs=1e-12)


WORDS = st.lists(st.sampled_from(["the", "cat", "sat", "a", "Cat", "sat.", "é", "-"]), max_size=6).map(" ".join)


@given(gold=st.lists(WORDS, max_size=3), predicted=WORDS)
def test_exact_match_bounds_f1(gold: list[str], predicted: str) -> None:
    f1 = metrics.token_f1(gold, predicted)
    assert metrics.exact_match(gold, predicted) <= f1 <= 1
    assert metrics.token_f1([predicted, *gold], predicted) == 1 or metrics.normalise(predicted) == ""


def test_ranking_metrics_by_hand() -> None:
    assert [metrics.hit_at([7, 3, 5], {3, 9}, k) for k in (1, 2, 3)] == [0, 1, 1]
    assert metrics.reciprocal_rank([7, 3, 5], {3, 5}) == 0.5
    assert metrics.reciprocal_rank([7, 3, 5], {5}, depth=2) == 0
    assert metrics.hit_at([], {3}, 3) == metrics.hit_at([3], (), 3) == metrics.reciprocal_rank([], {3}) == 0


def test_ranking_metrics_agree_with_trec_eval() -> None:
    draw = np.random.default_rng(7)
    rankings = {f"q{number}": draw.permutation(30)[:12].tolist() for number in range(60)}
    gold = {name: set(draw.choice(30, size=draw.integers(1, 4), replace=False).tolist()) for name in rankings}
    qrels = [ir_measures.Qrel(name, str(item), 1) for name, items in gold.items() for item in items]
    run = [
        ir_measures.ScoredDoc(name, str(item), float(-rank))
        for name, items in rankings.items()
        for rank, item in enumerate(items)
    ]
    theirs = ir_measures.calc_aggregate([Success @ 1, Success @ 3, Success @ 5, RR @ 10], qrels, run)
    for measure, k in ((Success @ 1, 1), (Success @ 3, 3), (Success @ 5, 5)):
        ours = metrics.mean([metrics.hit_at(rankings[name], gold[name], k) for name in rankings])
        assert ours == pytest.approx(theirs[measure])
    ours = metrics.mean([metrics.reciprocal_rank(rankings[name], gold[name]) for name in rankings])
    assert ours == pytest.approx(theirs[RR @ 10])


def test_mean_is_over_what_is_defined() -> None:
    assert metrics.mean([1.0, np.nan, 0.0]) == 0.5
    assert metrics.mean([]) is None
    assert metrics.mean([np.nan]) is None


def test_auroc_by_hand_and_undefined_for_one_class() -> None:
    # Four pairs: .9 > .1, .9 > .5, .5 > .1 and a tie of .5 with .5.
    assert metrics.auroc([0.9, 0.5, 0.5, 0.1], [True, True, False, False]) == 3.5 / 4
    assert metrics.auroc([], []) is metrics.auroc([0.1, 0.2], [True, True]) is metrics.auroc([0.1], [False]) is None


SCORED = st.lists(st.tuples(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9, 1.0]), st.booleans()), max_size=40)


@given(SCORED)
def test_auroc_and_detection_agree_with_scikit_learn(rows: list[tuple[float, bool]]) -> None:
    scores, positive = [score for score, _ in rows], [flag for _, flag in rows]
    if len(set(positive)) < 2:
        assert metrics.auroc(scores, positive) is None
        return
    assert metrics.auroc(scores, positive) == pytest.approx(roc_auc_score(positive, scores))
    found = [score > 0.4 for score in scores]
    precision, recall, f1, _ = precision_recall_fscore_support(positive, found, average="binary", zero_division=0)
    ours = metrics.detection(found, positive)
    assert (ours.precision or 0, ours.recall, ours.f1) == pytest.approx((precision, recall, f1))


def test_detection_is_undefined_where_there_is_nothing_to_find() -> None:
    assert metrics.detection([True, False], [False, False]) == metrics.Detection(None, None, None)
    assert metrics.detection([False, False], [True, False]) == metrics.Detection(None, 0.0, 0.0)
    assert metrics.detection([True, True], [True, True]) == metrics.Detection(1.0, 1.0, 1.0)
    assert metrics.detection([], []) == metrics.Detection(None, None, None)


def test_calibration_error_by_hand() -> None:
    # Two bins: (.1, .3) none right, |.2 - 0|; (.8, 1) one right, |.9 - .5|.
    assert metrics.expected_calibration_error([1.0, 0.1, 0.8, 0.3], [1, 0, 0, 0], bins=2) == pytest.approx(0.3)
    assert metrics.expected_calibration_error([], []) is None
    assert metrics.expected_calibration_error([0.7], [1]) == pytest.approx(0.3)


def test_reliability_bins_agree_with_scikit_learn() -> None:
    draw = np.random.default_rng(3)
    confidence = draw.random(150)
    right = draw.random(150) < confidence**2
    ours = metrics.reliability(confidence, right)
    share, middle = calibration_curve(right, confidence, n_bins=15, strategy="quantile")
    assert [group.n for group in ours] == [10] * 15
    assert [group.accuracy for group in ours] == pytest.approx(share.tolist())
    assert [group.confidence for group in ours] == pytest.approx(middle.tolist())


@given(SCORED)
def test_calibration_bins_hold_every_question_once(rows: list[tuple[float, bool]]) -> None:
    groups = metrics.reliability([score for score, _ in rows], [flag for _, flag in rows])
    sizes = [group.n for group in groups]
    assert sum(sizes) == len(rows)
    assert not sizes or max(sizes) - min(sizes) <= 1
    assert sum(group.n * group.accuracy for group in groups) == pytest.approx(sum(flag for _, flag in rows))


def test_risk_coverage_answers_equal_scores_together() -> None:
    coverage, risk = metrics.risk_coverage([0.9, 0.5, 0.5, 0.1], [True, True, False, False])
    assert coverage.tolist() == [0.25, 0.75, 1.0]
    assert risk.tolist() == pytest.approx([0, 1 / 3, 0.5])
    assert metrics.risk_coverage([], [])[0].size == 0


def test_coverage_at_precision_takes_the_loosest_threshold_that_holds() -> None:
    # Wrong at first, but .95 holds again at 20 of 25.
    scores = np.arange(25, 0, -1)
    right = [False] + [True] * 19 + [False] * 5
    assert metrics.coverage_at_precision(scores, right) == 20 / 25
    assert metrics.coverage_at_precision([0.5], [False]) == 0.0
    assert metrics.coverage_at_precision([], []) is None


@given(SCORED)
def test_coverage_at_precision_is_reached_by_a_threshold(rows: list[tuple[float, bool]]) -> None:
    scores, right = np.array([score for score, _ in rows]), np.array([flag for _, flag in rows], dtype=float)
    best = max(
        (kept.mean() for kept in (scores >= bar for bar in scores) if right[kept].mean() >= 0.95 - 1e-9), default=0.0
    )
    ours = metrics.coverage_at_precision(scores, right)
    assert (ours is None) == (len(rows) == 0)
    assert (ours or 0.0) == pytest.approx(best)


def test_percentile_interpolates() -> None:
    assert metrics.percentile([1.0, 2.0, 3.0, 4.0], 50) == 2.5
    assert metrics.percentile([], 95) is None
