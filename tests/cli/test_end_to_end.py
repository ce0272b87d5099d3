"""The commands with the real model, from an article's file to a cited answer.

The model is loaded once for all tests here that run in this process; one test starts `python -m qa` as a person does.
"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from index.encoder import Encoder
from qa.cli import main
from tests.conftest import ROOT

ANSWERED = "When could humans first land on Mars?"
UNANSWERED = "What is the capital of France?"


@pytest.fixture
def shared_encoder(real_encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands get the one real encoder of the session instead of each loading it anew."""
    for module in ("index.encoder", "qa.pipeline"):
        monkeypatch.setattr(f"{module}.load_encoder", lambda name=None: real_encoder)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, real_encoder: Encoder) -> Path:
    """An index that `build` made of the seed article, copied together with its questions."""
    home = tmp_path_factory.mktemp("project")
    for name in ("article.md", "questions.jsonl"):
        shutil.copy(ROOT / "seeds" / name, home / name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("index.encoder.load_encoder", lambda name=None: real_encoder)
        assert main(["build", str(home / "article.md"), "--index", str(home / "index")]) == 0
    return home / "index"


@pytest.mark.usefixtures("shared_encoder")
def test_build_says_what_it_built_and_what_to_do_next(
    built: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(built.parent)
    assert main(["build", "--index", "index"]) == 0  # without an article: those that it was built from
    out, err = capsys.readouterr()
    first, changed, then = out.splitlines()
    assert re.fullmatch(r"0 added, 0 changed, 0 removed, 1 unchanged; 0 of \d+ texts embedded", changed)
    assert first.startswith("index: 1 article, ")
    assert first.endswith(" sentences, from article.md")
    assert then.startswith("Now ask: python -m qa ask '")
    assert then.endswith("' --index index")
    assert err == ""


@pytest.mark.usefixtures("shared_encoder")
def test_a_built_index_is_sound(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "--index", str(built)]) == 0
    assert "is sound: 1 article" in capsys.readouterr().out


@pytest.mark.usefixtures("shared_encoder")
def test_ask_quotes_and_cites(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", *ANSWERED.split(), "--index", str(built)]) == 0
    out, err = capsys.readouterr()
    assert "  The article says" in out
    assert "2029" in out.partition("┃")[0]  # the words that answer, by themselves
    assert "┃ In a post on X, Musk said human landings could take place as early as 2029" in out
    assert "· The Jerusalem Post · passage" in out
    assert err == ""


@pytest.mark.usefixtures("shared_encoder")
def test_a_refusal_is_an_answer(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", UNANSWERED, "--index", str(built)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("  The article does not say.")
    assert "none of which is an answer" in out


@pytest.mark.usefixtures("shared_encoder")
def test_an_edited_article_is_neither_quoted_nor_passed(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = shutil.copytree(built.parent, built.parent.parent / "edited", dirs_exist_ok=True)
    article = home / "article.md"
    article.write_text(article.read_text(encoding="utf-8").replace("2029", "2039"), encoding="utf-8")
    index = home / "index"
    assert main(["ask", ANSWERED, "--index", str(index)]) == 2
    mend = f"article.md has changed since; rebuild it: python -m qa build --index {index}"
    assert mend in capsys.readouterr().err
    assert main(["verify", "--index", str(index)]) == 1
    assert mend in capsys.readouterr().out
    assert main(["build", "--index", str(index)]) == 0
    assert main(["ask", ANSWERED, "--index", str(index)]) == 0
    assert "as early as 2039" in capsys.readouterr().out


def test_ask_as_a_person_or_a_program_starts_it(built: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "qa", "ask", ANSWERED, "--json", "--top-k", "1", "--index", str(built)],
        cwd=ROOT,
        env={"PYTHONIOENCODING": "ascii", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    assert done.stdout.count("\n") == 1
    (citation,) = answer["citations"]
    text = (built.parent / "article.md").read_text(encoding="utf-8").partition("\n---\n")[2]
    assert text[citation["start"] : citation["end"]] == citation["quote"]
    assert "2029" in citation["quote"]
    (span,) = citation["spans"]
    assert "2029" in answer["answer"]["text"] == text[span["start"] : span["end"]] != citation["quote"]
