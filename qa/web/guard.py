"""The outermost layer: which paths and methods exist at all, whose requests are answered, how much one client may ask, how
large a request may be; every request's id, and the security headers.

Pure ASGI, so streamed answers pass through it unbuffered. Default deny: Gradio serves uploads, cached files, a proxy and
statistics under paths that the page never uses, and each release may add some.
"""

import re
from typing import Final

import anyio
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qa.web.bodies import Room, bad_length, headers_too_large, most_bytes, with_body
from qa.web.clients import Clients, client_address, client_key
from qa.web.hosts import Hosts
from qa.web.limits import Limits, TooMany
from qa.web.listeners import STREAM
from qa.web.origins import OPEN_TO_OTHERS, Origins
from qa.web.policy import security_headers
from qa.web.problems import explained, nothing_at, problem
from qa.web.request_ids import HEADER, KEPT, begin_request

READ: Final = ("GET", "HEAD")

FILE: Final = r"(?:[\w@+-][\w.@+-]{0,99}/){0,5}[\w@+-][\w.@+-]{0,99}"
"""The path of a file that is served: no dot in front, nothing that leads upwards, no name that a disk would not take."""

PATHS: Final = tuple(
    (re.compile(path, re.ASCII), methods)
    for path, methods in (
        (r"/api/v1/(ask|ask:batch|feedback)", ("POST",)),
        (r"/api/v1/articles(/.*)?", READ),
        (r"/(healthz|readyz|metrics|openapi\.json|docs)", READ),
        (r"/(widget\.js|widget|(embed|reading)/.+)", READ),
        (rf"/(ui/{FILE}|favicon\.ico)?", READ),
        # Gradio's page, and what it and Gradio's clients load and call.
        (rf"/(config|theme\.css|(assets|static)/{FILE}|gradio_api/(info|app_id))", READ),
        (r"/gradio_api/(queue/join|call/(v2/)?ask)", ("POST",)),
        (r"/gradio_api/(queue/data|call/(v2/)?ask/\w+)", ("GET",)),  # streams: there is no HEAD to wait for
    )
)
"""Every path that exists, with the methods that it answers."""

ASKING: Final = re.compile(r"/api/v1/(ask|ask:batch|feedback)|/gradio_api/(queue/join|call/(v2/)?ask)")
"""Posts that count as a question of their client's; those of a batch after the first are counted when it has been read."""

WAITING: Final = re.compile(r"/gradio_api/(queue/join|call/(v2/)?ask)")
"""Posts whose answer is then waited for over a stream."""

STREAM_LIFE: Final = 4
"""Times the longest that a question may take, for which a stream is held open. Gradio would hold one without end."""

TOO_MANY_WAIT: Final = "Too many answers are being waited for; please ask again in a moment."

_IMMUTABLE: Final = re.compile(r"/assets/|/static/fonts/")
"""Files whose names change with their content."""


class Guard:
    """ASGI middleware; see the module's docstring."""

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self.app = app
        self.limits = limits
        self.settings = limits.settings
        self.clients = Clients.of(self.settings)
        self.hosts = Hosts.of(self.settings)
        self.origins = Origins.of(self.settings)
        self.room = Room()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request here when it is refused, pass it on otherwise; add the headers either way.

        HEAD is passed on as GET, and its answer's body kept back: FastAPI's routes know no HEAD of their own.
        """
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return  # no websocket is served
        scope = self.clients.begin(scope)
        head, asked = scope["method"] == "HEAD", Headers(scope=scope)
        identity = begin_request(asked.get(HEADER))
        scope = {**scope, KEPT: identity}

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers[HEADER] = identity
                self._add_headers(headers, scope, asked, message["status"])
            elif head and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        refusal = headers_too_large(scope, self.settings.header_bytes) or self._refusal(
            scope["method"], scope["path"], asked
        )
        passed = {**scope, "method": "GET"} if head else scope
        if refusal is not None:
            await refusal(passed, receive, send_with_headers)
        elif scope["method"] == "POST":
            most, call = most_bytes(scope["path"], self.settings), (passed, receive, send_with_headers)
            await with_body(self.app, most, self.settings, self.room, call)
        elif STREAM.fullmatch(scope["path"]):
            await self._stream(passed, receive, send_with_headers)
        else:
            await self.app(passed, receive, send_with_headers)

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A stream, while there is room for it, and as if its client had hung up once it has lasted too long."""
        ends, more = anyio.current_time() + STREAM_LIFE * self.settings.time_limit, False

        async def receive_in_time() -> Message:
            if anyio.current_time() < ends:
                with anyio.CancelScope(deadline=ends):
                    return await receive()
            return {"type": "http.disconnect"}

        async def watched_send(message: Message) -> None:
            nonlocal more
            more = message["type"] == "http.response.start" or message.get("more_body", False)
            await send(message)

        with self.limits.streams.held(client_key(client_address() or "")):
            await self.app(scope, receive_in_time, watched_send)
        if more and anyio.current_time() >= ends:
            await send({"type": "http.response.body"})

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
            return nothing_at(path)
        if method == "OPTIONS" and "access-control-request-method" in headers:
            opened = path.startswith(OPEN_TO_OTHERS) and "origin" in headers
            return self.origins.preflight(headers, methods) if opened else None  # else CORSMiddleware's to refuse
        if method not in methods:
            allowed = ", ".join(methods)
            return problem(405, f"{path} does not answer {method}, but {allowed}.", headers={"Allow": allowed})
        if (wrong := self.origins.refused(headers, method, path)) is not None:
            return problem(403, wrong)
        if method == "POST" and (bad := bad_length(headers, most_bytes(path, self.settings))) is not None:
            return bad
        return self._over_limit(path)

    def _over_limit(self, path: str) -> ASGIApp | None:
        """The refusal of a client that asks more than its share, or would wait where nobody else can."""
        waits = WAITING.fullmatch(path) or STREAM.fullmatch(path)
        if waits and self.limits.streams.full(client_key(client_address() or "")):
            return problem(503, TOO_MANY_WAIT, headers={"Retry-After": "1"})
        try:
            self.limits.charge(1 if ASKING.fullmatch(path) else 0)
        except TooMany as error:
            return explained(error).response()
        return None


def _cache_control(scope: Scope) -> str:
    path: str = scope["path"]
    if _IMMUTABLE.match(path) or (path.startswith("/ui/") and scope["query_string"].startswith(b"v=")):
        return "public, max-age=31536000, immutable"
    return "no-cache"
