"""HTML and PDF read in processes of their own, so that no file takes this one down: not by memory, time, or a crash of the
C code under it.
"""

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Literal

from index.cores import available_cores
from index.errors import ArticleError
from index.sources.extracted import Extracted

Kind = Literal["html", "pdf"]

PATIENCE: dict[Kind, float] = {"html": 60.0, "pdf": 300.0}
"""Seconds that a document may take; a page takes some hundredths of one, a page of a PDF the same."""

STARTING = 120.0
"""Seconds in which a process must be ready; on an idle machine it takes about one."""

MOST = 4
"""Processes at a time; there are no more than cores."""

_ROOT = Path(__file__).resolve().parents[2]


class Extractor:
    """Reads documents; safe to use from several threads. Processes are started when they are needed, and end with `close`.

    >>> with Extractor() as extractor:                                             # doctest: +SKIP
    ...     extractor.extract("pdf", Path("report.pdf").read_bytes()).pages        # doctest: +SKIP
    """

    def __init__(self, *, patience: dict[Kind, float] | None = None) -> None:
        """:param patience: seconds that a document of each kind may take; None = `PATIENCE`."""
        self.most = min(MOST, available_cores())
        self._patience = patience or PATIENCE
        self._places: queue.LifoQueue[_Process | None] = queue.LifoQueue()
        for _ in range(self.most):
            self._places.put(None)

    def __enter__(self) -> "Extractor":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the processes; another document starts new ones."""
        for process in [self._places.get() for _ in range(self.most)]:
            if process is not None:
                process.end()
            self._places.put(None)

    def extract(self, kind: Kind, raw: bytes, charset: str | None = None, url: str | None = None) -> Extracted:
        """What the bytes of a document say; `charset` and `url` are those that a page was sent with.

        :raises ArticleError: it cannot be read, takes too long or too much memory, or ends the process that reads it.
        """
        asked = {"kind": kind, "bytes": len(raw), "charset": charset, "url": url}
        with self._process() as process:
            answer = process.ask(json.dumps(asked).encode() + b"\n", raw, self._patience[kind])
        if "error" in answer:
            raise ArticleError(str(answer["error"]))
        return Extracted.from_fields(answer)

    @contextmanager
    def _process(self) -> Iterator["_Process"]:
        process = self._places.get()
        try:
            if process is None:
                process = _Process()
            yield process
        finally:
            self._places.put(process if process is not None and process.alive else None)


class _Process:
    """One running worker."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "index.sources.worker"]
        # Only what Python needs to start: no proxy, token or other secret of ours is the business of a document.
        environment = {
            name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TMPDIR", "HOME") if name in os.environ
        }
        self._program = subprocess.Popen(  # noqa: S603 - our own module, no argument from outside
            command,
            cwd=_ROOT,
            env={**environment, "PYTHONPATH": str(_ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.alive = True
        if self._talk((), STARTING) is None:
            raise ArticleError("the program that reads HTML and PDF cannot be started; install requirements.txt again")

    def ask(self, head: bytes, raw: bytes, patience: float) -> dict[str, object]:
        """The answer to one document; without one the process is ended.

        :raises ArticleError: it took longer than `patience` seconds, or the process ended.
        """
        began = time.monotonic()
        answer = self._talk((head, raw), patience)
        if answer is not None:
            return answer
        if time.monotonic() - began >= patience:
            raise ArticleError(f"reading it took longer than {patience:g} s; expected a document that people read")
        raise ArticleError("reading it ended the process that read it: it is damaged, or made to do so; export it again")

    def _talk(self, sent: Sequence[bytes], patience: float) -> dict[str, object] | None:
        """The process's next line, once all of `sent` is written; None, and no process any more, when there is none."""
        assert self._program.stdin is not None and self._program.stdout is not None  # noqa: S101 - for the type checker
        timer = threading.Timer(patience, self._program.kill)
        timer.start()
        answer: object = None
        try:
            for part in sent:
                self._program.stdin.write(part)
            self._program.stdin.flush()
            answer = json.loads(self._program.stdout.readline())
        except (OSError, ValueError):
            pass  # it ended, before or in the midst of its answer
        finally:
            timer.cancel()
            if not isinstance(answer, dict):
                self.end()
        return answer if isinstance(answer, dict) else None

    def end(self) -> None:
        """Kill it, and wait until it is gone."""
        self.alive = False
        self._program.kill()
        with suppress(OSError):  # what could not be written any more
            self._program.communicate()
