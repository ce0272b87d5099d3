"""Votes over HTTP, and what is recorded of what page and API are asked."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from qa.feedback.reading import read_rows
from qa.feedback.store import open_to_write
from qa.pipeline import QAPipeline
from qa.settings import load_settings
from qa.web.server import create_app
from tests.web.conftest import in_a_loop

MARS = "When could humans first land on Mars?"
OTHER = "Who won the football match last night?"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "feedback.db"


@pytest.fixture
def keeping(pipeline: QAPipeline, path: Path) -> Iterator[TestClient]:
    """A server that keeps feedback; leaving it writes what waits."""
    app = in_a_loop(lambda: create_app(pipeline, load_settings(feedback=path)))
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        yield client


def vote(client: TestClient, question: str, vote: str = "up", **more: object):
    return client.post("/api/v1/feedback", json={"question": question, "article": "article", "vote": vote, **more})


def ask(client: TestClient, question: str, **more: object) -> dict:
    return client.post("/api/v1/ask", json={"question": question, **more}).json()


def votes(path: Path) -> dict[str, tuple[int, int]]:
    return {row.question: (row.up, row.down) for row in read_rows(path)}


def test_a_vote_on_an_answer_and_on_a_refusal_is_kept(keeping, path):
    assert ask(keeping, MARS)["kind"] == "answer" and ask(keeping, OTHER)["kind"] == "no_answer"
    done = vote(keeping, MARS)
    assert (done.status_code, done.content) == (204, b"")
    assert vote(keeping, OTHER, "down").status_code == 204
    assert votes(path) == {MARS: (1, 0), OTHER: (0, 1)}


def test_a_vote_is_changed_and_taken_back(keeping, path):
    ask(keeping, MARS)
    vote(keeping, MARS)
    vote(keeping, MARS, "down", replaces="up")
    assert votes(path) == {MARS: (0, 1)}
    vote(keeping, f"  {MARS}\n", "none", replaces="down", article=None)
    assert votes(path) == {MARS: (0, 0)}


def test_what_page_endpoint_and_api_are_asked_is_kept_and_health_checks_are_not(pipeline, path, keeping):
    ask(keeping, MARS)
    event = keeping.post("/gradio_api/call/ask", json={"data": [MARS, "article", None]}).json()["event_id"]
    assert "2029" in keeping.get(f"/gradio_api/call/ask/{event}").text
    session = {"session_hash": "s", "fn_index": converse(keeping), "data": [OTHER, "article", "[]", [], ""]}
    keeping.post("/gradio_api/queue/join", json=session)
    assert "qa-no_answer" in keeping.get("/gradio_api/queue/data?session_hash=s").text
    assert ask(keeping, "Hello!")["kind"] == "help"
    assert keeping.get("/readyz").status_code == 200
    vote(keeping, MARS)
    assert {row.question: row.count for row in read_rows(path)} == {MARS: 2, OTHER: 1}


def converse(client: TestClient) -> int:
    functions = client.get("/config").json()["dependencies"]
    return next(one["id"] for one in functions if one["api_name"] == "converse")


def test_what_waits_is_written_when_the_server_ends(pipeline, path):
    app = in_a_loop(lambda: create_app(pipeline, load_settings(feedback=path)))
    with TestClient(app, base_url="http://127.0.0.1") as client:
        ask(client, MARS)
    (row,) = read_rows(path)
    assert (row.question, row.article_id, row.outcome, row.count) == (MARS, "article", "answer", 1)
    assert pipeline.index.article("article").text[row.start :].startswith(row.answer)


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        ({"question": "Never asked?", "article": "article", "vote": "up"}, 404, "has not been asked of the article"),
        ({"question": MARS, "article": "nope", "vote": "up"}, 404, "nope"),
        ({"question": " ", "article": "article", "vote": "up"}, 422, "empty"),
        ({"question": MARS, "article": "article", "vote": "sideways"}, 422, "vote: "),
        ({"question": MARS, "article": "article", "vote": "up", "reader": "me"}, 422, "reader: "),
        ({"question": MARS, "article": "article"}, 422, "vote: "),
    ],
)
def test_a_vote_that_cannot_be_counted_is_told_why(keeping, body, status, told):
    refused = keeping.post("/api/v1/feedback", json=body)
    assert refused.status_code == status and told in refused.json()["detail"]
    assert refused.headers["content-type"] == "application/problem+json"


def test_where_it_is_off_a_vote_is_told_so_and_nothing_is_written(client, tmp_path):
    refused = vote(client, MARS)
    assert refused.status_code == 404 and "ARTICLE_QA_FEEDBACK" in refused.json()["detail"]
    assert list(tmp_path.iterdir()) == []


def test_a_locked_file_costs_the_vote_and_no_answer(keeping, path, monkeypatch):
    ask(keeping, MARS)
    assert vote(keeping, MARS).status_code == 204
    monkeypatch.setattr("qa.web.feedback.PATIENCE", 0.2)
    other = open_to_write(path)
    other.execute("BEGIN IMMEDIATE")
    refused = vote(keeping, MARS)
    assert refused.status_code == 503 and "log says why" in refused.json()["detail"]
    assert refused.headers["retry-after"] == "60"
    assert ask(keeping, MARS)["kind"] == "answer"
    other.execute("ROLLBACK")
    other.close()


def test_a_damaged_file_costs_no_answer(pipeline, path, caplog):
    path.write_text("precious notes " * 99)
    app = in_a_loop(lambda: create_app(pipeline, load_settings(feedback=path)))
    with TestClient(app, base_url="http://127.0.0.1") as client:
        assert ask(client, MARS)["kind"] == "answer"
        assert vote(client, MARS).status_code == 503
    assert "the feedback file cannot be used" in caplog.text
    assert path.read_text() == "precious notes " * 99


def test_neither_address_nor_anything_else_of_the_request_is_kept(keeping, path):
    headers = {"user-agent": "a-rare-browser", "x-forwarded-for": "203.0.113.9", "cookie": "id=secret-cookie"}
    answer = keeping.post("/api/v1/ask", json={"question": MARS, "article": "article"}, headers=headers)
    keeping.post("/api/v1/feedback", json={"question": MARS, "vote": "up"}, headers=headers)
    assert len(read_rows(path)) == 1
    held = b"".join(file.read_bytes() for file in path.parent.iterdir())
    request_id = answer.headers.get("x-request-id", "no request id")
    for secret in ("a-rare-browser", "203.0.113.9", "secret-cookie", request_id, "127.0.0.1", "testclient"):
        assert secret.encode() not in held
    assert MARS.encode() in held


def test_the_document_describes_votes(client):
    document = json.loads(client.get("/openapi.json").text)
    route = document["paths"]["/api/v1/feedback"]["post"]
    assert {"204", "404", "503"} <= set(route["responses"])
    assert document["components"]["schemas"]["VoteRequest"]["required"] == ["question", "vote"]
