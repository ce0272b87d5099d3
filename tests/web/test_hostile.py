"""Hostile text in every place of a request, over articles that are hostile themselves: no 5xx, no markup of theirs, no line
of theirs in the log, no other headers, and memory that stays.
"""

import gc
import json
import logging
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from fastapi.testclient import TestClient

from index.store import build_index
from qa.pipeline import QAPipeline
from qa.settings import load_settings
from qa.web.server import create_app
from tests.fuzz.harness import within
from tests.fuzz.payloads import LINE, PAYLOADS, hostile_articles
from tests.toy import ToyEncoder, ToyReader
from tests.web.conftest import in_a_loop

HARMLESS = "harmless"
QUESTION = "Who built the harbour of Skerrow?"
ASK, BATCH, VOTE = "/api/v1/ask", "/api/v1/ask:batch", "/api/v1/feedback"
JOIN = "/gradio_api/queue/join"

Send = Callable[[TestClient, str], httpx.Response]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A server that answers to every name, keeps feedback and counts no client, over an article for each payload."""
    encoder = ToyEncoder()
    pipeline = QAPipeline(
        build_index(hostile_articles(), encoder),
        encoder,
        reader=ToyReader(),
        suggestions={name.replace(" ", "-"): (f"{payload}?",) for name, payload in PAYLOADS.items()},
    )
    settings = load_settings(
        host="0.0.0.0", feedback=tmp_path_factory.mktemp("feedback") / "f.db", rate=10_000, burst=100_000
    )
    app = in_a_loop(lambda: create_app(pipeline, settings))
    with TestClient(app, base_url="http://127.0.0.1:7860", raise_server_exceptions=False) as client:
        yield client


def posted(path: str, body: Any) -> Send:
    """A post whose JSON is `body`, in which `HARMLESS` stands for the payload, keys too."""

    def send(client: TestClient, payload: str) -> httpx.Response:
        content = json.dumps(body).replace(json.dumps(HARMLESS)[1:-1], json.dumps(payload)[1:-1])
        return client.post(path, content=content, headers={"content-type": "application/json"})

    return send


def got(path: str, method: str = "GET") -> Send:
    """A request for the address, in which `HARMLESS` stands for the payload."""

    def send(client: TestClient, payload: str) -> httpx.Response:
        return client.request(method, path.replace(HARMLESS, quote(payload.encode("utf-8", "surrogatepass"), safe="")))

    return send


def headed(name: str, path: str = ASK) -> Send:
    """A request with the payload as one of its headers."""

    def send(client: TestClient, payload: str) -> httpx.Response:
        headers = [(b"content-type", b"application/json"), (name.encode(), payload.encode("utf-8", "surrogatepass"))]
        if path == ASK:
            return client.post(path, content=json.dumps({"question": QUESTION}), headers=headers)
        return client.get(path, headers=headers)

    return send


def told(*data: Any, session: str = "s", index: Any = 0) -> Send:
    """An event of the chat page, and what is streamed of it."""

    def send(client: TestClient, payload: str) -> httpx.Response:
        filled = json.dumps({"session_hash": session, "fn_index": index, "data": data}).replace(
            HARMLESS, json.dumps(payload)[1:-1]
        )
        joined = client.post(JOIN, content=filled, headers={"content-type": "application/json"})
        if joined.status_code != 200:
            return joined
        return client.get("/gradio_api/queue/data", params={"session_hash": session})

    return send


TURN = {"question": "Who was Agnes Tolmie?", "answer": "Agnes Tolmie", "interpreted_as": None}
PLACES: dict[str, Send] = {
    "question": posted(ASK, {"question": HARMLESS}),
    "question with words": posted(ASK, {"question": f"Who built {HARMLESS} the harbour of Skerrow?"}),
    "history question": posted(ASK, {"question": "And when?", "history": [TURN | {"question": f"Who {HARMLESS}?"}]}),
    "history answer": posted(ASK, {"question": "And when did she?", "history": [TURN | {"answer": HARMLESS}]}),
    "history meaning": posted(ASK, {"question": "And when?", "history": [TURN | {"interpreted_as": f"Who {HARMLESS}?"}]}),
    "article asked": posted(ASK, {"question": QUESTION, "article": HARMLESS}),
    "unknown field": posted(ASK, {"question": QUESTION, HARMLESS: HARMLESS}),
    "top_k": posted(ASK, {"question": QUESTION, "top_k": HARMLESS}),
    "batch": posted(BATCH, {"questions": [{"question": HARMLESS}, HARMLESS, {HARMLESS: 1}]}),
    "vote's question": posted(VOTE, {"question": f"{HARMLESS}?", "vote": "up"}),
    "vote": posted(VOTE, {"question": QUESTION, "vote": HARMLESS}),
    "vote's article": posted(VOTE, {"question": QUESTION, "article": HARMLESS, "vote": "up"}),
    "id in a path": got(f"/api/v1/articles/{HARMLESS}"),
    "frame's id": got(f"/embed/{HARMLESS}"),
    "frame's query": got(f"/embed/script?theme={HARMLESS}&lang={HARMLESS}&title={HARMLESS}"),
    "widget's article": got(f"/widget?article={HARMLESS}"),
    "page's query": got(f"/?q={HARMLESS}&article={HARMLESS}&s={HARMLESS}&__theme={HARMLESS}&__lang={HARMLESS}"),
    "configuration's query": got(f"/config?x={HARMLESS}"),
    "docs' query": got(f"/docs?{HARMLESS}={HARMLESS}"),
    "unknown path": got(f"/{HARMLESS}"),
    "path of a file": got(f"/ui/{HARMLESS}"),
    "path of an asset": got(f"/assets/{HARMLESS}"),
    "path of a static file": got(f"/static/{HARMLESS}"),
    "path of an event": got(f"/gradio_api/call/ask/{HARMLESS}"),
    "method": lambda client, payload: client.request(re.sub(r"\W", "", payload)[:40] or "X", ASK, content=b"{}"),
    "page's question": told(HARMLESS, "script", "[]", [], ""),
    "page's article": told(QUESTION, HARMLESS, "[]", [], ""),
    "page's history": told("And when?", "script", json.dumps([TURN | {"question": HARMLESS}]), [], ""),
    "page's messages": told(QUESTION, "script", HARMLESS, [{"role": "user", "content": HARMLESS}, HARMLESS], ""),
    "page's edition": told(QUESTION, "script", "[]", [], HARMLESS),
    "page's session": told(QUESTION, "script", "[]", [], "", session="s2", index=HARMLESS),
    "named endpoint": posted("/gradio_api/call/ask", {"data": [HARMLESS, HARMLESS, [{"question": HARMLESS}]]}),
    **{
        f"header {name}": headed(name)
        for name in (
            *("host", "origin", "x-request-id", "referer", "user-agent", "cookie", "content-type", "accept"),
            *("x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "forwarded", "sec-fetch-site", "authorization"),
        )
    },
    **{f"page's header {name}": headed(name, "/") for name in ("host", "x-forwarded-host", "accept-language", "referer")},
    "article's header if-none-match": headed("if-none-match", "/api/v1/articles/script"),
}


class Structure(HTMLParser):
    """The elements of a page with the names of their attributes, and what its scripts and handlers run."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, ...]] = []
        self.addresses: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, *sorted(name for name, _ in attrs)))
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src", "action", "formaction")]


def check(response: httpx.Response, caplog: pytest.LogCaptureFixture) -> None:
    """What holds of every response, whatever was sent."""
    assert response.status_code < 500, (response.status_code, response.text[:300])
    assert response.headers["x-content-type-options"] == "nosniff" and "content-security-policy" in response.headers
    for name, value in response.headers.items():
        assert not re.search(r"[\x00-\x1f\x7f]", name + value), (name, value)
    for record in caplog.records:
        if record.name.startswith(("qa", "index", "uvicorn")):
            assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202e]", record.getMessage()), record.getMessage()


@pytest.mark.parametrize("place", PLACES)
def test_hostile_text_changes_nothing_but_words(
    hostile: TestClient, caplog: pytest.LogCaptureFixture, place: str
) -> None:
    """Each payload: the response is one of the kinds that harmless text gets, and its HTML, if it is such, of one shape."""
    caplog.set_level(logging.WARNING)
    calm = PLACES[place](hostile, HARMLESS)
    for name, payload in PAYLOADS.items():
        caplog.clear()
        response = PLACES[place](hostile, payload)
        check(response, caplog)
        kind = response.headers.get("content-type", "").partition(";")[0]
        assert kind in ("application/json", "application/problem+json", "text/html", "text/event-stream", ""), (
            name,
            kind,
        )
        if kind == "text/html":
            found = Structure(response.text)
            assert not any("evil.example" in one or "canary" in one for one in found.addresses), name
            if calm.headers["content-type"].startswith("text/html"):
                assert found.elements == Structure(calm.text).elements, name


@pytest.mark.parametrize("place", ["question", "article asked", "vote", "page's question", "header origin"])
def test_a_line_of_two_million_is_refused_unread(
    hostile: TestClient, caplog: pytest.LogCaptureFixture, place: str
) -> None:
    response = PLACES[place](hostile, LINE)
    check(response, caplog)
    assert response.status_code in (413, 431)
    assert len(response.content) < 10_000


BODIES = {
    "nested 30,000 deep": b'{"question": ' + b"[" * 30_000,
    "nested and closed": b'{"question": ' + b"[" * 30_000 + b"]" * 30_000 + b"}",
    "objects in objects": b'{"question":' * 5_000,
    "number of 5,000 digits": b'{"question": "Who?", "top_k": ' + b"9" * 5_000 + b"}",
    "number beyond all": b'{"question": "Who?", "top_k": 1e999}',
    "number near it": b'{"question": "Who?", "top_k": 1e308}',
    "no number": b'{"question": "Who?", "top_k": NaN}',
    "minus nought": b'{"question": "Who?", "top_k": -0}',
    "duplicate keys": b'{"question": "Who built the harbour?", "question": "Who?"}',
    "key of a prototype": b'{"__proto__": {"x": 1}, "constructor": {}, "question": "Who?"}',
    "no object": b'"Who?"',
    "null": b"null",
    "nothing": b"",
    "half an escape": b'{"question": "\\ud83',
    "no UTF-8": b'{"question": "\xff\xfe"}',
    "half a pair, in bytes": b'{"question": "\xed\xa0\x80"}',
    "overlong": b'{"question": "\xc0\xae\xc0\xae/"}',
    "UTF-16": '{"question": "Who?"}'.encode("utf-16"),
    "UTF-32": '{"question": "Who?"}'.encode("utf-32"),
    "byte order mark": b'\xef\xbb\xbf{"question": "Who?"}',
    "NUL": b'{"question": "Who?"}\0',
    "many keys": json.dumps({str(number): 1 for number in range(5_000)}).encode(),
    "many turns": json.dumps({"question": "Who?", "history": [TURN] * 500}).encode(),
    "null turns": b'{"question": "Who?", "history": [null, 1, [], {}]}',
}


@pytest.mark.parametrize("path", [ASK, BATCH, VOTE, JOIN, "/gradio_api/call/ask", "/gradio_api/call/v2/ask"])
@pytest.mark.parametrize("body", BODIES)
def test_odd_json_is_answered_in_words(
    hostile: TestClient, caplog: pytest.LogCaptureFixture, path: str, body: str
) -> None:
    response = hostile.post(path, content=BODIES[body], headers={"content-type": "application/json"})
    check(response, caplog)


@pytest.mark.parametrize("path", [BATCH, JOIN])
def test_json_nested_a_hundred_thousand_deep_is_answered_in_words(
    hostile: TestClient, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    body = b'{"questions": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    response = hostile.post(path, content=body, headers={"content-type": "application/json"})
    check(response, caplog)
    assert response.status_code in (400, 422)


@pytest.mark.parametrize("text", ["answer", "interpreted_as"])
def test_a_history_that_fills_its_body_takes_no_longer_than_another(hostile: TestClient, text: str) -> None:
    """Words made of marks, which a follow-up is looked for in: once seconds of every other client's time."""
    body = {"question": "And when did she?", "history": [TURN | {text: "e\u0301\u0301" * 12_000}]}
    content = json.dumps(body, ensure_ascii=False).encode()
    assert 50_000 < len(content) < 65_536
    with within(2):
        response = hostile.post(ASK, content=content, headers={"content-type": "application/json"})
    assert response.status_code == 200


def resident() -> int:
    """Bytes of memory that this process holds."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="/proc tells what memory is held")
def test_hostile_requests_leave_no_memory_behind(hostile: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    sent = [
        *(
            lambda body=body: hostile.post(ASK, content=body, headers={"content-type": "application/json"})
            for body in BODIES.values()
        ),
        *(lambda payload=payload: PLACES["question"](hostile, payload) for payload in PAYLOADS.values()),
        lambda: PLACES["question"](hostile, LINE),
        lambda: PLACES["header origin"](hostile, LINE),
    ]
    for send in sent:
        send()
    before = resident()
    for _ in range(10):
        for send in sent:
            send()
    assert resident() - before < 32 * 2**20
