"""`python -m qa evaluate` as it is typed: the exit status, what is printed, and one line for what cannot be used."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from qa.cli import main
from tests.conftest import ROOT
from tests.evaluation.toy_run import DATA, run


def complaint(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What the command says on stderr; it must exit 2 and print nothing else."""
    status = main(["evaluate", *arguments])
    out, err = capsys.readouterr()
    assert (status, out) == (2, "")
    assert err.startswith("error: ")
    assert "Traceback" not in err
    return err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], ["Missing argument 'DATA ...'", "Missing option '--out'"]),
        (["{data}"], ["Missing option '--out'"]),
        (["{data}", "--out", "{out}", "--limit", "0"], ["--limit 0"]),
        (["{data}", "--out", "{out}", "--seed", "-1"], ["--seed -1"]),
        (["{data}", "--out", "{out}", "--sede", "1"], ["--sede"]),
        (["{out}.json", "--out", "{out}"], ["found 1 problem in the data", "no such file"]),
        (["{data}", "--out", "{out}", "--fail-under", "f2=1"], ["--fail-under f2=1: there is no metric 'f2'"]),
        (["{data}", "--out", "{out}", "--fail-drop", "f1=.1"], ["--fail-drop compares", "--baseline"]),
        (["{data}", "--out", "{out}", "--baseline", "{out}"], ["predictions.jsonl cannot be read"]),
        (
            [
                "{data}",
                "--out",
                "{out}",
                "--fail-under",
                "f1",
                "--fail-drop",
                "f1=-1",
                "--set",
                "depht=2",
                "--set",
                "coverage=x",
            ],
            [
                "--fail-under f1: expected",
                "--fail-drop f1=-1: expected",
                "--set depht=2: expected KEY=VALUE, KEY one of index",
            ],
        ),
        (["{data}", "--out", "{out}", "--set", "coverage=many"], ["COVERAGE='many'"]),
        (["{data}", "--out", "{out}", "--set", "articles=x.md"], ["--set articles=x.md: expected KEY=VALUE"]),
        (["{data}", "--out", "{data}"], ["small.json is a file; expected a folder"]),
        (["{data}", "--out", "{out}", "--junit", "{out}/a/b.xml"], ["b.xml cannot be written"]),
    ],
)
def test_what_cannot_be_used_is_told_at_once(
    arguments: list[str], words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    places = {"data": str(DATA), "out": str(tmp_path / "out")}
    told = complaint([argument.format(**places) for argument in arguments], capsys)
    assert [word for word in words if word not in told] == []
    assert not (tmp_path / "out").exists()


def test_every_bad_row_is_told_with_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "tea.md").write_text("Tea came to Europe in 1610.\n", encoding="utf-8")
    rows = [
        {"id": str(n), "question": "Where?", "article": "tea", "answers": [{"text": "Asia", "start": n}]}
        for n in range(30)
    ]
    path = tmp_path / "bad.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    told = complaint([str(path), "--out", str(tmp_path / "out")], capsys)
    assert "found 30 problems in the data" in told
    assert [f"bad.jsonl:{number}: answer 'Asia'" in told for number in range(1, 31)] == [True] * 30


def test_a_baseline_of_other_questions_or_another_version_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path / "base")
    seeds = str(ROOT / "seeds" / "questions.jsonl")
    told = complaint([seeds, "--out", str(tmp_path / "out"), "--baseline", str(tmp_path / "base")], capsys)
    assert "no question in common" in told
    rows = (tmp_path / "base" / "predictions.jsonl").read_text(encoding="utf-8").split("\n")
    for damaged, words in (("{}", "KeyError"), ("[]", "no JSON object"), ("{", "found no JSON")):
        (tmp_path / "base" / "predictions.jsonl").write_text("\n".join([rows[0], damaged]), encoding="utf-8")
        told = complaint([str(DATA), "--out", str(tmp_path / "out"), "--baseline", str(tmp_path / "base")], capsys)
        assert "predictions.jsonl:2: " in told
        assert words in told
    (tmp_path / "base" / "predictions.jsonl").write_text("", encoding="utf-8")
    told = complaint([str(DATA), "--out", str(tmp_path / "out"), "--baseline", str(tmp_path / "base")], capsys)
    assert "holds no question" in told


def test_a_run_with_the_real_models_prints_a_table_and_its_gates(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    arguments = [str(ROOT / "seeds" / "questions.jsonl"), str(DATA), "--limit", "20", "--seed", "3", "--out", str(out)]
    status = main(
        ["evaluate", *arguments, "--fail-under", "hit@1=.5", "--fail-under", "ece=0", "--junit", str(tmp_path / "j")]
    )
    printed = capsys.readouterr().out
    metrics = json.loads((out / "metrics.json").read_text())
    assert status == 1
    assert printed.startswith("20 questions (")
    assert f"{metrics['hit@1']:.3f}" in next(line for line in printed.splitlines() if line.split()[:1] == ["hit@1"])
    assert "held:   hit@1 is" in printed
    assert "FAILED: ece is" in printed
    assert metrics["citation_exact"] == 1
    names = {"metrics.json", "predictions.jsonl", "run.trec", "qrels.trec", "config.json", "timings.json", "report.html"}
    assert {path.name for path in out.iterdir()} == names
    assert (tmp_path / "j").exists()
    assert "--limit 20 --seed 3" in (out / "report.html").read_text(encoding="utf-8")


def test_questions_come_from_standard_input_too(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "qa", "evaluate", "-", "--out", str(tmp_path / "out"), "--limit", "3"]
    done = subprocess.run(
        command, cwd=ROOT, input=DATA.read_text(encoding="utf-8"), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("3 questions (")
    assert done.stderr == ""  # no bar where there is no terminal
