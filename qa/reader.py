"""Reading: from the retrieved sentences to the words that answer.

The reader of this version answers with whole sentences: the best sentence is the span. It takes every passage there is,
since ranking sentences costs nothing.
"""

import numpy as np

from index.store import Index
from qa.answer import AnswerText
from qa.prediction import RankedSentence
from qa.retriever import Retrieval


class SentenceReader:
    """Chooses the best-ranked sentence as the answer span."""

    name = "sentence"

    def rank(self, retrieval: Retrieval, depth: int) -> tuple[RankedSentence, ...]:
        """The `depth` best sentences, best first; their scores are a softmax over all sentences of the question."""
        weights = np.exp(retrieval.fused - retrieval.fused.max())
        shares = weights / weights.sum()
        return tuple(
            RankedSentence(retrieval.sentence(position), float(shares[position])) for position in retrieval.order[:depth]
        )

    def span(self, index: Index, best: RankedSentence) -> AnswerText:
        """The words of the best sentence that answer: all of them."""
        sentence = best.sentence
        return AnswerText(index.text(sentence), sentence.start, sentence.end, sentence.article_id)
