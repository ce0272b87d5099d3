"""What the tests of the widget do with one: tags, questions, what is lit."""

from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import Serving

HEAD = '<meta name="viewport" content="width=device-width, initial-scale=1">'
ASK_MANY = ".turn:last-child > .answer > :not(.busy, .note)"


def tag(serving: Serving, **data: str) -> str:
    """The script's tag; a name's underscore is left out, as in `lang_`."""
    attributes = "".join(f' data-{name.rstrip("_")}="{value}"' for name, value in data.items())
    return f'<script src="{serving.address}/widget.js"{attributes} async></script>'


def ask(page: Page, question: str) -> None:
    """Open the widget if need be, ask, and wait for what comes of it."""
    launcher = page.locator(".launcher")
    if launcher.is_visible():
        launcher.click()
    turns = page.locator(".turn")
    before = turns.count()
    page.locator(".input").fill(question)
    page.locator(".input").press("Enter")
    expect(turns).to_have_count(before + 1)
    expect(page.locator(ASK_MANY).first).to_be_visible()


def lit(page: Page) -> dict[str, list[str]]:
    """The texts that are lit in the page, by the highlight's name."""
    return page.evaluate(
        "Object.fromEntries([...CSS.highlights].map(([name, all]) => [name, [...all].map(range => range.toString())]))"
    )


def squeezed(text: str) -> str:
    """Without white space of any kind, soft hyphens and the like."""
    return "".join(char for char in text if not char.isspace() and char not in "\u00ad\u200b")


def heard(page: Page) -> list[dict[str, Any]]:
    """The widget's events so far, oldest first; `listen` comes first."""
    return page.evaluate("globalThis.heard")


LISTEN = """<script>
globalThis.heard = [];
for (const name of ["ready", "open", "close", "ask", "answer", "no-answer", "citation", "error"]) {
  addEventListener(`article-qa:${name}`, (event) => heard.push({
    name, target: event.target.localName, composed: event.composed, detail: event.detail,
  }));
}
</script>"""
"""A host's script that keeps the widget's events."""
