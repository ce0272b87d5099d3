"""Questions that Gradio answers in tasks of its own, the chat page's and its endpoint's: told of with the request's id."""

import asyncio
import io
import json
from uuid import uuid4

import anyio
import pytest

from qa.web.logs import written
from tests.browser.scripted import ScriptedPipeline
from tests.web.test_listeners import Tab, serving


def test_a_question_has_the_id_and_the_client_of_the_request_that_asked_it(toy_index, toy_encoder) -> None:
    scripted, stderr = ScriptedPipeline(toy_index, toy_encoder), io.StringIO()
    ids = {f"192.0.2.{number}": str(uuid4()) for number in range(1, 4)}

    async def scenario() -> None:
        async with serving(scripted, trusted_proxies=("127.0.0.1",), queue=8) as (_, client):
            tabs = []
            for number, (address, identity) in enumerate(ids.items()):
                client.headers.update({"X-Request-Id": identity, "X-Forwarded-For": address})
                if number < 2:
                    tabs.append(Tab(client, f"session{number}"))
                    await tabs[-1].ask("slow")
                else:
                    asked = await client.post("/gradio_api/call/ask", json={"data": ["slow", "article", None]})
            client.headers.update({"X-Request-Id": str(uuid4()), "X-Forwarded-For": "192.0.2.9"})
            scripted.release.set()
            await asyncio.gather(*(tab.listening for tab in tabs))
            heard = await client.get(f"/gradio_api/call/ask/{asked.json()['event_id']}")
            assert "event: complete" in heard.text

    with written(scripted.settings.model_copy(update={"log_format": "json"}), stderr):
        anyio.run(scenario)
    lines = [json.loads(line) for line in stderr.getvalue().splitlines()]
    questions = {one["client"]: one["request_id"] for one in lines if one["message"] == "question"}
    assert questions == ids
    asking = {one["client"]: one["request_id"] for one in lines if one.get("method") == "POST"}
    assert asking == ids  # so that one finds the other


FORGED = 'x\n{"level": "forged"}\x1b[31m'
MISFITS = {
    "a file that it has not": [{"path": FORGED, "meta": {"_type": "gradio.FileData"}}, "", None],
    "fewer inputs than there are": [FORGED],
    "an article that is no text": ["Who?", {FORGED: 1}, None],
    "a history that is none": ["Who?", "", FORGED],
}


@pytest.mark.parametrize("data", MISFITS.values(), ids=MISFITS.keys())
def test_what_does_not_fit_is_told_of_without_its_words(toy_index, toy_encoder, capfd, data) -> None:
    """Gradio prints the tracebacks of such calls, which quote what was sent as it is."""
    scripted, stderr = ScriptedPipeline(toy_index, toy_encoder), io.StringIO()

    async def scenario() -> None:
        async with serving(scripted) as (_, client):
            asked = await client.post("/gradio_api/call/ask", json={"data": data})
            heard = await client.get(f"/gradio_api/call/ask/{asked.json()['event_id']}")
            assert "event: error" in heard.text

    with written(scripted.settings.model_copy(update={"log_format": "json"}), stderr):
        anyio.run(scenario)
    assert capfd.readouterr() == ("", "")
    lines = [json.loads(line) for line in stderr.getvalue().splitlines()]
    assert "forged" not in stderr.getvalue()
    assert "failed" not in {one.get("outcome") for one in lines}  # which is an alarm


@pytest.mark.parametrize("number", [-1, 99_999, 10**400], ids=["below", "beyond", "huge"])
def test_a_function_that_there_is_not_is_refused_in_words(toy_index, toy_encoder, number) -> None:
    scripted, stderr = ScriptedPipeline(toy_index, toy_encoder), io.StringIO()

    async def scenario() -> None:
        async with serving(scripted) as (_, client):
            body = {"data": ["Who?", "", "[]", [], ""], "fn_index": number, "session_hash": "s"}
            refused = await client.post("/gradio_api/queue/join", json=body)
            assert refused.status_code == 422
            assert refused.headers["content-type"] == "application/problem+json"

    with written(scripted.settings.model_copy(update={"log_format": "json"}), stderr):
        anyio.run(scenario)
    assert all(json.loads(line)["level"] == "info" for line in stderr.getvalue().splitlines())
