"""Faults of the files beside the index, of runs' files, and of a build that is refused before it has written anything."""

import random
import resource
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from index.errors import SettingsError
from index.generations import DECISION, SUGGESTIONS
from index.store import Index, load_index
from qa.decision import load_decision
from qa.evaluation.files import write_text
from qa.settings import load_settings
from qa.startup import build_at, load_articles
from qa.suggestions import Checked, Suggestion, load_suggestions, save_suggestions
from tests.index.saved import tree
from tests.index.test_generations import in_child
from tests.toy import ToyEncoder


def damages(content: bytes, times: int, seed: int) -> Iterator[bytes]:
    """The content with a bit or a digit altered, cut, or with a stretch of it doubled."""
    choose = random.Random(seed)
    for number in range(times):
        at = choose.randrange(len(content))
        if number % 4 == 0:
            yield content[:at]
        elif number % 4 == 1:
            yield content[:at] + content[at - 5 : at] + content[at:]
        elif number % 4 == 2:
            digits = [place for place, byte in enumerate(content) if chr(byte) in "123456789"]
            at = choose.choice(digits)
            yield content[:at] + (b"8" if content[at : at + 1] != b"8" else b"3") + content[at + 1 :]
        else:
            yield content[:at] + bytes([content[at] ^ 1 << choose.randrange(8)]) + content[at + 1 :]


def test_a_damaged_decision_is_refused_with_the_command_that_mends_it(tmp_path: Path) -> None:
    decision = replace(load_decision(), fitted_on="60 questions of mine.jsonl")
    whole, path = decision.to_bytes(), tmp_path / DECISION
    path.write_bytes(whole)
    assert load_decision(path) == decision
    refused = 0
    for content in damages(whole, 400, seed=1):
        path.write_bytes(content)
        try:
            assert load_decision(path) == decision  # a space that is a tab decides as before
        except SettingsError as error:
            refused += 1
            assert "python -m qa calibrate" in str(error) and "\n" not in str(error)
    assert refused > 350


def test_damaged_suggestions_are_left_out_and_never_garbled(toy_index: Index, tmp_path: Path) -> None:
    suggested = {
        article.id: (Suggestion("Which crater holds 7 tons?", 12), Suggestion("מי בא?")) for article in toy_index.articles
    }
    save_suggestions(tmp_path, toy_index, {name: Checked(own, "abc") for name, own in suggested.items()})
    path = tmp_path / SUGGESTIONS
    whole = path.read_bytes()
    assert load_suggestions(tmp_path, toy_index) == suggested
    for content in damages(whole, 400, seed=2):
        path.write_bytes(content)
        for article_id, questions in load_suggestions(tmp_path, toy_index).items():
            assert questions == suggested[article_id]


def test_a_build_that_a_damaged_decision_refuses_has_changed_nothing(index_dir: Path, tmp_path: Path) -> None:
    (index_dir / DECISION).write_text("{")
    before = tree(index_dir)
    article = tmp_path / "mine.md"
    article.write_text("Gold was found near the north pole. It is younger than the oceans.")
    with pytest.raises(SettingsError, match="python -m qa calibrate"):
        build_at(load_settings(index=index_dir), [article], load_articles([article]), ToyEncoder(), progress=False)
    assert tree(index_dir) == before
    assert [one.id for one in load_index(index_dir).articles] == ["article", "moon"]


def test_a_runs_file_that_cannot_be_written_is_named_and_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "metrics.json"
    write_text(path, "old")

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
        with pytest.raises(OSError, match="File too large") as caught:
            write_text(path, "new" * 99_999)
        assert caught.value.filename == str(path)

    assert in_child(limited) == 0
    assert tree(tmp_path) == {"metrics.json": b"old"}
