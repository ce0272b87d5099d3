"""The written rows: on their contexts, with their answers, and nothing of a file that is damaged."""

import gzip
from pathlib import Path

import pytest

from index.errors import DataError
from qa.training.reader.rows import Row
from qa.training.reader.written import written_rows
from tests.training.reader.toy import CONTEXTS, ROWS, write_written


def test_rows_take_their_contexts_from_the_training_file_or_bring_them(tmp_path: Path) -> None:
    mayor = "The mayor, Ada Roe, resigned."
    own = Row("written", "news", "Who gave up office?", mayor, (("Ada Roe", 11),))
    assert written_rows(ROWS, write_written(tmp_path)) == [
        Row("written", "qed/a", "fish, which day", CONTEXTS[2], (("Friday", CONTEXTS[2].index("Friday")),)),
        Row("written", "qed/a", "Who sells fish?", CONTEXTS[2], ()),
        own,
    ]
    assert written_rows((), write_written(tmp_path)) == [own]


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
    rows = written_rows(())
    assert len(rows) > 1_000
    assert 0.3 < sum(not row.answers for row in rows) / len(rows) < 0.7
    for row in rows:
        assert row.question.strip()
        for text, start in row.answers:
            assert row.context[start : start + len(text)] == text
