"""How commands are called: help at once, every bad argument in one readable line, the exit status that was promised."""

import io
import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from index.generations import MANIFEST_NAME
from qa.cli import app, main
from qa.cli.ask import _json
from qa.settings import ENV_PREFIX, Settings
from tests.conftest import ROOT

COMMANDS = [command.callback.__name__ for command in app.registered_commands if command.callback]
COMMANDS += [str(group.typer_instance.info.name) for group in app.registered_groups if group.typer_instance]

# Typer writes its help out at once; what a command prints is still to be written when it ends.
_COMMAND_THAT_PRINTS = """
import sys
from qa.cli import app, main
app.command("say")(lambda: print("hello"))
sys.exit(main(["say"]))
"""
PRINTING = [["-m", "qa", "--help"], ["-c", _COMMAND_THAT_PRINTS]]


def run(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, env=environment, text=True, **options)  # type: ignore[call-overload, no-any-return]


def complaint(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What the command says on stderr, which must be one line; it must print nothing else and exit 2."""
    status = main(arguments)
    out, err = capsys.readouterr()
    assert (status, out) == (2, "")
    assert err.startswith("error: ")
    assert err.endswith("\n")
    assert err.count("\n") == 1
    return err.removeprefix("error: ").rstrip("\n")


@pytest.mark.parametrize("arguments", [["--help"], *([name, "--help"] for name in COMMANDS)])
def test_help_is_printed_without_importing_anything_heavy(arguments: list[str]) -> None:
    script = f"import sys; from qa.cli import main; print(main({arguments})); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    *help_text, status, modules = done.stdout.splitlines()
    assert help_text[0].startswith("Usage: python -m qa")
    assert status == "0"
    heavy = {"torch", "transformers", "sentence_transformers", "faiss", "numpy", "bm25s", "gradio", "fastapi", "sklearn"}
    assert not heavy & set(modules.split())
    if arguments == ["--help"]:
        assert not {"pydantic", "pydantic_settings", "tqdm"} & set(modules.split())


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    listing = capsys.readouterr().out.partition("Commands:")[2]
    assert [line.split()[0] for line in listing.strip().splitlines()] == COMMANDS
    assert "..." not in listing


def test_serve_help_tells_every_setting_and_the_options_agree(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    assert main(["serve", "--help"]) == 0
    options, _, environment = " ".join(capsys.readouterr().out.split()).partition("Environment:")
    for name, field in Settings.model_fields.items():
        assert f"{ENV_PREFIX}{name.upper()} {field.description} (default: " in environment
        if name in ("host", "port", "index"):
            assert f"{field.description} (default: {field.get_default(call_default_factory=True)})" in options
    assert 'or a JSON list of such (default: ["seeds/article.md"])' in environment
    assert "all-MiniLM-L6-v2 (default: none)" in environment


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Missing command; see python -m qa --help"),
        (["aks", "x"], "No such command 'aks'. Did you mean 'ask'?; see python -m qa --help"),
        (["ask"], "Missing argument 'QUESTION'; see python -m qa ask --help"),
        (["ask", "x", "--top-k"], "Option '--top-k' requires an argument; see python -m qa ask --help"),
        (["ask", "x", "--top-k", "0"], "--top-k 0: Input should be greater than or equal to 1"),
        (["ask", "-xyz"], "No such option: -x"),
        (["verify", "extra"], "unexpected extra; see python -m qa verify --help"),
        (["verify", "--indx", "x"], "No such option: --indx (Possible options: --index); see python -m qa verify --help"),
        (["build", "--index", "."], "holds other files"),
        (["build", "--index", "Makefile"], "Makefile is a file; expected a folder"),
        (
            ["ask", "x", "--index", "missing"],
            "there is no index in missing; build one: python -m qa build --index missing",
        ),
        (["verify", "--index", "missing"], "there is no index in missing; build one"),
        (["ask", "x\x1b[2J", "--index", "missing"], "The question holds the control character U+001B"),
        (["ask", "x", "--index", "miss\x1bing"], "there is no index in miss␛ing"),
    ],
)
def test_bad_arguments_get_one_readable_line(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    assert words in complaint(arguments, capsys)


def test_all_bad_arguments_are_told_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    said = complaint(["ask", "x", "--jsn", "--top-k", "50", "--articel=y"], capsys)
    assert said == (
        "No such option: --jsn (Possible options: --json); No such option: --articel (Possible options: --article); "
        "--top-k 50: Input should be less than or equal to 10; see python -m qa ask --help"
    )


def test_all_bad_articles_are_told_at_once(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "empty.md").touch()
    names = ["missing.md", "empty.md", "paper.pdf"]
    said = complaint(["build", *(str(tmp_path / name) for name in names), "--index", str(tmp_path / "i")], capsys)
    assert all(f"{tmp_path / name}: " in said for name in names)
    assert not (tmp_path / "i").exists()


def test_question_and_article_are_checked_together_before_a_model_is_loaded(
    capsys: pytest.CaptureFixture[str], index_dir: Path
) -> None:
    said = complaint(["ask", " ", "--article", "mars", "--index", str(index_dir)], capsys)
    assert said == (
        f"The question is empty. Type a question about the article; there is no article 'mars' in {index_dir}; "
        "it holds: article, moon"
    )


def test_a_bad_setting_is_told_by_its_name(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARTICLE_QA_PORT", "seven")
    assert "ARTICLE_QA_PORT='seven'" in complaint(["serve"], capsys)


def test_a_damaged_manifest_fails_verification(capsys: pytest.CaptureFixture[str], index_dir: Path) -> None:
    manifest = index_dir / MANIFEST_NAME
    manifest.write_bytes(manifest.read_bytes()[:-20])
    assert main(["verify", "--index", str(index_dir)]) == 1
    out, err = capsys.readouterr()
    assert "manifest.json was cut or altered" in out
    assert err == ""


def test_serve_tells_at_once_that_its_port_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        said = complaint(["serve", "--port", str(other.getsockname()[1])], capsys)
    assert "in use" in said
    assert "--port" in said


@pytest.mark.parametrize("command", PRINTING)
def test_an_unwritable_output_is_told_in_a_line(command: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = run(*command, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 2
    assert done.stderr == "error: output: No space left on device; free or choose another place and run it again\n"


@pytest.mark.parametrize("command", PRINTING)
def test_a_reader_that_goes_away_is_no_error(command: list[str]) -> None:
    with subprocess.Popen(["true"], stdin=subprocess.PIPE) as gone:
        gone.wait()
        done = run(*command, stdout=gone.stdin, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (141, "")


def test_an_interrupted_command_ends_quietly(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("qa.startup.refuse_changed", interrupted)
    assert main(["ask", "x"]) == 130
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(("encoding", "shown"), [("utf-8", "é\\u009b"), ("ascii", "\\u00e9\\u009b")])
def test_json_is_true_to_the_text_and_safe_to_print(encoding: str, shown: str) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    text = _json({"quote": "é\x9b\x1b\u202e"}, stream)
    assert text == f'{{"quote": "{shown}\\u001b\\u202e"}}'
    assert json.loads(text) == {"quote": "é\x9b\x1b\u202e"}


def test_a_checkout_elsewhere_serves_help(tmp_path: Path) -> None:
    """`python -m qa` needs nothing but the code: no index, no working directory of its own, no HOME."""
    for name in ("qa", "index"):
        shutil.copytree(
            ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("built", "__pycache__", ".mypy_cache")
        )
    done = subprocess.run(
        [sys.executable, "-m", "qa", "ask", "--help"], cwd=tmp_path, env={}, capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith("Usage: python -m qa ask")
