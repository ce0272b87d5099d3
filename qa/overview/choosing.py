"""Overviews: the few sentences of an article that tell what it is about, whom it names, its figures or its dates.

Nothing is written here: sentences are chosen, one after the other. The next is the one that does most for how well the
chosen stand for all the sentences (facility location: Lin and Bilmes, A Class of Submodular Functions for Document
Summarization, ACL 2011) over the vectors of the index, plus what it is worth by itself, as far as that is new (as in
maximal marginal relevance: Carbonell and Goldstein, SIGIR 1998): central, early in the article and in its paragraph, near to
the title, understood without the sentence before. The weights were set by reading the overviews of some twenty articles of
different kinds. Titles, subheadings, captions and boilerplate are never chosen.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain, zip_longest
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from index.article import Article
from index.errors import IndexDamaged
from index.store import Index
from index.units import Sentence
from qa.answer import Answer, Citation, Models, Span, Timings
from qa.citations import cite, holds
from qa.overview.figures import find_dates, find_numbers
from qa.overview.focus import Focus
from qa.overview.names import Name, find_names
from qa.overview.telling import telling, worth
from qa.prediction import RankedSentence

FEWEST, MOST = 3, 5
"""Sentences of an overview, as far as the article has so many; `top_k` does not change that: they are not alternatives."""

_SENTENCES_EACH = 4  # an overview has about one sentence for so many of the article
_WITNESSES = 1_000  # sentences that must be stood for; of a longer article every so many-th, so that time stays linear
_COVERAGE = 1.0  # weight of standing for the article, beside what a sentence is worth by itself
_CENTRAL = 0.16  # what the most central sentence is worth for that: without it the last choices are asides
_SAME_BLOCK = 0.04  # what a second sentence of a paragraph is behind one of another paragraph
_FIGURES, _ENOUGH_FIGURES = 0.1, 4  # what figures are worth; a sentence of more is no better for them

_Find = Callable[[str, int, int], tuple[Span, ...]]


@dataclass(frozen=True, slots=True)
class _Pick:
    """A chosen sentence, the words in it that were asked for, and its share of the best one's score."""

    sentence: Sentence
    spans: tuple[Span, ...]
    score: float


class Overviews:
    """Overviews of the articles of one index. Each is made when it is first asked for, and kept: some tens of bytes.

    Safe to use from several threads: of those that ask for the same at once one makes it, which of a book takes seconds.
    """

    def __init__(self, index: Index) -> None:
        self._index = index
        self._picks: dict[tuple[str, Focus], tuple[_Pick, ...]] = {}
        self._making: dict[tuple[str, Focus], Lock] = {}

    def hold(self, article_id: str) -> bool:
        """Whether the index has the article: of a store's newest one may just have been removed."""
        return article_id in self._index.head_of

    def citations(self, focus: Focus, article: str | None = None) -> tuple[Citation, ...]:
        """The sentences, cited, at most `MOST`; () when the article has nothing of the kind, as a text without figures.

        Of the whole article, of numbers and of dates they stand in the article's order; of names the most mentioned first.

        :param article: None asks the first `MOST` articles of the index, each by turns; their sentences stand together. Of
            more articles `archive.py` speaks.
        :raises ArticleError: there is no such article.
        :raises IndexDamaged: a citation would not be a slice of its article; nothing is shown rather than a false quote.
        """
        asked = [self._index.article(article)] if article is not None else self._index.articles[:MOST]
        picks = [self._of(one, focus) for one in asked]
        if len(asked) > 1:
            kept = [pick for pick in chain.from_iterable(zip_longest(*picks)) if pick is not None][:MOST]
            picks = [[pick for pick in kept if pick.sentence.article_id == one.id] for one in asked]
        cited = tuple(
            replace(cite(self._index, RankedSentence(pick.sentence, pick.score, None), number=number), spans=pick.spans)
            for number, pick in enumerate(chain.from_iterable(picks), start=1)
        )
        if not all(holds(self._index.article(one.article_id), one) for one in cited):
            raise IndexDamaged("a quote is not in its article; rebuild the index with `python -m qa build`")
        return cited

    def _of(self, article: Article, focus: Focus) -> Sequence[_Pick]:
        key = article.id, focus
        with self._making.setdefault(key, Lock()):
            if key not in self._picks:
                self._picks[key] = self._chosen(article, focus)
            return self._picks[key]

    def _chosen(self, article: Article, focus: Focus) -> tuple[_Pick, ...]:
        sentences = telling(self._index, article)
        if focus == "gist":
            return _in_order(self._gist(article, sentences))
        if focus in ("numbers", "dates"):
            found = _figures(article, sentences, find_numbers if focus == "numbers" else find_dates)
            if focus == "numbers" and len(found) < FEWEST:  # then the years are the figures that there are
                found = _figures(article, sentences, _find_both)
            return _in_order(self._telling_figures(article, found))
        names = find_names(article.text, [(own.start, own.end) for own in sentences])
        kinds = ("places", "countries") if focus == "places" else (focus,)
        return _introduced(sentences, [name for name in names if name.kind in kinds])

    def _gist(self, article: Article, sentences: Sequence[Sentence]) -> list[_Pick]:
        value = worth(article, sentences)
        most = min(MOST, max(FEWEST, round(len(sentences) / _SENTENCES_EACH)))
        return [_Pick(own, (), score) for own, score in self._covering(article, sentences, value, most)]

    def _telling_figures(self, article: Article, found: dict[Sentence, tuple[Span, ...]]) -> list[_Pick]:
        sentences = list(found)
        many = np.array([min(len(spans), _ENOUGH_FIGURES) / _ENOUGH_FIGURES for spans in found.values()])
        value = worth(article, sentences) + _FIGURES * many
        return [_Pick(own, found[own], score) for own, score in self._covering(article, sentences, value, MOST)]

    def _covering(
        self, article: Article, sentences: Sequence[Sentence], value: NDArray[np.float64], most: int
    ) -> list[tuple[Sentence, float]]:
        """At most `most` sentences, best first, each with its gain over those before it as a share of the first one's.

        The gain is how much nearer the sentences of `sentences` come to a chosen one, by cosine and on average, plus the
        sentence's value and centrality as far as they are new (1 - the squared cosine to the nearest that was chosen), less
        `_SAME_BLOCK` when its paragraph has had its turn.

        :param value: *Shape:* ``(n,)``, of `sentences`.
        """
        if not sentences:
            return []
        rows = self._index.sentence_rows(article.id)
        vectors = self._index.sentence_vectors.vectors(rows)[[own.id for own in sentences]].astype(np.float64)
        alike = np.maximum(vectors[:: -(-len(vectors) // _WITNESSES)] @ vectors.T, 0)
        homes = np.searchsorted([block.start for block in article.blocks], [own.start for own in sentences], side="right")
        value = value + _CENTRAL * (central := alike.mean(axis=0)) / max(central.max(), 1e-6)
        covered, nearest, told = np.zeros(len(alike)), np.zeros(len(sentences)), np.zeros(len(sentences), dtype=bool)
        chosen: dict[int, float] = {}
        while len(chosen) < min(most, len(sentences)):
            gains = _COVERAGE * np.maximum(alike - covered[:, None], 0).mean(axis=0)
            gains += np.where(value > 0, value * (1 - nearest**2), value) - _SAME_BLOCK * told
            gains[list(chosen)] = -np.inf
            best = int(np.round(gains, 6).argmax())  # of equals the first
            chosen[best] = float(gains[best])
            covered = np.maximum(covered, alike[:, best])
            nearest = np.maximum(nearest, vectors @ vectors[best])
            told |= homes == homes[best]
        highest = max(*chosen.values(), 1e-6)
        return [(sentences[number], min(1.0, max(0.0, gain / highest))) for number, gain in chosen.items()]


def overview_reply(question: str, citations: tuple[Citation, ...], models: Models, total_ms: float) -> Answer:
    """The answer to a wish for an overview."""
    return Answer(
        kind="overview",
        question=question,
        answerable=True,
        answer=None,
        confidence=None,
        confidence_label=None,
        p_no_answer=None,
        citations=citations,
        nearest=(),
        models=models,
        timings_ms=Timings(total=round(total_ms, 3)),
    )


def _in_order(picks: Iterable[_Pick]) -> tuple[_Pick, ...]:
    return tuple(sorted(picks, key=lambda pick: pick.sentence.start))


def _figures(article: Article, sentences: Sequence[Sentence], find: _Find) -> dict[Sentence, tuple[Span, ...]]:
    """The sentences in which something is found, with where."""
    found = ((own, find(article.text, own.start, own.end)) for own in sentences)
    return {own: spans for own, spans in found if spans}


def _find_both(text: str, start: int, end: int) -> tuple[Span, ...]:
    both = (*find_numbers(text, start, end), *find_dates(text, start, end))
    return tuple(sorted(both, key=lambda span: span.start))


def _introduced(sentences: Sequence[Sentence], names: Sequence[Name]) -> tuple[_Pick, ...]:
    """The sentences in which the names come first, the most mentioned name first; each name marked once."""
    starts = np.array([own.start for own in sentences])
    homes: dict[int, list[Name]] = {}
    for name in names:
        homes.setdefault(int(np.searchsorted(starts, _introduction(name).start, side="right")) - 1, []).append(name)
    most = max((len(name.mentions) for name in names), default=1)
    return tuple(
        _Pick(
            sentences[home],
            tuple(sorted((_introduction(name) for name in there), key=lambda span: span.start)),
            len(there[0].mentions) / most,
        )
        for home, there in list(homes.items())[:MOST]
    )


def _introduction(name: Name) -> Span:
    """The first mention by the full name, which says who it is; a surname may stand before."""
    return max(name.mentions, key=lambda span: (span.end - span.start, -span.start))
