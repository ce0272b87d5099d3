"""A run: it ends where it should, learns, and is the same however often it is cut off."""

import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.torch import save_file

from index.errors import SettingsError
from index.model_folder import packaged_folder
from qa.training.reader import recipe, trainer
from qa.training.reader.batches import collate, cropped
from qa.training.reader.checkpoint import STABLE, newest_checkpoint
from qa.training.reader.examples import Examples
from qa.training.reader.model import load_reader, span_logits, span_loss
from qa.training.reader.schedule import Position, Schedule
from qa.training.reader.trainer import Options, Trainer
from tests.training.reader.toy import write_probe

pytestmark = pytest.mark.usefixtures("toy_scale")


@pytest.fixture
def options(data: Path, tmp_path: Path) -> Options:
    return Options(
        data=data, out=tmp_path / "out", fraction=1.0, seed=3, epochs=3.0, until=None, peak_rate=1e-3, threads=1
    )


class Watched(Trainer):
    """Remembers each step, and stops after step `stop_at`."""

    stop_at = -1

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self.steps: list[tuple[int, int, bool, float, int]] = []
        self.rates: list[set[float]] = []

    def _step(self, shown: Examples, chosen: NDArray[np.int64], share: float) -> None:
        at = self.position
        super()._step(shown, chosen, share)
        self.steps.append((at.epoch, at.batch, at.whole, share, self.position.tokens - at.tokens))
        self.rates.append({group["lr"] for group in self.optimiser.param_groups})
        self.stopped = self.position.step == self.stop_at


def weights(run: Trainer) -> list[torch.Tensor]:
    return [weight.detach() for weight in run.model.parameters()]


def test_a_run_cut_off_at_any_step_and_resumed_is_the_uninterrupted_one(options: Options, tmp_path: Path) -> None:
    whole = Watched(options)
    assert whole.run()
    last = whole.position.step
    for stop_at in range(last):
        given = replace(options, out=tmp_path / f"cut-{stop_at}")
        cut = Watched(given)
        cut.stop_at, cut.stopped = stop_at, stop_at == 0
        assert not cut.run()
        assert cut.position.step == stop_at
        resumed = Watched(replace(given, resume=True))
        assert resumed.run()
        assert cut.steps + resumed.steps == whole.steps
        assert resumed.position == replace(whole.position, seconds=resumed.position.seconds)
        assert resumed.position.seconds > cut.position.seconds
        assert all(torch.equal(a, b) for a, b in zip(weights(whole), weights(resumed), strict=True))


def test_the_constant_part_is_cropped_and_the_decay_whole_and_it_ends_exactly(options: Options) -> None:
    run = Watched(replace(options, epochs=10.0))
    assert run.run()
    constant = [step for step in run.steps if not step[2]]
    decay = [step for step in run.steps if step[2]]
    assert constant + decay == run.steps
    assert {share for _, _, _, share, _ in constant} == {1.0}
    shares = [share for _, _, _, share, _ in decay]
    assert shares[0] == 1.0
    assert np.allclose(np.diff(shares), -1 / len(shares), atol=0.1)
    assert shares[-1] < 2 / len(shares)
    assert sorted({epoch for epoch, *_ in constant}) == list(range(7))
    assert sorted({epoch for epoch, *_ in decay}) == [7, 8, 9]
    per_epoch = {epoch: sum(step[4] for step in run.steps if step[0] == epoch) for epoch in range(10)}
    assert max(per_epoch[epoch] for epoch in range(7)) < min(per_epoch[epoch] for epoch in (7, 8, 9))
    assert (options.out / STABLE).is_file()


@pytest.mark.parametrize(("fraction", "epochs"), [(0.01, 2.0), (1.0, 0.01)])
def test_less_than_a_batch_is_a_run_too(options: Options, fraction: float, epochs: float) -> None:
    run = Watched(replace(options, fraction=fraction, epochs=epochs))
    assert run.run()
    assert 2 <= run.position.step <= 4
    assert run.position.whole


def test_the_rate_warms_up_once_and_the_head_learns_faster(options: Options) -> None:
    run = Watched(options)
    run.run()
    constant = sum(not step[2] for step in run.steps)
    assert constant > recipe.WARMUP_STEPS + 2
    expected = [1 / 3, 2 / 3, *[1.0] * (constant - 2), *(step[3] for step in run.steps[constant:])]
    for rates, share in zip(run.rates, expected, strict=True):
        assert sorted(rates) == pytest.approx([1e-3 * share, 1e-3 * share * recipe.HEAD_RATE])


def test_a_finished_run_has_nothing_left_to_resume(options: Options) -> None:
    first = Watched(options)
    first.run()
    again = Watched(replace(options, resume=True))
    assert again.run()
    assert again.steps == []
    assert again.position == first.position


def test_a_run_by_the_clock_ends_on_time_in_its_decay(options: Options, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipe, "CHECKPOINT_SECONDS", 0.3)
    run = Watched(replace(options, until=time.time() + 3600))
    begin = time.time()
    run.schedule = Schedule.by_clock(begin, begin + 2, run.position)
    assert run.run()
    assert begin + 2 <= time.time() < begin + 30  # much later only on a machine that is very busy
    assert run.position.whole
    shares = [share for _, _, _, share, _ in run.steps]
    assert shares == sorted(shares, reverse=True)
    assert (options.out / STABLE).is_file()
    assert len(list(options.out.glob("step-*"))) <= recipe.CHECKPOINTS_KEPT


def test_a_longer_run_begins_with_what_another_had_before_its_decay(options: Options, tmp_path: Path) -> None:
    first = Watched(options)
    first.run()
    stable = options.out / STABLE
    constant = [step for step in first.steps if not step[2]]
    longer = Watched(replace(options, epochs=6.0, out=tmp_path / "longer", resume_from=stable))
    assert longer.position.step == len(constant)
    assert longer.run()
    uninterrupted = Watched(replace(options, epochs=6.0, out=tmp_path / "uninterrupted"))
    uninterrupted.run()
    assert constant + longer.steps == uninterrupted.steps
    assert all(torch.equal(a, b) for a, b in zip(weights(longer), weights(uninterrupted), strict=True))


def test_a_run_begins_with_the_model_that_it_is_given(options: Options, tmp_path: Path) -> None:
    first = Watched(options)
    first.run()
    final = first.finish()
    further = Watched(replace(options, out=tmp_path / "further", epochs=1.0, start=final))
    assert all(torch.equal(a, b) for a, b in zip(weights(first), weights(further), strict=True))
    assert (further.position.step, further.position.start) == (0, final.name)
    further.run()
    assert not all(torch.equal(a, b) for a, b in zip(weights(first), weights(further), strict=True))
    assert json.loads((further.finish() / "training.json").read_text())["start"] == final.name


def test_a_checkpoint_older_than_the_examples_name_goes_on_with_a_new_epoch(options: Options, tmp_path: Path) -> None:
    cut = Watched(options)
    cut.stop_at = 1
    cut.run()
    newest = newest_checkpoint(options.out)
    assert newest
    with safe_open(newest, framework="pt") as stored:
        tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118 - it is no mapping
    fields = {"step": 1, "epoch": 0, "batch": 1, "tokens": 60, "scale": 1.0, "whole": False, "seed": 3}
    save_file(tensors, tmp_path / "older.safetensors", metadata={"position": json.dumps(fields)})
    older = Watched(replace(options, out=tmp_path / "older", resume_from=tmp_path / "older.safetensors"))
    assert older.position == Position(step=1, epoch=1, tokens=60, seed=3, examples=cut.position.examples)
    assert all(torch.equal(a, b) for a, b in zip(weights(cut), weights(older), strict=True))


def test_other_examples_or_seeds_go_on_with_a_new_epoch_elsewhere_and_not_at_all_here(
    options: Options, tmp_path: Path
) -> None:
    cut = Watched(options)
    cut.stop_at = 1
    cut.run()
    assert cut.position.batch == 1
    for other in (replace(options, seed=4), replace(options, fraction=0.9)):
        with pytest.raises(SettingsError, match="is of a run with"):
            Trainer(replace(other, resume=True))
        found = Trainer(replace(other, out=tmp_path / "new", resume_from=newest_checkpoint(options.out))).position
        assert (found.step, found.epoch, found.batch, found.seed) == (1, 1, 0, other.seed)
        assert found.examples != cut.position.examples


def test_a_folder_is_one_runs(options: Options) -> None:
    with pytest.raises(SettingsError, match="leave --resume out"):
        Trainer(replace(options, resume=True))
    run = Watched(options)
    run.stop_at = 1
    run.run()
    for given in (options, replace(options, resume_from=newest_checkpoint(options.out))):
        with pytest.raises(SettingsError, match="holds checkpoints of a run"):
            Trainer(given)


def test_a_loss_that_is_no_number_ends_the_run_before_it_is_learned_from(options: Options) -> None:
    run = Watched(options)
    with torch.no_grad():
        run.model.qa_outputs.bias.fill_(float("nan"))
    before = [weight.clone() for weight in weights(run)]
    with pytest.raises(SettingsError, match="lower --peak-rate"):
        run.run()
    assert all(torch.equal(a, b) for a, b in zip(before[:-1], weights(run)[:-1], strict=True))


def test_a_probe_is_logged_and_changes_nothing(
    options: Options, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    plain = Watched(options)
    plain.run()
    monkeypatch.setattr(recipe, "PROBES", {"mill": 5, "none": 5})
    monkeypatch.setattr(recipe, "CHECKPOINT_SECONDS", 0.0)
    write_probe(options.data, "mill")
    with caplog.at_level("INFO"):
        probed = Watched(replace(options, out=tmp_path / "probed"))
        probed.run()
    assert "none.json to probe with" in caplog.text
    assert caplog.text.count("probe at step") == probed.position.step
    assert "mill f1 " in caplog.text
    assert " auroc " in caplog.text
    assert all(torch.equal(a, b) for a, b in zip(weights(plain), weights(probed), strict=True))


def test_training_from_the_packaged_encoder_learns_the_toy_rows(
    options: Options, examples: Examples, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer, "packaged_folder", packaged_folder)
    monkeypatch.setattr(recipe, "BATCH_TOKENS", 400)
    run = Trainer(replace(options, epochs=16.0, peak_rate=2e-4))

    def loss(folder: Path) -> float:
        torch.manual_seed(0)
        reader = load_reader(folder).train(False)
        with torch.inference_mode():
            batch = collate(cropped(examples, seed=1, epoch=0), np.arange(6))
            return float(span_loss(*span_logits(reader, batch), batch.spans))

    assert run.run()
    assert torch.tensor(1e-310, dtype=torch.float64).mul(1.0) > 0  # the thread counts with such numbers again
    final = run.finish()
    assert loss(final) < loss(packaged_folder()) / 3
    record = json.loads((final / "training.json").read_text())
    assert record["position"]["step"] == run.position.step
    assert record["recipe"]["DECAY_SHARE"] == recipe.DECAY_SHARE
    assert not [value for value in record["options"].values() if isinstance(value, str)]  # no paths of this machine
