"""Batches: every answer is that of the question asked alone, and a bad question costs no other its answer."""

import json
import threading
import time

import anyio
import httpx
import pytest
from fastapi.testclient import TestClient

from index.errors import QuestionError
from qa.answer import Answer
from qa.settings import load_settings
from qa.web.batch import answer_each
from qa.web.workers import Busy, Workers
from tests.web.standins import answering, reply
from tests.web.test_api import MARS, ask, problem_of
from tests.web.test_load import api_over

QUESTIONS = [
    {"question": MARS},
    {"question": "What is the capital of France?"},
    {"question": "hello"},
    {"question": "Where did Musk share his estimate?", "article": "article", "top_k": 1},
    {"question": MARS, "history": [{"question": "Who is Dmitriev?", "answer": "an envoy", "interpreted_as": None}]},
]


def ask_each(client: TestClient, questions: list) -> list[dict]:
    response = client.post("/api/v1/ask:batch", json={"questions": questions})
    assert response.status_code == 200, response.text
    return response.json()["answers"]


def timeless(answer: dict) -> dict:
    return {name: value for name, value in answer.items() if name != "timings_ms"}


def test_each_answer_is_that_of_the_question_asked_alone(client):
    answers = ask_each(client, QUESTIONS)
    assert list(map(timeless, answers)) == [timeless(ask(client, **asked)) for asked in QUESTIONS]
    assert {answer["kind"] for answer in answers} == {"answer", "no_answer", "help"}


@pytest.mark.parametrize(
    ("bad", "status", "said"),
    [
        ({"question": ""}, 422, "The question is empty"),
        ({"question": "x" * 1_001}, 422, "1,001 characters"),
        ({"question": "\ud800"}, 422, "question"),
        ({"question": "Who?", "article": "nope"}, 404, "'nope'"),
        ({"question": "Who?", "top_k": 0}, 422, "top_k"),
        ({"question": None}, 422, "question"),
        ({"asked": "Who?"}, 422, "asked"),
        ("Who?", 422, "body"),
        (None, 422, "body"),
    ],
)
def test_a_bad_question_gets_a_problem_in_its_place_and_the_others_their_answers(client, bad, status, said):
    body = json.dumps({"questions": [{"question": MARS}, bad, {"question": "hello"}]})  # which escapes the surrogate
    response = client.post("/api/v1/ask:batch", content=body, headers={"content-type": "application/json"})
    first, problem, last = response.json()["answers"]
    assert (first["kind"], last["kind"]) == ("answer", "help")
    assert problem["status"] == status and said in problem["detail"] and problem["type"] == "about:blank"
    assert problem["instance"] == f"urn:uuid:{response.headers['x-request-id']}"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "questions"),
        ({"questions": []}, "questions"),
        ({"questions": {"question": MARS}}, "questions"),
        ({"questions": [{"question": MARS}], "top_k": 3}, "top_k"),
        ([{"question": MARS}], "body"),
    ],
)
def test_what_is_no_batch_is_a_422_that_names_the_field(client, body, field):
    problem = problem_of(client.post("/api/v1/ask:batch", json=body), 422)
    assert any(error.startswith(f"{field}:") for error in problem["errors"]), problem


def test_a_batch_that_is_too_long_is_a_422_that_says_how_long_it_may_be(client):
    problem = problem_of(client.post("/api/v1/ask:batch", json={"questions": [{"question": MARS}] * 65}), 422)
    assert "65 questions; at most 64" in problem["detail"]


def test_sixty_four_of_the_longest_questions_are_read(client):
    asked = {"questions": [{"question": "\U0001f469" * 1_000}] * 64}  # each code point is twelve bytes of JSON
    answers = client.post("/api/v1/ask:batch", json=asked).json()["answers"]
    assert len(answers) == 64
    assert all("There is no word in the question" in answer["detail"] for answer in answers)


def test_a_batch_takes_no_more_places_in_the_line_than_there_are_workers():
    """Two workers; six questions that wait: two are at work and none in line, so another's question is next."""
    release, started = threading.Event(), threading.Semaphore(0)

    def slow(question: str, **_: object) -> Answer:
        started.release()
        assert release.wait(30)
        return reply(question)

    async def scenario() -> list[dict]:
        workers = Workers(size=2)
        answers: list[dict] = []

        async def batch() -> None:
            asked = [{"question": str(number)} for number in range(6)]
            answers.extend(await answer_each(asked, answering(slow), workers))

        async with anyio.create_task_group() as group:
            group.start_soon(batch)
            for _ in range(2):
                await anyio.to_thread.run_sync(started.acquire)
            assert workers.load.waiting == 0
            release.set()
        return answers

    assert [answer["question"] for answer in anyio.run(scenario)] == [str(number) for number in range(6)]


def test_a_question_for_which_there_is_no_room_is_told_so_in_its_place():
    def one_busy(question: str, **_: object) -> Answer:
        if question == "busy":
            raise Busy("Too many questions are waiting; please ask again in a moment.")
        if question == "bad":
            raise QuestionError("No.")
        return reply(question)

    async def scenario() -> list[dict]:
        asked = [{"question": word} for word in ("busy", "fine", "bad")]
        return await answer_each(asked, answering(one_busy), Workers(1))

    busy, fine, bad = anyio.run(scenario)
    assert (busy["status"], fine["question"], bad["status"]) == (503, "fine", 422)


def test_what_is_not_begun_in_time_is_told_so_in_its_place():
    pipeline = answering(lambda question, **_: time.sleep(0.06) or reply(question))  # longer than all may take
    pipeline.settings = load_settings(time_limit=0.01)

    async def scenario() -> list[dict]:
        asked = [{"question": str(number)} for number in range(3)]
        return await answer_each(asked, pipeline, Workers(1))  # whose own limit is a minute

    first, second, third = anyio.run(scenario)
    assert first["question"] == "0"
    for late in (second, third):
        assert late["status"] == 503 and "longer than 0.04 seconds" in late["detail"]


def test_an_unforeseen_error_is_a_500_without_its_words():
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the secret inside")

    async def scenario() -> httpx.Response:
        transport = httpx.ASGITransport(api_over(broken, Workers(1)), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
            return await client.post("/api/v1/ask:batch", json={"questions": [{"question": "?"}]})

    response = anyio.run(scenario)
    assert response.status_code == 500 and "secret" not in response.text
    assert response.headers["content-type"] == "application/problem+json"
