"""A deterministic encoder and reader for the fast tests: they need no model and are the same on every machine."""

import hashlib
import re
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from index.encoder import Progress
from qa.reader import Reading

_TOKEN = re.compile(r"\w+|[^\w\s]")
_NEAR = 5  # tokens to either side in which the question's words are looked for
_LENGTHEN = 0.1  # what a word more adds to a stretch, so that of equals the whole wins
_NULL = 3.0  # score of there being no answer


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
                code = zlib.crc32(word.encode())  # half a character is refused, as tokenizers do
                vectors[row, code % self.dimension] += 1 if code & 0x10000 else -1
            length = np.linalg.norm(vectors[row])
            vectors[row] = vectors[row] / length if length else np.eye(1, self.dimension, dtype=np.float32)
            if progress is not None:
                progress(row + 1, len(texts))
        return vectors

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(_TOKEN.findall(text)) for text in texts]


class ToyReader:
    """Takes the words between those of the question for the answer: the more of the question's words stand near, the
    likelier. It understands nothing, so tests that use it ask in the article's own words.
    """

    name = "toy"
    fingerprint = hashlib.sha256(b"toy reader 1").hexdigest()

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(_TOKEN.findall(text)) for text in texts]

    def read(self, question: str, texts: Sequence[str]) -> list[Reading]:
        asked = set(re.findall(r"\w+", question.lower()))
        return [self._read(place, asked, text) for place, text in enumerate(texts)]

    def _read(self, place: int, asked: set[str], text: str) -> Reading:
        tokens = list(_TOKEN.finditer(text))
        words = [token[0].lower() for token in tokens]
        start, end = np.full((2, len(tokens)), -9.0, dtype=np.float32)
        run = 0  # tokens since the last one that cannot be of an answer
        for number, word in enumerate(words):
            run = 0 if word in asked or not word.isalnum() else run + 1
            if run:
                near = len(asked.intersection(words[max(0, number - _NEAR) : number + _NEAR + 1]))
                start[number], end[number] = near - _LENGTHEN * run, near + _LENGTHEN * run
        offsets = np.array([token.span() for token in tokens], dtype=np.int64).reshape(-1, 2)
        return Reading(place, offsets, start - _NULL, end - _NULL)
