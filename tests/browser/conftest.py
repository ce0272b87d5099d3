"""A real Chromium on a real server: `app.py` in a process of its own, and a second, scripted one for rare states.

Every page is watched: an uncaught error, or a request to another origin, fails the test that opened it.
"""

import asyncio
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from index.encoder import Encoder
from index.store import Index
from qa.pipeline import QAPipeline
from qa.settings import load_settings
from qa.web.serve import address, claim_port, server_config
from qa.web.server import create_app
from tests.browser.chromium import COMMAND, find
from tests.browser.hosting import EmbeddedPipeline, Host
from tests.browser.scripted import ScriptedPipeline
from tests.web.conftest import UNHURRIED

ROOT = Path(__file__).parent.parent.parent
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
PATIENCE = 90_000
"""Milliseconds that a page may take on a slow, busy machine."""

expect.set_options(timeout=PATIENCE)

BUILDING = threading.Lock()
"""Held while a page is built: Gradio keeps what it is building in a global, so two at once would mix their parts."""

ARGUMENTS = [
    "--no-sandbox",  # the tests may run as root, in a container
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
]

OpenPage = Callable[..., Page]


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of `python app.py` over the seed article, which builds its index first."""
    index = tmp_path_factory.mktemp("browser") / "built"
    command = [sys.executable, "app.py", "--port", "0", "--index", str(index)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ARTICLE_QA_")}
    environment |= {f"ARTICLE_QA_{name.upper()}": str(value) for name, value in UNHURRIED.items()}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if (found := re.search(r"http://127\.0\.0\.1:\d+", line)) is not None:
                break
        else:
            pytest.fail("app.py ended: " + "".join(said))
        threading.Thread(target=process.stdout.read, daemon=True).start()  # a full pipe would stop the server
        yield found[0]
        process.terminate()
        process.wait(30)


@pytest.fixture(scope="package")
def scripted(toy_index: Index, toy_encoder: Encoder) -> ScriptedPipeline:
    return ScriptedPipeline(toy_index, toy_encoder)


class Serving:
    """A server in a thread of this process, which can be stopped and started again at the same address."""

    def __init__(self, pipeline: QAPipeline, **settings: Any) -> None:
        self.pipeline = pipeline
        self.settings = settings
        self.port = 0
        self.start()

    def start(self) -> None:
        self.listener = claim_port("127.0.0.1", self.port)
        self.address = address("127.0.0.1", self.listener)
        self.port = self.listener.getsockname()[1]
        self.listener.listen(128)
        self.server: uvicorn.Server | None = None
        self.thread = threading.Thread(target=lambda: asyncio.run(self._run()))
        self.thread.start()

    def stop(self) -> None:
        if self.server is not None:
            self.server.should_exit = True
        self.thread.join(30)
        self.listener.close()

    async def _run(self) -> None:
        with BUILDING:
            settings = load_settings(**{**UNHURRIED, **self.settings})
            app = create_app(self.pipeline, settings)
        config = server_config(app, settings, log_level="critical", timeout_graceful_shutdown=1)
        self.server = uvicorn.Server(config)
        await self.server.serve(sockets=[self.listener])


@pytest.fixture(scope="package")
def feedback_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the scripted server keeps feedback."""
    return tmp_path_factory.mktemp("feedback") / "feedback.db"


@pytest.fixture(scope="package")
def scripted_server(scripted: ScriptedPipeline, feedback_file: Path) -> Iterator[Serving]:
    """A server over two articles whose answers are scripted; it keeps feedback."""
    serving = Serving(scripted, feedback=feedback_file)
    yield serving
    scripted.release.set()
    serving.stop()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    # For this package only: Playwright runs an event loop in this thread, beside which no other test could run one.
    path = find()
    if path is None:
        pytest.fail(f"there is no Chromium to test with; install one: {COMMAND}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def contexts(browser: Browser) -> Callable[..., BrowserContext]:
    """A context for each set of options, made once: its cache spares every page but the first the loading of Gradio."""

    @cache
    def context(**options: Any) -> BrowserContext:
        viewport = PHONE if options.pop("phone") else DESKTOP
        made = browser.new_context(viewport=viewport, reduced_motion="reduce", **options)
        made.set_default_timeout(PATIENCE)
        made.grant_permissions(["clipboard-read", "clipboard-write"])
        return made

    return context


@pytest.fixture
def open_page(contexts: Callable[..., BrowserContext], server: str, scripted_server: Serving) -> Iterator[OpenPage]:
    """Opens a page that is ready to be asked; `query` as in an address, `scripted=True` for the scripted server."""
    pages: list[Page] = []
    faults: list[str] = []

    def opened(query: str = "", *, scripted: bool = False, phone: bool = False, **how: str) -> Page:
        origin = scripted_server.address if scripted else server
        if scripted and not re.search("article=|of=", query):  # of its two articles, the first
            query = f"{query}{'&' if query else '?'}article=article"
        page = contexts(phone=phone, **how).new_page()
        pages.append(page)
        page.on("pageerror", lambda error: faults.append(f"uncaught: {error}"))
        page.on(
            "request",
            lambda request: (
                None
                if request.url.startswith((origin, "data:", "blob:"))
                else faults.append(f"request to another origin: {request.url}")
            ),
        )
        page.goto(f"{origin}/{query}")
        expect(page.locator("#qa-title")).to_be_visible()
        expect(page.locator(".qa-turn, .qa-welcome").first).to_be_visible()
        if re.search("article=(article|moon)\\b", query):  # of several articles, the document comes with the list
            expect(page.locator(".qa-article")).to_be_visible()
        return page

    yield opened
    for page in pages:
        page.close()
    assert faults == []


@pytest.fixture(scope="package")
def host() -> Iterator[Host]:
    """Another site."""
    host = Host()
    yield host
    host.close()


@pytest.fixture(scope="package")
def embedded(toy_index: Index, toy_encoder: Encoder, host: Host) -> Iterator[Serving]:
    """A server that the other site's pages may ask; what it answers is scripted."""
    serving = Serving(EmbeddedPipeline(toy_index, toy_encoder), allowed_origins=(host.origin,))
    yield serving
    serving.pipeline.release.set()
    serving.stop()


@pytest.fixture
def open_host(contexts: Callable[..., BrowserContext], host: Host, embedded: Serving) -> Iterator[OpenPage]:
    """Opens a page at an address once the widget in it is defined; an uncaught error in any of them fails the test."""
    pages: list[Page] = []
    faults: list[str] = []
    host.replies.clear()
    host.asked.clear()

    def opened(address: str, *, phone: bool = False, **how: str) -> Page:
        page = contexts(phone=phone, **how).new_page()
        pages.append(page)
        page.on("pageerror", lambda error: faults.append(f"uncaught: {error}"))
        page.goto(address)
        page.wait_for_function("customElements.get('article-qa') !== undefined")
        return page

    yield opened
    for page in pages:
        page.close()
    assert faults == []


def ask(page: Page, question: str) -> None:
    """Type a question, press Enter, and wait for what comes of it."""
    turns = page.locator(".qa-turn")
    before = turns.count()
    page.locator("#qa-question textarea").fill(question)
    page.keyboard.press("Enter")
    expect(turns).to_have_count(before + 1)
