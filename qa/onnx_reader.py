"""The packaged reader: a small BERT in int8, run by ONNX Runtime; see qa/models/reader/MODEL_CARD.md.

Its word embeddings are the packaged encoder's, taken from where that is installed. Each window is run by itself: int8
products take one scale for everything in a run, so windows that ran together would change each other's logits.
"""

import json
from collections.abc import Sequence
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
from qa.reader import QUESTION_TOKENS, Reading, token_offsets, windows

if TYPE_CHECKING:
    from tokenizers import Tokenizer

FOLDER = Path(__file__).parent / "models" / "reader"
CONFIG, MODEL = "config.json", "reader.onnx"
FORMAT = 1
WORDS = "embeddings.word_embeddings.weight"

LONGEST = 384  # tokens of one run, [CLS], question and the two [SEP] included
OVERLAP = 64
_CACHED = 4_096  # texts whose tokens are kept

_Tokens = tuple[NDArray[np.int64], NDArray[np.int64]]


class OnnxReader:
    """A `Reader`; several threads may use one at a time."""

    def __init__(self, network: InferenceSession, tokenizer: "Tokenizer", *, name: str, fingerprint: str) -> None:
        """:param network: as written by `qa/training/reader/export.py`."""
        self.name = name
        self.fingerprint = fingerprint
        self._network = network
        self._tokenizer = tokenizer
        self._words = packaged_tensor(WORDS)
        self._before, self._after = (np.array([tokenizer.token_to_id(mark)], np.int64) for mark in ("[CLS]", "[SEP]"))
        self._tokens = lru_cache(maxsize=_CACHED)(self._tokenize)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """See `Reader.count_tokens`."""
        return [len(self._tokens(text)[0]) for text in texts]

    def read(self, question: str, texts: Sequence[str]) -> list[Reading]:
        """See `Reader.read`."""
        asked = self._tokens(question)[0][:QUESTION_TOKENS]
        head = np.concatenate((self._before, asked, self._after))
        readings = []
        for place, text in enumerate(texts):
            ids, offsets = self._tokens(text)
            for start, end in windows(len(ids), LONGEST - len(head) - 1, OVERLAP):
                logits = self._run(head, ids[start:end])
                own = logits[len(head) : -1] - logits[0]
                readings.append(Reading(place, offsets[start:end], own[:, 0], own[:, 1]))
        return readings

    def _run(self, head: NDArray[np.int64], ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Logits of every token. *Shape:* ``(len(head) + len(ids) + 1, 2)``."""
        whole = np.concatenate((head, ids, self._after))
        segments = np.repeat(np.array([0, 1]), (len(head), len(whole) - len(head)))
        given = {
            "embeddings": self._words[whole][None],
            "segments": segments[None],
            "positions": np.arange(len(whole))[None],
        }
        logits: NDArray[np.float32] = self._network.run(None, given)[0][0]
        return logits

    def _tokenize(self, text: str) -> _Tokens:
        found = self._tokenizer.encode(text, add_special_tokens=False)
        return np.array(found.ids, dtype=np.int64), token_offsets(text, found.offsets)


@cache
def load_packaged(folder: Path = FOLDER) -> OnnxReader:
    """The reader in `folder`, loaded once, its files checked against the checksum in its config.

    :raises ReaderError: a file is missing, altered or of another version.
    :raises EncoderError: the packaged encoder, which has the word embeddings, is not installed.
    """
    mend = "restore the folder from the repository"
    try:
        config: dict[str, Any] = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        network = (folder / MODEL).read_bytes()
        name, expected, version = config["name"], config["sha256"], config["format"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ReaderError(f"there is no reader in {folder} ({type(error).__name__}: {error}); {mend}") from error
    if version != FORMAT:
        raise ReaderError(f"the reader in {folder} has format {version!r}, expected {FORMAT}; {mend}")
    found = sha256(network).hexdigest()
    if found != expected:
        raise ReaderError(f"{folder / MODEL} has SHA-256 {found}, expected {expected}; {mend}")
    return OnnxReader(session(network), _tokenizer(), name=name, fingerprint=found)


def _tokenizer() -> "Tokenizer":
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(packaged_folder() / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
