"""A server that is told to end: in order, with every answer given; and told twice: at once. Real processes, real signals."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import anyio
import httpx
import pytest

from qa.web.stopping import GRACE
from tests.conftest import ROOT
from tests.web.test_listeners import Tab

PATIENCE = 120
SLOW = {"question": "slow"}


class Program:
    """The server's process, and a client of it that opens a connection for each request."""

    def __init__(self, drain: float) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.web.slow_server", str(drain)],
            cwd=ROOT,
            env={**os.environ, "ARTICLE_QA_LOG_QUESTIONS": "0"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.address = self.process.stdout.readline().strip()
        assert self.address.startswith("http"), self.process.communicate(timeout=PATIENCE)[1]
        self.client = httpx.AsyncClient(
            base_url=self.address, timeout=PATIENCE, limits=httpx.Limits(max_keepalive_connections=0)
        )

    def tell(self, number: int) -> None:
        self.process.send_signal(number)

    async def ended(self) -> tuple[int, str]:
        """The exit status, and what was said on stderr."""
        _, said = await asyncio.to_thread(self.process.communicate, timeout=PATIENCE)
        return self.process.returncode, said

    async def status(self, path: str) -> int | None:
        """None where nobody listens any more."""
        try:
            return (await self.client.get(path)).status_code
        except httpx.TransportError:
            return None

    async def ask(self, question: dict) -> asyncio.Task[httpx.Response]:
        return asyncio.create_task(self.client.post("/api/v1/ask", json=question))


@asynccontextmanager
async def program(drain: float) -> AsyncIterator[Program]:
    one = await asyncio.to_thread(Program, drain)
    try:
        with anyio.fail_after(PATIENCE):
            yield one
    finally:
        await one.client.aclose()
        if one.process.poll() is None:
            one.process.kill()
            one.process.communicate()


async def until(true: Callable[[], bool]) -> None:
    while not true():
        await anyio.sleep(0.01)


def test_readiness_turns_first_then_the_port_closes_and_what_was_asked_is_answered():
    async def scenario() -> None:
        async with program(drain=2.0) as one:
            assert await one.status("/readyz") == 200
            tab = Tab(one.client, "waiting")
            await tab.ask("slow")
            await until(lambda: bool(tab.heard))
            asked = await one.ask(SLOW)
            assert await one.status("/healthz") == 200
            one.tell(signal.SIGTERM)
            told = time.monotonic()
            while (ready := await one.status("/readyz")) == 200:
                assert time.monotonic() < told + 1, "still ready a second after it was told to stop"
            assert ready == 503
            assert (await one.client.post("/api/v1/ask", json={"question": "words"})).status_code == 200
            while await one.status("/healthz") is not None:
                await anyio.sleep(0.01)
            closed = time.monotonic()
            assert closed - told >= 2.0  # it went on listening for as long as its owner had said
            # Longer than all else may take: an answer is waited for, whatever the streams of pages are given.
            while time.monotonic() < closed + GRACE + 1:
                assert one.process.poll() is None and not asked.done()
                await anyio.sleep(0.05)
            one.tell(signal.SIGUSR1)
            answered = await asked
            assert answered.status_code == 200 and answered.json()["question"] == "slow"
            await tab.listening
            assert "process_completed" in {heard["msg"] for heard in tab.heard}
            status, said = await one.ended()
            assert status == 0, said
            assert "Traceback" not in said and "Cancel" not in said

    anyio.run(scenario)


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_the_second_signal_ends_it_at_once(second):
    async def scenario() -> None:
        async with program(drain=300.0) as one:
            asked = await one.ask(SLOW)
            assert await one.status("/readyz") == 200
            one.tell(signal.SIGINT)
            while await one.status("/readyz") != 503:
                await anyio.sleep(0.01)
            assert not asked.done()
            one.tell(second)
            status, said = await one.ended()
            assert status == -second, said
            with pytest.raises(httpx.TransportError):
                await asked

    anyio.run(scenario)


def test_an_idle_server_ends_at_once_and_a_page_that_listens_for_nothing_does_not_hold_it_up():
    async def scenario() -> None:
        async with program(drain=0.0) as one, httpx.AsyncClient(base_url=one.address, timeout=PATIENCE) as kept:
            assert (await kept.get("/healthz")).status_code == 200  # a connection that stays open
            half = await asyncio.open_connection("127.0.0.1", int(one.address.rpartition(":")[2]))
            half[1].write(b"POST /api/v1/ask HTTP/1.1\r\n")
            await half[1].drain()
            assert (await kept.get("/healthz")).status_code == 200
            began = time.monotonic()
            one.tell(signal.SIGTERM)
            status, said = await one.ended()
            assert (status, said) == (0, ""), said
            assert (
                time.monotonic() - began < 60
            )  # far less than a question may take; most of it is Python taking itself apart
            half[1].close()

    anyio.run(scenario)
