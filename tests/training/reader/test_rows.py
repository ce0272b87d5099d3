"""Reading a training file: every row, or one line that says what is wrong."""

import gzip
import json
from pathlib import Path

import pytest

from index.errors import DataError, SettingsError
from qa.training.reader.rows import read_rows, sample_rows, train_file
from tests.training.reader.toy import ROWS, as_fields, write_data

GOOD = as_fields(ROWS[0])


def test_rows_come_back_in_order(data: Path) -> None:
    assert tuple(read_rows(train_file(data))) == ROWS


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "no row"),
        ("[]", "no row"),
        (json.dumps({key: value for key, value in GOOD.items() if key != "answers"}), "answers"),
        (json.dumps(GOOD | {"answers": [{"text": "Jane Marsh"}]}), "start"),
        (json.dumps(GOOD | {"answers": [{"text": "Jane Marsh", "start": "41"}]}), "another type"),
        (json.dumps(GOOD | {"answers": [{"text": "Jane Marsh", "start": 40}]}), "'Jane Marsh' at 40"),
        (json.dumps(GOOD | {"answers": [{"text": "1901", "start": -5}]}), "at -5"),
        (json.dumps(GOOD | {"question": " "}), "empty"),
        (json.dumps(GOOD | {"context": None}), "another type"),
    ],
)
def test_a_line_that_is_no_row_is_named(tmp_path: Path, line: str, said: str) -> None:
    folder = write_data(tmp_path / "data", [json.dumps(GOOD), "", line])
    with pytest.raises(DataError) as raised:
        read_rows(train_file(folder))
    assert "train.jsonl.gz line 3: " in str(raised.value)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_files_that_cannot_be_read_are_refused(data: Path) -> None:
    path = train_file(data)
    whole = path.read_bytes()
    for content in (whole[:-20], b"no gzip", gzip.compress(b"\xff\n"), gzip.compress(b"\n")):
        path.write_bytes(content)
        with pytest.raises(DataError, match="fetch it again"):
            read_rows(path)


def test_a_folder_without_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"has no train.jsonl.gz; give"):
        train_file(tmp_path)
    with pytest.raises(DataError, match="is no folder"):
        train_file(tmp_path / "none")


def test_a_sample_is_seeded_ordered_and_never_empty() -> None:
    rows = list(ROWS)
    half = sample_rows(rows, 0.5, seed=3)
    assert len(half) == 3
    assert half == sample_rows(rows, 0.5, seed=3)
    assert half == [row for row in rows if row in half]
    assert len({tuple(sample_rows(rows, 0.5, seed=seed)) for seed in range(9)}) > 1
    assert len(sample_rows(rows, 0.001, seed=3)) == 1
    assert sample_rows(rows, 1, seed=3) == rows


@pytest.mark.parametrize("fraction", [0.0, -1.0, 1.1, float("nan")])
def test_a_fraction_that_is_none_is_refused(fraction: float) -> None:
    with pytest.raises(SettingsError, match="--fraction"):
        sample_rows(list(ROWS), fraction, seed=1)
