"""Settings: from the environment, checked, and told in one line when they cannot be used."""

from pathlib import Path

import pytest

from index.errors import SettingsError
from qa.settings import PROJECT, load_settings


@pytest.mark.parametrize(
    ("text", "files"),
    [
        ("mine.md", ("mine.md",)),
        ('["a.md", "b c.txt"]', ("a.md", "b c.txt")),
        (' ["a.md"]', ("a.md",)),
        ("a,b.md", ("a,b.md",)),
    ],
)
def test_articles_are_a_file_or_a_json_list(monkeypatch: pytest.MonkeyPatch, text: str, files: tuple[str, ...]) -> None:
    monkeypatch.setenv("ARTICLE_QA_ARTICLES", text)
    assert load_settings().articles == tuple(map(Path, files))


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("ARTICLES", "[seeds/article.md]", "JSON list"),
        ("ARTICLES", "[]", "at least 1"),
        ("ARTICLES", "[7]", "path"),
        ("PORT", "http", "integer"),
        ("PORT", "65536", "65535"),
        ("DENSE_SENTENCE", "-1", "greater than or equal to 0"),
        ("DENSE_SENTENCE", "nan", "than or equal to"),
        ("DEPTH", "-1", "greater than or equal to 0"),
        ("READER_ODDS", "x", "number"),
        ("HOST", "", "at least 1"),
    ],
)
def test_a_wrong_setting_is_named_in_one_line(monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str) -> None:
    monkeypatch.setenv(f"ARTICLE_QA_{name}", value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    message = str(caught.value)
    assert f"ARTICLE_QA_{name}" in message
    assert said in message
    assert "\n" not in message


def test_every_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARTICLE_QA_PORT", "x")
    monkeypatch.setenv("ARTICLE_QA_COVERAGE", "y")
    with pytest.raises(SettingsError, match=r"ARTICLE_QA_PORT=.*ARTICLE_QA_COVERAGE="):
        load_settings()


def test_what_is_given_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARTICLE_QA_PORT", "1")
    assert load_settings(port=2).port == 2
    assert load_settings(port=None).port == 1


def test_the_defaults_are_the_projects_from_any_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert load_settings().articles == (Path("seeds/article.md"),)
    monkeypatch.chdir(tmp_path)
    assert load_settings().articles == (PROJECT / "seeds/article.md",)
    assert load_settings().articles[0].is_file()
    assert load_settings().index == PROJECT / "index/built"
