"""What goes wrong is said in words, in the widget, and to the page's owner in the console; and can be tried again."""

import threading

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Serving
from tests.browser.hosting import PROSE, Reply
from tests.browser.widgets import ask, tag

HELP = {"kind": "help", "question": "?", "message": "All is well.", "citations": [], "nearest": [], "suggestions": []}


def scripted_tag(serving: Serving, host, **data: str) -> str:
    """The real script, asking the host's scripted API at the other name."""
    return tag(serving, article="article", api=host.api, **data)


def said(page: Page) -> list[str]:
    """What the console is told from now on."""
    words: list[str] = []
    page.on("console", lambda message: words.append(message.text))
    return words


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_asked_again_after_the_time_that_it_names(open_host, host, embedded, status):
    page = open_host(host.page(PROSE + scripted_tag(embedded, host)))
    host.replies[:] = [Reply(status, {}, {"Retry-After": "3"}), Reply(200, HELP)]
    page.clock.install()
    ask(page, "Why?")
    expect(page.locator(".error")).to_have_text("The server is busy.")
    retry = page.locator(".retry")
    expect(retry).to_have_text("Try again in 3 s")
    expect(retry).to_be_disabled()
    page.clock.run_for(1_000)
    expect(retry).to_have_text("Try again in 2 s")
    page.clock.run_for(2_000)
    expect(retry).to_have_text("Try again")
    retry.click()
    expect(page.locator(".message")).to_have_text("All is well.")
    expect(page.locator(".question")).to_have_count(1)
    expect(page.locator(".input")).to_be_focused()
    assert [asked["question"] for asked in host.asked] == ["Why?", "Why?"]
    assert not {"Cookie", "Authorization"} & set(host.asked[0]["headers"])


def test_a_slow_answer_is_waited_for_with_a_word_and_in_the_end_given_up(open_host, host, embedded):
    page = open_host(host.page(PROSE + scripted_tag(embedded, host)))
    gate = threading.Event()
    host.replies[:] = [Reply(200, HELP, gate=gate), Reply(200, HELP)]
    page.clock.install()
    page.locator(".launcher").click()
    page.locator(".input").fill("Why?")
    page.keyboard.press("Enter")
    expect(page.locator(".question")).to_be_visible()
    expect(page.locator(".busy")).to_have_count(0)
    page.clock.run_for(400)
    expect(page.locator(".busy")).to_have_text("Reading the article …")
    page.clock.run_for(5_000)
    expect(page.locator(".note")).to_contain_text("Still reading")
    page.clock.run_for(30_000)
    expect(page.locator(".error")).to_have_text("The server took too long to answer.")
    gate.set()
    page.locator(".retry").click()
    expect(page.locator(".message")).to_be_visible()


def test_a_server_that_is_down_is_named_and_found_again(open_host, host, embedded, scripted):
    serving = Serving(scripted, allowed_origins=(host.origin,))
    try:
        page = open_host(host.page(PROSE + tag(serving, article="article")))
        words = said(page)
        serving.stop()
        ask(page, "words")
        expect(page.locator(".error")).to_contain_text(f"The server at {serving.address} cannot be reached")
        assert any("Article QA: The server at" in one for one in words)
        serving.start()
        page.locator(".retry").click()
        expect(page.locator(".quote")).to_be_visible()
    finally:
        serving.stop()


def test_without_a_network_the_reader_is_told_so(open_host, host, embedded):
    page = open_host(host.page(PROSE + tag(embedded, article="article")))
    page.context.set_offline(True)
    try:
        ask(page, "words")
        expect(page.locator(".error")).to_contain_text("You are offline.")
    finally:
        page.context.set_offline(False)
    page.locator(".retry").click()
    expect(page.locator(".quote")).to_be_visible()


def test_an_origin_that_is_not_allowed_is_told_the_setting_that_allows_it(open_host, host, embedded):
    other = host.page(PROSE + tag(embedded, article="article")).replace("127.0.0.1", "localhost")
    page = open_host(other)
    words = said(page)
    page.locator(".launcher").click()
    for _ in range(2):  # on opening, and on asking
        expect(page.locator(".error").first).to_contain_text(host.api)
        expect(page.locator(".error").first).to_contain_text("ARTICLE_QA_ALLOWED_ORIGINS")
        ask(page, "words")
    expect(page.locator(".retry")).to_have_count(0)
    assert any("Article QA:" in one and "ARTICLE_QA_ALLOWED_ORIGINS" in one and host.api in one for one in words)


def test_a_policy_that_blocks_the_connection_is_told_the_source_to_add(open_host, host, embedded):
    policy = f"default-src 'none'; script-src {embedded.address}; connect-src 'self'"
    page = open_host(host.page(PROSE + tag(embedded, article="article"), Content_Security_Policy=policy))
    words = said(page)
    ask(page, "words")
    expect(page.locator(".error").first).to_contain_text("Content-Security-Policy")
    expect(page.locator(".error").first).to_contain_text(f"Add {embedded.address} to its connect-src")
    expect(page.locator(".retry")).to_have_count(0)
    assert any("Article QA:" in one and "connect-src" in one for one in words)


def test_where_the_script_is_blocked_the_elements_own_content_stands(contexts, host, embedded):
    page = contexts(phone=False).new_page()
    words = said(page)
    body = f'<article-qa><a href="{embedded.address}/">Ask this article</a></article-qa>' + tag(embedded)
    page.goto(host.page(body, Content_Security_Policy="script-src 'self'"))
    expect(page.get_by_role("link", name="Ask this article")).to_be_visible()
    assert any("script-src" in one for one in words)  # the browser's own words; docs/widget.md says what to add
    page.close()


def test_an_unknown_article_and_a_question_that_is_refused(open_host, host, embedded):
    page = open_host(host.page(PROSE + tag(embedded, article="nope")))
    page.locator(".launcher").click()
    expect(page.locator(".error")).to_contain_text("No article “nope” at")
    page = open_host(host.page(PROSE + tag(embedded, article="article")))
    ask(page, "tab\u0007")
    expect(page.locator(".error")).to_contain_text("could not take this question")
    expect(page.locator(".input")).to_have_value("tab\u0007")


@pytest.mark.parametrize(("status", "body"), [(502, {}), (200, "<html>"), (200, {"kind": "poem", "citations": []})])
def test_an_answer_that_is_none_is_the_servers_failure(open_host, host, embedded, status, body):
    page = open_host(host.page(PROSE + scripted_tag(embedded, host, lang="he")))
    host.replies[:] = [Reply(status, body)] * 2
    ask(page, "Why?")
    expect(page.locator(".error")).to_contain_text(str(status))
    ask(page, "And now?")  # the first did not stop the line
    expect(page.locator(".error")).to_have_count(2)
    expect(page.locator(".retry").first).to_have_text("לנסות שוב")
