"""Errors as `application/problem+json` (RFC 9457): every error of the API has one shape and says what to do."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from json import JSONDecodeError
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from index.errors import ArticleError, QuestionError, StoreUnavailable
from qa.web.examples import IDENTITY, PROBLEM_EXAMPLES
from qa.web.limits import TooMany
from qa.web.request_ids import request_id
from qa.web.workers import Busy, Gone

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"

EXPECTED = 'expected an object like {"question": "When?"}, as /openapi.json describes'
_EXPECTED_AT: Final = {
    "/api/v1/ask:batch": EXPECTED.replace('{"question": "When?"}', '{"questions": [{"question": "When?"}]}'),
    "/api/v1/feedback": EXPECTED.replace('"}', '", "vote": "up"}'),
    "/api/v1/articles": "expected a query like ?q=mars&limit=20&offset=0, as /openapi.json describes",
}
"""What other routes than the one for a question expect."""


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


@dataclass(frozen=True)
class Explained:
    """What an error is to the client."""

    status: int
    detail: str
    errors: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """The problem as JSON."""
        return problem_document(self.status, self.detail, self.errors)

    def response(self) -> JSONResponse:
        """The problem as a response."""
        return problem(self.status, self.detail, errors=self.errors, headers=self.headers)


ARTICLES_GONE: Final = "The articles cannot be reached just now; please ask again in a moment."

FORESEEN: Final = (QuestionError, ArticleError, TooMany, Busy, Gone, StoreUnavailable)
"""Errors that a question may run into, and that are the client's to know of."""


def explained(error: Exception) -> Explained:
    """What one of `FORESEEN`, or a request that does not fit its model, is to the client."""
    match error:
        case QuestionError():
            return Explained(422, str(error))
        case ArticleError():
            return Explained(404, str(error))
        case TooMany():
            return Explained(429, str(error), headers={"Retry-After": str(error.retry_after)})
        case Busy():
            return Explained(503, str(error), headers={"Retry-After": str(error.retry_after)})
        case Gone():
            return Explained(503, str(error))  # unread
        case StoreUnavailable():  # whose own words say where the store is
            return Explained(503, ARTICLES_GONE, headers={"Retry-After": "2"})
        case ValidationError():
            return _misfit(error.errors())
    raise error


def _misfit(found: Sequence[Any], skipped: int = 0, expected: str = EXPECTED) -> Explained:
    """A body that is not as `expected`: every field that does not fit, after the first `skipped` parts of its place."""
    places = [(".".join(str(part) for part in one["loc"][skipped:]) or "body", one["msg"]) for one in found]
    errors = tuple(f"{place}: {said}" for place, said in places)
    return Explained(422, f"The request does not fit: {'; '.join(errors)}; {expected}.", errors)


def problem(
    status: int, detail: str, *, errors: Sequence[str] = (), headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """The response for one problem."""
    return JSONResponse(problem_document(status, detail, errors), status, headers=headers, media_type=MEDIA_TYPE)


def nothing_at(path: str) -> JSONResponse:
    """The problem of a path that does not exist, or not for who asks."""
    return problem(404, f"There is nothing at {path}; /openapi.json lists what there is.")


def problem_document(status: int, detail: str, errors: Sequence[str] = (), identity: str | None = None) -> dict[str, Any]:
    """One problem as JSON, of the request with that id, by default the one at hand; `errors` only when there are some."""
    identity = identity or request_id()
    left_out = {name for name, given in (("instance", identity), ("errors", errors)) if not given}
    body = Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        instance=f"urn:uuid:{identity}",
        errors=list(errors),
    )
    return body.model_dump(exclude=left_out)


def problem_example(status: int) -> dict[str, Any]:
    """A problem of that status, as the documentation shows it."""
    return problem_document(status, PROBLEM_EXAMPLES[status], identity=IDENTITY)


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route that may answer with these problems, for the OpenAPI document.

    Any route may answer 421, and 500 and the like under "default", which also keeps FastAPI from listing its own 422.
    """
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}  # qa/web/openapi.py adds the schema
    told: dict[int | str, dict[str, Any]] = {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {**schema, "example": problem_example(status)}},
        }
        for status in sorted((*statuses, 421))
    }
    told["default"] = {"description": "Any other error", "content": {MEDIA_TYPE: schema}}
    return told


def install_problem_handlers(app: FastAPI) -> None:
    """Let `app` answer every error, foreseen or not, with a problem document."""

    async def foreseen(_: Request, error: Exception) -> JSONResponse:
        return explained(error).response()

    for kind in FORESEEN:
        app.add_exception_handler(kind, foreseen)

    @app.exception_handler(RequestValidationError)
    async def bad_request(request: Request, error: RequestValidationError) -> JSONResponse:
        expected = _EXPECTED_AT.get(request.url.path, EXPECTED)
        if isinstance(error.__cause__, JSONDecodeError):
            return problem(400, f"The body is not JSON ({error.__cause__}); {expected}.")
        if isinstance(error.body, bytes):
            declared = request.headers.get("content-type", "nothing")
            return problem(415, f"The body is declared as {declared}; send JSON, with Content-Type: application/json.")
        return _misfit(error.errors(), skipped=1, expected=expected).response()

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> JSONResponse:
        expected = _EXPECTED_AT.get(request.url.path, EXPECTED)
        detail = _unreadable(error.__cause__, expected) or str(error.detail)
        return problem(error.status_code, detail, headers=dict(error.headers or {}))

    @app.exception_handler(Exception)
    async def unforeseen(request: Request, error: Exception) -> JSONResponse:
        log.error("%s %s failed (request %s)", request.method, request.url.path, request_id(), exc_info=error)
        return problem(500, "The server failed to answer; its log says why. Asking again may work.")


def _unreadable(cause: BaseException | None, expected: str) -> str | None:
    """Why FastAPI could not read a body, which itself says only that it could not; None for what is no such cause."""
    if isinstance(cause, UnicodeDecodeError):
        return f"The body is not {cause.encoding.upper()} (the byte at {cause.start}); send JSON as UTF-8, {expected}."
    if isinstance(cause, RecursionError):
        return f"The body's JSON is nested too deeply to be read; {expected}."
    if isinstance(cause, ValueError):
        return f"The body cannot be read ({cause}); {expected}."
    return None
