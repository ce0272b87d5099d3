"""Gradio's own Python client against the real server: it finds the endpoint `/ask`, and gets the same Answer."""

import json
import logging
import threading
import time
from collections.abc import Iterator

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from gradio.server_messages import UnexpectedErrorMessage
from gradio_client import Client
from gradio_client.exceptions import AppError

from qa.web.listeners import UNKNOWN
from qa.web.mounting import ASKING
from qa.web.serve import address, claim_port
from qa.web.server import create_app
from qa.web.unheard import Unheard
from tests.web.conftest import in_a_loop
from tests.web.test_batch import timeless

MARS = "When could humans first land on Mars?"


class Announced(uvicorn.Server):
    """A server that tells when it can be asked."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets=None) -> None:
        await super().startup(sockets)
        self.ready.set()


@pytest.fixture(scope="module")
def application(pipeline, settings) -> FastAPI:
    return in_a_loop(lambda: create_app(pipeline, settings))


@pytest.fixture(scope="module")
def served(application) -> Iterator[str]:
    """The whole application on a free port of loopback, in a thread."""
    listener = claim_port("127.0.0.1", 0)
    server = Announced(uvicorn.Config(application, log_level="warning", timeout_graceful_shutdown=2))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        assert server.ready.wait(60)
        yield address("127.0.0.1", listener)
    finally:
        server.should_exit = True
        thread.join(60)
        listener.close()


@pytest.fixture
def remote(served, tmp_path) -> Iterator[Client]:
    client = Client(served, verbose=False, download_files=str(tmp_path), analytics_enabled=False)
    yield client
    client.close()


def test_gradio_sums_up_nothing_and_keeps_no_record_of_what_was_asked(remote, application):
    queue = application.routes[-1].app.get_blocks()._queue
    before = queue.events_recorded
    for _ in range(3):
        remote.predict(question="hello", api_name="/ask")
    assert queue.events_recorded == before + 3
    assert len(queue.event_analytics) == 1 and queue.event_count_at_last_cache == 0


def test_gradio_keeps_nothing_of_who_has_heard_the_answers_and_little_of_who_never_listens(served, application):
    queue = application.routes[-1].app.get_blocks()._queue
    with httpx.Client(base_url=served, timeout=60) as client:
        (ask,) = [one["id"] for one in client.get("/config").json()["dependencies"] if one["api_name"] == "ask"]
        for session in ("one", "two"):
            asked = {"data": ["hello", None, 3, None], "fn_index": ask, "session_hash": session}
            assert client.post("/gradio_api/queue/join", json=asked).status_code == 200
            assert session in queue.pending_messages_per_session and session in queue.pending_event_ids_session
        heard = client.get("/gradio_api/queue/data", params={"session_hash": "one"}).text
        assert "process_completed" in heard and "close_stream" in heard
    until = time.monotonic() + 30
    while "one" in queue.pending_messages_per_session or "one" in queue.pending_event_ids_session:
        assert time.monotonic() < until  # the stream's end is told to the client first
    for number in range(2 * ASKING):
        queue.pending_event_ids_session[f"silent {number}"] = {"asked"}
    assert len(queue.pending_event_ids_session) == ASKING


def test_what_nobody_listens_to_is_held_up_to_a_bound_the_oldest_forgotten_first(served, application, monkeypatch):
    queue = application.routes[-1].app.get_blocks()._queue
    unheard = queue.send_message.__self__
    most = unheard.held + 300_000
    monkeypatch.setattr("qa.web.unheard.MOST", most)
    said = [{"role": "user", "content": [{"type": "text", "text": "a" * 50_000}]}]
    sessions = [f"mute {number}" for number in range(12)]
    with httpx.Client(base_url=served, timeout=60) as client:
        for session in sessions:  # each question has some messages, of 50 kB each
            asked = {"data": ["hello", "article", "[]", said, ""], "fn_index": 0, "session_hash": session}
            assert client.post("/gradio_api/queue/join", json=asked).status_code == 200
            held_until(unheard, session)
        assert 0 < unheard.held <= most
        assert sessions[0] not in queue.pending_messages_per_session
        assert sessions[0] not in queue.pending_event_ids_session
        heard = client.get("/gradio_api/queue/data", params={"session_hash": sessions[-1]}).text
        assert "process_completed" in heard and "a" * 50_000 in heard
    assert sessions[-1] not in unheard._held


@pytest.mark.parametrize("path", ["queue/data?session_hash=nobody", "call/ask/nobody", "call/v2/ask/nobody"])
def test_a_stream_of_nobody_is_told_so_and_fills_no_log(served, path, caplog, capsys):
    with httpx.Client(base_url=served, timeout=60) as client:
        heard = client.get(f"/gradio_api/{path}")
    assert heard.headers["content-type"].startswith("text/event-stream")
    assert UNKNOWN in heard.text
    if "queue" in path:
        told = json.loads(heard.text.removeprefix("data: "))
        assert UnexpectedErrorMessage(**told).session_not_found
    assert not [record for record in caplog.records if record.levelno > logging.INFO]
    assert not capsys.readouterr().err


def held_until(unheard: Unheard, session: str) -> None:
    """Waits for all of a question's messages: the echo and the answer, with what was said in each."""
    until = time.monotonic() + 60
    while unheard._held.get(session, 0) < 100_000:
        assert time.monotonic() < until


def test_the_endpoint_is_found_and_answers_as_the_pipeline_does(remote, pipeline):
    (name,) = remote.view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert name == "/ask"
    answer = remote.predict(question=MARS, article="article", api_name="/ask")
    assert "2029" in answer["citations"][0]["quote"]
    assert timeless(answer) == timeless(_as_sent(pipeline.answer(MARS, article="article").as_dict()))


def test_earlier_turns_are_taken(remote, pipeline):
    history = [{"question": MARS, "answer": "as early as 2029"}]
    answer = remote.predict("Who said that?", "", history, api_name="/ask")
    assert timeless(answer) == timeless(_as_sent(pipeline.answer("Who said that?", history=history).as_dict()))


@pytest.mark.parametrize(("asked", "said"), [(("", ""), "question is empty"), (("Who?", "nope"), "'nope'")])
def test_what_is_wrong_is_told_in_words(remote, asked, said):
    with pytest.raises(AppError, match=said):
        remote.predict(*asked, api_name="/ask")


def _as_sent(answer: dict) -> dict:
    return json.loads(json.dumps(answer))
