"""`create_app`: one FastAPI application that holds the JSON API, the page's files and, mounted last, the chat page."""

from typing import Any

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import FileResponse
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from qa.live import LivePipeline
from qa.pipeline import QAPipeline
from qa.settings import Settings
from qa.web.api import api_router
from qa.web.docs_page import docs_router
from qa.web.feedback import feedback_router, open_feedback, recorded
from qa.web.guard import Guard
from qa.web.head import ICON, STATIC, PageHead, head_html, page_title
from qa.web.limits import Limits
from qa.web.listeners import Listeners, WatchedStreams
from qa.web.openapi import DescribedAPI
from qa.web.problems import install_problem_handlers
from qa.web.reading import reading_router
from qa.web.recording import Recorder
from qa.web.scraped import metrics_router
from qa.web.widget import widget_router
from qa.web.workers import Workers


class GuardedApp(DescribedAPI):
    """The application with its guard around everything, the answer to an unforeseen error included."""

    def __init__(self, *, limits: Limits, workers: Workers, **options: Any) -> None:
        super().__init__(settings=limits.settings, **options)
        self.limits = limits
        self.workers = workers

    def build_middleware_stack(self) -> ASGIApp:
        """Starlette's stack, inside the guard; middleware that is added stands within Starlette's own error handling."""
        guarded = Guard(super().build_middleware_stack(), self.limits)
        return Recorder(guarded, self.workers.metrics, self.limits.settings)


def create_app(
    pipeline: QAPipeline | LivePipeline,
    settings: Settings,
    workers: Workers | None = None,
    limits: Limits | None = None,
) -> FastAPI:
    """The whole server; no route of it starts anything that outlives the request.

    :param pipeline: one that stays, or one that is renewed as its index is built anew.
    :param workers: who answer. :param limits: what clients are held to; None: as the settings have them.
    """
    workers, limits = workers or Workers.of(settings), limits or Limits.of(settings)
    app = GuardedApp(
        limits=limits,
        workers=workers,
        title="Article QA",
        description="Ask an article a question; get the exact words that answer it, cited, or a plain refusal.",
        version="1",
        servers=[{"url": settings.root_path}] if settings.root_path else None,
        openapi_url=None,  # docs_router has it, with a tag; FastAPI's pages of it load their scripts from a CDN
        generate_unique_id_function=lambda route: route.name,
    )
    install_problem_handlers(app)
    feedback = open_feedback(settings)
    live = pipeline if isinstance(pipeline, LivePipeline) else LivePipeline(pipeline, settings.index)
    pipelines = recorded(live, feedback)
    app.state.workers = workers
    app.include_router(api_router(pipelines, workers, limits))
    app.include_router(feedback_router(pipelines, feedback))
    if settings.page:
        app.include_router(reading_router(pipelines))
    app.include_router(widget_router(pipelines))
    app.include_router(docs_router(app, settings.root_path))
    app.include_router(metrics_router(workers, live))
    app.mount("/ui", StaticFiles(directory=STATIC), name="ui")

    @app.get("/favicon.ico", include_in_schema=False)
    async def favicon() -> FileResponse:  # for those that ask without having read the page, which names the icon
        return FileResponse(STATIC / ICON, media_type="image/svg+xml")

    listeners = Listeners()
    if settings.page:
        app.add_middleware(WatchedStreams, listeners=listeners)
        app.add_middleware(PageHead, html=lambda: head_html(page_title(live.current)))
    app.add_middleware(GZipMiddleware, minimum_size=1_000)
    # The guard opens the API to the origins of the settings; this one lets no other origin read anything else. It must be
    # this class: Gradio looks for it on the parent, and where it is missing reflects any Origin, with credentials.
    app.add_middleware(CORSMiddleware, allow_origins=[], allow_credentials=False)
    if settings.page:
        from qa.web.mounting import Renewed, mount_page
        from qa.web.page import build_page  # brings Gradio, which a server of the API alone does without

        page = build_page(pipelines, workers, listeners, votes=feedback is not None)
        app.add_middleware(Renewed, renew=page.renew)
        mount_page(app, page.blocks, settings, listeners)
    return app
