"""Answers are computed off the event loop, as many at a time as there are cores; too long a line is refused."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import anyio
import anyio.to_thread

Result = TypeVar("Result")


class Busy(Exception):
    """More questions are waiting than the server will hold; asking again a little later works."""


class Workers:
    """A bounded crew of threads: `size` answers at once, at most `line` more waiting."""

    def __init__(self, size: int, line: int = 64) -> None:
        self.size = size
        self._line = line
        self._limiter: anyio.CapacityLimiter | None = None

    async def run(self, work: Callable[..., Result], *args: Any, **kwargs: Any) -> Result:
        """`work(*args, **kwargs)` in a thread.

        :raises Busy: `line` others are waiting already.
        """
        if self._limiter is None:  # a limiter belongs to the running event loop, so it is made inside one
            self._limiter = anyio.CapacityLimiter(self.size)
        if self._limiter.statistics().tasks_waiting >= self._line:
            raise Busy("Too many questions are waiting; please ask again in a moment.")
        return await anyio.to_thread.run_sync(partial(work, *args, **kwargs), limiter=self._limiter)
