"""The widget on another origin's page: the one-line tag, what an answer looks like, methods, events, attributes."""

import pytest
from playwright.sync_api import expect

from qa.pipeline import QAPipeline
from tests.browser.conftest import Serving
from tests.browser.hosting import FILLER, PROSE, QUOTE
from tests.browser.scripted import MARKED
from tests.browser.widgets import LISTEN, ask, heard, lit, squeezed, tag


@pytest.fixture(scope="module")
def real(real_index, real_encoder, host):
    """A server with the real models that the other site's pages may ask."""
    serving = Serving(QAPipeline(real_index, real_encoder), allowed_origins=(host.origin,))
    yield serving
    serving.stop()


def test_one_line_on_another_origins_page_answers_and_lights_up_that_pages_own_text(open_host, host, real):
    page = open_host(host.page(PROSE + FILLER + tag(real, article="article")))
    ask(page, "When could humans first land on Mars?")
    expect(page.locator(".quote").first).to_contain_text(QUOTE)
    marks = lit(page)
    assert squeezed(marks["article-qa"][0]) == squeezed(QUOTE.replace('"2', "“2").replace('likely."', "likely.”"))
    assert "2029" in marks["article-qa-words"][0]
    assert page.evaluate("document.cookie + localStorage.length + sessionStorage.length") == "00"


def test_loading_neither_scrolls_nor_takes_the_focus(open_host, host, embedded):
    page = open_host(host.page(PROSE + FILLER + '<input id="own" autofocus>' + tag(embedded, article="article")))
    expect(page.locator(".launcher")).to_be_visible()
    expect(page.locator("#own")).to_be_focused()
    inline = open_host(host.page(FILLER + tag(embedded, article="article", mode="inline")))
    expect(inline.locator(".suggestion").first).to_be_attached()
    assert inline.evaluate("[scrollY, document.activeElement.localName]") == [0, "body"]


def test_the_launcher_opens_to_the_question_box_and_escape_gives_the_focus_back(open_host, host, embedded):
    page = open_host(host.page(PROSE + tag(embedded, article="article")))
    page.locator(".launcher").click()
    expect(page.locator(".input")).to_be_focused()
    expect(page.get_by_role("dialog", name="Ask this article")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".panel")).to_be_hidden()
    expect(page.locator(".launcher")).to_be_focused()


def test_an_answer_marks_its_words_says_how_sure_it_is_and_never_scrolls_the_page(open_host, host, embedded):
    page = open_host(host.page(FILLER + PROSE + tag(embedded, article="article")))
    ask(page, "pair")
    expect(page.locator(".verdict")).to_contain_text("The article says")
    expect(page.locator(".verdict")).to_contain_text("High confidence")
    expect(page.locator(".quote .words").first).to_have_text(MARKED)
    expect(page.locator(".label")).to_have_text("Also relevant")
    expect(page.locator(".citation")).to_have_text(["[1]", "[2]"])
    assert page.evaluate("scrollY") == 0
    ask(page, "low")
    expect(page.locator(".turn").last).to_contain_text("The article may say")
    expect(page.locator(".turn").last).to_contain_text("Low confidence")


def test_a_refusal_shows_the_nearest_sentences_as_no_answer(open_host, host, embedded):
    page = open_host(host.page(PROSE + tag(embedded, article="article")))
    ask(page, "nothing of this")
    expect(page.locator(".verdict")).to_contain_text("The article does not say.")
    expect(page.locator(".nearest")).to_contain_text("Not an answer")
    expect(page.locator(".near")).to_have_count(3)
    assert lit(page) == {}


def test_asked_of_all_articles_it_names_the_one_that_a_sentence_is_of(open_host, host, embedded):
    page = open_host(host.page(PROSE + tag(embedded)))
    ask(page, "pair")
    title = embedded.pipeline.index.article("article").title
    expect(page.locator(".quote .source").first).to_have_text(title)
    ask(page, "nothing of this")
    expect(page.locator(".near .source")).to_have_count(3)
    own = open_host(host.page(PROSE + tag(embedded, article="article")))
    ask(own, "pair")
    expect(own.locator(".source")).to_have_count(0)


def test_an_overview_cites_several_sentences_and_a_greeting_none(open_host, host, embedded):
    page = open_host(host.page(PROSE + tag(embedded, article="article")))
    ask(page, "overview")
    expect(page.locator(".verdict")).to_contain_text("In the article’s own sentences")
    expect(page.locator(".quote")).to_have_count(3)
    ask(page, "Hello!")
    expect(page.locator(".turn").last.locator(".message")).to_contain_text("Hello!")
    expect(page.locator(".turn").last.locator(".quote")).to_have_count(0)


def test_what_was_understood_can_be_edited_and_asked_again(open_host, host, embedded):
    page = open_host(host.page(PROSE + tag(embedded, article="article")))
    ask(page, "words")
    ask(page, "And there?")
    expect(page.locator(".interpreted")).to_contain_text("Understood as: \u2068Who lives there?\u2069")
    page.locator(".edit").click()
    expect(page.locator(".input")).to_be_focused()
    expect(page.locator(".input")).to_have_value("Who lives there?")
    ask(page, "low")
    assert embedded.pipeline.sent[-1][-2:] == [
        {"question": "words", "answer": MARKED},
        {"question": "And there?", "answer": MARKED, "interpreted_as": "Who lives there?"},
    ]


def test_at_most_six_turns_are_remembered_and_none_over_a_reload(open_host, host, embedded):
    page = open_host(host.page(PROSE + tag(embedded, article="article")))
    for _ in range(7):
        ask(page, "words")
    ask(page, "low")
    assert len(embedded.pipeline.sent[-1]) == 6
    page.reload()
    ask(page, "words")
    assert embedded.pipeline.sent[-1] == []


@pytest.mark.parametrize(
    ("how", "questions"),
    [({}, ["several", "overview"]), ({"suggestions": "low | words"}, ["low", "words"]), ({"suggestions": "off"}, [])],
)
def test_suggestions_are_the_articles_or_the_pages_own_or_none(open_host, host, embedded, how, questions):
    page = open_host(host.page(PROSE + tag(embedded, article="article", **how)))
    page.locator(".launcher").click()
    expect(page.locator(".welcome")).to_be_visible()
    expect(page.locator(".suggestion")).to_have_text(questions)
    if questions:
        page.locator(".suggestion").first.click()
        expect(page.locator(".question")).to_contain_text(questions[0])
        expect(page.locator(".input")).to_be_focused()


def test_every_event_bubbles_out_with_the_answer_where_there_is_one(open_host, host, embedded):
    page = open_host(host.page(PROSE + tag(embedded, article="article"), head=LISTEN))
    ask(page, "words")
    page.locator(".citation").first.click()
    page.keyboard.press("Escape")
    ask(page, "nothing of this")
    ask(page, "broken")
    page.keyboard.press("Escape")
    events = heard(page)
    first, then = (
        ["ready", "open", "ask", "answer", "citation", "close"],
        ["open", "ask", "no-answer", "ask", "error", "close"],
    )
    assert [event["name"] for event in events] == [*first, *then]
    assert {(event["target"], event["composed"]) for event in events} == {("article-qa", True)}
    details = {event["name"]: event["detail"] for event in events}
    assert details["ready"]["article"] == "article"
    assert details["answer"]["answer"]["answer"]["text"] == MARKED
    assert details["no-answer"]["answer"]["kind"] == "no_answer"
    assert details["citation"]["citation"]["quote"] == QUOTE and details["citation"]["onPage"] is True
    assert (details["error"]["kind"], details["error"]["status"]) == ("server", 500)


def test_a_page_can_open_close_and_ask(open_host, host, embedded):
    page = open_host(host.page(PROSE + '<button id="own">own</button>' + tag(embedded, article="article")))
    page.locator("#own").focus()
    page.evaluate("document.querySelector('article-qa').open()")
    expect(page.locator(".panel")).to_be_visible()
    expect(page.locator("#own")).to_be_focused()
    page.evaluate("document.querySelector('article-qa').close()")
    expect(page.locator(".panel")).to_be_hidden()
    expect(page.locator("#own")).to_be_focused()
    answer = page.evaluate("document.querySelector('article-qa').ask('words')")
    assert answer["answer"]["text"] == MARKED
    expect(page.locator(".quote")).to_be_visible()
    page.evaluate("document.querySelector('article-qa').open({ focus: true })")
    expect(page.locator(".input")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#own")).to_be_focused()


def test_questions_asked_at_once_are_answered_in_turn(open_host, host, embedded):
    page = open_host(host.page(PROSE + tag(embedded, article="article")))
    kinds = page.evaluate(
        """() => {
            const widget = document.querySelector("article-qa");
            const asked = ["words", "Hello!", " ", "low"].map(question => widget.ask(question));
            return Promise.all(asked).then(answers => answers.map(answer => answer && answer.kind));
        }"""
    )
    assert kinds == ["answer", "help", None, "answer"]
    expect(page.locator(".turn")).to_have_count(3)


def look(page, selector: str, name: str) -> str:
    return page.locator(selector).first.evaluate("(element, name) => getComputedStyle(element)[name]", name)


def test_attributes_of_looks_and_words(open_host, host, embedded):
    data = {"theme": "dark", "accent": "rgb(255, 200, 0)", "position": "left", "title": "Fragen", "placeholder": "Los"}
    page = open_host(host.page(PROSE + tag(embedded, article="article", **data)))
    launcher = page.get_by_role("button", name="Fragen")
    assert launcher.bounding_box()["x"] < 40
    assert look(page, ".launcher", "backgroundColor") == "rgb(255, 200, 0)"
    assert look(page, ".launcher", "color") == "rgb(0, 0, 0)"  # whichever of black and white can be read on it
    launcher.click()
    assert look(page, ".panel", "backgroundColor") == "rgb(27, 26, 24)"
    expect(page.locator(".input")).to_have_attribute("placeholder", "Los")
    page.evaluate("document.querySelector('article-qa').setAttribute('theme', 'light')")
    expect(page.locator(".widget.dark")).to_have_count(0)
    expect(page.locator(".panel")).to_be_visible()


@pytest.mark.parametrize(
    ("accent", "words"),
    [
        ("1b4b8a", "rgb(255, 255, 255)"),
        ("oklch(0.85 0.15 90)", "rgb(0, 0, 0)"),
        ("color(srgb 0 0 0.5)", "rgb(255, 255, 255)"),
    ],
)
def test_on_any_accent_the_words_can_be_read_and_what_is_no_colour_is_none(open_host, host, embedded, accent, words):
    page = open_host(host.page(PROSE + tag(embedded, article="article", accent=accent)))
    assert look(page, ".launcher", "color") == words
    assert (look(page, ".launcher", "backgroundColor") == "rgb(27, 75, 138)") is (accent == "1b4b8a")


def test_a_page_in_newer_colours_is_as_dark_as_it_looks(open_host, host, embedded):
    dark = "<style>body { background: oklch(0.21 0.03 264); color: oklch(0.93 0.01 264) }</style>"
    page = open_host(host.page(PROSE + tag(embedded, article="article"), head=dark))
    expect(page.locator(".widget.dark")).to_be_attached()
    ask(page, "words")
    assert set(lit(page)) == {"article-qa-dark", "article-qa-words-dark"}
    faint = "<style>body { background: oklch(0 0 0 / 10%) }</style>"
    light = open_host(host.page(PROSE + tag(embedded, article="article"), head=faint))
    expect(light.locator(".widget:not(.dark)")).to_be_attached()


def test_the_theme_follows_the_page_not_the_system(open_host, host, embedded):
    dark = host.page(PROSE + tag(embedded, article="article"), head="<style>html{background:#111}</style>")
    page = open_host(dark)
    expect(page.locator(".widget.dark")).to_be_attached()
    page.evaluate("document.documentElement.style.background = '#fff'")
    expect(page.locator(".widget.dark")).to_have_count(0)
    white = open_host(host.page(PROSE + tag(embedded, article="article")), color_scheme="dark")
    expect(white.locator(".widget:not(.dark)")).to_be_attached()
    both = '<meta name="color-scheme" content="light dark">'
    adapting = open_host(host.page(PROSE + tag(embedded, article="article"), head=both), color_scheme="dark")
    expect(adapting.locator(".widget.dark")).to_be_attached()


def test_an_inline_widget_stands_where_its_tag_stands_or_after_the_target(open_host, host, embedded):
    here = f"<main><p>Before.</p>{tag(embedded, article='article', mode='inline')}<p>After.</p></main>"
    page = open_host(host.page(here))
    expect(
        page.locator("main > p:first-child + script + article-qa + p .panel, main > script + article-qa")
    ).to_be_attached()
    expect(page.locator(".panel")).to_be_visible()
    expect(page.locator(".launcher")).to_have_count(0)
    data = {"article": "article", "mode": "inline", "target": "#story"}
    page = open_host(host.page(f'<div id="story">{PROSE}</div><p>End.</p>', head=tag(embedded, **data)))
    expect(page.locator("#story + article-qa .panel")).to_be_visible()


def test_elements_written_by_hand_are_used_and_none_is_added(open_host, host, embedded):
    by_hand = '<article-qa article="article" mode="inline" title="By hand"><a href="/">without script</a></article-qa>'
    page = open_host(host.page(PROSE + by_hand + tag(embedded)))
    ask(page, "words")
    expect(page.locator("article-qa")).to_have_count(1)
    expect(page.locator(".title")).to_contain_text("By hand")
    expect(page.get_by_text("without script")).not_to_be_visible()


def test_hebrew_is_written_from_the_right_and_questions_stay_as_typed(open_host, host, embedded):
    page = open_host(host.page(PROSE + tag(embedded, article="article"), attributes='lang="he-IL" dir="rtl"'))
    expect(page.locator(".launcher")).to_have_text("שאלו את הכתבה")
    assert page.locator(".launcher").bounding_box()["x"] < 40
    ask(page, "words")
    expect(page.locator(".verdict")).to_contain_text("הכתבה אומרת")
    expect(page.locator(".question")).to_contain_text("words")
    assert look(page, ".question bdi", "direction") == "ltr"
    assert look(page, ".panel", "direction") == "rtl"
    assert look(page, ".quote", "direction") == "ltr"
    other = open_host(host.page(PROSE + tag(embedded, article="article"), attributes='lang="fr"'))
    expect(other.locator(".launcher")).to_have_text("Ask this article")
    chosen = open_host(host.page(PROSE + tag(embedded, article="article", lang="en", dir="rtl"), attributes='lang="he"'))
    expect(chosen.locator(".launcher")).to_have_text("Ask this article")
    assert look(chosen, ".widget", "direction") == "rtl"
