"""Fit a no-answer decision to few questions: start from one that was fitted to many, and move no further than they justify.

Multinomial logistic regression with a Gaussian prior around the weights of the earlier decision (maximum a posteriori), so
that a few dozen questions adjust the decision and a few thousand replace it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax
from sklearn.model_selection import GroupKFold, StratifiedKFold

from qa.decision import OUTCOMES, Decision, Judgement

FOLDS = 5
STRENGTH = 300.0
"""How strongly the prior holds: a weight is the earlier one give or take ``1 / sqrt(STRENGTH)``, before the questions speak.

Of 3 to 1,000 on three sets of 60, 95 and 1,443 questions, held out, 300 calibrates best and tells apart as well as any;
below 100, small sets are refused less rightly than before. Choosing it by nested cross-validation did worse on small sets."""


@dataclass(frozen=True, eq=False)
class Examples:
    """Questions to fit to.

    :param features: *Shape:* ``(n, len(FEATURES))``.
    :param outcomes: *Shape:* ``(n,)``: places in `OUTCOMES`.
    :param groups: *Shape:* ``(n,)``: the article of each.
    """

    features: NDArray[np.float64]
    outcomes: NDArray[np.int64]
    groups: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.outcomes)

    def take(self, rows: NDArray[np.intp]) -> "Examples":
        return Examples(self.features[rows], self.outcomes[rows], self.groups[rows])

    @property
    def by_article(self) -> bool:
        """Whether there are articles enough to hold out whole ones."""
        return len(set(self.groups.tolist())) >= FOLDS


def fit(prior: Decision, examples: Examples) -> Decision:
    """The most probable decision given the examples and the prior."""
    inputs = (examples.features - np.array(prior.mean)) / np.array(prior.scale)
    before = np.column_stack([np.array(prior.weights), np.array(prior.bias)])
    inputs = np.column_stack([inputs, np.ones(len(examples))])
    happened = np.eye(len(OUTCOMES))[examples.outcomes]

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights = flat.reshape(before.shape)
        logits = inputs @ weights.T
        moved = weights - before
        value = -(happened * log_softmax(logits, axis=1)).sum() + 0.5 * STRENGTH * (moved**2).sum()
        gradient = (softmax(logits, axis=1) - happened).T @ inputs + STRENGTH * moved
        return float(value), gradient.ravel()

    found = minimize(loss, before.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": 1_000}).x.reshape(
        before.shape
    )
    rounded = [[round(float(value), 6) for value in row] for row in found]
    return replace(prior, weights=tuple(tuple(row[:-1]) for row in rounded), bias=tuple(row[-1] for row in rounded))


def cross_validated(prior: Decision, examples: Examples, seed: int) -> list[Judgement]:
    """A judgement on each example by a decision that was fitted without it, and without its article if articles suffice."""
    judgements = [Judgement(0.0, 0.0)] * len(examples)
    for fitted, left in _folds(examples, seed):
        judged = fit(prior, examples.take(fitted)).judge(examples.features[left])
        for row, judgement in zip(left, judged, strict=True):
            judgements[row] = judgement
    return judgements


def log_loss(judgements: Sequence[Judgement], examples: Examples) -> float:
    """Mean surprise (-ln of the probability given to what happened), in nats."""
    shares = np.array([(one.p_no_answer, one.p_right, 1 - one.p_no_answer - one.p_right) for one in judgements])
    return float(-np.log(np.maximum(shares[np.arange(len(examples)), examples.outcomes], 1e-12)).mean())


def _folds(examples: Examples, seed: int) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Whole articles held out where there are enough, else questions, both kinds in each fold."""
    if examples.by_article:
        yield from GroupKFold(FOLDS).split(examples.features, groups=examples.groups)
    else:
        silent = examples.outcomes == OUTCOMES.index("silent")
        yield from StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(examples.features, silent)
