"""The page's document, its files, and what its events do, without a browser."""

import asyncio
import json
import os
import subprocess
import sys
from types import SimpleNamespace

import gradio as gr
import pytest

from qa.live import LivePipeline
from qa.web.article_html import edition
from qa.web.head import SCRIPTS, STATIC, STYLES
from qa.web.mounting import SESSIONS
from qa.web.page import Page
from qa.web.sent import MOST_HISTORY, MOST_MESSAGES, MOST_TURNS, kept_history, kept_messages
from qa.web.workers import Workers


def config_of(client) -> dict:
    return client.get("/config").json()


def message(role: str, text: str) -> dict:
    return {"role": role, "content": [{"type": "text", "text": text}], "metadata": None, "options": None}


def all_of(stream) -> list:
    """What an event of the page sends, all of it."""

    async def gathered() -> list:
        return [one async for one in stream]

    return asyncio.run(gathered())


def paged(pipeline, **options) -> Page:
    return Page(LivePipeline(pipeline), Workers(1), **options)


def conversations(page: Page, question, article="article", before="[]", conversation=()) -> list[list[dict]]:
    """The conversation as each step of a question leaves it, on a page that shows the article as it is."""
    articles = page.pipelines.current.index.articles
    shown = next((edition(one) for one in articles if one.id == article), "")
    steps = all_of(page.ask(question, article, before, list(conversation), shown))
    assert all(rest == [gr.skip(), gr.skip()] for _, *rest in steps)
    return [step[0] for step in steps]


def last(page: Page, question, conversation=()) -> list[dict]:
    return conversations(page, question, conversation=conversation)[-1]


def test_the_document_brings_its_styles_and_script_from_the_first_byte(client):
    html = client.get("/").text
    head = html[: html.index("</head>")]
    for name in (*STYLES, *SCRIPTS):
        assert f"ui/{name}?v=" in head
    assert "Putin envoy says" in head


@pytest.mark.parametrize("name", [*STYLES, *SCRIPTS])
def test_files_are_cached_for_ever_under_their_hash_and_revalidated_without(client, name):
    html = client.get("/").text
    start = html.index(f"ui/{name}?v=")
    versioned = client.get("/" + html[start : html.index('"', start)])
    assert versioned.text == (STATIC / name).read_text(encoding="utf-8")
    assert "immutable" in versioned.headers["cache-control"]
    assert client.get(f"/ui/{name}").headers["cache-control"] == "no-cache"


def test_texts_are_compressed(client):
    for path in ("/", f"/ui/{SCRIPTS[0]}"):
        assert client.get(path, headers={"accept-encoding": "gzip"}).headers["content-encoding"] == "gzip"


def test_a_browser_that_takes_brotli_gets_the_styles_too(client):
    """Gradio compresses its scripts by itself; were it to compress its page too, nothing could be added to it."""
    assert f"ui/{SCRIPTS[0]}?v=" in client.get("/", headers={"accept-encoding": "br"}).text


def test_no_static_file_names_another_host():
    for name in (*STYLES, *SCRIPTS):
        text = (STATIC / name).read_text(encoding="utf-8")
        assert "http:" not in text and "https:" not in text and "@import" not in text and "url(" not in text


def test_no_tab_holds_a_connection_open_and_nothing_is_reported(client):
    config = config_of(client)
    assert config["connect_heartbeat"] is False
    assert not [c for c in config["components"] if "state" in c["type"]]
    assert config["analytics_enabled"] is False
    assert "googleapis" not in json.dumps(config)


def test_the_named_gradio_endpoint_gives_the_answer(client):
    def called(*data):
        event = client.post("/gradio_api/call/ask", json={"data": data}).json()
        return client.get(f"/gradio_api/call/ask/{event['event_id']}").text

    (answer,) = json.loads(
        called("When could humans first land on Mars?", "", None).split("data: ", 1)[1].splitlines()[0]
    )
    assert answer["kind"] == "answer" and "2029" in answer["citations"][0]["quote"]
    assert "history holds something else than turns" in called("When?", "", [{"question": 7}])


def test_a_gradio_client_calls_the_endpoint_by_name_with_the_question_alone(client):
    (endpoint,) = [
        one for name, one in client.get("/gradio_api/info").json()["named_endpoints"].items() if name == "/ask"
    ]
    given = {one["parameter_name"]: one["parameter_has_default"] for one in endpoint["parameters"]}
    assert given == {"question": False, "article": True, "history": True}


def test_only_text_is_kept_of_what_a_client_says_was_said():
    image = {"role": "assistant", "content": [{"type": "component", "component": "image", "value": "/etc/passwd"}]}
    kept = kept_messages(
        [message("user", "a"), image, {"role": "system", "content": "x"}, "junk", None, message("assistant", "b")]
    )
    assert kept == [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    assert kept_messages("junk") == []
    assert len(kept_messages([message("user", "a")] * 200)) == MOST_MESSAGES


def turn(question: str = "Who?", answer=None, **more) -> dict:
    return {"question": question, "answer": answer, "interpreted_as": None, **more}


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (
            [turn(), turn("And?", "He", interpreted_as="Who is he?")],
            [turn(), turn("And?", "He", interpreted_as="Who is he?")],
        ),
        ([turn(str(n)) for n in range(9)], [turn(str(n)) for n in range(9 - MOST_TURNS, 9)]),
        ([turn(reader="me")], [turn()]),
        (
            [
                turn(7),
                turn(" "),
                turn("x" * 1_001),
                turn("\x00"),
                turn(answer=7),
                turn(interpreted_as=["x"]),
                7,
                None,
                turn(),
            ],
            [turn()],
        ),
        ([turn(interpreted_as="x" * 1_001)], []),
        ({"question": "Who?"}, []),
        ("Who?", []),
    ],
)
def test_of_the_turns_that_a_client_sends_only_turns_are_kept_and_the_last_ones(sent, kept):
    assert kept_history(json.dumps(sent)) == kept


@pytest.mark.parametrize(
    "sent", [None, 7, [turn()], "", "{", "[" * 40_000, json.dumps([turn(answer="x" * MOST_HISTORY)])]
)
def test_turns_that_cannot_be_read_are_none(sent):
    assert kept_history(sent) == []


def test_the_turns_go_along_with_the_question_and_bad_ones_cost_no_answer(pipeline):
    page, told = paged(pipeline), []

    def answer(question, **how):
        told.append(how["history"])
        return pipeline.answer(question, article=how["article"])

    page.pipelines = LivePipeline(SimpleNamespace(index=pipeline.index, settings=pipeline.settings, answer=answer))
    for sent in (json.dumps([turn("Who is Musk?", "Elon Musk")]), "{"):
        shown = conversations(page, "When could humans first land on Mars?", before=sent)[-1][-1]["content"]
        assert "2029" in shown
    assert told == [[turn("Who is Musk?", "Elon Musk")], []]


def test_votes_are_asked_for_only_where_they_are_kept(pipeline):
    asked = [
        last(paged(pipeline, votes=votes), "When could humans first land on Mars?")[-1]["content"]
        for votes in (True, False)
    ]
    assert ["qa-votes" in shown for shown in asked] == [True, False]


def test_a_question_is_shown_at_once_and_then_answered_below_what_was_said(pipeline):
    said = [message("user", "before"), message("assistant", "answered")]
    first, second = conversations(paged(pipeline), "When could humans first land on Mars?", conversation=said)
    assert [m["role"] for m in first] == ["user", "assistant", "user", "assistant"]
    assert "qa-busy" in first[-1]["content"]
    assert "2029" in second[-1]["content"] and "[1]" in second[-1]["content"]
    assert second[:2] == [{"role": "user", "content": "before"}, {"role": "assistant", "content": "answered"}]


@pytest.mark.parametrize("question", ["", "  ", None, 7, {"path": "/etc/passwd"}])
def test_nothing_asked_is_told_so_and_shows_no_bubble(pipeline, question):
    (only,) = last(paged(pipeline), question)
    assert only["role"] == "assistant" and "empty" in only["content"] and "qa-error" in only["content"]


def test_a_question_that_cannot_be_asked_is_told_why(pipeline):
    assert "1,001" in last(paged(pipeline), "x" * 1_001)[-1]["content"]


def test_an_unknown_article_is_told_in_a_readers_words(pipeline):
    told = conversations(paged(pipeline), "Who?", "nope")[-1][-1]["content"]
    assert "There is no article called “nope” here." in told and "qa-error" in told
    assert "index" not in told


def test_a_failure_is_told_in_words_and_logged(pipeline, caplog):
    def broken(*_, **__):
        raise RuntimeError("the secret inside")

    failing = SimpleNamespace(index=pipeline.index, suggestions=pipeline.suggestions, answer=broken)
    told = last(paged(failing), "Who?")[-1]["content"]
    assert "qa-error" in told and "secret" not in told
    assert "the secret inside" in caplog.text


def test_the_address_chooses_article_and_question(pipeline):
    def opened(**query):
        shown, request = edition(pipeline.index.articles[0]), SimpleNamespace(query_params=query, session_hash="s")
        request.request = None
        return all_of(paged(pipeline).open(shown, request))

    assert opened() == opened(article="article") == [(*(gr.skip(),) * 2, "article", *(gr.skip(),) * 3)]
    assert "2029" in opened(q="When could humans first land on Mars?")[-1][3][-1]["content"]
    ((top, pane, chosen, welcome, notice, of),) = opened(article="nope", q="Who?")
    assert 'data-asked="nope"' in top and 'data-article="article"' in pane  # what the script knows the pane by
    assert "When could humans first land on Mars?" in welcome["placeholder"] or not pipeline.suggestions()
    assert (chosen, of) == ("article", edition(pipeline.index.articles[0]))
    assert "There is no article called “nope” here. Shown is “Putin envoy" in notice


RECORD_LOOKUPS = """
import sys
asked = []
def hook(event, args):
    if event in ("socket.getaddrinfo", "socket.connect", "socket.gethostbyname"):
        asked.append((event, str(args)))
sys.addaudithook(hook)
import time
from qa.live import LivePipeline
from qa.web.page import build_page
from qa.web.workers import Workers
from index.article import article_from_text
from types import SimpleNamespace
article = article_from_text("A title\\n\\nIt says little.", id="a")
index = SimpleNamespace(heads=(article,), whole=lambda: (article, ()))
build_page(LivePipeline(SimpleNamespace(index=index, suggestions=lambda _: ())), Workers(1))
time.sleep(1)  # look-ups would run in threads of their own
print([a for a in asked if "127.0.0.1" not in a[1]])
"""


def test_building_the_page_looks_up_no_host():
    told_to = {**os.environ, "GRADIO_ANALYTICS_ENABLED": "True"}  # which qa.web overrules
    done = subprocess.run([sys.executable, "-c", RECORD_LOOKUPS], env=told_to, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_gradio_keeps_something_of_a_few_tabs_only(app):
    kept = app.routes[-1].app.state_holder
    for tab in range(2 * SESSIONS):
        assert kept[f"tab {tab}"] is not None
    assert len(kept.session_data) == len(kept.time_last_used) == SESSIONS
