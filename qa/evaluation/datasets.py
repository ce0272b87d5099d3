"""Questions with gold answers, from files: SQuAD 1.1/2.0 JSON and JSONL, plain or gzipped, `-` for standard input.

Each SQuAD *article* becomes one document: its paragraphs' contexts, verbatim, joined by a blank line; every question is
asked of the whole document. A JSONL row names an article file beside it. No row is ever skipped: every row that cannot be
used is reported, all of them at once, and then nothing runs.
"""

import gzip
import hashlib
import json
import random
import sys
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from index.errors import DataError
from qa.evaluation.jsonl import read_jsonl
from qa.evaluation.questions import Collector, DataFile, Dataset
from qa.evaluation.squad_json import read_squad

STDIN = "-"

T = TypeVar("T")


def load_data(sources: Sequence[str]) -> Dataset:
    """All questions of `sources`, which are paths, or `-` for standard input.

    A gzipped file is known by its first bytes, SQuAD JSON by being one JSON value without a `question`; anything else is
    JSONL. An article file that several JSONL files name is one article; other articles whose titles or ids repeat are
    numbered from the second on. A question's id must occur once in all the files.

    :raises DataError: a file cannot be read, a row cannot be used (`problems` lists every one with its place and reason),
        or there is no question at all.
    """
    collector = Collector()
    files: list[DataFile] = []
    for source in sources:
        try:
            raw = _read(source, files)
            files.append(DataFile(source, hashlib.sha256(raw).hexdigest()))
            _read_questions(source, _decode(raw), collector)
        except DataError as error:
            collector.problem(source, str(error))
    if collector.problems:
        count = len(collector.problems)
        raise DataError(
            f"found {count} problem{'s' * (count != 1)} in the data; expected none; mend the rows named and run again",
            tuple(collector.problems),
        )
    if not collector.questions:
        raise DataError(
            f"found no question in {', '.join(sources) or 'no file'}; expected at least one; give another file"
        )
    return Dataset(tuple(collector.articles), tuple(collector.questions), tuple(files))


def sample(questions: Sequence[T], limit: int | None, seed: int) -> tuple[T, ...]:
    """A uniform sample of `limit` questions without repetition, in their order; all of them when there are no more.

    The same seed draws the same questions. Articles are not cut: whoever asks the sample asks the whole articles.

    :raises DataError: `limit` is less than one.
    """
    if limit is None or limit >= len(questions):
        return tuple(questions)
    if limit < 1:
        raise DataError(f"--limit {limit}: expected at least 1; leave it out to ask every question")
    rows = sorted(random.Random(seed).sample(range(len(questions)), limit))  # noqa: S311 (a sample, not a secret)
    return tuple(questions[row] for row in rows)


def _read_questions(source: str, text: str, collector: Collector) -> None:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        first = next((line for line in text.split("\n") if line.strip()), "")
        # A cut-off SQuAD file would else be reported once a line, as very odd JSONL.
        if source.removesuffix(".gz").endswith(".json") and not _is_json(first):
            raise DataError(f"found no JSON ({error}); expected SQuAD JSON, or one JSON object a line") from error
    else:
        if not (isinstance(document, dict) and "question" in document):
            read_squad(source, document, collector)
            return
    read_jsonl(source, text, Path() if source == STDIN else Path(source).parent, collector)


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _read(source: str, files: Iterable[DataFile]) -> bytes:
    if source == STDIN:
        if any(file.name == STDIN for file in files):
            raise DataError("standard input can be read once; name `-` once")
        return sys.stdin.buffer.read()
    path = Path(source)
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise DataError("there is no such file; give the path of a file of questions") from error
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror or error}") from error


def _decode(raw: bytes) -> str:
    if raw.startswith(b"\x1f\x8b"):
        try:
            raw = gzip.decompress(raw)
        except (OSError, EOFError, zlib.error) as error:
            raise DataError(f"found a damaged gzip file ({error}); make or fetch it again") from error
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"not UTF-8: found 0x{error.object[error.start]:02x} at byte {error.start}; save it again as UTF-8"
        ) from error
