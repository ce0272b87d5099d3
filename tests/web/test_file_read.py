"""Regression: a mounted Gradio app must not copy the server's files into its cache for whoever asks.

Gradio 6.31 checks the paths in what clients send only if `Blocks.has_launched`, which mounting does not set. Any JSON input
may hold {"path": ..., "meta": {"_type": "gradio.FileData"}}; unchecked, the file is copied to the cache and its address
comes back in the echo.
"""

from pathlib import Path

import gradio as gr
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.web.conftest import in_a_loop

SECRET = "the-server-s-own-secret-1f5a"


@pytest.fixture
def secret(tmp_path) -> Path:
    path = tmp_path / "secret.txt"
    path.write_text(SECRET)
    return path


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch) -> Path:
    cache = tmp_path_factory.mktemp("gradio-cache")
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(cache))
    return cache


def payloads(path: Path) -> list:
    file = {"path": str(path), "meta": {"_type": "gradio.FileData"}}
    return [file, [file], {"role": "user", "content": [{"type": "file", "file": file}]}, {"text": "x", "files": [file]}]


def leaked(cache: Path) -> bool:
    return any(SECRET in file.read_text(errors="ignore") for file in cache.rglob("*") if file.is_file())


def run_event(client: TestClient, fn_index: int, data: list) -> str:
    """Queue one event as the page does; everything that the server sends back."""
    session = {"session_hash": "test", "fn_index": fn_index, "data": data}
    join = client.post("/gradio_api/queue/join", json=session)
    if join.status_code != 200:
        return join.text
    return client.get("/gradio_api/queue/data", params={"session_hash": "test"}).text


@pytest.mark.parametrize("shape", range(4))
@pytest.mark.parametrize("place", range(5))
def test_the_chat_event_never_copies_a_file(app, client, secret, cache, shape, place):
    data = ["What did Dmitriev offer?", "article", "[]", [], ""]
    data[place] = payloads(secret)[shape]
    said = run_event(client, 0, data)
    assert not leaked(cache)
    assert str(cache) not in said and SECRET not in said


@pytest.mark.parametrize("shape", range(4))
@pytest.mark.parametrize("place", range(3))
def test_the_named_endpoint_never_copies_a_file(client, secret, cache, shape, place):
    data = ["What did Dmitriev offer?", "", []]
    data[place] = payloads(secret)[shape]
    call = client.post("/gradio_api/call/ask", json={"data": data})
    said = call.text
    if call.status_code == 200:
        said = client.get(f"/gradio_api/call/ask/{call.json()['event_id']}").text
    assert "error" in said
    assert not leaked(cache)
    assert str(cache) not in said and SECRET not in said


def test_the_mounted_page_checks_paths_and_its_events_process_no_input(app):
    """Two bolts, since each alone holds: the flag, and handlers that take what is sent as it is."""
    (blocks,) = [route.app.blocks for route in app.routes if hasattr(getattr(route, "app", None), "blocks")]
    assert blocks.has_launched is True
    events = {event.api_name: event for event in blocks.fns.values()}
    assert set(events) == {"converse", "open", "ask"}
    assert events["converse"].preprocess is False and events["open"].preprocess is False


@pytest.mark.parametrize("checked", [True, False])
def test_the_flag_is_what_stops_it(secret, cache, checked):
    """An echo box, mounted: with the flag the call fails, without it the file leaks. When this fails, Gradio has changed."""

    def echo() -> FastAPI:
        with gr.Blocks() as blocks:
            box = gr.Textbox()
            box.submit(lambda said: said, box, box)
        app = gr.mount_gradio_app(FastAPI(), blocks, path="/", ssr_mode=False)
        blocks.has_launched = checked
        return app

    app = in_a_loop(echo)
    with TestClient(app) as client:
        said = run_event(client, 0, [payloads(secret)[0]])
    assert leaked(cache) is not checked
    assert ("not uploaded by a user" in said) is checked
