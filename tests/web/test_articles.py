"""The list of articles over HTTP, for thousands: searched, in parts, with a total; and an article by its URL."""

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from index.article import article_from_text
from index.store import build_index
from qa.pipeline import QAPipeline
from qa.settings import load_settings
from qa.web.models import LISTED, MOST_LISTED, detail
from qa.web.server import create_app
from qa.web.widget import OFFERED
from tests.toy import ToyEncoder, ToyReader
from tests.web.conftest import UNHURRIED

MANY = 1_200
MOON = "https://blog.example.org/the-moon"


@pytest.fixture(scope="module")
def archive() -> Iterator[TestClient]:
    """A server of many articles, without the chat page."""
    articles = [
        article_from_text(
            f"Report {n} says little.", id=f"r{n}", title=f"Report {n}", url=f"https://blog.example.org/{n}"
        )
        for n in range(MANY - 3)
    ]
    articles += [
        article_from_text("The café on the Moon is closed.", id="moon", title="Café on the Moon", url=MOON),
        article_from_text("It was said once.", id="one", title="Once", url="https://x.example/?p=1"),
        article_from_text("It was said twice.", id="two", title="Twice", url="https://X.example/?p=1"),
    ]
    settings = load_settings(**UNHURRIED, page=False)
    index = build_index(articles, ToyEncoder())
    pipeline = QAPipeline(index, ToyEncoder(), settings, reader=ToyReader(), suggestions={"moon": ("Is the café open?",)})
    with TestClient(create_app(pipeline, settings), base_url="http://127.0.0.1:7860") as client:
        yield client


def ids(response) -> list[str]:  # type: ignore[no-untyped-def]
    assert response.status_code == 200, response.text
    return [one["id"] for one in response.json()["articles"]]


def test_the_first_are_listed_and_all_are_counted(archive):
    body = archive.get("/api/v1/articles").json()
    assert [one["id"] for one in body["articles"]] == [f"r{n}" for n in range(LISTED)]
    assert body["total"] == MANY


def test_all_can_be_had_part_by_part(archive):
    whole = [
        one for start in range(0, MANY, 500) for one in ids(archive.get(f"/api/v1/articles?limit=500&offset={start}"))
    ]
    assert len(whole) == len(set(whole)) == MANY
    assert ids(archive.get(f"/api/v1/articles?offset={MANY}")) == []
    assert len(ids(archive.get(f"/api/v1/articles?limit={MOST_LISTED}"))) == MOST_LISTED


def test_a_search_finds_by_title_or_id_whatever_the_case_and_accents(archive):
    body = archive.get("/api/v1/articles", params={"q": "CAFE moon"}).json()
    assert [one["id"] for one in body["articles"]] == ["moon"] and body["total"] == 1
    assert body["articles"][0]["suggestions"] == ["Is the café open?"]
    assert ids(archive.get("/api/v1/articles?q=report+1196")) == ["r1196"]
    assert archive.get("/api/v1/articles?q=report&limit=3").json()["total"] == MANY - 3
    assert ids(archive.get("/api/v1/articles?q=nothing+of+this")) == []


@pytest.mark.parametrize("query", ["limit=0", f"limit={MOST_LISTED + 1}", "offset=-1", "limit=x", f"q={'x' * 201}"])
def test_what_cannot_be_listed_is_a_422_that_names_the_parameter(archive, query):
    response = archive.get(f"/api/v1/articles?{query}")
    assert response.status_code == 422 and response.headers["content-type"] == "application/problem+json"
    assert any(one.startswith(query.split("=")[0]) for one in response.json()["errors"])
    assert "?q=" in response.json()["detail"] and "question" not in response.json()["detail"]


def test_each_list_has_a_tag_of_its_own(archive):
    whole, searched = archive.get("/api/v1/articles"), archive.get("/api/v1/articles?q=moon")
    assert whole.headers["etag"] != searched.headers["etag"]
    again = archive.get("/api/v1/articles?q=moon", headers={"if-none-match": searched.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("written", [MOON, f"{MOON}/", f"{MOON}#top", "HTTPS://Blog.Example.ORG:443/the-moon"])
def test_an_article_is_described_and_asked_by_its_url(archive, written):
    assert archive.get(f"/api/v1/articles/{quote(written, safe='')}").json()["id"] == "moon"
    assert archive.get(f"/api/v1/articles/{quote(written, safe=':/')}").json()["id"] == "moon"
    answer = archive.post("/api/v1/ask", json={"question": "Is the café on the Moon closed?", "article": written}).json()
    assert {one["article_id"] for one in answer["citations"] + answer["nearest"]} == {"moon"}


def test_a_url_as_a_proxy_passes_it_on_is_understood(archive):
    assert archive.get(f"/api/v1/articles/{MOON.replace('//', '/')}").json()["id"] == "moon"


def test_a_url_of_two_articles_is_a_404_that_names_both(archive):
    response = archive.get(f"/api/v1/articles/{quote('https://x.example/?p=1', safe='')}")
    assert response.status_code == 404
    assert "2 articles have the URL" in response.json()["detail"] and "one, two" in response.json()["detail"]
    assert archive.get("/api/v1/articles/two").json()["url"] == "https://X.example/?p=1"


def test_the_widgets_page_offers_some_of_many_and_always_the_one_that_it_shows(archive):
    page = archive.get("/widget?article=moon").text
    assert page.count('<option value="r') == OFFERED and '<option value="moon" selected>' in page
    assert f"the first {OFFERED} of {MANY:,}" in page
    first = archive.get("/widget").text
    assert first.count('<option value="r') == OFFERED and '<option value="r0" selected>' in first


def test_an_article_tells_where_the_pages_of_its_pdf_begin():
    paper = replace(article_from_text("It sailed. It came back.", id="paper"), pages=(0, 11))
    plain = article_from_text("It sailed again.", id="plain")
    pipeline = QAPipeline(build_index([paper, plain], ToyEncoder()), ToyEncoder(), load_settings(), reader=ToyReader())
    assert [detail(pipeline, one.id).pages for one in (paper, plain)] == [[0, 11], []]
