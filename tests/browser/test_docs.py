"""The documentation page as a browser shows it: whole under its strict policy, for every reader, in both schemes."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.conftest import Serving
from tests.browser.test_access import assert_fits, violations


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_and_axe_finds_nothing(
    contexts: Callable[..., BrowserContext], scripted_server: Serving, scheme: str, phone: bool
) -> None:
    page = contexts(phone=phone, color_scheme=scheme).new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda request: said.append(request.url) if scripted_server.address not in request.url else None)
    page.goto(f"{scripted_server.address}/docs")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ask over HTTP")
    for summary in page.locator("summary").all():
        summary.click()
    assert_fits(page)
    assert violations(page) == ""
    page.get_by_role("link", name="Turn").first.click()
    expect(page.locator("#object-Turn")).to_be_in_viewport()
    bright = page.locator("body").evaluate("e => parseInt(getComputedStyle(e).backgroundColor.slice(4))")
    assert (bright > 200) is (scheme == "light")
    assert said == []  # nothing refused by the policy, nothing asked of another host
    page.close()
