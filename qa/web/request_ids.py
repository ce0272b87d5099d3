"""An id for every request: in its response's X-Request-Id, in a problem's `instance`, in the log of a failure."""

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any, Final
from uuid import UUID, uuid4

HEADER: Final = "X-Request-Id"

KEPT: Final = "article_qa.request_id"
"""Where a request's scope keeps its id, for what is done for it in a task that is not the request's."""

_CURRENT: ContextVar[str | None] = ContextVar("request_id", default=None)


def begin_request(sent: str | None) -> str:
    """Give the request at hand an id: the one that its client or proxy sent, if that is a UUID, else a new one."""
    found = str(_uuid(sent) or uuid4())
    _CURRENT.set(found)
    return found


def resume_request(scope: Mapping[str, Any]) -> None:
    """Let the request at hand, in a task that it did not start, be the one with this scope; a new one where it has no id."""
    _CURRENT.set(scope.get(KEPT) or str(uuid4()))


def request_id() -> str | None:
    """The id of the request at hand, in its threads too; None outside of one."""
    return _CURRENT.get()


def _uuid(text: str | None) -> UUID | None:
    """With or without dashes, as nginx's `$request_id` is written."""
    if text is None or len(text) not in (32, 36):
        return None
    try:
        return UUID(text)
    except ValueError:
        return None
