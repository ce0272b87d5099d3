"""Building into a store: what is as it was is left alone, and what is gone goes."""

import json
from pathlib import Path

import pytest

from index.errors import ArticleError
from index.stores import VectorStore
from qa.cli import main
from qa.stored.loading import load_into
from tests.index.stores.conftest import Stores
from tests.qa.stored.conftest import archive
from tests.toy import ToyEncoder


def test_building_again_sends_and_embeds_only_what_has_changed(
    store: VectorStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded: list[str] = []
    encode = ToyEncoder.encode

    def counting(self: ToyEncoder, texts: list[str], **more: object) -> object:
        encoded.extend(texts)
        return encode(self, texts, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(ToyEncoder, "encode", counting)
    generation = store.generation
    again = load_into(store, archive(), ToyEncoder())
    assert (again.unchanged, again.added, again.changed, again.removed) == (10, 0, 0, 0)
    assert (encoded, store.generation) == ([], generation)

    articles = [archive(edited="They named it Frosty. ")[0], *archive()[2:]]
    found = load_into(store, articles, ToyEncoder())
    assert (found.unchanged, found.added, found.changed, found.removed) == (8, 0, 1, 1)
    assert set(encoded) == {"They named it Frosty.", articles[0].text}
    assert found.encoded == 2
    assert {head.id for head in store.heads()} == {own.id for own in articles}


def test_progress_is_told_in_characters_and_ends_at_all(stores: Stores) -> None:
    told: list[tuple[int, int]] = []
    articles = archive()
    load_into(stores.open(), articles, ToyEncoder(), lambda done, total: told.append((done, total)))
    total = sum(len(own.text) for own in articles)
    assert told[-1] == (total, total)


def test_the_commands_build_ask_and_build_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    uri, index = str(tmp_path / "archive.db"), str(tmp_path / "none")
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "mars.md").write_text("The first crew lands on Mars in 2041. They stay for thirty months.\n")
    (folder / "sea.md").write_text("Whales sing for half an hour. Their songs are heard for miles.\n")
    assert main(["build", str(folder), "--store", uri, "--index", index]) == 0
    out = capsys.readouterr().out
    assert f"{uri}: 2 articles, " in out and "2 added, 0 changed, 0 removed, 0 unchanged" in out

    assert main(["ask", "When does the first crew land on Mars?", "--store", uri, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["answer"]["text"], answer["citations"][0]["article_id"]) == ("2041", "mars")
    assert main(["ask", "How long do whales sing?", "--article", "sea", "--store", uri]) == 0
    assert "half an hour" in capsys.readouterr().out

    (folder / "sea.md").unlink()
    (folder / "mars.md").write_text("The first crew lands on Mars in 2043. They stay for thirty months.\n")
    assert main(["build", str(folder), "--store", uri, "--index", index]) == 0
    assert "0 added, 1 changed, 1 removed, 0 unchanged" in capsys.readouterr().out
    assert main(["ask", "When does the first crew land on Mars?", "--store", uri, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["answer"]["text"] == "2043"

    folder.rename(tmp_path / "elsewhere")  # a disk that is not mounted takes nothing with it
    (tmp_path / "more.md").write_text("Salt is won from the sea in flat ponds.\n")
    assert main(["build", str(folder), str(tmp_path / "more.md"), "--store", uri, "--index", index]) == 2
    assert "is left as it is" in capsys.readouterr().err
    assert main(["ask", "When does the first crew land on Mars?", "--store", uri]) == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["build", "--store", "archive.db"], "a store does not know what it was built from"),
        (["ask", "Why is that?", "--store", "none.db"], "there is no index in the store"),
        (["ask", "Why is that?", "--store", "ftp://host"], "expected http(s)://host:port"),
        (["ask", "Why is that?", "--store", "http://127.0.0.1:9"], "cannot be used"),
        (["serve", "--store", "none.db", "--port", "0"], "there is no index in the store"),
    ],
)
def test_what_cannot_be_used_is_one_line(
    arguments: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    complaint = capsys.readouterr().err.strip()
    assert said in complaint and complaint.count("\n") == 0


def test_the_token_is_told_by_nothing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("ARTICLE_QA_STORE_TOKEN", "root:a-secret")
    assert main(["settings"]) == main(["settings", "--json"]) == 0
    assert main(["ask", "Why is that?", "--store", "http://127.0.0.1:9"]) == 2
    told = capsys.readouterr()
    assert "ARTICLE_QA_STORE_TOKEN" in told.out
    assert "a-secret" not in told.out + told.err


def test_an_article_without_a_sentence_stops_the_build_with_its_name(stores: Stores) -> None:
    from index.article import Article

    with pytest.raises(ArticleError, match="'empty' has no sentence"):
        load_into(stores.open(), [Article(id="empty", text="x", blocks=(), title="x")], ToyEncoder())
