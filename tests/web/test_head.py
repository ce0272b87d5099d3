"""What stands in the head of the document for those that run no script: link previews, tabs, crawlers."""

from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from fastapi.testclient import TestClient

from index.article import article_from_text
from index.store import build_index
from qa.pipeline import QAPipeline
from qa.web.head import ICON, STATIC
from qa.web.server import create_app
from tests.web.conftest import in_a_loop

HOSTILE = """A > B & "C" </title><script>x()</script><meta property="og:image" content="https://evil.example">"""


class Head(HTMLParser):
    """The metas by name, the links by rel, the title, and how many scripts have code of ours or an address."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.metas: list[tuple[str, str]] = []
        self.links: dict[str, list[str]] = {}
        self.title = ""
        self.scripts = 0
        self._open = ""
        self.feed(document.partition("</head>")[0])

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        self._open = tag
        self.scripts += tag == "script"
        if tag == "meta" and "content" in named:
            self.metas.append((named.get("property") or named["name"], named["content"]))
        if tag == "link":
            self.links.setdefault(named["rel"], []).append(named["href"])

    def handle_endtag(self, tag):
        self._open = ""

    def handle_data(self, data):
        if self._open == "title":
            self.title += data


def expected(title: str) -> list[tuple[str, str]]:
    return [
        ("viewport", "width=device-width, initial-scale=1, shrink-to-fit=no"),
        ("color-scheme", "light dark"),
        ("description", "Answers in the article’s own words"),
        ("og:type", "website"),
        ("og:title", title),
        ("og:description", "Answers in the article’s own words"),
        ("twitter:card", "summary"),
    ]


@pytest.fixture
def hostile(toy_encoder, settings):
    index = build_index([article_from_text(f"{HOSTILE}\n\nIt says little.", id="a", title=HOSTILE)], toy_encoder)
    app = in_a_loop(lambda: create_app(QAPipeline(index, toy_encoder), settings))
    return TestClient(app, base_url="http://127.0.0.1")


def test_the_preview_tells_the_article_and_nothing_of_gradio(client, pipeline):
    head = Head(client.get("/").text)
    assert head.title == f"{pipeline.index.articles[0].title} · Article QA"
    assert head.metas == expected(head.title)


def test_a_title_that_looks_like_tags_stays_a_title(client, hostile):
    head = Head(hostile.get("/").text)
    assert head.title == f"{HOSTILE} · Article QA"
    assert head.metas == expected(head.title)
    assert head.scripts == Head(client.get("/").text).scripts


def test_the_icon_is_ours_wherever_it_is_looked_for(client):
    links = Head(client.get("/").text).links
    (address,) = links["icon"]
    named, guessed = client.get(address), client.get("/favicon.ico")
    assert named.content == guessed.content == (STATIC / ICON).read_bytes()
    assert named.headers["content-type"] == guessed.headers["content-type"] == "image/svg+xml"
    assert "immutable" in named.headers["cache-control"] and guessed.headers["cache-control"] == "no-cache"
    assert ElementTree.fromstring(named.content).tag == "{http://www.w3.org/2000/svg}svg"


def test_nothing_names_another_host_or_gradios_manifest(client):
    head = Head(client.get("/").text)
    assert set(head.links) == {"stylesheet", "icon"}
    for address in (address for addresses in head.links.values() for address in addresses):
        assert not address.startswith(("http", "//"))
    assert client.get("/manifest.json").status_code == 404
