"""A server over a store that is slow, away, damaged or written to meanwhile: what readers get, and what they are not told."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from html import unescape
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from mcp import Client
from starlette.testclient import TestClient

from index.article import article_from_text
from index.errors import IndexDamaged, IndexFault, StoreUnavailable
from index.store import build_index
from index.stores import StoredArticle, VectorStore
from index.stores.embedded import EmbeddedStore
from index.stores.rows import parts_of
from qa.decision import load_decision
from qa.settings import load_settings
from qa.stored import archive as shelves
from qa.stored.archive import Shelf
from qa.stored.live import LiveStore
from qa.stored.pipeline import StorePipeline
from qa.web.head import page_title
from qa.web.limits import Limits
from qa.web.mcp_server import mcp_server
from qa.web.page import Page
from qa.web.picker import library_html, masthead_html
from qa.web.server import create_app
from qa.web.workers import Workers
from tests.index.stores.conftest import TOY
from tests.qa.stored.conftest import PLACES, archive
from tests.toy import ToyEncoder, ToyReader
from tests.web.conftest import in_a_loop

WHERE = "http://10.1.2.3:19530"
MARS, CERES = "mars?'\"%", "ceres?'\"%"
AT_MARS = "mars%3F%27%22%25"
WHO = "Who led the crew of Mars?"
AWAY = "cannot be reached just now"


class Watched(EmbeddedStore):
    """A store in memory that can be made to fail, and that tells what was fetched, and whether from the loop's own thread."""

    name = WHERE
    fault: IndexFault | None = None

    def __init__(self) -> None:
        super().__init__(TOY)
        self.fetched: list[list[str]] = []
        self.on_the_loop: list[str] = []

    def fetch(self, ids: Sequence[str]) -> list[StoredArticle]:
        self._asked("fetch")
        self.fetched.append(list(ids))
        return super().fetch(ids)

    def search(self, *args: Any, **how: Any) -> Any:
        self._asked("search")
        return super().search(*args, **how)

    def _asked(self, what: str) -> None:
        if self.fault is not None:
            raise self.fault
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return
        self.on_the_loop.append(what)


@pytest.fixture
def watched() -> Watched:
    store = Watched()
    store.upsert(parts_of(build_index(archive(), ToyEncoder())))
    return store


def over(store: VectorStore, shelf: Shelf | None = None, **settings: Any) -> StorePipeline:
    given = load_settings(rate=10_000.0, burst=100_000, **settings)
    return StorePipeline(store, ToyEncoder(), given, reader=ToyReader(), decision=load_decision(), shelf=shelf)


@pytest.fixture
def pipeline(watched: Watched) -> StorePipeline:
    return over(watched)


def served(pipeline: StorePipeline) -> TestClient:
    app = in_a_loop(lambda: create_app(LiveStore(pipeline), pipeline.settings))
    return TestClient(app, base_url="http://localhost", raise_server_exceptions=False)


@pytest.fixture
def client(pipeline: StorePipeline) -> Iterator[TestClient]:
    with served(pipeline) as client:
        yield client


def forget(pipeline: StorePipeline) -> None:
    pipeline.shelf._kept.clear()
    pipeline._small.clear()


def all_of(steps: AsyncIterator[Any]) -> list[Any]:
    async def gathered() -> list[Any]:
        return [one async for one in steps]

    return asyncio.run(gathered())


def asked(pipeline: StorePipeline, question: str, article: str | None) -> tuple[Any, ...]:
    """The page's last step: conversation, pane, edition."""
    return tuple(all_of(Page(LiveStore(pipeline), Workers(1)).ask(question, article, "[]", [], ""))[-1])


def opened(pipeline: StorePipeline, **query: str) -> tuple[Any, ...]:
    """Masthead, pane, article, conversation, notice, edition."""
    request = SimpleNamespace(query_params=query, session_hash="s", request=None)
    return tuple(all_of(Page(LiveStore(pipeline), Workers(1)).open("", request))[0])  # type: ignore[arg-type]


def tool(pipeline: StorePipeline, name: str, **given: Any) -> Any:
    async def scenario() -> Any:
        async with Client(mcp_server(LiveStore(pipeline), Workers(1), Limits.of(pipeline.settings))) as assistant:
            return await assistant.call_tool(name, given)

    return asyncio.run(scenario())


def words(html: str) -> str:
    return unescape(re.sub(r"<[^>]+>", "", html))


@pytest.mark.parametrize("kind", [StoreUnavailable, IndexDamaged])
def test_what_the_store_cannot_give_is_told_once_in_the_log_and_to_no_reader(
    pipeline: StorePipeline,
    watched: Watched,
    client: TestClient,
    kind: type[IndexFault],
    caplog: pytest.LogCaptureFixture,
) -> None:
    found = f"the store {WHERE} is broken, as {kind.__name__} says; mend it"
    watched.fault = kind(found)
    forget(pipeline)
    for reply in (
        client.post("/api/v1/ask", json={"question": WHO}),
        client.post("/api/v1/ask", json={"question": WHO, "article": MARS}),
        client.get(f"/api/v1/articles/{AT_MARS}"),
        client.get(f"/reading/{AT_MARS}"),
        client.get("/widget"),
        client.get("/readyz"),
    ):
        assert reply.status_code == 503 and AWAY in reply.json()["detail"] and reply.headers["retry-after"] == "2"
        assert "10.1.2.3" not in reply.text
    (batched,) = client.post("/api/v1/ask:batch", json={"questions": [{"question": WHO}]}).json()["answers"]
    told = [asked(pipeline, WHO, chosen)[0][-1]["content"] for chosen in (MARS, "")]
    told += [opened(pipeline, article=MARS)[4], tool(pipeline, "ask_article", question=WHO).content[0].text]
    for text in (*told, str(batched)):
        assert AWAY in text and "10.1.2.3" not in text
    assert "Ask again" in told[0]  # a button does
    assert caplog.text.count(found) == 1
    watched.fault = None
    assert client.post("/api/v1/ask", json={"question": WHO}).status_code == 200


def test_an_article_that_is_gone_costs_only_itself(store: VectorStore) -> None:
    pipeline = over(store)
    store.delete([CERES, MARS, "triton?'\"%"])  # the first of the list, another, and the newest
    with served(pipeline) as client:
        assert client.get("/readyz").status_code == 200
        assert client.get("/api/v1/articles").json()["total"] == 10
        assert client.get("/").status_code == client.get("/widget").status_code == 200
        answer = client.post("/api/v1/ask", json={"question": "Who was Eros led by?"}).json()
        assert answer["citations"][0]["article_id"] == "eros?'\"%"
        about = client.post("/api/v1/ask", json={"question": "What is this about?"}).json()
        assert [one["article_id"][:3] for one in about["citations"]] == ["ero", "ves", "eur", "tit"]
        gone = {"question": WHO, "article": "https://example.org/mars"}
        for reply in (
            client.post("/api/v1/ask", json=gone),
            client.get(f"/api/v1/articles/{AT_MARS}"),
            client.get(f"/reading/{AT_MARS}"),
            client.get(f"/widget?article={AT_MARS}"),
        ):
            assert reply.status_code == 404 and "there is no article" in reply.json()["detail"]
            assert store.name not in reply.text
    assert [own.id for own in pipeline.index.articles[:3]] == ["eros?'\"%", "europa?'\"%"]
    message = asked(pipeline, WHO, MARS)[0][-1]["content"]
    assert "There is no article called" in message and store.name not in message


def test_when_every_article_that_was_found_is_gone_readers_are_asked_to_come_again(
    pipeline: StorePipeline, watched: Watched
) -> None:
    watched.delete([own.id for own in archive()])
    forget(pipeline)
    with pytest.raises(StoreUnavailable, match=AWAY):
        pipeline.answer(WHO)


def test_nothing_that_may_ask_the_store_runs_in_the_thread_that_serves_everyone(
    pipeline: StorePipeline, watched: Watched, tmp_path: Path
) -> None:
    voting = over(watched, feedback=tmp_path / "votes.db")
    with served(pipeline) as client, served(voting) as voters:
        for of, ask in (
            (pipeline, lambda: client.get("/readyz")),
            (pipeline, lambda: client.get(f"/api/v1/articles/{AT_MARS}")),
            (pipeline, lambda: client.get(f"/reading/{AT_MARS}")),
            (pipeline, lambda: client.get("/widget")),
            (pipeline, lambda: client.post("/api/v1/ask", json={"question": WHO})),
            (pipeline, lambda: asked(pipeline, WHO, MARS)),
            (pipeline, lambda: asked(pipeline, WHO, "")),
            (pipeline, lambda: opened(pipeline, article=MARS)),
            (pipeline, lambda: tool(pipeline, "ask_article", question=WHO)),
            (voting, lambda: voters.post("/api/v1/feedback", json={"question": WHO, "article": MARS, "vote": "up"})),
        ):
            forget(of)
            watched.fetched.clear()
            ask()
            assert watched.fetched
        assert watched.on_the_loop == []


def test_lists_menus_and_pickers_fetch_no_article(pipeline: StorePipeline, watched: Watched, client: TestClient) -> None:
    forget(pipeline)
    watched.fetched.clear()
    index = pipeline.index
    listed = client.get("/api/v1/articles", params={"limit": 1_000}).json()["articles"]
    assert client.get("/api/v1/articles", params={"q": "news mars"}).json()["total"] == 1
    assert client.get(f"/embed/{AT_MARS}").status_code == client.get("/embed/https://example.org/mars").status_code == 200
    assert client.get("/").status_code == 200
    assert "News from Titan" in library_html(index) and masthead_html(index, index.heads[0]) and page_title(pipeline)
    assert len(tool(pipeline, "list_articles").structured_content["articles"]) == 10
    assert opened(pipeline)[2] == ""
    assert watched.fetched == []
    menu = client.get("/widget").text
    assert [place for place in PLACES if f">News from {place}</option>" not in menu] == []
    assert watched.fetched == [[CERES]]
    mars = next(one for one in listed if one["id"] == MARS)
    whole = client.get(f"/api/v1/articles/{AT_MARS}").json()
    assert mars == {name: whole[name] for name in mars} and mars["characters"] == len(whole["text"])


def test_many_articles_are_fetched_in_portions(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelves, "PORTION", 9)  # of four sentences each
    pipeline = over(watched, shelf=Shelf(watched, most=8))
    watched.fetched.clear()
    assert len(pipeline.index.articles[:5]) == 5
    assert [len(ids) for ids in watched.fetched] == [2, 2, 1]
    assert len(pipeline.shelf._kept) == 2
    watched.fetched.clear()
    monkeypatch.setattr(shelves, "PORTION", 1)
    assert len(pipeline.shelf.get(pipeline.index.heads[:3])) == 3
    assert [len(ids) for ids in watched.fetched] == [1, 1, 1]


def test_another_article_than_was_asked_for_is_refused(
    pipeline: StorePipeline, watched: Watched, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    other = watched.fetch([MARS])
    forget(pipeline)
    monkeypatch.setattr(watched, "fetch", lambda ids: other)
    with pytest.raises(StoreUnavailable, match=AWAY):
        pipeline.answer("Who led them?", article=CERES)
    assert "gave other articles than were asked for" in caplog.text


def test_a_server_that_keeps_feedback_is_ready_and_takes_votes(watched: Watched, tmp_path: Path) -> None:
    with served(over(watched, feedback=tmp_path / "votes.db")) as client:
        assert client.get("/readyz").json() == {"status": "ready", "articles": 10, "sentences": 40}
        answer = client.post("/api/v1/ask", json={"question": WHO, "article": MARS}).json()
        vote = {"question": answer["question"], "article": MARS, "vote": "up"}
        assert client.post("/api/v1/feedback", json=vote).status_code == 204


@pytest.mark.parametrize("chosen", [MARS, ""])
def test_words_under_a_citation_are_those_cited_also_where_the_article_is_another_by_now(
    watched: Watched, monkeypatch: pytest.MonkeyPatch, chosen: str
) -> None:
    pipeline = over(watched)
    answers = []

    def then_replaced(question: str, **how: Any) -> Any:
        answers.append(StorePipeline.answer(pipeline, question, **how))
        edited = [article_from_text(f"Late news. {own.text}", id=own.id, title=own.title) for own in archive()]
        watched.upsert(parts_of(build_index(edited, ToyEncoder())))
        forget(pipeline)
        return answers[0]

    monkeypatch.setattr(pipeline, "answer", then_replaced)
    conversation, pane, _ = asked(pipeline, "How many tons of ice did the crew of Mars find?", chosen)
    quotes = re.findall(r'<span class="qa-words">(.*?)</span>', conversation[-1]["content"])
    cited = answers[0].citations or answers[0].nearest
    assert [words(one) for one in quotes] == [one.quote for one in cited]
    assert "data-article" not in str(pane)  # its sentences have other numbers than the citations


def test_the_article_beside_an_answer_is_of_the_text_that_it_cites(pipeline: StorePipeline) -> None:
    assert 'data-article="mars' in asked(pipeline, WHO, MARS)[1]
