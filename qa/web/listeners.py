"""Frees the place of a page that has gone: Gradio lets a question be answered whose tab was closed.

A page, or a client of Gradio's, asks with one request and hears of the answer over another, a stream; both name the same
session. When the stream is broken off, what its session asked is given up.
"""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar
from urllib.parse import parse_qs

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qa.web.workers import unless

Result = TypeVar("Result")

STREAM: Final = re.compile(r"/gradio_api/(?:queue/data|call/(?:v2/)?ask/(\w+))")
"""Where answers are heard of: the session is in the query, or, where the client named none, it is the event's id."""

UNKNOWN: Final = "Nothing waits here: it was told already, or the server was started anew. Please ask again."


class Listeners:
    """The sessions that something is being answered for."""

    def __init__(self) -> None:
        self._left: dict[str, set[asyncio.Event]] = {}
        self._streams: Counter[str] = Counter()
        self.opened: Callable[[str], None] = lambda _: None
        """Is called with the session of each stream that opens."""
        self.known: Callable[[str], bool] = lambda _: True
        """Tells whether there is a session, or an event, of that name."""
        self.ended: Callable[[str], None] = lambda _: None
        """Is called with the session of each stream that has come to its end, by itself or broken off."""

    @property
    def sessions(self) -> int:
        """How many something is being answered for."""
        return len(self._left)

    async def answer(self, session: str, work: Awaitable[Result]) -> Result:
        """What `work` gives, which is cancelled when the session's stream is broken off before.

        :raises Gone: it was.
        """
        left = asyncio.Event()
        self._left.setdefault(session, set()).add(left)
        try:
            return await unless(left.wait(), work)
        finally:
            self._left[session].discard(left)
            if not self._left[session]:
                del self._left[session]

    def hears(self, session: str) -> bool:
        """Whether a stream of the session is open."""
        return self._streams[session] > 0

    @contextmanager
    def stream(self, session: str) -> Iterator[None]:
        """While the block runs, a stream of the session is open."""
        self._streams[session] += 1
        self.opened(session)
        try:
            yield
        finally:
            self._streams[session] -= 1
            if not self._streams[session]:
                del self._streams[session]
            self.ended(session)

    def leave(self, session: str) -> None:
        """The session's stream was broken off."""
        for left in self._left.get(session, ()):
            left.set()


class WatchedStreams:
    """ASGI middleware that tells `Listeners` of each stream that its client breaks off.

    A stream of nobody's is told so here, in the words that Gradio's clients know: Gradio itself fails with a traceback, for
    whoever asks, as every tab does whose server was started anew.
    """

    def __init__(self, app: ASGIApp, listeners: Listeners) -> None:
        self.app = app
        self.listeners = listeners

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; a stream is watched."""
        stream = STREAM.fullmatch(scope["path"]) if scope["type"] == "http" and scope["method"] == "GET" else None
        if stream is None:
            await self.app(scope, receive, send)
            return
        session = stream[1] or parse_qs(scope["query_string"].decode("latin-1")).get("session_hash", [""])[0]
        if session and not self.listeners.known(session):
            await _nothing(by_id=stream[1] is not None)(scope, receive, send)
            return
        ended = False

        async def watched_send(message: Message) -> None:
            nonlocal ended
            ended = ended or (message["type"] == "http.response.body" and not message.get("more_body", False))
            await send(message)

        async def watched_receive() -> Message:
            message = await receive()
            if message["type"] == "http.disconnect" and not ended:  # after its end every stream is disconnected
                self.listeners.leave(session)
            return message

        with self.listeners.stream(session):
            await self.app(scope, watched_receive, watched_send)


def _nothing(*, by_id: bool) -> Response:
    """The stream of a session that there is not.

    :param by_id: as a client hears of one event; else as a page hears of all of its own.
    """
    told = {"msg": "unexpected_error", "event_id": None, "message": UNKNOWN, "session_not_found": True, "success": False}
    stream = f"event: error\ndata: {json.dumps(UNKNOWN)}\n\n" if by_id else f"data: {json.dumps(told)}\n\n"
    return Response(stream, media_type="text/event-stream", headers={"Cache-Control": "no-store"})
