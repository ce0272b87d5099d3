"""How large a request may be, and how long it may take to come: headers, and a body that is read before anything is done
about it, whole.
"""

from collections.abc import AsyncIterator
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


class TooLarge(Exception):
    """More was sent than may be, whatever the request's headers say of it."""


class HungUp(Exception):
    """The client went away before it had sent all."""


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


async def with_body(app: ASGIApp, most: int, settings: Settings, call: tuple[Scope, Receive, Send]) -> None:
    """Let `app` answer once the body is here, or refuse it; nobody is left to be answered where the client hangs up."""
    scope, receive, send = call
    try:
        receive = await arrived(receive, most, settings.transfer_limit)
    except TooLarge:
        app = problem(413, f"The request's body is more than the {most:,} bytes that are read.", headers=LAST)
    except TimeoutError:
        said = f"The request's body did not arrive within {settings.transfer_limit:g} seconds; please send it again."
        app = problem(408, said, headers=LAST)
    except HungUp:
        return
    await app(scope, receive, send)


async def arrived(receive: Receive, most: int, seconds: float) -> Receive:
    """`receive` as if the body had come in one piece; what comes after it is still told by the server.

    :param most: bytes of the body.
    :param seconds: in which all of it must come.
    :raises TooLarge: there are more.
    :raises TimeoutError: it took longer.
    :raises HungUp: the client did.
    """
    body = bytearray()
    with anyio.fail_after(seconds):
        async for part in _parts(receive):
            if len(body) + len(part) > most:
                raise TooLarge
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
