"""Retrieval: every sentence of the article scored against the question by five measures, fused per question.

Dense and BM25 scores live on scales of their own, so each is standardised over the sentences in question (a z-score) before
the weighted sum; ranks alone (reciprocal rank fusion) throw the sizes away and do worse on every set measured. Coverage, the
share of the question's terms that a sentence holds, means the same for every question and goes in as it is. The weights are
those of a conditional logit (McFadden, 1974) fitted to gold sentences by `qa/training/fit_retrieval.py`, so a softmax over
the fused scores is how probable each sentence is, given that one of them answers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from index.encoder import Encoder
from index.store import Index
from index.units import Sentence
from qa.question import search_text
from qa.settings import Settings, load_settings

MEASURES = ("dense_sentence", "bm25_sentence", "dense_passage", "bm25_passage", "coverage")
_STANDARDISED = 4
"""The first so many of `MEASURES` go into the sum as z-scores, the rest as they are."""
_FOUND = 200
"""Sentences whose articles count as found."""
_DECIMALS = 4
"""Fused scores are rounded before they are ranked: a batch and a single question differ by about 1e-6, which must not
decide between equals; equals rank by position in the article."""


@dataclass(frozen=True, eq=False)
class Retrieval:
    """All sentences that a question was asked of, scored.

    :param first_row: row in the index of the first of the n sentences.
    :param raw: *Shape:* ``(5, n)``, float32: the measures of `MEASURES` as they come, a sentence taking its passage's score
        for the passage measures.
    :param fused: *Shape:* ``(n,)``, float32: their weighted sum; higher is better, comparable within one question only.
    """

    question: str
    index: Index
    first_row: int
    raw: NDArray[np.float32]
    fused: NDArray[np.float32]

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """*Shape:* ``(n,)``: positions of the sentences, best first; equal scores in article order."""
        return np.argsort(-self.fused, kind="stable")

    @cached_property
    def articles(self) -> tuple[str, ...]:
        """Ids of the articles that the `_FOUND` best sentences are of, by the best of each."""
        return tuple(dict.fromkeys(self.sentence(position).article_id for position in self.order[:_FOUND]))

    def sentence(self, position: int) -> Sentence:
        return self.index.sentences[self.first_row + int(position)]


class Retriever:
    """Scores the sentences of one article, or of all, against questions."""

    def __init__(self, index: Index, encoder: Encoder, settings: Settings | None = None) -> None:
        """:param settings: hold a weight for each of `MEASURES`, under its name."""
        self.index = index
        self.encoder = encoder
        self.weights = np.array([getattr(settings or load_settings(), name) for name in MEASURES], dtype=np.float32)

    def retrieve(self, questions: Sequence[str], article: str | None = None) -> list[Retrieval]:
        """One `Retrieval` a question, in order; questions are encoded as one batch.

        :raises ArticleError: there is no such article.
        """
        if not questions:
            return []
        texts = [search_text(question) for question in questions]
        vectors = self.encoder.encode(texts)
        sentences, passages = self.index.sentence_rows(article), self.index.passage_rows(article)
        home = self.index.passage_of[sentences[0] : sentences[1]] - passages[0]
        raw = np.stack(
            [
                self.index.sentence_vectors.scores(vectors, sentences),
                self.index.sentence_terms.scores(texts, sentences),
                self.index.passage_vectors.scores(vectors, passages)[:, home],
                self.index.passage_terms.scores(texts, passages)[:, home],
                self.index.sentence_terms.coverage(texts, sentences),
            ],
            axis=1,
        )
        fused = fuse(raw, self.weights)
        return [
            Retrieval(question, self.index, sentences[0], raw[row], fused[row]) for row, question in enumerate(questions)
        ]


def fuse(raw: NDArray[np.float32], weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Weighted sums over the measures.

    :param raw: *Shape:* ``(m, 5, n)``: `MEASURES` of n sentences for m questions.
    :returns: *Shape:* ``(m, n)``, float32, rounded so that a batch and a single question rank alike.
    """
    summed = np.einsum("k,mkn->mn", weights, levelled(raw))
    return np.asarray(np.round(summed, _DECIMALS), dtype=np.float32)


def levelled(raw: NDArray[np.float32]) -> NDArray[np.float32]:
    """The measures as they go into the sum. *Shape:* ``(..., 5, n)``, like `raw`."""
    return np.concatenate(
        [standardise(raw[..., :_STANDARDISED, :]), raw[..., _STANDARDISED:, :]], axis=-2, dtype=np.float32
    )


def standardise(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """z-scores over the last axis; a measure that says nothing (all equal) becomes zeros.

    >>> standardise(np.array([1.0, 3.0], dtype=np.float32)).round(3).tolist()
    [-1.0, 1.0]
    """
    centred = scores - scores.mean(axis=-1, keepdims=True)
    return np.asarray(centred / (scores.std(axis=-1, keepdims=True) + 1e-6), dtype=np.float32)
