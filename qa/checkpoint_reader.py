"""Any extractive question-answering checkpoint in transformers format, run by PyTorch; set by `ARTICLE_QA_READER`."""

import inspect
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers.utils.logging as transformers_log
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer
from transformers import AutoModelForQuestionAnswering, AutoTokenizer

from index.cores import available_cores
from index.errors import EncoderError, ReaderError
from index.model_folder import checkpoint_folder, fingerprint, one_line
from index.sentence_encoder import quiet
from qa.reader import Reading, token_offsets, windows

LONGEST = 384  # tokens of one run, fewer where the model takes fewer
QUESTION = 96  # tokens of a question that are read, fewer likewise
OVERLAP = 64  # likewise
_INSTEAD = "give another extractive question-answering model, or set no reader to use the packaged one"


class CheckpointReader:
    """A `Reader`; several threads may use one at a time."""

    def __init__(self, model: Any, tokenizer: Tokenizer, *, null: int | None, name: str, fingerprint: str) -> None:
        """:param tokenizer: one that neither cuts nor pads.
        :param null: id of the token that stands for "no answer"; None takes the first of the input.
        """
        self.name = name
        self.fingerprint = fingerprint
        self._model = model
        self._tokenizer = tokenizer
        self._null = null
        kinds = getattr(model.config, "type_vocab_size", 2)
        self._segmented = kinds > 1 and "token_type_ids" in inspect.signature(model.forward).parameters
        limit = getattr(model.config, "max_position_embeddings", -1)  # -1 stands for any number
        # Some models count positions from 2, and nothing is lost by leaving two unused.
        self._longest = min(LONGEST, limit - 2) if limit > 0 else LONGEST

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """See `Reader.count_tokens`."""
        return [len(found) for found in self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]

    def read(self, question: str, texts: Sequence[str]) -> list[Reading]:
        """See `Reader.read`."""
        asked = self._tokenizer.encode(question, add_special_tokens=False)
        asked.truncate(min(QUESTION, self._longest // 4))
        return [reading for place, text in enumerate(texts) for reading in self._read_text(place, asked, text)]

    def _read_text(self, place: int, asked: Encoding, text: str) -> Iterator[Reading]:
        found = self._tokenizer.encode(text, add_special_tokens=False)
        offsets = token_offsets(text, found.offsets)
        both = self._tokenizer.post_process(asked, found)  # with the special tokens that this model wants
        given = np.array([both.ids, both.type_ids])
        before = both.sequence_ids.index(1) if len(offsets) else 0
        head, own, tail = np.split(given, [before, before + len(offsets)], axis=1)
        room = self._longest - head.shape[1] - tail.shape[1]
        for start, end in windows(len(offsets), room, min(OVERLAP, self._longest // 4)):
            logits = self._run(np.concatenate((head, own[:, start:end], tail), axis=1))[before : before + end - start]
            # A token of white space, which some tokenizers make, would be an answer without a letter.
            shown = offsets[start:end, 0] < offsets[start:end, 1]
            yield Reading(place, offsets[start:end][shown], logits[shown, 0], logits[shown, 1])

    def _run(self, given: NDArray[np.int64]) -> NDArray[np.float32]:
        """Logits of every token less those of no answer. *Shapes:* ids and types ``(2, t)``; returns ``(t, 2)``."""
        tensors = torch.from_numpy(given)
        inputs = {"input_ids": tensors[:1]} | ({"token_type_ids": tensors[1:]} if self._segmented else {})
        with torch.inference_mode():
            said = self._model(**inputs)
        logits = torch.stack((said.start_logits[0], said.end_logits[0]), dim=1).float().numpy()
        null = np.flatnonzero(given[0] == self._null)
        return np.asarray(logits - logits[null[0] if len(null) else 0], dtype=np.float32)


def load_checkpoint(name: str) -> CheckpointReader:
    """The checkpoint in a folder, or of the model hub; a hub model that was fetched before is not asked for again.

    :raises ReaderError: there is no such model, the hub cannot be reached, or it does not answer questions.
    """
    try:
        folder = checkpoint_folder(name)
        identity = fingerprint(folder)
    except EncoderError as error:
        raise ReaderError(str(error)) from error
    # A folder's own name only: the name is shown to everyone who asks, and a path may tell who runs the server.
    shown = folder.resolve().name if Path(name).expanduser().exists() else name
    torch.set_num_threads(available_cores())
    try:
        with quiet(transformers_log):
            model, told = AutoModelForQuestionAnswering.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False, dtype=torch.float32, output_loading_info=True
            )
            own = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        tokenizer = Tokenizer.from_str(own.backend_tokenizer.to_str())
        tokenizer.no_truncation()
        tokenizer.no_padding()
        reader = CheckpointReader(model.eval(), tokenizer, null=own.cls_token_id, name=shown, fingerprint=identity)
        reader.read("Who?", ["Ann."])  # some answer in another way, which is better known now than at the first question
    except Exception as error:  # whatever a file of somebody else's model makes the libraries raise
        raise ReaderError(
            f"cannot load the reader {shown!r}: {type(error).__name__}: {one_line(error)}; {_INSTEAD}"
        ) from error
    if told["missing_keys"]:
        lacking = ", ".join(sorted(told["missing_keys"])[:3])
        raise ReaderError(f"the model {shown!r} was not trained to answer questions (no {lacking}); {_INSTEAD}")
    return reader
