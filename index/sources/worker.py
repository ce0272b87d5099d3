"""The process that reads HTML and PDF: `python -m index.sources.worker`, started by `index/sources/extractor.py`.

It says `{"ready": true}`, then takes documents from standard input, a line of JSON before the bytes of each, and answers
each with a line of JSON: the fields of an `Extracted`, or `{"error": words}`. It never learns a file's name, may open no
connection and start no program, and has so much memory and no more.
"""

import json
import os
import resource
import sys
from dataclasses import asdict
from typing import Any, BinaryIO

from index.errors import ArticleError
from index.sources import html, pdf
from index.sources.extracted import Extracted

MEMORY = 3 * 2**30
"""Bytes of address space; a page or PDF that people read needs a tenth."""

MOST_SECONDS = 600
"""Seconds of computing that one document may take, whatever became of who asked."""

_FORBIDDEN = (
    "socket.",
    "subprocess.",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.fork",
    "urllib.",
    "ftplib.",
    "shutil.",
)


def main() -> None:
    """Answer until standard input is closed."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what a library prints is no answer
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for reader in (html, pdf):
        reader.prepare()
    sys.addaudithook(_refuse)
    _send(answers, {"ready": True})
    while line := sys.stdin.buffer.readline():
        # Whoever started this ends it when it takes too long, unless that has been killed meanwhile.
        spent = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
        resource.setrlimit(resource.RLIMIT_CPU, (int(spent) + MOST_SECONDS, resource.RLIM_INFINITY))
        _send(answers, _answer(json.loads(line), sys.stdin.buffer))


def _send(answers: BinaryIO, answer: dict[str, Any]) -> None:
    answers.write(json.dumps(answer).encode() + b"\n")
    answers.flush()


def _answer(asked: dict[str, Any], documents: BinaryIO) -> dict[str, Any]:
    try:
        return asdict(_extracted(asked, documents.read(asked["bytes"])))
    except ArticleError as error:
        return {"error": str(error)}
    except MemoryError:
        return {"error": "reading it takes more memory than a document may; expected one that people read"}
    except RecursionError:
        return {"error": "its parts lie too deep within each other; expected a document that people read"}


def _extracted(asked: dict[str, Any], raw: bytes) -> Extracted:
    if asked["kind"] == "pdf":
        return pdf.extract_pdf(raw)
    return html.extract_html(raw, asked["charset"], asked["url"])


def _refuse(event: str, _: tuple[Any, ...]) -> None:
    """An audit hook (PEP 578): it cannot be taken off again."""
    if event.startswith(_FORBIDDEN):
        raise PermissionError(f"{event}: a document is read without connections and other programs")


if __name__ == "__main__":
    main()
