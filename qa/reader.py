"""Reading: question and text in one input, and for each token of the text how likely the answer begins or ends there.

The packaged reader (`qa/onnx_reader.py`) or another extractive question-answering model (`qa/checkpoint_reader.py`).
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from index.model_folder import checkpoint_folder

WINDOW_TOKENS = 200
"""Tokens of text that are read as one, about a paragraph; short neighbours are read together, longer texts in windows."""

QUESTION_TOKENS = 96
"""Tokens of a question that are read; more is rambling."""


@dataclass(frozen=True, eq=False)
class Reading:
    """What a reader says of a window of one text.

    :param text: place of the text among those that were read.
    :param offsets: *Shape:* ``(t, 2)``, int64: `[start, end)` of each token, in code points of the text.
    :param start: *Shape:* ``(t,)``, float32: logit that the answer begins with the token, less that of there being none.
    :param end: *Shape:* ``(t,)``, float32: likewise, that it ends with it.
    """

    text: int
    offsets: NDArray[np.int64]
    start: NDArray[np.float32]
    end: NDArray[np.float32]


class Reader(Protocol):
    """Reads texts with a question in mind."""

    @property
    def name(self) -> str:
        """How people know the model."""

    @property
    def fingerprint(self) -> str:
        """SHA-256, as hex, that changes when the logits would."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has, special ones not counted."""

    def read(self, question: str, texts: Sequence[str]) -> list[Reading]:
        """At least one reading a text, in order; overlapping ones of a text that is too long to be read at once.

        What is said of a text does not depend on the others.
        """


def load_reader(name: str | None = None) -> Reader:
    """The packaged reader, or another extractive question-answering model by folder or hub name.

    :raises ReaderError: there is no such model, or it is damaged.
    """
    if name is None:
        from qa.onnx_reader import load_packaged

        return load_packaged()
    checkpoint_folder(name)  # says within milliseconds that there is none; what follows imports PyTorch
    from qa.checkpoint_reader import load_checkpoint

    return load_checkpoint(name)


def windows(length: int, room: int, overlap: int) -> list[tuple[int, int]]:
    """`[start, end)` windows of at most `room` tokens over `length` tokens, neighbours sharing at least `overlap`.

    >>> windows(10, 6, 2)
    [(0, 6), (4, 10)]
    """
    if length <= room:
        return [(0, length)]
    starts = [*range(0, length - room, room - overlap), length - room]
    return [(start, start + room) for start in starts]


def token_offsets(text: str, offsets: Sequence[tuple[int, int]]) -> NDArray[np.int64]:
    """`[start, end)` of tokens as an answer may show them: without white space at either end, which some tokenizers count
    in, and with the accents after the last letter, which others drop. *Shape:* ``(t, 2)``; a token of white space is empty.

    >>> token_offsets("a cafe\\u0301", [(0, 1), (1, 6)]).tolist()
    [[0, 1], [2, 7]]
    """
    return np.array([_settled(text, *span) for span in offsets], dtype=np.int64).reshape(-1, 2)


def _settled(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    while start < end < len(text) and unicodedata.category(text[end])[0] == "M":
        end += 1
    return start, end
