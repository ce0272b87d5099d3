"""Connections, bounded in number, and in the time that each may keep the server waiting.

uvicorn by itself waits without end for a request's headers and body, and for a client to take what it is sent, and holds as
many connections as the system lets it. Its h11 protocol is the one built upon, whatever else is installed.

What is refused here never becomes a request, so that it is counted, and told in the log, here as well.
"""

import asyncio
import json
from collections import OrderedDict
from http import HTTPStatus
from typing import Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from qa.settings import Settings
from qa.web.clients import Clients
from qa.web.metrics import Metrics
from qa.web.problems import MEDIA_TYPE, problem_document
from qa.web.recording import Refusals
from qa.web.request_ids import begin_request

ARRIVING: Final = (h11.IDLE, h11.SEND_BODY)
"""States of a client that has not sent a whole request."""

_GRACE: Final = 1.0
"""Seconds more for a body, whose time the guard measures too, and says so in words, where it has not answered yet."""


class Connections:
    """The connections of one server."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.open: set[BoundedProtocol] = set()
        # Those that keep the server waiting, longest first: no whole request is sent, or its answer is not taken.
        self.arriving: OrderedDict[BoundedProtocol, None] = OrderedDict()


class BoundedProtocol(H11Protocol):
    """One connection. A subclass says of which server, and how long it waits."""

    held: Connections
    refusals: Refusals
    seconds: float
    header_bytes: int

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take it; where there are too many, in place of the one that has longest kept the server waiting."""
        super().connection_made(transport)
        self._timer: asyncio.TimerHandle | None = None
        self._lingering: asyncio.TimerHandle | None = None
        self._awaited: Any = None
        held = self.held
        held.open.add(self)
        if len(held.open) > held.most:
            if not held.arriving:
                self._refuse(503, "Too many connections are open; please try again in a moment.")
                return
            held.arriving.popitem(last=False)[0].transport.abort()
        held.arriving[self] = None
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self.held.open.discard(self)
        self.held.arriving.pop(self, None)
        for timer in (self._timer, self._lingering):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, for as long as a request may take to arrive."""
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """Wait for the next request, or for the client to take the rest of the answer."""
        super().on_response_complete()
        if self.transport.is_closing():
            self._linger()
        elif self.conn.their_state is h11.IDLE and not self.conn.trailing_data[0]:
            self.held.arriving[self] = None
            self._await(None)  # idle, which uvicorn ends by itself
        else:
            self._watch()

    def timeout_keep_alive_handler(self) -> None:
        """Close it, even if the client never takes what it was sent."""
        super().timeout_keep_alive_handler()
        self._linger()

    def pause_writing(self) -> None:
        """The client is slow to take what it is sent; others may have its place, as that of one that is slow to send."""
        super().pause_writing()
        self.held.arriving.setdefault(self)
        self._linger()

    def resume_writing(self) -> None:
        """It has taken it."""
        if self._lingering is not None and not self.transport.is_closing():
            self._lingering.cancel()
            self._lingering = None
        self._watch()
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """What h11 could not read is told as every other problem is."""
        if len(self.conn.trailing_data[0]) > self.header_bytes:
            self._refuse(
                431, f"The request's line and headers are more than the {self.header_bytes:,} bytes that are read."
            )
        else:
            self._refuse(400, f"{msg.removesuffix('.')}: this is not HTTP/1.1 as the server reads it.")

    def _watch(self) -> None:
        """Wait for what is missing of a request no longer than it may take."""
        state = self.conn.their_state
        if state in ARRIVING and not self.transport.is_closing():
            self.held.arriving.setdefault(self)
            self._await(state)
        else:
            if self._lingering is None:
                self.held.arriving.pop(self, None)
            self._await(None)

    def _await(self, state: Any) -> None:
        """Have so many seconds from now for the headers (IDLE) or the body; for the same thing they go on."""
        awaited = (state, self.cycle)
        if state is not None and self._timer is not None and awaited == self._awaited:
            return
        if self._timer is not None:
            self._timer.cancel()
        seconds = self.seconds + (_GRACE if state is h11.SEND_BODY else 0)
        self._timer = None if state is None else self.loop.call_later(seconds, self._too_late)
        self._awaited = awaited

    def _too_late(self) -> None:
        if self.conn.our_state is h11.IDLE and self.conn.trailing_data[0]:
            self._refuse(408, f"The request's headers did not arrive within {self.seconds:g} seconds.")
        else:
            self.transport.close()  # nothing was asked, or the guard has told what is wrong
            self._linger()

    def _linger(self) -> None:
        if self._lingering is None:
            self._lingering = self.loop.call_later(self.seconds, self.transport.abort)

    def _refuse(self, status: int, detail: str) -> None:
        """Answer without the application, as far as anything can be answered, and close."""
        cycle, unanswered = self.cycle, not self.transport.is_closing()
        if cycle is not None and not cycle.response_complete:
            unanswered = unanswered and not cycle.response_started
            cycle.disconnected = True  # whatever the application says from now on is dropped
            cycle.message_event.set()
        if unanswered:
            identity = begin_request(None)
            # Of a proxy its own address: what it passed on was not read.
            self.refusals.tell(status, identity, Clients().address({"client": self.client, "headers": []}))
            self.transport.write(_raw_problem(status, detail, identity))
        self.transport.close()
        self.held.arriving.pop(self, None)
        self._await(None)
        self._linger()


def bounded_protocol(settings: Settings, metrics: Metrics) -> type[BoundedProtocol]:
    """The protocol of one server, as its settings have it.

    :param metrics: count what is refused.
    """
    limits = {
        "held": Connections(settings.connections),
        "refusals": Refusals(metrics),
        "seconds": settings.transfer_limit,
        "header_bytes": settings.header_bytes,
    }
    return type("Protocol", (BoundedProtocol,), limits)


def _raw_problem(status: int, detail: str, identity: str) -> bytes:
    body = json.dumps(problem_document(status, detail, identity=identity)).encode()
    lines = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        f"Content-Type: {MEDIA_TYPE}",
        f"Content-Length: {len(body)}",
        f"X-Request-Id: {identity}",
        "X-Content-Type-Options: nosniff",
        *(["Retry-After: 1"] if status == 503 else []),
        "Connection: close",
    ]
    return "\r\n".join((*lines, "", "")).encode() + body
