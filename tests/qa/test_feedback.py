"""The feedback file: what is kept and what is not, votes, forgetting, and what is suggested from it."""

import sqlite3
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from index.errors import FeedbackError
from qa.answer import Answer, AnswerText, Citation, Models, Span
from qa.feedback.forgetting import purge
from qa.feedback.reading import answered_questions, read_rows
from qa.feedback.store import (
    Asked,
    Ballot,
    asked_of,
    count_asked,
    count_vote,
    open_to_write,
    transaction,
)

NOW = datetime(2026, 11, 23, 8, 30, 59, tzinfo=UTC)
SHA = "a" * 64
TEXT = "Ice was found near the south pole."


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "feedback.db"


def citation(number: int | None) -> Citation:
    return Citation(number, "moon", SHA, "T", None, None, 0, 0, 0, len(TEXT), TEXT, "", "", (Span(0, 3),), 0.9)


def answer(kind: str = "answer", question: str = "What was found?", interpreted_as: str | None = None) -> Answer:
    found = kind == "answer"
    return Answer(
        kind=kind,  # type: ignore[arg-type]
        question=question,
        interpreted_as=interpreted_as,
        answerable=found,
        answer=AnswerText("Ice", 0, 3, "moon") if found else None,
        confidence=0.9,
        confidence_label="high",
        p_no_answer=0.1,
        citations=(citation(1),) if kind in ("answer", "overview") else (),
        nearest=(citation(None),) if kind == "no_answer" else (),
        models=Models("e", "r"),
    )


def asked(question: str, *, found: bool = True, sha: str = SHA) -> Asked:
    return Asked("moon", sha, question, "answer", "Ice", 0) if found else Asked("moon", sha, question, "no_answer")


def write(path: Path, *items: Asked | Ballot, now: datetime = NOW) -> None:
    connection = open_to_write(path)
    for item in items:
        with transaction(connection):
            if isinstance(item, Asked):
                count_asked(connection, item, now)
            else:
                assert count_vote(connection, item)
    connection.close()


def test_what_is_kept_of_an_answer_is_what_was_understood_and_what_it_got() -> None:
    followed = answer(question="And where?", interpreted_as="Where was  the\nice?")
    assert asked_of(followed) == Asked("moon", SHA, "Where was the ice?", "answer", "Ice", 0)
    assert asked_of(answer(question="And where?")) is None
    assert asked_of(answer(question="And where? → And when?")) is None
    row = "Where was the ice? → How deep was it?"
    for kept in (answer(question=row), answer(question="How deep was it?", interpreted_as=row)):
        assert asked_of(kept) == Asked("moon", SHA, row, "answer", "Ice", 0)
    assert asked_of(answer("no_answer")) == Asked("moon", SHA, "What was found?", "no_answer", "", -1)


@pytest.mark.parametrize("kind", ["overview", "help"])
def test_greetings_and_overviews_are_not_kept(kind: str) -> None:
    assert asked_of(answer(kind)) is None


def test_the_same_question_is_one_row_with_a_count_and_times_to_the_minute(path: Path) -> None:
    write(path, asked("What?"))
    write(path, asked("What?"), asked("What?", found=False), now=NOW + timedelta(days=1))
    first, second = read_rows(path)
    assert (first.question, first.outcome, first.answer, first.count) == ("What?", "answer", "Ice", 2)
    assert (first.first_asked, first.last_asked) == ("2026-11-23T08:30Z", "2026-11-24T08:30Z")
    assert (second.outcome, second.start, second.count) == ("no_answer", -1, 1)


def test_no_column_could_tell_who_asked(path: Path) -> None:
    write(path, asked("What?"))
    columns = {row[1] for row in sqlite3.connect(path).execute("PRAGMA table_info(asked)")}
    told = {"article_id", "article_sha256", "question", "outcome", "answer", "start"}
    assert columns == told | {"count", "up", "down", "first_asked", "last_asked"}


def test_a_vote_counts_for_what_the_question_got_last(path: Path) -> None:
    write(path, asked("What?"), asked("What?"))
    write(path, asked("What?", found=False), Ballot(SHA, "What?", "down"), now=NOW + timedelta(hours=1))
    votes = {row.outcome: (row.up, row.down) for row in read_rows(path)}
    assert votes == {"answer": (0, 0), "no_answer": (0, 1)}


def test_a_vote_that_names_no_article_counts_for_the_one_that_was_asked(path: Path) -> None:
    write(path, asked("What?", sha="b" * 64), Ballot(None, "What?", "up"))
    assert [row.up for row in read_rows(path)] == [1]


def test_a_vote_is_changed_and_taken_back_but_never_below_nothing(path: Path) -> None:
    write(path, asked("What?"), Ballot(SHA, "What?", "up"), Ballot(SHA, "What?", "down", "up"))
    assert [(row.up, row.down) for row in read_rows(path)] == [(0, 1)]
    write(path, Ballot(SHA, "What?", "none", "down"), Ballot(SHA, "What?", "none", "down"))
    assert [(row.up, row.down) for row in read_rows(path)] == [(0, 0)]


@pytest.mark.parametrize("ballot", [Ballot(SHA, "Who?", "up"), Ballot("b" * 64, "What?", "up")])
def test_a_vote_on_what_was_not_asked_counts_nothing(path: Path, ballot: Ballot) -> None:
    write(path, asked("What?"))
    assert not count_vote(open_to_write(path), ballot)
    assert [row.up for row in read_rows(path)] == [0]


def test_what_is_past_its_days_is_gone_from_the_disk_too(path: Path) -> None:
    write(path, asked("Where does the secret lie?"), now=NOW - timedelta(days=91))
    write(path, asked("What?"), now=NOW - timedelta(days=89))
    connection = open_to_write(path)
    purge(connection, 90, NOW - timedelta(days=1))
    assert purge(connection, 90, NOW) == 1
    assert [row.question for row in read_rows(path)] == ["What?"]
    held = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert b"What?" in held and b"secret" not in held


def test_beyond_the_most_rows_the_longest_unasked_go_first_and_voted_ones_last(path: Path) -> None:
    write(path, asked("voted"), Ballot(SHA, "voted", "down"))
    for hour, question in enumerate(("old", "older still asked", "new"), start=1):
        write(path, asked(question), now=NOW + timedelta(hours=hour))
    write(path, asked("older still asked"), now=NOW + timedelta(hours=9))
    assert purge(open_to_write(path), 90, NOW, most=3) == 1
    assert {row.question for row in read_rows(path)} == {"voted", "older still asked", "new"}


def test_only_its_owner_may_read_the_file(path: Path) -> None:
    write(path, asked("What?"))
    assert [stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()] == [0o600]


def test_two_connections_may_write_in_turn(path: Path) -> None:
    one, other = open_to_write(path), open_to_write(path)
    assert one.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    for connection in (one, other, one):
        with transaction(connection):
            count_asked(connection, asked("What?"), NOW)
    assert [row.count for row in read_rows(path)] == [3]


def test_a_transaction_that_fails_writes_nothing(path: Path) -> None:
    connection = open_to_write(path)
    with pytest.raises(ZeroDivisionError), transaction(connection):
        count_asked(connection, asked("What?"), NOW)
        _ = 1 / 0
    assert read_rows(path) == []


def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(path: Path) -> None:
    path.write_text("precious notes " * 99)
    for attempt in (open_to_write, read_rows):
        with pytest.raises(
            FeedbackError, match=r"feedback.db: the feedback file cannot be used .*file is not a database"
        ):
            attempt(path)
    assert path.read_text() == "precious notes " * 99


def test_another_programs_database_is_refused_and_left_as_it_is(path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE asked (precious)")
    other.close()
    for attempt in (open_to_write, read_rows):
        with pytest.raises(FeedbackError, match="another program's database; expected a feedback file"):
            attempt(path)
    assert list(sqlite3.connect(path).execute("SELECT name FROM sqlite_master")) == [("asked",)]


def test_a_file_of_a_later_version_is_refused(path: Path) -> None:
    write(path, asked("What?"))
    with sqlite3.connect(path) as later:
        later.execute("PRAGMA user_version = 2")
    later.close()
    with pytest.raises(FeedbackError, match="version 2; expected 1"):
        read_rows(path)


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FeedbackError, match=r"cannot be used .*; make its folder writable, or name another"):
        open_to_write(tmp_path / "file" / "feedback.db")


def test_reading_where_there_is_none_is_told_with_the_setting_that_makes_one(path: Path) -> None:
    with pytest.raises(FeedbackError, match=r"there is no feedback file; .* ARTICLE_QA_FEEDBACK"):
        read_rows(path)
    assert not path.exists()


def test_questions_asked_twice_or_voted_up_are_suggested_the_most_asked_first(path: Path) -> None:
    write(path, *[asked("Where is the ice?")] * 2, *[asked("Who found it near the pole?")] * 3, asked("Once only?"))
    write(path, asked("Liked at once?"), Ballot(SHA, "Liked at once?", "up"))
    expected = ["Who found it near the pole?", "Where is the ice?", "Liked at once?"]
    assert answered_questions(path, SHA) == expected
    assert answered_questions(path, "b" * 64) == []


def test_a_question_refused_or_disliked_in_any_wording_is_not_suggested(path: Path) -> None:
    write(path, *[asked("Where is the ice?")] * 5, asked("where is ICE"), Ballot(SHA, "where is ICE", "down"))
    write(path, *[asked("Who owns it, the Moon?", found=False)] * 5)
    write(path, *[asked("How old is the ice?")] * 3)
    write(path, asked("How old is the ice?", found=False), now=NOW + timedelta(hours=1))  # by a later model
    assert answered_questions(path, SHA) == []


def test_of_questions_in_nearly_the_same_words_the_most_asked_is_suggested(path: Path) -> None:
    write(path, *[asked("where's the ICE")] * 2, *[asked("Where is the ice?")] * 3, *[asked("When was ice found?")] * 2)
    assert answered_questions(path, SHA) == ["Where is the ice?", "When was ice found?"]


@pytest.mark.parametrize(
    "question",
    [
        "Is jane.doe@example.org in it?",
        "Does @jane say so?",
        "Is https://example.org/x right?",
        "What of www.example.test today?",
        "Is example.com right?",
        "Is 0170 123 4567 his number?",
        "Who is 123456789?",
    ],
)
def test_what_may_tell_of_somebody_is_not_suggested(path: Path, question: str) -> None:
    write(path, *[asked(question)] * 3, *[asked("What happened in 2029 or 2031?")] * 2)
    assert answered_questions(path, SHA) == ["What happened in 2029 or 2031?"]


def test_a_damaged_file_suggests_nothing_and_says_so(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert answered_questions(path, SHA) == []
    assert caplog.text == ""
    path.write_text("precious notes " * 99)
    assert answered_questions(path, SHA) == []
    assert "no reader's question is suggested" in caplog.text
