"""`/reading/ID`: an article as the chat page's pane shows it, for when a citation leads to another than the one shown."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from qa.live import Pipelines
from qa.web.article_html import article_html
from qa.web.revalidated import revalidated


def reading_router(pipelines: Pipelines) -> APIRouter:
    """The route, over the pipeline in use."""
    router = APIRouter(include_in_schema=False)

    @router.get("/reading/{article_id:path}")
    def reading(request: Request, article_id: str) -> Response:
        """The article's HTML, a part of a page. In a thread, as an article may be a book."""
        text = article_html(*pipelines.current.index.whole(article_id))
        return revalidated(request, text.encode(), "text/html; charset=utf-8")

    return router
