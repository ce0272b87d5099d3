"""Clients of the API that cost little: HTTP/1.1 over a kept connection, written out, so that on a small machine the cores
are the server's.
"""

import asyncio
import json
import random
import time
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import uuid4

PATIENCE: Final = 120.0
"""Seconds after which an answer that has not come is lost."""

KEPT: Final = 2.0
"""Seconds that an unused connection is kept: the server closes them after five, and must not do so while it is written to."""

HEADER_ID: Final = "x-request-id"

Answers = Mapping[str, Any]
"""The Answer to each question asked alone, without its timings."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of asking once."""

    status: int
    body: Any
    milliseconds: float
    retry_after: str | None
    echoed: bool  # the id that the question was sent with came back


class Lost(Exception):
    """A question got no reply: the connection broke, or nothing came in time."""


class Connection:
    """One client's connection, opened when it is first needed, and again when the server has closed it in between."""

    def __init__(self, address: str) -> None:
        place = urlsplit(address)
        self._host, self._port = place.hostname or "", place.port or 80
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._used = 0.0

    async def ask(self, question: str) -> Reply:
        """Ask it once. The time is from before the connection is opened, if it has to be, until the whole reply is read.

        :raises Lost: there is none.
        """
        started = time.perf_counter()
        identity = str(uuid4())
        body = json.dumps({"question": question}).encode()
        head = (
            f"POST /api/v1/ask HTTP/1.1\r\nHost: {self._host}:{self._port}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nX-Request-Id: {identity}\r\n\r\n"
        ).encode()
        try:
            async with asyncio.timeout(PATIENCE):
                if started - self._used > KEPT:
                    self.close()
                if self._streams is None:
                    self._streams = await asyncio.open_connection(self._host, self._port)
                reader, writer = self._streams
                writer.write(head + body)
                status, headers = _head(await reader.readuntil(b"\r\n\r\n"))
                told = json.loads(await reader.readexactly(int(headers["content-length"])))
        except (OSError, EOFError, TimeoutError, ValueError, KeyError, asyncio.LimitOverrunError) as error:
            self.close()
            raise Lost(f"{type(error).__name__}: {error}") from error
        if headers.get("connection") == "close":
            self.close()
        self._used = time.perf_counter()
        milliseconds = (self._used - started) * 1_000
        return Reply(status, told, milliseconds, headers.get("retry-after"), headers.get(HEADER_ID) == identity)

    def close(self) -> None:
        """Hang up."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


def _head(raw: bytes) -> tuple[int, dict[str, str]]:
    first, *lines = raw.decode("latin-1").rstrip("\r\n").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return int(first.split(" ")[1]), {name.lower(): value.strip() for name, _, value in pairs}


def bare(answer: Mapping[str, Any]) -> dict[str, Any]:
    """An Answer without what differs each time it is computed."""
    return {name: value for name, value in answer.items() if name != "timings_ms"}


@dataclass
class Tally:
    """What came of all that was asked in one stretch of time.

    :ivar faults: what may never be, in words: a reply that is neither an answer nor a refusal with a time to come back, an
        answer that differs from the one that the question gets alone, one to another question, none at all.
    """

    answered: list[float] = field(default_factory=list)  # milliseconds
    refused: list[float] = field(default_factory=list)  # milliseconds
    faults: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def take(self, question: str, reply: Reply, expected: Answers) -> None:
        """Count one reply; `expected` is what each question got alone."""
        if not reply.echoed:
            self.faults.append(f"mixed up: the reply to {question!r} is to another request")
        elif reply.status == 200 and bare(reply.body) == expected[question]:
            self.answered.append(reply.milliseconds)
        elif reply.status == 200:
            of = next((other for other, answer in expected.items() if bare(reply.body) == answer), None)
            self.faults.append(f"mixed up: {question!r} got the answer to {of!r}" if of else f"wrong: {question!r}")
        elif reply.status == 503 and (reply.retry_after or "").isdecimal():
            self.refused.append(reply.milliseconds)
        else:
            self.faults.append(f"failed: {question!r} got {reply.status}: {json.dumps(reply.body)[:200]}")


class Crowd:
    """Clients of one server, who ask questions whose answers are known."""

    def __init__(self, address: str, expected: Answers) -> None:
        self.address = address
        self.expected = expected
        self.questions = tuple(expected)

    async def closed(self, askers: int, seconds: float, *, obedient: bool = True) -> Tally:
        """`askers` clients, each of whom asks again as soon as it is answered; when refused, it stays away as long as it is
        told to, or, if it is not obedient, not at all.
        """
        tally, until = Tally(), time.perf_counter() + seconds

        async def client(number: int) -> None:
            connection, choose = Connection(self.address), random.Random(number)
            while time.perf_counter() < until:
                reply = await self._ask(connection, choose.choice(self.questions), tally)
                if reply is not None and reply.status == 503 and obedient:
                    told = float(reply.retry_after or 1)
                    await asyncio.sleep(min(told * choose.uniform(1, 1.25), max(0, until - time.perf_counter())))
            connection.close()

        return await self._timed(tally, [client(number) for number in range(askers)])

    async def arriving(self, rate: float, seconds: float, seed: int = 0) -> Tally:
        """New questions at that rate (a second), at random moments, whatever becomes of those before: nobody obeys."""
        tally, choose, idle, asked = Tally(), random.Random(seed), list[Connection](), list[asyncio.Task[None]]()
        begun = now = time.perf_counter()

        async def client(question: str) -> None:
            connection = idle.pop() if idle else Connection(self.address)
            await self._ask(connection, question, tally)
            idle.append(connection)

        async def arrivals() -> None:
            nonlocal now
            while (now := now + choose.expovariate(rate)) < begun + seconds:
                await asyncio.sleep(max(0, now - time.perf_counter()))
                asked.append(asyncio.create_task(client(choose.choice(self.questions))))
            await asyncio.gather(*asked)

        await self._timed(tally, [arrivals()])
        for connection in idle:
            connection.close()
        return tally

    async def _ask(self, connection: Connection, question: str, tally: Tally) -> Reply | None:
        try:
            reply = await connection.ask(question)
        except Lost as error:
            tally.faults.append(f"lost: {question!r}: {error}")
            return None
        tally.take(question, reply, self.expected)
        return reply

    async def _timed(self, tally: Tally, clients: Sequence[Awaitable[None]]) -> Tally:
        """Those that were asked in time are waited for: the seconds are those until the last was answered."""
        started = time.perf_counter()
        await asyncio.gather(*clients)
        tally.seconds = time.perf_counter() - started
        return tally


async def answers_alone(address: str, questions: Sequence[str]) -> dict[str, Any]:
    """The Answer to each question, asked one after another of a server that does nothing else.

    :raises Lost: one got no answer.
    """
    connection, found = Connection(address), dict[str, Any]()
    for question in questions:
        reply = await connection.ask(question)
        if reply.status != 200:
            raise Lost(f"{question!r} asked alone got {reply.status}: {reply.body}")
        found[question] = bare(reply.body)
    connection.close()
    return found
