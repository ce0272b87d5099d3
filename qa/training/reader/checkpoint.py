"""Checkpoints: a .safetensors file each (weights, optimiser moments, random state) with its position as JSON in the
header, written beside its place and renamed into it, so that none is half written and none is a pickle."""

import json
import os
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor
from transformers import BertForQuestionAnswering

from index.errors import DataError
from qa.training.reader import recipe
from qa.training.reader.schedule import Position

STABLE = "stable.safetensors"
"""The checkpoint before the decay: a longer run is taken up there."""

_ROTATING = "step-*.safetensors"
_MOMENTS = ("step", "exp_avg", "exp_avg_sq")  # AdamW's state of a weight


def save_checkpoint(path: Path, model: BertForQuestionAnswering, optimiser: torch.optim.Optimizer, at: Position) -> None:
    """Write a checkpoint whole or not at all. Frozen weights are not in it: they are the packaged encoder's."""
    tensors: dict[str, Tensor] = {"random": torch.get_rng_state()}
    for name, weight in model.named_parameters():
        if weight.requires_grad:
            tensors[f"model.{name}"] = weight.detach()
            for key, value in optimiser.state.get(weight, {}).items():
                tensors[f"optimiser.{key}.{name}"] = value
    unfinished = path.with_suffix(".new")
    save_file(tensors, unfinished, metadata={"position": json.dumps(asdict(at))})
    with unfinished.open("rb") as file:
        os.fsync(file.fileno())
    unfinished.replace(path)


def save_rotating(folder: Path, model: BertForQuestionAnswering, optimiser: torch.optim.Optimizer, at: Position) -> Path:
    """Write folder/step-N.safetensors and drop all but the CHECKPOINTS_KEPT newest of its kind."""
    path = folder / f"step-{at.step:07d}.safetensors"
    save_checkpoint(path, model, optimiser, at)
    for old in sorted(folder.glob(_ROTATING))[: -recipe.CHECKPOINTS_KEPT]:
        old.unlink()
    return path


def newest_checkpoint(folder: Path) -> Path | None:
    """The step-N checkpoint with the highest N, None when there is none."""
    return max(folder.glob(_ROTATING), default=None)


def load_checkpoint(path: Path, model: BertForQuestionAnswering, optimiser: torch.optim.Optimizer) -> Position:
    """Put a checkpoint's weights, moments and random state in place; returns its position.

    :raises DataError: the file is missing or damaged, or a checkpoint of another model.
    """
    weights = {name: weight for name, weight in model.named_parameters() if weight.requires_grad}
    try:
        with safe_open(path, framework="pt") as stored:
            names = set(stored.keys())
            position = Position(**json.loads((stored.metadata() or {})["position"]))
            for name, weight in weights.items():
                with torch.no_grad():
                    weight.copy_(stored.get_tensor(f"model.{name}"))
                if f"optimiser.step.{name}" in names:  # there is none before the first step
                    optimiser.state[weight] = {key: stored.get_tensor(f"optimiser.{key}.{name}") for key in _MOMENTS}
            torch.set_rng_state(stored.get_tensor("random"))
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        what = " ".join(str(error).split())[:200]
        raise DataError(
            f"{path} is no checkpoint of this reader ({type(error).__name__}: {what}); give another"
        ) from error
    return position
