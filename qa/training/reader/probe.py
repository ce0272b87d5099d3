"""A small development probe: a few questions on their gold paragraphs, read while training goes on."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor
from transformers import BertForQuestionAnswering

from qa.evaluation.datasets import load_data, sample
from qa.evaluation.metrics import auroc, exact_match, mean, token_f1
from qa.training.reader import recipe
from qa.training.reader.batches import collate
from qa.training.reader.examples import Examples, ExamplesBuilder, Kind
from qa.training.reader.model import span_logits
from qa.training.reader.spans import room, tokenize

_TOGETHER = 24  # questions read at a time, of like length


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """Questions, each on one window of its gold paragraph; `golds` are empty where that does not answer."""

    examples: Examples
    contexts: tuple[str, ...]
    offsets: tuple[NDArray[np.int32], ...]
    golds: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """Means over the answerable questions, in [0, 1], and the AUROC of best span minus null, answerable against not.

    None where the questions are all of one kind.
    """

    f1: float | None
    exact: float | None
    auroc: float | None

    def __str__(self) -> str:
        figures = (("f1", self.f1), ("em", self.exact), ("auroc", self.auroc))
        return " ".join(f"{name} {value:.3f}" for name, value in figures if value is not None)


def load_probe(path: Path, tokenizer_file: Path, *, seed: int, count: int) -> Probe:
    """A seeded sample of a SQuAD file's questions; paragraphs are cut to one window, their answers kept as golds.

    :raises DataError: the file cannot be used.
    """
    dataset = load_data([str(path)])
    texts = {article.id: article.text for article in dataset.articles}
    asked = [question for question in sample(dataset.questions, count, seed) if question.paragraph]
    contexts = tuple(texts[one.article_id][one.paragraph.start : one.paragraph.end] for one in asked if one.paragraph)
    tokenizer = Tokenizer.from_file(str(tokenizer_file))
    questions = tokenize(tokenizer, [one.text for one in asked])
    windows = tokenize(tokenizer, contexts)
    builder = ExamplesBuilder()
    for question, context in zip(questions, windows, strict=True):
        builder.add(question, context.ids[: room(question)], [], Kind.UNANSWERABLE)
    golds = tuple(tuple(answer.text for answer in one.answers) for one in asked)
    return Probe(builder.build(), contexts, tuple(context.offsets for context in windows), golds)


def run_probe(model: BertForQuestionAnswering, probe: Probe) -> ProbeResult:
    """Read the probe's questions; leaves the model in training mode."""
    model.train(False)
    order = np.argsort(probe.examples.lengths(), kind="stable")
    said: dict[int, str] = {}
    scores = np.zeros(len(order))
    with torch.inference_mode():
        for at in range(0, len(order), _TOGETHER):
            chosen = order[at : at + _TOGETHER]
            found = best_spans(*span_logits(model, collate(probe.examples, chosen)))
            for number, (first, last, score) in zip(map(int, chosen), found, strict=True):
                lead = int(probe.examples.context_starts[number])
                start, end = probe.offsets[number][first - lead, 0], probe.offsets[number][last - lead, 1]
                said[number], scores[number] = probe.contexts[number][start:end], score
    model.train()
    answerable = [number for number, golds in enumerate(probe.golds) if golds]
    return ProbeResult(
        f1=mean([token_f1(probe.golds[number], said[number]) for number in answerable]),
        exact=mean([exact_match(probe.golds[number], said[number]) for number in answerable]),
        auroc=auroc(scores, [bool(golds) for golds in probe.golds]),
    )


def best_spans(start: Tensor, end: Tensor) -> list[tuple[int, int, float]]:
    """For each example the best span outside [CLS] as (first, last, start + end - null logits).

    Positions with -inf cannot win; first <= last and at most MAX_ANSWER_TOKENS tokens. *Shapes:* start, end (b, t).
    """
    null = start[:, 0] + end[:, 0]
    pair = start[:, 1:, None] + end[:, None, 1:]
    width = pair.shape[-1]
    legal = torch.ones(width, width, dtype=torch.bool).triu().tril(recipe.MAX_ANSWER_TOKENS - 1)
    score, at = pair.masked_fill(~legal, -torch.inf).flatten(1).max(-1)
    return [(int(a) // width + 1, int(a) % width + 1, float(s - n)) for a, s, n in zip(at, score, null, strict=True)]
