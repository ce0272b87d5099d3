"""A server in a process of its own while others edit, build and damage its index: real models, real files, real signals."""

import errno
import itertools
import os
import re
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from index.article import load_article
from index.generations import SUGGESTIONS
from index.manifest import MANIFEST_NAME
from qa.live import LONGEST_STOP
from qa.web.stopping import GRACE
from tests.conftest import ROOT

MARS = "When could humans first land on Mars?"
SAID = "as early as 2029"
PATIENCE = 240
SOON = 1.0
"""Seconds after a build within which a correction is answered, by a machine that answers a question in `USUAL` seconds; by
one that is too busy for that, in as many times more."""
USUAL = 0.1

ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("ARTICLE_QA_")},
    **{"ARTICLE_QA_RATE": "10000", "ARTICLE_QA_BURST": "100000", "ARTICLE_QA_PAGE": "false"},
}


@dataclass(frozen=True)
class Reply:
    """What a client got for its question: when it began and ended, and the edition and words that were cited."""

    begun: float
    ended: float
    status: int
    sha256: str = ""
    quote: str = ""


class Newsroom:
    """An article's file, its index, and a server over that."""

    def __init__(self, folder: Path) -> None:
        self.article = folder / "article.md"
        self.index = folder / "index"
        self.texts: dict[str, str] = {}
        self.first = (ROOT / "seeds" / "article.md").read_text(encoding="utf-8")
        self.write(self.first)

    def write(self, content: str) -> str:
        """Save the article; returns its SHA-256."""
        self.article.write_text(content, encoding="utf-8")
        article = load_article(self.article)
        self.texts[article.sha256] = article.text
        return article.sha256

    def build(self) -> float:
        """Build in another process; returns when the manifest was published."""
        command = [sys.executable, "-m", "qa", "build", str(self.article), "--index", str(self.index)]
        subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, check=True, capture_output=True, timeout=PATIENCE)
        return (self.index / MANIFEST_NAME).stat().st_mtime

    @contextmanager
    def serving(self) -> Iterator[tuple[subprocess.Popen[str], str]]:
        """The server's process and its address."""
        command = [sys.executable, "-m", "qa", "serve", "--port", "0", "--index", str(self.index)]
        command += ["--article", str(self.article)]
        with subprocess.Popen(
            command, cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            try:
                found = re.search(r"http://\S+", process.stdout.readline())
                assert found is not None, process.communicate(timeout=PATIENCE)[1]
                yield process, found[0]
            finally:
                process.kill()


class Client(threading.Thread):
    """Asks without pause until it is told to stop."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address
        self.replies: list[Reply] = []
        self.ready: set[int] = set()
        self.enough = threading.Event()

    def run(self) -> None:
        with httpx.Client(base_url=self.address, timeout=PATIENCE) as client:
            while not self.enough.is_set():
                self.replies.append(self._ask(client))
                self.ready.add(client.get("/readyz").status_code)

    def _ask(self, client: httpx.Client) -> Reply:
        begun = time.time()
        response = client.post("/api/v1/ask", json={"question": MARS})
        if response.status_code != 200:
            return Reply(begun, time.time(), response.status_code)
        answer = response.json()
        first = (*answer["citations"], *answer["nearest"])[0]
        return Reply(begun, time.time(), 200, first["article_sha256"], first["quote"])

    def first_of(self, sha256: str) -> Reply | None:
        return next((one for one in list(self.replies) if one.sha256 == sha256), None)


def until(true: Callable[[], bool]) -> None:
    waited = threading.Event()
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "it has not come about"
        waited.wait(0.01)


@pytest.fixture
def newsroom(tmp_path: Path) -> Newsroom:
    return Newsroom(tmp_path)


def test_a_correction_is_answered_within_a_second_of_the_build_and_no_request_fails(newsroom: Newsroom) -> None:
    with newsroom.serving() as (process, address):
        client = Client(address)
        client.start()
        try:
            until(lambda: bool(client.replies))
            late = []
            for year in ("2033", "2035", "2037"):
                sha256 = newsroom.write(newsroom.first.replace(SAID, f"as early as {year}"))
                published = newsroom.build()
                until(lambda sha256=sha256: client.first_of(sha256) is not None)
                late.append(client.first_of(sha256).ended - published)
        finally:
            client.enough.set()
            client.join(PATIENCE)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, said
    assert {one.status for one in client.replies} == client.ready == {200}
    for one in client.replies:
        assert one.quote in newsroom.texts[one.sha256]  # each is of one text, whole
    told = [sha256 for sha256, _ in itertools.groupby(one.sha256 for one in client.replies)]
    assert told == list(newsroom.texts)  # and none goes back to an earlier one
    busy = max(1.0, statistics.median(one.ended - one.begun for one in client.replies) / USUAL)
    assert min(late) < SOON * busy, (late, busy)  # the best of three, since anything may hold one of them up
    assert "Traceback" not in said


def test_an_index_that_is_damaged_is_not_taken_and_the_end_waits_for_no_load(newsroom: Newsroom) -> None:
    with newsroom.serving() as (process, address), httpx.Client(base_url=address, timeout=PATIENCE) as client:
        newsroom.write(newsroom.first.replace(SAID, "never"))
        newsroom.build()
        until(lambda: 'swaps_total{end="taken"} 1' in client.get("/metrics").text)
        os.truncate(newsroom.index / MANIFEST_NAME, 100)
        until(lambda: 'swaps_total{end="refused"} 1' in client.get("/metrics").text)
        assert client.get("/readyz").status_code == 200
        assert "never" in client.post("/api/v1/ask", json={"question": MARS}).text
        newsroom.build()
        pipe = newsroom.index / SUGGESTIONS
        pipe.unlink()
        os.mkfifo(pipe)  # whoever reads it waits for what is written
        held: list[int] = []
        until(lambda: _is_read(pipe, held))
        assert client.post("/api/v1/ask", json={"question": MARS}).status_code == 200
        process.send_signal(signal.SIGTERM)
        told = time.monotonic()
        _, said = process.communicate(timeout=PATIENCE)
        os.close(held[0])
        assert process.returncode == 0, said
        assert time.monotonic() - told < LONGEST_STOP + GRACE + PATIENCE / 4
    assert said.count("still come from the index of before") == 1 and "Traceback" not in said


def _is_read(pipe: Path, held: list[int]) -> bool:
    """Whether somebody is reading the pipe; its other end is then in `held`."""
    try:
        held.append(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
    except OSError as error:
        assert error.errno == errno.ENXIO
        return False
    return True
