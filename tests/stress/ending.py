"""A real server that is told to end (SIGTERM) while every place for a question is taken: each that has one is answered right,
`/readyz` turns 503 before the port closes, and the process ends by itself, with exit status 0.

As many clients ask as the server has places, each again as soon as it is answered, until the server is told.
"""

import asyncio
import random
import signal
import time
from collections.abc import Callable
from typing import Any, Final

import httpx

from qa.settings import load_settings
from qa.web.workers import Workers
from tests.stress.askers import Answers, Connection, Lost, Tally, answers_alone
from tests.stress.load import questions
from tests.stress.served import UNLIMITED, Served

DRAIN: Final = 2.0
"""Seconds for which the server still listens, as its owner has it: time for a balancer to see that it is not ready."""

TIME_LIMIT: Final = 120
"""Seconds that an answer may take: a busy machine is no fault of the server's."""

PATIENCE: Final = 300.0
"""Seconds after which it is given up that the server ends."""

_LOAD: Final = 1.0  # seconds of asking before the server is told
_LOOK: Final = 0.02


class Ending:
    """One server, its clients, and what became of both."""

    def __init__(self, server: Served, expected: Answers, room: int, faults: list[str]) -> None:
        """:param expected: what each question gets alone. :param faults: is added to."""
        self.server = server
        self.expected = expected
        self.room = room
        self.faults = faults
        self.told = asyncio.Event()
        self.asking = 0
        self.in_flight = 0
        self.before, self.after = Tally(), Tally()
        self.not_ready: float | None = None
        self.ended: float | None = None

    async def run(self) -> None:
        """Fill its places, tell it to end, and see what happens."""
        clients = [asyncio.create_task(self._client(number)) for number in range(self.room)]
        await asyncio.sleep(_LOAD)
        async with httpx.AsyncClient(
            base_url=self.server.address, timeout=PATIENCE, limits=httpx.Limits(max_keepalive_connections=0)
        ) as looking:
            if (status := (await looking.get("/readyz")).status_code) != 200:
                self.faults.append(f"before it was told to end /readyz said {status}, expected 200")
            self.in_flight = self.asking
            self.told.set()
            started = time.monotonic()
            self.server.process.send_signal(signal.SIGTERM)
            await self._until_closed(looking, started)
        await asyncio.gather(*clients)
        status = await asyncio.to_thread(self.server.process.wait, PATIENCE)
        self.ended = time.monotonic() - started
        self._judge(status)

    async def _client(self, number: int) -> None:
        connection, choose, asked = Connection(self.server.address), random.Random(number), tuple(self.expected)
        while not self.told.is_set():
            question = choose.choice(asked)
            self.asking += 1
            try:
                reply = await connection.ask(question)
            except Lost as error:
                (self.after if self.told.is_set() else self.before).faults.append(f"lost: {question!r}: {error}")
            else:
                (self.after if self.told.is_set() else self.before).take(question, reply, self.expected)
            self.asking -= 1
        connection.close()

    async def _until_closed(self, looking: httpx.AsyncClient, started: float) -> None:
        """Look whether it is ready until nobody listens."""
        while time.monotonic() < started + PATIENCE:
            try:
                status = (await looking.get("/readyz")).status_code
            except httpx.TransportError:
                return
            if status == 503 and self.not_ready is None:
                self.not_ready = time.monotonic() - started
            elif status != 503 and (status != 200 or self.not_ready is not None):
                self.faults.append(f"while it ended /readyz said {status}")
            await asyncio.sleep(_LOOK)

    def _judge(self, status: int) -> None:
        for one in (self.before, self.after):
            self.faults += [f"told to end: {fault}" for fault in one.faults]
            if one.refused:
                self.faults.append(
                    f"told to end: {len(one.refused)} were refused, and no more asked than there are places"
                )
        if len(self.after.answered) != self.in_flight:
            self.faults.append(
                f"told to end: {len(self.after.answered)} of the {self.in_flight} questions in flight were answered right"
            )
        if self.in_flight < self.room:
            self.faults.append(
                f"told to end: {self.in_flight} questions were in flight, expected {self.room}: no full load"
            )
        if self.not_ready is None:
            self.faults.append("told to end: the port was closed before /readyz had said 503")
        if status != 0:
            self.faults.append(f"told to end: the exit status was {status}, expected 0")


def told_to_end(times: int, faults: list[str], tell: Callable[[str], None], queue: int | None = None) -> dict[str, Any]:
    """End so many servers, one after another; what came of it.

    :param faults: is added to. :param queue: questions that may wait; None for the default.
    """
    settings = load_settings(queue=queue)
    room = Workers.of(settings).room
    environment = {
        **UNLIMITED,
        "ARTICLE_QA_QUEUE": str(settings.queue),
        "ARTICLE_QA_DRAIN_SECONDS": str(DRAIN),
        "ARTICLE_QA_TIME_LIMIT": str(TIME_LIMIT),
    }
    seen = list[Ending]()

    async def once(server: Served) -> None:
        expected = await answers_alone(server.address, questions(20))
        seen.append(Ending(server, expected, room, faults))
        await seen[-1].run()

    for _ in range(times):
        with Served(environment=environment) as server:
            asyncio.run(once(server))
    tell(f"  {times} servers told to end under load")
    return {
        "servers": times,
        "places of each": room,
        "in flight when told": sum(one.in_flight for one in seen),
        "answered right afterwards": sum(len(one.after.answered) for one in seen),
        "seconds until not ready, at most": round(max(one.not_ready or 0 for one in seen), 2),
        "seconds until ended, at most": round(max(one.ended or 0 for one in seen), 1),
    }
