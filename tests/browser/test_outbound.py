"""No page asks any other host for anything, counted over all of them, workers and frames included."""

from playwright.sync_api import Browser, expect

from tests.browser.conftest import Serving, ask
from tests.browser.widgets import ask as ask_widget

PAGES = ("/", "/?q=several", "/?article=moon", "/widget", "/widget?article=moon", "/embed/article", "/docs", "/nothing")


def test_no_page_sends_a_request_to_another_origin(browser: Browser, scripted_server: Serving) -> None:
    context = browser.new_context(reduced_motion="reduce", service_workers="allow")
    sent: list[str] = []
    context.on("request", lambda request: sent.append(request.url))
    context.on("serviceworker", lambda worker: sent.append(worker.url))
    try:
        for path in PAGES:
            page = context.new_page()
            page.on("websocket", lambda socket: sent.append(socket.url))
            page.goto(scripted_server.address + path)
            page.wait_for_load_state("load")
            if path == "/":
                expect(page.locator(".qa-welcome")).to_be_visible()
                ask(page, "several")
            elif path.startswith("/embed"):
                page.wait_for_function("customElements.get('article-qa') !== undefined")
                ask_widget(page, "several")
            page.close()
    finally:
        context.close()
    assert len(sent) > 20  # or nothing was counted
    assert [url for url in sent if not url.startswith((scripted_server.address, "data:", "blob:"))] == []
