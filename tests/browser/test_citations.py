"""Citations, permalinks and copying: from the answer to the words, and back."""

import re
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, expect

from tests.browser.conftest import ask
from tests.browser.scripted import ALSO_MARKED, MARKED

MARS = "When could humans first land on Mars?"
LIT = "#qa-reading .qa-lit"


def query(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def quoted(page: Page, chip) -> str:
    """The words that a chip stands behind, without the chip."""
    return chip.evaluate("c => c.closest('blockquote').textContent.replace(c.textContent, '').trim()")


def highlighted(page: Page) -> list[str]:
    return page.evaluate("[...(CSS.highlights.get('qa-words') ?? [])].map(range => range.toString())")


def test_each_chip_lights_up_its_own_sentence_and_only_that(open_page):
    page = open_page(scripted=True)
    ask(page, "several")
    chips = page.locator(".qa-cite")
    expect(chips).to_have_count(3)
    for number in (2, 0, 1):
        chip = chips.nth(number)
        chip.click()
        expect(page.locator(LIT)).to_have_count(1)
        expect(page.locator(LIT)).to_have_text(quoted(page, chip))
        expect(page.locator(LIT)).to_be_in_viewport()
        expect(page.locator(".qa-cite.qa-current")).to_have_count(1)
        assert query(page)["s"] == chip.get_attribute("href").removeprefix("#s")


def test_the_answering_words_are_marked_within_the_sentence(open_page):
    page = open_page(scripted=True)
    ask(page, "words")
    expect(page.locator(".qa-first mark")).to_have_text(MARKED)
    assert highlighted(page) == [MARKED]
    ask(page, "several")
    assert highlighted(page) == []


def test_each_citation_marks_the_words_that_answer_in_its_own_sentence(open_page):
    page = open_page(scripted=True)
    ask(page, "pair")
    expect(page.locator(".qa-quote mark")).to_have_text([MARKED, ALSO_MARKED])
    assert highlighted(page) == [MARKED]
    for number, words in ((1, ALSO_MARKED), (0, MARKED)):
        page.locator(".qa-cite").nth(number).click()
        expect(page.locator(LIT)).to_contain_text(words)
        assert highlighted(page) == [words]


def test_offsets_hold_behind_characters_that_javascript_counts_twice(open_page):
    page = open_page("?article=moon", scripted=True)
    expect(page.locator("#qa-title")).to_have_text("Water on the Moon")
    ask(page, "nothing of this")  # refused: its three nearest are the article's first sentences, past an emoji
    for near in page.locator(".qa-near").all():
        near.click()
        expect(page.locator(LIT)).to_have_text(near.evaluate("n => n.parentElement.firstChild.textContent.trim()"))


def test_a_chip_works_by_keyboard_and_leaves_the_focus_where_it_was(open_page):
    page = open_page()
    ask(page, MARS)
    page.locator("#qa-reading").evaluate("e => e.scrollTo(0, 0)")
    expect(page.locator(LIT)).not_to_be_in_viewport()
    chip = page.locator(".qa-cite").first
    chip.focus()
    page.keyboard.press("Enter")
    expect(page.locator(LIT)).to_be_in_viewport()
    expect(chip).to_be_focused()
    expect(page.locator("#qa-live")).to_contain_text("as early as 2029")


def test_the_address_reopens_question_answer_and_highlight(open_page):
    page = open_page()
    ask(page, MARS)
    expect(page).to_have_url(re.compile("s="))
    again = open_page("?" + urlsplit(page.url).query)
    expect(again.locator(".qa-question")).to_have_text(MARS)
    expect(again.locator(".qa-first mark")).to_contain_text("2029")
    expect(again.locator(LIT)).to_have_text(page.locator(LIT).inner_text())
    expect(again.locator(LIT)).to_be_in_viewport()


def test_the_address_says_which_of_several_citations_to_show(open_page):
    page = open_page(scripted=True)
    ask(page, "several")
    third = page.locator(".qa-cite").nth(2)
    third.click()
    again = open_page("?" + urlsplit(page.url).query, scripted=True)
    expect(again.locator(".qa-cite").nth(2)).to_have_class(re.compile("qa-current"))
    expect(again.locator(LIT)).to_have_text(quoted(page, third))


def test_a_sentence_alone_can_be_linked(open_page):
    page = open_page("?s=9")
    expect(page.locator("#s9")).to_have_class(re.compile("qa-lit"))
    expect(page.locator("#s9")).to_be_in_viewport()


def test_copy_quote_copies_the_words_and_where_they_are_from(open_page):
    page = open_page()
    ask(page, MARS)
    page.get_by_role("button", name="Copy quote").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    quote = quoted(page, page.locator(".qa-cite").first)
    title = page.locator("#qa-title").inner_text()
    origin = page.evaluate("location.origin")
    link = page.locator(".qa-link").get_attribute("href")
    assert copied == f"“{quote}” — {title}, The Jerusalem Post, {origin}/{link}"
    expect(page.get_by_role("button", name="Copy quote")).to_be_visible()


def test_copy_link_copies_an_address_that_works(open_page):
    page = open_page()
    ask(page, MARS)
    page.get_by_role("link", name="Copy link").click()
    expect(page.get_by_role("link", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    again = open_page("?" + urlsplit(copied).query)
    expect(again.locator(".qa-first mark")).to_contain_text("2029")


def test_on_a_phone_a_chip_goes_to_the_sentence_and_a_button_leads_back(open_page):
    page = open_page(phone=True)
    ask(page, MARS)
    expect(page.locator(".qa-question")).to_be_in_viewport()
    expect(page.locator(LIT)).not_to_be_in_viewport()
    chip = page.locator(".qa-cite").first
    chip.click()
    expect(page.locator(LIT)).to_be_in_viewport()
    back = page.get_by_role("button", name="Back to the answer")
    expect(back).to_be_focused()
    back.click()
    expect(chip).to_be_in_viewport()
    expect(chip).to_be_focused()
    expect(back).to_be_hidden()


def test_on_a_phone_the_question_box_stays_at_hand_beside_a_long_answer(open_page):
    page = open_page(scripted=True, phone=True)
    page.set_viewport_size({"width": 390, "height": 300})
    ask(page, "overview")
    expect(page.locator(".qa-question")).to_be_in_viewport(ratio=1)
    expect(page.locator("#qa-question .submit-button")).to_be_in_viewport(ratio=1)
    expect(page.locator(".qa-actions")).not_to_be_in_viewport()


def test_on_a_phone_the_article_is_a_tap_away(open_page):
    page = open_page(phone=True)
    page.get_by_role("link", name="Read the article").click()
    expect(page.locator("#qa-title")).to_be_in_viewport()
