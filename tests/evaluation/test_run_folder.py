"""The folder of a run: written by one run at a time, of one state of the articles, figures never beside other rows."""

import fcntl
import json
import os
from pathlib import Path

import pytest

from index.errors import SettingsError
from qa.evaluation import files
from qa.evaluation.options import Options
from qa.evaluation.run import evaluate
from tests.toy import ToyEncoder

TEXT = "Ice was found near the south pole by a probe.\n\nA cafe opened on the rim of the crater in the year after it."


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "moon.md").write_text(TEXT)
    rows = [
        {
            "id": f"q{n}",
            "question": question,
            "article": "moon.md",
            "answers": [{"text": text, "start": TEXT.index(text)}],
        }
        for n, (question, text) in enumerate(
            [("Where was ice found?", "near the south pole"), ("What opened?", "A cafe")]
        )
    ]
    path = tmp_path / "moon.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows))
    return path


def _options(data: Path, **changes: object) -> Options:
    chosen = {"data": (str(data),), "out": data.parent / "out"}
    return Options(**(chosen | changes))  # type: ignore[arg-type]


def test_an_article_that_changed_makes_another_run(data: Path) -> None:
    first = evaluate(_options(data), encoder=ToyEncoder())
    (data.parent / "moon.md").write_text(TEXT + "\n\nNobody came to it.")
    second = evaluate(_options(data, out=data.parent / "after", baseline=data.parent / "out"), encoder=ToyEncoder())
    assert first.config["data"] == second.config["data"]
    assert first.config["articles"] != second.config["articles"]
    assert second.comparison is not None
    assert any("articles" in name for name in second.comparison.settings)


def test_a_second_run_into_the_same_folder_is_refused_at_once(data: Path) -> None:
    out = data.parent / "out"
    out.mkdir()
    descriptor = os.open(out, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    with pytest.raises(SettingsError, match="another run"):
        evaluate(_options(data), encoder=ToyEncoder())
    os.close(descriptor)
    assert evaluate(_options(data), encoder=ToyEncoder()).metrics["n"] == 2


def test_when_writing_stops_midway_no_figures_are_left_beside_other_rows(data: Path) -> None:
    out = data.parent / "out"
    evaluate(_options(data), encoder=ToyEncoder())
    (out / files.CONFIG).unlink()
    (out / files.CONFIG).mkdir()  # what a file cannot be renamed onto
    with pytest.raises(OSError):
        evaluate(_options(data, limit=1), encoder=ToyEncoder())
    assert not (out / files.METRICS).exists()
    assert not (out / files.REPORT).exists()


def test_junit_may_lie_in_the_new_folder(data: Path) -> None:
    out = data.parent / "new"
    evaluate(_options(data, out=out, junit=out / "junit.xml"), encoder=ToyEncoder())
    assert (out / "junit.xml").read_text().startswith("<?xml")


@pytest.mark.parametrize("key", ["port=9", "articles=/nope.md", "host=x", "nothing=1"])
def test_only_settings_that_change_an_evaluation_can_be_set(key: str) -> None:
    from qa.evaluation.config import parse_settings

    with pytest.raises(SettingsError, match=r"KEY one of .*depth"):
        parse_settings([key])
    assert parse_settings(["depth=5", "coverage=0"]).depth == 5
