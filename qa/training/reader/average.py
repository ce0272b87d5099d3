"""The average of two finished runs: `python -m qa.training.reader.average RUN/final OTHER/final --out DIR`.

Of runs that share a beginning the averaged weights read better than either's (Wortsman et al. 2022, "Model soups"), at the
price of one.
"""

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from index.errors import ArticleQAError, DataError

WEIGHTS = "model.safetensors"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    :returns: 0 when the average was written, 2 for unusable input.
    """
    parser = argparse.ArgumentParser(prog="python -m qa.training.reader.average", description=__doc__)
    parser.add_argument("model", type=Path, help="folder of a final model")
    parser.add_argument("other", type=Path, help="folder of another, of the same shape")
    parser.add_argument("--share", type=float, default=0.5, help="weight of the first, in (0, 1) (default %(default)s)")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="new folder for the average")
    given = parser.parse_args(arguments)
    try:
        average(given.model, given.other, given.out, given.share)
    except (ArticleQAError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def average(model: Path, other: Path, out: Path, share: float = 0.5) -> None:
    """Write `share` times the weights of one model plus the rest of the other's into a new folder, float32.

    :raises DataError: a folder holds no such weights, their shapes differ, or the share is not in (0, 1).
    """
    if not 0 < share < 1:
        raise DataError(f"--share {share}: expected more than 0 and less than 1")
    ours, theirs = _weights(model), _weights(other)
    if {name: weight.shape for name, weight in ours.items()} != {name: weight.shape for name, weight in theirs.items()}:
        raise DataError(f"{model} and {other} are models of different shapes; give two runs of the same trainer")
    mixed = {name: torch.lerp(theirs[name], weight, share) for name, weight in ours.items()}
    shutil.copytree(model, out)
    save_file(mixed, out / WEIGHTS, metadata={"format": "pt"})


def _weights(folder: Path) -> dict[str, torch.Tensor]:
    try:
        return load_file(folder / WEIGHTS)
    except (OSError, SafetensorError) as error:
        raise DataError(f"{folder} holds no readable {WEIGHTS} ({error}); give the final/ of a run") from error


if __name__ == "__main__":
    sys.exit(main())
