"""Articles and questions that attack, in a real browser: nothing runs, loads, breaks the page, or turns a citation round."""

import re
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from index.store import build_index
from qa.pipeline import QAPipeline
from tests.browser.conftest import Serving, ask
from tests.browser.hosting import Host
from tests.browser.widgets import ask as ask_widget
from tests.browser.widgets import tag
from tests.fuzz.payloads import PAYLOADS, hostile_articles
from tests.toy import ToyEncoder, ToyReader

QUESTION = "Who built the harbour of Skerrow?"
IDS = [article.id for article in hostile_articles()]
CHAT_ARTICLES = (
    "script",
    "closing",
    "template-literal",
    "handlebars",
    "markdown-blocks",
    "markdown-link",
    "latex",
    "bidi",
)
"""Those opened in the chat page too, which takes seconds each: the others hold nothing that Gradio could run."""

TRAP = """globalThis.canary = () => { globalThis.caught = true; };
document.addEventListener("securitypolicyviolation", (event) => {
  globalThis.blocked = [...(globalThis.blocked ?? []), event.violatedDirective + " " + event.blockedURI];
});"""


@dataclass
class Watched:
    """A page, and everything that it should not have done."""

    page: Page
    faults: list[str] = field(default_factory=list)

    def check(self) -> None:
        """Nothing ran, was loaded from elsewhere, or was stopped by the policy on its way to either."""
        assert self.page.evaluate("globalThis.caught") is None
        assert self.page.evaluate("globalThis.blocked") is None
        assert self.faults == []


@pytest.fixture(scope="module")
def hostile_server(host: Host) -> Iterator[Serving]:
    """A server over an article for each payload, which another site's pages may ask."""
    encoder = ToyEncoder()
    pipeline = QAPipeline(
        build_index(hostile_articles(), encoder),
        encoder,
        reader=ToyReader(),
        suggestions={article.id: (f"{PAYLOADS[article.id.replace('-', ' ')]}?",) for article in hostile_articles()},
    )
    serving = Serving(pipeline, allowed_origins=(host.origin,), rate=10_000, burst=100_000)
    with urllib.request.urlopen(f"{serving.address}/readyz", timeout=200):  # waits for the application to be made
        pass
    yield serving
    serving.stop()


@pytest.fixture
def watched(
    contexts: Callable[..., BrowserContext], hostile_server: Serving, host: Host
) -> Iterator[Callable[[], Watched]]:
    pages: list[Watched] = []

    def opened() -> Watched:
        page = contexts(phone=False).new_page()
        found = Watched(page)
        page.add_init_script(TRAP)
        page.on("dialog", lambda dialog: (found.faults.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("pageerror", lambda error: found.faults.append(f"uncaught: {error}"))
        ours = (hostile_server.address, host.origin, "data:", "blob:")
        page.on("request", lambda sent: None if sent.url.startswith(ours) else found.faults.append(f"asked: {sent.url}"))
        pages.append(found)
        return found

    yield opened
    for found in pages:
        found.page.close()


def test_the_chat_page_shows_attacks_as_text(watched: Callable[[], Watched], hostile_server: Serving) -> None:
    """As article, title, source, suggestion, question, and what was asked before."""
    found = watched()
    page = found.page
    page.goto(f"{hostile_server.address}/")
    page.locator(".qa-pick").click()
    expect(page.get_by_role("option")).to_have_count(len(IDS) + 1)
    expect(page.locator(".qa-library-list li")).to_have_count(len(IDS))
    for identity in CHAT_ARTICLES:
        page.goto(f"{hostile_server.address}/?article={identity}")
        expect(page.locator(".qa-article")).to_have_attribute("data-article", identity)
        payload = PAYLOADS[identity.replace("-", " ")]
        expect(page.locator(".qa-article")).to_contain_text(" ".join(payload.split()), use_inner_text=False)
        ask(page, QUESTION)
        ask(page, f"Who {payload} built the harbour of Skerrow?"[:900])
        ask(page, "And when did she?")
        assert (
            page.locator("#qa-chat :is(script, iframe, object, embed, form, base, svg[onload], [onerror])").count() == 0
        )
        assert (
            page.locator("#qa-article :is(script, img, svg, style, iframe, base, [onerror], [onmouseover])").count() == 0
        )
        found.check()


def test_the_pages_without_gradio_show_attacks_as_text(watched: Callable[[], Watched], hostile_server: Serving) -> None:
    """The widget's page and its frame, for every payload: asked, and named in the address."""
    found = watched()
    page = found.page
    for identity in IDS:
        payload = PAYLOADS[identity.replace("-", " ")]
        page.goto(f"{hostile_server.address}/widget?article={identity}")
        page.wait_for_function("customElements.get('article-qa') !== undefined")
        assert page.locator("article :is(script, img, svg, style, iframe, base, [onerror], [onmouseover])").count() == 0
        page.goto(f"{hostile_server.address}/embed/{identity}?title=%3Cscript%3Ecanary()%3C/script%3E&theme=x&lang=%22")
        ask_widget(page, QUESTION)
        ask_widget(page, f"Who {payload} built it?"[:900])
        assert page.locator("article-qa :is(script, img, svg, iframe, base)").count() == 0
        found.check()
    page.goto(f"{hostile_server.address}/docs?x=%3Cscript%3Ecanary()%3C/script%3E#%3Cscript%3Ecanary()%3C/script%3E")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    found.check()


def test_another_sites_page_is_not_attacked_through_the_widget(
    watched: Callable[[], Watched], hostile_server: Serving, host: Host
) -> None:
    for identity in ("script", "closing", "markdown-blocks", "bidi"):
        found = watched()
        found.page.goto(host.page(f"<p>Nothing.</p>{tag(hostile_server, article=identity)}"))
        found.page.wait_for_function("customElements.get('article-qa') !== undefined")
        ask_widget(found.page, QUESTION)
        found.check()


PLACE = """(chip) => {
  const words = chip.parentElement.querySelector(".qa-words, .said");
  const line = chip.getBoundingClientRect();
  const same = [...words.getClientRects()].filter((one) => Math.abs(one.bottom - line.bottom) < line.height);
  return {text: chip.textContent, left: line.left, right: Math.max(...same.map((one) => one.right)),
          start: words.parentElement.getBoundingClientRect().left};
}"""


def after_its_words(chip) -> bool:
    """Whether the citation's number stands behind the quoted words, or begins a line of its own."""
    place = chip.evaluate(PLACE)
    assert re.fullmatch(r"\[\d\]|Show .*", place["text"].strip())
    return place["left"] >= place["right"] - 2 or place["left"] - place["start"] < 40


def test_a_quote_that_turns_direction_leaves_its_citation_behind_it(
    watched: Callable[[], Watched], hostile_server: Serving
) -> None:
    """U+202E before a citation would put its number before the quote, and its digits the other way round."""
    found = watched()
    page = found.page
    page.goto(f"{hostile_server.address}/?article=bidi")
    ask(page, "Who said nobody came?")
    chips = page.locator("#qa-chat .qa-cite, #qa-chat .qa-near")
    expect(chips.first).to_be_visible()
    assert all(after_its_words(chip) for chip in chips.all())
    spans = page.locator("#qa-article .qa-paragraph .qa-sentence").evaluate_all(
        "all => all.map(one => [...one.getClientRects()]).map(([...rects]) => [rects.at(0).toJSON(), rects.at(-1).toJSON()])"
    )
    for (_, before), (after, _) in pairwise(spans):
        assert abs(before["top"] - after["top"]) > 2 or after["left"] >= before["right"] - 2
    page.goto(f"{hostile_server.address}/embed/bidi")
    ask_widget(page, "Who said nobody came?")
    chips = page.locator(".quote .citation, .near .citation")
    expect(chips.first).to_be_visible()
    assert all(after_its_words(chip) for chip in chips.all())
