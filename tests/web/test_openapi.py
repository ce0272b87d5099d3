"""The OpenAPI document says what the server does: routes, problems, headers, required fields, examples."""

import hashlib
import json
import re

import pytest
from pydantic import TypeAdapter

from qa.answer import SCHEMA_ORDER, Answer
from qa.web.examples import ASK_EXAMPLE, BATCH_EXAMPLE, PROBLEM_EXAMPLES
from tests.web.test_api import MARS, ask, problem_of

PROBLEM = {"$ref": "#/components/schemas/Problem"}


@pytest.fixture
def document(client) -> dict:
    return client.get("/openapi.json").json()


def test_the_document_lists_every_route_of_ours_and_the_server_answers_each(client, document):
    assert document["openapi"].startswith("3.1.")
    assert {path: list(operations) for path, operations in document["paths"].items()} == {
        "/api/v1/ask": ["post"],
        "/api/v1/ask:batch": ["post"],
        "/api/v1/articles": ["get"],
        "/api/v1/articles/{article_id}": ["get"],
        "/api/v1/feedback": ["post"],
        "/healthz": ["get"],
        "/readyz": ["get"],
    }
    bodies = {"/api/v1/ask": ASK_EXAMPLE, "/api/v1/ask:batch": BATCH_EXAMPLE}
    for path, operations in document["paths"].items():
        ((method, operation),) = operations.items()
        response = client.request(method, path.format(article_id="article"), json=bodies.get(path))
        assert (response.status_code == 200) is (path != "/api/v1/feedback")  # which is off, and asked for a body
        assert operation["summary"] and operation["description"] and operation["operationId"]


def test_requests_have_examples_that_fit(document):
    schemas = document["components"]["schemas"]
    assert schemas["AskRequest"]["example"] == ASK_EXAMPLE
    assert (
        schemas["AskRequest"]["properties"]["top_k"].items() >= {"type": "integer", "minimum": 1, "maximum": 10}.items()
    )
    assert schemas["BatchRequest"]["example"] == BATCH_EXAMPLE
    assert schemas["BatchRequest"]["properties"]["questions"]["items"] == {"$ref": "#/components/schemas/AskRequest"}


def test_the_document_lists_the_problems_of_each_route_and_no_other_kind_of_error(document):
    statuses = {}
    for path, operations in document["paths"].items():
        for operation in operations.values():
            statuses[path] = set(operation["responses"]) - {"200", "204", "304", "421", "default"}
            errors = {status: told for status, told in operation["responses"].items() if status[:1] in "45d"}
            assert {"421", "default"} <= set(errors)
            assert all(list(told["content"]) == ["application/problem+json"] for told in errors.values())
            assert all(told["content"]["application/problem+json"]["schema"] == PROBLEM for told in errors.values())
            assert all(told["description"] for told in operation["responses"].values())
    posted = {"400", "403", "411", "413", "415", "422", "429"}
    assert statuses == {
        "/api/v1/ask": posted | {"404", "503"},
        "/api/v1/ask:batch": posted,
        "/api/v1/articles": {"403", "422"},
        "/api/v1/articles/{article_id}": {"403", "404"},
        "/api/v1/feedback": posted | {"404", "409", "503"},
        "/healthz": set(),
        "/readyz": {"503"},
    }


JSON = {"content-type": "application/json"}
PROVOKED = {
    400: {"content": b"{oops", "headers": JSON},
    403: {"json": ASK_EXAMPLE, "headers": {"origin": "https://blog.example.org"}},
    404: {"json": {"question": MARS, "article": "nope"}},
    411: {"content": iter([b"{}"]), "headers": JSON},
    413: {"content": b"x" * 70_016, "headers": JSON},
    415: {"content": b"{}", "headers": {"content-type": "text/plain"}},
    421: {"json": ASK_EXAMPLE, "headers": {"host": "evil.example"}},
    422: {"json": {"question": ""}},
}


@pytest.mark.parametrize("status", sorted(PROVOKED))
def test_the_problems_it_shows_are_those_that_the_server_sends(client, document, status):
    shown = document["paths"]["/api/v1/ask"]["post"]["responses"][str(status)]["content"]["application/problem+json"]
    sent = problem_of(client.post("/api/v1/ask", **PROVOKED[status]), status)
    assert {**shown["example"], "instance": sent["instance"]} == sent


def test_no_problem_is_shown_that_no_test_provokes():
    assert set(PROBLEM_EXAMPLES) == {
        *PROVOKED,
        409,
        429,
        503,
    }  # test_live_doors.py, test_limits.py, test_load.py do those


def test_every_response_is_listed_with_the_headers_that_it_has(client, document):
    assert set(document["components"]["headers"]) == {"X-Request-Id", "ETag", "Retry-After"}
    for path, operations in document["paths"].items():
        for operation in operations.values():
            for status, told in operation["responses"].items():
                assert "X-Request-Id" in told["headers"]
                assert ("Retry-After" in told["headers"]) is (status in ("429", "503"))
                assert ("ETag" in told["headers"]) is ("articles" in path and status in ("200", "304"))
    tagged = client.get("/api/v1/articles").headers
    assert tagged["etag"] and tagged["x-request-id"]


def test_the_document_defines_what_it_names_and_nothing_else(document):
    schemas = document["components"]["schemas"]
    named = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document)))
    assert named == set(schemas)


def test_what_the_server_sends_has_every_field_that_the_document_requires(client, document):
    schemas = document["components"]["schemas"]
    assert list(schemas["Answer"]["properties"]) == schemas["Answer"]["required"] == list(SCHEMA_ORDER)
    answered, refused = ask(client, MARS), ask(client, "What is the capital of France?")
    sent = {
        "Answer": answered,
        "AnswerText": answered["answer"],
        "Citation": refused["nearest"][0],
        "Timings": answered["timings_ms"],
        "Models": answered["models"],
        "BatchAnswers": client.post("/api/v1/ask:batch", json=BATCH_EXAMPLE).json(),
        "ArticleList": client.get("/api/v1/articles").json(),
        "ArticleSummary": client.get("/api/v1/articles").json()["articles"][0],
        "ArticleDetail": client.get("/api/v1/articles/article").json(),
        "Health": client.get("/healthz").json(),
        "Readiness": client.get("/readyz").json(),
    }
    for name, body in sent.items():
        assert set(schemas[name]["required"]) == set(schemas[name]["properties"]) == set(body), name
    assert schemas["AskRequest"]["required"] == ["question"] == schemas["Turn"]["required"]
    assert schemas["BatchRequest"]["required"] == ["questions"]
    problem = client.post("/api/v1/ask", json={"question": 7}).json()
    assert set(schemas["Problem"]["properties"]) == set(problem) == {*schemas["Problem"]["required"], "errors"}
    assert "errors" not in client.get("/nothing").json()


def test_the_answer_in_the_document_is_one(document):
    example = document["components"]["schemas"]["Answer"]["example"]
    answer = TypeAdapter(Answer).validate_python(example, extra="forbid")
    assert json.loads(json.dumps(answer.as_dict())) == example
    (citation,) = answer.citations
    assert answer.answer is not None
    assert citation.quote[answer.answer.start : answer.answer.end] == answer.answer.text
    assert citation.article_sha256 == hashlib.sha256(citation.quote.encode()).hexdigest()
