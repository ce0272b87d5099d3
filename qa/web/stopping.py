"""Ends a server in order when its process is told to end, by SIGTERM or Ctrl-C:

    /readyz turns 503           at once, so that a balancer sends no more questions
    `drain_seconds` later       the port is closed, and so is each connection that waits for its next request
    answers in progress         are finished, within the time limit that every question has
    what is left                streams of pages that were closed, say: cut off `GRACE` seconds later
    the process                 ends with exit status 0

The second signal ends it at once, as if nobody had listened to the first. What was confirmed to a voter is on the disk.
"""

import asyncio
import logging
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

import uvicorn

from qa.web.limits import Limits
from qa.web.workers import Workers

GRACE: Final = 2
"""Seconds in which what waits for no answer may end: the streams of the chat page, a client that is slow to read."""

SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)

_LOOK_EVERY: Final = 0.05

_log = logging.getLogger(__name__)


class StoppableServer(uvicorn.Server):
    """uvicorn's server, which by itself goes on being ready until it is gone, cuts answers off with the streams after one and
    the same time, and ends as if it had been killed.
    """

    def __init__(self, config: uvicorn.Config, workers: Workers, limits: Limits) -> None:
        """:param workers: who compute the answers that are waited for. :param limits: theirs, with the streams at hand."""
        super().__init__(config)
        self._workers = workers
        self._limits = limits
        self._told = False
        self._closes_at: float | None = None

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Listen to the signals; uvicorn's would raise them once more at the end, so that the exit status is theirs."""
        before = {number: signal.signal(number, self.handle_exit) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the signature is uvicorn's
        """Begin to end; from here on a signal does what it does to any process."""
        for number in SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        self._workers.close()
        self._told = True

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second: whether to close."""
        if self._told and self._closes_at is None:  # logged here: a signal may come while the log is being written
            _log.info("Stopping once the answers in progress are given; another signal ends it at once.")
            self._closes_at = time.monotonic() + self._limits.settings.drain_seconds
        if self._closes_at is not None and time.monotonic() >= self._closes_at:
            self.should_exit = True
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the port, let the answers finish, and only then count the seconds that all else has."""
        for server in self.servers:
            server.close()
        for listener in sockets or ():
            listener.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        until = time.monotonic() + self._limits.settings.time_limit
        while self._answering() and time.monotonic() < until:
            await asyncio.sleep(_LOOK_EVERY)
        await super().shutdown(sockets)

    def _answering(self) -> bool:
        """Whether a question is being computed or waits to be, or a request is at hand that is no stream."""
        load = self._workers.load
        return bool(load.running or load.waiting) or len(self.server_state.tasks) > self._limits.streams.open
