"""How a server starts, what it holds in memory and on the disk, beside a bare Gradio page mounted on FastAPI: the floor of
every program with such a page, in the same interpreter.

The floor's page has a conversation and a box, and answers nothing.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Final

import qa
from index.errors import ArticleQAError
from qa.settings import ENV_PREFIX, Settings

HOME: Final = Path(qa.__path__[0]).parent

_FLOOR: Final = """
import os, socket
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
import gradio as gr, uvicorn
from fastapi import FastAPI
with gr.Blocks() as page:
    chat, box = gr.Chatbot(), gr.Textbox()
    box.submit(lambda asked, said: said, [box, chat], chat)
app = gr.mount_gradio_app(FastAPI(), page, path="/")
listener = socket.create_server(("127.0.0.1", 0))
print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
uvicorn.Server(uvicorn.Config(app, log_level="error")).run(sockets=[listener])
"""
_FLOOR_PACKAGES: Final = ("gradio", "fastapi", "uvicorn")

_ASKERS: Final = 16
_PATIENCE: Final = 300.0
"""Seconds that a server may take to answer, on a busy machine."""


@dataclass(frozen=True, slots=True)
class Started:
    """One start of a server: seconds, and MB of resident memory where the system tells.

    :ivar page: until the page was served.
    :ivar answer: until the first question was answered; None of the floor.
    :ivar at_rest: after that.
    :ivar under_load: the most, while 16 clients asked; of the floor, while they loaded its page.
    """

    page: float
    answer: float | None
    at_rest: float | None
    under_load: float | None


def start_ours(directory: Path, questions: Sequence[str], settings: Settings) -> Started:
    """Start the server over the index in `directory`, and ask it the questions, as many at a time as `_ASKERS`.

    Readers' questions are kept nowhere meanwhile. :raises ArticleQAError: it does not start, or does not answer.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ENV_PREFIX)}
    environment[ENV_PREFIX + "TIME_LIMIT"] = str(_PATIENCE)  # what is slow on a busy machine is measured, not refused
    for name in ("encoder", "reader"):
        if (value := getattr(settings, name)) is not None:
            environment[ENV_PREFIX + name.upper()] = str(Path(value).resolve()) if Path(value).exists() else str(value)
    options = ["--host", "127.0.0.1", "--port", "0", "--index", str(directory.resolve())]
    with _serving([sys.executable, "-m", "qa", "serve", *options], environment) as (port, process, begun):
        _get(port)
        page = time.perf_counter() - begun
        _ask(port, questions[0])
        answer = time.perf_counter() - begun
        at_rest = _memory(process, "VmRSS")
        with ThreadPoolExecutor(_ASKERS) as askers:
            list(askers.map(lambda question: _ask(port, question), questions))
        return Started(page, answer, at_rest, _memory(process, "VmHWM"))


def start_floor(loads: int) -> Started:
    """Start the bare page, and load it so many times.

    :raises ArticleQAError: it does not start, or does not answer.
    """
    with _serving([sys.executable, "-c", _FLOOR], dict(os.environ)) as (port, process, begun):
        _get(port)
        page = time.perf_counter() - begun
        at_rest = _memory(process, "VmRSS")
        with ThreadPoolExecutor(_ASKERS) as askers:
            list(askers.map(lambda _: _get(port), range(loads)))
        return Started(page, None, at_rest, _memory(process, "VmHWM"))


def install_sizes() -> tuple[float, float]:
    """MB that is installed for us, and for the floor: packages as named, and all that they bring along."""
    lines = (HOME / "requirements.txt").read_text(encoding="utf-8").splitlines()
    ours = [line.partition("==")[0].strip() for line in lines if "==" in line and not line.startswith("#")]
    return _installed(ours), _installed(_FLOOR_PACKAGES)


def _installed(names: Iterable[str]) -> float:
    """MB (2**20 bytes) of the files of these packages and of those that they need, optional ones not counted."""
    waiting, seen, size = list(names), set[str](), 0
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in seen:
            continue
        seen.add(name)
        try:
            package = distribution(name)
        except PackageNotFoundError:
            continue  # of another platform or Python
        for file in package.files or ():
            with suppress(OSError):  # listed, and not there: compiled files of another Python
                size += Path(str(file.locate())).stat().st_size
        for needed in package.requires or ():
            wanted, _, condition = needed.partition(";")
            if "extra" not in condition and (found := re.match(r"[\w.-]+", wanted.strip())):
                waiting.append(found[0])
    return size / 2**20


@contextmanager
def _serving(command: Sequence[str], environment: Mapping[str, str]) -> Iterator[tuple[int, int, float]]:
    """A server that has told its address: the port, the process, and `time.perf_counter()` before it was started."""
    with tempfile.TemporaryFile("w+") as complaints:
        begun = time.perf_counter()
        with subprocess.Popen(  # noqa: S603 - the command is ours
            command, cwd=HOME, env=environment, stdout=subprocess.PIPE, stderr=complaints, text=True
        ) as process:
            assert process.stdout is not None  # noqa: S101 (as asked for above; for the type checker)
            try:
                told = next((found for line in process.stdout if (found := re.search(r"http://\S+:(\d+)", line))), None)
                if told is None:
                    complaints.seek(0)
                    last = complaints.read().strip().splitlines()[-1:] or ["it said nothing"]
                    raise ArticleQAError(f"a server could not be started: {last[0]}")
                yield int(told[1]), process.pid, begun
            finally:
                process.terminate()


def _get(port: int) -> None:
    _request(port, "GET", "/", None)


def _ask(port: int, question: str) -> None:
    _request(port, "POST", "/api/v1/ask", json.dumps({"question": question}).encode())


def _request(port: int, method: str, path: str, body: bytes | None) -> None:
    """:raises ArticleQAError: the answer is not 200."""
    connection = HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        reply = connection.getresponse()
        said = reply.read()
    finally:
        connection.close()
    if reply.status != 200:
        raise ArticleQAError(f"{method} {path} got {reply.status}: {said[:200].decode(errors='replace')}")


def _memory(process: int, row: str) -> float | None:
    """MB of that row of /proc/PID/status; None where there is none."""
    try:
        lines = Path(f"/proc/{process}/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) / 2**10 for line in lines if line.startswith(f"{row}:")), None)
