"""`python -m qa settings`: the whole table, as it is in force."""

import json
from pathlib import Path

import pytest

from qa.cli import main
from qa.cli.terminal import MAX_WIDTH, Terminal, cells
from qa.settings import ENV_PREFIX, Settings

NAMES = [ENV_PREFIX + name.upper() for name in Settings.model_fields]


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("ARTICLE_QA_RATE", "5")
    monkeypatch.setenv("article_qa_burst", "120")  # the environment's word, which agrees with the default
    monkeypatch.setenv("ARTICLE_QA_TRUSTED_PROXIES", '["10.0.0.0/8", "::1"]')


def test_every_setting_is_listed_with_its_value_its_source_its_default_and_its_meaning(capsys):
    assert main(["settings"]) == 0
    told = capsys.readouterr().out
    assert [line.partition(" = ")[0] for line in told.splitlines() if line.startswith(ENV_PREFIX)] == NAMES
    assert told.startswith(f"{len(NAMES)} settings as they are now, 3 of them from the environment\n")
    assert "ARTICLE_QA_RATE = 5.0\n  from the environment, not the default 2.0\n  questions a second" in told
    assert "ARTICLE_QA_BURST = 120\n  from the environment\n" in told
    assert 'ARTICLE_QA_TRUSTED_PROXIES = ["10.0.0.0/8", "::1/128"]\n  from the environment, not the default []' in told
    assert "ARTICLE_QA_QUEUE = 64\n  questions that wait" in told
    unwrapped = " ".join(told.split())
    assert all(field.description in unwrapped for field in Settings.model_fields.values())
    assert max(map(len, told.splitlines())) <= 80


def test_on_a_terminal_names_stand_out_and_what_was_changed_is_coloured(monkeypatch, capsys):
    monkeypatch.setattr(Terminal, "of", lambda _: Terminal(styled=True, coloured=True))
    assert main(["settings"]) == 0
    told = capsys.readouterr().out
    assert "\x1b[1mARTICLE_QA_RATE\x1b[0m = \x1b[33m5.0\x1b[0m" in told
    assert "\x1b[1mARTICLE_QA_QUEUE\x1b[0m = 64\n" in told


def test_as_json_it_is_the_same_table_and_nothing_else(capsys):
    assert main(["settings", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["settings"]
    assert [row["name"] for row in rows] == NAMES
    assert all(set(row) == {"name", "value", "default", "source", "meaning"} for row in rows)
    found = {row["name"]: row for row in rows}
    assert (found["ARTICLE_QA_RATE"]["value"], found["ARTICLE_QA_RATE"]["default"]) == (5.0, 2.0)
    assert {name for name, row in found.items() if row["source"] == "environment"} == {
        "ARTICLE_QA_RATE",
        "ARTICLE_QA_BURST",
        "ARTICLE_QA_TRUSTED_PROXIES",
    }
    assert found["ARTICLE_QA_ENCODER"]["value"] is None
    assert [Path(path).name for path in found["ARTICLE_QA_ARTICLES"]["value"]] == ["article.md"]


def test_what_stands_in_the_environment_cannot_write_to_the_terminal(monkeypatch, capsys):
    monkeypatch.setenv("ARTICLE_QA_READER", "a\x1b[2Jb")
    assert main(["settings"]) == 0
    assert "ARTICLE_QA_READER = a␛[2Jb" in capsys.readouterr().out


def test_a_wrong_setting_is_told_in_one_line_instead(monkeypatch, capsys):
    monkeypatch.setenv("ARTICLE_QA_QUEUE", "many")
    assert main(["settings"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and "ARTICLE_QA_QUEUE='many'" in err


@pytest.mark.parametrize("columns", ["20", "200"])
def test_lines_fit_terminals_of_other_widths(monkeypatch, capsys, columns):
    monkeypatch.setenv("COLUMNS", columns)
    assert main(["settings"]) == 0
    meanings = [line for line in capsys.readouterr().out.splitlines() if line.startswith("  ")]
    assert max(map(cells, meanings)) <= (32 if columns == "20" else MAX_WIDTH)
