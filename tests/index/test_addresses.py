"""An article is found by its id, and by its address however that is written; never by one that two articles have."""

import pytest

from index.addresses import canonical, is_address
from index.article import article_from_text
from index.errors import ArticleError
from index.store import Index, build_index
from tests.toy import ToyEncoder

MOON = "https://blog.example.org/moon"


@pytest.mark.parametrize(
    ("written", "one_form"),
    [
        ("https://blog.example.org/moon", MOON),
        ("https://blog.example.org/moon/", MOON),
        ("https://blog.example.org/moon//", MOON),
        ("HTTPS://Blog.EXAMPLE.org/moon#far-side", MOON),
        ("https://blog.example.org:443/moon", MOON),
        ("https:/blog.example.org/moon", MOON),  # as nginx passes it on
        ("  https://blog.example.org/moon ", MOON),
        ("http://blog.example.org:80/moon", "http://blog.example.org/moon"),
        ("https://blog.example.org:8443/moon", "https://blog.example.org:8443/moon"),
        ("https://blog.example.org/Moon", "https://blog.example.org/Moon"),
        ("https://blog.example.org/", "https://blog.example.org"),
        ("https://blog.example.org/?p=1", "https://blog.example.org?p=1"),
        ("https://blog.example.org/moon?p=1#x", f"{MOON}?p=1"),
        ("https://blog.example.org/caf\u00e9", "https://blog.example.org/caf%C3%A9"),
        ("https://blog.example.org/caf%c3%a9", "https://blog.example.org/caf%C3%A9"),
        ("https://b\u00fccher.example/", "https://xn--bcher-kva.example"),
        ("http://[::1]:80/moon", "http://[::1]/moon"),
        ("https://blog.example.org:port/", "https://blog.example.org:port/"),
        ("https://blog.example.org/\ud800", "https://blog.example.org/\ud800"),
        ("https://", "https://"),
        ("moon", "moon"),
    ],
)
def test_an_address_has_one_form(written: str, one_form: str) -> None:
    assert canonical(written) == one_form
    assert canonical(one_form) == one_form


@pytest.mark.parametrize(("key", "meant"), [(MOON, True), ("HTTP:/x", True), ("moon", False), ("https", False)])
def test_an_id_is_not_taken_for_an_address(key: str, meant: bool) -> None:
    assert is_address(key) is meant


@pytest.fixture(scope="module")
def index() -> Index:
    urls = {"moon": MOON, "post": "https://blog.example.org/?p=7", "a": "https://x.example/twice", "bare": None}
    urls["b"] = "https://X.example/twice/"
    articles = [article_from_text(f"{name} says little.", id=name, url=url) for name, url in urls.items()]
    return build_index(articles, ToyEncoder())


@pytest.mark.parametrize(
    ("key", "found"),
    [
        ("moon", "moon"),
        ("https://BLOG.example.org/moon/#s3", "moon"),
        ("https://blog.example.org?p=7", "post"),
        ("a", "a"),
        ("b", "b"),
    ],
)
def test_an_article_is_found_by_its_id_or_its_url(index: Index, key: str, found: str) -> None:
    assert index.article(key).id == found
    assert index.sentence_rows(key) == index.sentence_rows(found)
    assert index.passage_rows(key) == index.passage_rows(found)


@pytest.mark.parametrize("key", ["https://blog.example.org/mars", "https://blog.example.org?p=8", "http://", "mars", ""])
def test_an_unknown_one_is_refused_with_some_that_there_are(index: Index, key: str) -> None:
    with pytest.raises(ArticleError, match=r"there is no article .* it holds: moon, post, a, bare, b"):
        index.article(key)


def test_a_url_of_two_articles_is_refused_with_their_ids(index: Index) -> None:
    with pytest.raises(
        ArticleError, match=r"2 articles have the URL 'https://x.example/twice'; name one by its id: a, b"
    ):
        index.article("https://x.example/twice")
