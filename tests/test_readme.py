"""The README's claims, run: its settings, its commands, its terminal answer, its Python."""

import contextlib
import io
import json
import re
from pathlib import Path

import pytest

from index.store import Index
from qa.cli import app, main
from qa.evaluation.metrics import token_f1
from qa.evaluation.outcome import RIGHT_F1
from qa.pipeline import QAPipeline
from qa.settings import ENV_PREFIX, Settings, load_settings
from qa.startup import build_at, load_articles

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, flags=re.DOTALL)


def _block(language: str, containing: str) -> str:
    return next(text for kind, text in BLOCKS if kind == language and containing in text)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, real_index: Index, real_encoder: object) -> Path:
    directory = tmp_path_factory.mktemp("readme") / "built"
    path = ROOT / "seeds" / "article.md"
    build_at(load_settings(index=directory), [path], load_articles([path]), real_encoder)  # type: ignore[arg-type]
    return directory


def test_the_settings_are_those_of_the_program() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `(.*?)` \| (.*?) \|$", README, flags=re.MULTILINE)
    expected = []
    for name, field in Settings.model_fields.items():
        default = field.get_default(call_default_factory=True)
        if isinstance(default, tuple):
            default = json.dumps([str(path) for path in default])
        expected.append((ENV_PREFIX + name.upper(), "none" if default is None else str(default), field.description))
    assert rows == expected


def test_every_command_is_told_and_every_told_command_exists() -> None:
    told = set(re.findall(r"^python -m qa (\w+)", _block("text", "make run"), flags=re.MULTILINE)) | {"serve"}
    known = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    known |= {group.typer_instance.info.name for group in app.registered_groups if group.typer_instance}
    assert told == known


def test_the_terminal_answer_is_what_the_command_prints(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    block = _block("text", "$ .venv/bin/python -m qa ask")
    question = re.search(r'ask "(.*?)"', block)
    assert question is not None
    monkeypatch.setenv("COLUMNS", "80")
    printed = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")  # a terminal that can show what the README shows
    with contextlib.redirect_stdout(printed):
        assert main(["ask", question[1], "--index", str(built)]) == 0
    printed.seek(0)
    assert printed.read().strip() == block.split("\n", 1)[1].strip()


def test_the_python_example_runs(built: Path) -> None:
    code = _block("python", "QAPipeline").replace('"index/built"', repr(str(built)))
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "README.md", "exec"), {})  # the README's own text
    kind, quote = printed.getvalue().splitlines()
    assert kind == re.search(r"confidence_label\)  # (.*)", code)[1]  # type: ignore[index]
    assert quote.startswith("In a post on X, Musk said")


def test_the_seed_figures_are_those_of_the_program(real_index: Index, real_encoder: object) -> None:
    claimed = re.search(r"(\d+) of 40 answered right and (\d+) of 20 refused", " ".join(README.split()))
    assert claimed is not None
    rows = [json.loads(line) for line in (ROOT / "seeds" / "questions.jsonl").read_text().splitlines()]
    predictions = QAPipeline(real_index, real_encoder).predict([row["question"] for row in rows])  # type: ignore[arg-type]
    right = refused = 0
    for row, prediction in zip(rows, predictions, strict=True):
        gold = [answer["text"] for answer in row["answers"]]
        right += bool(gold) and prediction.answerable and token_f1(gold, prediction.best.text) >= RIGHT_F1
        refused += not gold and not prediction.answerable
    assert claimed.groups() == (str(right), str(refused))


def test_the_files_it_names_exist() -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / link).exists(), link
    listing = _block("text", "app.py                 the program")
    for line in listing.splitlines():
        if line.strip():
            assert (ROOT / line.split()[0]).exists(), line
