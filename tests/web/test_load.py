"""What the server does while it computes, when too many ask, and when something breaks.

The pipelines here wait or fail on purpose, which the real one does not do on demand.
"""

import asyncio
import json
import threading
from collections.abc import Callable
from types import SimpleNamespace

import anyio
import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from qa.live import LivePipeline
from qa.settings import load_settings
from qa.web.api import api_router
from qa.web.limits import Limits
from qa.web.problems import install_problem_handlers
from qa.web.workers import Busy, Workers
from tests.web.standins import answering, reply


def api_over(answer, workers: Workers, predict=lambda *_, **__: None) -> FastAPI:
    app = FastAPI()
    install_problem_handlers(app)
    article = SimpleNamespace(id="article")
    index = SimpleNamespace(articles=(article,), sentences=(), whole=lambda: (article, ()))
    pipeline = answering(answer, predict=predict, index=index)
    app.include_router(api_router(LivePipeline(pipeline), workers, Limits.of(load_settings())))
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


async def until(true: Callable[[], bool]) -> None:
    """Wait for it; the test's own time limit ends the wait."""
    while not true():
        await anyio.sleep(0.001)


def test_too_long_a_line_is_refused_at_once_with_a_time_to_come_back():
    release = threading.Event()

    async def scenario() -> None:
        workers = Workers(size=1, line=2)
        async with anyio.create_task_group() as group:
            for _ in range(3):  # one at work, two in the line
                group.start_soon(workers.run, release.wait, 30)
            await until(lambda: (workers.load.running, workers.load.waiting) == (1, 2))
            with pytest.raises(Busy) as refused:
                await workers.run(int)
            assert refused.value.retry_after == 1
            release.set()
        assert await workers.run(int) == 0
        assert (workers.load.done, workers.load.refused) == (4, 1)

    anyio.run(scenario)


def test_the_time_to_come_back_is_that_of_the_line():
    async def scenario() -> None:
        workers, release = Workers(size=1, line=30), threading.Event()
        workers._seconds = 0.5  # as if answers took so long
        async with anyio.create_task_group() as group:
            for _ in range(31):
                group.start_soon(workers.run, release.wait, 30)
            await until(lambda: workers.load.waiting == 30)
            with pytest.raises(Busy) as refused:
                await workers.run(int)
            assert refused.value.retry_after == 15
            release.set()

    anyio.run(scenario)


def test_who_would_wait_longer_than_the_time_limit_is_refused_at_once():
    async def scenario() -> None:
        workers, release = Workers(size=1, line=30, time_limit=10), threading.Event()
        workers._seconds = 3.0  # as if answers took so long
        asked = [asyncio.ensure_future(workers.run(release.wait, 30)) for _ in range(10)]
        await until(lambda: workers.load.running == 1)
        assert (workers.load.waiting, workers.load.refused) == (3, 6)
        release.set()
        told = await asyncio.gather(*asked, return_exceptions=True)
        assert {one.retry_after for one in told[5:]} == {12}

    anyio.run(scenario)


def test_a_question_that_takes_too_long_is_given_up_and_its_thread_goes_on_alone():
    release = threading.Event()

    async def scenario() -> None:
        workers = Workers(size=1, line=5, time_limit=0.05)
        with pytest.raises(Busy, match=r"longer than 0\.05 seconds"):
            await workers.run(release.wait, 30)
        with pytest.raises(Busy):  # it never came to its turn: the only thread is still at work
            await workers.run(int)
        assert (workers.load.running, workers.load.waiting, workers.load.late) == (1, 0, 2)
        release.set()
        await until(lambda: workers.load.running == 0)
        assert await workers.run(int) == 0

    anyio.run(scenario)


def test_a_client_that_hangs_up_gives_up_its_place():
    release, asked = threading.Event(), []

    def answer(question, **_):
        asked.append(question)
        release.wait(30)
        return reply(question)

    async def scenario() -> None:
        workers = Workers(size=1, line=5)
        app = api_over(answer, workers)
        async with anyio.create_task_group() as group:
            leave = [anyio.Event() for _ in range(3)]
            for number, event in enumerate(leave):
                group.start_soon(asking, app, str(number), event)
                await until(lambda number=number: (workers.load.running, workers.load.waiting) == (1, number))
            leave[0].set()  # is being answered: its thread is busy until it is done
            leave[1].set()  # is waiting
            await until(lambda: (workers.load.running, workers.load.waiting) == (1, 1))
            assert workers.load.gone == 2
            release.set()
            await until(lambda: workers.load.done == 2)
            group.cancel_scope.cancel()
        assert asked == ["0", "2"]

    anyio.run(scenario)


async def asking(app: FastAPI, question: str, leave: anyio.Event) -> None:
    """One client over ASGI itself, which httpx's transport cannot do: it leaves when it is told to."""
    body = json.dumps({"question": question}).encode()
    told = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict:
        if told:
            return told.pop()
        await leave.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict) -> None:
        pass

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/v1/ask",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())],
    }
    await app(scope, receive, send)


def test_a_burst_is_held_to_the_line_before_the_first_of_it_has_reached_a_thread():
    release = threading.Event()

    async def scenario() -> None:
        workers = Workers(size=1, line=2)
        asked = [asyncio.ensure_future(workers.run(release.wait, 30)) for _ in range(10)]
        await until(lambda: workers.load.running == 1)
        assert (workers.load.waiting, workers.load.refused) == (2, 7)
        release.set()
        told = await asyncio.gather(*asked, return_exceptions=True)
        assert [type(one) for one in told] == [bool] * 3 + [Busy] * 7

    anyio.run(scenario)


def test_giving_up_at_any_moment_leaves_no_place_taken():
    """Cancelled after each number of steps of the event loop: before, in and behind the line, and while it is computed."""

    async def scenario() -> None:
        workers = Workers(size=2, line=4)
        for steps in range(12):
            release = threading.Event()
            asked = [asyncio.ensure_future(workers.run(release.wait, 30)) for _ in range(6)]
            for _ in range(steps):
                await asyncio.sleep(0)
            for one in asked:
                one.cancel()
            release.set()
            await asyncio.gather(*asked, return_exceptions=True)
            await until(lambda: workers.load.running == 0)
            assert workers.load.waiting == 0
            assert await asyncio.gather(*(workers.run(int) for _ in range(6))) == [0] * 6

    anyio.run(scenario)


def test_the_longest_waiting_is_answered_first():
    async def scenario() -> list[int]:
        workers, release, order = Workers(size=1, line=10), threading.Event(), list[int]()
        asked = [asyncio.ensure_future(workers.run(release.wait, 30))]
        asked += [asyncio.ensure_future(workers.run(order.append, number)) for number in range(8)]
        await until(lambda: workers.load.waiting == 8)
        asked[4].cancel()
        release.set()
        await asyncio.gather(*asked, return_exceptions=True)
        return order

    assert anyio.run(scenario) == [0, 1, 2, 4, 5, 6, 7]


def test_a_busy_server_is_ready_and_one_that_is_told_to_stop_is_not_but_still_answers():
    release, workers = threading.Event(), Workers(1, line=0)

    def answer(question, **_):
        return reply(question)

    async def scenario() -> None:
        app = api_over(answer, workers)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://t") as client:
            stuck = asyncio.ensure_future(workers.run(release.wait, 30))
            await until(lambda: workers.load.running == 1)
            assert (await client.get("/readyz")).status_code == 200
            assert (await client.post("/api/v1/ask", json={"question": "?"})).status_code == 503
            release.set()
            await stuck
            workers.close()
            refused = await client.get("/readyz")
            assert refused.status_code == 503 and "about to stop" in refused.json()["detail"]
            assert (await client.get("/healthz")).status_code == 200
            assert (await client.post("/api/v1/ask", json={"question": "?"})).status_code == 200

    anyio.run(scenario)


def test_the_article_is_read_once_for_readiness_and_again_only_where_it_failed():
    read = []

    def predict(questions, article):
        read.append((questions, article))
        if len(read) == 1:
            raise RuntimeError

    client = TestClient(api_over(None, Workers(1), predict), raise_server_exceptions=False)
    assert [client.get("/readyz").status_code for _ in range(4)] == [500, 200, 200, 200]
    assert read == [(["What is this article about?"], "article")] * 2


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

    client = TestClient(api_over(broken, Workers(1), broken), raise_server_exceptions=False)
    for response in (client.post("/api/v1/ask", json={"question": "?"}), client.get("/readyz")):
        assert response.status_code == 500
        assert response.headers["content-type"] == "application/problem+json"
        assert "secret" not in response.text
    assert "the secret inside" in caplog.text
