"""Sentence vectors: what every encoder does, and how to get one."""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from index.model_folder import is_packaged

Progress = Callable[[int, int], None]
"""Called with how many texts are done, and how many there are."""


class Encoder(Protocol):
    """Turns texts into vectors whose inner product is their similarity."""

    @property
    def name(self) -> str:
        """How people know the model."""

    @property
    def fingerprint(self) -> str:
        """SHA-256, as hex, that changes when the vectors would."""

    @property
    def dimension(self) -> int:
        """d, the length of a vector."""

    @property
    def max_tokens(self) -> int:
        """How much of a text is seen, in tokens, [CLS] and [SEP] included; the rest is cut off."""

    def encode(self, texts: Sequence[str], *, progress: Progress | None = None) -> NDArray[np.float32]:
        """One vector a text, in order, each of length 1. *Shape:* ``(n, d)``, float32, C-contiguous.

        A text's vector is the same alone and in a batch, within 1e-5.
        """

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has, special ones not counted and nothing cut off."""


def load_encoder(name: str | None = None) -> Encoder:
    """The packaged all-MiniLM-L6-v2, or another sentence-transformers model by folder or hub name.

    The packaged one is run by ONNX Runtime and is there in a fraction of a second; others need PyTorch, and seconds.
    Nothing is contacted for the packaged model, a folder, or a hub model that was fetched before.

    :raises EncoderError: there is no such model, the hub cannot be reached, or the weights are not those expected.
    """
    if is_packaged(name):
        from index.packaged_encoder import load_packaged_encoder

        return load_packaged_encoder()
    from index.sentence_encoder import load_sentence_encoder

    return load_sentence_encoder(name)
