"""The packaged reader; see qa/models/reader/MODEL_CARD.md, and qa/networks.py for how it is run."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

from qa.networks import Network, PackagedTokenizer, load_network, packaged_tokenizer
from qa.reader import QUESTION_TOKENS, Reading, windows

FOLDER = Path(__file__).parent / "models" / "reader"
MODEL = "reader.onnx"

LONGEST = 384  # tokens of one run, [CLS], question and the two [SEP] included
OVERLAP = 64


class OnnxReader:
    """A `Reader`; several threads may use one at a time."""

    def __init__(self, network: Network, tokenizer: PackagedTokenizer) -> None:
        self.name = network.name
        self.fingerprint = network.fingerprint
        self._network = network
        self._tokenizer = tokenizer

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """See `Reader.count_tokens`."""
        return [len(self._tokenizer.tokens(text)[0]) for text in texts]

    def read(self, question: str, texts: Sequence[str]) -> list[Reading]:
        """See `Reader.read`."""
        asked = self._tokenizer.tokens(question)[0][:QUESTION_TOKENS]
        before, after = self._tokenizer.before, self._tokenizer.after
        head = np.concatenate((before, asked, after))
        readings = []
        for place, text in enumerate(texts):
            ids, offsets = self._tokenizer.tokens(text)
            for start, end in windows(len(ids), LONGEST - len(head) - 1, OVERLAP):
                segments = np.repeat(np.array([0, 1]), (len(head), end - start + 1))
                logits = self._network.run(np.concatenate((head, ids[start:end], after)), segments)
                own = logits[len(head) : -1] - logits[0]
                readings.append(Reading(place, offsets[start:end], own[:, 0], own[:, 1]))
        return readings


@cache
def load_packaged(folder: Path = FOLDER) -> OnnxReader:
    """The reader in `folder`, loaded once, its files checked against the checksum in its config.

    :raises ReaderError: a file is missing, altered or of another version.
    :raises EncoderError: the packaged encoder, which has the word embeddings, is not installed.
    """
    return OnnxReader(load_network(folder, MODEL), packaged_tokenizer())
