"""The packaged encoder, all-MiniLM-L6-v2, run by ONNX Runtime: what sentence-transformers computes, without PyTorch."""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from index.errors import EncoderError
from index.model_folder import PACKAGED_NAME, PACKAGED_SHA256, REINSTALL, one_line, packaged_folder
from index.packaged_weights import packaged_tensors
from index.runtime import InferenceSession, session

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from index.encoder import Progress

GRAPH = Path(__file__).with_name(f"{PACKAGED_NAME}.onnx")
"""What is computed, less the weights: made by qa/training/encoder_graph.py."""

GRAPH_SHA256 = "9b9bc7a36521fffc0576197ccc7611fe27579b5acca980cda2595525ae9567f2"

WORD_EMBEDDINGS = "embeddings.word_embeddings.weight"
_UNUSED = ("pooler.dense.weight", "pooler.dense.bias")  # sentence vectors are means, and do without


class PackagedEncoder:
    """An `Encoder`. Several threads may use one at a time.

    Texts are run one by one: padded batches take longer on CPUs, with PyTorch as with ONNX Runtime, and a text's vector is
    the same, to the bit, alone and among others.
    """

    name = PACKAGED_NAME
    fingerprint = PACKAGED_SHA256
    dimension = 384
    max_tokens = 256  # its sentence_bert_config.json

    def __init__(self, network: InferenceSession, tokenizer: "Tokenizer", words: NDArray[np.float32]) -> None:
        """:param tokenizer: one that neither cuts nor pads.
        :param words: the embedding of each token. *Shape:* ``(30522, 384)``, mapped.
        """
        self._network = network
        self._tokenizer = tokenizer
        self._words = words

    def encode(self, texts: Sequence[str], *, progress: "Progress | None" = None) -> NDArray[np.float32]:
        """See `Encoder.encode`."""
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, found in enumerate(self._tokenizer.encode_batch_fast(list(texts))):
            (vectors[row],) = self._network.run(None, {"words": self._words[self._cut(found.ids)]})
            if progress is not None:
                progress(row + 1, len(texts))
        return vectors

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """See `Encoder.count_tokens`."""
        return [len(found) for found in self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]

    def _cut(self, tokens: list[int]) -> list[int]:
        """As many tokens as the encoder takes; [SEP], the last one, stays."""
        return tokens if len(tokens) <= self.max_tokens else [*tokens[: self.max_tokens - 1], tokens[-1]]


def load_packaged_encoder() -> PackagedEncoder:
    """The packaged encoder. Takes a third of a second, most of it for checking the weights and reading the vocabulary.

    :raises EncoderError: the package is not installed, or a file of it or of ours is not the one expected.
    """
    folder = packaged_folder()
    try:
        graph = GRAPH.read_bytes()
    except OSError as error:
        raise EncoderError(f"cannot read the encoder's graph {GRAPH}: {error.strerror}; restore the file") from error
    if (found := sha256(graph).hexdigest()) != GRAPH_SHA256:
        raise EncoderError(f"the encoder's graph {GRAPH} has SHA-256 {found}, expected {GRAPH_SHA256}; restore the file")
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception as error:  # the library raises bare exceptions
        raise EncoderError(
            f"cannot read the encoder's {folder / 'tokenizer.json'}: {one_line(error)}; {REINSTALL}"
        ) from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    weights = dict(packaged_tensors())
    words = weights.pop(WORD_EMBEDDINGS)
    for name in _UNUSED:
        del weights[name]
    return PackagedEncoder(session(graph, initializers=weights), tokenizer, words)
