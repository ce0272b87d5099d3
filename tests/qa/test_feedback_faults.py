"""Feedback under faults: killed under writes, on a full disk, damaged, with a clock that jumps. A confirmed vote is kept, the
file is never corrupt, and no answer waits for any of it.
"""

import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from index.errors import FeedbackError
from qa.feedback.forgetting import purge
from qa.feedback.reading import answered_questions, read_rows
from qa.feedback.store import open_to_write
from qa.feedback.writer import FeedbackWriter
from tests.conftest import ROOT
from tests.disks import filled, read_only, small_disk
from tests.qa.test_feedback import NOW, SHA, answer, asked, write
from tests.qa.test_feedback_writer import UP

VOTE_ON = """
import sys
from pathlib import Path
from qa.feedback.writer import FeedbackWriter
from tests.qa.test_feedback import answer
from tests.qa.test_feedback_writer import UP
writer = FeedbackWriter(Path(sys.argv[1]), 90)
while True:
    writer.record(answer())
    assert writer.vote(UP).result(60)
    print("confirmed", flush=True)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "feedback.db"


def integrity(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        return str(connection.execute("PRAGMA integrity_check").fetchone()[0])


def confirmed_until_killed(path: Path, most: int) -> int:
    """Votes that were confirmed by a process that is killed at its next ones."""
    command = [sys.executable, "-c", VOTE_ON, str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(most)]
        process.kill()
        lines += process.stdout.read().splitlines()
    assert process.returncode == -signal.SIGKILL
    return sum(line.startswith("confirmed") for line in lines)


def test_every_confirmed_vote_survives_kills_under_writes(path: Path) -> None:
    choose, confirmed = random.Random(6), 0
    for _ in range(4):
        confirmed += confirmed_until_killed(path, choose.randint(1, 60))
        assert integrity(path) == "ok"
        (row,) = read_rows(path)
        assert row.up >= confirmed  # more, where it was killed between the disk and the confirmation
    assert row.up <= confirmed + 4


def test_what_is_confirmed_is_on_the_disk_and_not_only_with_the_system(path: Path) -> None:
    with closing(open_to_write(path)) as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL: the log is synced at every commit
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_full_disk_refuses_votes_costs_no_answer_and_loses_nothing_confirmed(tmp_path: Path, caplog) -> None:
    with small_disk(tmp_path / "disk", 512) as disk:
        writer = FeedbackWriter(disk / "feedback.db", 90)
        writer.record(answer())
        assert writer.vote(UP).result(30)
        with filled(disk):
            for number in range(40):
                writer.record(answer(question=f"What {number}?" + "x" * 500))
            with pytest.raises(FeedbackError, match=r"cannot be (?:used|written)"):
                for _ in range(200):  # what the log beside the file has room for is confirmed, and kept
                    writer.vote(UP).result(30)
                    writer.record(answer(question="x" * 900))
            ups = {row.question: row.up for row in read_rows(disk / "feedback.db")}["What was found?"]
            assert ups >= 1
        assert writer.vote(UP).result(30)
        writer.close()
        assert {row.question: row.up for row in read_rows(disk / "feedback.db")}["What was found?"] == ups + 1
        assert integrity(disk / "feedback.db") == "ok"
    assert "questions go on being answered" in caplog.text


def test_a_read_only_folder_refuses_votes_and_costs_no_answer(path: Path, caplog) -> None:
    write(path, asked("What was found?"))
    with read_only(path.parent):
        writer = FeedbackWriter(path, 90)
        writer.record(answer())
        with pytest.raises(FeedbackError):
            writer.vote(UP).result(30)
        writer.close()
    assert "questions go on being answered" in caplog.text
    assert [row.count for row in read_rows(path)] == [1]


def damaged(content: bytes, choose: random.Random) -> bytes:
    """The file with a few bytes changed, cut, or with a stretch of nothing."""
    changed = bytearray(content)
    how = choose.randrange(3)
    if how == 0:
        for _ in range(choose.randint(1, 20)):
            changed[choose.randrange(len(changed))] ^= choose.randint(1, 255)
    elif how == 1:
        del changed[choose.randrange(len(changed)) :]
    else:
        at = choose.randrange(len(changed))
        changed[at : at + 512] = bytes(len(changed[at : at + 512]))
    return bytes(changed)


def each_damage(path: Path, use: Callable[[], None], times: int = 40) -> None:
    write(path, *[asked(f"What {number}?") for number in range(60)], asked("What was found?"))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    whole, choose = path.read_bytes(), random.Random(7)
    for _ in range(times):
        for beside in path.parent.glob(f"{path.name}-*"):
            beside.unlink()
        path.write_bytes(damaged(whole, choose))
        use()


def test_a_damaged_file_costs_no_answer_and_a_vote_is_kept_or_refused(path: Path) -> None:
    def use() -> None:
        writer = FeedbackWriter(path, 90)
        writer.record(answer())
        voted = writer.vote(UP)
        assert voted.exception(30) is None or isinstance(voted.exception(), FeedbackError)
        writer.close()
        assert not writer._thread.is_alive()

    each_damage(path, use)


def test_a_damaged_file_stops_no_build_and_is_told_in_a_line_where_it_is_read(path: Path, caplog) -> None:
    def use() -> None:
        assert all(isinstance(question, str) for question in answered_questions(path, SHA))
        try:
            read_rows(path)
        except FeedbackError as error:
            assert "\n" not in str(error)

    each_damage(path, use)
    assert "feedback" in caplog.text


def looks(path: Path, first: datetime, *after: timedelta) -> int:
    """How many rows are forgotten where the clock is `first` and then so much later, each time in a program of its own."""
    forgotten = 0
    for moment in (first, *(first + later for later in after)):
        with closing(open_to_write(path)) as connection:
            forgotten += purge(connection, 90, moment)
    return forgotten


DAY = timedelta(days=1)


def test_a_clock_that_stands_in_the_past_makes_no_old_question_of_one_that_is_asked_again(path: Path) -> None:
    write(path, asked("What was found?"), UP, now=NOW)
    write(path, asked("What was found?"), now=datetime(1970, 1, 1, tzinfo=UTC))
    assert looks(path, NOW, DAY) == 0
    assert [(row.count, row.up) for row in read_rows(path)] == [(2, 1)]


def test_a_clock_that_stood_in_the_future_keeps_no_question_longer_than_promised(path: Path) -> None:
    write(path, asked("What was found?"), now=NOW + timedelta(days=9_999))
    days = [number * DAY for number in range(1, 92)]
    assert looks(path, NOW, *days) == 0
    assert looks(path, NOW + 92 * DAY) == 1
    assert read_rows(path) == []


@pytest.mark.parametrize("leap", [91 * DAY, 9_999 * DAY, -20_000 * DAY])
@pytest.mark.parametrize("times", [1, 3])
def test_a_clock_that_leaps_forgets_nothing_while_it_is_wrong_nor_once_it_is_right_again(path, leap, times) -> None:
    write(path, asked("What was found?"), UP, now=NOW - 80 * DAY)
    write(path, asked("Where was it found?"), now=NOW - 3 * DAY)
    before = read_rows(path)
    assert looks(path, NOW - 2 * DAY, DAY, 2 * DAY) == 0
    for _ in range(times):  # as where it starts wrong each time that the machine does
        assert looks(path, NOW + leap, timedelta(minutes=1), timedelta(hours=23)) == 0
        assert looks(path, NOW + DAY, timedelta(hours=1)) == 0
    assert looks(path, NOW + 2 * DAY, DAY) == 0
    assert read_rows(path) == before


def test_a_server_that_was_off_for_long_forgets_once_its_clock_has_gone_on_for_a_day(path: Path) -> None:
    write(path, asked("What was found?"), now=NOW)
    assert looks(path, NOW, DAY, 200 * DAY, 200 * DAY + timedelta(hours=23)) == 0
    assert looks(path, NOW + 201 * DAY) == 1


def test_a_clock_that_ran_ahead_until_it_was_believed_forgets_again_a_day_after_it_was_set_right(path: Path) -> None:
    assert looks(path, NOW + 9_999 * DAY, DAY, 2 * DAY) == 0
    write(path, asked("What was found?"), now=NOW)
    assert looks(path, NOW, *(number * DAY for number in range(1, 91))) == 0
    assert looks(path, NOW + 91 * DAY) == 1


@pytest.mark.parametrize("days_between", [1, 7, 45])
def test_a_server_that_runs_for_an_hour_now_and_then_forgets_as_well(path: Path, days_between: int) -> None:
    write(path, asked("What was found?"), now=NOW)
    every = [number * DAY for number in range(0, 91, days_between)]
    assert looks(path, NOW, *every) == 0
    assert looks(path, NOW + 91 * DAY) == 1


def test_a_folder_in_place_of_the_file_costs_no_answer(path: Path, caplog) -> None:
    path.mkdir()
    writer = FeedbackWriter(path, 90)
    writer.record(answer())
    with pytest.raises(FeedbackError):
        writer.vote(UP).result(30)
    writer.close()
    assert "questions go on being answered" in caplog.text
