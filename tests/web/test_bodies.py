"""Bodies are bounded one by one, and the large ones of all clients together."""

import anyio
import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from qa.settings import load_settings
from qa.web.bodies import Room, with_body

SETTINGS = load_settings(body_bytes=1_024, question_length=256)
LARGE, SMALL = b"x" * 4_000, b"x" * 1_024


@pytest.mark.parametrize("parts", [1, 4])
def test_large_bodies_are_bounded_together_and_small_ones_always_pass(parts: int) -> None:
    room, answer = Room(5_000), anyio.Event()

    async def length(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = await request.body()
        if scope["path"] == "/waits":
            await answer.wait()
        await JSONResponse(len(body))(scope, receive, send)

    async def bounded(scope: Scope, receive: Receive, send: Send) -> None:
        await with_body(length, 5_000, SETTINGS, room, (scope, receive, send))

    async def post(client: httpx.AsyncClient, path: str, body: bytes) -> httpx.Response:
        async def sent():
            size = len(body) // parts
            for start in range(0, len(body), size):
                yield body[start : start + size]

        return await client.post(path, content=sent())

    async def scenario() -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(bounded), base_url="http://t") as client:
            async with anyio.create_task_group() as group:
                group.start_soon(post, client, "/waits", LARGE)
                while room.left > 5_000 - len(LARGE) + SETTINGS.body_bytes:
                    await anyio.sleep(0)
                refused = await post(client, "/", LARGE)
                assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
                assert (await post(client, "/", SMALL)).json() == len(SMALL)
                answer.set()
            assert room.left == 5_000
            assert (await post(client, "/", LARGE)).json() == len(LARGE)
            assert (await post(client, "/", LARGE + LARGE)).status_code == 413
        assert room.left == 5_000

    anyio.run(scenario)
