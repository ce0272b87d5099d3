"""The outermost layer: which paths and methods exist at all, whose requests are answered, how large a body may be, and the
security headers.

Pure ASGI, so streamed answers pass through it unbuffered. Default deny: Gradio serves uploads, cached files, a proxy and
statistics under paths that the page never uses, and each release may add some.
"""

import re
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qa.web.hosts import Hosts, foreign
from qa.web.problems import problem

READ: Final = ("GET", "HEAD")

PATHS: Final = tuple(
    (re.compile(path), methods)
    for path, methods in (
        (r"/api/v1/ask", ("POST",)),
        (r"/api/v1/articles(/.*)?", READ),
        (r"/(healthz|readyz|openapi\.json)", READ),
        (r"/(ui/.*|favicon\.ico)?", READ),
        # Gradio's page, and what it and Gradio's clients load and call.
        (r"/(config|theme\.css|assets/.*|static/.*|gradio_api/(info|app_id))", READ),
        (r"/gradio_api/(queue/join|call/(v2/)?ask)", ("POST",)),
        (r"/gradio_api/(queue/data|call/(v2/)?ask/\w+)", ("GET",)),  # streams: there is no HEAD to wait for
    )
)
"""Every path that exists, with the methods that it answers."""

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

    def __init__(self, app: ASGIApp, hosts: Hosts) -> None:
        self.app = app
        self.hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request here when it is refused, pass it on otherwise; add the headers either way.

        HEAD is passed on as GET, and its answer's body kept back: FastAPI's routes know no HEAD of their own.
        """
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return  # no websocket is served
        head = scope["method"] == "HEAD"

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                if message["status"] == 200:
                    headers.setdefault("Cache-Control", _cache_control(scope))
            elif head and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        refusal = self._refusal(scope["method"], scope["path"], Headers(scope=scope))
        passed = {**scope, "method": "GET"} if head else scope
        await (refusal or self.app)(passed, receive, send_with_headers)

    def _refusal(self, method: str, path: str, headers: Headers) -> ASGIApp | None:
        """The response that refuses this request, or None to let it pass."""
        if (wrong := self.hosts.misdirected(headers)) is not None:
            return problem(421, wrong)
        methods = next((methods for known, methods in PATHS if known.fullmatch(path)), None)
        if methods is None:
            return problem(404, f"There is nothing at {path}; /openapi.json lists what there is.")
        if method == "OPTIONS" and "access-control-request-method" in headers:
            return None  # a preflight, which CORSMiddleware answers
        if method not in methods:
            allowed = ", ".join(methods)
            return problem(405, f"{path} does not answer {method}, but {allowed}.", headers={"Allow": allowed})
        return None if method in READ else _bad_post(path, headers)


def _bad_post(path: str, headers: Headers) -> ASGIApp | None:
    if (wrong := foreign(headers)) is not None:
        return problem(403, wrong)
    if not headers.get("content-length", "").isdecimal():
        return problem(411, "The request has no Content-Length; send the body in one piece.")
    limit = API_BODY if path.startswith("/api/") else PAGE_BODY
    size = int(headers["content-length"])
    if size > limit:
        return problem(413, f"The request's body is {size:,} bytes; at most {limit:,} are read.")
    return None


def _cache_control(scope: Scope) -> str:
    path: str = scope["path"]
    if _IMMUTABLE.match(path) or (path.startswith("/ui/") and scope["query_string"].startswith(b"v=")):
        return "public, max-age=31536000, immutable"
    return "no-cache"
