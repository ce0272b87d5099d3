"""One run: the steps, and what is kept of them."""

import logging
import math
import shutil
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import BertForQuestionAnswering

from index.errors import SettingsError
from index.model_folder import PACKAGED_NAME, packaged_folder
from qa.evaluation.files import write_json
from qa.training.reader import recipe
from qa.training.reader.batches import collate, cropped, epoch_batches
from qa.training.reader.checkpoint import STABLE, load_checkpoint, newest_checkpoint, save_checkpoint, save_rotating
from qa.training.reader.examples import Examples, examples_name, load_examples
from qa.training.reader.model import load_reader, span_logits, span_loss
from qa.training.reader.probe import Probe, ProbeResult, load_probe, run_probe
from qa.training.reader.rows import train_file
from qa.training.reader.schedule import Position, schedule_from

log = logging.getLogger(__name__)

FINAL = "final"
"""Folder of the final model, float32, in transformers' form."""

TOKENIZER = "tokenizer.json"
_COPIED = (TOKENIZER, "tokenizer_config.json", "vocab.txt")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line gives.

    :param written: file of rows beside those of the data folder, or None.
    :param until: wall-clock end in seconds since 1970, or None: the run then has `epochs`.
    :param resume: go on with the run in `out`.
    :param resume_from: begin with this checkpoint of another run.
    :param start: folder of the model to begin with, or None: the packaged encoder.
    """

    data: Path
    out: Path
    fraction: float
    seed: int
    epochs: float
    until: float | None
    peak_rate: float
    threads: int
    written: Path | None = None
    resume: bool = False
    resume_from: Path | None = None
    start: Path | None = None

    def as_dict(self) -> dict[str, str | float | bool | None]:
        """For JSON and the log."""
        return {name: str(value) if isinstance(value, Path) else value for name, value in asdict(self).items()}


@dataclass(slots=True)
class _Tally:
    """The steps since the last line of the log."""

    since: float = field(default_factory=time.monotonic)
    steps: int = 0
    tokens: int = 0
    loss: float = 0.0

    def add(self, loss: float, tokens: int) -> None:
        self.steps, self.tokens, self.loss = self.steps + 1, self.tokens + tokens, self.loss + loss

    def __str__(self) -> str:
        return f"tok/s {self.tokens / (time.monotonic() - self.since):.0f} loss {self.loss / self.steps:.4f}"


class Trainer:
    """One run: model, optimiser, examples, and the position in them.

    :ivar stopped: set it, and the run ends before its next step.
    """

    def __init__(self, options: Options) -> None:
        """:raises ArticleQAError: the data, the encoder or the checkpoint cannot be used, or an option cannot."""
        self.source(options.data)
        start = _checkpoint_to_start_from(options)
        self.options = options
        self.base = packaged_folder()
        name, self.examples = self.load_examples(self.base / TOKENIZER)
        self.probes = self.load_probes(self.base / TOKENIZER)
        torch.manual_seed(options.seed)
        torch.set_num_threads(options.threads)
        self.model = self.load_model(options.start or self.base)
        self.optimiser = make_optimiser(self.model, options.peak_rate)
        began = options.start.name if options.start else PACKAGED_NAME
        self.position = Position(seed=options.seed, examples=name, start=began)
        if start:
            self.position = self._restored(start)
            log.info("taken up from %s: %s", start, self.position)
        self.schedule = schedule_from(self.position, epochs=options.epochs, until=options.until)
        self.stopped = False
        self._tally = _Tally()
        self._checkpoint_due = time.monotonic() + recipe.CHECKPOINT_SECONDS

    @staticmethod
    def source(data: Path) -> Path:
        """The training file of a data folder.

        :raises DataError: there is none.
        """
        return train_file(data)

    def load_examples(self, tokenizer: Path) -> tuple[str, Examples]:
        """The examples of the data, and their name: the same for the same ones."""
        options, source = self.options, self.source(self.options.data)
        name = examples_name(source, options.written, tokenizer, fraction=options.fraction, seed=options.seed)
        cache = options.out / "cache"
        return name, load_examples(
            source, options.written, cache, tokenizer, fraction=options.fraction, seed=options.seed
        )

    def load_probes(self, tokenizer: Path) -> dict[str, Probe]:
        """What is measured while it trains, by name."""
        return _load_probes(self.options, tokenizer)

    def load_model(self, folder: Path) -> BertForQuestionAnswering:
        """The model to begin with, in training mode."""
        return load_reader(folder)

    def epoch(self, at: Position) -> tuple[Examples, list[NDArray[np.int64]]]:
        """The examples as the position's epoch shows them, and its batches."""
        shown = self.examples if at.whole else cropped(self.examples, seed=at.seed, epoch=at.epoch)
        return shown, epoch_batches(shown, seed=at.seed, epoch=at.epoch)

    def loss(self, shown: Examples, chosen: NDArray[np.int64]) -> tuple[torch.Tensor, int]:
        """The loss of a batch, and its tokens."""
        batch = collate(shown, chosen)
        return span_loss(*span_logits(self.model, batch), batch.spans), int(batch.attend.sum())

    def run(self) -> bool:
        """Train to the schedule's end, or until stopped; a checkpoint is written either way.

        :returns: whether the end was reached.
        """
        torch.set_flush_denormal(True)  # numbers that close to 0 cost time and teach nothing
        try:
            while self._train_epoch():
                pass
        finally:
            torch.set_flush_denormal(False)  # it is the whole thread's, and others count on such numbers
        self._checkpoint()
        return not self.stopped

    def finish(self) -> Path:
        """Write the final model with its config, tokenizer and a record of the run, whole or not at all."""
        final, unfinished = self.options.out / FINAL, self.options.out / f"{FINAL}.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        self.model.save_pretrained(unfinished)
        for name in _COPIED:
            shutil.copyfile(self.base / name, unfinished / name)
        record = {
            "start": self.position.start,
            "options": {name: value for name, value in asdict(self.options).items() if not isinstance(value, Path)},
            "recipe": recipe.in_force(),
            "position": asdict(self.position),
            "probes": {name: asdict(result) for name, result in self._probe().items()},
        }
        write_json(unfinished / "training.json", record)
        shutil.rmtree(final, ignore_errors=True)
        unfinished.replace(final)
        log.info("final model in %s", final)
        return final

    def _train_epoch(self) -> bool:
        """Train from the position to the end of its epoch, or to the beginning of the decay; False when the run ends."""
        shown, batches = self.epoch(self.position)
        count = len(batches)
        while self._goes_on(count):
            if not self.position.whole and self.schedule.decay_due(self.position, count):
                self._begin_decay()
                return True
            if self.position.batch >= count:
                self.position = replace(self.position, epoch=self.position.epoch + 1, batch=0)
                return self._goes_on(count)
            self._step(shown, batches[self.position.batch], self.schedule.share(self.position, count))
            if self.position.step % recipe.LOG_STEPS == 0:
                self._report(count)
            if time.monotonic() >= self._checkpoint_due:
                self._checkpoint()
                self._probe()
                self._checkpoint_due = time.monotonic() + recipe.CHECKPOINT_SECONDS
        return False

    def _goes_on(self, batches: int) -> bool:
        return not self.stopped and not self.schedule.over(self.position, batches)

    def _begin_decay(self) -> None:
        save_checkpoint(self.options.out / STABLE, self.model, self.optimiser, self.position)
        log.info("decay begins at step %d; %s written", self.position.step, STABLE)
        at = self.position
        self.position = replace(at, whole=True, epoch=at.epoch + (at.batch > 0), batch=0)

    def _step(self, shown: Examples, chosen: NDArray[np.int64], share: float) -> None:
        """One optimiser step on one batch, at a share of the peak rate."""
        at, began = self.position, time.monotonic()
        for group in self.optimiser.param_groups:
            group["lr"] = group["peak"] * share * min(1.0, (at.step + 1) / recipe.WARMUP_STEPS)
        loss, tokens = self.loss(shown, chosen)
        value = float(loss.detach())
        if not math.isfinite(value):
            raise SettingsError(
                f"the loss is {value} at step {at.step}; take it up with --resume and a lower --peak-rate"
            )
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_([p for p in self.model.parameters() if p.requires_grad], recipe.CLIP)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self._tally.add(value, tokens)
        self.position = replace(
            at,
            step=at.step + 1,
            batch=at.batch + 1,
            tokens=at.tokens + tokens,
            scale=share,
            seconds=at.seconds + time.monotonic() - began,
        )

    def _report(self, batches: int) -> None:
        """One log line on the steps since the last."""
        at, rate = self.position, self.optimiser.param_groups[0]["lr"]
        where = f"step {at.step} epoch {at.epoch + at.batch / batches:.4f} tokens {at.tokens}"
        log.info("%s %s lr %.3g", where, self._tally, rate)
        self._tally = _Tally()

    def _checkpoint(self) -> None:
        path = save_rotating(self.options.out, self.model, self.optimiser, self.position)
        log.info("checkpoint %s", path.name)

    def _probe(self) -> dict[str, ProbeResult]:
        """Measure and log the probes, by name."""
        began = time.monotonic()
        results = {name: run_probe(self.model, probe) for name, probe in self.probes.items()}
        for name, result in results.items():
            log.info("probe at step %d: %s %s", self.position.step, name, result)
        self._tally.since += time.monotonic() - began  # not time that steps took
        return results

    def _restored(self, path: Path) -> Position:
        """The position of a checkpoint, whose weights are put in place.

        Of another run, one with other examples goes on at the beginning of an epoch of ours.

        :raises SettingsError: the run in `out` had another seed or other examples: its batches would not be this run's.
        """
        found, ours = load_checkpoint(path, self.model, self.optimiser), self.position
        same = (found.seed, found.examples) == (ours.seed, ours.examples)
        if self.options.resume and not same:
            other = f"--seed {found.seed}" if found.seed != ours.seed else "other data, another --fraction or recipe"
            raise SettingsError(
                f"{path} is of a run with {other}; give what that run was given, or another --out with --resume-from"
            )
        found = replace(found, seed=ours.seed, examples=ours.examples)
        return found if same else replace(found, epoch=found.epoch + (found.batch > 0), batch=0)


def make_optimiser(model: BertForQuestionAnswering, peak: float) -> torch.optim.AdamW:
    """AdamW; each group's `peak` is its highest rate. No weight decay on biases and layer norms."""
    groups: dict[tuple[bool, bool], list[torch.nn.Parameter]] = {}
    for name, weight in model.named_parameters():
        if weight.requires_grad:
            groups.setdefault((name.startswith("qa_outputs"), weight.ndim > 1), []).append(weight)
    return torch.optim.AdamW(
        [
            {
                "params": weights,
                "peak": peak * (recipe.HEAD_RATE if head else 1),
                "weight_decay": recipe.WEIGHT_DECAY if matrix else 0.0,
            }
            for (head, matrix), weights in groups.items()
        ],
        lr=peak,
        fused=True,
    )


def _checkpoint_to_start_from(options: Options) -> Path | None:
    """:raises SettingsError: there is nothing to resume, or a new run would mix its checkpoints with another's."""
    newest = newest_checkpoint(options.out)
    if options.resume and newest is None:
        raise SettingsError(f"{options.out} holds no checkpoint; leave --resume out to start a run there")
    if newest is not None and not options.resume:
        raise SettingsError(f"{options.out} holds checkpoints of a run; go on with it (--resume), or give another --out")
    return newest or options.resume_from


def _load_probes(options: Options, tokenizer: Path) -> dict[str, Probe]:
    """The probes whose development sets are there, by name; the others are named in the log."""
    probes = {}
    for name, count in recipe.PROBES.items():
        path = options.data / "dev" / f"{name}.json"
        if path.is_file():
            probes[name] = load_probe(path, tokenizer, seed=options.seed, count=count)
        else:
            log.info("there is no %s to probe with", path)
    return probes
