"""Citations in the host's own page: found whatever the tags and typography, lit without touching the page."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.hosting import FILLER, PROSE, QUOTE
from tests.browser.scripted import MARKED
from tests.browser.widgets import HEAD, ask, lit, squeezed, tag

OTHER = "SpaceX is silent about it."
ABSENT = f"<p>{OTHER}</p>"


def test_lighting_and_scrolling_leave_the_page_as_it_was(open_host, host, embedded):
    page = open_host(host.page(f"<main>{FILLER}{PROSE}{FILLER}</main>" + tag(embedded, article="article")))
    before = page.locator("main").evaluate("e => e.outerHTML")
    ask(page, "words")
    assert squeezed(lit(page)["article-qa-words"][0]) == "asearlyas2029"
    page.locator(".citation").click()
    expect(page.locator("main b")).to_be_in_viewport()
    assert page.locator("main").evaluate("e => e.outerHTML") == before
    assert page.evaluate("getSelection().toString()") == ""


def test_a_sentence_that_is_not_on_the_page_links_to_the_chat_page(open_host, host, embedded):
    page = open_host(host.page(ABSENT + tag(embedded, article="article")))
    ask(page, "words")
    assert lit(page) == {}
    link = page.get_by_role("link", name="Citation 1: Open in a new tab")
    address = link.get_attribute("href")
    assert address.startswith(f"{embedded.address}/?article=article&q=words&s=")
    named = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    article = embedded.pipeline.index.article("article")
    (start,) = (found.start() for found in re.finditer(re.escape(named["quote"]), article.text))
    assert MARKED in named["quote"] and article.text[:start].endswith(named["prefix"])
    assert article.text[start + len(named["quote"]) :].startswith(named["suffix"])
    assert (link.get_attribute("target"), link.get_attribute("rel")) == ("_blank", "noopener")
    with page.context.expect_page() as opened:
        link.click()
    assert opened.value.url == address
    opened.value.close()


def test_of_equal_sentences_the_one_in_the_same_surroundings_is_lit(open_host, host, embedded):
    sentence = QUOTE.replace('"', "”")
    body = f"<p id=a>Aside: {sentence} And so on.</p>{PROSE}<p id=b>{sentence}</p>"
    page = open_host(host.page(body + tag(embedded, article="article")))
    ask(page, "words")
    where = "[...CSS.highlights.get('article-qa')][0].startContainer.parentElement.closest('p').id"
    assert page.evaluate(where) == ""


def test_the_target_limits_where_a_sentence_is_looked_for(open_host, host, embedded):
    body = f'<aside>{PROSE}</aside><div id="story">{ABSENT}</div>'
    page = open_host(host.page(body + tag(embedded, article="article", target="#story")))
    ask(page, "words")
    assert lit(page) == {}
    wrong = open_host(host.page(PROSE + tag(embedded, article="article", target="#nothing")))
    ask(wrong, "words")
    assert "article-qa" in lit(wrong)


@pytest.mark.parametrize(
    "body",
    [
        f'<p style="display:none">{QUOTE}</p>',
        f"<textarea>{QUOTE}</textarea>",
        f"<script type=text/plain>{QUOTE}</script>",
        f"<details><summary>More</summary><p>{QUOTE}</p></details>",
        f"<p>Again{QUOTE}</p>",
        "<p>In a post on X, Musk said something else.</p>",
    ],
    ids=["hidden", "field", "script", "folded", "inside a word", "altered"],
)
def test_what_a_reader_cannot_see_there_is_not_lit(open_host, host, embedded, body):
    page = open_host(host.page(body + tag(embedded, article="article")))
    ask(page, "words")
    assert lit(page) == {}
    expect(page.locator(".citation.away")).to_be_visible()


def test_inside_a_scrolling_box_the_sentence_is_scrolled_into_sight(open_host, host, embedded):
    box = f'<div style="height:300px;overflow:auto" id="box">{FILLER}{PROSE}{FILLER}</div>'
    page = open_host(host.page(f"{FILLER}{box}{FILLER}" + tag(embedded, article="article")))
    ask(page, "words")
    assert page.evaluate("[scrollY, box.scrollTop]") == [0, 0]
    page.locator(".citation").click()
    expect(page.locator("#box b")).to_be_in_viewport()
    assert page.evaluate("box.scrollTop") > 0 and page.evaluate("scrollY") > 0


def test_lights_are_dark_on_a_dark_page_and_only_one_widgets(open_host, host, embedded):
    both = '<article-qa article="article" mode="inline"></article-qa>' * 2
    dark = "<style>body{background:#111;color:#eee}</style>"
    page = open_host(host.page(PROSE + both + tag(embedded), head=dark))
    for place in (0, 1):
        widget = page.locator("article-qa").nth(place)
        widget.locator(".input").fill("words")
        widget.locator(".input").press("Enter")
        expect(widget.locator(".quote")).to_be_visible()
        assert [len(ranges) for ranges in lit(page).values()] == [1, 1]
    assert set(lit(page)) == {"article-qa-dark", "article-qa-words-dark"}
    page.evaluate("document.querySelectorAll('article-qa')[1].remove()")
    assert lit(page) == {}


def test_highlight_on_click_only_and_off(open_host, host, embedded):
    page = open_host(host.page(PROSE + tag(embedded, article="article", highlight="click")))
    ask(page, "words")
    assert lit(page) == {}
    page.locator(".citation").click()
    assert "article-qa" in lit(page)
    never = open_host(host.page(PROSE + tag(embedded, article="article", highlight="off")))
    ask(never, "words")
    expect(never.locator(".citation.away")).to_be_visible()
    assert lit(never) == {}


def test_the_next_question_puts_the_light_out(open_host, host, embedded):
    page = open_host(host.page(PROSE + tag(embedded, article="article")))
    ask(page, "words")
    assert "article-qa" in lit(page)
    ask(page, "broken")
    assert lit(page) == {}


def test_on_a_phone_the_panel_gets_out_of_the_way_and_comes_back(open_host, host, embedded):
    page = open_host(host.page(FILLER + PROSE + FILLER + tag(embedded, article="article"), head=HEAD), phone=True)
    ask(page, "words")
    panel = page.locator(".panel").bounding_box()
    assert panel["x"] == 0 and panel["width"] == 390 and panel["y"] + panel["height"] == 844
    page.locator(".citation").click()
    expect(page.locator(".log")).to_be_hidden()
    expect(page.get_by_role("button", name="Back to the answer")).to_be_focused()
    expect(page.locator("body > p > b")).to_be_in_viewport()
    assert page.locator(".panel").bounding_box()["height"] < 80
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.keyboard.press("Enter")
    expect(page.locator(".log")).to_be_visible()
    expect(page.locator(".citation")).to_be_focused()
    page.locator(".citation").click()
    page.keyboard.press("Escape")
    expect(page.locator(".citation")).to_be_focused()


@pytest.mark.parametrize(
    ("how", "collapsed"), [("main { max-width: 420px }", 0), ("", 0), ("article-qa { --article-qa-font-size: 30px }", 1)]
)
def test_the_panel_stays_where_the_sentence_can_be_seen_beside_or_above_it(open_host, host, embedded, how, collapsed):
    body = f"<main>{FILLER}{PROSE}{FILLER}</main>" + tag(embedded, article="article")
    page = open_host(host.page(body, head=f"<style>{how}</style>"))
    ask(page, "further")
    page.locator(".citation").first.click()
    expect(page.locator(".panel.collapsed")).to_have_count(collapsed)
    page.wait_for_function(
        """() => {
            const cover = document.querySelector("article-qa").shadowRoot.querySelector(".panel").getBoundingClientRect();
            const [sentence] = CSS.highlights.get("article-qa");
            return [...sentence.getClientRects()].every((line) => line.top > 60 && line.bottom < innerHeight
                && (line.right < cover.left || line.bottom < cover.top));
        }"""
    )


def test_closing_the_panel_puts_the_light_out(open_host, host, embedded):
    page = open_host(host.page(PROSE + tag(embedded, article="article")))
    ask(page, "words")
    assert "article-qa" in lit(page)
    page.keyboard.press("Escape")
    assert lit(page) == {}
