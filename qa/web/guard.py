"""The outermost layer: which paths exist at all, how large a body may be, who may post, and the security headers.

Pure ASGI, so streamed answers pass through it unbuffered. Default deny: Gradio serves uploads, cached files, a proxy and
statistics under paths that the page never uses, and each release may add some.
"""

import re
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qa.web.problems import problem

OWN_PATHS: Final = re.compile(r"/(api/.*|ui/.*|healthz|readyz|openapi\.json)")
PAGE_PATHS: Final = re.compile(
    r"/(config|theme\.css|favicon\.ico|manifest\.json|assets/.*|static/.*"
    r"|gradio_api/(queue/(join|data)|call/(v2/)?ask(/\w+)?|info|app_id))?"
)

API_BODY: Final = 64 * 1024
"""Largest body of an API request, in bytes: a question and twenty earlier turns fit with room to spare."""
PAGE_BODY: Final = 256 * 1024
"""Largest body of a page's request, in bytes: it carries the conversation so far."""

CONTENT_POLICY: Final = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",  # gr.HTML evaluates its template; Gradio's page is inline
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)
SECURITY_HEADERS: Final = {
    "Content-Security-Policy": CONTENT_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",  # an address holds the reader's question
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
}

_IMMUTABLE: Final = re.compile(r"/assets/|/static/fonts/")
"""Files whose names change with their content."""


class Guard:
    """ASGI middleware; see the module's docstring."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request here when it is refused, pass it on otherwise; add the headers either way."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return  # no websocket is served
        path: str = scope["path"]

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                if message["status"] == 200:
                    headers.setdefault("Cache-Control", _cache_control(scope))
            await send(message)

        refusal = _refusal(scope["method"], path, Headers(scope=scope))
        await (refusal or self.app)(scope, receive, send_with_headers)


def _refusal(method: str, path: str, headers: Headers) -> ASGIApp | None:
    """The response that refuses this request, or None to let it pass."""
    own = OWN_PATHS.fullmatch(path) is not None
    if not own and PAGE_PATHS.fullmatch(path) is None:
        return problem(404, f"There is nothing at {path}.")
    if method in ("GET", "HEAD", "OPTIONS"):
        return None
    if headers.get("sec-fetch-site", "same-origin") in ("cross-site", "same-site"):
        return problem(403, "Another site's page may not ask this server.")
    if not headers.get("content-length", "").isdigit():
        return problem(411, "The request has no Content-Length; send the body in one piece.")
    limit = API_BODY if own else PAGE_BODY
    size = int(headers["content-length"])
    if size > limit:
        return problem(413, f"The request's body is {size:,} bytes; at most {limit:,} are read.")
    return None


def _cache_control(scope: Scope) -> str:
    path: str = scope["path"]
    if _IMMUTABLE.match(path) or (path.startswith("/ui/") and scope["query_string"].startswith(b"v=")):
        return "public, max-age=31536000, immutable"
    return "no-cache"
