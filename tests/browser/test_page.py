"""What a reader sees: the empty page, answers, refusals, errors, and what is typed shown as typed."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import ask
from tests.browser.scripted import MARKED

MARS = "When could humans first land on Mars?"
FRANCE = "What is the capital of France?"


def bubble(page: Page):
    return page.locator(".qa-question").last


def test_the_empty_page_shows_the_article_and_offers_questions(open_page):
    page = open_page()
    expect(page).to_have_title(re.compile("Putin envoy says"))
    expect(page.locator("h1")).to_have_text(re.compile("^Putin envoy says Russia could supply"))
    expect(page.locator(".qa-kicker")).to_have_text("The Jerusalem Post")
    expect(page.locator(".qa-caption")).to_contain_text("Boca Chica launch pad")
    expect(page.get_by_text("Subscribe to The Jerusalem Post Newsletter")).to_be_hidden()
    assert page.locator(".qa-paragraph").count() == 11
    assert page.locator(".qa-ask").count() >= 2
    assert page.locator("#qa-question textarea").get_attribute("placeholder")


def test_a_question_is_answered_with_the_marked_sentence_which_lights_up_beside_it(open_page):
    page = open_page()
    ask(page, MARS)
    expect(bubble(page)).to_have_text(MARS)
    expect(page.locator(".qa-first mark")).to_contain_text("2029")
    expect(page.locator(".qa-first .qa-cite")).to_contain_text("[1]")
    expect(page.locator(".qa-confidence")).to_have_text(re.compile("^(High|Medium|Low) confidence$"))
    lit = page.locator("#qa-reading .qa-lit")
    expect(lit).to_have_count(1)
    expect(lit).to_contain_text("human landings could take place as early as 2029")
    expect(lit).to_be_in_viewport()
    expect(page.locator("#qa-question textarea")).to_have_value("")


def test_a_question_that_the_article_does_not_answer_is_refused_with_the_nearest_sentences(open_page):
    page = open_page()
    ask(page, MARS)
    ask(page, FRANCE)
    turn = page.locator(".qa-turn").last
    expect(turn).to_contain_text("The article does not say.")
    expect(turn).to_contain_text("Not an answer — the nearest sentences:")
    expect(turn.locator(".qa-nearest li")).to_have_count(3)
    expect(turn.locator("mark, .qa-cite")).to_have_count(0)
    expect(page.locator(".qa-lit")).to_have_count(0)  # what lit up for the question before has gone out
    turn.get_by_text("Show in article").first.click()
    expect(page.locator(".qa-lit.qa-no-answer")).to_be_in_viewport()


def test_a_suggested_question_asks_itself(open_page):
    page = open_page()
    chip = page.locator(".qa-ask").first
    question = chip.inner_text()
    chip.click()
    expect(bubble(page)).to_have_text(question)
    expect(page.locator(".qa-answer")).to_be_visible()


def test_a_greeting_is_met_with_questions_worth_asking(open_page):
    page = open_page()
    ask(page, "Hello!")
    expect(page.locator(".qa-help .qa-message")).to_contain_text("Hello!")
    assert page.locator(".qa-help .qa-ask").count() >= 2


def test_clearing_the_conversation_brings_back_the_empty_page_and_its_address(open_page):
    page = open_page()
    ask(page, MARS)
    expect(page).to_have_url(re.compile("q=When"))
    page.get_by_role("button", name="Clear").click()
    expect(page.locator(".qa-welcome")).to_be_visible()
    expect(page.locator(".qa-lit")).to_have_count(0)
    expect(page).not_to_have_url(re.compile("q="))
    ask(page, MARS)
    expect(page.locator(".qa-lit")).to_have_count(1)


@pytest.mark.parametrize(
    ("question", "told"), [("   ", "is empty"), ("x" * 1_001, "1,001 characters"), ("Mars\u0007?", "U+0007")]
)
def test_a_question_that_cannot_be_asked_is_told_why(open_page, question, told):
    page = open_page()
    ask(page, question)
    expect(page.locator(".qa-error")).to_contain_text(told)


def test_a_failure_of_the_server_is_told_in_words_and_the_question_kept(open_page):
    page = open_page(scripted=True)
    ask(page, "broken")
    expect(page.locator(".qa-error")).to_contain_text("failed to answer")
    expect(page.locator("#qa-question textarea")).to_have_value("broken")
    ask(page, "several")
    expect(page.locator(".qa-answer")).to_be_visible()


def test_a_busy_server_is_told_above_the_question_which_is_kept(open_page):
    page = open_page()
    box, notice = page.locator("#qa-question textarea"), page.locator(".qa-notice")
    page.route("**/queue/join*", lambda route: route.fulfill(status=503, json={"detail": "Queue is full."}))
    box.fill(MARS)
    box.press("Enter")
    expect(notice).to_contain_text("busy")
    expect(box).to_have_value(MARS)
    page.unroute("**/queue/join*")
    box.press("Enter")
    expect(page.locator(".qa-answer")).to_be_visible()
    expect(notice).to_be_empty()


def test_while_an_answer_is_awaited_the_question_stands_and_a_note_says_so(open_page, scripted):
    page = open_page(scripted=True)
    scripted.release.clear()
    page.locator("#qa-question textarea").fill("slow")
    page.keyboard.press("Enter")
    expect(page.locator(".qa-busy")).to_contain_text("Reading the article")
    expect(bubble(page)).to_have_text("slow")
    scripted.release.set()
    expect(page.locator(".qa-answer mark")).to_have_text(MARKED)
    expect(page.locator(".qa-busy")).to_have_count(0)


HOSTILE = [
    '<img src=x onerror="document.title=1"> <b>bold</b> <script>alert(1)</script> &amp; &lt;',
    "**bold** _it_ `code` # head $x^2$ $$y$$ [a](javascript:alert(1)) ![i](//evil.example/i.png) ~~s~~ | a | b |",
    "- one\n\n- two\n\n    code\n\n> quote\n\n<details><summary>s</summary>x</details>",
    "{{x}} ${alert(1)} {%y%} </div></div></blockquote> <!-- c -->",
    "א" * 40 + " שלום, מי הוא מאסק?",
    "w" * 600,
]


def test_what_is_typed_is_shown_as_typed(open_page):
    page = open_page(scripted=True, phone=True)
    for question in HOSTILE:
        ask(page, question)
        assert bubble(page).evaluate("e => e.textContent") == re.sub(r"\n+", "\n", question)
        assert bubble(page).evaluate("e => e.childElementCount") == 0
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    hebrew = page.locator(".qa-question").nth(4)
    assert hebrew.evaluate("e => e.matches(':dir(rtl)')")
    assert page.title() != "1"


def test_a_quote_that_opens_with_it_offers_the_sentence_before(open_page):
    page = open_page(scripted=True)
    ask(page, "pronoun")
    before = page.locator(".qa-before")
    expect(before.locator("p")).to_be_hidden()
    before.locator("summary").click()
    expect(before.locator("p")).to_have_text(
        "The envoy, Kirill Dmitriev, said Moscow could discuss the offer with Musk by video conference."
    )


def test_an_overview_and_a_doubtful_answer_say_what_they_are(open_page):
    page = open_page(scripted=True)
    ask(page, "overview")
    expect(page.locator(".qa-overview .qa-cite")).to_have_count(3)
    ask(page, "low")
    expect(page.locator(".qa-verdict").last).to_contain_text("The article may say")
    expect(page.locator(".qa-confidence").last).to_have_text("Low confidence")


def test_another_article_is_chosen_from_the_list(open_page):
    page = open_page(scripted=True)
    page.locator(".qa-pick").click()
    page.get_by_role("option", name="Water on the Moon").click()
    expect(page.locator("#qa-title")).to_have_text("Water on the Moon")
    expect(page.locator(".qa-kicker")).to_have_count(0)
    expect(page.locator(".qa-pick")).to_have_value("Water on the Moon")
    ask(page, "several")
    expect(page.locator(".qa-first")).to_contain_text("Crater number")
    expect(page.locator(".qa-lit")).to_contain_text("Crater number")
    page.reload()
    expect(page.locator("#qa-title")).to_have_text("Water on the Moon")


def test_seven_tabs_of_one_browser_all_open(open_page):
    """A browser opens six connections to a server: none may be held open by a tab that only stands there."""
    page = open_page()
    tabs = [page.context.new_page() for _ in range(6)]
    for tab in tabs:
        tab.goto(page.url)
        expect(tab.locator(".qa-welcome")).to_be_visible()
    ask(tabs[-1], "Hello!")
    for tab in tabs:
        tab.close()
