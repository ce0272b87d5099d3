"""Documents that clients may keep: each has a strong ETag, and is sent again only when it has changed."""

import gzip
from hashlib import sha256
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

_WORTH_COMPRESSING: Final = 1_000
"""Bytes."""


def revalidated(request: Request, body: bytes, media_type: str) -> Response:
    """`body`, compressed if the client takes that; 304 and nothing when the client has it already.

    The tag is of the bytes sent, so the compressed form has another (RFC 9110, 8.8.1: a strong validator). Clients keep the
    document and ask before each use (`no-cache`), so none shows an article that has since been replaced.
    """
    compressed = len(body) >= _WORTH_COMPRESSING and "gzip" in request.headers.get("accept-encoding", "")
    tag = f'"{sha256(body).hexdigest()[:32]}{"-gzip" if compressed else ""}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    if _known(request.headers.getlist("if-none-match"), tag):
        return Response(status_code=304, headers=headers)
    if compressed:
        headers["Content-Encoding"] = "gzip"
        body = gzip.compress(body, compresslevel=6, mtime=0)
    return Response(body, headers=headers, media_type=media_type)


def _known(conditions: list[str], tag: str) -> bool:
    """Whether one of the If-None-Match headers names the tag, weakly compared (RFC 9110, 13.1.2), or any (`*`)."""
    tags = {one.strip().removeprefix("W/") for line in conditions for one in line.split(",")}
    return tag in tags or "*" in tags
