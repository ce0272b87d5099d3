"""How large a request may be, and how long it may take to come: headers, and a body that is read before anything is done
about it, whole.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Final

import anyio
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qa.settings import Settings
from qa.web.problems import problem

LAST: Final = {"Connection": "close"}
"""Goes with the answer to a request of which not all was read: nothing more can be read from its connection."""

_REQUEST_LINE: Final = len("  HTTP/1.1\r\n\r\n")
_HEADER: Final = len(": \r\n")
_DIGITS: Final = 15
"""Most digits of a body's length; more are not read as a number."""
LARGE_BODIES: Final = 64 * 2**20
"""Bytes of large bodies, as batches are, that are held at a time."""


class TooLarge(Exception):
    """More was sent than may be, whatever the request's headers say of it."""


class NoRoom(Exception):
    """Others' large bodies take all the memory that there is for them."""


class HungUp(Exception):
    """The client went away before it had sent all."""


class Room:
    """Memory for what bodies hold beyond the size of a question's, of all clients together.

    :ivar left: bytes that are free.
    """

    def __init__(self, most: int = LARGE_BODIES) -> None:
        self.left = most

    @contextmanager
    def place(self) -> Iterator[Callable[[int], None]]:
        """A function that takes so many bytes more, or raises NoRoom; they are free again when the block ends."""
        taken = 0

        def take(size: int) -> None:
            nonlocal taken
            if size > self.left:
                raise NoRoom
            self.left -= size
            taken += size

        try:
            yield take
        finally:
            self.left += taken


def most_bytes(path: str, settings: Settings) -> int:
    """The largest body of a post to that path."""
    if not path.startswith("/api/"):
        return settings.page_bytes
    return settings.batch_bytes if path == "/api/v1/ask:batch" else settings.body_bytes


def bad_length(headers: Headers, most: int) -> ASGIApp | None:
    """The refusal of a body that is not declared to be of at most so many bytes."""
    declared = headers.get("content-length", "")
    if not (declared.isascii() and declared.isdecimal()):
        return problem(411, "The request has no Content-Length; send the body in one piece.")
    if len(declared) > _DIGITS or int(declared) > most:
        said = f"{int(declared):,}" if len(declared) <= _DIGITS else "far too many"
        return problem(413, f"The request's body is {said} bytes; at most {most:,} are read.")
    return None


def headers_too_large(scope: Scope, most: int) -> ASGIApp | None:
    """The refusal of a request line and headers of more than so many bytes together."""
    size = len(scope["method"]) + len(scope.get("raw_path") or scope["path"]) + len(scope["query_string"]) + _REQUEST_LINE
    size += sum(len(name) + len(value) + _HEADER for name, value in scope["headers"])
    if size <= most:
        return None
    return problem(431, f"The request's line and headers are {size:,} bytes; at most {most:,} are read.", headers=LAST)


async def with_body(app: ASGIApp, most: int, settings: Settings, room: Room, call: tuple[Scope, Receive, Send]) -> None:
    """Let `app` answer once the body is here, or refuse it; nobody is left to be answered where the client hangs up."""
    scope, receive, send = call
    with room.place() as take:
        try:
            receive = await arrived(receive, most, settings, take)
        except TooLarge:
            app = problem(413, f"The request's body is more than the {most:,} bytes that are read.", headers=LAST)
        except NoRoom:
            said = "Too many large requests are being read; please send this one again in a moment."
            app = problem(503, said, headers={**LAST, "Retry-After": "1"})
        except TimeoutError:
            said = f"The request's body did not arrive within {settings.transfer_limit:g} seconds; please send it again."
            app = problem(408, said, headers=LAST)
        except HungUp:
            return
        await app(scope, receive, send)


async def arrived(receive: Receive, most: int, settings: Settings, take: Callable[[int], None]) -> Receive:
    """`receive` as if the body had come in one piece; what comes after it is still told by the server.

    :param most: bytes of the body, which must all come within the settings' `transfer_limit`.
    :param take: is called with the bytes of each part that goes beyond the settings' `body_bytes`.
    :raises TooLarge: there are more.
    :raises NoRoom: as `take` says.
    :raises TimeoutError: it took longer.
    :raises HungUp: the client did.
    """
    body = bytearray()
    with anyio.fail_after(settings.transfer_limit):
        async for part in _parts(receive):
            if len(body) + len(part) > most:
                raise TooLarge
            if len(body) + len(part) > settings.body_bytes:
                take(len(part))
            body += part
    whole: list[Message] = [{"type": "http.request", "body": bytes(body), "more_body": False}]

    async def replayed() -> Message:
        return whole.pop() if whole else await receive()

    return replayed


async def _parts(receive: Receive) -> AsyncIterator[bytes]:
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise HungUp
        yield message.get("body", b"")
        more = message.get("more_body", False)
