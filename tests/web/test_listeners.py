"""The place of a page that is closed, or of a Gradio client that hangs up, is free at once: over real connections."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import anyio
import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from qa.settings import load_settings
from qa.web.listeners import Listeners, WatchedStreams
from qa.web.serve import address, claim_port
from qa.web.server import create_app
from qa.web.workers import Gone, Load
from tests.browser.scripted import ScriptedPipeline

PATIENCE = 240


@pytest.fixture
def scripted(toy_index, toy_encoder) -> ScriptedPipeline:
    return ScriptedPipeline(toy_index, toy_encoder)


@asynccontextmanager
async def serving(pipeline: ScriptedPipeline, **settings) -> AsyncIterator[tuple[FastAPI, httpx.AsyncClient]]:
    """A server on a socket, and a client of it."""
    app = create_app(pipeline, load_settings(workers=1, time_limit=600, **settings))
    listener = claim_port("127.0.0.1", 0)
    listener.listen(128)
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=1))
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        async with httpx.AsyncClient(base_url=address("127.0.0.1", listener), timeout=PATIENCE) as client:
            with anyio.fail_after(PATIENCE):
                yield app, client
    finally:
        pipeline.release.set()
        server.should_exit = True
        await running
        listener.close()


async def until(true: Callable[[], bool]) -> None:
    while not true():
        await anyio.sleep(0.001)


class Tab:
    """A page's tab: asks as the page does, and hears of the answer over its stream until it is closed."""

    event = 0
    """The number of asking among the page's events; the first that `build_page` makes."""

    def __init__(self, client: httpx.AsyncClient, session: str) -> None:
        self.client, self.session = client, session
        self.heard: list[dict] = []

    async def ask(self, question: str) -> None:
        body = {"data": [question, "article", "[]", [], ""], "fn_index": self.event, "session_hash": self.session}
        assert (await self.client.post("/gradio_api/queue/join", json=body)).status_code == 200
        self.listening = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        where = f"/gradio_api/queue/data?session_hash={self.session}"
        async with self.client.stream("GET", where) as stream:
            async for line in stream.aiter_lines():
                if line.startswith("data:"):
                    self.heard.append(json.loads(line[5:]))

    async def close(self) -> None:
        self.listening.cancel()
        with suppress(asyncio.CancelledError):
            await self.listening

    @property
    def shown(self) -> str:
        """The last message of the conversation, once it is complete."""
        done = next(one for one in self.heard if one["msg"] == "process_completed")
        return json.dumps(done["output"]["data"][0])


def state(load: Load) -> tuple[int, int, int]:
    return load.running, load.waiting, load.gone


def test_a_closed_tab_leaves_the_line_and_the_others_are_answered(scripted):
    async def scenario() -> None:
        async with serving(scripted) as (app, client):
            load = app.state.workers.load
            tabs = [Tab(client, f"session{number}") for number in range(3)]
            for number, (tab, question) in enumerate(zip(tabs, ("slow", "several", "words"), strict=True)):
                await tab.ask(question)
                await until(lambda number=number: state(load) == (1, number, 0))
            await until(lambda: all(tab.heard for tab in tabs))  # their streams are open
            await tabs[1].close()  # it waits
            await until(lambda: state(load) == (1, 1, 1))
            await tabs[0].close()  # it is being answered: the thread is busy until it is done
            await until(lambda: state(load) == (1, 1, 2))
            scripted.release.set()
            await tabs[2].listening
            assert "as early as 2029" in tabs[2].shown
            await until(lambda: state(load) == (0, 0, 2))
            assert load.done == 2  # the one that had left the line was never computed

    anyio.run(scenario)


@pytest.mark.parametrize("complete", [True, False])
def test_a_stream_that_has_ended_is_no_hanging_up(complete):
    """Every server tells of a disconnect at the end of a response too, when the session may have asked again."""

    async def stream(scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"", "more_body": not complete})
        await receive()

    async def disconnected() -> dict:
        return {"type": "http.disconnect"}

    async def sent(message: dict) -> None:
        pass

    async def scenario() -> None:
        listeners, answer = Listeners(), asyncio.Event()
        asked = asyncio.ensure_future(listeners.answer("abc", answer.wait()))
        await asyncio.sleep(0)
        scope = {"type": "http", "method": "GET", "path": "/gradio_api/queue/data", "query_string": b"session_hash=abc"}
        await WatchedStreams(stream, listeners)(scope, disconnected, sent)
        if complete:
            answer.set()
            assert await asked is True
        else:
            with pytest.raises(Gone):
                await asked
        assert listeners.sessions == 0

    anyio.run(scenario)


def test_a_client_of_the_endpoint_that_hangs_up_is_given_up_too(scripted):
    async def scenario() -> None:
        async with serving(scripted) as (app, client):
            load = app.state.workers.load
            begun = await client.post("/gradio_api/call/ask", json={"data": ["slow", "article", None]})
            await until(lambda: state(load) == (1, 0, 0))
            async with client.stream("GET", f"/gradio_api/call/ask/{begun.json()['event_id']}"):
                pass  # and hangs up
            await until(lambda: state(load) == (1, 0, 1))

    anyio.run(scenario)


def test_a_full_line_is_told_in_words_over_the_page_and_the_endpoint_with_a_way_to_ask_again(scripted, capfd):
    async def scenario() -> None:
        async with serving(scripted, queue=0) as (app, client):
            first, second = Tab(client, "first"), Tab(client, "second")
            await first.ask("slow")
            await until(lambda: app.state.workers.load.running == 1)
            await second.ask("several")
            await second.listening
            assert "Too many questions are waiting" in second.shown
            assert "Ask again" in second.shown and "several</button>" in second.shown
            begun = await client.post("/gradio_api/call/ask", json={"data": ["words", "article", None]})
            told = await client.get(f"/gradio_api/call/ask/{begun.json()['event_id']}")
            assert "event: error" in told.text and "Too many questions are waiting" in told.text
            scripted.release.set()
            await first.listening
            assert "as early as 2029" in first.shown

    anyio.run(scenario)
    assert "Traceback" not in capfd.readouterr().err


def test_a_rush_of_pages_is_answered_or_told_and_none_waits_in_gradio_itself(scripted):
    async def scenario() -> None:
        async with serving(scripted, queue=44, streams=480) as (app, client):  # Gradio itself runs forty at a time
            tabs = [Tab(client, f"session{number}") for number in range(52)]
            await tabs[0].ask("slow")
            await until(lambda: app.state.workers.load.running == 1)
            for tab in tabs[1:]:
                await tab.ask("words")
            load = app.state.workers.load
            await until(lambda: load.refused == 7)
            assert load.waiting == 44
            scripted.release.set()
            await asyncio.gather(*(tab.listening for tab in tabs))
            told = ["Too many questions" in tab.shown for tab in tabs]
            assert told == [False] * 45 + [True] * 7
            assert all("as early as 2029" in tab.shown for tab in tabs[:45])

    anyio.run(scenario)
