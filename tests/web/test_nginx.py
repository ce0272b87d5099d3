"""docs/deploy/nginx.conf, run by nginx before real servers: TLS, a prefix, the chat page, the widget, who the client is."""

import contextlib
import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.chromium import find as find_chromium
from tests.browser.conftest import ARGUMENTS, PATIENCE
from tests.browser.hosting import Host
from tests.index.sources.serving import reply as plain_reply
from tests.index.sources.serving import serving as plain_serving
from tests.stress.served import Served
from tests.web import nginx

pytestmark = [
    pytest.mark.skipif(
        nginx.find() is None, reason=f"there is no nginx; {nginx.COMMAND} installs one, as root on Debian"
    ),
    pytest.mark.timeout(600),
]

QUESTION = "When could humans first land on Mars?"
FOUND = "as early as 2029"
READ_TIMEOUT = "proxy_read_timeout    30s;"
READER, ANOTHER = "127.0.0.2", "127.0.0.3"
"""Addresses that clients ask from; the proxy's own, 127.0.0.1, is no client's."""


@dataclass(frozen=True)
class Proxied:
    """A proxy that runs, and where it is found."""

    port: int
    plain_port: int

    @property
    def address(self) -> str:
        return f"https://{nginx.NAME}:{self.port}/qa"

    def client(self, source: str = READER) -> httpx.Client:
        """A client that asks from another address than the proxy's."""
        transport = httpx.HTTPTransport(verify=False, local_address=source)
        headers = {"Host": f"{nginx.NAME}:{self.port}"}
        return httpx.Client(transport=transport, base_url=f"https://127.0.0.1:{self.port}", headers=headers, timeout=120)


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    host = Host()
    yield host
    host.close()


@pytest.fixture(scope="module")
def servers(real_index_dir: Path, host: Host) -> Iterator[tuple[Served, Served]]:
    """The chat page's process and one of the API's, over one index."""
    shared = {
        "ARTICLE_QA_HOSTS": nginx.NAME,
        "ARTICLE_QA_TRUSTED_PROXIES": "127.0.0.1",
        "ARTICLE_QA_ROOT_PATH": "/qa",
        "ARTICLE_QA_LOG_FORMAT": "json",
        "ARTICLE_QA_ALLOWED_ORIGINS": host.origin,
        "ARTICLE_QA_RATE": "0.01",
        "ARTICLE_QA_BURST": "64",
    }
    with contextlib.ExitStack() as stack:
        started = [
            stack.enter_context(Served("--index", str(real_index_dir), environment={**shared, **own}))
            for own in ({}, {"ARTICLE_QA_PAGE": "false"})
        ]
        yield started[0], started[1]


def port_of(served: Served) -> str:
    return served.address.removeprefix("http://")


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Proxied]]:
    """Starts a proxy before the page's and the two API servers' addresses, with `others` replaced in its file too."""
    with contextlib.ExitStack() as stack:

        def started(page: str, first: str, second: str, **others: str) -> Proxied:
            folder = tmp_path_factory.mktemp("nginx")
            folder.chmod(0o755)
            chain, key = nginx.certificate(folder)
            tls, plain = nginx.free_port(), nginx.free_port()
            places = {
                "listen 80;": f"listen 127.0.0.1:{plain};",
                "listen 443 ssl": f"listen 127.0.0.1:{tls} ssl",
                "/etc/ssl/qa.example.org/fullchain.pem": str(chain),
                "/etc/ssl/qa.example.org/privkey.pem": str(key),
                "/var/log/nginx/article-qa.log": str(folder / "access.log"),
                "server 127.0.0.1:7860;": f"server {page};",
                "server 127.0.0.1:7861;": f"server {first};",
                "server 127.0.0.1:7862;": f"server {second};",
                **others,
            }
            stack.enter_context(nginx.running(folder, nginx.site(places), tls))
            return Proxied(tls, plain)

        yield started


@pytest.fixture(scope="module")
def proxied(servers: tuple[Served, Served], proxy: Callable[..., Proxied]) -> Proxied:
    """Before both servers, and a third place where nobody listens."""
    page, api = servers
    return proxy(port_of(page), port_of(api), f"127.0.0.1:{nginx.free_port()}")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = find_chromium()
    if path is None:
        pytest.skip("there is no Chromium; python -m tests.browser.chromium installs one")
    rules = f"--host-resolver-rules=MAP {nginx.NAME} 127.0.0.1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*ARGUMENTS, rules])
        yield browser
        browser.close()


@contextlib.contextmanager
def watched(browser: Browser) -> Iterator[tuple[Page, list[str]]]:
    """A page, and what it complains of."""
    context = browser.new_context(ignore_https_errors=True, reduced_motion="reduce")
    page, faults = context.new_page(), list[str]()
    page.set_default_timeout(PATIENCE)
    page.on("pageerror", lambda error: faults.append(f"uncaught: {error}"))
    page.on("console", lambda said: faults.append(f"console: {said.text}") if said.type == "error" else None)
    page.on(
        "response",
        lambda response: faults.append(f"{response.status}: {response.url}") if response.status >= 400 else None,
    )
    yield page, faults
    context.close()


def requests(served: Served) -> list[dict[str, Any]]:
    """What a server's log says of requests."""
    lines = [line for line in served.log.read_text().splitlines() if line.startswith("{")]
    return [found for found in map(json.loads, lines) if found["message"] == "request"]


def test_what_is_asked_without_tls_is_sent_on(proxied: Proxied) -> None:
    response = httpx.get(f"http://127.0.0.1:{proxied.plain_port}/qa/docs?x=1", headers={"Host": nginx.NAME})
    assert (response.status_code, response.headers["location"]) == (308, f"https://{nginx.NAME}/qa/docs?x=1")


def test_a_question_is_answered_over_tls_while_one_of_the_servers_is_down(proxied: Proxied) -> None:
    with proxied.client() as client:
        for _ in range(4):
            response = client.post("/qa/api/v1/ask", json={"question": QUESTION})
            assert response.status_code == 200, response.text
            assert response.json()["answer"]["text"] == FOUND
        assert "max-age" in response.headers["strict-transport-security"]
        assert client.get("/qa/api/v1/articles").json()["articles"]


def test_a_slow_batch_is_waited_for_and_asked_once(proxy: Callable[..., Proxied]) -> None:
    """Two servers that answer nothing until they are told to: a question is given up and asked of both, a batch of one."""
    released, taken = threading.Event(), threading.Event()

    def answer_late(connection: socket.socket) -> None:
        taken.set()
        released.wait(120)
        connection.sendall(plain_reply(b"{}", kind="application/json"))

    with plain_serving() as one, plain_serving() as two, ThreadPoolExecutor() as pool:
        for server in (one, two):
            server.replies |= {"/api/v1/ask": answer_late, "/api/v1/ask:batch": answer_late}
        proxied = proxy(one.address, one.address, two.address, **{READ_TIMEOUT: READ_TIMEOUT.replace("30s", "1s")})
        with proxied.client() as client:
            batch = pool.submit(client.post, "/qa/api/v1/ask:batch", json={"questions": [{"question": QUESTION}]})
            try:
                assert taken.wait(60)
                single = client.post("/qa/api/v1/ask", json={"question": QUESTION})  # takes the time limit twice
            finally:
                released.set()
            assert batch.result(60).status_code == 200
        assert single.status_code == 503
    paths = [asked.split()[1] for server in (one, two) for asked in server.asked]
    assert (paths.count("/api/v1/ask:batch"), paths.count("/api/v1/ask")) == (1, 2)


def test_the_prefix_works_without_its_slash(proxied: Proxied) -> None:
    with proxied.client() as client:
        response = client.get("/qa?q=When%3F")
        assert (response.status_code, response.headers["location"]) == (308, "/qa/?q=When%3F")
        assert client.get("/qa/").status_code == 200
        assert client.get("/").status_code == 404


def test_the_client_is_whoever_asked_the_proxy_and_nobody_else(proxied: Proxied, servers: tuple[Served, Served]) -> None:
    spoofed = {"X-Forwarded-For": "192.0.2.9", "Forwarded": "for=192.0.2.9", "X-Real-IP": "192.0.2.9"}
    with proxied.client() as client:
        identity = client.post("/qa/api/v1/ask", json={"question": "hello"}, headers=spoofed).headers["x-request-id"]
    (line,) = [one for one in requests(servers[1]) if one["request_id"] == identity]
    assert line["client"] == READER


def test_one_client_is_limited_whatever_it_says_it_is_and_others_are_not(proxied: Proxied) -> None:
    asked = {"question": "hello"}
    with proxied.client(ANOTHER) as client:
        statuses = [
            client.post("/qa/api/v1/ask", json=asked, headers={"X-Forwarded-For": f"192.0.2.{number}"}).status_code
            for number in range(70)
        ]
    assert statuses.count(200) in (64, 65) and set(statuses) == {200, 429}
    with proxied.client() as client:
        assert client.post("/qa/api/v1/ask", json=asked).status_code == 200


@pytest.mark.parametrize("path", ["/qa/metrics", "/qa//metrics", "/qa/%6Detrics", "/qa/x/../metrics"])
def test_metrics_are_for_the_machine_itself(proxied: Proxied, servers: tuple[Served, Served], path: str) -> None:
    with proxied.client() as client:
        response = client.get(path)
        assert response.status_code == 404
        assert "article_qa" not in response.text
    assert "article_qa_questions_total" in httpx.get(f"{servers[0].address}/metrics").text
    passed_on = httpx.get(f"{servers[0].address}/metrics", headers={"X-Forwarded-For": "127.0.0.1"})
    assert passed_on.status_code == 404  # and not only because the proxy closes it


def test_a_body_that_is_too_large_is_refused(proxied: Proxied) -> None:
    with proxied.client() as client:
        assert client.post("/qa/api/v1/ask", content=b" " * 2**21).status_code == 413
        told = client.post("/qa/api/v1/ask", content=b" " * 70_000)
        assert (told.status_code, told.headers["content-type"]) == (413, "application/problem+json")


def test_the_log_of_the_proxy_tells_no_questions(proxied: Proxied, tmp_path_factory: pytest.TempPathFactory) -> None:
    with proxied.client() as client:
        client.get("/qa/?q=a-private-question")
    logs = list(tmp_path_factory.getbasetemp().glob("nginx*/access.log"))
    assert logs
    assert not any("private" in log.read_text() for log in logs)


def test_documentation_and_document_name_the_prefix(proxied: Proxied) -> None:
    with proxied.client() as client:
        assert client.get("/qa/openapi.json").json()["servers"] == [{"url": "/qa"}]
        assert f"{proxied.address}/api/v1/ask" in client.get("/qa/docs").text


def test_the_chat_page_answers_below_the_prefix(proxied: Proxied, chromium: Browser) -> None:
    with watched(chromium) as (page, faults):
        page.goto(f"{proxied.address}/")
        page.locator("#qa-question textarea").fill(QUESTION)
        page.keyboard.press("Enter")
        expect(page.locator(".qa-turn").last).to_contain_text(FOUND, timeout=PATIENCE)
        assert faults == []


def test_a_permalink_below_the_prefix_asks_its_question(proxied: Proxied, chromium: Browser) -> None:
    with watched(chromium) as (page, faults):
        page.goto(f"{proxied.address}?q={QUESTION.replace(' ', '+')}")
        expect(page.locator(".qa-turn").last).to_contain_text(FOUND, timeout=PATIENCE)
        assert page.url.startswith(f"{proxied.address}/")
        assert faults == []


def test_the_pages_of_widget_and_documentation_load_below_the_prefix(proxied: Proxied, chromium: Browser) -> None:
    with watched(chromium) as (page, faults):
        page.goto(f"{proxied.address}/docs")
        expect(page.locator("h1")).to_be_visible()
        page.goto(f"{proxied.address}/widget")
        page.wait_for_function("customElements.get('article-qa') !== undefined")
        assert faults == []


def embedded(host: Host, proxied: Proxied) -> str:
    icon = '<link rel="icon" href="data:,">'  # or the browser asks the other site for one, which has none
    return host.page(f'<script src="{proxied.address}/widget.js" data-article="article" async></script>', head=icon)


def asked_of_widget(page: Page, address: str) -> Any:
    page.goto(address)
    page.wait_for_function("customElements.get('article-qa') !== undefined")
    page.get_by_role("button").first.click()
    page.get_by_role("textbox").fill(QUESTION)
    page.keyboard.press("Enter")
    return page.locator("article-qa")


def test_the_widget_of_another_site_asks_through_the_proxy(proxied: Proxied, host: Host, chromium: Browser) -> None:
    with watched(chromium) as (page, faults):
        expect(asked_of_widget(page, embedded(host, proxied))).to_contain_text(FOUND, timeout=PATIENCE)
        assert faults == []


def test_a_server_that_is_down_is_a_problem_and_the_widget_says_so(
    servers: tuple[Served, Served], proxy: Callable[..., Proxied], host: Host, chromium: Browser
) -> None:
    nowhere = f"127.0.0.1:{nginx.free_port()}"
    down = proxy(port_of(servers[0]), nowhere, nowhere)
    with down.client() as client:
        response = client.post("/qa/api/v1/ask", json={"question": QUESTION})
    assert (response.status_code, response.headers["retry-after"]) == (503, "5")
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["status"] == 503
    with watched(chromium) as (page, _):
        widget = asked_of_widget(page, embedded(host, down))
        expect(widget).to_contain_text(re.compile(r"reach|unavailable|busy|try again|later", re.IGNORECASE))
