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
        ("ARTICLES", "", "name a file or folder"),
        ("HOSTS", "[" * 100_000, "a name or a JSON list"),
        ("STORE", "ftp://host", "expected http(s)://host:port"),
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


def test_a_password_in_a_stores_address_is_refused_and_told_by_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARTICLE_QA_STORE", "http://editor:hunter2@host:19530")
    with pytest.raises(SettingsError, match="ARTICLE_QA_STORE_TOKEN") as caught:
        load_settings()
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "said"),
    [("ARTICLE_QA_TRUSTED_PROXY", "is ARTICLE_QA_TRUSTED_PROXIES meant?"), ("article_qa_x", "the README lists")],
)
def test_a_setting_that_is_none_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch, name: str, said: str) -> None:
    """Else a limit that its owner believes in is not there."""
    monkeypatch.setenv(name, "127.0.0.1")
    with pytest.raises(SettingsError, match=f"^{name} is no setting; {said}[^\n]*$"):
        load_settings()


@pytest.mark.parametrize("name", ["encoder", "reader", "feedback", "root_path"])
def test_none_is_typed_as_the_table_has_it(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(f"ARTICLE_QA_{name.upper()}", "none")
    assert getattr(load_settings(), name) is None
    test_a_wrong_setting_is_named_in_one_line(monkeypatch, name.upper(), "", "say none")


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


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("WORKERS", "-1", "greater than or equal to 0"),
        ("QUEUE", "many", "integer"),
        ("TIME_LIMIT", "0", "greater than 0"),
        ("RATE", "0", "greater than 0"),
        ("RATE", "inf", "less than or equal to"),
        ("BURST", "0", "greater than or equal to 1"),
        ("TRUSTED_PROXIES", "proxy.example.org", "expected addresses or networks"),
        ("TRUSTED_PROXIES", "10.0.0.1/8", "host bits"),
        ("TRUSTED_PROXIES", "[10.0.0.1]", "JSON list"),
        ("TRUSTED_PROXIES", "0.0.0.0/0", "every address"),
        ("TRUSTED_PROXIES", '["127.0.0.1", "::/0"]', "every address"),
        ("STREAMS", "0", "greater than or equal to 1"),
        ("CONNECTIONS", "7", "greater than or equal to 8"),
        ("TRANSFER_LIMIT", "0", "greater than 0"),
        ("TRANSFER_LIMIT", "nan", "3600"),
        ("QUESTION_LENGTH", "9", "greater than or equal to 10"),
        ("HISTORY_TURNS", "5", "greater than or equal to 6"),
        ("BATCH", "0", "greater than or equal to 1"),
        ("BODY_BYTES", "64k", "integer"),
        ("BATCH_BYTES", "1", "1024"),
        ("PAGE_BYTES", "1", "1024"),
        ("HEADER_BYTES", "1000", "1024"),
        ("LOG_QUESTIONS", "perhaps", "boolean"),
    ],
)
def test_a_wrong_limit_is_named_in_one_line(monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str) -> None:
    test_a_wrong_setting_is_named_in_one_line(monkeypatch, name, value, said)


@pytest.mark.parametrize(
    ("given", "lower", "upper"),
    [
        ({"batch_bytes": 60_000}, "BODY_BYTES=65536", "BATCH_BYTES=60000"),
        ({"burst": 63}, "BATCH=64", "BURST=63"),
        ({"batch": 200}, "BATCH=200", "BURST=120"),
        ({"connections": 255}, "STREAMS=256", "CONNECTIONS=255"),
        ({"question_length": 20_000}, "QUESTION_LENGTH=20000", "BODY_BYTES=65536"),
        ({"page_bytes": 3_999}, "QUESTION_LENGTH=1000", "PAGE_BYTES=3999"),
    ],
)
def test_limits_that_contradict_each_other_are_told_in_one_line(given: dict, lower: str, upper: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(**given)
    assert f"ARTICLE_QA_{lower} does not fit ARTICLE_QA_{upper}: " in str(caught.value)
    assert "\n" not in str(caught.value)


def test_limits_that_just_fit_are_taken() -> None:
    load_settings(batch_bytes=65_536, burst=64, streams=512, question_length=16_384)


def test_trusted_proxies_are_addresses_and_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARTICLE_QA_TRUSTED_PROXIES", '["127.0.0.1", "10.0.0.0/8", "::1"]')
    assert load_settings().trusted_proxies == ("127.0.0.1/32", "10.0.0.0/8", "::1/128")
