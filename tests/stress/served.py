"""The real server, `python app.py`, in a process of its own on a free port."""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

ROOT = Path(__file__).resolve().parents[2]

UNLIMITED: Mapping[str, str] = {"ARTICLE_QA_RATE": "10000", "ARTICLE_QA_BURST": "100000"}
"""Settings that let one client ask as much as it likes: what is measured is the server, not the limit of its clients."""

PATIENCE = 300.0
"""Seconds that a server may take to build an index and start, on a busy machine."""


class Served:
    """A server that is up and ready within the `with` block. Its output goes to `log`.

    :ivar address: as `http://127.0.0.1:43210`.
    :ivar log: the file that its output is written to; gone after the block.
    """

    def __init__(self, *arguments: str, environment: Mapping[str, str] = UNLIMITED) -> None:
        """:param arguments: of `app.py`, besides the port and, unless it is among them, an index of its own.
        :param environment: added to this process's, less its own settings of Article QA.
        """
        self._arguments = arguments
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith("ARTICLE_QA_")}
        self._environment |= dict(environment)
        self._folder = tempfile.TemporaryDirectory()
        self.log = Path(self._folder.name) / "log"
        self.address = ""
        self.started = 0.0
        """Seconds from the start of the process until it answered that it was ready."""

    def __enter__(self) -> Self:
        begun = time.monotonic()
        index = [] if "--index" in self._arguments else ["--index", str(Path(self._folder.name) / "index")]
        command = [sys.executable, "app.py", "--port", "0", *index, *self._arguments]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=self._environment, stdout=log, stderr=subprocess.STDOUT
            )
        try:
            self._await_ready(begun + PATIENCE)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        self.started = time.monotonic() - begun
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._folder.cleanup()

    def _await_ready(self, until: float) -> None:
        while time.monotonic() < until:
            said = self.log.read_text(encoding="utf-8", errors="replace")
            if (found := re.search(r"http://127\.0\.0\.1:\d+", said)) is not None:
                self.address = found[0]
                if httpx.get(f"{self.address}/readyz", timeout=PATIENCE).status_code == 200:
                    return
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended with {self.process.returncode}:\n{said}")
            time.sleep(0.05)
        raise RuntimeError(f"the server was not ready after {PATIENCE:.0f} seconds:\n{said}")

    def memory(self) -> float | None:
        """The process's resident memory in MB, where /proc tells."""
        return resident(self.process.pid)


def resident(process: int) -> float | None:
    """Resident memory of a process in MB (2**20 bytes); None where the system does not tell, or it has ended."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
