"""What is served for the widget: one small script, cached and open to every page; its page and the page for frames."""

import json
import re

import pytest

from qa.web.widget import PARTS, SOURCES, build_script, compact_css, compact_js, short_names, strings

LIMIT = 12_000
"""Bytes that the script may take, gzipped."""


def test_the_script_is_small_as_it_is_really_served(client):
    with client.stream("GET", "/widget.js", headers={"accept-encoding": "gzip"}) as response:
        sent = b"".join(response.iter_raw())
        assert response.headers["content-encoding"] == "gzip"
        assert response.headers["content-type"].startswith("text/javascript")
    assert 5_000 < len(sent) < LIMIT


def test_any_page_may_load_it_and_keep_it_for_a_while(client):
    response = client.get("/widget.js", headers={"origin": "https://blog.example", "sec-fetch-site": "cross-site"})
    assert response.status_code == 200
    assert response.headers["cross-origin-resource-policy"] == "cross-origin"
    assert response.headers["cache-control"] == "public, max-age=600"
    again = client.get("/widget.js", headers={"if-none-match": f'"other", W/{response.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == response.headers["etag"]
    assert client.get("/widget.js", headers={"if-none-match": '"other"'}).status_code == 200


def test_the_script_needs_nothing_that_a_strict_page_forbids():
    text = build_script().text
    forbidden = r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|new Function|cookie|Storage|indexedDB"
    assert re.findall(forbidden, text) == []
    assert set(re.findall(r"credentials:\"(\w+)\"", text)) == {"omit"}
    assert "createElement(" in text  # or the lines above would prove nothing


def test_every_part_is_in_it_and_short():
    sources = {path.name: path.read_text("utf-8") for path in SOURCES.glob("*.js")}
    assert set(PARTS) == sources.keys() - {"demo.js", "embed.js"}
    assert all(len(source.splitlines()) < 400 for source in sources.values())
    text = build_script().text
    assert all(compact_js(sources[name])[-1] in text for name in PARTS)


def test_no_language_misses_a_string_or_a_place_in_one():
    said = strings()
    assert said.keys() == {"en", "he"}
    for key, english in said["en"].items():
        for language, words in said.items():
            assert words[key].strip(), f"{language}: {key}"
            assert set(re.findall(r"\{\w+\}", words[key])) == set(re.findall(r"\{\w+\}", english)), f"{language}: {key}"
    assert len({frozenset(words) for words in said.values()}) == 1


def test_every_string_is_used_and_every_used_one_is_there():
    text = "\n".join((SOURCES / name).read_text("utf-8") for name in PARTS)
    words = set(strings()["en"])
    joined = {"show", "show_page", "dir", "high", "medium", "low"}  # put together from two, or taken by name
    assert {key for key in words - joined if f'"{key}"' not in text} == set()
    assert set(re.findall(r'\bt\("(\w+)"', text)) <= words


@pytest.mark.parametrize(
    ("source", "compact"),
    [
        ("  const a = [1, 2]; // why", ["let a=[1,2];"]),
        ("// gone\n/** gone */\n * gone\nkeep();", ["keep();"]),
        ('say("a , b") + `c : ${d}` ', ['say("a , b")+ `c : ${d}`']),
        ("const b = a - 1 + c(2);", ["let b=a-1+c(2);"]),
        ('wait(30_000, 0.5, 10.05, a_1, "1_0 true") ; return true;', ['wait(30000,.5,10.05,a_1,"1_0 true");return!0;']),
        ("f((a) => a, async (b) => false, (c, d) => c(d));", ["f(a=>a,async(b)=>!1,(c,d)=>c(d));"]),
        (r'text.match(/[ ,"]+ : \/ /g) ; half / 2 , 3', [r'text.match(/[ ,"]+ : \/ /g);half / 2,3']),
    ],
)
def test_javascript_is_made_smaller_outside_of_its_literals_only(source, compact):
    assert compact_js(source) == compact


def test_constants_in_capitals_are_shortened_where_no_template_names_them():
    lines = ["let SOON=300;", 'let NAME="qa";', "let MORE = {", "wait(SOON,`${NAME}`,MORE,NAME);", 'say("SOON");']
    kept = ["let A=300;", 'let NAME="qa";', "let B = {", "wait(A,`${NAME}`,B,NAME);", 'say("SOON");']
    assert short_names(lines) == kept


def test_functions_are_shortened_that_nothing_else_is_called_like():
    lines = ["function fold(a){", "function find(a){", "find(page){", "fold(fold2,this.find(`${quote}`),...fold(1));"]
    lines += ["async function quote(a){", 'say("fold");']
    kept = ["function $a(a){", "function find(a){", "find(page){", "$a(fold2,this.find(`${quote}`),...$a(1));"]
    assert short_names(lines) == [*kept, "async function quote(a){", 'say("fold");']


def test_style_sheets_are_made_smaller():
    source = '/* gone */\n.a :is(b, c) > d {\n  margin: 0.5em 10.05em;\n  content: " ↗";\n}\n'
    assert compact_css(source) == '.a :is(b,c)>d{margin:.5em 10.05em;content:" ↗"}'


def test_the_widgets_page_holds_the_article_and_nothing_inline(client):
    response = client.get("/widget")
    assert response.status_code == 200
    assert "could take place as early as 2029" in response.text
    assert re.findall(r"<script(?![^>]* src=)|<style|\bstyle=|\bon\w+=", response.text) == []
    policy = response.headers["content-security-policy"]
    assert "unsafe" not in policy and "require-trusted-types-for 'script'" in policy


def test_what_the_pages_load_is_there(client):
    for page in ("/widget", "/embed/article"):
        for address in re.findall(r'(?:src|href)="([^"]+\?v=[^"]+)"', client.get(page).text):
            assert client.get(f"{page.rpartition('/')[0]}/{address}").status_code == 200, address


def test_a_frame_may_be_the_servers_own_only_unless_others_are_allowed(client):
    response = client.get("/embed/article")
    assert response.status_code == 200
    assert 'article="article"' in response.text and 'mode="inline"' in response.text
    assert "frame-ancestors 'self'" in response.headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/embed/nope", "/embed/no/pe", "/widget?article=%3Cnope%3E"])
def test_an_unknown_article_is_a_problem_in_words(client, path):
    response = client.get(path)
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert "nope" in json.loads(response.text)["detail"] or "no/pe" in response.text


def test_a_question_that_is_told_of_keeps_its_own_direction():
    """Label and question may be of different scripts: isolates keep a question mark where it belongs."""
    for language, words in strings().items():
        assert words["interpreted"].endswith("\u2068{q}\u2069"), language
