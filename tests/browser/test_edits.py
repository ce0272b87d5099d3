"""An article that is corrected while it is read: permalinks find their sentence again, or say that it is gone; an open page
shows the text that its next answer is from.
"""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import Page, expect

from index.article import article_from_text
from index.encoder import Encoder
from index.store import build_index, save_index
from qa.live import LivePipeline
from qa.pipeline import QAPipeline
from qa.reader import Reader
from qa.settings import load_settings
from qa.web.answer_html import permalink as permalink_of
from tests.browser.conftest import Serving, ask

MARS = "When could humans first land on Mars?"
LIT = "#qa-reading .qa-lit"
SINCE = ".qa-since"
NEWS = "A paragraph that was written later stands before all the others, and moves every sentence.\n\n"

Open = Callable[..., Page]


class Newsroom:
    """A server over one article, which can be published anew.

    :ivar sentence: the one that answers, as it was first published.
    """

    def __init__(self, live: LivePipeline, directory: Path) -> None:
        self.live = live
        self.directory = directory
        self.first = self.text
        index = live.current.index
        (self.sentence,) = (said for said in map(index.text, index.sentences) if "as early as 2029" in said)
        self.serving = Serving(live, index=directory)  # type: ignore[arg-type]  # which create_app takes as well

    @property
    def text(self) -> str:
        return self.live.current.index.articles[0].text

    def publish(self, text: str) -> None:
        save_index(build_index([article_from_text(text, id="article")], self.live.current.encoder), self.directory)
        self.live.renew(self.directory)
        assert self.text == text


@pytest.fixture(scope="module")
def opened_newsroom(
    real_index_dir: Path, real_encoder: Encoder, real_reader: Reader, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Newsroom]:
    directory = shutil.copytree(real_index_dir, tmp_path_factory.mktemp("edits") / "index")
    pipeline = QAPipeline.load(directory)
    settings = load_settings(index=directory)
    live = LivePipeline(QAPipeline.over(directory, pipeline.index, real_encoder, settings, real_reader), directory)
    newsroom = Newsroom(live, directory)
    yield newsroom
    newsroom.serving.stop()


@pytest.fixture
def newsroom(opened_newsroom: Newsroom) -> Newsroom:
    """As it was at first."""
    if opened_newsroom.text != opened_newsroom.first:
        opened_newsroom.publish(opened_newsroom.first)
    return opened_newsroom


@pytest.fixture
def open_there(contexts: Callable[..., object], newsroom: Newsroom) -> Iterator[Open]:
    """Opens a page of the newsroom's server."""
    pages: list[Page] = []
    faults: list[str] = []

    def opened(query: str = "", *, phone: bool = False) -> Page:
        page = contexts(phone=phone).new_page()  # type: ignore[attr-defined]
        pages.append(page)
        page.on("pageerror", lambda error: faults.append(f"uncaught: {error}"))
        page.goto(f"{newsroom.serving.address}/{query}")
        expect(page.locator("#qa-title")).to_be_visible()
        expect(page.locator(".qa-turn, .qa-welcome").first).to_be_visible()
        return page

    yield opened
    for page in pages:
        page.close()
    assert faults == []


@pytest.fixture
def permalink(newsroom: Newsroom) -> str:
    """What "Copy link" gives for an answer of the first text."""
    pipeline = newsroom.live.current
    (cited, *_) = pipeline.answer(MARS).citations
    assert cited.quote == newsroom.sentence
    return permalink_of(MARS, pipeline.index.articles[0], cited)


def named(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def test_of_a_text_that_has_not_changed_a_link_shows_its_sentence_and_says_nothing(open_there, newsroom, permalink):
    page = open_there(permalink)
    expect(page.locator(LIT)).to_have_text(newsroom.sentence)
    expect(page.locator(".qa-first mark")).to_contain_text("2029")
    expect(page.locator(SINCE)).to_be_empty()
    assert named(page)["quote"] in newsroom.sentence


def test_a_sentence_that_has_moved_is_found_by_its_words(open_there, newsroom, permalink):
    title, _, rest = newsroom.first.partition("\n\n")
    newsroom.publish(f"{title}\n\n{NEWS}{rest}")
    page = open_there(permalink)
    expect(page.locator(LIT)).to_have_text(newsroom.sentence)
    expect(page.locator(LIT)).to_be_in_viewport()
    expect(page.locator(SINCE)).to_contain_text("has moved")
    before = parse_qs(permalink[1:])
    expect(page).not_to_have_url(re.compile(f"s={before['s'][0]}&"))
    assert named(page)["v"] == newsroom.live.current.index.articles[0].sha256[:12] != before["v"][0]
    again = open_there("?" + urlsplit(page.url).query)  # the address has been brought up to date
    expect(again.locator(LIT)).to_have_text(newsroom.sentence)
    expect(again.locator(SINCE)).to_be_empty()


def test_without_its_question_too(open_there, newsroom, permalink):
    title, _, rest = newsroom.first.partition("\n\n")
    newsroom.publish(f"{title}\n\n{NEWS}{rest}")
    pointing = {name: values[0] for name, values in parse_qs(permalink[1:]).items() if name != "q"}
    page = open_there("?" + urlencode(pointing))
    expect(page.locator(LIT)).to_have_text(newsroom.sentence)
    expect(page.locator(".qa-turn")).to_have_count(0)


def test_a_sentence_that_was_corrected_is_shown_as_it_is_and_as_it_was(open_there, newsroom, permalink):
    newsroom.publish(newsroom.first.replace("as early as 2029", "in 2033 at the earliest"))
    page = open_there(permalink)
    expect(page.locator(LIT)).to_contain_text("in 2033 at the earliest")
    expect(page.locator(SINCE)).to_contain_text("has changed since this link was made")
    expect(page.locator(".qa-since-quote")).to_have_text(newsroom.sentence)
    expect(page.locator("#qa-reading")).not_to_contain_text("as early as 2029")


def test_a_sentence_that_is_gone_is_said_to_be_and_quoted_as_the_links(open_there, newsroom, permalink):
    newsroom.publish(newsroom.first.replace(newsroom.sentence, ""))
    page = open_there(permalink)
    expect(page.locator(".qa-turn")).to_have_count(1)
    expect(page.locator(SINCE)).to_contain_text("no longer in it")
    expect(page.locator(".qa-since-quote")).to_have_text(newsroom.sentence)
    assert named(page) == {name: values[0] for name, values in parse_qs(permalink[1:]).items()}  # to be read once more
    page.get_by_role("button", name="Dismiss").click()
    expect(page.locator(SINCE)).to_be_empty()
    expect(page.locator("#qa-question textarea")).to_be_focused()


def test_an_address_of_before_without_words_goes_by_its_number(open_there, newsroom, permalink):
    before = parse_qs(permalink[1:])
    page = open_there("?" + urlencode({name: before[name][0] for name in ("article", "q", "s")}))
    expect(page.locator(LIT)).to_have_text(newsroom.sentence)
    expect(page.locator(SINCE)).to_be_empty()


@pytest.mark.parametrize("edition", ["0" * 12, ""])
def test_words_that_somebody_made_up_are_shown_as_text_as_the_links_and_cut(open_there, newsroom, edition):
    attack = "<img src=x onerror=alert(1)><b>The editor resigned.</b>\u202e" + "x" * 5_000
    page = open_there(
        "?" + urlencode({"article": "article", "s": "<b>", "v": edition, "quote": attack, "prefix": attack})
    )
    expect(page.locator(SINCE)).to_contain_text("In the link’s words, which are not the article’s:")
    expect(page.locator(".qa-since-quote")).to_have_text(attack[:200])
    assert page.locator(".qa-since b, .qa-since img").count() == 0
    expect(page.locator(LIT)).to_have_count(0)


def test_an_open_page_shows_the_text_that_its_next_answer_is_from(open_there, newsroom):
    page = open_there()
    ask(page, MARS)
    expect(page.locator(LIT)).to_have_text(newsroom.sentence)
    old = newsroom.live.current.index.articles[0].sha256
    newsroom.publish(newsroom.first.replace("as early as 2029", "in 2033 at the earliest"))
    assert page.locator(".qa-article").get_attribute("data-sha256") == old
    ask(page, MARS)
    new = newsroom.live.current.index.articles[0].sha256
    expect(page.locator(".qa-article")).to_have_attribute("data-sha256", new)
    expect(page.locator(LIT)).to_contain_text("in 2033 at the earliest")
    expect(page.locator(SINCE)).to_contain_text("changed since you opened it")
    expect(page.locator(".qa-turn").last.locator(".qa-quote").first).to_contain_text("2033")
    page.locator(".qa-turn").first.locator(".qa-cite").first.click()  # what the first answer quotes is no longer said
    expect(page.locator(SINCE)).to_contain_text("since this answer was given")
    expect(page.locator(LIT)).to_have_count(0)


def test_a_page_that_is_opened_after_a_rebuild_shows_the_new_text_from_the_first_byte(open_there, newsroom):
    newsroom.publish(newsroom.first.replace("as early as 2029", "in 2033 at the earliest"))
    page = open_there()
    expect(page.locator("#qa-reading")).to_contain_text("in 2033 at the earliest")
    document = page.request.get(f"{newsroom.serving.address}/").text()
    assert "in 2033 at the earliest" in document and "as early as 2029" not in document


def test_on_a_phone_what_has_changed_is_told_where_it_is_seen(open_there, newsroom, permalink):
    newsroom.publish(newsroom.first.replace(newsroom.sentence, ""))
    page = open_there(permalink, phone=True)
    expect(page.locator(SINCE)).to_be_in_viewport()
    page.evaluate("document.documentElement.scrollWidth <= innerWidth") or pytest.fail("it does not fit the phone")
