"""How things look where a style sheet could forget it: right-to-left words, forced colours, a narrow masthead."""

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import ask

NOTHING = ("rgba(0, 0, 0, 0)", "none")


def style(element: Locator, name: str) -> str:
    return element.evaluate("(element, name) => getComputedStyle(element)[name]", name)


def test_words_written_from_the_right_start_at_the_right(open_page):
    page = open_page("?article=moon", scripted=True)
    expect(page.locator("#qa-title")).to_have_text("Water on the Moon")
    ask(page, "several")
    ask(page, "nothing of this")
    for selector in (".qa-quote", ".qa-nearest li", ".qa-question"):
        words = page.locator(selector).first
        words.evaluate("e => { e.firstChild.textContent = 'מים על הירח נמצאו בקוטב הדרומי.' }")
        gap = words.evaluate(
            """e => {
                const range = document.createRange();
                range.selectNodeContents(e.firstChild);
                const inner = e.getBoundingClientRect().right - parseFloat(getComputedStyle(e).paddingRight);
                return inner - parseFloat(getComputedStyle(e).borderRightWidth) - range.getBoundingClientRect().right;
            }"""
        )
        assert abs(gap) < 4, selector
        assert words.evaluate("e => e.matches(':dir(rtl)')")


def test_forced_colours_keep_the_mark_the_meter_and_the_edges(open_page):
    page = open_page(scripted=True, forced_colors="active")
    ask(page, "words")
    ask(page, "low")
    desk = style(page.locator("body"), "backgroundColor")
    lit = style(page.locator(".qa-first mark").first, "backgroundColor")
    assert lit not in (desk, *NOTHING)
    whole = page.locator("mark.qa-whole").first
    assert style(whole, "textDecorationLine") == "underline"
    bars = page.locator(".qa-confidence").last.locator("i")
    assert style(bars.nth(0), "backgroundColor") != style(bars.nth(2), "backgroundColor") == desk
    assert style(bars.nth(2), "borderTopWidth") == "1px"
    for edged in ("#qa-question .submit-button", ".qa-question"):
        assert style(page.locator(edged).last, "borderTopStyle") == "solid", edged


@pytest.mark.parametrize("width", [320, 390])
def test_the_name_stays_on_one_line_beside_a_choice_of_articles(open_page, width):
    page = open_page(scripted=True, phone=True)
    page.set_viewport_size({"width": width, "height": 700})
    expect(page.locator(".qa-pick")).to_be_visible()
    assert page.locator(".qa-wordmark").evaluate("e => e.getClientRects()[0].height") < 30
    assert page.evaluate("document.documentElement.scrollWidth") <= width
