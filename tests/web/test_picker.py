"""An archive on the page, without a browser: which articles are asked and shown, what is listed, what a citation names."""

import asyncio
import re
from dataclasses import replace
from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient

from index.article import article_from_text
from index.store import Index, build_index
from qa.answer import Answer
from qa.live import LivePipeline
from qa.pipeline import QAPipeline
from qa.settings import load_settings
from qa.web.answer_html import archive_answer_html
from qa.web.page import Page, opening
from qa.web.picker import LISTED, library_html, masthead_html
from qa.web.server import create_app
from qa.web.workers import Workers
from tests.evaluation.toy_run import coverage_decision
from tests.toy import ToyEncoder, ToyReader
from tests.web.conftest import UNHURRIED, in_a_loop

HOSTILE = '<img src=x onerror="alert(1)"> & "quoted"'
WHERE = "Where was report 7 written by Agnes Tolmie?"


@pytest.fixture(scope="module")
def index() -> Index:
    articles = [
        article_from_text(
            f"Report {n} was written by Agnes Tolmie in Leith.",
            id=f"r{n}",
            title=HOSTILE if n == 3 else f"Report {n}",
            source=HOSTILE if n == 3 else "The Post",
            published="2025-03-27",
            url=f"https://news.example.org/{n}?a=1&b=2",
        )
        for n in range(LISTED + 10)
    ]
    return build_index(articles, ToyEncoder())


@pytest.fixture(scope="module")
def pipeline(index: Index) -> QAPipeline:
    suggestions = {"r1": ("Who wrote it?",), "r2": ("Who wrote it?", "Where?")}
    return QAPipeline(index, ToyEncoder(), reader=ToyReader(), decision=coverage_decision(), suggestions=suggestions)


def all_of(stream) -> list:  # type: ignore[no-untyped-def]
    async def gathered() -> list:
        return [one async for one in stream]

    return asyncio.run(gathered())


def opened(pipeline: QAPipeline, **query: str) -> list:
    page = Page(LivePipeline(pipeline), Workers(1))
    return all_of(page.open("", SimpleNamespace(query_params=query, session_hash="s")))


def test_several_articles_are_all_asked_unless_one_is_chosen(index: Index) -> None:
    assert opening(index) is None
    assert opening(build_index(index.articles[:1], ToyEncoder())) == index.articles[0]


def test_the_list_names_the_first_articles_and_counts_the_others(index: Index) -> None:
    html = library_html(index)
    assert html.count("<li>") == LISTED and "10 more" in html and f"{LISTED + 10} articles" in html
    assert "?article=r0" in html and "The Post · 27 March 2025" in html
    assert "<img" not in html and "&lt;img" in html


def test_one_article_leaves_the_masthead_without_a_choice(index: Index) -> None:
    one = build_index(index.articles[:1], ToyEncoder())
    assert "combobox" not in masthead_html(one, one.articles[0])
    chosen = masthead_html(index, index.articles[3])
    assert 'role="combobox"' in chosen and 'data-scope="r3"' in chosen and "<img" not in chosen
    everything = masthead_html(index, None)
    assert 'data-scope=""' in everything and "All articles" in everything
    assert ">Read the articles<" in everything and ">Read the article<" in chosen


def test_the_address_chooses_what_is_shown_and_what_is_asked(pipeline: QAPipeline, index: Index) -> None:
    ((*untouched, _),) = opened(pipeline)
    assert all("value" not in one for one in untouched)
    for named in ("r7", "https://news.example.org/7?a=1&b=2", "HTTPS://NEWS.example.org:443/7/?a=1&b=2#x"):
        ((top, pane, chosen, welcome, _, of),) = opened(pipeline, article=named)
        assert chosen == "r7" and 'data-scope="r7"' in top and 'data-article="r7"' in pane and of
        assert "Ask this article" in welcome["placeholder"]
    ((top, pane, chosen, welcome, _, _),) = opened(pipeline, article="r7", of="all")
    assert chosen == "" and 'data-scope=""' in top and 'data-article="r7"' in pane
    assert f"Ask all {LISTED + 10} articles" in welcome["placeholder"]
    assert welcome["placeholder"].count("Who wrote it?") == 1
    ((*_, notice, _),) = opened(pipeline, article="nope", q="Who?")
    assert "There is no article called “nope” here. Shown are all." in notice


def test_a_question_of_all_is_answered_with_the_articles_named(pipeline: QAPipeline) -> None:
    page = Page(LivePipeline(pipeline), Workers(1))
    (asked, *_), (told, pane, _) = all_of(page.ask(WHERE, "", "[]", [], ""))
    assert "Reading the articles" in asked[-1]["content"]
    html = told[-1]["content"]
    assert "qa-answer" in html and "<cite>Report 7</cite> · The Post · 27 March 2025" in html
    assert "data-article" not in str(pane)  # the page's script fetches it


def answer_of(pipeline: QAPipeline, question: str) -> Answer:
    return pipeline.answer(question)


def test_a_citations_link_leads_to_its_sentence_in_its_article(pipeline: QAPipeline, index: Index) -> None:
    answer = pipeline.answer(WHERE)
    html = archive_answer_html(answer, index)
    first = answer.citations[0]
    number, of = first.sentence_id, first.article_sha256[:12]
    assert f'href="?article=r7&amp;s={number}&amp;v={of}&amp;of=all#s{number}"' in html
    (link,) = re.findall(r'class="qa-link" href="([^"]+)"', html)
    assert link.startswith("?article=r7&amp;q=Where") and link.endswith("&amp;of=all")
    assert 'href="https://news.example.org/7?a=1&amp;b=2"' in html


def test_a_refusal_names_the_articles_of_the_nearest_and_links_to_none(pipeline: QAPipeline, index: Index) -> None:
    html = archive_answer_html(pipeline.answer("What do elephants eat for breakfast?"), index)
    assert "The articles do not say." in html and html.count("qa-from") == 3
    (link,) = re.findall(r'class="qa-link" href="([^"]+)"', html)
    assert link == "?q=What+do+elephants+eat+for+breakfast%3F&amp;of=all"


def test_what_an_article_is_called_becomes_no_markup(pipeline: QAPipeline, index: Index) -> None:
    answer = pipeline.answer("Where was report 3 written by Agnes Tolmie?")
    assert answer.citations[0].article_id == "r3"
    html = archive_answer_html(answer, index)
    assert "<img" not in html and "\n" not in html


def test_quotes_of_several_articles_are_copied_each_with_its_source(pipeline: QAPipeline, index: Index) -> None:
    answer = pipeline.answer(WHERE)
    other = pipeline.answer("Where was report 8 written by Agnes Tolmie?").citations[0]
    both = replace(answer, kind="overview", citations=(answer.citations[0], replace(other, number=2)))
    (copied,) = re.findall(r'class="qa-copytext">([^<]+)<', archive_answer_html(both, index))
    assert copied == (
        "“Report 7 was written by Agnes Tolmie in Leith.” — Report 7, The Post, 27 March 2025; "
        "“Report 8 was written by Agnes Tolmie in Leith.” — Report 8, The Post, 27 March 2025"
    )


def test_the_pane_is_fetched_by_id_and_kept(pipeline: QAPipeline) -> None:
    settings = load_settings(**UNHURRIED)
    app = in_a_loop(lambda: create_app(pipeline, settings))
    with TestClient(app, base_url="http://127.0.0.1:7860") as client:
        found = client.get("/reading/r7")
        assert found.headers["content-type"] == "text/html; charset=utf-8"
        assert 'data-article="r7"' in found.text and 'id="s0"' in found.text
        assert client.get("/reading/r7", headers={"if-none-match": found.headers["etag"]}).status_code == 304
        assert client.get("/reading/nope").status_code == 404
        assert client.post("/reading/r7").status_code == 405
        assert f"{LISTED + 10} articles · Article QA" in client.get("/").text
