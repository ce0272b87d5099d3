"""The Model Context Protocol server, through the protocol's own client: over standard input and output, and over HTTP."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import anyio
import httpx
import pytest
from mcp import Client, StdioServerParameters

from index.errors import SettingsError
from qa.cli import main
from qa.live import LivePipeline
from qa.pipeline import QAPipeline
from qa.settings import load_settings
from qa.web.limits import Limits
from qa.web.mcp_server import mcp_server, refuse_without_mcp
from qa.web.models import summary
from qa.web.workers import Busy, Workers
from tests.conftest import ROOT
from tests.web.standins import answering

MARS = "When could humans first land on Mars?"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


@pytest.fixture(scope="module")
def address(real_index_dir: Path) -> Iterator[str]:
    """The server over HTTP on a free port of loopback, in a process of its own."""
    command = [sys.executable, "-m", "qa", "mcp", "--http", "--port", "0", "--index", str(real_index_dir)]
    process = subprocess.Popen(
        command, cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    with process:
        assert process.stderr is not None
        said = next(line for line in process.stderr if line.startswith("MCP at "))
        found = re.match(r"MCP at (http://127\.0\.0\.1:\d+/mcp) ", said)
        assert found is not None, said
        yield found[1]
        process.terminate()
        process.stderr.read()


@pytest.fixture(params=["stdio", "http"])
def server(request: pytest.FixtureRequest, real_index_dir: Path) -> object:
    """What the client connects to."""
    if request.param == "http":
        return request.getfixturevalue("address")
    arguments = ["-m", "qa", "mcp", "--index", str(real_index_dir)]
    return StdioServerParameters(command=sys.executable, args=arguments, env=ENVIRONMENT, cwd=str(ROOT))


def test_an_assistant_lists_the_tools_asks_and_gets_the_same_answer_as_everyone(server, real_index, real_encoder):
    here = QAPipeline(real_index, real_encoder)

    async def scenario() -> None:
        async with Client(server) as assistant:
            tools = {tool.name: tool for tool in (await assistant.list_tools()).tools}
            assert set(tools) == {"ask_article", "list_articles"}
            fields = tools["ask_article"].input_schema["properties"]
            assert tools["ask_article"].input_schema["required"] == ["question"]
            assert (fields["question"]["minLength"], fields["question"]["maxLength"]) == (1, 1_000)
            assert (fields["top_k"]["minimum"], fields["top_k"]["maximum"]) == (1, 10)
            assert fields["history"]["maxItems"] == 20
            assert all(field["description"] for field in fields.values())
            outputs = {name: tool.output_schema["properties"] for name, tool in tools.items()}
            assert {"kind", "answer", "citations", "nearest"} <= set(outputs["ask_article"])
            assert set(outputs["list_articles"]) == {"articles", "total"}

            listed = (await assistant.call_tool("list_articles", {})).structured_content
            assert listed["articles"] == [summary(here, article).model_dump() for article in real_index.articles]

            result = await assistant.call_tool("ask_article", {"question": MARS, "article": "article", "top_k": 1})
            expected = json.loads(json.dumps(here.answer(MARS, article="article", top_k=1).as_dict()))
            answer = result.structured_content
            assert not result.is_error and timeless(answer) == timeless(expected)
            assert timeless(json.loads(result.content[0].text)) == timeless(expected)

    anyio.run(scenario)


def timeless(answer: dict) -> dict:
    return {name: value for name, value in answer.items() if name != "timings_ms"}


def test_what_is_wrong_is_told_in_words(pipeline):
    async def scenario() -> None:
        async with Client(mcp_server(LivePipeline(pipeline), Workers(1), Limits.of(load_settings()))) as assistant:
            for arguments, said in (
                ({"question": " "}, "The question is empty"),
                ({"question": "Who?", "article": "nope"}, "'nope'"),
                ({"question": "x" * 1_001}, "question"),
                ({"question": "Who?", "top_k": 11}, "top_k"),
                ({}, "question"),
            ):
                result = await assistant.call_tool("ask_article", arguments)
                assert result.is_error and said in result.content[0].text, arguments

    anyio.run(scenario)


def test_a_full_line_is_told_in_words():
    def busy(*_: object, **__: object) -> None:
        raise Busy("Too many questions are waiting; please ask again in a moment.")

    async def scenario() -> None:
        async with Client(mcp_server(LivePipeline(answering(busy)), Workers(1), Limits.of(load_settings()))) as assistant:
            result = await assistant.call_tool("ask_article", {"question": "Who?"})
            assert result.is_error and "Too many questions" in result.content[0].text

    anyio.run(scenario)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example"}, 421),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({}, 200),
    ],
)
def test_other_names_and_other_sites_pages_are_refused(address, headers, status):
    hello = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        },
    }
    accept = {"accept": "application/json, text/event-stream"}
    response = httpx.post(address, json=hello, headers={**accept, **headers}, timeout=60)
    assert response.status_code == status, response.text
    if status == 200:
        assert response.json()["result"]["serverInfo"]["name"] == "article-qa"
    else:
        assert response.headers["content-type"] == "application/problem+json"


def test_without_its_package_one_line_says_how_to_install_it(monkeypatch, capsys):
    monkeypatch.setattr("qa.web.mcp_server.find_spec", lambda name: None if name == "mcp" else find_spec(name))
    with pytest.raises(SettingsError, match=r"pip install -r requirements-mcp\.txt"):
        refuse_without_mcp()
    for arguments in (["mcp"], ["mcp", "--http"]):
        assert main(arguments) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_the_addresss_options_want_http(capsys):
    assert main(["mcp", "--port", "8000"]) == 2
    assert "add --http" in capsys.readouterr().err
