"""The outermost layer: which paths and methods exist at all, whose requests are answered, how large a body may be; every
request's id, and the security headers.

Pure ASGI, so streamed answers pass through it unbuffered. Default deny: Gradio serves uploads, cached files, a proxy and
statistics under paths that the page never uses, and each release may add some.
"""

import re
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qa.web.hosts import Hosts
from qa.web.origins import OPEN_TO_OTHERS, Origins
from qa.web.policy import security_headers
from qa.web.problems import problem
from qa.web.request_ids import HEADER, begin_request

READ: Final = ("GET", "HEAD")

PATHS: Final = tuple(
    (re.compile(path), methods)
    for path, methods in (
        (r"/api/v1/(ask|ask:batch|feedback)", ("POST",)),
        (r"/api/v1/articles(/.*)?", READ),
        (r"/(healthz|readyz|openapi\.json|docs)", READ),
        (r"/(widget\.js|widget|embed/.+)", READ),
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
BATCH_BODY: Final = 1024 * 1024
"""Largest body of a batch of questions, in bytes: 64 of the longest fit, with some turns each."""
PAGE_BODY: Final = 256 * 1024
"""Largest body of a page's request, in bytes: it carries the conversation so far."""
BODIES: Final = tuple(
    (re.compile(path), size)
    for path, size in ((r"/api/v1/ask:batch$", BATCH_BODY), (r"/api/", API_BODY), (r"/", PAGE_BODY))
)
"""The largest body of each path; the first that matches counts."""

_IMMUTABLE: Final = re.compile(r"/assets/|/static/fonts/")
"""Files whose names change with their content."""


class Guard:
    """ASGI middleware; see the module's docstring."""

    def __init__(self, app: ASGIApp, hosts: Hosts, origins: Origins) -> None:
        self.app = app
        self.hosts = hosts
        self.origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request here when it is refused, pass it on otherwise; add the headers either way.

        HEAD is passed on as GET, and its answer's body kept back: FastAPI's routes know no HEAD of their own.
        """
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return  # no websocket is served
        head, asked = scope["method"] == "HEAD", Headers(scope=scope)
        identity = begin_request(asked.get(HEADER))

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers[HEADER] = identity
                self._add_headers(headers, scope, asked, message["status"])
            elif head and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        refusal = self._refusal(scope["method"], scope["path"], asked)
        passed = {**scope, "method": "GET"} if head else scope
        await (refusal or self.app)(passed, receive, send_with_headers)

    def _add_headers(self, headers: MutableHeaders, scope: Scope, asked: Headers, status: int) -> None:
        path: str = scope["path"]
        for name, value in security_headers(path, self.origins).items():
            headers.setdefault(name, value)
        if path.startswith(OPEN_TO_OTHERS):
            if "Origin" not in headers.get("vary", ""):
                headers.add_vary_header("Origin")
            headers.update(self.origins.readable(asked, path, status))
        if status == 200:
            headers.setdefault("Cache-Control", _cache_control(scope))

    def _refusal(self, method: str, path: str, headers: Headers) -> ASGIApp | None:
        """The response that refuses this request, or None to let it pass."""
        if (wrong := self.hosts.misdirected(headers)) is not None:
            return problem(421, wrong)
        methods = next((methods for known, methods in PATHS if known.fullmatch(path)), None)
        if methods is None:
            return problem(404, f"There is nothing at {path}; /openapi.json lists what there is.")
        if method == "OPTIONS" and "access-control-request-method" in headers:
            opened = path.startswith(OPEN_TO_OTHERS) and "origin" in headers
            return self.origins.preflight(headers, methods) if opened else None  # else CORSMiddleware's to refuse
        if method not in methods:
            allowed = ", ".join(methods)
            return problem(405, f"{path} does not answer {method}, but {allowed}.", headers={"Allow": allowed})
        if (wrong := self.origins.refused(headers, method, path)) is not None:
            return problem(403, wrong)
        return None if method in READ else _bad_length(path, headers)


def _bad_length(path: str, headers: Headers) -> ASGIApp | None:
    if not headers.get("content-length", "").isdecimal():
        return problem(411, "The request has no Content-Length; send the body in one piece.")
    limit = next(size for known, size in BODIES if known.match(path))
    size = int(headers["content-length"])
    if size > limit:
        return problem(413, f"The request's body is {size:,} bytes; at most {limit:,} are read.")
    return None


def _cache_control(scope: Scope) -> str:
    path: str = scope["path"]
    if _IMMUTABLE.match(path) or (path.startswith("/ui/") and scope["query_string"].startswith(b"v=")):
        return "public, max-age=31536000, immutable"
    return "no-cache"
