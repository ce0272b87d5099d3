"""Checkpoints come back whole, are never half there, and those of earlier versions are read."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from transformers import BertForQuestionAnswering

from index.errors import DataError
from qa.training.reader import checkpoint, recipe
from qa.training.reader.checkpoint import load_checkpoint, newest_checkpoint, save_checkpoint, save_rotating
from qa.training.reader.model import load_reader
from qa.training.reader.schedule import Position
from qa.training.reader.trainer import make_optimiser

AT = Position(step=7, epoch=1, batch=3, tokens=900, scale=0.5, whole=True, seed=5, examples="abc", seconds=9.5)

Made = tuple[BertForQuestionAnswering, torch.optim.Optimizer]


def make(encoder_folder: Path, seed: int, steps: int = 1) -> Made:
    torch.manual_seed(seed)
    model = load_reader(encoder_folder)
    optimiser = make_optimiser(model, 1e-3)
    for _ in range(steps):
        ids = torch.randint(1000, 2000, (2, 9))
        torch.autograd.backward(model(input_ids=ids, attention_mask=torch.zeros(2, 1, 1, 9)).start_logits.sum())
        optimiser.step()
        optimiser.zero_grad()
    return model, optimiser


def same(one: Made, other: Made) -> bool:
    weights = zip(one[0].parameters(), other[0].parameters(), strict=True)
    return all(
        torch.equal(a, b)
        and one[1].state[a].keys() == other[1].state[b].keys()
        and all(torch.equal(one[1].state[a][key], other[1].state[b][key]) for key in one[1].state[a])
        for a, b in weights
        if a.requires_grad
    )


@pytest.mark.parametrize("steps", [0, 1])
def test_a_checkpoint_comes_back_whole(encoder_folder: Path, tmp_path: Path, steps: int) -> None:
    saved, other = make(encoder_folder, 1, steps), make(encoder_folder, 2)
    save_checkpoint(tmp_path / "a.safetensors", *saved, AT)
    drawn = torch.rand(3)
    assert not same(saved, other)
    assert load_checkpoint(tmp_path / "a.safetensors", *other) == AT
    assert torch.equal(torch.rand(3), drawn)
    if steps:
        assert same(saved, other)


def test_frozen_weights_are_not_in_it(encoder_folder: Path, tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "a.safetensors", *make(encoder_folder, 1), AT)
    with safe_open(tmp_path / "a.safetensors", framework="pt") as stored:
        names = list(stored.keys())
    assert "model.qa_outputs.weight" in names
    assert "optimiser.exp_avg_sq.qa_outputs.weight" in names
    assert not [name for name in names if "word_embeddings" in name]


def test_a_checkpoint_without_the_examples_name_is_read(encoder_folder: Path, tmp_path: Path) -> None:
    made = make(encoder_folder, 1)
    path = tmp_path / "a.safetensors"
    save_checkpoint(path, *made, AT)
    with safe_open(path, framework="pt") as stored:
        tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118 - it is no mapping
    older = {name: value for name, value in asdict(AT).items() if name not in ("examples", "seconds", "start")}
    assert list(older) == ["step", "epoch", "batch", "tokens", "scale", "whole", "seed"]
    save_file(tensors, path, metadata={"position": json.dumps(older)})
    assert load_checkpoint(path, *made) == Position(**older, examples="", seconds=0.0)


def test_the_newest_are_kept(encoder_folder: Path, tmp_path: Path) -> None:
    made = make(encoder_folder, 1)
    assert newest_checkpoint(tmp_path) is None
    for step in (999, 1000, 10_000):
        save_rotating(tmp_path, *made, Position(step=step))
    assert len(list(tmp_path.iterdir())) == recipe.CHECKPOINTS_KEPT
    assert newest_checkpoint(tmp_path) == tmp_path / "step-0010000.safetensors"


def test_an_interrupted_write_leaves_the_earlier_one(
    encoder_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make(encoder_folder, 1)
    path = save_rotating(tmp_path, *made, AT)

    def full(_tensors: object, to: Path, **_: object) -> None:
        to.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint, "save_file", full)
    with pytest.raises(OSError, match="No space"):
        save_rotating(tmp_path, *made, AT)
    assert newest_checkpoint(tmp_path) == path
    assert load_checkpoint(path, *made) == AT


def test_what_is_no_checkpoint_is_refused(encoder_folder: Path, tmp_path: Path) -> None:
    made, path = make(encoder_folder, 1), tmp_path / "a.safetensors"
    save_checkpoint(path, *made, AT)
    cut, foreign = tmp_path / "cut.safetensors", tmp_path / "foreign.safetensors"
    cut.write_bytes(path.read_bytes()[:-10])
    save_file({"x": torch.zeros(1)}, foreign)
    for wrong in (cut, foreign, tmp_path / "none.safetensors"):
        with pytest.raises(DataError, match="is no checkpoint of this reader") as raised:
            load_checkpoint(wrong, *made)
        assert "\n" not in str(raised.value)
