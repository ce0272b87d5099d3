"""The files of a run: each is written beside its place and renamed into it, so that none is ever seen half-written."""

import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from index.errors import DataError, SettingsError
from qa.evaluation.metrics import RANKING_DEPTH
from qa.evaluation.outcome import Outcome

PREDICTIONS = "predictions.jsonl"
ORACLE_PREDICTIONS = "oracle_predictions.jsonl"
ALONE_PREDICTIONS = "alone_predictions.jsonl"
METRICS = "metrics.json"
CONFIG = "config.json"
TIMINGS = "timings.json"
COMPARISON = "comparison.json"
RUN = "run.trec"
QRELS = "qrels.trec"
REPORT = "report.html"


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keeps other runs from writing into `folder` meanwhile; the system's lock on it ends with the process, however.

    :raises SettingsError: another run is writing into it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise SettingsError(f"another run is writing into {folder}; wait for it, or give another --out") from error
    finally:
        os.close(descriptor)


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8; at any moment `path` holds what it held before, or all of `text`.

    :raises OSError: it cannot be written; it names `path`, and leaves nothing beside it.
    """
    beside = path.with_name(f".{path.name}.new")
    try:
        with beside.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(path)) from error  # a full disk says not whose place it lacks


def write_json(path: Path, value: object) -> None:
    """:raises ValueError: there is a NaN or an infinity in `value`, which JSON does not have."""
    write_text(path, json.dumps(value, ensure_ascii=False, allow_nan=False, indent=1) + "\n")


def write_outcomes(path: Path, outcomes: Iterable[Outcome]) -> None:
    """A row a question."""
    write_text(path, "".join(f"{json_line(outcome.as_row())}\n" for outcome in outcomes))


def json_line(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False, allow_nan=False)


def read_outcomes(path: Path) -> list[Outcome]:
    """The rows that `write_outcomes` wrote.

    :raises DataError: the file is not there, or is not such a file.
    """
    return [Outcome.from_row(row, f"{path}:{number}") for number, row in enumerate(_rows(path), start=1)]


def read_json(path: Path) -> dict[str, Any]:
    """:raises DataError: the file is not there, or holds no JSON object."""
    return _object(_read(path), str(path))


def write_trec(directory: Path, outcomes: Sequence[Outcome]) -> None:
    """`run.trec` and `qrels.trec`, for trec_eval and its kin.

    A document is `ARTICLE:SENTENCE`, names percent-encoded, for the columns are parted by spaces. The score column counts
    down from the depth, because those programs sort by it and break ties by name. Unanswerable questions are in neither file.
    """
    run, qrels = [], []
    for outcome in outcomes:
        if not outcome.question.answerable:
            continue
        name, article = quote(outcome.question.id), quote(outcome.question.article_id)
        for rank, one in enumerate(outcome.ranked, start=1):
            home = article if one.article_id is None else quote(one.article_id)
            run.append(f"{name} Q0 {home}:{one.sentence_id} {rank} {RANKING_DEPTH + 1 - rank} article-qa\n")
        qrels += [f"{name} 0 {article}:{gold.id} 1\n" for gold in outcome.gold_sentences]
    write_text(directory / RUN, "".join(run))
    write_text(directory / QRELS, "".join(qrels))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read ({error}); expected a file of an earlier run; run that again") from error


def _rows(path: Path) -> list[dict[str, Any]]:
    # Not str.splitlines: a quote may hold U+2028, which JSON does not escape.
    lines = [line for line in _read(path).split("\n") if line]
    return [_object(line, f"{path}:{number}") for number, line in enumerate(lines, start=1)]


def _object(text: str, place: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise DataError(f"{place}: found no JSON ({error}); expected a file of an earlier run; run that again") from error
    if not isinstance(value, dict):
        raise DataError(f"{place}: found no JSON object; expected a file of an earlier run; run that again")
    return value
