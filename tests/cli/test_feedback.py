"""`python -m qa feedback`: from votes to a run of `evaluate`, and the author's report."""

import json
import shutil
from pathlib import Path

import pytest

from index.article import Article
from qa.cli import main
from qa.feedback.store import Asked, Ballot, count_asked, count_vote, open_to_write, transaction
from tests.cli.test_commands import complaint
from tests.conftest import ROOT
from tests.qa.test_feedback import NOW

MARS = "When could humans first land on Mars?"
OTHER = "Who won the football match?"
IN_VAIN = "How much \x1b[31mmoney does he have?"


@pytest.fixture
def home(tmp_path: Path, seed_article: Article, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an article and what its readers thought of their answers; it is the current one."""
    shutil.copy(ROOT / "seeds" / "article.md", tmp_path / "article.md")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ARTICLE_QA_ARTICLES", "article.md")
    monkeypatch.setenv("ARTICLE_QA_FEEDBACK", "feedback.db")
    sha256, words = seed_article.sha256, "as early as 2029"
    refused = [Asked("article", sha256, question, "no_answer") for question in (OTHER, IN_VAIN, IN_VAIN)]
    connection = open_to_write(tmp_path / "feedback.db")
    with transaction(connection):
        for asked in (Asked("article", sha256, MARS, "answer", words, seed_article.text.index(words)), *refused):
            count_asked(connection, asked, NOW)
        for question in (MARS, OTHER):
            assert count_vote(connection, Ballot(sha256, question, "up"))
    connection.close()
    return tmp_path


def test_what_votes_settle_is_exported_and_evaluated(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["feedback", "export", "--out", "feedback.jsonl"]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "2 questions, 1 of them not answered by the article, in feedback.jsonl",
        "left out: 1 question without a vote",
    ]
    assert main(["evaluate", "feedback.jsonl", "--out", "run"]) == 0
    metrics = json.loads((home / "run" / "metrics.json").read_text())
    assert (metrics["n"], metrics["n_answerable"], metrics["hit@1"]) == (2, 1, 1)


def test_without_a_file_the_rows_go_to_stdout_as_seen_from_here(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["feedback", "export"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["question"], row["article"], len(row["answers"])) for row in rows] == [
        (MARS, "article.md", 1),
        (OTHER, "article.md", 0),
    ]


@pytest.mark.usefixtures("home")
def test_the_report_tells_what_was_asked_in_vain(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["feedback", "report"]) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert lines[:2] == [
        "article",
        "3 questions, asked 4 times from 2026-11-23 to 2026-11-23; answered 1, refused 3; 2 votes up, 0 down",
    ]
    assert lines[3] == "Asked, and not answered by the article"
    assert lines[4].startswith("2 × How much") and lines[4].endswith("money does he have?")
    assert "\x1b" not in "".join(lines)
    assert lines[5] == f"1 × {OTHER} (1 up)"


@pytest.mark.usefixtures("home")
def test_a_shorter_report_says_what_it_leaves_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["feedback", "report", "--top", "1"]) == 0
    out = capsys.readouterr().out
    assert OTHER not in out
    assert "1 more; --top shows them" in out


@pytest.mark.usefixtures("home")
def test_the_report_as_json_holds_all_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["feedback", "report", "--json", "--top", "1"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["articles"]
    assert [group["question"] for group in found["unanswered"]] == [IN_VAIN, OTHER]
    assert found["article_id"] == "article"


@pytest.mark.parametrize("command", ["export", "report"])
def test_no_file_to_read_is_told_in_one_line(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ARTICLE_QA_FEEDBACK", raising=False)
    assert "name one with --feedback FILE, or in ARTICLE_QA_FEEDBACK" in complaint(["feedback", command], capsys)
    gone = str(tmp_path / "gone.db")
    assert "gone.db: there is no" in complaint(["feedback", command, "--feedback", gone], capsys)


def test_a_command_that_is_missing_is_told_where_to_look(capsys: pytest.CaptureFixture[str]) -> None:
    assert complaint(["feedback"], capsys) == "Missing command; see python -m qa feedback --help"
