"""Everyone can use it: axe finds nothing in any state, the keyboard reaches everything, nothing needs width or motion."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import ask

MARS = "When could humans first land on Mars?"


def violations(page: Page) -> str:
    results = Axe().run(page)
    return "" if results.violations_count == 0 else results.generate_report()


def assert_fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_any_state(open_page, scheme, phone):
    page = open_page(scripted=True, color_scheme=scheme, phone=phone)
    assert violations(page) == "", "empty"
    assert_fits(page)
    ask(page, "words")
    ask(page, "pronoun")
    page.locator(".qa-before summary").click()
    assert violations(page) == "", "answered"
    page.locator(".qa-cite").last.click()
    assert violations(page) == "", "a chip followed"
    page.keyboard.press("Escape")
    ask(page, "What do zebras eat?")
    page.locator(".qa-near").first.click()
    page.keyboard.press("Escape")
    ask(page, "Hello!")
    ask(page, "broken")
    assert violations(page) == "", "refused, greeted, failed"
    assert_fits(page)


def test_dark_follows_the_system(open_page):
    def brightness(scheme: str) -> int:
        page = open_page(scripted=True, color_scheme=scheme)
        colour = page.locator("#qa-reading").evaluate("e => getComputedStyle(e).backgroundColor")
        return sum(int(part) for part in colour.removeprefix("rgb(").removesuffix(")").split(","))

    assert brightness("dark") < 150
    assert brightness("light") > 700


def focused(page: Page) -> str:
    return page.evaluate("(document.activeElement.className || document.activeElement.tagName) + ''")


def test_everything_is_reached_by_keyboard_alone_with_the_focus_shown(open_page):
    page = open_page()
    page.keyboard.press("Tab")
    expect(page.locator(".qa-skip")).to_be_focused()
    expect(page.locator(".qa-skip")).to_be_in_viewport()
    page.keyboard.press("Tab")
    expect(page.locator(".qa-ask").first).to_be_focused()
    for _ in range(page.locator(".qa-ask").count()):
        page.keyboard.press("Tab")
    expect(page.locator("#qa-question textarea")).to_be_focused()
    page.keyboard.type(MARS)
    page.keyboard.press("Enter")
    expect(page.locator(".qa-answer")).to_be_visible()
    expect(page.locator("#qa-question textarea")).to_be_focused()
    reached: list[str] = []
    while not any("qa-cite" in name for name in reached):
        page.keyboard.press("Shift+Tab")
        reached.append(focused(page))
        assert len(reached) < 12, reached
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", reached[-1]
    assert any("qa-copy" in name for name in reached) and any("qa-link" in name for name in reached)
    page.keyboard.press("Enter")
    expect(page.locator("#qa-reading .qa-lit")).to_be_in_viewport()


def test_the_skip_link_goes_to_the_article_which_scrolls_by_keyboard(open_page):
    page = open_page()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    reading = page.locator("#qa-reading")
    expect(reading).to_be_focused()
    page.keyboard.press("End")
    expect(page.locator(".qa-colophon")).to_be_in_viewport()


def test_messages_are_named_by_who_speaks_not_by_their_source(open_page):
    page = open_page(scripted=True)
    ask(page, "words")
    expect(page.locator('[data-testid="user"]')).to_have_attribute("aria-label", "Your question")
    expect(page.locator('[data-testid="bot"]')).to_have_attribute("aria-label", "Answer")
    assert "<" not in "".join(page.locator("[aria-label]").evaluate_all("all => all.map(e => e.ariaLabel)"))


def test_forced_colours_still_show_what_is_lit_and_marked(open_page):
    page = open_page(scripted=True, forced_colors="active")
    ask(page, "words")
    for selector in ("#qa-reading .qa-lit", ".qa-first mark"):
        marked = page.locator(selector).evaluate("e => getComputedStyle(e).backgroundColor")
        page_colour = page.locator("#qa-reading").evaluate("e => getComputedStyle(e).backgroundColor")
        transparent = marked.startswith("rgba(") and marked.endswith(", 0)")
        assert marked != page_colour and not transparent, f"{selector}: {marked}"


@pytest.mark.parametrize("width", [320, 640, 879, 880])
def test_nothing_is_cut_off_at_any_width(open_page, width):
    page = open_page(scripted=True)
    page.set_viewport_size({"width": width, "height": 700})
    ask(page, "several")
    assert_fits(page)
    box = page.locator("#qa-question").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= width
