"""No question is lost, whatever happens to the server or however fast one types; and the address reopens what is shown."""

from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, expect

from tests.browser.conftest import Serving, ask
from tests.browser.scripted import MARKED

BOX = "#qa-question textarea"


def query(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def send(page: Page, question: str) -> None:
    page.locator(BOX).fill(question)
    page.keyboard.press("Enter")


def asked(page: Page) -> list[str]:
    return page.locator(".qa-question").all_inner_texts()


def test_questions_sent_in_haste_are_each_answered_in_turn(open_page, scripted):
    page = open_page(scripted=True)
    scripted.release.clear()
    for question in ("slow", "several", "words"):
        send(page, question)
        page.wait_for_timeout(50)
    page.locator(BOX).fill("a draft")
    expect(page.locator(".qa-waiting li")).to_have_text(["several", "words"])
    scripted.release.set()
    expect(page.locator(".qa-turn")).to_have_count(3)
    assert asked(page) == ["slow", "several", "words"]
    expect(page.locator(".qa-turn").nth(1).locator(".qa-cite")).to_have_count(3)
    expect(page.locator(".qa-turn mark").last).to_have_text(MARKED)
    expect(page.locator(".qa-waiting li")).to_have_count(0)
    expect(page.locator(BOX)).to_have_value("a draft")


def test_a_question_sent_while_that_of_the_address_is_answered_waits_for_it(open_page, scripted):
    scripted.release.clear()
    page = open_page(scripted=True)
    page.goto(page.url + "&q=slow", wait_until="commit")
    expect(page.locator(".qa-busy")).to_be_visible()
    send(page, "words")
    scripted.release.set()
    expect(page.locator(".qa-turn")).to_have_count(2)
    assert asked(page) == ["slow", "words"]


def test_a_question_that_finds_no_server_is_asked_once_there_is_one_again(open_page, scripted_server: Serving):
    page = open_page("?article=moon", scripted=True)
    expect(page.locator(".qa-pick")).to_have_value("Water on the Moon")
    ask(page, "words of it")
    ask(page, "several")
    scripted_server.stop()
    try:
        send(page, "low")
        expect(page.locator(".qa-notice")).to_contain_text("cannot be reached. Your question is kept")
        expect(page.locator(".qa-waiting li")).to_have_text("low")
        page.locator(BOX).fill("")
        send(page, "overview")
        page.locator(BOX).fill("a draft")
    finally:
        scripted_server.start()
    expect(page.locator(".qa-overview")).to_be_visible()
    expect(page.locator(".qa-pick")).to_have_value("Water on the Moon")
    assert asked(page) == ["low", "overview"]
    expect(page.locator(BOX)).to_have_value("a draft")
    expect(page.locator(".qa-notice")).to_be_empty()
    page.reload()
    expect(page.locator(".qa-overview")).to_be_visible()
    assert asked(page) == ["overview"]  # what was kept is asked once only


def test_a_busy_server_twice_in_a_row_keeps_the_question_each_time(open_page):
    page = open_page(scripted=True)
    page.route("**/queue/join*", lambda route: route.fulfill(status=503, json={"detail": "Queue is full."}))
    for _ in range(2):
        send(page, "words")
        expect(page.locator(".qa-notice")).to_contain_text("busy")
        expect(page.locator(BOX)).to_have_value("words")
    page.unroute("**/queue/join*")
    page.keyboard.press("Enter")
    expect(page.locator(".qa-answer")).to_be_visible()
    assert asked(page) == ["words"]


def test_a_question_that_is_refused_in_a_rush_is_asked_again_by_a_button(open_page, scripted):
    page = open_page(scripted=True)
    scripted.refusals = 2
    for place in range(2):
        ask(page, "words") if place == 0 else page.locator(".qa-error .qa-ask").last.press("Enter")
        expect(page.locator(".qa-error")).to_have_count(place + 1)
        expect(page.locator(".qa-error").last).to_contain_text("Too many questions are waiting")
        expect(page.locator(BOX)).to_have_value("")  # the button has the question
    page.locator(".qa-error .qa-ask").last.click()
    expect(page.locator(".qa-answer mark").last).to_have_text(MARKED)
    assert asked(page) == ["words"] * 3


def test_a_citation_of_an_earlier_answer_puts_that_answer_in_the_address(open_page):
    page = open_page(scripted=True)
    ask(page, "several")
    ask(page, "words")
    assert query(page)["q"] == "words"
    chip = page.locator(".qa-cite").nth(1)
    chip.click()
    found = query(page)
    assert {name: found[name] for name in ("article", "q", "s")} == {
        "article": "article",
        "q": "several",
        "s": chip.get_attribute("href").removeprefix("#s"),
    }
    assert found["quote"] == page.locator(".qa-lit").text_content()[:200]
    assert "of" not in found
    ask(page, "What do zebras eat?")
    chip.click()
    near = page.locator(".qa-near").first
    near.click()
    assert query(page)["q"] == "What do zebras eat?"
    assert query(page)["s"] == near.get_attribute("href").removeprefix("#s")


def test_the_address_reopens_a_greeting_and_forgets_what_cannot_be_asked(open_page):
    page = open_page(scripted=True)
    ask(page, "several")
    ask(page, "Hello!")
    assert query(page) == {"article": "article", "q": "Hello!"}
    page.reload()
    expect(page.locator(".qa-help")).to_be_visible()
    ask(page, "broken")
    assert query(page) == {"article": "article"}


def test_an_article_that_there_is_not_is_told_and_the_question_kept_beside_the_welcome(open_page):
    page = open_page("?article=nope&q=Who+is+Musk%3F", scripted=True)
    expect(page.locator(".qa-notice")).to_have_text("There is no article called “nope” here. Shown are all.")
    expect(page.locator(BOX)).to_have_value("Who is Musk?")
    expect(page.locator(".qa-welcome .qa-ask")).to_have_text(["several", "overview"])
    page.locator(BOX).press("Enter")
    expect(page.locator(".qa-no_answer")).to_be_visible()
    expect(page.locator(".qa-notice")).to_be_empty()
    assert query(page) == {"q": "Who is Musk?", "of": "all"}


def test_the_tab_is_named_after_the_article_shown(open_page):
    page = open_page("?article=moon", scripted=True)
    expect(page).to_have_title("Water on the Moon · Article QA")


def test_after_a_suggestion_or_clear_the_focus_is_in_the_question_box(open_page):
    page = open_page(scripted=True)
    page.locator(".qa-ask").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".qa-answer")).to_be_visible()
    expect(page.locator(BOX)).to_be_focused()
    page.get_by_role("button", name="Clear").press("Enter")
    expect(page.locator(".qa-welcome")).to_be_visible()
    expect(page.locator(BOX)).to_be_focused()
