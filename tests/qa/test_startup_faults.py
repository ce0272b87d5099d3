"""A server's start on an index whose manifest can no longer say which articles it is of."""

from pathlib import Path

import pytest

from index.errors import IndexDamaged
from qa.cli import main
from qa.settings import load_settings
from qa.startup import article_paths, build_at, ensure_index, load_articles
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
