"""Candidates: spans that the reader finds in training rows, right and wrong ones.

    python -m qa.training.verifier.candidates $QA_DATA runs/candidates

writes `candidates.jsonl.gz`, a JSON object a line: question, context, the span's start and end in it, and whether it answers.
"""

import argparse
import gzip
import json
import sys
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from index.errors import ArticleQAError, DataError
from index.sentences import split_sentences
from qa.evaluation.metrics import token_f1
from qa.evaluation.outcome import RIGHT_F1
from qa.reader import QUESTION_TOKENS, Reader, load_reader
from qa.spans import SentenceSpans
from qa.training.reader.__main__ import whole
from qa.training.reader.altered import altered_rows
from qa.training.reader.negatives import mine_negatives
from qa.training.reader.rows import Row, read_rows, train_file
from qa.training.reader.talks import followed_rows
from qa.training.reader.written import written_rows

CANDIDATES_FILE = "candidates.jsonl.gz"

HARD, ALTERED, FOLLOWED = 42_000, 26_000, 10_000
"""Hard negatives, altered rows and follow-ups made of neighbours, beside all other rows."""

SECOND, SECOND_OF_SILENT = 0.25, 0.1
"""Share of the rows of which the second sentence's span is a candidate, too: where the context answers; where it does not."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """`context[start:end]` as what answers a question, and whether it does."""

    question: str
    context: str
    start: int
    end: int
    right: bool


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    :returns: 0 when the candidates were written, 2 when they cannot be.
    """
    parser = argparse.ArgumentParser(prog="python -m qa.training.verifier.candidates", description=__doc__)
    parser.add_argument("data", type=Path, metavar="DATA", help="folder with train.jsonl.gz")
    parser.add_argument("out", type=Path, metavar="DIR", help="folder for candidates.jsonl.gz")
    parser.add_argument("--limit", type=whole(1), help="so many rows at most, a seeded sample")
    parser.add_argument("--seed", type=whole(0), default=5)
    given = parser.parse_args(arguments)
    try:
        write_candidates(given.data, given.out, given.limit, np.random.default_rng(given.seed))
    except (ArticleQAError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def write_candidates(data: Path, out: Path, limit: int | None, rng: np.random.Generator) -> None:
    """Write the candidates of a data folder's rows, or of so many, whole or not at all.

    :raises ArticleQAError: the data or the reader cannot be used.
    """
    rows = sampled_rows(read_rows(train_file(data)), limit, rng)
    reader = load_reader()
    out.mkdir(parents=True, exist_ok=True)
    path = out / CANDIDATES_FILE
    unfinished = path.with_suffix(".new")
    with gzip.open(unfinished, "wt", encoding="utf-8") as file:
        for row in tqdm(rows, unit="row", file=sys.stderr):
            for candidate in candidates(row, reader, rng):
                file.write(json.dumps(asdict(candidate), ensure_ascii=False) + "\n")
    unfinished.replace(path)


def sampled_rows(rows: list[Row], limit: int | None, rng: np.random.Generator) -> list[Row]:
    """The rows, the written ones, and rows made of both, in random order; at most `limit`."""
    alone, talks = written_rows(rows)
    all_rows = [*rows, *alone]
    hard = [
        Row(all_rows[number].source, "", all_rows[number].question, context, ())
        for number, context in mine_negatives(all_rows, rng)
    ]
    drawn = [(hard, HARD), (list(altered_rows(all_rows, rng)), ALTERED), (list(followed_rows(rows, rng)), FOLLOWED)]
    made = [found[place] for found, most in drawn for place in rng.permutation(len(found))[:most]]
    every = [*all_rows, *talks, *made]
    return [every[place] for place in rng.permutation(len(every))[:limit]]


def candidates(row: Row, reader: Reader, rng: np.random.Generator) -> Iterator[Candidate]:
    """The best span of the best sentence and, now and then, that of the second; where neither answers, an answer besides.

    Of a follow-up behind so much that a reader would not see all of it there are none.
    """
    if reader.count_tokens([row.question])[0] > QUESTION_TOKENS:
        return
    bounds = _sentences(row.context)
    found = SentenceSpans.unread(len(bounds))
    for reading in reader.read(row.question, [row.context]):
        found.take(reading, 0, bounds, np.arange(len(bounds)))
    golds = [text for text, _ in row.answers]
    best = [int(place) for place in np.argsort(-found.mass)[:2] if np.isfinite(found.best[place])]
    if rng.random() >= (SECOND if golds else SECOND_OF_SILENT):
        best = best[:1]
    right = False
    for place in best:
        start, end = map(int, found.spans[place])
        answers = bool(golds) and token_f1(golds, row.context[start:end]) >= RIGHT_F1
        right = right or answers
        yield Candidate(row.question, row.context, start, end, answers)
    if row.answers and not right:
        text, start = row.answers[0]
        yield Candidate(row.question, row.context, start, start + len(text), True)


def read_candidates(folder: Path) -> list[Candidate]:
    """The candidates in a folder.

    :raises DataError: there are none, or the file cannot be read.
    """
    path = folder / CANDIDATES_FILE
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            found = [_candidate(line) for line in lines]
    except (OSError, EOFError, zlib.error, ValueError, TypeError) as error:
        raise DataError(
            f"{path} cannot be read ({error}); make it with `python -m qa.training.verifier.candidates`"
        ) from error
    if not found:
        raise DataError(f"{path} has no candidates; make it with `python -m qa.training.verifier.candidates`")
    return found


def _candidate(line: str) -> Candidate:
    """:raises ValueError: the line is none."""
    one = Candidate(**json.loads(line))
    kinds = (one.question, str), (one.context, str), (one.start, int), (one.end, int), (one.right, bool)
    if not all(type(value) is kind for value, kind in kinds) or not 0 <= one.start < one.end <= len(one.context):
        raise ValueError(f"expected question, context, start, end and right, found {line.strip()[:80]!r}")
    return one


def sentences_of(context: str) -> list[tuple[int, int]]:
    """`[start, end)` of a context's sentences; the rows are English."""
    return split_sentences(context, 0, len(context), "en")


@lru_cache(maxsize=4_096)
def _sentences(context: str) -> NDArray[np.int64]:
    return np.array(sentences_of(context), dtype=np.int64).reshape(-1, 2)


if __name__ == "__main__":
    sys.exit(main())
