"""The documentation page: made from the OpenAPI document, complete, and safe to open anywhere."""

import json
import re
import shlex
from html import unescape

import pytest

from qa.web.docs_html import json_html, type_html
from qa.web.docs_page import docs_html
from qa.web.examples import PROBLEM_EXAMPLES
from qa.web.head import STATIC


@pytest.fixture(scope="module")
def page(client) -> str:
    response = client.get("/docs")
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    return response.text


@pytest.fixture(scope="module")
def document(client) -> dict:
    return client.get("/openapi.json").json()


def test_every_route_object_field_and_problem_is_told(page, document):
    for path, operations in document["paths"].items():
        (operation,) = operations.values()
        assert re.search(rf'<h2 class="route" id="{operation["operationId"]}">.*? {re.escape(path)}</h2>', page)
    for name, schema in document["components"]["schemas"].items():
        assert page.count(f'id="object-{name}"') == 1
        for field in schema["properties"]:
            assert f"<code>{field}</code>" in page, (name, field)
    for detail in PROBLEM_EXAMPLES.values():
        assert f"<td>{detail}</td>" in unescape(page)


def test_every_link_within_the_page_leads_somewhere_and_no_place_is_named_twice(page):
    places = re.findall(r'\bid="([^"]*)"', page)
    assert len(places) == len(set(places))
    assert set(re.findall(r'href="#([^"]*)"', page)) <= set(places)


def test_the_page_loads_only_its_own_files_and_runs_no_script(client, page):
    assert "<script" not in page and "style=" not in page and not re.search(r"\son\w+=", page)
    for address in re.findall(r'<link[^>]* href="([^"]*)"', page):
        assert client.get(f"/{address}").status_code == 200
    for name in ("docs.css", "plain.css"):
        text = (STATIC / name).read_text("utf-8")
        assert "http" not in text and "@import" not in text and "url(" not in text


def commands(page: str) -> list[list[str]]:
    blocks = re.findall(r"<pre[^>]*><code>(curl .*?)</code>", page, flags=re.DOTALL)
    return [shlex.split(unescape(block)) for block in blocks]


def test_the_curl_commands_work_as_they_stand(client, page):
    answered = 0
    for _, *arguments in commands(page):
        address = next(one for one in arguments if one.startswith("http"))
        body = arguments[arguments.index("-d") + 1] if "-d" in arguments else None
        headers = {"content-type": "application/json"} if body else {}
        response = client.request("POST" if body else "GET", address, content=body, headers=headers)
        expected = 404 if address.endswith("/feedback") else 200  # it is off here
        assert response.status_code == expected, (arguments, response.text)
        answered += 1
    assert answered >= 9


def test_a_host_that_is_no_name_is_shown_harmlessly(app):
    shown = docs_html(app.openapi(), "http://x'; rm -rf \"<b>")
    assert "<b>" not in shown
    assert ["curl", "http://x'; rm -rf \"<b>/healthz"] in commands(shown)


def test_the_dark_values_are_those_of_the_chat_page():
    def values(text: str, start: str) -> dict[str, str]:
        block = text[text.index(start) :]
        return dict(re.findall(r"(--[\w-]+): (#\w+);", block[: block.index("}")]))

    chat = values((STATIC / "tokens.css").read_text("utf-8"), "body.dark {")
    assert values((STATIC / "plain.css").read_text("utf-8"), "body {") == chat != {}


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "string"}, "text"),
        ({"type": "integer", "minimum": 1.0, "maximum": 10.0}, "whole number, 1 to 10"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "text or null"),
        ({"type": "array", "items": {"$ref": "#/components/schemas/Turn"}, "maxItems": 20}, "list of Turn, 0 to 20"),
        ({"enum": ["up", "down"], "type": "string"}, '"up" or "down"'),
        ({}, "anything"),
    ],
)
def test_types_are_told_in_words(schema, said):
    assert unescape(re.sub(r"<[^>]+>", "", type_html(schema))) == said


def test_json_is_shown_as_it_is():
    value = {'a"<b>': ['x: "y"', None, True, 1.5], "n": "null"}
    html = json_html(value)
    assert json.loads(unescape(re.sub(r"<[^>]+>", "", html))) == value
    assert "<b>" not in html and html.count('class="word"') == 2 and html.count('class="key"') == 2
