"""The metrics, each a pure function of one question's texts and ranks, or of one array a question.

What is undefined is None: the mean of nothing, a ranking of one class. It is never NaN and never quietly 0.
"""

import re
import string
from collections import Counter
from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

CALIBRATION_BINS = 15
RANKING_DEPTH = 10

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = frozenset(string.punctuation)


def normalise(text: str) -> str:
    """`text` as SQuAD compares it: lower case, no ASCII punctuation, no article, single spaces; in this order.

    Punctuation goes without leaving a space and is ASCII only, so "U.S." is "us" and "“X”" stays as it is. Empty in, empty
    out. Source: `normalize_answer` of evaluate-v2.0.py, https://rajpurkar.github.io/SQuAD-explorer/.

    >>> normalise("The  well-known “U.S.” an-them")
    'wellknown “us” anthem'
    """
    bare = "".join(character for character in text.lower() if character not in _PUNCTUATION)
    return " ".join(_ARTICLES.sub(" ", bare).split())


def exact_match(gold: Sequence[str], predicted: str) -> float:
    """1.0 when `predicted`, normalised, equals one of the gold answers, normalised; else 0.0.

    Gold answers that normalise to nothing do not count; with none left, the question is unanswerable and only a prediction
    that normalises to nothing is right. A refusal is the prediction "". Source: `get_raw_scores` and `compute_exact` of
    evaluate-v2.0.py.
    """
    prediction = normalise(predicted)
    return float(any(normalise(answer) == prediction for answer in _scored(gold)))


def token_f1(gold: Sequence[str], predicted: str) -> float:
    """Highest F1 between the tokens of `predicted` and of a gold answer, counted as bags of white-space tokens.

    F1 is 2 p r / (p + r), p the share of predicted tokens that are gold, r the share of gold tokens that are predicted.
    When either has no token, 1.0 if both have none, else 0.0. Unanswerable questions as in `exact_match`. Source:
    `get_raw_scores` and `compute_f1` of evaluate-v2.0.py.
    """
    prediction = normalise(predicted).split()
    return max(_bag_f1(normalise(answer).split(), prediction) for answer in _scored(gold))


def _scored(gold: Sequence[str]) -> list[str]:
    return [answer for answer in gold if normalise(answer)] or [""]


def _bag_f1(gold: list[str], predicted: list[str]) -> float:
    if not gold or not predicted:
        return float(gold == predicted)
    common = (Counter(gold) & Counter(predicted)).total()
    if common == 0:
        return 0.0
    precision, recall = common / len(predicted), common / len(gold)
    return 2 * precision * recall / (precision + recall)


def hit_at(ranked: Sequence[Hashable], gold: Collection[Hashable], k: int) -> float:
    """1.0 when one of the first `k` of `ranked` is gold, else 0.0; 0.0 for an empty ranking or no gold.

    This is TREC's Success@k, not Recall@k: one gold sentence is enough.
    """
    return float(any(item in gold for item in ranked[:k]))


def reciprocal_rank(ranked: Sequence[Hashable], gold: Collection[Hashable], depth: int = RANKING_DEPTH) -> float:
    """1 / rank of the first gold item among the first `depth` of `ranked`, ranks from 1; 0.0 when there is none.

    Its mean is MRR@depth. Source: Voorhees, The TREC-8 Question Answering Track Report, 1999.
    """
    return next((1.0 / rank for rank, item in enumerate(ranked[:depth], start=1) if item in gold), 0.0)


def mean(values: ArrayLike) -> float | None:
    """Mean of the values that are numbers; NaN stands for a question that a metric is not about. None of nothing."""
    array = np.asarray(values, dtype=np.float64)
    defined = array[~np.isnan(array)]
    return float(defined.mean()) if defined.size else None


def auroc(score: ArrayLike, positive: ArrayLike) -> float | None:
    """Probability that a positive scores higher than a negative, a tie counting half. None without one of either.

    Computed from ranks, as the Mann-Whitney U statistic over the number of pairs. Source: Hanley and McNeil, Radiology
    143 (1982).
    """
    scores, positives = np.asarray(score, dtype=np.float64), np.asarray(positive, dtype=bool)
    n_positive = int(positives.sum())
    pairs = n_positive * (positives.size - n_positive)
    if pairs == 0:
        return None
    ranks = rankdata(scores)[positives].sum()
    return float((ranks - n_positive * (n_positive + 1) / 2) / pairs)


@dataclass(frozen=True, slots=True)
class Detection:
    """Precision, recall and F1 of finding the positives."""

    precision: float | None
    recall: float | None
    f1: float | None


def detection(found: ArrayLike, positive: ArrayLike) -> Detection:
    """How well `found` finds the `positive`; for no-answer, the refusals and the unanswerable questions.

    Precision is None when nothing was found. Without a positive there is nothing to find: all three are None. F1 is
    2 tp / (found + positives), so 0.0 when nothing was found. Source: van Rijsbergen, Information Retrieval, 1979.
    """
    chosen, positives = np.asarray(found, dtype=bool), np.asarray(positive, dtype=bool)
    hits, n_found, n_positive = int((chosen & positives).sum()), int(chosen.sum()), int(positives.sum())
    if n_positive == 0:
        return Detection(None, None, None)
    return Detection(
        precision=hits / n_found if n_found else None, recall=hits / n_positive, f1=2 * hits / (n_found + n_positive)
    )


@dataclass(frozen=True, slots=True)
class Bin:
    """Questions of like confidence: how many, their mean confidence, the share of them that are right."""

    n: int
    confidence: float
    accuracy: float


def reliability(confidence: ArrayLike, right: ArrayLike, bins: int = CALIBRATION_BINS) -> list[Bin]:
    """The questions in order of confidence, cut into `bins` groups whose sizes differ by at most one.

    Equal confidences stay in the order given. Fewer questions than bins make a bin each; none make none.
    """
    confidences, rights = np.asarray(confidence, dtype=np.float64), np.asarray(right, dtype=np.float64)
    order = np.argsort(confidences, kind="stable")
    size, longer = divmod(order.size, bins)
    sizes = np.full(bins, size) + (np.arange(bins) < longer)
    sizes = sizes[sizes > 0]
    if not sizes.size:
        return []
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    sums = (np.add.reduceat(values[order], starts) / sizes for values in (confidences, rights))
    return [Bin(*group) for group in zip(sizes.tolist(), *(means.tolist() for means in sums), strict=True)]


def expected_calibration_error(confidence: ArrayLike, right: ArrayLike, bins: int = CALIBRATION_BINS) -> float | None:
    """Mean of |confidence - share right| over equal-mass bins, weighted by their sizes. None of nothing.

    Source: Guo et al., On Calibration of Modern Neural Networks, ICML 2017; with equal-mass bins as in Nguyen and
    O'Connor, EMNLP 2015, since confidences crowd at the ends.
    """
    groups = reliability(confidence, right, bins)
    total = sum(group.n for group in groups)
    return sum(group.n * abs(group.confidence - group.accuracy) for group in groups) / total if total else None


def risk_coverage(score: ArrayLike, right: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coverage and risk at every threshold on `score`, strictest first: questions answered, and answers wrong, as shares.

    Questions of equal score are answered together. *Shape:* ``(t,)`` each, t the number of different scores; empty for
    nothing. Source: El-Yaniv and Wiener, JMLR 11 (2010).
    """
    scores, rights = np.asarray(score, dtype=np.float64), np.asarray(right, dtype=np.float64)
    order = np.argsort(-scores, kind="stable")
    ends = np.flatnonzero(np.diff(scores[order], append=-np.inf))
    answered = ends + 1.0
    return answered / max(1, scores.size), 1.0 - np.cumsum(rights[order])[ends] / answered


def coverage_at_precision(score: ArrayLike, right: ArrayLike, precision: float = 0.95) -> float | None:
    """Largest share of questions that one threshold on `score` can answer with at least `precision` of them right.

    0.0 when no threshold can. None of nothing.
    """
    coverage, risk = risk_coverage(score, right)
    if coverage.size == 0:
        return None
    # A share like 19 / 20 must not fail .95 by the last bit of a float.
    return float(coverage[risk <= 1 - precision + 1e-12].max(initial=0.0))


def percentile(values: ArrayLike, share: float) -> float | None:
    """The value below which `share` percent of `values` lie, interpolated linearly. None of nothing."""
    array = np.asarray(values, dtype=np.float64)
    return float(np.percentile(array, share)) if array.size else None
