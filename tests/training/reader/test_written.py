"""The written rows: on their contexts, with their answers, and nothing of a file that is damaged."""

import gzip
from pathlib import Path

import pytest

from index.errors import DataError
from qa.evaluation.datasets import load_data
from qa.training.reader.rows import Row
from qa.training.reader.written import WRITTEN_FILE, written_rows
from tests.training.reader.toy import CONTEXTS, ROWS, write_written


def test_rows_take_their_contexts_from_the_training_file_or_bring_them(tmp_path: Path) -> None:
    mayor = "The mayor, Ada Roe, resigned."
    own = Row("written", "news", "Who gave up office?", mayor, (("Ada Roe", 11),))
    alone = [
        Row("written", "qed/a", "fish, which day", CONTEXTS[2], (("Friday", CONTEXTS[2].index("Friday")),)),
        Row("written", "qed/a", "Who sells fish?", CONTEXTS[2], ()),
        own,
    ]
    assert written_rows(ROWS, write_written(tmp_path)) == (alone, [])
    assert written_rows((), write_written(tmp_path)) == ([own], [])


def test_a_conversation_gives_whole_questions_and_follow_ups_behind_what_was_said(tmp_path: Path) -> None:
    passage = "The mayor, Ada Roe, resigned on Friday over a bridge."
    talk = [
        ["Who gave up office?", "Ada Roe", ""],
        ["how old is she", None, "How old is Ada Roe?"],
        ["and when?", "Friday", "When did Ada Roe resign?"],
        ["Why?", "over a bridge", "Why did Ada Roe resign?"],
    ]
    alone, talks = written_rows(
        (), write_written(tmp_path, {"article": "a", "passage": passage, "rows": [], "talk": talk})
    )
    assert [(row.question, [text for text, _ in row.answers]) for row in alone] == [
        (full or question, [answer] if answer else []) for question, answer, full in talk
    ]
    assert [(row.question, row.answers) for row in talks] == [
        ("Who gave up office? | Ada Roe | how old is she", ()),
        ("Who gave up office? | Ada Roe | How old is Ada Roe? | unknown | and when?", (("Friday", 32),)),
        ("how old is she | unknown | and when? | Friday | Why?", (("over a bridge", 39),)),
    ]


def test_a_file_that_cannot_be_used_is_refused(tmp_path: Path) -> None:
    wrong = write_written(tmp_path, {"article": "a", "passage": "It rained.", "rows": [["When?", "Friday"]]})
    with pytest.raises(DataError, match="line 1: the passage has no 'Friday'"):
        written_rows((), wrong)
    good = write_written(tmp_path).read_bytes()
    for content in (b"no gzip", good[:-9], gzip.compress(b"{}\n"), gzip.compress(b"{")):
        wrong.write_bytes(content)
        with pytest.raises(DataError, match="fetch it again"):
            written_rows((), wrong)


def test_the_shipped_rows_are_of_both_kinds_and_answered_in_their_passages() -> None:
    rows, talks = written_rows(())
    assert len(rows) > 1_000
    assert len(talks) > 1_000
    assert all(" | " in talk.question for talk in talks)
    assert 0.3 < sum(not row.answers for row in rows) / len(rows) < 0.7
    for row in (*rows, *talks):
        assert row.question.strip()
        for text, start in row.answers:
            assert row.context[start : start + len(text)] == text


def test_the_texts_held_back_are_whole_and_not_trained_on() -> None:
    held = load_data([str(WRITTEN_FILE.with_name("written_dev.json.gz"))])
    assert sum(question.answerable for question in held.questions) > 1_000
    assert sum(not question.answerable for question in held.questions) > 500
    texts = {paragraph for article in held.articles for paragraph in article.text.split("\n\n")}
    rows, talks = written_rows(())
    assert not texts & {row.context for row in (*rows, *talks)}
