"""Retrieval: every sentence of the article scored against the question by five measures, fused per question.

Dense and BM25 scores live on scales of their own, so each is standardised over the sentences in question (a z-score) before
the weighted sum; ranks alone (reciprocal rank fusion) throw the sizes away and do worse on every set measured. Coverage, the
share of the question's terms that a sentence holds, means the same for every question and goes in as it is. The weights are
those of a conditional logit (McFadden, 1974) fitted to gold sentences by `qa/training/fit_retrieval.py`, so a softmax over
the fused scores is how probable each sentence is, given that one of them answers.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from index.encoder import Encoder
from index.store import Index
from index.units import Sentence
from qa.candidates import Candidates
from qa.question import search_text
from qa.settings import Settings, load_settings

MEASURES = ("dense_sentence", "bm25_sentence", "dense_passage", "bm25_passage", "coverage")
Places = slice | NDArray[np.int64]
ALL = slice(None)
Rows = tuple[int, int]
Both = tuple[Rows, Rows]
"""Rows of sentences, and of the passages that they are of."""
_ENOUGH = 100
"""Sentences by whose statistics an archive's are measured: those of the best article, and of the next where it is short."""

_STANDARDISED = 4
"""The first so many of `MEASURES` go into the sum as z-scores, the rest as they are."""
_FOUND = 200
"""Sentences whose articles count as found."""
_DECIMALS = 4
"""Fused scores are rounded before they are ranked: a batch and a single question differ by about 1e-6, which must not
decide between equals; equals rank by position in the article."""


@dataclass(frozen=True, eq=False)
class Retrieval:
    """The sentences that a question was asked of, scored: all of them; of a large index those that may answer.

    :param first_row: row in the index of the first of the n sentences.
    :param raw: *Shape:* ``(5, n)``, float32: the measures of `MEASURES` as they come, a sentence taking its passage's score
        for the passage measures.
    :param fused: *Shape:* ``(n,)``, float32: their weighted sum; higher is better, comparable within one question only.
    :param sought: *Shape:* ``(n,)``, float32: of an archive, the scores by which was chosen what is read; None: `fused`.
    :param passages: stretches of the passages whose statistics count; None: all of the index.
    :param rows: *Shape:* ``(n,)``, int64, ascending: the sentences' rows, where they are not all from the first on.
    :param widen: gives the same with further rows of sentences, where they are not all.
    """

    question: str
    index: Index
    first_row: int
    raw: NDArray[np.float32]
    fused: NDArray[np.float32]
    sought: NDArray[np.float32] | None = None
    passages: tuple[Rows, ...] | None = None
    rows: NDArray[np.int64] | None = None
    widen: Callable[[NDArray[np.int64]], "Retrieval"] | None = None

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """*Shape:* ``(n,)``: positions of the sentences, best first; equal scores in article order."""
        return np.argsort(-(self.fused if self.sought is None else self.sought), kind="stable")

    @cached_property
    def articles(self) -> tuple[str, ...]:
        """Ids of the articles that the `_FOUND` best sentences are of, by the best of each."""
        return tuple(dict.fromkeys(self.sentence(position).article_id for position in self.order[:_FOUND]))

    def row(self, position: int) -> int:
        """The row in the index of the sentence at a position."""
        return self.first_row + int(position) if self.rows is None else int(self.rows[position])

    def sentence(self, position: int) -> Sentence:
        return self.index.sentences[self.row(position)]

    def positions(self, rows: Rows) -> NDArray[np.int64]:
        """The positions of the sentences in a stretch of rows of the index."""
        if self.rows is None:
            return np.arange(*rows) - self.first_row
        return np.arange(*np.searchsorted(self.rows, rows))

    def with_rows(self, stretches: Sequence[Rows]) -> "Retrieval":
        """This, holding all sentences of some stretches of rows of the index."""
        if self.widen is None or all(len(self.positions(own)) == own[1] - own[0] for own in stretches):
            return self
        return replace(self.widen(np.concatenate([np.arange(*own) for own in stretches])), question=self.question)


class Retriever:
    """Scores the sentences of one article, or of all, against questions."""

    def __init__(self, index: Index, encoder: Encoder, settings: Settings | None = None) -> None:
        """:param settings: hold a weight for each of `MEASURES`, under its name."""
        self.index = index
        self.encoder = encoder
        self.weights = np.array([getattr(settings or load_settings(), name) for name in MEASURES], dtype=np.float32)

    def encode(self, questions: Sequence[str]) -> NDArray[np.float32]:
        """The questions' vectors, for `retrieve`. *Shape:* ``(m, d)``, float32."""
        return self.encoder.encode([search_text(question) for question in questions])

    def retrieve(
        self, questions: Sequence[str], article: str | None = None, vectors: NDArray[np.float32] | None = None
    ) -> list[Retrieval]:
        """One `Retrieval` a question, in order; questions are encoded as one batch.

        :param vectors: what `encode` gave for them; None encodes them.
        :raises ArticleError: there is no such article.
        """
        if not questions:
            return []
        texts = [search_text(question) for question in questions]
        vectors = self.encode(questions) if vectors is None else vectors
        archive = article is None and len(self.index.articles) > 1
        if archive and (shortcuts := self.index.shortcuts) is not None:
            return [
                self._from_many(question, Candidates(self.index, shortcuts, text, vectors[[row]]))
                for row, (question, text) in enumerate(zip(questions, texts, strict=True))
            ]
        rows = (self.index.sentence_rows(article), self.index.passage_rows(article))
        sentences, passages = rows
        home = self.index.passage_of[sentences[0] : sentences[1]] - passages[0]
        counted, passage_counted, covered = self._of_terms(texts, rows, [rows])
        raw = np.stack(
            [
                self.index.sentence_vectors.scores(vectors, sentences),
                counted,
                self.index.passage_vectors.scores(vectors, passages)[:, home],
                passage_counted,
                covered,
            ],
            axis=1,
        )
        fused = fuse(raw, self.weights)
        found = [
            Retrieval(question, self.index, sentences[0], raw[row], fused[row], passages=(passages,))
            for row, question in enumerate(questions)
        ]
        return [self._as_alone(one, text) for one, text in zip(found, texts, strict=True)] if archive else found

    def _of_terms(self, texts: Sequence[str], rows: Both, of: Sequence[Both]) -> tuple[NDArray[np.float32], ...]:
        """BM25 of the sentences and of their passages, and coverage, by the statistics of the stretches `of`.

        *Shape:* ``(m, n)`` each.
        """
        index, (sentences, passages) = self.index, rows
        home = index.passage_of[sentences[0] : sentences[1]] - passages[0]
        return (
            index.sentence_terms.scores(texts, sentences, [own for own, _ in of]),
            index.passage_terms.scores(texts, passages, [own for _, own in of])[:, home],
            index.sentence_terms.coverage(texts, sentences, [own for own, _ in of]),
        )

    def _as_alone(self, found: Retrieval, text: str) -> Retrieval:
        """What an archive gave for a question, measured as if its best article had been asked alone; or, where that is short,
        its best few as one.

        The more articles, the rarer a word, and the further the best sentence from the mean: what was fitted to articles,
        the ranking and above all the decision, would take such scores for other than they are. Which passages are read
        is decided before, by the statistics of all.
        """
        index, of = self.index, self._counted(found)
        raw = found.raw.copy()
        counted, passage_counted, covered = self._of_terms([text], (index.sentence_rows(), index.passage_rows()), of)
        raw[1], raw[3], raw[4] = counted[0], passage_counted[0], covered[0]
        fused = fuse(raw[None], self.weights, np.concatenate([np.arange(*own) for own, _ in of]))[0]
        return replace(found, raw=raw, fused=fused, sought=found.fused, passages=tuple(own for _, own in of))

    def _counted(self, found: Retrieval) -> list[Both]:
        """The best article, and the next where it is short: stretches of its sentences and passages."""
        of: list[Both] = []
        for article_id in found.articles:
            of.append((self.index.sentence_rows(article_id), self.index.passage_rows(article_id)))
            if sum(high - low for (low, high), _ in of) >= _ENOUGH:
                break
        return of

    def _from_many(self, question: str, candidates: Candidates) -> Retrieval:
        """What `retrieve` gives for a question to a large archive: the same, of those sentences only that may answer."""

        def sought(raw: NDArray[np.float32]) -> NDArray[np.float32]:
            levels = [by_spread(raw[:_STANDARDISED], *candidates.statistics), raw[_STANDARDISED:]]
            return np.asarray(summed(np.concatenate(levels)[None], self.weights)[0])

        rows = candidates.rows()
        raw = candidates.raw(rows)
        first = Retrieval(question, self.index, 0, raw, sought(raw), rows=rows)
        of = self._counted(first)
        like = np.concatenate([np.arange(*own) for own, _ in of])

        def measured(further: NDArray[np.int64]) -> Retrieval:
            every = np.union1d(rows, further)
            by_all = candidates.raw(every)
            raw = candidates.counted(by_all, every, of)
            fused = fuse(raw[None], self.weights, np.searchsorted(every, like))[0]
            return replace(
                first,
                raw=raw,
                fused=fused,
                sought=sought(by_all),
                passages=tuple(own for _, own in of),
                rows=every,
                widen=lambda more: measured(np.union1d(further, more)),
            )

        return measured(like)


def fuse(raw: NDArray[np.float32], weights: NDArray[np.float32], like: Places = ALL) -> NDArray[np.float32]:
    """Weighted sums over the measures.

    :param raw: *Shape:* ``(m, 5, n)``: `MEASURES` of n sentences for m questions.
    :param like: the sentences whose mean and spread count.
    :returns: *Shape:* ``(m, n)``, float32, rounded so that a batch and a single question rank alike.
    """
    return summed(levelled(raw, like), weights)


def summed(levels: NDArray[np.float32], weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """What `fuse` gives, of measures that are as they go into the sum."""
    return np.asarray(np.round(np.einsum("k,mkn->mn", weights, levels), _DECIMALS), dtype=np.float32)


def levelled(raw: NDArray[np.float32], like: Places = ALL) -> NDArray[np.float32]:
    """The measures as they go into the sum. *Shape:* ``(..., 5, n)``, like `raw`."""
    return np.concatenate(
        [standardise(raw[..., :_STANDARDISED, :], like), raw[..., _STANDARDISED:, :]], axis=-2, dtype=np.float32
    )


def standardise(scores: NDArray[np.float32], like: Places = ALL) -> NDArray[np.float32]:
    """z-scores over the last axis, by mean and spread of the places `like`; a measure that says nothing there (all equal)
    becomes zeros.

    >>> standardise(np.array([1.0, 3.0], dtype=np.float32)).round(3).tolist()
    [-1.0, 1.0]
    """
    known = scores[..., like]
    return by_spread(scores, known.mean(axis=-1, keepdims=True), known.std(axis=-1, keepdims=True))


def by_spread(scores: NDArray[np.float32], mean: NDArray[np.float32], spread: NDArray[np.float32]) -> NDArray[np.float32]:
    """z-scores by a mean and a spread that are known; zeros where there is no spread.

    :param mean: of the shape of `scores`, but for 1 in the last axis, as `spread`.
    """
    centred = np.where(spread > 0, scores - mean, 0)
    return np.asarray(centred / (spread + 1e-6), dtype=np.float32)
