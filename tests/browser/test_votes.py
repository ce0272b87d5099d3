"""Votes: by mouse and keyboard, changed, taken back, kept on the server, and told when they are not."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from qa.feedback.reading import read_rows
from tests.browser.conftest import ask
from tests.browser.scripted import FOLLOW_UP

ROUTE = "**/api/v1/feedback"


def buttons(page: Page) -> tuple[Locator, Locator]:
    turn = page.locator(".qa-turn").last
    return turn.get_by_role("button", name="Yes, it is right"), turn.get_by_role("button", name="No, it is wrong")


def asked(page: Page) -> Locator:
    return page.locator(".qa-turn").last.locator(".qa-votes-asked")


@pytest.fixture
def kept(feedback_file: Path):
    """The votes of a question: up and down, as they are on the disk, less what stood there before."""

    def of(question: str) -> tuple[int, int]:
        rows = [row for row in read_rows(feedback_file) if row.question == question]
        return sum(row.up for row in rows), sum(row.down for row in rows)

    return of


def test_a_vote_is_kept_thanked_for_changed_and_taken_back(open_page, kept):
    page = open_page(scripted=True)
    ask(page, "pair")
    expect(asked(page)).to_have_text("Is that right?")
    up, down = buttons(page)
    expect(up).to_have_attribute("aria-pressed", "false")
    up.click()
    expect(asked(page)).to_have_text("Thank you.")
    expect(up).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#qa-live")).to_have_text("Thank you.")
    assert kept("pair") == (1, 0)
    down.click()
    expect(up).to_have_attribute("aria-pressed", "false")
    expect(down).to_have_attribute("aria-pressed", "true")
    expect(asked(page)).to_have_text("Thank you.")
    page.wait_for_function("document.querySelector('#qa-live').textContent === 'Thank you.'")
    down.click()
    expect(asked(page)).to_have_text("Is that right?")
    assert kept("pair") == (0, 0)


def test_a_refusal_is_voted_on_by_keyboard_and_the_vote_stays_shown(open_page, kept):
    page = open_page(scripted=True)
    ask(page, "What do zebras drink?")
    _, down = buttons(page)
    down.focus()
    page.keyboard.press("Enter")
    expect(asked(page)).to_have_text("Thank you.")
    expect(down).to_be_focused()
    assert kept("What do zebras drink?") == (0, 1)
    ask(page, "words")  # which makes Gradio show every message anew
    first = page.locator(".qa-turn").first
    expect(first.locator(".qa-down")).to_have_attribute("aria-pressed", "true")
    expect(first.locator(".qa-votes-asked")).to_have_text("Thank you.")


def test_a_vote_on_a_follow_up_is_on_what_was_understood(open_page, kept):
    page = open_page(scripted=True)
    ask(page, "low")
    ask(page, FOLLOW_UP)
    buttons(page)[0].click()
    expect(asked(page)).to_have_text("Thank you.")
    assert kept("low") == (1, 0)
    assert kept(FOLLOW_UP) == (0, 0)


@pytest.mark.parametrize(
    ("status", "told"), [(503, "Try again later"), (404, "Ask again"), (409, "text has changed"), (0, "Try again later")]
)
def test_a_vote_that_is_not_kept_is_told_and_can_be_cast_again(open_page, status, told):
    page = open_page(scripted=True)
    ask(page, "words")
    page.route(ROUTE, lambda route: route.fulfill(status=status) if status else route.abort())
    up, _ = buttons(page)
    up.click()
    expect(asked(page)).to_have_text(re.compile(told))
    expect(up).to_have_attribute("aria-pressed", "false")
    page.unroute(ROUTE)
    up.click()
    expect(asked(page)).to_have_text("Thank you.")


def test_the_buttons_are_large_enough_and_nothing_of_the_reader_is_sent(open_page, scripted):
    page = open_page(scripted=True, phone=True)
    ask(page, "words")
    up, down = buttons(page)
    for button in (up, down):
        box = button.bounding_box()
        assert box["width"] >= 24 and box["height"] >= 24
    with page.expect_request(ROUTE) as sent:
        up.click()
    edition = scripted.index.article("article").sha256[:12]
    named = {"question": "words", "article": "article", "article_sha256": edition}
    assert sent.value.post_data_json == named | {"vote": "up", "replaces": "none"}
    assert "cookie" not in sent.value.headers


def test_where_nothing_is_kept_nobody_is_asked(open_page):
    page = open_page()
    ask(page, "When could humans first land on Mars?")
    expect(page.locator(".qa-answer")).to_be_visible()
    expect(page.locator(".qa-votes")).to_have_count(0)
