"""`python -m qa.training.reader`: from data to a model folder, or one line that says why not."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import Timer

import pytest
from tokenizers import Tokenizer
from transformers import BertForQuestionAnswering

from qa.evaluation.files import alone
from qa.training.reader import recipe
from qa.training.reader.__main__ import main
from tests.conftest import ROOT
from tests.training.reader.toy import write_data


@pytest.mark.usefixtures("toy_scale")
def test_one_command_goes_from_data_to_a_model(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert main([str(data), "--written", "", "--out", str(out), "--epochs", "2", "--threads", "1"]) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    log = (out / "train.log").read_text()
    for words in ("'epochs': 2.0", "making the examples of 6 rows", "loss", "decay begins", "final model in"):
        assert words in log
        assert words in captured.err
    model = BertForQuestionAnswering.from_pretrained(out / "final")
    assert model.config.num_hidden_layers == 2
    assert Tokenizer.from_file(str(out / "final" / "tokenizer.json")).get_vocab_size() == model.config.vocab_size
    assert not list(out.glob("*.new*"))
    assert main([str(data), "--written", "", "--out", str(out), "--epochs", "2", "--threads", "1", "--resume"]) == 0


@pytest.mark.usefixtures("toy_scale")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_leaves_a_checkpoint_to_resume_from(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    out, before = tmp_path / "out", signal.getsignal(number)
    command = [str(data), "--written", "", "--out", str(out), "--threads", "1"]
    monkeypatch.setattr(recipe, "LOG_STEPS", 1)
    timer = Timer(0.2, os.kill, (os.getpid(), number))
    monkeypatch.setattr("qa.training.reader.run.Trainer.run", _starting(timer))
    assert main([*command, "--epochs", "1e5"]) == 1
    monkeypatch.undo()
    assert signal.getsignal(number) == before
    assert len(list(out.glob("step-*.safetensors"))) == 1
    assert not (out / "final").exists()
    assert "go on with --resume" in (out / "train.log").read_text().splitlines()[-1]


def _starting(timer: Timer) -> object:
    from qa.training.reader.trainer import Trainer

    run = Trainer.run

    def starting(self: Trainer) -> bool:
        timer.start()
        return run(self)

    return starting


def test_bad_input_is_one_line_and_exit_2(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "out")
    malformed = write_data(tmp_path / "malformed", ["{"])
    (tmp_path / "file").write_text("")
    for arguments, said in (
        ([str(tmp_path / "none"), "--out", out], "is no folder with a train.jsonl.gz; give"),
        ([str(malformed), "--out", out], "train.jsonl.gz line 1: no row"),
        ([str(data), "--out", out, "--until", "25:00"], "expected HH:MM"),
        ([str(data), "--out", out, "--fraction", "2"], "--fraction 2.0"),
        ([str(data), "--out", out, "--resume"], "leave --resume out"),
        ([str(data), "--out", out, "--resume-from", "none.safetensors"], "none.safetensors is no checkpoint"),
        ([str(data), "--out", str(tmp_path / "file")], "File exists"),
    ):
        assert main(arguments) == 2
        lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
        assert len(lines) == 1
        assert said in lines[0]
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    "arguments",
    [("--epochs", "0"), ("--epochs", "nan"), ("--threads", "0"), ("--seed", "-1"), ("--until", "23:00", "--epochs", "1")],
)
def test_arguments_that_mean_nothing_are_refused(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    with pytest.raises(SystemExit) as left:
        main([str(data), "--written", "", "--out", str(tmp_path / "out"), *arguments])
    assert left.value.code == 2
    assert arguments[0] in capsys.readouterr().err


def test_two_runs_do_not_share_a_folder(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with alone(tmp_path / "out"):
        assert main([str(data), "--written", "", "--out", str(tmp_path / "out")]) == 2
    assert "another run is writing into" in capsys.readouterr().err


def test_the_module_is_a_program(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "qa.training.reader", str(tmp_path), "--out", str(tmp_path / "out")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        f"error: {tmp_path} has no train.jsonl.gz; give the folder that holds it and dev/"
    ]
    assert not (tmp_path / "out").exists()
