"""An archive of many articles on the chat page: all are asked unless one is chosen, from a list that is searched."""

import re
import urllib.request
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from index.article import article_from_text
from index.store import build_index
from qa.pipeline import QAPipeline
from tests.browser.conftest import OpenPage, Serving, ask
from tests.evaluation.toy_run import coverage_decision
from tests.toy import ToyEncoder, ToyReader

Handler = Callable[[Route], None]

MANY = 120
SHOWN = 50
WHERE = "Where was report 7 written by Agnes Tolmie?"
TITLED = "Ask all 122 articles"


@pytest.fixture(scope="module")
def archive() -> Iterator[Serving]:
    """A server over some hundred articles."""
    articles = [
        article_from_text(
            f"Report {n} was written by Agnes Tolmie in Leith. Nobody read report {n} for {n} years.",
            id=f"r{n}",
            title=f"Report {n}",
            source="The Post",
            published=f"2025-03-{1 + n % 28:02d}",
            url=f"https://news.example.org/{n}",
        )
        for n in range(MANY)
    ]
    articles.append(article_from_text("The café was closed in winter.", id="cafe", title="Café <b>at</b> the Moon"))
    articles.append(article_from_text("מים על הירח נמצאו בקוטב.", id="moon", title="מים על הירח"))
    pipeline = QAPipeline(
        build_index(articles, ToyEncoder()), ToyEncoder(), reader=ToyReader(), decision=coverage_decision()
    )
    serving = Serving(pipeline)
    with urllib.request.urlopen(f"{serving.address}/readyz", timeout=200):  # waits for the application to be made
        pass
    yield serving
    serving.stop()


@pytest.fixture
def opened(archive: Serving, contexts) -> Iterator[OpenPage]:  # type: ignore[no-untyped-def]
    pages: list[Page] = []
    faults: list[str] = []

    def opened(query: str = "", *, phone: bool = False, held: Handler | None = None, **how: str) -> Page:
        """:param held: given the routes of Gradio's events."""
        page = contexts(phone=phone, **how).new_page()
        pages.append(page)
        page.on("pageerror", lambda error: faults.append(f"uncaught: {error}"))
        if held is not None:
            page.route("**/gradio_api/queue/join*", held)
        page.goto(f"{archive.address}/{query}")
        expect(page.locator("#qa-title")).to_be_visible()
        expect(page.locator(".qa-turn, .qa-welcome").first).to_be_visible()
        if "article=" in query and held is None:  # the document comes with the list of all
            expect(page.locator(".qa-article")).to_be_visible()
        return page

    yield opened
    for page in pages:
        page.close()
    assert faults == []


def query(page: Page) -> dict[str, str]:
    """What the address says of article and question; how it names a sentence is another matter."""
    found = parse_qs(urlsplit(page.url).query)
    return {name: found[name][0] for name in ("article", "q", "of") if name in found}


def pick(page: Page):  # type: ignore[no-untyped-def]
    return page.get_by_role("combobox", name="Article")


def test_a_page_over_an_archive_opens_with_the_list_and_asks_all(opened):
    page = opened()
    expect(page.locator("#qa-title")).to_have_text(f"{MANY + 2} articles")
    expect(page.locator(".qa-library-list li")).to_have_count(SHOWN)
    expect(page.locator(".qa-library-more")).to_contain_text(f"{MANY + 2 - SHOWN} more")
    expect(page.locator(".qa-library-list li").first).to_contain_text("The Post · 1 March 2025")
    expect(page.locator(".qa-welcome-title")).to_have_text(TITLED)
    expect(pick(page)).to_have_value("All articles")
    assert page.locator("#qa-picks li").count() == 0  # nothing is loaded before somebody looks for it


def test_an_answer_of_the_archive_names_its_article_and_opens_it(opened):
    page = opened()
    ask(page, WHERE)
    turn = page.locator(".qa-turn").last
    expect(turn.locator(".qa-from").first).to_contain_text("Report 7 · The Post · 8 March 2025 · news.example.org")
    expect(turn.locator(".qa-from .qa-away").first).to_have_attribute("href", "https://news.example.org/7")
    expect(page.locator("#qa-title")).to_have_text("Report 7")
    expect(page.locator(".qa-lit")).to_contain_text("Report 7 was written")
    assert query(page) == {"article": "r7", "q": WHERE, "of": "all"}
    expect(pick(page)).to_have_value("All articles")
    page.reload()
    expect(page.locator(".qa-answer")).to_be_visible()
    expect(page.locator(".qa-lit")).to_contain_text("Report 7 was written")
    expect(pick(page)).to_have_value("All articles")


def test_a_citation_of_another_article_brings_that_into_the_pane_and_back(opened):
    page = opened()
    ask(page, "Who wrote a report in Leith?")
    chips = page.locator(".qa-turn").last.locator(".qa-cite, .qa-near")
    homes = [re.search("article=([^&]+)", chip.get_attribute("href"))[1] for chip in chips.all()]
    assert len(set(homes)) > 1
    other = next(number for number, home in enumerate(homes) if home != homes[0])
    chips.nth(other).click()
    expect(page.locator(".qa-article")).to_have_attribute("data-article", homes[other])
    expect(page.locator(".qa-lit")).to_be_in_viewport()
    assert query(page)["article"] == homes[other] and query(page)["of"] == "all"
    chips.first.click()
    expect(page.locator(".qa-article")).to_have_attribute("data-article", homes[0])


@pytest.mark.parametrize("address, home", [("?article=r9", "r9"), ("?article=r9&of=all", "r7"), ("", "r7")])
def test_a_question_sent_before_the_page_is_told_what_is_asked_goes_where_the_address_says(opened, address, home):
    held = []

    def hold(route):  # the first event is the page's own, which tells it
        route.continue_() if held else held.append(route)

    page = opened(address, held=hold)
    ask(page, WHERE)
    chip = page.locator(".qa-turn").last.locator(".qa-cite, .qa-near").first
    assert f"article={home}" in chip.get_attribute("href") or f'data-article="{home}"' in page.content()
    (first,) = held
    first.continue_()
    expect(page.locator("#qa-title")).to_have_text(f"Report {home[1:]}")
    assert query(page)["article"] == home


def test_an_article_that_cannot_be_fetched_leaves_the_one_shown(opened):
    page = opened()
    page.route("**/reading/*", lambda route: route.fulfill(status=500))
    ask(page, WHERE)
    expect(page.locator("#qa-live")).to_have_text("The article cannot be loaded; try again.")
    expect(page.locator(".qa-library")).to_be_visible()
    page.unroute("**/reading/*")
    page.locator(".qa-cite").first.click()
    expect(page.locator(".qa-lit")).to_contain_text("Report 7 was written")


def test_an_article_is_searched_for_and_chosen_with_the_keys(opened):
    page = opened()
    pick(page).focus()
    page.keyboard.press("ArrowDown")
    options = page.get_by_role("option")
    expect(options).to_have_count(SHOWN + 1)
    expect(options.first).to_have_text("All articles")
    expect(options.first).to_have_attribute("aria-selected", "true")
    expect(page.locator(".qa-picks-more")).to_have_text(f"{MANY + 2 - SHOWN} more: type to narrow")
    page.keyboard.type("CAFE moon")
    expect(options).to_have_count(1)
    expect(options.first).to_have_text("Café <b>at</b> the Moon")
    expect(pick(page)).to_have_attribute("aria-activedescendant", options.first.get_attribute("id"))
    expect(page.locator("#qa-live")).to_have_text("1 article")
    page.keyboard.press("Enter")
    expect(page.locator("#qa-title")).to_have_text("Café <b>at</b> the Moon")
    expect(pick(page)).to_have_value("Café <b>at</b> the Moon")
    assert query(page) == {"article": "cafe"}
    ask(page, "When was the café closed?")
    expect(page.locator(".qa-from")).to_have_count(0)  # one article is asked: it need not be named
    pick(page).click()
    page.get_by_role("option", name="All articles").click()
    expect(page.locator(".qa-library")).to_be_visible()
    assert query(page) == {}


def test_the_list_goes_round_and_escape_leaves_what_was_chosen(opened):
    page = opened("?article=r3")
    box, at = pick(page), page.locator("#qa-picks .qa-at")
    box.click()
    expect(page.get_by_role("option")).to_have_count(SHOWN + 1)
    page.keyboard.press("ArrowUp")
    expect(at).to_have_text(re.compile("^Report 49"))
    page.keyboard.press("ArrowDown")
    expect(at).to_have_text("All articles")
    page.keyboard.type("nothing of this")
    expect(page.locator(".qa-picks-more")).to_have_text("No title has these words.")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(box).to_have_value("Report 3")
    expect(box).to_have_attribute("aria-expanded", "false")
    expect(page.locator(".qa-picks")).to_be_hidden()
    box.click()
    page.locator("#qa-question textarea").click()
    expect(page.locator(".qa-picks")).to_be_hidden()


def test_typing_asks_the_server_once_it_pauses_and_the_last_search_counts(opened):
    page = opened()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "api/v1/articles" in request.url else None)
    pick(page).click()
    expect(page.get_by_role("option")).to_have_count(SHOWN + 1)
    pick(page).press_sequentially("report 119", delay=10)
    expect(page.get_by_role("option")).to_have_text([re.compile("^Report 119")])
    assert len(asked) < len("report 119") and "q=report+119" in asked[-1]


def test_a_list_that_cannot_be_loaded_says_so(opened):
    page = opened()
    page.route("**/api/v1/articles*", lambda route: route.abort())
    pick(page).click()
    expect(page.locator(".qa-picks-more")).to_have_text("The list cannot be loaded; try again.")
    expect(page.get_by_role("option")).to_have_text(["All articles"])


@pytest.mark.parametrize("named", ["r5", "https://news.example.org/5", "HTTPS://News.Example.org:443/5/#top"])
def test_a_permalink_opens_an_article_by_its_id_or_url(opened, named):
    page = opened("?" + urlencode({"article": named, "s": "1"}))
    expect(page.locator("#qa-title")).to_have_text("Report 5")
    expect(page.locator(".qa-lit")).to_contain_text("Nobody read report 5")
    expect(pick(page)).to_have_value("Report 5")
    ask(page, "Where was report 5 written?")
    assert query(page)["article"] == "r5" and "of" not in query(page)


def test_a_greeting_and_a_refusal_of_the_archive_leave_an_address_that_asks_it_again(opened):
    page = opened()
    ask(page, "Hello!")
    assert query(page) == {"q": "Hello!"}
    ask(page, "What do elephants eat for breakfast?")
    expect(page.locator(".qa-verdict").last).to_contain_text("The articles do not say.")
    assert query(page) == {"q": "What do elephants eat for breakfast?", "of": "all"}


@pytest.mark.parametrize("phone", [False, True])
def test_nothing_runs_over_the_edge_and_the_list_fits(opened, phone):
    page = opened(phone=phone)
    width = page.viewport_size["width"]
    pick(page).click()
    expect(page.get_by_role("option")).to_have_count(SHOWN + 1)
    box = page.locator(".qa-picks").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= width
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.keyboard.press("Escape")
    ask(page, WHERE)
    expect(page.locator("#qa-title")).to_have_text("Report 7")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
