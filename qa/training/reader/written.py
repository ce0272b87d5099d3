"""Rows written for the project, beside those of the data folder: what readers of an article ask and public sets lack.

Questions in other words than the passage's, questions in its words that it does not answer, keywords, fragments, and
conversations; on passages of the training file, which are named by their SHA-256, and on texts invented for the purpose, news
above all. A language model wrote them, not a script; no development or test set was seen by it.
"""

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from index.errors import DataError
from qa.followup.history import with_history
from qa.training.reader.rows import Row

WRITTEN_FILE = Path(__file__).with_name("written.jsonl.gz")

SOURCE = "written"


def passage_digest(context: str) -> str:
    """How a passage of the training file is named."""
    return sha256(context.encode()).hexdigest()[:12]


def written_rows(rows: Iterable[Row], path: Path = WRITTEN_FILE) -> tuple[list[Row], list[Row]]:
    """The written rows on the contexts of `rows` and on invented passages, and the follow-ups among them, behind the turns
    before; what is on other contexts is left out.

    A line of the file is a passage: `{"article", "passage"}` with its text or `{"sha256"}` of a context; with `rows`, pairs
    of question and answer, null where the passage does not say; and `talk`, the turns of a conversation: question, answer,
    and the question in full words, "" where it is so already. An answer's `start` is its first occurrence.

    :raises DataError: the file cannot be read, or an answer is not in its passage.
    """
    known = {passage_digest(row.context): (f"{row.source}/{row.article}", row.context) for row in rows}
    alone: list[Row] = []
    talks: list[Row] = []
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                passage, place = json.loads(line), f"{path.name} line {number}"
                turns = passage.get("talk", ())
                whole = [(full or question, answer) for question, answer, full in turns]
                alone += _of_passage(passage, [*passage["rows"], *whole], known, place)
                behind = [
                    (with_history(question, _told(turns, position)), answer)
                    for position, (question, answer, _) in enumerate(turns)
                    if position
                ]
                talks += _of_passage(passage, behind, known, place)
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path} cannot be read ({type(error).__name__}: {error}); fetch it again") from error
    return alone, talks


def _told(turns: Sequence[Sequence[str | None]], position: int) -> list[tuple[str, str | None]]:
    """The turns before a follow-up: their questions in full words; before the fourth, the seventh .. turn as they were
    typed.
    """
    typed = position % 3 == 0
    return [(str(question if typed else full or question), answer) for question, answer, full in turns[:position]]


def _of_passage(
    passage: Mapping[str, object],
    pairs: Iterable[tuple[str, str | None]],
    known: Mapping[str, tuple[str, str]],
    place: str,
) -> Iterator[Row]:
    """:raises DataError: an answer is not in the passage."""
    if "passage" in passage:
        article, context = str(passage["article"]), str(passage["passage"])
    else:
        article, context = known.get(str(passage["sha256"]), ("", ""))
    for question, answer in pairs if context else ():
        if answer is not None and answer not in context:
            raise DataError(f"{place}: the passage has no {answer[:80]!r}; give its exact words")
        answers = () if answer is None else ((answer, context.index(answer)),)
        yield Row(SOURCE, article, question, context, answers)
