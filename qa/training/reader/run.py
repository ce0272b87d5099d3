"""A whole run: from a data folder to a final model folder, alone in its folder, logged, stopped by signals."""

import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from qa.evaluation.files import alone
from qa.training.reader.trainer import Options, Trainer

LOG = "train.log"

log = logging.getLogger(__name__)


def train(options: Options, kind: type[Trainer] = Trainer) -> bool:
    """Train from data to `options.out`: train.log, checkpoints, stable.safetensors, final/. SIGTERM and SIGINT stop it.

    :returns: whether the final model was written; otherwise the run was stopped, and can be resumed.
    :raises ArticleQAError: the data, the encoder, a checkpoint or an option cannot be used.
    """
    kind.source(options.data)  # before a folder is made
    with alone(options.out), _logged(options.out / LOG):
        log.info("options %s", options.as_dict())
        trainer = kind(options)
        with _stopped_by_signals(trainer):
            ended = trainer.run()
        if ended:
            trainer.finish()
        else:
            log.info("stopped; go on with --resume")
        return ended


@contextmanager
def _logged(path: Path) -> Iterator[None]:
    """What this package logs, added to a file."""
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    package = logging.getLogger(__package__)
    package.addHandler(handler)
    package.setLevel(logging.INFO)
    try:
        yield
    finally:
        package.removeHandler(handler)
        handler.close()


@contextmanager
def _stopped_by_signals(trainer: Trainer) -> Iterator[None]:
    """A first signal stops the run at its next step, with a checkpoint; a second one ends the process as ever."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def stop(number: int, _frame: FrameType | None) -> None:
        trainer.stopped = True
        signal.signal(number, before[signal.Signals(number)])

    for number in before:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
