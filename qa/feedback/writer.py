"""The one thread of a server that writes the feedback file, so that no answer waits for a disk or another process.

Questions are written in batches, at most `GATHER` seconds after they were asked: a process killed in that second loses
them. A vote is written at once, and is on the disk before it is confirmed. What cannot be written is dropped, counted and
logged; answering goes on.
"""

import logging
import sqlite3
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, Full, Queue
from threading import Lock, Thread
from time import monotonic
from typing import Final

from index.errors import FeedbackError
from qa.answer import Answer
from qa.feedback.forgetting import purge
from qa.feedback.store import (
    UNUSABLE,
    Asked,
    Ballot,
    asked_of,
    count_asked,
    count_vote,
    open_to_write,
    transaction,
)

GATHER: Final = 1.0
"""Seconds for which questions are gathered before they are written."""

LINE: Final = 1_000
"""Most questions and votes that wait to be written; more are dropped."""

PURGE_EVERY: Final = 86_400.0
"""Seconds between two times that what is past its days is forgotten; the first is at the start."""

PURGE_AFTER: Final = 1_000
"""Questions after which the file's size is looked at, too, so that no flood of them outgrows it within a day."""

RETRY: Final = 60.0
"""Seconds after which a file that could not be used is tried again by itself; whatever is asked tries it at once."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Cast:
    """A ballot, and who waits for it to be written."""

    ballot: Ballot
    counted: "Future[bool]" = field(default_factory=Future)


_Item = Asked | _Cast | None


class FeedbackWriter:
    """Takes what was asked and voted, from any thread, and writes it to one file."""

    def __init__(self, path: Path, days: int, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Start writing to `path`; a file that cannot be used is logged now, and tried again with whatever comes.

        :param days: for so long a question is kept after it was last asked.
        """
        self.path = path
        self._days = days
        self._now = now
        self._items: Queue[_Item] = Queue(LINE)
        self._closed = False
        self._closing = Lock()  # nothing joins the line behind the sign to stop, where nobody would write it
        self._connection: sqlite3.Connection | None = None
        self._purge_due = monotonic()
        self._unpurged = 0
        self._lost = 0
        self._fault = ""
        self._thread = Thread(target=self._run, name="feedback", daemon=True)
        self._thread.start()

    def record(self, answer: Answer) -> None:
        """Count what a reader asked and got; returns at once. Greetings and overviews are not counted."""
        asked = asked_of(answer)
        if asked is None:
            return
        if self._refusal(asked):
            self._lost += 1  # told with the next fault or success of the thread

    def vote(self, ballot: Ballot) -> "Future[bool]":
        """Done once the vote is on the disk: True; or False, as the question has not been asked of this article.

        Its exception is a FeedbackError when the file cannot be written, too much waits to be, or the writer is closed.
        """
        cast = _Cast(ballot)
        if refusal := self._refusal(cast):
            cast.counted.set_exception(FeedbackError(f"{self.path}: {refusal}; vote again in a moment"))
        return cast.counted

    def close(self) -> None:
        """Write what waits, and stop; what comes later is refused at once."""
        with self._closing:
            first, self._closed = not self._closed, True
        if first:
            self._items.put(None)
        self._thread.join()

    def _refusal(self, item: Asked | _Cast) -> str:
        """Why `item` cannot wait to be written; "" when it does."""
        with self._closing:
            if self._closed:
                return "the server is stopping"
            try:
                self._items.put_nowait(item)
            except Full:
                return "too much waits to be written"
        return ""

    def _run(self) -> None:
        ended = False
        while not ended:
            batch, ended = self._next_batch()
            if batch or monotonic() >= self._purge_due:
                self._write(batch)
        if self._connection is not None:
            self._connection.close()

    def _next_batch(self) -> tuple[list[Asked | _Cast], bool]:
        """What is to be written now, empty when it is time to purge; and whether it is the last."""
        batch: list[Asked | _Cast] = []
        until = self._purge_due
        while True:
            try:
                item = self._items.get(timeout=max(0.0, until - monotonic()))
            except Empty:
                return batch, False
            if item is None:
                return batch, True
            if not batch:
                until = monotonic() + GATHER
            batch.append(item)
            if isinstance(item, _Cast) or len(batch) == LINE:
                return batch, False

    def _write(self, batch: list[Asked | _Cast]) -> None:
        results: list[tuple[Future[bool], bool]] = []
        try:
            if self._connection is None:
                self._connection = open_to_write(self.path)
            if monotonic() >= self._purge_due or self._unpurged >= PURGE_AFTER:
                purge(self._connection, self._days, self._now())
                self._purge_due, self._unpurged = monotonic() + PURGE_EVERY, 0
            with transaction(self._connection):
                for item in batch:
                    if isinstance(item, Asked):
                        count_asked(self._connection, item, self._now())
                    else:
                        results.append((item.counted, count_vote(self._connection, item.ballot)))
        except (FeedbackError, *UNUSABLE) as error:
            self._fail(batch, error)
            return
        self._unpurged += len(batch)
        self._recover()
        for counted, found in results:
            with suppress(InvalidStateError):  # nobody waits any more
                counted.set_result(found)

    def _fail(self, batch: list[Asked | _Cast], error: Exception) -> None:
        """Let go of the file, so that the next batch tries it anew; log each new fault once."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._purge_due = max(self._purge_due, monotonic() + RETRY)
        self._lost += sum(isinstance(item, Asked) for item in batch)
        fault = (
            str(error) if isinstance(error, FeedbackError) else f"{self.path}: the feedback cannot be written ({error})"
        )
        if fault != self._fault:
            _log.warning("%s; questions go on being answered, and are not kept", fault)
            self._fault = fault
        for item in batch:
            if isinstance(item, _Cast):
                with suppress(InvalidStateError):
                    item.counted.set_exception(FeedbackError(fault))

    def _recover(self) -> None:
        if self._lost or self._fault:
            _log.warning("%s: the feedback is written again; %d questions were not kept", self.path, self._lost)
            self._lost, self._fault = 0, ""
