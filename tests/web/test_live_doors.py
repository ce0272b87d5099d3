"""Every door of a server after its index was built anew: the new text, with the old one for whoever asked before."""

import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import gradio as gr
import pytest
from fastapi.testclient import TestClient
from mcp import Client

from index.article import Article, article_from_text
from index.store import build_index, load_index, save_index
from qa.live import LivePipeline
from qa.pipeline import QAPipeline
from qa.settings import load_settings
from qa.web.article_html import edition
from qa.web.limits import Limits
from qa.web.mcp_server import mcp_server
from qa.web.page import Page
from qa.web.server import create_app
from qa.web.workers import Workers
from tests.toy import ToyEncoder, ToyReader
from tests.web.conftest import UNHURRIED, in_a_loop

SOUTH = "Ice of the south\n\nIce was found near the south pole of the Moon. It is older than the oceans are.\n"
NORTH = SOUTH.replace("south", "north")
ASKED = "Where near the pole was ice found?"
PATIENCE = 60

DOCUMENTS = ("/", "/config", "/widget", "/embed/moon", "/reading/moon", "/api/v1/articles", "/api/v1/articles/moon")


class Waiting(ToyReader):
    """Reads for `ASKED` only once it may."""

    def __init__(self) -> None:
        self.begun, self.may = threading.Event(), threading.Event()

    def read(self, question, texts):
        if question == ASKED:
            self.begun.set()
            assert self.may.wait(PATIENCE)
        return super().read(question, texts)


@pytest.fixture
def reader() -> Waiting:
    reader = Waiting()
    reader.may.set()
    return reader


@pytest.fixture
def live(tmp_path: Path, reader: Waiting) -> LivePipeline:
    encoder = ToyEncoder()
    save_index(build_index([article_from_text(SOUTH, id="moon")], encoder), tmp_path / "index")
    index = load_index(tmp_path / "index", encoder.fingerprint)
    return LivePipeline(QAPipeline.over(tmp_path / "index", index, encoder, load_settings(), reader), tmp_path / "index")


@pytest.fixture
def client(live: LivePipeline, tmp_path: Path):
    settings = load_settings(index=tmp_path / "index", feedback=tmp_path / "feedback.db", **UNHURRIED)
    app = in_a_loop(lambda: create_app(live, settings))
    with TestClient(app, base_url="http://127.0.0.1", client=("127.0.0.1", 4711)) as client:
        yield client


def publish(live: LivePipeline, text: str, directory: Path) -> Article:
    save_index(build_index([article_from_text(text, id="moon")], live.current.encoder), directory)
    live.renew(directory)
    (article,) = live.current.index.articles
    assert article.text == text
    return article


def quoted(answer: dict) -> str:
    return " ".join(one["quote"] for one in (*answer["citations"], *answer["nearest"]))


def asked(client: TestClient) -> dict:
    return client.post("/api/v1/ask", json={"question": ASKED}).json()


def test_every_door_tells_the_new_text(client, live, tmp_path):
    assert all("south" in client.get(path).text for path in DOCUMENTS)
    assert "south" in quoted(asked(client))
    article = publish(live, NORTH, tmp_path / "index")
    for path in DOCUMENTS:
        told = client.get(path).text
        assert "north" in told and "south" not in told, path
    assert "<title>Ice of the north · Article QA</title>" in client.get("/").text
    answer = asked(client)
    assert "north" in quoted(answer) and "south" not in quoted(answer)
    assert {one["article_sha256"] for one in (*answer["citations"], *answer["nearest"])} == {article.sha256}
    (batched,) = client.post("/api/v1/ask:batch", json={"questions": [{"question": ASKED}]}).json()["answers"]
    assert quoted(batched) == quoted(answer)
    event = client.post("/gradio_api/call/ask", json={"data": [ASKED, "", None]}).json()["event_id"]
    heard = client.get(f"/gradio_api/call/ask/{event}").text
    assert quoted(json.loads(heard.split("data: ", 1)[1].splitlines()[0])[0]) == quoted(answer)
    assert client.get("/readyz").json() == {"status": "ready", "articles": 1, "sentences": 3}


def test_a_vote_is_on_the_text_that_is_asked_now(client, live, tmp_path):
    vote = {"question": ASKED, "article": "moon", "vote": "up"}
    before = live.current.index.article("moon").sha256[:12]
    asked(client)
    assert client.post("/api/v1/feedback", json=vote).status_code == 204
    publish(live, NORTH, tmp_path / "index")
    told = client.post("/api/v1/feedback", json=vote)
    assert told.status_code == 404 and "as its text is now" in told.json()["detail"]  # of the new text it was not asked
    told = client.post("/api/v1/feedback", json=vote | {"article_sha256": before})
    assert told.status_code == 409 and "has changed" in told.json()["detail"]
    asked(client)  # and is recorded of it too
    assert client.post("/api/v1/feedback", json=vote).status_code == 204


def test_the_metrics_tell_of_the_index_in_use_and_of_those_that_came_and_did_not(client, live, tmp_path):
    directory = tmp_path / "index"
    told = client.get("/metrics").text
    assert 'article_qa_index_swaps_total{end="taken"} 0' in told and "article_qa_index_age_seconds" in told
    publish(live, NORTH + "\nOne more.\n", directory)
    (directory / "manifest.json").write_text("{")
    live.renew(directory)
    told = client.get("/metrics").text
    assert "article_qa_index_sentences 4" in told
    for end in ("taken", "refused"):
        assert f'article_qa_index_swaps_total{{end="{end}"}} 1' in told
    assert client.get("/readyz").status_code == 200


def test_a_request_in_flight_is_answered_from_the_index_that_it_began_with(client, live, reader, tmp_path):
    (old,) = live.current.index.articles
    reader.may.clear()
    with ThreadPoolExecutor(1) as others:
        waiting = others.submit(asked, client)
        assert reader.begun.wait(PATIENCE)
        publish(live, NORTH, tmp_path / "index")
        reader.may.set()
        answer = waiting.result(PATIENCE)
    assert {one["article_sha256"] for one in (*answer["citations"], *answer["nearest"])} == {old.sha256}
    assert "south" in quoted(answer) and "north" in quoted(asked(client))


def steps(page: Page, shown: str) -> list[tuple]:
    async def gathered() -> list[tuple]:
        return [step async for step in page.ask(ASKED, "moon", "[]", [], shown)]

    return asyncio.run(gathered())


def test_a_page_gets_the_article_anew_with_the_answer_from_it(live, tmp_path):
    page = Page(live, Workers(1))
    (old,) = live.current.index.articles
    for _, pane, of in steps(page, edition(old)):
        assert (pane, of) == (gr.skip(), gr.skip())
    new = publish(live, NORTH, tmp_path / "index")
    (_, *untouched), (conversation, pane, of) = steps(page, edition(old))
    assert untouched == [gr.skip()] * 2
    assert "north" in conversation[-1]["content"] and f'data-sha256="{new.sha256}"' in pane and of == edition(new)


def test_a_page_that_asked_before_the_swap_keeps_the_article_that_its_answer_is_from(live, reader, tmp_path):
    page = Page(live, Workers(1))
    (old,) = live.current.index.articles
    reader.may.clear()

    async def scenario() -> list[tuple]:
        found = []
        async for step in page.ask(ASKED, "moon", "[]", [], edition(old)):
            found.append(step)
            if len(found) == 1:
                publish(live, NORTH, tmp_path / "index")
                reader.may.set()
        return found

    conversation, pane, of = asyncio.run(scenario())[-1]
    assert "south" in conversation[-1]["content"] and (pane, of) == (gr.skip(), gr.skip())


def test_another_title_is_another_edition_of_the_same_text(live):
    (article,) = live.current.index.articles
    retitled = article_from_text(article.text, id="moon", title="Water")
    assert retitled.sha256 == article.sha256 and edition(retitled) != edition(article)
    assert edition(article_from_text(article.text, id="moon")) == edition(article)


def test_assistants_are_told_the_new_text(live, tmp_path):
    async def scenario() -> None:
        async with Client(mcp_server(live, Workers(1), Limits.of(load_settings()))) as assistant:
            for text in (SOUTH, NORTH):
                article = publish(live, text, tmp_path / "index")
                answer = (await assistant.call_tool("ask_article", {"question": ASKED})).structured_content
                (listed,) = (await assistant.call_tool("list_articles", {})).structured_content["articles"]
                assert listed["sha256"] == article.sha256
                assert {one["article_sha256"] for one in (*answer["citations"], *answer["nearest"])} == {article.sha256}

    asyncio.run(scenario())
