"""A server's start on an index whose manifest can no longer say which articles it is of."""

from pathlib import Path

import pytest

from index.errors import IndexDamaged, IndexStale
from index.store import load_index
from qa.cli import main
from qa.settings import load_settings
from qa.startup import article_paths, build_at, ensure_index, load_articles, refuse_changed
from tests.qa.test_startup import encoder, home
from tests.toy import ToyEncoder

__all__ = ["encoder", "home"]  # fixtures

MANIFEST = Path("index/built/manifest.json")


def built_of(path: Path) -> None:
    build_at(load_settings(), [path], load_articles([path]), ToyEncoder(), progress=False)


@pytest.mark.parametrize("content", ["", "{", '{"name": "a web app"}', None])
def test_a_damaged_manifest_lets_no_other_article_be_served(home: Path, content: str | None, capsys) -> None:
    built_of(Path("mine.md"))
    whole = MANIFEST.read_bytes()
    MANIFEST.write_text(content) if content is not None else MANIFEST.unlink()
    with pytest.raises(
        IndexDamaged, match=r"articles \(mine\); name them: python -m qa build FILE .* --index index/built"
    ):
        ensure_index(load_settings())
    assert main(["build"]) == 2
    assert "mine" in capsys.readouterr().err
    assert article_paths(load_settings(articles=("mine.md",))) == (Path("mine.md"),)
    MANIFEST.write_bytes(whole)
    assert [one.id for one in ensure_index(load_settings()).index.articles] == ["mine"]


def test_an_index_of_the_default_article_is_built_anew_without_its_manifest(home: Path) -> None:
    built_of(Path("seeds/article.md"))
    MANIFEST.write_text("{")
    assert [one.id for one in ensure_index(load_settings()).index.articles] == ["article"]


def test_an_article_that_is_edited_while_it_is_built_is_the_old_one_or_the_new_one(home: Path, monkeypatch) -> None:
    """The index holds the text that was read, every quote checked against it, and is told to be old before it is asked."""
    path, encode = Path("mine.md"), ToyEncoder.encode
    before = path.read_text(encoding="utf-8")

    def edited(self: ToyEncoder, *texts, **options):
        path.write_text(before.replace("ten tons", "no tons"), encoding="utf-8")
        return encode(self, *texts, **options)

    with monkeypatch.context() as patched:
        patched.setattr(ToyEncoder, "encode", edited)
        built_of(path)
    assert load_index(Path("index/built")).articles[0].text == before
    with pytest.raises(IndexStale, match="has changed since"):
        refuse_changed(Path("index/built"))
    assert "no tons" in ensure_index(load_settings()).index.articles[0].text
