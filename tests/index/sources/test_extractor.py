"""Documents read in other processes: what is read is the same, and no document takes this process down or reaches out."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from index.errors import ArticleError
from index.sources.extractor import Extractor
from index.sources.html import extract_html
from index.sources.pdf import extract_pdf
from tests.conftest import ROOT
from tests.index.sources.making import PAGE, page, pdf


@pytest.fixture(scope="module")
def extractor() -> Iterator[Extractor]:
    with Extractor() as made:
        yield made


def test_it_reads_what_the_readers_read(extractor: Extractor) -> None:
    assert extractor.extract("html", PAGE.encode()) == extract_html(PAGE.encode())
    raw = pdf([["One."], ["Two."]], title="Both")
    assert extractor.extract("pdf", raw) == extract_pdf(raw)


def test_what_a_page_was_sent_with_reaches_its_reader(extractor: Extractor) -> None:
    raw = page("Grüße von der Mannschaft, die am Montag zum Mars aufgebrochen ist und winkt.").encode("cp1252")
    found = extractor.extract("html", raw, "windows-1252", "https://example.org/gruss")
    assert found.text.startswith("Grüße")
    assert found.url == "https://example.org/gruss"


def test_several_threads_share_it(extractor: Extractor) -> None:
    raws = [
        page(f"Number {n} of the crew waved to those who stayed behind on the ground that day.").encode()
        for n in range(9)
    ]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda raw: extractor.extract("html", raw).text.split()[1], raws))
    assert found == [str(n) for n in range(9)]


def test_a_refusal_costs_no_process(extractor: Extractor) -> None:
    for _ in range(3):
        with pytest.raises(ArticleError, match="no PDF, or damaged"):
            extractor.extract("pdf", b"%PDF-1.7 and then nothing")


def test_what_takes_too_long_is_ended_and_the_next_is_read() -> None:
    with Extractor(patience={"html": 60.0, "pdf": 0.01}) as impatient:
        with pytest.raises(ArticleError, match=r"took longer than 0\.01 s"):
            impatient.extract("pdf", pdf([["So many words." for _ in range(60)] for _ in range(40)]))
        assert impatient.extract("html", PAGE.encode()).title == "Mars: the plan"


def test_a_process_that_dies_is_an_error_of_its_document_only() -> None:
    with Extractor() as extractor:
        extractor.extract("html", PAGE.encode())
        process = extractor._places.queue[-1]
        assert process is not None
        os.kill(process._program.pid, signal.SIGSEGV)
        process._program.wait()
        with pytest.raises(ArticleError, match="ended the process that read it"):
            extractor.extract("html", PAGE.encode())
        assert extractor.extract("html", PAGE.encode()).title == "Mars: the plan"


def test_closing_ends_every_process() -> None:
    extractor = Extractor()
    extractor.extract("html", PAGE.encode())
    process = extractor._places.queue[-1]
    assert process is not None
    extractor.close()
    assert process._program.returncode is not None


def worker(script: str) -> subprocess.CompletedProcess[str]:
    """A worker that does `script` where it would read a document."""
    program = f"""
import sys, types
from index.sources import worker
def act(asked, raw):
    {script}
worker._extracted = act
worker.main()
"""
    document = json.dumps({"kind": "html", "bytes": 0, "charset": None, "url": None}) + "\n"
    return subprocess.run(
        [sys.executable, "-c", program],
        input=document,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize(
    ("act", "event"),
    [
        ("import socket; socket.create_connection(('127.0.0.1', 9))", "socket."),
        ("import socket; socket.getaddrinfo('example.org', 80)", "socket."),
        ("import subprocess; subprocess.run(['true'])", "subprocess."),
        ("import os; os.system('true')", "os.system"),
        ("import urllib.request; urllib.request.urlopen('http://127.0.0.1:9/')", "urllib."),
    ],
)
def test_it_opens_no_connection_and_starts_no_program(act: str, event: str) -> None:
    done = worker(act)
    assert done.returncode != 0
    assert f"PermissionError: {event}" in done.stderr


def test_it_has_so_much_memory_and_no_more() -> None:
    answers = worker("return bytes(4 * 2**30)").stdout.splitlines()
    assert "takes more memory than a document may" in json.loads(answers[-1])["error"]


def test_it_is_told_no_secret_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARTICLE_QA_SECRET", "hunter2")
    with Extractor() as extractor:
        extractor.extract("html", PAGE.encode())
        process = extractor._places.queue[-1]
        assert process is not None
        environment = Path(f"/proc/{process._program.pid}/environ").read_bytes()
    assert b"PYTHONPATH" in environment and b"hunter2" not in environment
