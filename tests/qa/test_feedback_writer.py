"""The thread that writes feedback: nothing waits for it, a confirmed vote survives a kill, a fault costs no answer."""

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from index.errors import FeedbackError
from qa.feedback import writer as module
from qa.feedback.forgetting import purge
from qa.feedback.reading import read_rows
from qa.feedback.store import Ballot, open_to_write
from qa.feedback.writer import FeedbackWriter
from tests.conftest import ROOT
from tests.qa.test_feedback import SHA, answer, asked, write

UP = Ballot(SHA, "What was found?", "up")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "feedback.db"


@pytest.fixture
def start(path: Path) -> Iterator[Callable[..., FeedbackWriter]]:
    writers: list[FeedbackWriter] = []

    def started(**how: object) -> FeedbackWriter:
        writers.append(FeedbackWriter(path, 90, **how))  # type: ignore[arg-type]
        return writers[-1]

    yield started
    for one in writers:
        one.close()


def test_what_was_asked_is_written_when_the_writer_closes(path: Path) -> None:
    writer = FeedbackWriter(path, 90)
    for kind in ("answer", "no_answer", "overview", "help", "answer"):
        writer.record(answer(kind))
    writer.close()
    assert {row.outcome: row.count for row in read_rows(path)} == {"answer": 2, "no_answer": 1}


def test_a_vote_waits_for_no_batch_and_brings_what_was_asked_before_it(start, path, monkeypatch) -> None:
    monkeypatch.setattr(module, "GATHER", 3_600)
    writer = start()
    writer.record(answer())
    assert writer.vote(UP).result(30) is True
    assert [(row.count, row.up) for row in read_rows(path)] == [(1, 1)]


def test_a_vote_on_what_was_not_asked_is_told(start) -> None:
    assert start().vote(UP).result(30) is False


def test_a_vote_that_comes_after_the_end_is_refused_at_once(start) -> None:
    writer = start()
    writer.record(answer())
    writer.close()
    with pytest.raises(FeedbackError, match="stopping"):
        writer.vote(UP).result(0)


VOTE_AND_DIE = """
import os, signal, sys
from pathlib import Path
from qa.feedback.writer import FeedbackWriter
from tests.qa.test_feedback import answer
from tests.qa.test_feedback_writer import UP
writer = FeedbackWriter(Path(sys.argv[1]), 90)
writer.record(answer())
assert writer.vote(UP).result(60)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_confirmed_vote_survives_a_kill(path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", VOTE_AND_DIE, str(path)], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    assert [(row.count, row.up) for row in read_rows(path)] == [(1, 1)]


def test_two_servers_share_a_file(start, path: Path) -> None:
    one, other = start(), start()
    one.record(answer())
    assert one.vote(UP).result(30)
    other.record(answer())
    assert other.vote(UP).result(30)
    assert [(row.count, row.up) for row in read_rows(path)] == [(2, 2)]


def test_what_is_past_its_days_is_forgotten_at_the_start(start, path: Path) -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    write(path, asked("old"), now=now - timedelta(days=91))
    write(path, asked("What was found?"), now=now)
    purge(open_to_write(path), 90, now - timedelta(days=1))  # the server ran the day before, too
    assert start(now=lambda: now).vote(UP).result(30)
    assert [row.question for row in read_rows(path)] == ["What was found?"]


def test_a_flood_of_questions_is_cut_down_before_the_day_is_over(start, path: Path, monkeypatch) -> None:
    monkeypatch.setattr(module, "PURGE_AFTER", 4)  # a question and its vote are two
    monkeypatch.setattr(module, "purge", partial(module.purge, most=3))
    writer = start()
    for number in range(10):
        writer.record(answer(question=f"Who built house {number}?"))
        assert writer.vote(Ballot(SHA, f"Who built house {number}?", "none")).result(30)
    assert "Who built house 9?" in {row.question for row in read_rows(path)}
    assert len(read_rows(path)) <= 5


def test_a_locked_file_costs_a_log_line_and_goes_on_once_free(start, path: Path, monkeypatch, caplog) -> None:
    monkeypatch.setattr("qa.feedback.store.PATIENCE", 0.05)
    writer = start()
    writer.record(answer())
    assert writer.vote(UP).result(30)
    other = open_to_write(path)
    other.execute("BEGIN IMMEDIATE")
    writer.record(answer())
    with pytest.raises(FeedbackError, match="locked"):
        writer.vote(UP).result(30)
    with pytest.raises(FeedbackError, match="locked"):
        writer.vote(UP).result(30)
    other.execute("ROLLBACK")
    writer.record(answer())
    assert writer.vote(UP).result(30)
    assert [(row.count, row.up) for row in read_rows(path)] == [(2, 2)]
    logged = [record.getMessage() for record in caplog.records]
    assert len([line for line in logged if "locked" in line and "questions go on being answered" in line]) <= 2
    assert any("written again; 1 questions were not kept" in line for line in logged)


def test_a_file_that_is_no_database_is_left_alone_and_logged_at_the_start(path: Path, caplog) -> None:
    path.parent.mkdir()
    path.write_text("precious notes " * 99)
    FeedbackWriter(path, 90).close()
    assert "feedback.db: the feedback file cannot be used" in caplog.text
    assert path.read_text() == "precious notes " * 99


def test_a_full_line_drops_questions_and_refuses_votes_at_once(start, path, monkeypatch) -> None:
    monkeypatch.setattr(module, "LINE", 2)
    monkeypatch.setattr("qa.feedback.store.PATIENCE", 60)
    write(path, asked("What was found?"))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    writer = start()
    for _ in range(9):
        writer.record(answer())
    with pytest.raises(FeedbackError, match="too much waits to be written"):
        writer.vote(UP).result(0)
    other.execute("ROLLBACK")
    other.close()
