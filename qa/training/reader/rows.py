"""The rows of a training file."""

import gzip
import json
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from index.errors import DataError, SettingsError

TRAIN_FILE = "train.jsonl.gz"

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Row:
    """A question on a context; `answers` are (text, first code point in the context), none when it does not answer."""

    source: str
    article: str
    question: str
    context: str
    answers: tuple[tuple[str, int], ...]


def train_file(data: Path) -> Path:
    """The training file of a data folder.

    :raises DataError: there is none.
    """
    path = data / TRAIN_FILE
    if not path.is_file():
        found = "has no" if data.is_dir() else "is no folder with a"
        raise DataError(f"{data} {found} {TRAIN_FILE}; give the folder that holds it and dev/")
    return path


def read_rows(path: Path) -> list[Row]:
    """All rows of a gzipped JSONL file, in order; blank lines are none.

    :raises DataError: the file cannot be read, has no row, or has a line that is no row; the message names the first such.
    """
    rows = []
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="\n") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    rows.append(_row(line, f"{path.name} line {number}"))
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise DataError(
            f"{path} cannot be read ({error}); expected JSON lines, UTF-8, gzipped; fetch it again"
        ) from error
    if not rows:
        raise DataError(f"{path} has no rows; expected a JSON object a line; fetch it again")
    return rows


def sample_rows(rows: list[_T], fraction: float, seed: int) -> list[_T]:
    """A seeded sample of `fraction` of the rows, at least one, in their order; all of them when it is 1.

    :raises SettingsError: the fraction is not in (0, 1].
    """
    if not 0 < fraction <= 1:
        raise SettingsError(
            f"--fraction {fraction}: expected more than 0 and at most 1, the share of the rows to train on"
        )
    if fraction == 1:
        return rows
    kept = np.random.default_rng(seed).permutation(len(rows))[: max(1, round(len(rows) * fraction))]
    return [rows[i] for i in sorted(kept)]


def _row(line: str, place: str) -> Row:
    """:raises DataError: the line is no row."""
    expected = "expected source, article, question, context (text) and answers [{text, start}]"
    try:
        fields = json.loads(line)
        answers = tuple((answer["text"], answer["start"]) for answer in fields["answers"])
        row = Row(fields["source"], fields["article"], fields["question"], fields["context"], answers)
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise DataError(f"{place}: no row ({type(error).__name__}: {error}); {expected}") from error
    texts = (row.source, row.article, row.question, row.context, *(text for text, _ in answers))
    if not all(isinstance(text, str) and text.strip() for text in texts) or any(type(at) is not int for _, at in answers):
        raise DataError(f"{place}: a field is empty or of another type; {expected}")
    for text, start in answers:
        if start < 0 or row.context[start : start + len(text)] != text:
            raise DataError(f"{place}: the context has no {text[:80]!r} at {start}; give the code point where it starts")
    return row
