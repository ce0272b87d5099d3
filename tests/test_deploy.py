"""What docs/deploy and the page about it say of the server's figures are the server's."""

import re

from qa.settings import Settings
from qa.web.batch import LONGEST
from tests.conftest import ROOT

DEPLOY = ROOT / "docs" / "deploy"
NGINX = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


def location(pattern: str) -> str:
    """The block of the nginx example for a location, as it is written there."""
    found = re.search(rf"^    location {re.escape(pattern)} \{{(.*?)^    \}}", NGINX, flags=re.MULTILINE | re.DOTALL)
    assert found is not None, f"there is no location {pattern}"
    return found[1]


def seconds(block: str) -> int:
    (found,) = re.findall(r"proxy_read_timeout +(\d+)s;", block)
    return int(found)


def test_the_page_tells_the_memory_that_the_unit_allows() -> None:
    unit = (DEPLOY / "article-qa@.service").read_text(encoding="utf-8")
    assert re.findall(r"^MemoryMax=(\d+)G$", unit, flags=re.MULTILINE) == re.findall(r"held to\s+(\d+) GB", PAGE)


def test_the_proxy_waits_as_long_as_a_batch_may_take_and_asks_it_once() -> None:
    batch = location("= /qa/api/v1/ask:batch")
    assert seconds(batch) > (LONGEST + 1) * Settings.model_fields["time_limit"].default
    assert f"A batch may take {seconds(batch)} seconds" in PAGE
    (again,) = re.findall(r"proxy_next_upstream +([^;]+);", batch)
    assert "timeout" not in again.split()
    assert "ask:batch" not in location("= /qa/api/v1/ask")
