"""A conversation: the turns go along, what was understood is shown and can be changed, and a link of it means the same."""

import re
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, expect

from tests.browser.conftest import ask
from tests.browser.scripted import FOLLOW_UP, MARKED

BOX = "#qa-question textarea"


def followed(page: Page) -> None:
    ask(page, "words")
    ask(page, FOLLOW_UP)


def test_a_follow_up_is_answered_and_shows_what_was_understood(open_page, scripted):
    page = open_page(scripted=True)
    followed(page)
    assert scripted.histories[-2] == [{"question": "words", "answer": MARKED, "interpreted_as": None}]
    expect(page.locator(".qa-turn").last.locator(".qa-interpreted")).to_contain_text("Understood as: words")
    expect(page.locator(".qa-turn").first.locator(".qa-interpreted")).to_have_count(0)
    ask(page, FOLLOW_UP)
    assert scripted.histories[-2][-1] == {"question": FOLLOW_UP, "answer": MARKED, "interpreted_as": "words"}


def test_what_was_understood_goes_to_the_question_box_before_a_draft(open_page):
    page = open_page(scripted=True)
    followed(page)
    page.locator(".qa-edit").click()
    expect(page.locator(BOX)).to_have_value("words")
    expect(page.locator(BOX)).to_be_focused()
    page.locator(BOX).fill("a draft")
    page.locator(".qa-edit").focus()
    page.keyboard.press("Enter")
    expect(page.locator(BOX)).to_have_value("words\na draft")
    page.locator(BOX).fill("several")
    page.keyboard.press("Enter")
    expect(page.locator(".qa-turn")).to_have_count(3)
    expect(page.locator(".qa-question").last).to_have_text("several")


def test_a_link_of_a_follow_up_asks_what_was_understood(open_page, scripted):
    page = open_page(scripted=True)
    followed(page)
    expect(page).to_have_url(re.compile("q=words"))
    page.locator(".qa-link").last.click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert parse_qs(urlsplit(copied).query)["q"] == ["words"]
    page.goto(copied)
    expect(page.locator(".qa-first mark")).to_have_text(MARKED)
    assert scripted.histories[-1] == []


def test_the_last_six_turns_that_asked_something_go_along(open_page, scripted):
    page = open_page(scripted=True)
    for question in ("Hello!", "words", "broken", "What do zebras eat?", *["low"] * 5):
        ask(page, question)
    assert [turn["question"] for turn in scripted.histories[-1]] == ["words", "What do zebras eat?", *["low"] * 4]
    assert [turn["answer"] for turn in scripted.histories[-1]][:2] == [MARKED, None]
    ask(page, "words")
    assert [turn["question"] for turn in scripted.histories[-1]] == ["What do zebras eat?", *["low"] * 5]


def test_questions_sent_in_haste_know_the_answers_before_them(open_page, scripted):
    page = open_page(scripted=True)
    scripted.release.clear()
    for question in ("slow", FOLLOW_UP):
        page.locator(BOX).fill(question)
        page.keyboard.press("Enter")
    scripted.release.set()
    expect(page.locator(".qa-turn")).to_have_count(2)
    expect(page.locator(".qa-understood")).to_have_text("slow")


def test_a_cleared_conversation_is_forgotten(open_page, scripted):
    page = open_page(scripted=True)
    ask(page, "words")
    page.locator("#qa-chat .icon-button").click()
    expect(page.locator(".qa-welcome")).to_be_visible()
    ask(page, FOLLOW_UP)
    assert scripted.histories[-1] == []
    expect(page.locator(".qa-no_answer")).to_be_visible()


def test_only_the_last_answer_suggests_what_to_ask(open_page):
    page = open_page(scripted=True)
    ask(page, "further")
    expect(page.locator(".qa-further")).to_contain_text("You could ask")
    ask(page, "further")
    expect(page.locator(".qa-further").first).to_be_hidden()
    page.locator(".qa-further").last.get_by_role("button", name="overview").click()
    expect(page.locator(".qa-overview")).to_be_visible()
    expect(page.locator(BOX)).to_be_focused()
    assert page.locator(".qa-further:visible").count() == 0


def test_an_overview_is_a_list_of_sentences_each_with_its_chip(open_page):
    page = open_page(scripted=True)
    ask(page, "overview")
    items = page.locator(".qa-overview li")
    expect(items).to_have_count(3)
    for number in range(3):
        expect(items.nth(number).locator(".qa-cite")).to_have_text(f"[{number + 1}]")
    expect(page.locator(".qa-votes")).to_have_count(0)
