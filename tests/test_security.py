"""SECURITY.md's claims: the tests that it names exist, its defaults are the program's, its figures those that were kept."""

import ast
import json
import re
from pathlib import Path

from qa.settings import ENV_PREFIX, Settings
from tests.stress.promises import BEGIN, END, FIGURES, SECURITY, block

ROOT = Path(__file__).parent.parent
TEXT = SECURITY.read_text(encoding="utf-8")
NAMED = re.findall(r"`([\w/]+\.py)::(\w+)`", TEXT)


def functions_of(path: Path) -> set[str]:
    nodes = ast.parse(path.read_text(encoding="utf-8")).body if path.exists() else []
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_promise_names_tests_and_every_named_test_exists() -> None:
    assert [f"{file}::{test}" for file, test in NAMED if test not in functions_of(ROOT / "tests" / file)] == []
    promises = TEXT.split("## What is promised")[1].split("## Under stress")[0]
    rows = [row for row in re.findall(r"^\| (.*) \|$", promises, flags=re.MULTILINE) if not row.startswith("promise |")]
    assert len(rows) > 30
    assert [row for row in rows if "::test_" not in row.rpartition(" | ")[2]] == []


def test_the_defaults_are_the_programs() -> None:
    table = TEXT.split("## Defaults")[1]
    told = dict(re.findall(r"^\| `(ARTICLE_QA_\w+)` \| `(.*?)` \|$", table, flags=re.MULTILINE))
    fields = {name: Settings.model_fields[name.removeprefix(ENV_PREFIX).lower()] for name in told}
    values = {name: field.get_default(call_default_factory=True) for name, field in fields.items()}
    assert len(told) >= 20
    assert told == {
        name: "none" if value is None else json.dumps(list(value)) if isinstance(value, tuple) else str(value)
        for name, value in values.items()
    }


def test_the_figures_are_those_that_the_long_runs_left() -> None:
    """`python -m tests.stress --report` writes both; nobody types a number."""
    written = TEXT[TEXT.index(BEGIN) : TEXT.index(END) + len(END)]
    kept = json.loads(FIGURES.read_text(encoding="utf-8"))
    assert written == block(kept)
    assert kept["headlines"].keys() >= {"load", "processes", "layouts", "faults", "fuzz", "soak"}
    assert not kept["run"]["short"]


def test_every_file_that_it_links_to_is_there() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", TEXT)
    assert links and [link for link in links if not (ROOT / link).exists()] == []
