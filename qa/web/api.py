"""The JSON API: ask a question, list the articles, and say whether the server lives and can answer.

Methods that a route does not answer, origins that may not ask, and bodies that are too long are refused by the guard before
they come here.
"""

import asyncio
from collections.abc import Callable
from typing import Annotated, Any, Final, ParamSpec

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from index.errors import QuestionError
from qa.answer import Answer
from qa.live import WARM_UP, Pipelines
from qa.pipeline import QAPipeline
from qa.web.batch import answer_each, answer_one
from qa.web.limits import Limits
from qa.web.models import (
    LISTED,
    ArticleDetail,
    ArticleList,
    AskRequest,
    BatchAnswers,
    BatchRequest,
    Health,
    ListLimit,
    ListOffset,
    Readiness,
    Searched,
    detail,
    listed,
)
from qa.web.problems import problem_responses
from qa.web.revalidated import revalidated
from qa.web.workers import Busy, Workers, while_connected

P = ParamSpec("P")

UNCHANGED: Final[dict[int | str, dict[str, Any]]] = {
    304: {"description": "Not Modified: what If-None-Match names is what there is"}
}


def api_router(pipelines: Pipelines, workers: Workers, limits: Limits) -> APIRouter:
    """The routes, each request over the pipeline that is in use when it comes; each computation runs on `workers`."""
    router = APIRouter()
    _add_ask(router, pipelines, workers, limits)
    _add_articles(router, pipelines)
    _add_health(router, pipelines, workers)
    return router


def _add_ask(router: APIRouter, pipelines: Pipelines, workers: Workers, limits: Limits) -> None:
    @router.post(
        "/api/v1/ask",
        response_model=Answer,
        response_description="an Answer: the words found, or a refusal",
        responses=problem_responses(400, 403, 404, 411, 413, 415, 422, 429, 503),
        tags=["ask"],
    )
    async def ask(request: Request, asked: AskRequest) -> JSONResponse:
        """The exact words of an article that answer the question, cited, or a refusal with the nearest sentences."""
        return JSONResponse(await while_connected(request, answer_one(asked, pipelines.current, workers)))

    @router.post(
        "/api/v1/ask:batch",
        response_model=BatchAnswers,
        response_description="an Answer or a Problem for each question, in their order",
        responses=problem_responses(400, 403, 411, 413, 415, 422, 429),
        tags=["ask"],
    )
    async def ask_batch(request: Request, batch: BatchRequest) -> JSONResponse:
        """Several questions at once, each answered as if alone; one that cannot be gets a Problem in its place."""
        asked, most = len(batch.questions), limits.settings.batch
        if asked > most:
            raise QuestionError(f"The batch holds {asked:,} questions; at most {most:,} can be asked. Please split it.")
        limits.charge(asked - 1, of=asked)  # the guard has counted one
        answers = await while_connected(request, answer_each(batch.questions, pipelines.current, workers))
        return JSONResponse({"answers": answers})


def _add_articles(router: APIRouter, pipelines: Pipelines) -> None:
    searching = asyncio.Lock()  # one search at a time, however many ask: it takes some time where there are thousands

    @router.get(
        "/api/v1/articles",
        response_model=ArticleList,
        response_description="the articles, in the order of the index; of a search, the best first",
        responses=UNCHANGED | problem_responses(403, 422),
        tags=["articles"],
    )
    async def articles(
        request: Request,
        q: Annotated[Searched, Query()] = "",
        limit: Annotated[ListLimit, Query()] = LISTED,
        offset: Annotated[ListOffset, Query()] = 0,
    ) -> Response:
        """The articles that can be asked, all or those that a search finds."""
        async with searching:
            return await asyncio.to_thread(_model, request, listed, pipelines.current, q, limit, offset)

    @router.get(
        "/api/v1/articles/{article_id:path}",
        response_model=ArticleDetail,
        response_description="the article",
        responses=UNCHANGED | problem_responses(403, 404),
        tags=["articles"],
    )
    def article(request: Request, article_id: str) -> Response:
        """One article, by its id or URL, with its exact text, blocks and sentences."""
        return _model(request, detail, pipelines.current, article_id)


def _model(request: Request, make: Callable[P, BaseModel], *what: P.args, **how: P.kwargs) -> Response:
    """What `make` makes, as JSON. It may be a book: not for the thread that serves everyone."""
    return revalidated(request, make(*what, **how).model_dump_json().encode(), "application/json")


def _read_one(pipeline: QAPipeline) -> None:
    """Have the pipeline read an article for a question; it may have to be fetched first."""
    article, _ = pipeline.index.whole()
    pipeline.predict([WARM_UP], article=article.id)


def _add_health(router: APIRouter, pipelines: Pipelines, workers: Workers) -> None:
    @router.get("/healthz", response_description="it lives", responses=problem_responses(), tags=["health"])
    async def healthz() -> Health:
        """The process lives."""
        return Health()

    warming, warm = asyncio.Lock(), asyncio.Event()

    @router.get("/readyz", response_description="it can", responses=problem_responses(503), tags=["health"])
    async def readyz() -> Readiness:
        """The server can answer: it has read the article for a question, and is not about to stop. A server that others
        keep busy is ready too: what it cannot take it refuses by itself.
        """
        if workers.closing:
            raise Busy("The server is about to stop; please ask another, or ask again in a moment.")
        pipeline = pipelines.current
        async with warming:
            if not warm.is_set():
                # Not `answer`, which would count as a reader's question, and may need no model for this one. Not one of
                # the workers either: whoever asks for readiness would wait in their line, and be refused with others.
                await asyncio.to_thread(_read_one, pipeline)
                warm.set()
        return Readiness(articles=len(pipeline.index.articles), sentences=len(pipeline.index.sentences))
