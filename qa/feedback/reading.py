"""What is read from the feedback file: its rows, and the questions in it that are worth suggesting to others."""

import logging
import re
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from index.errors import FeedbackError
from index.lexical import terms
from qa.feedback.store import Outcome, opened_to_read

_COLUMNS: Final = "article_id, article_sha256, question, outcome, answer, start, count, up, down, first_asked, last_asked"

_PRIVATE: Final = re.compile(
    r"@\w"  # an e-mail address, or a handle
    r"|\w+://|\bwww\.|\b[\w-]+\.(?:com|org|net|io|co|edu|gov|info)\b"
    r"|(?:\d[ ().-]{0,2}){6}",  # a telephone, card or account number: six digits or more
    re.IGNORECASE,
)

_WORD: Final = re.compile(r"\w+")
_ASKING: Final = frozenset(
    ("who", "whom", "whose", "what", "which", "when", "where", "why", "how", "many", "much", "not", "no")
)
"""Words that the index's stop words leave out, and that turn one question into another."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the file: a question, what it got, how often it was asked and its votes; times as `2026-11-23T08:30Z`."""

    article_id: str
    article_sha256: str
    question: str
    outcome: Outcome
    answer: str
    start: int
    count: int
    up: int
    down: int
    first_asked: str
    last_asked: str


def read_rows(path: Path) -> list[Row]:
    """Every row, the most asked first, then the latest asked.

    :raises FeedbackError: there is no such file, or it cannot be used.
    """
    with opened_to_read(path) as connection:
        return _rows(connection, "", ())


def texts_asked(path: Path) -> set[str]:
    """The SHA-256 of each article's text that anything was asked of; none where the file cannot be read, and a log line."""
    if not path.is_file():
        return set()
    try:
        with opened_to_read(path) as connection:
            return {str(sha256) for (sha256,) in connection.execute("SELECT DISTINCT article_sha256 FROM asked")}
    except FeedbackError as error:
        _log.warning("%s; no reader's question is suggested", error)
        return set()


def answered_questions(path: Path, article_sha256: str) -> list[str]:
    """Questions that readers asked of this very text and got answered, the most asked first; for suggesting them to others.

    Each was asked twice at least, or voted up; none of it was ever voted down, and none was refused when last asked. Those
    that hold an e-mail or web address or six digits and more are left out: they may tell of somebody. Of those that differ
    in small words, case and signs only, the most asked one is given. A file that cannot be read gives none, and a log line.
    """
    if not path.is_file():
        return []
    try:
        with opened_to_read(path) as connection:
            rows = _rows(connection, "WHERE article_sha256 = ?", (article_sha256,))
    except FeedbackError as error:
        _log.warning("%s; no reader's question is suggested", error)
        return []
    disliked = {key(row.question) for row in rows if row.down}
    latest: dict[str, Row] = {}
    for row in sorted(rows, key=lambda row: row.last_asked):
        latest[row.question] = row
    found: dict[tuple[str, ...], str] = {}
    for row in rows:
        wanted = row.outcome == "answer" and (row.count > 1 or row.up) and latest[row.question].outcome == "answer"
        if wanted and key(row.question) not in disliked and not _PRIVATE.search(row.question):
            found.setdefault(key(row.question), row.question)
    return list(found.values())


def key(question: str) -> tuple[str, ...]:
    """What a question shares with others that ask the same in nearly the same words: its content words and those that say
    what is asked for, sorted; of a question without content words, every word.

    >>> key("Where is the ice?") == key("where's the ICE") != key("When is the ice?")
    True
    """
    words = _WORD.findall(question.casefold())
    content = terms(question)
    return tuple(sorted({*content, *(word for word in words if word in _ASKING)} if content else words))


def _rows(connection: sqlite3.Connection, where: str, values: tuple[str, ...]) -> list[Row]:
    query = f"SELECT {_COLUMNS} FROM asked {where} ORDER BY count DESC, last_asked DESC, rowid"  # noqa: S608 (no client's text)
    return [_row(values) for values in connection.execute(query, values)]


def _row(values: tuple[object, ...]) -> Row:
    """:raises sqlite3.DatabaseError: the values are of other types than were written: the file is damaged."""
    match values:
        case (
            str(article_id),
            str(sha256),
            str(question),
            "answer" | "no_answer" as outcome,
            str(answer),
            int(start),
            int(count),
            int(up),
            int(down),
            str(first),
            str(last),
        ):
            return Row(article_id, sha256, question, outcome, answer, start, count, up, down, first, last)
        case _:
            raise sqlite3.DatabaseError("a row is damaged")
