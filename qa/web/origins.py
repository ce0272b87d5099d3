"""Whose pages may use this server besides its own: the one place that says so.

The guard's refusals, the headers that let a browser read an answer (CORS), and who may frame `/embed` all ask it. Only
`/api/v1` is opened to other origins; the chat page and what Gradio serves stay the server's own.
"""

import re
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import Response

from qa.settings import Settings
from qa.web.hosts import foreign

OPEN_TO_OTHERS: Final = "/api/v1/"
"""Paths below this may be used by allowed origins."""

_EXPOSED: Final = "ETag, Retry-After, X-Request-Id"
_SENDABLE: Final = "Content-Type, If-None-Match, X-Request-Id"
_PREFLIGHT_SECONDS: Final = "600"

_ECHOED: Final = re.compile(r"[!-+\--~]{1,300}")
"""Of the origins that are not allowed, those that a browser could have sent: nothing else goes back into a header."""

_HOW_TO_ALLOW: Final = "The server's owner can allow a site by listing its exact origin in ARTICLE_QA_ALLOWED_ORIGINS."


@dataclass(frozen=True)
class Origins:
    """The exact origins of other sites whose pages may ask, as browsers write them."""

    allowed: tuple[str, ...] = ()

    @classmethod
    def of(cls, settings: Settings) -> "Origins":
        """Those of the settings."""
        return cls(settings.allowed_origins)

    def refused(self, headers: Headers, method: str, path: str) -> str | None:
        """What makes the request one of another site's page that may not make it, or None.

        The browser says whose page it is, in Origin or Sec-Fetch-Site; a program that sends neither is let through, and so
        is reading without an Origin (a link, an image): a page learns nothing from that.
        """
        opened = path.startswith(OPEN_TO_OTHERS)
        if method != "POST" and not (opened and "origin" in headers):
            return None
        if opened and headers.get("origin") in self.allowed:
            return None
        wrong = foreign(headers)
        return wrong and (f"{wrong} {_HOW_TO_ALLOW}" if opened else wrong)

    def readable(self, headers: Headers, path: str, status: int) -> dict[str, str]:
        """The headers that let the page which asked read the answer; none for the server's own pages and programs.

        A page whose origin is not allowed may read its refusal (403) and nothing else: were that hidden as well, it could
        say only that the network failed. Credentials are never asked for.
        """
        origin = headers.get("origin")
        if origin is None or not path.startswith(OPEN_TO_OTHERS):
            return {}
        if origin not in self.allowed and (status != 403 or _ECHOED.fullmatch(origin) is None):
            return {}
        return {"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": _EXPOSED}

    def preflight(self, headers: Headers, methods: tuple[str, ...]) -> Response:
        """The answer to a browser that asks whether a page may send a request below `OPEN_TO_OTHERS`.

        Any page may send one: it is the request itself that is refused, in words, which a refused preflight would hide.
        """
        answer = {
            "Access-Control-Allow-Origin": headers["origin"] if _ECHOED.fullmatch(headers["origin"]) else "null",
            "Access-Control-Allow-Methods": ", ".join(methods),
            "Access-Control-Allow-Headers": _SENDABLE,
            "Access-Control-Max-Age": _PREFLIGHT_SECONDS,
            "Vary": "Origin",
        }
        if headers["origin"] in self.allowed and "access-control-request-private-network" in headers:
            answer["Access-Control-Allow-Private-Network"] = "true"
        return Response(status_code=204, headers=answer)

    def framing(self) -> str:
        """Who may show `/embed` in a frame, as the source list of `frame-ancestors`."""
        return " ".join(("'self'", *self.allowed))
