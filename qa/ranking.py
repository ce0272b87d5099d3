"""Ranking: retrieval's and the reader's scores of the sentences that were read, combined by fitted weights.

The weights are those of a conditional logit (McFadden, 1974), fitted by `qa/training/fit_decision.py` to gold sentences, so a
softmax over the scores is how probable each sentence is, given that one of them answers.
"""

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.units import Sentence
from qa.answer_type import asked_for, says
from qa.question import search_text
from qa.reading import Evidence

RANKING = ("retrieval", "reader_odds", "kind")
"""What is weighted: retrieval's fused score; the reader's log odds of an answer in the sentence against none in its window;
-1 where the question asks for a number, a time or a name and no word of the span could be one, else 0."""

_DECIMALS = 3
"""Scores are rounded before they are ranked: a batch and a single question differ by about 1e-6, which must not decide
between equals; equals rank by position in the article."""


@dataclass(frozen=True, eq=False)
class Ranking:
    """The k sentences that were read, best first.

    :param positions: *Shape:* ``(k,)``, int64: their positions in the retrieval.
    :param scores: *Shape:* ``(k,)``, float64: the weighted sums.
    """

    positions: NDArray[np.int64]
    scores: NDArray[np.float64]

    @property
    def shares(self) -> NDArray[np.float64]:
        """*Shape:* ``(k,)``: the softmax of the scores."""
        weights = np.exp(self.scores - self.scores[0])
        return np.asarray(weights / weights.sum(), dtype=np.float64)


NEAR = {0: 3.0, 1: 3.0, -1: 1.5, 2: 1.5}
"""What a sentence gains in ranking by standing so many sentences after the one that answered the turn before. Of the
follow-ups in two sets written from articles, 46 % are answered in the same sentence, 29 % in the next, 9 % in those beside.
"""


def rank(evidence: Evidence, weights: NDArray[np.float64], near: Sentence | None = None) -> Ranking:
    """:param weights: *Shape:* ``(3,)``: one for each of `RANKING`.
    :param near: the sentence that answered the turn before, of a follow-up question; None of any other.
    """
    read = np.flatnonzero(np.isfinite(evidence.spans.best))
    scores = weights @ measures(evidence, read)
    if near is not None:
        close = [_nearness(evidence.retrieval.sentence(int(position)), near) for position in read]
        scores = np.asarray(scores + np.array(close), dtype=np.float64)
    scores = np.round(scores, _DECIMALS)
    order = np.argsort(-scores, kind="stable")
    return Ranking(read[order], scores[order])


def _nearness(sentence: Sentence, other: Sentence) -> float:
    return NEAR.get(sentence.id - other.id, 0.0) if sentence.article_id == other.article_id else 0.0


def is_near(evidence: Evidence, ranking: Ranking, near: Sentence | None) -> bool:
    """Whether the best-ranked sentence is the one that answered the turn before, or the next."""
    best = evidence.retrieval.sentence(int(ranking.positions[0]))
    return near is not None and best.article_id == near.article_id and best.id - near.id in (0, 1)


def measures(evidence: Evidence, read: NDArray[np.int64]) -> NDArray[np.float64]:
    """The measures of `RANKING`. *Shape:* ``(3, len(read))``, float64."""
    kind = asked_for(search_text(evidence.retrieval.question))
    unfit = [float(kind is not None and not says(kind, span_text(evidence, int(position)))) for position in read]
    return np.stack([evidence.retrieval.fused[read].astype(np.float64), evidence.spans.mass[read], -np.array(unfit)])


def span_text(evidence: Evidence, position: int) -> str:
    """The best span of the sentence at a position of the retrieval."""
    start, end = evidence.spans.spans[position]
    return evidence.retrieval.index.article(evidence.retrieval.sentence(position).article_id).text[start:end]


def words(evidence: Evidence, position: int) -> str:
    """A sentence's best span without what does not change an answer: case, punctuation, articles, spacing."""
    text = span_text(evidence, position).casefold()
    return " ".join(word for word in re.findall(r"\w+", text) if word not in ("a", "an", "the"))
