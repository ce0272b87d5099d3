"""The chat page's place in the server: Gradio's application, as little of it as the page needs."""

import asyncio
import logging
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Final

import gradio as gr
import gradio.queueing
import gradio.route_utils
import gradio.routes
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from gradio.utils import LRUCache
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from qa.settings import Settings
from qa.web.listeners import Listeners
from qa.web.page import THEME
from qa.web.problems import problem
from qa.web.unheard import Unheard

_EXPECTED: Final = "expected what /gradio_api/info describes; POST /api/v1/ask is simpler"
_BY_NAME: Final = "/gradio_api/call/v2/"
_LONGEST_SHOWN: Final = 200

SESSIONS: Final = 64
"""Tabs of which Gradio keeps something. It is a copy of the whole page for each, the article's text included, and the page,
which has no state on the server, never looks at it; Gradio's own 10,000 are some 400 MB."""

ASKING: Final = 2_000
"""Sessions of which Gradio keeps the questions that it has not told the answers of, as many as it keeps the answers of; by
itself it would keep those of every client that asked and did not listen."""

_DOCUMENTS: Final = ("/", "/config")
_JOIN: Final = "/gradio_api/queue/join"

log = logging.getLogger(__name__)


class Renewed:
    """ASGI middleware: before the page's document is sent, `renew` has it hold what is in use."""

    def __init__(self, app: ASGIApp, renew: Callable[[], None]) -> None:
        self.app = app
        self.renew = renew
        self._renewing = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass every request on."""
        if scope["type"] == "http" and scope["path"] in _DOCUMENTS:
            async with self._renewing:
                await asyncio.to_thread(self.renew)
        await self.app(scope, receive, send)


def mount_page(app: FastAPI, page: gr.Blocks, settings: Settings, listeners: Listeners) -> None:
    """Mount `page` at the root of `app`, where it catches every path: nothing can be added to `app` after it.

    :param listeners: tell of the streams that answers are heard over: Gradio keeps nothing of who has heard all, and little
        for who does not listen.
    """
    page.state_session_capacity = SESSIONS
    gr.mount_gradio_app(
        app,
        page,
        path="/",
        theme=THEME,
        root_path=settings.root_path,
        footer_links=[],
        run_history=False,
        show_error=False,
        enable_monitoring=False,  # None would serve statistics to anyone
        max_file_size="1kb",
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        app_kwargs={"openapi_url": None},
    )
    # Gradio checks paths in what clients send only when this flag says that launch() ran, which mounting never does:
    # without it {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}} sent to any textbox is copied and served.
    page.has_launched = True
    page._queue.pending_event_ids_session = LRUCache(ASKING)
    Unheard(page._queue, listeners)
    _explain_misfits(app.routes[-1].app)  # type: ignore[attr-defined]
    for module in (gradio.queueing, gradio.route_utils, gradio.routes):
        module.traceback = SimpleNamespace(print_exc=_tell_failure)  # type: ignore[attr-defined]


def _tell_failure() -> None:
    """In the place of `traceback.print_exc` in Gradio's modules, which prints beside the log, with line ends and all, what a
    client sent: most that fails there does so because it does not fit. An error of ours has been told where it was raised.
    """
    kind, _, raised = sys.exc_info()
    last = traceback.extract_tb(raised)[-1]
    told = {"error": kind.__name__ if kind else "", "at": f"{Path(last.filename).name}:{last.lineno}"}
    log.warning("A call of Gradio's failed", extra={"fields": told})


def _explain_misfits(gradio_app: FastAPI) -> None:
    """Let Gradio refuse a body that does not fit in words. By itself it sends back what it was sent, and fails where that is
    infinite or half a surrogate pair; and it fails at a name that its endpoint has no parameter for.
    """

    async def misfit(_: Request, error: Exception) -> JSONResponse:
        places = [".".join(map(str, one["loc"])) for one in error.errors()]  # type: ignore[attr-defined]
        said = ", ".join(dict.fromkeys(ascii(place)[1:-1] for place in places))[:_LONGEST_SHOWN]
        return problem(422, f"The request does not fit at {said}; {_EXPECTED}.")

    async def misnamed(request: Request, error: Exception) -> JSONResponse:
        if not request.url.path.startswith(_BY_NAME):
            raise error
        return problem(422, f"The request names another parameter than the endpoint has, or lacks one; {_EXPECTED}.")

    async def unknown(request: Request, error: Exception) -> JSONResponse:
        if request.url.path != _JOIN:
            raise error
        return problem(422, f"The request names a function that there is not; {_EXPECTED}.")

    gradio_app.add_exception_handler(KeyError, unknown)
    gradio_app.add_exception_handler(RequestValidationError, misfit)
    gradio_app.add_exception_handler(TypeError, misnamed)
