"""`/metrics`: valid by Prometheus' own parser, true to what happened, for this machine only, and of bounded size."""

import asyncio
import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from index.encoder import Encoder
from index.store import Index, load_index
from qa.live import LivePipeline
from qa.pipeline import QAPipeline
from qa.reader import Reader
from qa.settings import load_settings
from qa.web.exposition import Counts, Histogram, gauge
from qa.web.guard import PATHS
from qa.web.metrics import BOUNDS
from qa.web.page import Page
from qa.web.routes import OTHER, route_of
from qa.web.scraped import index_lines
from qa.web.server import create_app
from qa.web.workers import Workers
from tests.web.conftest import UNHURRIED

HOME = "http://127.0.0.1:7860"
LOCAL = ("127.0.0.1", 50_000)

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def samples(text: str) -> Samples:
    """Every sample in a text, as Prometheus' own client reads it."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def sample(found: Samples, name: str, **labels: str) -> float:
    return found.get((name, frozenset(labels.items())), 0.0)


@pytest.fixture(scope="module")
def toy(toy_index: Index, toy_encoder: Encoder, toy_reader: Reader) -> QAPipeline:
    return QAPipeline(toy_index, toy_encoder, load_settings(**UNHURRIED), reader=toy_reader)


@pytest.fixture
def server(toy: QAPipeline) -> FastAPI:
    return create_app(toy, load_settings(page=False, **UNHURRIED))


@pytest.fixture
def asker(server: FastAPI) -> Iterator[TestClient]:
    with TestClient(server, base_url=HOME, client=LOCAL, raise_server_exceptions=False) as client:
        yield client


def scraped(client: TestClient) -> Samples:
    response = client.get("/metrics")
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return samples(response.text)


def ask(client: TestClient, question: str) -> str:
    response = client.post("/api/v1/ask", json={"question": question})
    return str(response.json().get("kind", response.status_code))


def test_questions_are_counted_by_door_and_outcome(asker: TestClient) -> None:
    kinds = [ask(asker, one) for one in ("Who found ice near the south pole?", "hello", "What is this about?")]
    asker.post("/api/v1/ask", json={"question": "\x00"})
    asker.post("/api/v1/ask", json={"question": "Who?", "article": "nowhere"})
    batch = {"questions": [{"question": "hello"}, {"question": "hello"}, {"question": "", "top_k": 99}]}
    asker.post("/api/v1/ask:batch", json=batch)
    found = scraped(asker)
    for kind in kinds:
        assert sample(found, "article_qa_questions_total", door="api", outcome=kind) == kinds.count(kind)
    assert sample(found, "article_qa_questions_total", door="api", outcome="invalid") == 2
    assert sample(found, "article_qa_questions_total", door="batch", outcome="help") == 2
    assert sample(found, "article_qa_work_total", end="done") == sum(
        value for (name, _), value in found.items() if name == "article_qa_questions_total"
    )


def test_the_stages_of_every_answer_are_timed(asker: TestClient) -> None:
    for _ in range(3):
        ask(asker, "Who found ice near the south pole?")
    found = scraped(asker)
    for stage in ("wait", "retrieve", "read", "total"):
        assert sample(found, "article_qa_stage_seconds_count", stage=stage) == 3
        assert sample(found, "article_qa_stage_seconds_bucket", stage=stage, le="+Inf") == 3
    sums = {stage: sample(found, "article_qa_stage_seconds_sum", stage=stage) for stage in ("retrieve", "read", "total")}
    assert 0 < sums["retrieve"] + sums["read"] <= sums["total"]


def test_who_is_refused_or_fails_is_counted_as_such(
    server: FastAPI, asker: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    workers: Workers = server.state.workers
    monkeypatch.setattr(workers, "_line", -workers.size)  # no room at all
    assert ask(asker, "Who?") == "503"
    monkeypatch.undo()
    monkeypatch.setattr(QAPipeline, "answer", lambda *_, **__: 1 / 0)
    assert ask(asker, "Who?") == "500"
    found = scraped(asker)
    assert sample(found, "article_qa_questions_total", door="api", outcome="refused") == 1
    assert sample(found, "article_qa_questions_total", door="api", outcome="failed") == 1
    assert sample(found, "article_qa_work_total", end="refused") == 1
    for status in ("503", "500"):
        assert sample(found, "article_qa_http_responses_total", route="/api/v1/ask", method="POST", status=status) == 1


def test_who_asks_too_often_is_counted(toy: QAPipeline) -> None:
    app = create_app(toy, load_settings(page=False, rate=0.001, burst=64))
    with TestClient(app, base_url=HOME, client=LOCAL) as client:
        statuses = [client.post("/api/v1/ask", json={"question": "hello"}).status_code for _ in range(66)]
        found = scraped(client)
    assert statuses.count(429) == 2
    assert sample(found, "article_qa_http_responses_total", route="/api/v1/ask", method="POST", status="429") == 2


def test_the_page_counts_as_a_door_of_its_own(toy: QAPipeline) -> None:
    async def asked() -> Workers:
        workers = Workers(1)
        page = Page(LivePipeline(toy), workers)
        async for _ in page.ask("hello", "moon", "[]", [], ""):
            pass
        return workers

    lines = "\n".join(asyncio.run(asked()).metrics.lines())
    assert sample(samples(lines + "\n"), "article_qa_questions_total", door="page", outcome="help") == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "127.0.0.1"},
        {"Forwarded": "for=127.0.0.1"},
        {"Via": "1.1 proxy"},
        {"X-Real-IP": "127.0.0.1"},
    ],
)
def test_what_a_proxy_passes_on_is_told_nothing(asker: TestClient, headers: dict[str, str]) -> None:
    refused = asker.get("/metrics", headers=headers)
    unknown = asker.get("/no-such-thing", headers=headers)
    assert refused.status_code == unknown.status_code == 404
    assert refused.json()["detail"] == unknown.json()["detail"].replace("/no-such-thing", "/metrics")


def test_another_machine_is_told_nothing(toy: QAPipeline) -> None:
    app = create_app(toy, load_settings(page=False, host="0.0.0.0"))
    with TestClient(app, base_url=HOME, client=("192.0.2.7", 50_000)) as client:
        assert client.get("/metrics").status_code == 404
    with TestClient(app, base_url="http://qa.example.org", client=LOCAL) as client:
        assert client.get("/metrics").status_code == 404  # a proxy that says nothing of itself still passes the name on
    with TestClient(app, base_url=HOME, client=LOCAL) as client:
        assert client.get("/metrics").status_code == 200


def test_no_path_of_a_client_becomes_a_label(asker: TestClient) -> None:
    before = len(scraped(asker))
    for number in range(50):
        asker.get(f"/wp-admin/{number}")
        asker.get(f"/api/v1/articles/{number}")
        asker.request(f"MADE{number}", f"/embed/{number}")
    found = scraped(asker)
    assert len(found) - before <= 5
    assert sample(found, "article_qa_http_responses_total", route=OTHER, method="GET", status="404") == 50
    assert not re.search(r"wp-admin|MADE", asker.get("/metrics").text)


def test_every_path_that_is_served_has_a_route(server: FastAPI) -> None:
    served = [route.path for route in server.routes if hasattr(route, "methods")]
    for path in served:
        filled = re.sub(r"\{\w+(:path)?\}", "x", path)
        assert route_of(filled) != OTHER, path
    gradios = ("/config", "/theme.css", "/assets/a.js", "/static/fonts/f.woff", "/gradio_api/info", "/gradio_api/app_id")
    streams = ("/gradio_api/queue/data", "/gradio_api/call/ask/e1", "/gradio_api/call/v2/ask/e1")
    posts = ("/gradio_api/queue/join", "/gradio_api/call/ask", "/gradio_api/call/v2/ask")
    for path in (*gradios, *streams, *posts):
        assert any(known.fullmatch(path) for known, _ in PATHS), path
        assert route_of(path) != OTHER, path


def test_the_index_and_the_process_are_told(toy: QAPipeline, index_dir: Path, asker: TestClient) -> None:
    index = load_index(index_dir, toy.encoder.fingerprint)
    os.utime(index_dir / index.manifest.generation, (time.time() - 3_600,) * 2)
    live = LivePipeline(QAPipeline(index, toy.encoder, reader=toy.reader), index_dir)
    found = samples("\n".join((*index_lines(live), "")))
    assert 3_600 <= sample(found, "article_qa_index_age_seconds") < 3_700
    files = [path for path in (index_dir / index.manifest.generation).rglob("*") if path.is_file()]
    assert sample(found, "article_qa_index_bytes") == sum(path.stat().st_size for path in files)
    assert sample(found, "article_qa_index_articles") == 2
    told = scraped(asker)
    assert sample(told, "process_resident_memory_bytes") > 10_000_000
    assert 0 < sample(told, "process_start_time_seconds") <= time.time()
    assert sample(told, "process_cpu_seconds_total") > 0
    assert sample(told, "article_qa_workers") > 0
    assert ("article_qa_index_age_seconds", frozenset()) not in told  # of an index that was never saved


def test_an_index_that_was_replaced_meanwhile_has_no_age(toy: QAPipeline, index_dir: Path, tmp_path: Path) -> None:
    index = load_index(index_dir, toy.encoder.fingerprint)
    assert LivePipeline(QAPipeline(index, toy.encoder, reader=toy.reader), tmp_path / "gone").built is None


def test_a_histogram_is_cumulative_and_a_bound_belongs_to_its_bucket() -> None:
    histogram = Histogram("h", "told", "stage", (0.5, 1))
    for value in (0.5, 0.6, 7.0):
        histogram.observe("read", value)
    found = samples("\n".join((*histogram.lines(), "")))
    buckets = {bound: sample(found, "h_bucket", stage="read", le=bound) for bound in ("0.5", "1", "+Inf")}
    assert buckets == {"0.5": 1, "1": 2, "+Inf": 3}
    assert sample(found, "h_sum", stage="read") == pytest.approx(8.1)


def test_labels_are_escaped() -> None:
    counts = Counts("c_total", "told", ("label",))
    counts.add('a"b\\c\nd')
    found = samples("\n".join((*counts.lines(), *gauge("g", "told", None), "")))
    assert sample(found, "c_total", label='a"b\\c\nd') == 1


def test_counting_costs_next_to_nothing(measured: Callable[[Callable[[], None]], float]) -> None:
    """Counting an answer takes less than a thousandth of the 50 ms that one takes."""
    workers = Workers(1)

    def count() -> None:
        workers.metrics.question("api", "answer")
        workers.metrics.response("/api/v1/ask", "POST", 200)

    assert measured(count) < 0.05 / 1_000
    assert len(BOUNDS) < 20


@pytest.fixture
def measured() -> Callable[[Callable[[], None]], float]:
    """Seconds of one call: the best of several rounds, so that a busy machine does not count."""

    def best(call: Callable[[], None], rounds: int = 5, times: int = 500) -> float:
        found = []
        for _ in range(rounds):
            started = time.perf_counter()
            for _ in range(times):
                call()
            found.append((time.perf_counter() - started) / times)
        return min(found)

    return best
