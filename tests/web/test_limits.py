"""How much one client may ask: buckets, streams, and every route that counts."""

import itertools
import json
import random
import tracemalloc
from contextlib import contextmanager, nullcontext
from contextvars import Context

import anyio
import pytest
from fastapi.testclient import TestClient

from qa.pipeline import QAPipeline
from qa.settings import load_settings
from qa.web.clients import Clients, client_key
from qa.web.examples import PROBLEM_EXAMPLES
from qa.web.guard import Guard
from qa.web.limits import MOST_CLIENTS, Buckets, Limits, Streams, TooMany
from qa.web.server import create_app
from tests.web.conftest import in_a_loop
from tests.web.test_api import problem_of

ASK = {"question": "hello"}
VOTE = {"question": "hello", "vote": "up"}


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def buckets(rate: float = 2, burst: int = 10, **more) -> tuple[Buckets, Clock]:
    clock = Clock()
    return Buckets(rate, burst, clock=clock, **more), clock


def test_a_burst_is_let_through_and_then_the_rate():
    kept, clock = buckets()
    assert [kept.take("a") for _ in range(10)] == [0] * 10
    assert kept.take("a") == 0.5
    clock.now = 0.25
    assert kept.take("a") == 0.25
    clock.now = 0.5
    assert kept.take("a") == 0
    clock.now = 100.0
    assert [kept.take("a") == 0 for _ in range(12)] == [True] * 10 + [False] * 2


def test_over_a_long_time_nobody_gets_more_than_burst_and_rate():
    kept, clock = buckets()
    drawn = random.Random(7)
    taken = 0
    while clock.now < 1_000:
        clock.now += drawn.expovariate(10)
        size = drawn.choice([1, 1, 3])
        taken += size * (kept.take("a", size) == 0)
        assert taken <= 10 + 2 * clock.now
    assert taken > 2 * 1_000  # and nothing of it is lost


def test_several_tokens_are_taken_all_or_none():
    kept, _ = buckets()
    assert kept.take("a", 8) == 0
    assert kept.take("a", 4) == 1.0  # two are missing
    assert kept.take("a", 2) == 0


def test_a_batch_is_told_when_all_of_it_may_be_asked_again():
    kept, clock = buckets()
    assert kept.take("a", 5) == kept.take("a", 1) == 0
    wait = kept.take("a", 7, of=8)  # the eighth is the one before
    assert wait == 2.0
    clock.now += wait
    assert kept.take("a", 1) == kept.take("a", 7, of=8) == 0


def test_one_client_costs_no_other_anything():
    kept, _ = buckets()
    while kept.take("a") == 0:
        pass
    assert kept.take("b") == 0


def test_clients_whose_buckets_are_full_again_are_forgotten():
    kept, clock = buckets()
    for name in range(100):
        kept.take(f"early{name}")
    clock.now = 60
    for name in range(100):
        kept.take(f"late{name}")
    assert len(kept) == 100


def test_no_number_of_addresses_makes_it_grow():
    kept, clock = buckets(rate=2, burst=120)
    for number in range(3 * MOST_CLIENTS):
        clock.now += 1e-5
        kept.take(client_key(f"2001:db8:{number >> 16:x}:{number & 0xFFFF:x}::1"))
        assert len(kept) <= MOST_CLIENTS


def test_it_stays_below_ten_megabytes():
    tracemalloc.start()
    kept, _ = buckets(rate=2, burst=120)
    for number in range(MOST_CLIENTS + 1_000):
        kept.take(client_key(f"2001:db8:{number >> 16:x}:{number & 0xFFFF:x}:1:2:3:4"))
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(kept) == MOST_CLIENTS and size < 10 * 2**20


def test_being_forgotten_gives_back_no_more_than_one_question():
    """An attacker asks his fill, and then from so many other addresses that his first one is forgotten."""
    kept, clock = buckets(rate=2, burst=120, most=1_000)
    while kept.take("attacker") == 0:
        pass
    for number in range(2_000):
        clock.now += 0.001
        kept.take(f"other{number}")
    more = 0
    while kept.take("attacker") == 0:
        more += 1
    assert more <= 1 + 2 * clock.now


def test_strangers_are_answered_even_while_clients_are_forgotten():
    kept, clock = buckets(rate=2, burst=120, most=100)
    while kept.take("attacker") == 0:
        pass
    for number in range(1_000):
        assert kept.take(f"other{number}") == 0
    clock.now = 60.0
    assert [kept.take("stranger") for _ in range(120)] == [0] * 120  # the flood is over, and forgotten too


def test_streams_are_bounded_for_all_and_for_one():
    streams = Streams(16)
    with streams.held("a"), streams.held("a"):
        assert streams.full("a") and not streams.full("b")  # an eighth each
    assert not streams.full("a") and streams.open == 0
    held = [streams.held(f"client{number}") for number in range(16)]
    for one in held:
        one.__enter__()
    assert streams.full("newcomer")
    held[0].__exit__(None, None, None)
    assert not streams.full("newcomer")


def test_where_there_is_no_client_nothing_is_counted():
    limits = Limits.of(load_settings(burst=64, batch=64))
    for _ in range(100):
        Context().run(limits.charge)  # outside of any request
    assert len(limits.buckets) == 0


ADDRESSES = itertools.count(1)


class Hurried:
    """A server that allows four questions at once, and one more in a thousand seconds or so."""

    def __init__(self, pipeline: QAPipeline, **settings) -> None:
        chosen = load_settings(**{"rate": 0.001, "burst": 4, "batch": 4, "streams": 16, **settings})
        self.app = in_a_loop(lambda: create_app(pipeline, chosen))

        self.address = ""

    def client(self) -> TestClient:
        """One at an address of its own, which is `address`."""
        self.address = f"203.0.113.{next(ADDRESSES)}"
        return TestClient(
            self.app, base_url="http://127.0.0.1", client=(self.address, 4711), raise_server_exceptions=False
        )


@pytest.fixture(scope="module")
def hurried(toy_index, toy_encoder, toy_reader) -> Hurried:
    return Hurried(QAPipeline(toy_index, toy_encoder, load_settings(), reader=toy_reader))


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/v1/ask", ASK),
        ("/api/v1/ask:batch", {"questions": [ASK]}),
        ("/api/v1/feedback", VOTE),
        ("/gradio_api/call/ask", {"data": ["hello", "", None]}),
        ("/gradio_api/call/v2/ask", {"question": "hello"}),
        ("/gradio_api/queue/join", {"data": [], "fn_index": 9, "session_hash": "x"}),
    ],
)
def test_every_way_to_ask_costs_one(hurried, path, body):
    client = hurried.client()
    told = [client.post(path, json=body).status_code for _ in range(5)]
    assert 429 not in told[:4] and told[4] == 429, told
    refused = client.post(path, json=body)
    problem = problem_of(refused, 429)
    assert "faster than this server allows" in problem["detail"]
    assert int(refused.headers["retry-after"]) > 900
    assert client.get("/healthz").status_code == client.get("/").status_code == 200  # reading is free


def test_a_batch_costs_as_many_as_it_holds(hurried):
    client = hurried.client()
    assert client.post("/api/v1/ask:batch", json={"questions": [ASK] * 3}).status_code == 200
    assert client.post("/api/v1/ask:batch", json={"questions": [ASK] * 2}).status_code == 429
    assert client.post("/api/v1/ask", json=ASK).status_code == 429  # the batch's first had been counted
    assert hurried.client().post("/api/v1/ask:batch", json={"questions": [ASK] * 4}).status_code == 200


def test_what_is_refused_for_another_reason_costs_nothing(hurried):
    client = hurried.client()
    for _ in range(6):
        assert client.post("/api/v1/ask", json=ASK, headers={"origin": "https://evil.example"}).status_code == 403
        assert client.post("/api/v1/ask", content=b"x" * 65_537).status_code == 413
    assert client.post("/api/v1/ask", json=ASK).status_code == 200


def test_what_cannot_be_read_costs_as_much_as_a_question(hurried):
    client = hurried.client()
    told = [client.post("/api/v1/ask", content=b"{", headers={"content-type": "application/json"}) for _ in range(5)]
    assert [one.status_code for one in told] == [400] * 4 + [429]


def test_a_made_up_address_gets_nobody_a_bucket_of_his_own(hurried):
    client = hurried.client()
    told = [
        client.post("/api/v1/ask", json=ASK, headers={"x-forwarded-for": f"198.51.100.{number}"}).status_code
        for number in range(6)
    ]
    assert told == [200] * 4 + [429] * 2


def test_behind_a_trusted_proxy_every_client_has_a_bucket(toy_index, toy_encoder, toy_reader):
    pipeline = QAPipeline(toy_index, toy_encoder, load_settings(), reader=toy_reader)
    proxy = Hurried(pipeline, trusted_proxies="203.0.113.0/24").client()

    def ask(forwarded: str) -> int:
        return proxy.post("/api/v1/ask", json=ASK, headers={"x-forwarded-for": forwarded}).status_code

    assert [ask(f"10.0.0.{number}, 198.51.100.1") for number in range(5)] == [200] * 4 + [429]
    assert ask("198.51.100.1, 198.51.100.2") == 200
    assert [ask(f"2001:db8:0:1::{number}") for number in range(5)] == [200] * 4 + [429]
    assert ask("2001:db8:0:2::1") == 200


def test_the_pages_of_allowed_origins_can_read_their_429(toy_index, toy_encoder, toy_reader):
    pipeline = QAPipeline(toy_index, toy_encoder, load_settings(), reader=toy_reader)
    client = Hurried(pipeline, allowed_origins="https://blog.example.org").client()
    told = [client.post("/api/v1/ask", json=ASK, headers={"origin": "https://blog.example.org"}) for _ in range(5)]
    assert told[4].status_code == 429
    assert told[4].headers["access-control-allow-origin"] == "https://blog.example.org"
    assert "Retry-After" in told[4].headers["access-control-expose-headers"]


def test_the_problem_in_the_document_is_the_one_that_is_sent():
    limits = Limits.of(load_settings())
    Clients().begin({"type": "http", "client": ("203.0.113.7", 1), "headers": []})
    with pytest.raises(TooMany) as refused:
        for _ in range(200):
            limits.charge()
    assert str(refused.value) == PROBLEM_EXAMPLES[429] and refused.value.retry_after == 1


def test_too_many_streams_are_refused_before_their_question_is_asked(hurried):
    limits, client, address = hurried.app.limits, hurried.client(), hurried.address
    known = len(limits.buckets)
    with limits.streams.held(address), limits.streams.held(address):
        for method, path, body in (
            ("POST", "/gradio_api/queue/join", {}),
            ("POST", "/gradio_api/call/ask", {}),
            ("POST", "/gradio_api/call/v2/ask", {}),
            ("GET", "/gradio_api/queue/data?session_hash=x", None),
            ("GET", "/gradio_api/call/ask/x", None),
            ("GET", "/gradio_api/call/v2/ask/x", None),
        ):
            refused = client.request(method, path, json=body)
            problem_of(refused, 503)
            assert refused.headers["retry-after"] == "1"
        assert client.post("/api/v1/ask", json=ASK).status_code == 200  # which waits on no stream
        assert hurried.client().post("/gradio_api/call/ask", json={"data": ["hello", "", None]}).is_success
    assert len(limits.buckets) == known + 2  # those that were refused were not counted


def test_a_stream_counts_while_it_is_open(hurried, monkeypatch):
    streams, held = hurried.app.limits.streams, []

    @contextmanager
    def watched(self, key):
        with counted(self, key):
            held.append((key, self.open))
            yield

    counted = Streams.held
    monkeypatch.setattr(Streams, "held", watched)
    with hurried.client() as client:
        event = client.post("/gradio_api/call/ask", json={"data": ["hello", "", None]}).json()["event_id"]
        assert "event: complete" in client.get(f"/gradio_api/call/ask/{event}").text
    assert held == [(hurried.address, 1)] and streams.open == 0


@pytest.mark.parametrize("polls", [True, False])
def test_no_stream_lasts_longer_than_answers_may_take(polls):
    """Gradio's streams poll for the end of their client's; Starlette waits for it."""
    limits, sent = Limits.of(load_settings(time_limit=0.05)), []

    async def endless(scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while True:
            await send({"type": "http.response.body", "body": b"data: {}", "more_body": True})
            with anyio.move_on_after(0.01) if polls else nullcontext():
                assert (await receive())["type"] == "http.disconnect"
                return

    async def never() -> dict:
        await anyio.sleep_forever()
        return {}

    async def send(message: dict) -> None:
        sent.append(message)

    path = "/gradio_api/queue/data"
    host = [(b"host", b"127.0.0.1")]
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": host, "client": ("::1", 1)}

    async def scenario() -> None:
        with anyio.fail_after(30):
            await Guard(endless, limits)(scope, never, send)

    anyio.run(scenario)
    assert sent[0]["status"] == 200
    assert not sent[-1].get("more_body")  # it ends as a whole answer does
    assert limits.streams.open == 0


@pytest.mark.parametrize(
    ("settings", "body", "said"),
    [
        ({"question_length": 20}, {"question": "x " * 11}, "21 characters long; at most 20"),
        ({"history_turns": 6}, {**ASK, "history": [{"question": "who?"}] * 7}, "7 turns; at most 6"),
    ],
)
def test_questions_and_histories_are_as_long_as_the_settings_say(
    toy_index, toy_encoder, toy_reader, settings, body, said
):
    chosen = load_settings(**settings)
    pipeline = QAPipeline(toy_index, toy_encoder, chosen, reader=toy_reader)
    client = TestClient(in_a_loop(lambda: create_app(pipeline, chosen)), base_url="http://127.0.0.1")
    assert said in problem_of(client.post("/api/v1/ask", json=body), 422)["detail"]
    (answer,) = client.post("/api/v1/ask:batch", json={"questions": [body]}).json()["answers"]
    assert answer["status"] == 422 and said in answer["detail"]


def test_a_batch_is_as_large_as_the_settings_say(hurried):
    problem = problem_of(hurried.client().post("/api/v1/ask:batch", json={"questions": [ASK] * 5}), 422)
    assert "The batch holds 5 questions; at most 4 can be asked" in problem["detail"]


def test_the_document_tells_the_limits_in_force(hurried):
    schemas = hurried.client().get("/openapi.json").json()["components"]["schemas"]
    assert schemas["BatchRequest"]["properties"]["questions"]["maxItems"] == 4
    assert schemas["AskRequest"]["properties"]["history"]["maxItems"] == 20
    assert "at most 1,000 characters" in schemas["AskRequest"]["properties"]["question"]["description"]


def test_headers_that_came_at_once_are_measured_too(hurried):
    refused = hurried.client().get("/healthz", headers={"x-long": "x" * 16_384})
    assert "at most 16,384 are read" in problem_of(refused, 431)["detail"]
    assert hurried.client().get("/healthz", headers={"x-long": "x" * 15_000}).status_code == 200


def test_a_body_may_not_be_longer_than_it_is_declared(hurried):
    """As with a chunked body beside a Content-Length, which servers read by its chunks."""
    body = json.dumps(ASK).encode() + b" " * 70_000
    headers = {"content-length": "30", "content-type": "application/json"}
    assert problem_of(hurried.client().post("/api/v1/ask", content=body, headers=headers), 413)


@pytest.mark.parametrize("length", ["9" * 5_000, "9" * 16, "٣", "1e3", "-1", "+5", " "])
def test_a_length_that_is_none_is_no_server_error(hurried, length):
    headers = [(b"content-length", length.encode()), (b"content-type", b"application/json")]
    refused = hurried.client().post("/api/v1/ask", content=b"{}", headers=headers)
    assert refused.status_code in (411, 413)
