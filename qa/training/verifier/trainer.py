"""One run: a reader's weights, taught to tell whether the span that they are shown answers."""

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from transformers import BertForQuestionAnswering

from index.errors import DataError
from index.sentences import SEGMENTER
from qa.answer import Span
from qa.training.reader import recipe
from qa.training.reader.batches import collate, packed
from qa.training.reader.examples import Examples, ExamplesBuilder, Kind
from qa.training.reader.model import load_reader, token_logits
from qa.training.reader.probe import Probe
from qa.training.reader.rows import sample_rows
from qa.training.reader.schedule import Position
from qa.training.reader.spans import tokenize
from qa.training.reader.trainer import Trainer
from qa.training.verifier.candidates import CANDIDATES_FILE, Candidate, read_candidates, sentences_of
from qa.verifier import SPAN, crop

ROOMS = (56, 160)
"""Tokens of text that an example has at most: drawn for each, from the first to one less than the second."""

_FORMAT = 1  # raise when examples are made in another way: a run is then not taken up with other ones

log = logging.getLogger("qa.training.reader.verifier")  # below the one that a run's log is kept of


class VerifierTrainer(Trainer):
    """A `Trainer` of candidates, in place of rows."""

    @staticmethod
    def source(data: Path) -> Path:
        path = data / CANDIDATES_FILE
        if not path.is_file():
            raise DataError(f"{data} has no {CANDIDATES_FILE}; make it with `python -m qa.training.verifier.candidates`")
        return path

    def load_examples(self, tokenizer: Path) -> tuple[str, Examples]:
        options = self.options
        found = sample_rows(read_candidates(options.data), options.fraction, options.seed)
        made = build_examples(found, Tokenizer.from_file(str(tokenizer)), np.random.default_rng(options.seed))
        digest = hashlib.sha256(tokenizer.read_bytes() + json.dumps([asdict(one) for one in found]).encode())
        digest.update(json.dumps([_FORMAT, SEGMENTER, options.seed, ROOMS, recipe.MAX_QUESTION_TOKENS]).encode())
        return digest.hexdigest()[:16], made

    def load_probes(self, _tokenizer: Path) -> dict[str, Probe]:
        return {}

    def load_model(self, folder: Path) -> BertForQuestionAnswering:
        return load_verifier(folder)

    def epoch(self, at: Position) -> tuple[Examples, list[NDArray[np.int64]]]:
        rng = np.random.default_rng([at.seed, at.epoch])
        return self.examples, packed(self.examples, rng.permutation(len(self.examples)), rng)

    def loss(self, shown: Examples, chosen: NDArray[np.int64]) -> tuple[torch.Tensor, int]:
        batch = collate(shown, chosen)
        at = torch.arange(batch.ids.shape[1])[None]
        span = torch.from_numpy(shown.spans[chosen, 0].astype(np.int64))
        segments = batch.types.masked_fill((at >= span[:, :1]) & (at <= span[:, 1:]), SPAN)
        wrong, likely = token_logits(self.model, batch.ids, segments, batch.attend)
        right = torch.from_numpy(shown.kinds[chosen] == Kind.POSITIVE).float()
        return torch.nn.functional.binary_cross_entropy_with_logits(likely[:, 0] - wrong[:, 0], right), int(
            batch.attend.sum()
        )


def load_verifier(folder: Path) -> BertForQuestionAnswering:
    """A verifier to go on with; or one on a reader's weights, with a segment for the span, and a fresh head."""
    model = load_reader(folder)
    known = model.bert.embeddings.token_type_embeddings.weight.detach()
    if len(known) <= SPAN:
        taught = torch.nn.Embedding(SPAN + 1, known.shape[1])
        spread = model.config.initializer_range
        with torch.no_grad():
            taught.weight.copy_(torch.cat((known, known[-1:] + torch.randn_like(known[-1:]) * spread)))
            model.qa_outputs.weight.normal_(0, spread)
            model.qa_outputs.bias.zero_()
        model.bert.embeddings.token_type_embeddings = taught
        model.config.type_vocab_size = SPAN + 1
    return model


def build_examples(found: Sequence[Candidate], tokenizer: Tokenizer, rng: np.random.Generator) -> Examples:
    """An example a candidate: the question, the span's sentence and some of those around it.

    :raises DataError: there is none; no span has a token.
    """
    questions = tokenize(tokenizer, [one.question for one in found])
    texts = list(dict.fromkeys(one.context for one in found))
    contexts = dict(zip(texts, tokenize(tokenizer, texts), strict=True))
    sentences = {text: sentences_of(text) for text in texts}
    builder = ExamplesBuilder()
    for one, question, room in zip(found, questions, rng.integers(*ROOMS, len(found)).tolist(), strict=True):
        tokens = contexts[one.context]
        start, end, inside = crop(tokens.offsets.astype(np.int64), sentences[one.context], Span(one.start, one.end), room)
        span = np.flatnonzero(inside)
        if len(span):
            kind = Kind.POSITIVE if one.right else Kind.UNANSWERABLE
            builder.add(question, tokens.ids[start:end], [(int(span[0]), int(span[-1]))], kind)
    if not len(builder):
        raise DataError(f"none of {len(found)} candidates gives an example: no span has a token")
    log.info("%d of %d candidates give an example: the others' spans have no token", len(builder), len(found))
    return builder.build()
