"""The list of articles, searched by title and id: without case and accents, those that begin with the words first."""

import gc
import weakref

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.article import article_from_text
from index.store import build_index
from qa.catalogue import Catalogue, catalogue_of
from tests.toy import ToyEncoder

TITLES = {
    "mars-2029": "Putin envoy: a plant for Mars",
    "smart": "The smartest towns",
    "cafe": "Café society in ÅRHUS",
    "moon_ice": "Water on the Moon",
    "hebrew": "מים על הירח",
    "sharp": "Straße 7",
    "same": "Water on the Moon",
}
ARTICLES = tuple(article_from_text("It says little.", id=name, title=title) for name, title in TITLES.items())
CATALOGUE = Catalogue(ARTICLES)


def found(words: str, *, limit: int = 10, offset: int = 0) -> list[str]:
    return [article.id for article in CATALOGUE.search(words, limit=limit, offset=offset).articles]


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        ("", list(TITLES)),
        ("  ", list(TITLES)),
        ("mars", ["mars-2029"]),
        ("MAR", ["mars-2029", "smart"]),  # a word that begins so before one that holds it
        ("cafe arhus", ["cafe"]),
        ("CAFÉ", ["cafe"]),
        ("moon water", ["moon_ice", "same"]),
        ("ice", ["moon_ice"]),
        ("2029", ["mars-2029"]),
        ("plant 2029", ["mars-2029"]),
        ("ירח", ["hebrew"]),
        ("strasse", ["sharp"]),
        ("moon mars", []),
        ("?!", []),
        ("mars\nsmart", []),  # a search runs over no line's end
    ],
)
def test_articles_are_found_by_the_words_of_their_titles_and_ids(words: str, ids: list[str]) -> None:
    assert found(words) == ids
    assert CATALOGUE.search(words, limit=1).total == len(ids)


def test_a_part_of_the_list_can_be_asked_for() -> None:
    assert found("", limit=2, offset=1) == list(TITLES)[1:3]
    assert found("water", limit=1, offset=1) == ["same"]
    assert found("water", offset=2) == []
    assert CATALOGUE.search("water", limit=1, offset=2).total == 2


@given(st.text(max_size=30), st.sampled_from(ARTICLES))
def test_no_search_fails_and_every_title_finds_its_article(words: str, article) -> None:  # type: ignore[no-untyped-def]
    found(words)
    assert article.id in found(article.title)
    assert article.id in found(f"{article.title} {article.id}")


def test_it_is_the_same_as_looking_at_each_title_by_itself() -> None:
    for words in ("a", "o", "on th", "e s", "7"):
        parts = words.split()
        held = {a.id for a in ARTICLES if all(p in f"{a.title} {a.id}".casefold().replace("é", "e") for p in parts)}
        assert set(found(words)) == held


def test_the_catalogue_of_an_index_is_made_once_and_goes_with_it() -> None:
    index = build_index(ARTICLES[:2], ToyEncoder())
    assert catalogue_of(index) is catalogue_of(index)
    gone = weakref.ref(index)
    del index
    gc.collect()
    assert gone() is None
