"""Every response names its request; so do its problem and the log."""

import re
from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from qa.settings import load_settings
from qa.web.guard import Guard
from qa.web.limits import Limits
from qa.web.request_ids import request_id
from qa.web.workers import Workers
from tests.web.test_load import api_over

SENT = "0b9a4dd2-4c1c-4f39-9a57-2f6f0c8b6a11"


@pytest.mark.parametrize("path", ["/", "/healthz", "/api/v1/articles", "/ui/page.js", "/nothing", "/gradio_api/upload"])
def test_every_response_has_an_id_of_its_own(client, path):
    first, second = (client.get(path).headers["x-request-id"] for _ in range(2))
    assert UUID(first) != UUID(second)


@pytest.mark.parametrize("sent", [SENT, SENT.replace("-", ""), SENT.upper()])
def test_a_clients_id_is_taken_over(client, sent):
    response = client.get("/api/v1/articles/nope", headers={"x-request-id": sent})
    assert response.headers["x-request-id"] == SENT
    assert response.json()["instance"] == f"urn:uuid:{SENT}"


@pytest.mark.parametrize(
    "sent", ["", "1", "x" * 36, f"{{{SENT}}}", f"urn:uuid:{SENT}", f"{SENT} ERROR forged", "0" * 5_000]
)
def test_what_is_no_uuid_is_replaced(client, sent):
    given = client.get("/healthz", headers={"x-request-id": sent}).headers["x-request-id"]
    assert UUID(given).version == 4 and given != SENT


@pytest.fixture
def failing() -> TestClient:
    """An application, guarded as the real one is, whose answers break."""

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError(f"in {request_id()}")

    class Guarded(FastAPI):
        def build_middleware_stack(self):
            return Guard(super().build_middleware_stack(), Limits.of(load_settings(host="0.0.0.0")))  # to any name

    inner = api_over(broken, Workers(1))
    app = Guarded(exception_handlers=inner.exception_handlers)
    app.router.routes.extend(inner.router.routes)
    return TestClient(app, raise_server_exceptions=False)


def test_a_failure_is_logged_with_its_id_and_answered_with_every_header(failing, caplog):
    response = failing.post("/api/v1/ask", json={"question": "?"}, headers={"x-request-id": SENT})
    assert response.status_code == 500
    assert response.json()["instance"] == f"urn:uuid:{SENT}" == f"urn:uuid:{response.headers['x-request-id']}"
    assert f"POST /api/v1/ask failed (request {SENT})" in caplog.text
    assert re.search(rf"RuntimeError: in {SENT}", caplog.text)  # the thread that computes knows it too
    assert "content-security-policy" in response.headers and "x-content-type-options" in response.headers
