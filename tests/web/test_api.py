"""The JSON API over the real pipeline: answers, refusals, articles, and every error as a problem document."""

import pytest
from fastapi.testclient import TestClient

from qa.answer import SCHEMA_ORDER

MARS = "When could humans first land on Mars?"


def problem_of(response, status: int) -> dict:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == status
    assert body["type"] == "about:blank"
    assert body["title"]
    assert body["instance"] == f"urn:uuid:{response.headers['x-request-id']}"
    assert "\n" not in body["detail"]
    assert "Traceback" not in response.text
    return body


def ask(client: TestClient, question: str, **more) -> dict:
    response = client.post("/api/v1/ask", json={"question": question, **more})
    assert response.status_code == 200, response.text
    return response.json()


def test_an_answer_has_the_schemas_fields_in_order_and_cites_the_article_word_for_word(client):
    answer = ask(client, MARS)
    assert tuple(answer) == SCHEMA_ORDER
    assert answer["kind"] == "answer" and answer["answerable"]
    assert "2029" in answer["citations"][0]["quote"]
    article = client.get(f"/api/v1/articles/{answer['answer']['article_id']}").json()
    for citation in answer["citations"]:
        assert article["text"][citation["start"] : citation["end"]] == citation["quote"]
        assert citation["article_sha256"] == article["sha256"]
        (own,) = citation["spans"]
        assert citation["start"] <= own["start"] < own["end"] <= citation["end"]
    span = answer["answer"]
    assert article["text"][span["start"] : span["end"]] == span["text"]
    assert "2029" in span["text"] and span["text"] != answer["citations"][0]["quote"]
    assert answer["citations"][0]["spans"] == [{"start": span["start"], "end": span["end"]}]
    assert [c["number"] for c in answer["citations"]] == list(range(1, len(answer["citations"]) + 1))


def test_a_refusal_shows_the_nearest_sentences_without_numbers(client):
    answer = ask(client, "What is the capital of France?")
    assert answer["kind"] == "no_answer" and answer["answerable"] is False
    assert answer["answer"] is None and answer["citations"] == []
    assert len(answer["nearest"]) == 3
    assert all(near["number"] is None for near in answer["nearest"])


def test_top_k_limits_the_citations(client):
    assert len(ask(client, MARS, top_k=1)["citations"]) == 1


def test_a_whole_number_may_be_written_as_a_float(client):
    assert len(ask(client, MARS, top_k=1.0)["citations"]) == 1


def test_earlier_turns_are_accepted(client):
    history = [{"question": "Who is Dmitriev?", "answer": None}, {"question": "Where?", "answer": "in Murmansk"}]
    assert ask(client, MARS, history=history)["answerable"]


@pytest.mark.parametrize("question", ["", "   \n", "x" * 1_001, "Mars\u0000?", "\ud800"])
def test_a_question_that_cannot_be_asked_is_a_422_in_words(client, question):
    body = (b'{"question": "\\ud800"}') if question == "\ud800" else None
    if body:
        response = client.post("/api/v1/ask", content=body, headers={"content-type": "application/json"})
    else:
        response = client.post("/api/v1/ask", json={"question": question})
    assert "question" in problem_of(response, 422)["detail"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "question"),
        ({"question": 7}, "question"),
        ({"question": None}, "question"),
        ({"question": MARS, "top_k": 0}, "top_k"),
        ({"question": MARS, "top_k": 11}, "top_k"),
        ({"question": MARS, "top_k": "3"}, "top_k"),
        ({"question": MARS, "top_k": 1.5}, "top_k"),
        ({"question": MARS, "top_k": True}, "top_k"),
        ({"question": MARS, "surprise": 1}, "surprise"),
        ({"question": MARS, "history": [{"q": "x"}]}, "history.0.question"),
        ([MARS], "body"),
    ],
)
def test_a_malformed_request_is_a_422_that_names_the_field(client, body, field):
    problem = problem_of(client.post("/api/v1/ask", json=body), 422)
    assert any(error.startswith(f"{field}:") for error in problem["errors"]), problem


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"{oops", "not JSON (Expecting property name enclosed in double quotes: line 1 column 2"),
        (b"{'question': 'Mars?'}", "not JSON (Expecting property name enclosed in double quotes: line 1 column 2"),
        (b'{"question": "Mars?"} and', "not JSON (Extra data: line 1 column 23"),
        (b"\n", "not JSON (Expecting value"),
        (b'{"question": "Mars\xff?"}', "not UTF-8 (the byte at 18)"),
        (b'{"question": ' + b"[" * 20_000 + b"]" * 20_000 + b"}", "nested too deeply"),
        (b'{"top_k": ' + b"1" * 5_000 + b"}", "cannot be read (Exceeds the limit"),
    ],
)
def test_a_body_that_is_no_json_is_a_400_that_says_what_was_found_and_expected(client, body, found):
    response = client.post("/api/v1/ask", content=body, headers={"content-type": "application/json"})
    detail = problem_of(response, 400)["detail"]
    assert found in detail
    assert 'expected an object like {"question": "When?"}, as /openapi.json describes.' in detail


@pytest.mark.parametrize(
    ("path", "expected"),
    [("ask:batch", '{"questions": [{"question": "When?"}]}'), ("feedback", '{"question": "When?", "vote": "up"}')],
)
@pytest.mark.parametrize("body", [b"{oops", b"{}", b"[" * 20_000 + b"]" * 20_000])
def test_other_routes_say_what_they_expect(client, path, expected, body):
    response = client.post(f"/api/v1/{path}", content=body, headers={"content-type": "application/json"})
    assert f"expected an object like {expected}, as /openapi.json describes." in response.json()["detail"]


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain", None])
def test_a_body_that_is_not_declared_as_json_is_a_415_that_names_the_header(client, kind):
    headers = {"content-type": kind} if kind else {}
    detail = problem_of(client.post("/api/v1/ask", content=b'{"question": "Mars?"}', headers=headers), 415)["detail"]
    assert (kind or "nothing") in detail and "Content-Type: application/json" in detail


@pytest.mark.parametrize("body", [b'{"question": "Mars?", "article": "\\ud800"}', b'{"question": "Mars?", "\\ud800": 1}'])
def test_what_utf_8_cannot_send_back_is_told_all_the_same(client, body):
    response = client.post("/api/v1/ask", content=body, headers={"content-type": "application/json"})
    problem_of(response, 404 if b"article" in body else 422)


def test_an_unknown_article_is_a_404_that_names_the_known_ones(client):
    for response in (
        client.post("/api/v1/ask", json={"question": MARS, "article": "nope"}),
        client.get("/api/v1/articles/nope"),
    ):
        detail = problem_of(response, 404)["detail"]
        assert "nope" in detail and "article" in detail


@pytest.mark.parametrize("path", ["/api", "/api/v2", "/api/v1/ask/", "/api/v1/articles/", "/api/v1/ask/nope"])
def test_a_wrong_path_is_a_problem_too(client, path):
    problem_of(client.get(path), 404)


@pytest.mark.parametrize(
    ("method", "path", "allowed"), [("GET", "/api/v1/ask", "POST"), ("DELETE", "/api/v1/articles", "GET, HEAD")]
)
def test_a_wrong_method_is_a_problem_too(client, method, path, allowed):
    response = client.request(method, path)
    assert allowed in problem_of(response, 405)["detail"]
    assert response.headers["allow"] == allowed


def test_articles_are_listed_and_described(client, pipeline):
    (listed,) = client.get("/api/v1/articles").json()["articles"]
    article = pipeline.index.articles[0]
    assert listed["id"] == article.id and listed["title"] == article.title
    assert listed["characters"] == len(article.text)
    assert "text" not in listed
    assert listed["suggestions"] == list(pipeline.suggestions(article.id)) != []
    detail = client.get(f"/api/v1/articles/{article.id}").json()
    assert detail["text"] == article.text
    assert {block["kind"] for block in detail["blocks"]} >= {"title", "paragraph", "caption", "boilerplate"}
    assert len(detail["sentence_ranges"]) == detail["sentences"] == listed["sentences"]
    assert detail["suggestions"] == list(pipeline.suggestions(article.id))


def test_alive_and_ready(client, pipeline):
    assert client.get("/healthz").json() == {"status": "ok"}
    ready = client.get("/readyz").json()
    assert ready == {"status": "ready", "articles": 1, "sentences": len(pipeline.index.sentences)}
