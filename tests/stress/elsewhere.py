"""A page on another origin that embeds the widget, in a real Chromium."""

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from playwright.sync_api import Page, expect, sync_playwright

from tests.browser.chromium import COMMAND, find
from tests.browser.conftest import ARGUMENTS, PATIENCE
from tests.browser.hosting import Host
from tests.browser.widgets import ask
from tests.stress.archived import Asked
from tests.stress.documents import Library


class Site:
    """Another site. `origin` is to be allowed by the server that its pages ask."""

    def __init__(self) -> None:
        self._host = Host()
        self.origin = self._host.origin

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self._host.close()

    def embed(self, server: str, library: Library, asked: Sequence[Asked]) -> dict[str, bool]:
        """Whether a page with the widget of an article shows the answer that the server gives, by how the article is named.

        :param asked: questions that were asked of their own article; the first right ones are asked here.
        :raises RuntimeError: there is no Chromium.
        """
        path = find()
        if path is None:
            raise RuntimeError(f"there is no Chromium; install one: {COMMAND}")
        right = [one for one in asked if one.right and one.text]
        with_url = next(one for one in right if one.form in ("md", "html", "jsonl"))
        pairs = {"id": (right[0], right[0].gold.story), "URL": (with_url, library.url(with_url.gold.story))}
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
            shown = {}
            for name, (one, article) in pairs.items():
                page = browser.new_page()
                page.set_default_timeout(PATIENCE)
                tag = f'<script src="{server}/widget.js" data-article="{article}" async></script>'
                page.goto(self._host.page(f"<h1>Another site</h1>{tag}"))
                shown[name] = _answered(page, one)
                page.close()
            browser.close()
        return shown


def _answered(page: Page, one: Asked) -> bool:
    page.wait_for_function("customElements.get('article-qa') !== undefined")
    expect(page.locator(".launcher")).to_be_visible(timeout=PATIENCE)
    ask(page, one.gold.question)
    return one.text in page.locator(".turn").last.inner_text()
