"""A reader who asks too often, on a real server with a real limit, is told so where she looks, and loses no question."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Serving, ask
from tests.browser.scripted import ScriptedPipeline

HELLO = "Hello!"


@pytest.fixture
def hurried(toy_index, toy_encoder) -> Iterator[Serving]:
    """A server that lets one address ask three times, opening the page being one of them."""
    serving = Serving(ScriptedPipeline(toy_index, toy_encoder), rate=0.01, burst=3, batch=3)
    yield serving
    serving.stop()


def test_who_asks_too_often_is_told_when_to_ask_again_and_keeps_the_question(contexts, hurried, tmp_path):
    page = contexts(phone=False).new_page()
    page.goto(hurried.address)
    expect(page.locator(".qa-welcome")).to_be_visible()
    ask(page, HELLO)
    ask(page, HELLO)
    box, notice = page.locator("#qa-question textarea"), page.locator(".qa-notice")
    box.fill("And now?")
    box.press("Enter")
    expect(notice).to_contain_text("You are asking faster than this server allows")
    expect(notice).to_contain_text("Please ask again in")
    expect(notice).to_contain_text("Your question is kept.")
    expect(box).to_have_value("And now?")
    expect(page.locator(".qa-turn")).to_have_count(2)
    page.screenshot(path=tmp_path / "limit.png")
    page.close()


def test_an_address_that_asks_by_itself_is_told_so_too(contexts, hurried):
    page = contexts(phone=False).new_page()
    for _ in range(3):  # the page asks for itself when it is there; who leaves before has not asked
        with page.expect_response("**/gradio_api/queue/join**"):
            page.goto(hurried.address)
        expect(page.locator(".qa-welcome")).to_be_visible()
    page.goto(f"{hurried.address}/?q=Who%3F")
    expect(page.locator(".qa-notice")).to_contain_text("You are asking faster than this server allows")
    expect(page.locator("#qa-question textarea")).to_have_value("Who?")
    page.close()
