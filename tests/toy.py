"""A deterministic encoder for the fast tests: needs no model, no torch, and is the same on every machine."""

import hashlib
import re
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from index.encoder import Progress

_TOKEN = re.compile(r"\w+|[^\w\s]")


class ToyEncoder:
    """Hashed bags of words: texts with more words in common have a greater inner product; a text without words has the
    first unit vector. It knows no synonyms, so tests that use it ask in the article's own words.
    """

    name = "toy"
    fingerprint = hashlib.sha256(b"toy encoder 1").hexdigest()
    dimension = 64
    max_tokens = 64

    def encode(self, texts: Sequence[str], *, progress: Progress | None = None) -> NDArray[np.float32]:
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in re.findall(r"\w+", text.lower()):
                code = zlib.crc32(word.encode("utf-8", "surrogatepass"))
                vectors[row, code % self.dimension] += 1 if code & 0x10000 else -1
            length = np.linalg.norm(vectors[row])
            vectors[row] = vectors[row] / length if length else np.eye(1, self.dimension, dtype=np.float32)
            if progress is not None:
                progress(row + 1, len(texts))
        return vectors

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(_TOKEN.findall(text)) for text in texts]
