"""One line of the log, and one count, for each request; and a line for each question that no request answers by itself.

What never becomes a request, as a connection refuses it, is counted too, and told of as long as it does not come in floods.

Routes are named by their templates, and what was asked only where the settings have the log tell it.
"""

import logging
import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qa.settings import Settings
from qa.web.clients import client_address
from qa.web.metrics import Door, Metrics, Outcome
from qa.web.request_ids import request_id
from qa.web.routes import CONNECTION, OTHER, method_of, route_of

log = logging.getLogger(__name__)

SLOW: Final = 0.5
"""A request is slow that takes longer than this share of the time that a question may take."""

MOST_REFUSALS: Final = 60
"""Lines of the log, of refusals of connections, within `REFUSALS_SPAN`: they cost their sender a few bytes and none of the
questions that one client may ask, and a disk is not theirs to fill."""

REFUSALS_SPAN: Final = 60.0
"""Seconds."""

_PROBES: Final = frozenset(("/healthz", "/readyz", "/metrics", "/ui/{file}", "/assets/{file}", "/static/{file}"))
"""Asked all the time, or many times for one page; logged at all only where they fail."""

_STREAMS: Final = frozenset(("/gradio_api/queue/data", "/gradio_api/call/ask/{event}", "/gradio_api/call/v2/ask/{event}"))
"""Held open for as long as they are listened to, so none is slow."""


@dataclass(frozen=True)
class Asked:
    """A question and what became of it."""

    door: Door
    outcome: Outcome
    seconds: float
    wait: float
    p_no_answer: float | None
    question: str | None  # None where the log may not tell

    def fields(self) -> dict[str, Any]:
        """As the log has them."""
        found = {
            "door": self.door,
            "outcome": self.outcome,
            "p_no_answer": self.p_no_answer,
            "wait_ms": round(1_000 * self.wait, 1),
            "question": self.question,
        }
        return {name: value for name, value in found.items() if value is not None}


@dataclass
class _Request:
    asked: list[Asked] = field(default_factory=list)


_CURRENT: ContextVar[_Request | None] = ContextVar("request", default=None)


def note(asked: Asked, settings: Settings) -> None:
    """Have the log tell of the question: the only one of a request in the request's line, any other in its own."""
    request = _CURRENT.get()
    if request is not None and asked.door == "api":
        request.asked.append(asked)
        return
    at_hand = {"request_id": request_id(), "client": client_address()}
    told = {**at_hand, **asked.fields(), "ms": round(1_000 * asked.seconds, 1)}
    slow = asked.seconds > SLOW * settings.time_limit
    level = logging.WARNING if slow or asked.outcome == "failed" else logging.INFO
    log.log(level, "slow question" if slow else "question", extra={"fields": told})


class Recorder:
    """ASGI middleware around everything that answers; see the module's docstring."""

    def __init__(self, app: ASGIApp, metrics: Metrics, settings: Settings) -> None:
        self.app = app
        self.metrics = metrics
        self.settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and tell of it when it has been answered."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun, status, request = time.perf_counter(), 0, _Request()
        _CURRENT.set(request)

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, watched)
        finally:
            self._tell(scope, status, time.perf_counter() - begun, request)

    def _tell(self, scope: Scope, status: int, seconds: float, request: _Request) -> None:
        route, method = route_of(scope["path"]), method_of(scope["method"])
        self.metrics.response(route, method, status)
        slow = seconds > SLOW * self.settings.time_limit and route not in _STREAMS
        wrong = status >= 500 and status != 503  # a refusal is no fault, and they come by the thousand
        if not log.isEnabledFor(logging.WARNING if slow or wrong else logging.INFO):
            return
        if route in _PROBES and not slow and status < 400:
            return
        fields: dict[str, Any] = {
            "request_id": request_id(),
            "client": client_address(),
            "method": method,
            "route": route,
            "status": status,
            "ms": round(1_000 * seconds, 1),
        }
        for asked in request.asked:
            fields |= asked.fields()
        said = "slow request" if slow else "request"
        log.log(logging.WARNING if slow or wrong else logging.INFO, said, extra={"fields": fields})


class Refusals:
    """What connections refuse: each is counted, and each has its line in the log, but in floods."""

    def __init__(self, metrics: Metrics, clock: Callable[[], float] = time.monotonic) -> None:
        """:param clock: seconds, from any point on."""
        self._metrics = metrics
        self._clock = clock
        self._since = clock()
        self._told = 0
        self._untold = 0

    def tell(self, status: int, identity: str, client: str) -> None:
        """Of one; the first line after others that were left out says how many (`untold`)."""
        self._metrics.response(CONNECTION, OTHER, status)
        if not log.isEnabledFor(logging.INFO):
            return
        now = self._clock()
        if now - self._since >= REFUSALS_SPAN:
            self._since, self._told = now, 0
        if self._told >= MOST_REFUSALS:
            self._untold += 1
            return
        fields: dict[str, Any] = {"request_id": identity, "client": client, "route": CONNECTION, "status": status}
        if self._untold:
            fields["untold"] = self._untold
        self._told, self._untold = self._told + 1, 0
        log.info("request", extra={"fields": fields})
