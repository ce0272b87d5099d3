"""The log: one line for each request, in words or as JSON, that nobody can forge and that tells nothing of what was asked."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from index.encoder import Encoder
from index.store import Index
from qa.pipeline import QAPipeline
from qa.reader import Reader
from qa.settings import Settings, load_settings
from qa.web import recording
from qa.web.logs import JSONLines, TextLines, written, written_out
from qa.web.metrics import Metrics
from qa.web.recording import MOST_REFUSALS, REFUSALS_SPAN, Refusals
from qa.web.server import create_app

LOCAL = ("127.0.0.1", 50_000)
AS_JSON = {"Content-Type": "application/json"}
SECRET = "Who found ice near the south pole?"

Served = Callable[..., Any]


@contextmanager
def server(pipeline: QAPipeline, stderr: io.StringIO, **settings: Any) -> Iterator[TestClient]:
    """A server of the API whose log goes to `stderr`."""
    chosen = load_settings(page=False, rate=10_000.0, burst=100_000, **settings)
    pipeline.settings = chosen
    with written(chosen, stderr):
        app = create_app(pipeline, chosen)
        with TestClient(app, base_url="http://127.0.0.1:7860", client=LOCAL, raise_server_exceptions=False) as client:
            yield client


@pytest.fixture
def stderr() -> io.StringIO:
    """What is written to it."""
    return io.StringIO()


@pytest.fixture
def toy(toy_index: Index, toy_encoder: Encoder, toy_reader: Reader) -> QAPipeline:
    return QAPipeline(toy_index, toy_encoder, load_settings(), reader=toy_reader)


def told(stderr: io.StringIO) -> list[dict[str, Any]]:
    """The log's lines, each of them an object."""
    return [json.loads(line) for line in stderr.getvalue().splitlines()]


def test_a_request_is_one_object_with_everything_to_find_it_by(toy: QAPipeline, stderr: io.StringIO) -> None:
    with server(toy, stderr, log_format="json", trusted_proxies=("127.0.0.1",)) as client:
        response = client.post("/api/v1/ask", json={"question": SECRET}, headers={"X-Forwarded-For": "192.0.2.7"})
    (line,) = [one for one in told(stderr) if one["message"] == "request"]
    answer = response.json()
    expected = {
        "level": "info",
        "logger": "qa.web.recording",
        "request_id": response.headers["x-request-id"],
        "client": "192.0.2.7",
        "method": "POST",
        "route": "/api/v1/ask",
        "status": 200,
        "door": "api",
        "outcome": answer["kind"],
        "p_no_answer": answer["p_no_answer"],
    }
    assert {name: line.get(name) for name in expected} == expected
    assert line["ms"] >= line["wait_ms"] >= 0
    assert line["time"].endswith("Z")


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_the_log_tells_nothing_of_what_was_asked(toy: QAPipeline, stderr: io.StringIO, log_format: str) -> None:
    with server(toy, stderr, log_format=log_format) as client:
        client.post("/api/v1/ask", json={"question": SECRET})
        client.post("/api/v1/ask:batch", json={"questions": [{"question": SECRET}]})
        client.post("/api/v1/ask", json={"question": "x" * 5_000})
        client.get(f"/?q={SECRET}")
        client.get(f"/{SECRET}")
    assert "south pole" not in stderr.getvalue()
    assert "xxx" not in stderr.getvalue()


def test_the_log_tells_what_was_asked_when_the_owner_wants_it(toy: QAPipeline, stderr: io.StringIO) -> None:
    with server(toy, stderr, log_format="json", log_questions=True) as client:
        client.post("/api/v1/ask", json={"question": f"{SECRET}\n\u202e"})
        client.post("/api/v1/ask:batch", json={"questions": [{"question": SECRET}]})
    lines = told(stderr)
    assert [one["question"].strip() for one in lines if "question" in one][-1] == SECRET
    assert any(one["message"] == "question" and one["door"] == "batch" for one in lines)


def test_a_text_log_is_quiet_of_requests_that_went_well(toy: QAPipeline, stderr: io.StringIO) -> None:
    with server(toy, stderr) as client:
        assert client.post("/api/v1/ask", json={"question": SECRET}).status_code == 200
        assert client.get("/nothing").status_code == 404
    assert stderr.getvalue() == ""


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_a_slow_request_is_a_warning(
    toy: QAPipeline, stderr: io.StringIO, monkeypatch: pytest.MonkeyPatch, log_format: str
) -> None:
    monkeypatch.setattr(recording, "SLOW", 0.0)
    with server(toy, stderr, log_format=log_format) as client:
        client.post("/api/v1/ask", json={"question": SECRET})
    if log_format == "json":
        (line,) = [one for one in told(stderr) if one["message"] == "slow request"]
        assert line["level"] == "warning"
    else:
        assert stderr.getvalue().startswith("slow request request_id=")
        assert "route=/api/v1/ask" in stderr.getvalue()


def test_a_failure_has_its_traceback_and_its_request_id(
    toy: QAPipeline, stderr: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QAPipeline, "answer", lambda *_, **__: 1 / 0)
    with server(toy, stderr, log_format="json") as client:
        identity = client.post("/api/v1/ask", json={"question": SECRET}).headers["x-request-id"]
    lines = told(stderr)
    (failure,) = [one for one in lines if "traceback" in one and one["logger"] == "qa.web.problems"]
    assert "ZeroDivisionError" in failure["traceback"] and identity in failure["message"]
    (line,) = [one for one in lines if one["message"] == "request"]
    assert (line["level"], line["status"], line["outcome"]) == ("warning", 500, "failed")


def test_probes_are_not_told_of_unless_they_fail(toy: QAPipeline, stderr: io.StringIO) -> None:
    with server(toy, stderr, log_format="json") as client:
        assert client.get("/healthz").status_code == client.get("/metrics").status_code == 200
        assert client.get("/metrics", headers={"Via": "1.1 proxy"}).status_code == 404
    assert [one["status"] for one in told(stderr)] == [404]


def test_a_flood_of_refused_connections_is_counted_and_cannot_fill_the_disk(stderr: io.StringIO) -> None:
    metrics, now = Metrics(), [0.0]
    refusals = Refusals(metrics, lambda: now[0])
    with written(load_settings(log_format="json"), stderr):
        for _ in range(MOST_REFUSALS + 140):
            refusals.tell(431, "1-2-3", "192.0.2.7")
        now[0] = REFUSALS_SPAN
        refusals.tell(400, "4-5-6", "192.0.2.7")
        refusals.tell(400, "7-8-9", "192.0.2.7")
    lines = told(stderr)
    assert len(lines) == MOST_REFUSALS + 2
    assert [one.get("untold") for one in lines[-3:]] == [None, 140, None]
    assert {(one["level"], one["message"], one["route"]) for one in lines} == {("info", "request", "connection")}
    counts = [line.rpartition(" ")[2] for line in metrics.lines() if 'route="connection"' in line]
    assert counts == ["2", str(MOST_REFUSALS + 140)]


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_nothing_that_a_client_sends_begins_a_line_of_its_own(
    toy: QAPipeline, stderr: io.StringIO, monkeypatch: pytest.MonkeyPatch, log_format: str
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("seen:\nFORGED line\u2028FORGED\r\x1b[31mFORGED \u202e")

    monkeypatch.setattr(QAPipeline, "answer", fails)
    monkeypatch.setattr(recording, "SLOW", 0.0)
    with server(toy, stderr, log_format=log_format, log_questions=True) as client:
        client.post(
            "/api/v1/ask", content=json.dumps({"question": "a\nFORGED\u2028FORGED\x85FORGED \ud800?"}), headers=AS_JSON
        )
        client.get("/embed/%0AFORGED%0D%1b[31m")
        client.get("/%0AFORGED", headers={"X-Request-Id": "FORGED", "User-Agent": "FORGED"})
    assert stderr.getvalue()
    for line in stderr.getvalue().splitlines():  # which knows more ends of lines than "\n"
        assert not line.lstrip("│").startswith("FORGED"), line
        assert line.isprintable(), ascii(line)


def record(message: str, **fields: object) -> logging.LogRecord:
    found = logging.LogRecord("qa.test", logging.INFO, __file__, 1, "%s", (message,), None)
    found.fields = fields
    return found


@given(st.text(st.characters(exclude_categories=())))
def test_any_text_is_one_printable_line_and_json_gives_it_back(text: str) -> None:
    line = TextLines().format(record(text, field=text))
    assert len(line.splitlines()) <= 1 and "\x1b" not in line
    parsed = json.loads(JSONLines().format(record(text, field=text)))
    assert parsed["message"] == parsed["field"] == text
    assert JSONLines().format(record(text)).isascii()


def test_a_field_with_spaces_cannot_pass_for_two() -> None:
    assert TextLines().format(record("request", client="a status=200")) == 'request client="a status=200"'
    assert written_out("plain – ok") == "plain – ok"


def test_what_was_set_up_before_is_so_again(stderr: io.StringIO) -> None:
    loggers = [logging.getLogger(name) for name in ("", "qa", "index", "uvicorn", "qa.web.recording")]
    before = [(list(one.handlers), one.level, one.propagate) for one in loggers]
    with written(Settings(log_format="json"), stderr):
        logging.getLogger("qa.web.serve").info("start", extra={"fields": {"process": 7}})
        logging.getLogger("another").warning("%s", "told too")
    assert [(list(one.handlers), one.level, one.propagate) for one in loggers] == before
    assert [(one["message"], one.get("process")) for one in told(stderr)] == [("start", 7), ("told too", None)]
