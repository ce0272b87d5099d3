"""What was found for a question; and, of an archive, in which article: that is found out by reading the best windows of all,
and what it answers by asking it alone.

Ranking and decision are fitted to single articles. Among windows of other articles the same words have less of a lead, and of
what an archive lost to its articles alone most were right answers that the decision therefore refused. So what is asked of
all is answered with the words and the confidence that its article gives alone; of that, the windows that were not among the
best of all are read besides.

Tried on 435 articles of the training data as one archive, 700 questions, and left out, since it brings the passage with the
answer among the six that are read no more often (.976; alone .989): titles before the passages' texts, in BM25, in their
vectors or in both (.976 to .977), a prior for articles by their best sentence or by all of them (.970 to .974), the measures
of retrieval weighted otherwise (.970 to .980). More windows do, at their price: of eight .980, of ten .986, of twelve .989.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from index.units import Passage, Sentence
from qa.answer import Span
from qa.prediction import RankedSentence
from qa.ranking import Ranking
from qa.reading import Evidence

_BEHIND = 1e-3
"""How far sentences of other articles stay behind the best of the one that answers: the least that scores differ by."""


@dataclass(frozen=True, eq=False)
class Found:
    """What was read for a question, and its ranking.

    :ivar verified: the verifier's log odds that the span of the best-ranked sentence answers; NaN where it was not asked,
        because nothing is decided by this.
    :ivar among: of an archive, what was read of all articles, to find the one that answers; None where one was asked.
    """

    evidence: Evidence
    ranking: Ranking
    verified: float = math.nan
    among: "Found | None" = None

    @property
    def home(self) -> str:
        """Id of the article of the best sentence."""
        return self.evidence.retrieval.sentence(int(self.ranking.positions[0])).article_id

    @property
    def read(self) -> tuple[Passage, ...]:
        """All passages that were read, those of the article that answers first."""
        return tuple(dict.fromkeys((*self.evidence.read, *(self.among.evidence.read if self.among else ()))))

    @property
    def articles(self) -> tuple[str, ...]:
        """Ids of the articles that retrieval found, by the best sentence of each."""
        return (self.among or self).evidence.retrieval.articles

    def ranked(self, most: int) -> tuple[RankedSentence, ...]:
        """The `most` best sentences, those of other articles among them, each with its share of the softmax over all scores,
        and with the answer in it where the reader holds that there is one.
        """
        scored = list(self._scored())
        if self.among:
            highest = scored[0][1] - _BEHIND
            away = (one for one in self.among._scored() if one[0].article_id != self.home)
            scored += [(sentence, min(score, highest), span) for sentence, score, span in away]
            scored.sort(key=lambda one: -one[1])
        weights = np.exp(np.array([score for _, score, _ in scored]) - scored[0][1])
        shares = weights / weights.sum()
        return tuple(
            RankedSentence(sentence, float(share), span)
            for (sentence, _, span), share in zip(scored[:most], shares[:most], strict=True)
        )

    def _scored(self) -> Iterator[tuple[Sentence, float, Span | None]]:
        spans = self.evidence.spans
        for position, score in zip(self.ranking.positions.tolist(), self.ranking.scores.tolist(), strict=True):
            said = Span(*map(int, spans.spans[position])) if spans.best[position] > 0 else None
            yield self.evidence.retrieval.sentence(position), score, said
