"""The feedback file: an SQLite database in WAL mode with one table, a row for each question, article and outcome.

Several processes may write to one file. Deleted rows are overwritten with zeros, so what is past its time is gone from the
file, not only from the table.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

from index.errors import FeedbackError
from qa.answer import Answer
from qa.conversation import leans

Vote = Literal["up", "down", "none"]
Outcome = Literal["answer", "no_answer"]

PATIENCE: Final = 5.0
"""Seconds that a write waits for another process to finish its own."""

APPLICATION: Final = 0x41514642  # "AQFB": tells this file from any other program's database
VERSION: Final = 1

UNUSABLE: Final = (sqlite3.Error, UnicodeError)
"""What SQLite raises over a file that it cannot use: where damage has got into its own message, Python cannot decode that."""

_TABLE: Final = """
CREATE TABLE asked (
    article_id TEXT NOT NULL,
    article_sha256 TEXT NOT NULL,
    question TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('answer', 'no_answer')),
    answer TEXT NOT NULL,
    start INTEGER NOT NULL,
    count INTEGER NOT NULL,
    up INTEGER NOT NULL DEFAULT 0,
    down INTEGER NOT NULL DEFAULT 0,
    first_asked TEXT NOT NULL,
    last_asked TEXT NOT NULL,
    UNIQUE (question, article_sha256, outcome, start, answer)
)
"""
TO_THE_MINUTE: Final = "%Y-%m-%dT%H:%MZ"
"""How times are written, in UTC: so written, they sort by their age."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and what it got: `answer` are the article's words at `start`, "" and -1 for a refusal."""

    article_id: str
    article_sha256: str
    question: str
    outcome: Outcome
    answer: str = ""
    start: int = -1


@dataclass(frozen=True, slots=True)
class Ballot:
    """A vote on what a question got last, of the article with this hash, or of any.

    `replaces` is the same reader's earlier vote, which it takes the place of; `vote` is "none" to take that one back.
    """

    article_sha256: str | None
    question: str
    vote: Vote
    replaces: Vote = "none"


def asked_of(answer: Answer) -> Asked | None:
    """What is kept of an answer; None of a greeting or an overview, which answer nothing, and of a follow-up without turns
    before it, which means nothing.

    The question is the one that was understood. A refusal counts for the article of the nearest sentence: where all articles
    were asked, that one does not say either.
    """
    if answer.interpreted_as is None and leans(answer.question):
        return None
    question = one_line(answer.interpreted_as or answer.question)
    if answer.kind == "answer" and answer.answer is not None:
        cited = answer.citations[0]
        words = answer.answer
        return Asked(cited.article_id, cited.article_sha256, question, "answer", words.text, words.start)
    if answer.kind == "no_answer" and answer.nearest:
        nearest = answer.nearest[0]
        return Asked(nearest.article_id, nearest.article_sha256, question, "no_answer")
    return None


def one_line(question: str) -> str:
    """The question with its white space folded: asked with another line break it is no other question."""
    return " ".join(question.split())


def open_to_write(path: Path) -> sqlite3.Connection:
    """The feedback file at `path`, made if there is none: only its owner may read it. For one thread.

    :raises FeedbackError: it cannot be written, is damaged, or is another program's.
    """
    with _told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)
        try:
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("PRAGMA synchronous = FULL")  # whatever this SQLite was built with: see `transaction`
            if connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
                connection.execute("PRAGMA journal_mode = WAL")
            with transaction(connection):
                if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                    connection.execute(_TABLE)
                    connection.execute(f"PRAGMA application_id = {APPLICATION}")
                    connection.execute(f"PRAGMA user_version = {VERSION}")
            _refuse_foreign(connection, path)
        except BaseException:
            connection.close()
            raise
        return connection


@contextmanager
def opened_to_read(path: Path) -> Iterator[sqlite3.Connection]:
    """The feedback file at `path`, which nothing is written to.

    :raises FeedbackError: there is none, or it is damaged or another program's; also while it is read.
    """
    if not path.is_file():
        raise FeedbackError(
            f"{path}: there is no feedback file; a server makes one when ARTICLE_QA_FEEDBACK names it and it is asked"
        )
    with (
        _told(path),
        closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", timeout=PATIENCE, uri=True)) as connection,
    ):
        _refuse_foreign(connection, path)
        yield connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of it is written, and on the disk at the end, or none."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if connection.in_transaction:  # a full disk has ended it already
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def count_asked(connection: sqlite3.Connection, asked: Asked, now: datetime) -> None:
    """Add one to how often this was asked."""
    minute = now.astimezone(UTC).strftime(TO_THE_MINUTE)
    connection.execute(
        "INSERT INTO asked (article_id, article_sha256, question, outcome, answer, start, count, first_asked, last_asked)"
        " VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?) ON CONFLICT DO UPDATE SET count = count + 1,"
        " last_asked = max(last_asked, excluded.last_asked)",  # a clock that stands at 1970 makes no old row of a new one
        (
            asked.article_id,
            asked.article_sha256,
            asked.question,
            asked.outcome,
            asked.answer,
            asked.start,
            minute,
            minute,
        ),
    )


def count_vote(connection: sqlite3.Connection, ballot: Ballot) -> bool:
    """Count a vote on what the question got last; False when the question has not been asked of this article."""
    found = connection.execute(
        "SELECT rowid FROM asked WHERE question = ? AND article_sha256 = coalesce(?, article_sha256)"
        " ORDER BY last_asked DESC, rowid DESC LIMIT 1",
        (ballot.question, ballot.article_sha256),
    ).fetchone()
    if found is None:
        return False
    for vote, change in ((ballot.replaces, -1), (ballot.vote, 1)):
        if vote != "none":
            # `vote` is one of two columns' names
            connection.execute(f"UPDATE asked SET {vote} = max(0, {vote} + ?) WHERE rowid = ?", (change, found[0]))  # noqa: S608 (no client's text)
    return True


def _refuse_foreign(connection: sqlite3.Connection, path: Path) -> None:
    application, version = (
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")
    )
    if application != APPLICATION:
        raise FeedbackError(f"{path}: found another program's database; expected a feedback file; name another file")
    if version != VERSION:
        raise FeedbackError(
            f"{path}: found a feedback file of version {version}; expected {VERSION}; name another file, or use the program"
            " that wrote it"
        )


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """What SQLite and the system say about a file, as one line."""
    try:
        yield
    except UNUSABLE as error:
        raise FeedbackError(
            f"{path}: the feedback file cannot be used ({error}); free or move it, or name another in ARTICLE_QA_FEEDBACK"
        ) from error
    except OSError as error:
        raise FeedbackError(
            f"{path}: the feedback file cannot be used ({error.strerror or error}); make its folder writable, or name"
            " another in ARTICLE_QA_FEEDBACK"
        ) from error
