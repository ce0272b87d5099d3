"""The packaged networks that read a question with a text: small BERTs in int8, run by ONNX Runtime.

Their word embeddings are the packaged encoder's, taken from where that is installed. Each input is run by itself: int8
products take one scale for everything in a run, so inputs that ran together would change each other's logits.
"""

import json
from functools import cache, lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from index.errors import ReaderError
from index.model_folder import packaged_folder
from index.packaged_weights import packaged_tensor
from index.runtime import InferenceSession, session
from qa.reader import token_offsets

if TYPE_CHECKING:
    from tokenizers import Tokenizer

CONFIG = "config.json"
FORMAT = 1
WORDS = "embeddings.word_embeddings.weight"

_CACHED = 4_096  # texts whose tokens are kept

Tokens = tuple[NDArray[np.int64], NDArray[np.int64]]
"""Ids, and `[start, end)` in code points of the text. *Shapes:* ``(t,)``, ``(t, 2)``."""


class Network:
    """A network as `qa/training/reader/export.py` writes it. Safe to use from several threads.

    :ivar name: how people know the model.
    :ivar fingerprint: SHA-256, as hex, of its file.
    """

    def __init__(self, network: InferenceSession, *, name: str, fingerprint: str) -> None:
        self.name = name
        self.fingerprint = fingerprint
        self._network = network
        self._words = packaged_tensor(WORDS)

    def run(self, ids: NDArray[np.int64], segments: NDArray[np.int64]) -> NDArray[np.float32]:
        """Logits of every token. *Shapes:* ids, segments ``(t,)``; returns ``(t, 2)``.

        :param segments: 0 the question, 1 the text; 2 a verifier's span.
        """
        given = {
            "embeddings": self._words[ids][None],
            "segments": segments[None],
            "positions": np.arange(len(ids))[None],
        }
        logits: NDArray[np.float32] = self._network.run(None, given)[0][0]
        return logits


def load_network(folder: Path, model: str) -> Network:
    """The network in the file `model` of a folder, checked against the checksum in its config.

    :raises ReaderError: a file is missing, altered or of another version.
    :raises EncoderError: the packaged encoder, which has the word embeddings, is not installed.
    """
    mend = "restore the folder from the repository"
    try:
        config: dict[str, Any] = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        network = (folder / model).read_bytes()
        name, expected, version = config["name"], config["sha256"], config["format"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ReaderError(
            f"there is no {Path(model).stem} in {folder} ({type(error).__name__}: {error}); {mend}"
        ) from error
    if version != FORMAT:
        raise ReaderError(f"the {Path(model).stem} in {folder} has format {version!r}, expected {FORMAT}; {mend}")
    found = sha256(network).hexdigest()
    if found != expected:
        raise ReaderError(f"{folder / model} has SHA-256 {found}, expected {expected}; {mend}")
    return Network(session(network), name=name, fingerprint=found)


class PackagedTokenizer:
    """The packaged encoder's tokenizer, which neither cuts nor pads, with the tokens of recent texts kept."""

    def __init__(self, tokenizer: "Tokenizer") -> None:
        self._tokenizer = tokenizer
        self.before, self.after = (np.array([tokenizer.token_to_id(mark)], np.int64) for mark in ("[CLS]", "[SEP]"))
        self.tokens = lru_cache(maxsize=_CACHED)(self._tokenize)

    def _tokenize(self, text: str) -> Tokens:
        found = self._tokenizer.encode(text, add_special_tokens=False)
        return np.array(found.ids, dtype=np.int64), token_offsets(text, found.offsets)


@cache
def packaged_tokenizer() -> PackagedTokenizer:
    """One for all networks.

    :raises EncoderError: the packaged encoder is not installed.
    """
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(packaged_folder() / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return PackagedTokenizer(tokenizer)
