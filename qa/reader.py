"""Reading: from the retrieved sentences to the words that answer.

The reader of this version answers with whole sentences: the best sentence is the span.
"""

from collections.abc import Sequence
from itertools import islice

import numpy as np

from index.store import Index
from index.units import Passage
from qa.answer import AnswerText
from qa.prediction import RankedSentence
from qa.retriever import Retrieval


class SentenceReader:
    """Chooses the best-ranked sentence as the answer span."""

    name = "sentence"

    def rank(self, retrieval: Retrieval, passages: Sequence[Passage], most: int) -> tuple[RankedSentence, ...]:
        """The `most` best sentences of `passages`, best first; scores are a softmax over all sentences of the question."""
        weights = np.exp(retrieval.fused - retrieval.fused.max())
        shares = weights / weights.sum()
        read = {(passage.article_id, passage.id) for passage in passages}
        ranked = (RankedSentence(retrieval.sentence(position), float(shares[position])) for position in retrieval.order)
        return tuple(islice((one for one in ranked if (one.sentence.article_id, one.sentence.passage_id) in read), most))

    def span(self, index: Index, best: RankedSentence) -> AnswerText:
        """The words of the best sentence that answer: all of them."""
        sentence = best.sentence
        return AnswerText(index.text(sentence), sentence.start, sentence.end, sentence.article_id)
