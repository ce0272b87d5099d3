"""Vectors of texts that are copies of others, without encoding them; and how long an encoder takes."""

import time
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from index.encoder import Encoder, Progress
from index.store import Index
from qa.evaluation.scale.texts import outline

MOVED: Final = 0.45
"""How far a copy's vector is moved, in lengths of a vector: their cosine is then .91. That of sentences of Wikipedia and
their copies, encoded, is .91 on average, too (400 sentences; `texts.ALTERED`)."""

_BLOCK: Final = 16_384
"""Vectors that are moved in one go."""


class _Standing:
    """Is taken for the encoder that it stands in for."""

    def __init__(self, encoder: Encoder) -> None:
        self.name = encoder.name
        self.fingerprint = encoder.fingerprint
        self.dimension = encoder.dimension
        self.max_tokens = encoder.max_tokens
        self.count_tokens = encoder.count_tokens
        self._encoder = encoder


class Timed(_Standing):
    """An encoder, and the seconds that it took to encode."""

    seconds = 0.0

    def encode(self, texts: Sequence[str], *, progress: Progress | None = None) -> NDArray[np.float32]:
        """As `Encoder.encode`."""
        started = time.perf_counter()
        try:
            return self._encoder.encode(texts, progress=progress)
        finally:
            self.seconds += time.perf_counter() - started


class Copying(_Standing):
    """Takes the vectors of texts and their copies from an index of the texts: a text's own, a copy's moved by chance. The few
    that it knows neither of, as where an altered word made another sentence end, are encoded.
    """

    def __init__(self, encoder: Encoder, originals: Index) -> None:
        super().__init__(encoder)
        texts = [*map(originals.text, originals.sentences), *map(originals.text, originals.passages)]
        self._vectors: NDArray[np.float32] = np.concatenate(
            [originals.sentence_vectors.vectors(), originals.passage_vectors.vectors()]
        )
        self._own = {text: row for row, text in enumerate(texts)}
        self._like = {outline(text): row for row, text in enumerate(texts)}

    def encode(self, texts: Sequence[str], *, progress: Progress | None = None) -> NDArray[np.float32]:
        """As `Encoder.encode`, but for copies; the same texts in the same order get the same vectors."""
        found = np.empty((len(texts), self.dimension), dtype=np.float32)
        chance = np.random.default_rng(0)
        for low in range(0, len(texts), _BLOCK):
            block = texts[low : low + _BLOCK]
            found[low : low + len(block)] = self._encoded(block, chance)
            if progress is not None:
                progress(low + len(block), len(texts))
        return found

    def _encoded(self, texts: Sequence[str], chance: np.random.Generator) -> NDArray[np.float32]:
        own = np.array([text in self._own for text in texts])
        rows = np.array([self._own.get(text, self._like.get(outline(text), -1)) for text in texts])
        found = self._vectors[rows]
        aside = chance.standard_normal(found.shape, dtype=np.float32)
        aside *= MOVED / np.linalg.norm(aside, axis=1, keepdims=True)
        found += aside
        found /= np.linalg.norm(found, axis=1, keepdims=True)
        found[own] = self._vectors[rows[own]]
        if len(fresh := np.flatnonzero(rows < 0)):
            found[fresh] = self._encoder.encode([texts[place] for place in fresh.tolist()])
        return np.asarray(found, dtype=np.float32)
