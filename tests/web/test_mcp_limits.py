"""The limits hold for assistants over HTTP too: how often, how large, and no connection without end."""

import json
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from qa.live import LivePipeline
from qa.pipeline import QAPipeline
from qa.settings import load_settings
from qa.web.limits import Limits
from qa.web.mcp_server import MCP_PATH, mcp_app, mcp_server
from qa.web.workers import Workers

SETTINGS = {
    "rate": 0.001,
    "burst": 4,
    "batch": 4,
    "question_length": 100,
    "history_turns": 6,
    "trusted_proxies": "10.0.0.1",
}


@pytest.fixture(scope="module")
def assistant(toy_index, toy_encoder, toy_reader) -> Iterator[TestClient]:
    settings = load_settings(**SETTINGS)
    live, workers = LivePipeline(QAPipeline(toy_index, toy_encoder, settings, reader=toy_reader)), Workers(1)
    app = mcp_app(mcp_server(live, workers, Limits.of(settings)), settings, workers, live)
    accept = {"accept": "application/json, text/event-stream"}
    with TestClient(app, base_url="http://127.0.0.1", client=("10.0.0.1", 4711), headers=accept) as client:
        yield client


def call(assistant: TestClient, client: str, **arguments) -> dict:
    """What the tool says to that client."""
    message = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": "ask_article", "arguments": {"question": "hello", **arguments}},
    }
    response = assistant.post(MCP_PATH, json=message, headers={"x-forwarded-for": client})
    assert response.status_code == 200, response.text
    return response.json()["result"]


def test_one_client_asks_as_often_as_the_settings_say_and_costs_no_other_anything(assistant):
    told = [call(assistant, "203.0.113.7") for _ in range(5)]
    assert [one["isError"] for one in told] == [False] * 4 + [True]
    assert "faster than this server allows" in told[4]["content"][0]["text"]
    assert not call(assistant, "203.0.113.8")["isError"]


def test_what_is_no_question_is_free(assistant):
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    for _ in range(6):
        told = assistant.post(MCP_PATH, json=message, headers={"x-forwarded-for": "203.0.113.9"})
        assert "tools" in told.json()["result"]


@pytest.mark.parametrize("more", [{"question": "x" * 101}, {"history": [{"question": "who?"}] * 7}])
def test_questions_and_histories_are_as_long_as_the_settings_say(assistant, more):
    assert call(assistant, "203.0.113.10", **more)["isError"]


def test_a_body_or_headers_that_are_too_large_are_refused_unread(assistant):
    assert problem_status(assistant.post(MCP_PATH, content=b"x" * 65_537)) == 413
    assert problem_status(assistant.post(MCP_PATH, content=iter([b"{}"]))) == 411
    assert problem_status(assistant.post(MCP_PATH, json={}, headers={"x-long": "x" * 20_000})) == 431
    more = json.dumps({"x": "y" * 70_000}).encode()
    assert problem_status(assistant.post(MCP_PATH, content=more, headers={"content-length": "10"})) == 413


def problem_status(response) -> int:
    assert response.headers["content-type"] == "application/problem+json"
    return response.json()["status"]


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT", "OPTIONS"])
def test_there_is_no_stream_to_hold_open(assistant, method):
    refused = assistant.request(method, MCP_PATH)
    assert problem_status(refused) == 405 and refused.headers["allow"] == "POST"
