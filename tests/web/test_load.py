"""What the server does while it computes, when too many ask, and when something breaks.

The pipelines here wait or fail on purpose, which the real one does not do on demand.
"""

import threading
from types import SimpleNamespace

import anyio
import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from qa.web.api import api_router
from qa.web.problems import install_problem_handlers
from qa.web.workers import Busy, Workers


def api_over(answer, workers: Workers) -> FastAPI:
    app = FastAPI()
    install_problem_handlers(app)
    index = SimpleNamespace(articles=(SimpleNamespace(id="article"),), sentences=())
    app.include_router(api_router(SimpleNamespace(answer=answer, index=index), workers))
    return app


def test_the_server_stays_responsive_while_an_answer_is_computed():
    release = threading.Event()
    computing = threading.Event()

    def slow(question, **_):
        computing.set()
        assert release.wait(30)
        raise RuntimeError

    async def scenario() -> None:
        transport = httpx.ASGITransport(api_over(slow, Workers(1)), raise_app_exceptions=False)
        async with (
            httpx.AsyncClient(transport=transport, base_url="http://t") as client,
            anyio.create_task_group() as group,
        ):
            group.start_soon(lambda: client.post("/api/v1/ask", json={"question": "?"}))
            await anyio.to_thread.run_sync(computing.wait)
            with anyio.fail_after(10):
                assert (await client.get("/healthz")).status_code == 200
            release.set()

    anyio.run(scenario)


def test_too_long_a_line_is_refused_with_a_time_to_come_back():
    release = threading.Event()

    async def scenario() -> None:
        workers = Workers(size=1, line=2)
        async with anyio.create_task_group() as group:
            for _ in range(3):  # one at work, two in the line
                group.start_soon(workers.run, release.wait, 30)
            while (await waiting(workers)) < 2:
                await anyio.sleep(0)
            with pytest.raises(Busy):
                await workers.run(int)
            release.set()

    async def waiting(workers: Workers) -> int:
        return workers._limiter.statistics().tasks_waiting if workers._limiter else 0

    anyio.run(scenario)


def test_busy_is_a_503_with_retry_after():
    def busy(*_, **__):
        raise Busy("Too many questions are waiting; please ask again in a moment.")

    response = TestClient(api_over(busy, Workers(1))).post("/api/v1/ask", json={"question": "?"})
    assert response.status_code == 503
    assert response.headers["retry-after"] == "1"
    assert response.headers["content-type"] == "application/problem+json"


def test_an_unforeseen_error_is_logged_and_told_without_its_traceback(caplog):
    def broken(*_, **__):
        raise RuntimeError("the secret inside")

    client = TestClient(api_over(broken, Workers(1)), raise_server_exceptions=False)
    for response in (client.post("/api/v1/ask", json={"question": "?"}), client.get("/readyz")):
        assert response.status_code == 500
        assert response.headers["content-type"] == "application/problem+json"
        assert "secret" not in response.text
    assert "the secret inside" in caplog.text
