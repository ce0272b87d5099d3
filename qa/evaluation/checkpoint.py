"""What an interrupted run had done, so that the next one need not do it again."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from index.errors import DataError
from qa.evaluation.files import json_line
from qa.evaluation.outcome import Outcome

Finished = tuple[list[Outcome], dict[str, float]]
"""The outcomes of one batch, and the milliseconds of its questions that were timed, by id."""


class Checkpoint:
    """A file of finished batches, a line each, in order, below a line that says what run they belong to.

    A line that was cut off by the interruption, and all that a run of another `fingerprint` left, is thrown away.

    :ivar kept: the batches that were finished before.
    """

    def __init__(self, path: Path, fingerprint: str) -> None:
        self._path = path
        self.kept, sound = _read(path, fingerprint)
        if self.kept:
            os.truncate(path, sound)
        else:
            path.write_text(f"{json_line({'fingerprint': fingerprint})}\n", encoding="utf-8", newline="\n")
        self._file = path.open("a", encoding="utf-8", newline="\n")

    def __enter__(self) -> "Checkpoint":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, outcomes: Sequence[Outcome], milliseconds: dict[str, float]) -> None:
        """Keep a finished batch, on the disk, before the next one begins."""
        row = {"rows": [outcome.as_row() for outcome in outcomes], "milliseconds": milliseconds}
        self._file.write(f"{json_line(row)}\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def remove(self) -> None:
        """The run is complete: nothing is left to take up."""
        self._file.close()
        self._path.unlink()


def _read(path: Path, fingerprint: str) -> tuple[list[Finished], int]:
    """The finished batches, and the number of bytes of the file that hold them."""
    if not path.exists():
        return [], 0
    lines = path.read_bytes().split(b"\n")[:-1]  # what follows the last line end was cut off
    finished: list[Finished] = []
    sound = 0
    for number, line in enumerate(lines):
        try:
            row = json.loads(line)
            if number == 0:
                if row["fingerprint"] != fingerprint:
                    return [], 0
            else:
                outcomes = [Outcome.from_row(one, f"{path}:{number + 1}") for one in row["rows"]]
                finished.append((outcomes, dict(row["milliseconds"])))
        except (ValueError, TypeError, KeyError, DataError):
            break  # damaged: this batch and those after it are asked again
        sound += len(line) + 1
    return finished, sound
