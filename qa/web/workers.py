"""Answers are computed off the event loop by a bounded crew, with a bounded line before it and a limit to their time."""

import asyncio
import contextvars
import math
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import anyio
from starlette.requests import Request

from index.cores import available_cores
from qa.settings import Settings
from qa.web.metrics import Metrics

Result = TypeVar("Result")

LONGEST_PAUSE = 60
"""Most seconds that a client is asked to stay away."""

_RECENT = 0.1
"""Weight of the newest answer in the running mean of the time that one takes."""


class Busy(Exception):
    """More questions are waiting than the server will hold, or one has waited too long; asking again later works.

    :ivar retry_after: whole seconds after which it may.
    """

    def __init__(self, said: str, retry_after: int = 1) -> None:
        super().__init__(said)
        self.retry_after = retry_after


class Gone(Exception):
    """The client has hung up: nobody is left to be answered."""

    def __init__(self) -> None:
        super().__init__("The client has hung up.")


@dataclass
class Load:
    """What the crew has done since the server started, and is doing now. A question is in one of these at a time, but for
    one that was given up while it was being computed: it is `running` and `done` besides `late` or `gone`.
    """

    running: int = 0
    waiting: int = 0
    done: int = 0
    refused: int = 0  # the line was full, or longer than the time limit
    late: int = 0  # the time limit passed
    gone: int = 0  # the client hung up, and was no longer waited for


class Workers:
    """`size` threads that answer, at most `line` questions waiting for them, each for at most `time_limit` seconds in all.

    First come, first served. A question that is given up leaves the line at once; one that is being computed keeps its
    thread until it is done, as nothing can stop a thread. A process that ends waits for these few, and for no others.

    :ivar closing: set by `close`.
    :ivar metrics: what is counted of the questions; see qa/web/asking.py.
    """

    def __init__(self, size: int, line: int = 64, time_limit: float = 60.0) -> None:
        self.size = size
        self.load = Load()
        self.metrics = Metrics()
        self.closing = False
        self._line = line
        self._time_limit = time_limit
        self._seconds = 0.0  # one answer takes, of late
        self._threads = ThreadPoolExecutor(size, thread_name_prefix="answer")
        self._free: anyio.CapacityLimiter | None = None

    @classmethod
    def of(cls, settings: Settings) -> "Workers":
        """As the settings have it."""
        return cls(settings.workers or available_cores(), settings.queue, settings.time_limit)

    @property
    def room(self) -> int:
        """Questions that are held at a time, those that wait and those that are computed."""
        return self.size + self._line

    def close(self) -> None:
        """The server is about to stop: say so to who asks whether it is ready. What is asked meanwhile is still answered,
        since a balancer takes a while to hear of it.
        """
        self.closing = True

    async def run(self, work: Callable[..., Result], *args: Any, **kwargs: Any) -> Result:
        """`work(*args, **kwargs)` in a thread.

        :raises Busy: too many others are waiting already, or the time limit has passed.
        """
        # Both are counted: a burst arrives before the first of it has come from the line to a thread.
        full = self.load.running + self.load.waiting >= self.room
        if full or self._wait() > self._time_limit:  # whom the time limit would turn away is not kept waiting for it
            self.load.refused += 1
            raise Busy("Too many questions are waiting; please ask again in a moment.", self._pause())
        try:
            with anyio.move_on_after(self._time_limit):
                return await self._computed(partial(work, *args, **kwargs))
        except asyncio.CancelledError:
            self.load.gone += 1
            raise
        self.load.late += 1
        raise Busy(
            f"The answer has taken longer than {self._time_limit:g} seconds; please ask again in a moment.",
            self._pause(),
        )

    async def _computed(self, call: Callable[[], Result]) -> Result:
        if self._free is None:  # a limiter belongs to the running event loop, so it is made inside one
            self._free = anyio.CapacityLimiter(self.size)
        free, ticket, loop = self._free, object(), asyncio.get_running_loop()
        self.load.waiting += 1
        try:
            await free.acquire_on_behalf_of(ticket)
        finally:
            self.load.waiting -= 1
        self.load.running += 1
        started = time.monotonic()

        def ended(done: "asyncio.Future[Result]") -> None:
            free.release_on_behalf_of(ticket)
            self.load.running -= 1
            self.load.done += 1
            taken = time.monotonic() - started
            self._seconds += _RECENT * (taken - self._seconds) if self._seconds else taken
            with suppress(asyncio.CancelledError):
                done.exception()  # looked at, so that asyncio does not report that of a question that was given up

        future = loop.run_in_executor(self._threads, contextvars.copy_context().run, call)
        future.add_done_callback(ended)
        return await asyncio.shield(future)

    def _wait(self) -> float:
        """Seconds until the line as it stands now will have been answered."""
        return self.load.waiting * self._seconds / self.size

    def _pause(self) -> int:
        return min(LONGEST_PAUSE, max(1, math.ceil(self._wait())))


async def while_connected(request: Request, work: Awaitable[Result]) -> Result:
    """What `work` gives, which is cancelled when the client hangs up before.

    :param request: its body has been read.
    :raises Gone: it has hung up.
    """

    async def hung_up() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    return await unless(hung_up(), work)


async def unless(gone: Awaitable[object], work: Awaitable[Result]) -> Result:
    """What `work` gives; it is cancelled when `gone` comes to its end before.

    :raises Gone: so it was.
    """
    tasks = asyncio.ensure_future(work), asyncio.ensure_future(gone)
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if tasks[0].done():
            return tasks[0].result()
        raise Gone
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
