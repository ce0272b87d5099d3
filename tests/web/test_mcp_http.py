"""Assistants over HTTP, on real connections: who hangs up frees its place, and what is asked is counted as elsewhere."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import anyio
import httpx
import pytest
import uvicorn

from qa.live import LivePipeline
from qa.settings import load_settings
from qa.web.limits import Limits
from qa.web.mcp_server import MCP_PATH, mcp_app, mcp_server
from qa.web.serve import address, claim_port, server_config
from qa.web.workers import Workers
from tests.browser.scripted import ScriptedPipeline
from tests.web.test_listeners import PATIENCE, state, until


def call(question: str) -> dict:
    """The protocol's message that asks."""
    arguments = {"name": "ask_article", "arguments": {"question": question}}
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": arguments}


@asynccontextmanager
async def serving(pipeline: ScriptedPipeline) -> AsyncIterator[tuple[Workers, httpx.AsyncClient]]:
    """The server on a socket, with one worker, and a client of it."""
    settings = load_settings(workers=1, time_limit=600)
    workers = Workers.of(settings)
    live = LivePipeline(pipeline)
    app = mcp_app(mcp_server(live, workers, Limits.of(settings)), settings, workers, live)
    listener = claim_port("127.0.0.1", 0)
    listener.listen(128)
    told = {"log_level": "critical", "timeout_graceful_shutdown": 1}
    running = uvicorn.Server(server_config(app, settings, workers.metrics, **told))
    serving = asyncio.create_task(running.serve(sockets=[listener]))
    try:
        accept = {"accept": "application/json, text/event-stream"}
        place = address("127.0.0.1", listener)
        async with httpx.AsyncClient(base_url=place, headers=accept, timeout=PATIENCE) as client:
            with anyio.fail_after(PATIENCE):
                yield workers, client
    finally:
        pipeline.release.set()
        running.should_exit = True
        await serving
        listener.close()


@pytest.fixture
def scripted(toy_index, toy_encoder) -> ScriptedPipeline:
    return ScriptedPipeline(toy_index, toy_encoder)


@pytest.mark.parametrize("version", [{}, {"mcp-protocol-version": "2025-06-18"}])
def test_a_client_that_hangs_up_frees_its_place(scripted, version):
    async def scenario() -> None:
        async with serving(scripted) as (workers, client):
            asked = []
            for number, question in enumerate(("slow", "several", "words")):
                asked.append(asyncio.create_task(client.post(MCP_PATH, json=call(question), headers=version)))
                await until(lambda number=number: state(workers.load) == (1, number, 0))
            await hung_up(asked[1])  # it waits
            await until(lambda: state(workers.load) == (1, 1, 1))
            await hung_up(asked[0])  # it is being answered: the thread is busy until it is done
            await until(lambda: state(workers.load) == (1, 1, 2))
            scripted.release.set()
            answer = (await asked[2]).json()["result"]
            assert answer["structuredContent"]["answer"]["text"] == "as early as 2029"
            await until(lambda: state(workers.load) == (0, 0, 2))
            assert workers.load.done == 2  # the one that had left the line was never computed

    anyio.run(scenario)


async def hung_up(asked: asyncio.Task) -> None:
    asked.cancel()
    with suppress(asyncio.CancelledError):
        await asked


def test_what_is_asked_is_counted_and_told_to_this_machine_only(scripted, caplog):
    caplog.set_level("INFO", "qa.web.recording")

    async def scenario() -> str:
        async with serving(scripted) as (_, client):
            assert (await client.post(MCP_PATH, json=call("several"))).status_code == 200
            assert (await client.post(MCP_PATH, json=call("broken"))).json()["result"]["isError"]
            assert (await client.get("/metrics", headers={"x-forwarded-for": "192.0.2.7"})).status_code == 404
            assert (await client.get("/metrics", headers={"host": "other.example"})).status_code in (404, 421)
            assert (await client.delete("/metrics")).status_code == 405
            assert (await client.request("GET", "/metrics", content=b"x" * 70_000)).status_code == 413
            return (await client.get("/metrics")).text

    told = anyio.run(scenario)
    assert 'article_qa_questions_total{door="mcp",outcome="answer"} 1' in told
    assert 'article_qa_questions_total{door="mcp",outcome="failed"} 1' in told
    assert 'article_qa_http_responses_total{route="/mcp",method="POST",status="200"} 2' in told
    assert 'article_qa_http_responses_total{route="/metrics",method="GET",status="404"} 1' in told
    assert "article_qa_index_sentences" in told
    lines = [one.fields for one in caplog.records if hasattr(one, "fields")]
    questions = [one["request_id"] for one in lines if one.get("door") == "mcp"]
    assert len(set(questions)) == 2
    assert questions == [one["request_id"] for one in lines if one.get("route") == "/mcp"]
