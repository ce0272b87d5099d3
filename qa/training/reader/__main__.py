"""`python -m qa.training.reader $QA_DATA --out DIR`: one command from data to a final model folder."""

import argparse
import logging
import math
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from index.cores import available_cores
from index.errors import ArticleQAError
from qa.training.reader import recipe
from qa.training.reader.run import train
from qa.training.reader.schedule import parse_until
from qa.training.reader.trainer import Options, Trainer
from qa.training.reader.written import WRITTEN_FILE


def main(
    arguments: Sequence[str] | None = None, kind: type[Trainer] = Trainer, parser: argparse.ArgumentParser | None = None
) -> int:
    """Run the command line.

    :param kind: what is trained, by the arguments that `parser` takes.
    :returns: 0 when the final model was written, 1 when the run was stopped and can be resumed, 2 for unusable input.
    """
    given = vars((parser or reader_parser()).parse_args(arguments))
    shown = logging.StreamHandler()
    shown.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    package = logging.getLogger(__package__)
    package.addHandler(shown)
    try:
        until = given.pop("until")
        return 0 if train(Options(**given, until=parse_until(until) if until else None), kind) else 1
    except (ArticleQAError, OSError) as error:
        print(f"error: {error}", *getattr(error, "problems", ()), sep="\n  ", file=sys.stderr)
        return 2
    finally:
        package.removeHandler(shown)


def reader_parser() -> argparse.ArgumentParser:
    parser = make_parser(
        "python -m qa.training.reader", "Train the span reader.", "train.jsonl.gz, and dev/ to probe with"
    )
    parser.add_argument(
        "--written",
        type=lambda text: Path(text) if text else None,
        default=WRITTEN_FILE,
        metavar="FILE",
        help="rows to train on beside DATA's (default: the project's own; '' for none)",
    )
    return parser


def make_parser(program: str, about: str, data: str) -> argparse.ArgumentParser:
    """The arguments of every such training.

    :param data: what is in the data folder.
    """
    parser = argparse.ArgumentParser(prog=program, description=about)
    parser.add_argument("data", type=Path, metavar="DATA", help=f"folder with {data}")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of checkpoints, log and final/")
    parser.add_argument("--fraction", type=_positive, default=1.0, help="share of the rows to train on (default 1)")
    parser.add_argument("--seed", type=whole(0), default=17, help="of samples, batches and dropout (default 17)")
    parser.add_argument(
        "--peak-rate", type=_positive, default=recipe.PEAK_RATE, help="learning rate (default %(default)s)"
    )
    parser.add_argument("--threads", type=whole(1), default=available_cores(), help="cores to use (default: all)")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--epochs", type=_positive, default=recipe.EPOCHS, help="length of the run (default %(default)s)")
    length.add_argument("--until", metavar="HH:MM", help="end by the clock instead: the model is ready then")
    start = parser.add_mutually_exclusive_group()
    start.add_argument(
        "--start",
        type=Path,
        metavar="DIR",
        help="begin with a model of this shape (default: the encoder; a verifier wants a reader)",
    )
    start.add_argument("--resume", action="store_true", help="go on with the run in --out")
    start.add_argument("--resume-from", type=Path, metavar="FILE", help="begin with another run's checkpoint")
    return parser


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"found {text!r}; expected a number greater than 0")
    return value


def whole(least: int) -> Callable[[str], int]:
    """For argparse: a whole number of at least so much."""

    def number(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"found {text!r}; expected a whole number, {least} or more")
        return int(text)

    return number


if __name__ == "__main__":
    sys.exit(main())
