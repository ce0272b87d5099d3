"""Questions that Gradio answers in tasks of its own, the chat page's and its endpoint's: told of with the request's id."""

import asyncio
import io
import json
from uuid import uuid4

import anyio

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
