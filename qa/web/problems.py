"""Errors as `application/problem+json` (RFC 9457): every error of the API has one shape and says what to do."""

import logging
from collections.abc import Sequence
from http import HTTPStatus
from json import JSONDecodeError
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from index.errors import ArticleError, QuestionError
from qa.web.request_ids import request_id
from qa.web.workers import Busy

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"

EXPECTED = 'expected an object like {"question": "When?"}, as /openapi.json describes'


class Problem(BaseModel):
    """A problem document; `type` is about:blank, so `title` is the status's phrase (RFC 9457, 4.2.1)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = Field(description="one readable line: what was found, what was expected, the next step")
    instance: str = Field(
        default="", description="urn:uuid: and the request's id, as in X-Request-Id and the server's log"
    )
    errors: list[str] = Field(default=[], description="every bad field, when the request's body is at fault")


def problem(
    status: int, detail: str, *, errors: Sequence[str] = (), headers: dict[str, str] | None = None
) -> JSONResponse:
    """The response for one problem."""
    return JSONResponse(problem_document(status, detail, errors), status, headers=headers, media_type=MEDIA_TYPE)


def problem_document(status: int, detail: str, errors: Sequence[str] = ()) -> dict[str, Any]:
    """One problem of the request at hand, as JSON; `errors` only when there are some."""
    identity = request_id()
    left_out = {name for name, given in (("instance", identity), ("errors", errors)) if not given}
    body = Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        instance=f"urn:uuid:{identity}",
        errors=list(errors),
    )
    return body.model_dump(exclude=left_out)


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route that may answer with these problems, for the OpenAPI document.

    Any route may answer 421, and 500 and the like under "default", which also keeps FastAPI from listing its own 422.
    """
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}  # qa/web/openapi.py adds the schema
    told: dict[int | str, str] = {status: HTTPStatus(status).phrase for status in sorted((*statuses, 421))}
    told["default"] = "Any other error"
    return {status: {"description": phrase, "content": content} for status, phrase in told.items()}


def install_problem_handlers(app: FastAPI) -> None:
    """Let `app` answer every error, foreseen or not, with a problem document."""

    @app.exception_handler(QuestionError)
    async def bad_question(_: Request, error: QuestionError) -> JSONResponse:
        return problem(422, str(error))

    @app.exception_handler(ArticleError)
    async def no_such_article(_: Request, error: ArticleError) -> JSONResponse:
        return problem(404, str(error))

    @app.exception_handler(Busy)
    async def busy(_: Request, error: Busy) -> JSONResponse:
        return problem(503, str(error), headers={"Retry-After": "1"})

    @app.exception_handler(RequestValidationError)
    async def bad_request(request: Request, error: RequestValidationError) -> JSONResponse:
        if isinstance(error.__cause__, JSONDecodeError):
            return problem(400, f"The body is not JSON ({error.__cause__}); {EXPECTED}.")
        if isinstance(error.body, bytes):
            declared = request.headers.get("content-type", "nothing")
            return problem(415, f"The body is declared as {declared}; send JSON, with Content-Type: application/json.")
        errors = [f"{'.'.join(str(part) for part in e['loc'][1:]) or 'body'}: {e['msg']}" for e in error.errors()]
        return problem(422, f"The request does not fit: {'; '.join(errors)}; {EXPECTED}.", errors=errors)

    @app.exception_handler(HTTPException)
    async def http_error(_: Request, error: HTTPException) -> JSONResponse:
        detail = _unreadable(error.__cause__) or str(error.detail)
        return problem(error.status_code, detail, headers=dict(error.headers or {}))

    @app.exception_handler(Exception)
    async def unforeseen(request: Request, error: Exception) -> JSONResponse:
        log.error("%s %s failed (request %s)", request.method, request.url.path, request_id(), exc_info=error)
        return problem(500, "The server failed to answer; its log says why. Asking again may work.")


def _unreadable(cause: BaseException | None) -> str | None:
    """Why FastAPI could not read a body, which itself says only that it could not; None for what is no such cause."""
    if isinstance(cause, UnicodeDecodeError):
        return f"The body is not {cause.encoding.upper()} (the byte at {cause.start}); send JSON as UTF-8, {EXPECTED}."
    if isinstance(cause, RecursionError):
        return f"The body's JSON is nested too deeply to be read; {EXPECTED}."
    if isinstance(cause, ValueError):
        return f"The body cannot be read ({cause}); {EXPECTED}."
    return None
