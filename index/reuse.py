"""What a new index takes over from the one before it, so that building again costs what has changed."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from index.article import Article
from index.encoder import Encoder, Progress
from index.errors import EncoderError
from index.sentences import SEGMENTER
from index.units import Passage, Sentence

if TYPE_CHECKING:
    from index.store import Index
    from index.vectors import VectorIndex

_BLOCK = 65_536
"""Rows whose vectors are copied at a time: those of millions would not fit twice."""

Segments = tuple[Sequence[Passage], Sequence[Sentence]]


class Earlier:
    """An earlier index, as far as it was built with the encoder and rules of now; else, and without one, nothing."""

    def __init__(self, index: "Index | None", encoder: Encoder) -> None:
        usable = index is not None and index.manifest.encoder_fingerprint == encoder.fingerprint
        self._index = index if usable else None
        self._cut_alike = self._index is not None and self._index.manifest.segmenter == SEGMENTER
        self._articles = {article.id: article for article in self._index.articles} if self._index else {}

    def segments(self, article: Article) -> Segments | None:
        """The passages and sentences of `article`, where it is the same article still."""
        if self._index is None or not self._cut_alike or self._articles.get(article.id) != article:
            return None
        passages, sentences = self._index.passage_rows(article.id), self._index.sentence_rows(article.id)
        return self._index.passages[slice(*passages)], self._index.sentences[slice(*sentences)]

    def holds(self, texts: Sequence[str]) -> int:
        """How many of `texts`, all different, it has a vector of."""
        if self._index is None:
            return 0
        units: Iterable[Passage | Sentence] = itertools.chain(self._index.sentences, self._index.passages)
        return len(set(texts).intersection(self._index.text(unit) for unit in units))

    def fill(self, texts: Sequence[str], vectors: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Write the vectors of those of `texts` that it holds into their rows of `vectors`, and say which those are.

        A text's vector is that text's alone, wherever it stands (`Encoder.encode`).

        :param texts: n different texts.
        :param vectors: *Shape:* ``(n, d)``, float32.
        :returns: *Shape:* ``(n,)``, bool: True where the row has been written.
        """
        known = np.zeros(len(texts), dtype=np.bool_)
        if self._index is None:
            return known
        wanted = {text: place for place, text in enumerate(texts)}
        kinds: tuple[tuple[Sequence[Passage | Sentence], VectorIndex], ...] = (
            (self._index.sentences, self._index.sentence_vectors),
            (self._index.passages, self._index.passage_vectors),
        )
        for units, stored in kinds:
            for low in range(0, len(units), _BLOCK):
                block = units[low : low + _BLOCK]
                found = [(wanted.get(self._index.text(unit)), row) for row, unit in enumerate(block)]
                places = [place for place, _ in found if place is not None]
                if places:
                    rows = [row for place, row in found if place is not None]
                    vectors[places] = stored.vectors((low, low + len(block)))[rows]
                    known[places] = True
        return known


def encode_groups(
    encoder: Encoder,
    groups: Sequence[Sequence[str]],
    progress: Progress | None = None,
    earlier: Earlier | None = None,
) -> tuple[NDArray[np.float32], list[NDArray[np.int64]]]:
    """A vector for each different text, and which of them each text of each group has: equal texts the very same one, so that
    they score the same.

    :param progress: called with how many texts have been encoded, and how many are to be.
    :param earlier: gives the vectors of the texts that it holds: those are not encoded.
    :returns: *Shape:* ``(u, d)``, float32; and for each group *Shape:* ``(n,)``: rows of it.
    :raises EncoderError: the encoder gave something else than one vector for each text.
    """
    unique = list(dict.fromkeys(itertools.chain.from_iterable(groups)))
    vectors = _vectors_of(unique, encoder, progress, earlier)
    position = {text: row for row, text in enumerate(unique)}
    return vectors, [np.array([position[text] for text in group], dtype=np.int64) for group in groups]


def _vectors_of(
    texts: Sequence[str], encoder: Encoder, progress: Progress | None, earlier: Earlier | None
) -> NDArray[np.float32]:
    """:param texts: all different."""
    vectors = np.empty((len(texts), encoder.dimension), dtype=np.float32)  # takes memory where it is written to
    known = earlier.fill(texts, vectors) if earlier else np.zeros(len(texts), dtype=np.bool_)
    fresh = np.flatnonzero(~known).tolist()
    if not fresh:
        return vectors
    encoded = encoder.encode([texts[place] for place in fresh], progress=progress)
    if encoded.shape != (len(fresh), encoder.dimension):
        raise EncoderError(
            f"the encoder {encoder.name!r} gave an array of shape {encoded.shape} for {len(fresh)} texts, "
            f"expected {(len(fresh), encoder.dimension)}; use another encoder"
        )
    if len(fresh) == len(texts):
        return encoded  # those of millions would not fit twice
    vectors[fresh] = encoded
    return vectors


@dataclass(frozen=True, slots=True)
class Changes:
    """What a new index has that the one before it had not: counts of articles, and of different texts and those encoded.

    Without an earlier one all are added, and all texts encoded.
    """

    added: int
    changed: int
    removed: int
    unchanged: int
    texts: int
    encoded: int


def changes(earlier: "Index | None", index: "Index", encoder: Encoder) -> Changes:
    """How `index` differs from the one that it was built from."""
    before = {article.id: article for article in earlier.articles} if earlier else {}
    now = {article.id: article for article in index.articles}
    unchanged = sum(before.get(article_id) == article for article_id, article in now.items())
    kept = len(before.keys() & now.keys())
    units: Iterable[Passage | Sentence] = itertools.chain(index.sentences, index.passages)
    texts = list(dict.fromkeys(map(index.text, units)))
    known = Earlier(earlier, encoder).holds(texts)
    return Changes(
        added=len(now) - kept,
        changed=kept - unchanged,
        removed=len(before) - kept,
        unchanged=unchanged,
        texts=len(texts),
        encoded=len(texts) - known,
    )
