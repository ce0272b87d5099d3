"""The Model Context Protocol server: assistants ask an article through two tools, over standard input and output or HTTP.

Its package, `mcp`, is optional to install. The tools give the same Answer as everything else, as structured content with
its schema.
"""

import asyncio
from contextlib import suppress
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import Field, RootModel
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from index.errors import ArticleQAError, SettingsError
from qa.answer import Answer
from qa.live import LivePipeline, Pipelines
from qa.question import MAX_TOP_K
from qa.settings import Settings
from qa.web.asking import answered
from qa.web.bodies import Room, bad_length, headers_too_large, with_body
from qa.web.clients import Clients
from qa.web.hosts import Hosts, foreign
from qa.web.limits import Limits, TooMany
from qa.web.models import LISTED, ArticleList, ListLimit, ListOffset, Searched, Turn, listed
from qa.web.problems import problem
from qa.web.recording import Recorder
from qa.web.request_ids import HEADER, begin_request
from qa.web.scraped import PATH as METRICS_PATH
from qa.web.scraped import metrics_route
from qa.web.workers import Busy, Gone, Workers, unless

if TYPE_CHECKING:
    from mcp.server import MCPServer

MCP_PATH: Final = "/mcp"
"""Where the server is found over HTTP."""

_CALLS: Final = {"Allow": "POST"}

INSTRUCTIONS: Final = (
    "Ask articles questions with ask_article. It returns the article's exact words with citations, or says that the article "
    "does not say (answerable is false): then do not answer from the nearest sentences, which are no evidence. Quote "
    "citations word for word."
)


class AnswerResult(RootModel[Answer]):
    """An Answer whose schema the protocol's package can write down, which it does of pydantic's models only."""


def refuse_without_mcp() -> None:
    """:raises SettingsError: the package is not installed; the message is the command that installs it."""
    if find_spec("mcp") is None:
        raise SettingsError(
            "The MCP server needs the package mcp, which is not installed; run: python -m pip install -r requirements-mcp.txt"
        )


def mcp_server(pipelines: Pipelines, workers: Workers, limits: Limits) -> "MCPServer":
    """The server and its tools, over the pipeline in use; it serves nothing until it is run.

    An error that a question runs into (empty, no such article, too many asked) is told as the tool's, in words.
    """
    from mcp.server import MCPServer
    from mcp.server.mcpserver.exceptions import ToolError
    from mcp.types import ToolAnnotations

    most = limits.settings
    server = MCPServer("article-qa", title="Article QA", version="1", instructions=INSTRUCTIONS, log_level="WARNING")
    reads_only = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)

    @server.tool(title="Ask an article", annotations=reads_only)
    async def ask_article(
        question: Annotated[
            str, Field(min_length=1, max_length=most.question_length, description="the question, with a word in it")
        ],
        article: Annotated[
            str | None, Field(description="id of the article, from list_articles, or its URL; null asks all")
        ] = None,
        top_k: Annotated[int, Field(ge=1, le=MAX_TOP_K, description="most citations wanted")] = 3,
        history: Annotated[
            tuple[Turn, ...], Field(max_length=most.history_turns, description="earlier turns, oldest first")
        ] = (),
    ) -> AnswerResult:
        """The exact words of an article that answer a question, each sentence cited; or that the article does not say."""
        turns = [turn.model_dump() for turn in history]
        try:
            limits.charge()
            pipeline = pipelines.current
            answer = await answered(workers, "mcp", pipeline, question, article=article, top_k=top_k, history=turns)
        except (ArticleQAError, TooMany, Busy) as error:
            raise ToolError(str(error)) from error
        return AnswerResult(answer)

    searching = asyncio.Lock()  # one search at a time: it takes some time where there are thousands

    @server.tool(title="List the articles", annotations=reads_only)
    async def list_articles(q: Searched = "", limit: ListLimit = LISTED, offset: ListOffset = 0) -> ArticleList:
        """The articles that can be asked, all or those that a search finds, with questions that each answers."""
        async with searching:
            return await asyncio.to_thread(listed, pipelines.current, q, limit, offset)

    return server


def mcp_app(server: "MCPServer", settings: Settings, workers: Workers, live: LivePipeline) -> ASGIApp:
    """The server as an application for streamable HTTP at `MCP_PATH`, behind its gate, with metrics for this machine.

    Sessions are not kept: no tool needs one.

    :param workers: those of the server. :param live: what it answers from.
    """
    from mcp.server.transport_security import TransportSecuritySettings

    ours = TransportSecuritySettings(enable_dns_rebinding_protection=False)  # the gate is stricter about Host and Origin
    app = server.streamable_http_app(
        streamable_http_path=MCP_PATH, stateless_http=True, json_response=True, transport_security=ours
    )
    app.add_route(METRICS_PATH, metrics_route(workers, live))
    return Recorder(Gate(app, settings), workers.metrics, settings)


class Gate:
    """ASGI middleware: only requests for this server's names, and of pages that may ask, and none that is too large."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.settings = settings
        self.hosts = Hosts.of(settings)
        self.clients = Clients.of(settings)
        self.room = Room()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it: 421 for another name, 403 for another site's page, 405 for what is no call, and
        for its size. What a client asked that hangs up is given up.
        """
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        if scope["type"] != "http":
            return
        scope = self.clients.begin(scope)
        begin_request(Headers(scope=scope).get(HEADER))
        most = self.settings.body_bytes
        if (refusal := self._refusal(scope, most)) is not None:
            await refusal(scope, receive, send)
        else:
            await with_body(self._while_connected, most, self.settings, self.room, (scope, receive, send))

    async def _while_connected(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the application answer, which by itself goes on after its client has gone.

        :param receive: gives the whole body first, and then waits for the client to go.
        """
        parts, left, ended = [await receive()], asyncio.Event(), False

        async def hung_up() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            left.set()
            if ended:  # after its end every request is disconnected
                await asyncio.Event().wait()

        async def replayed() -> Message:
            if parts:
                return parts.pop()
            await left.wait()
            return {"type": "http.disconnect"}

        async def watched_send(message: Message) -> None:
            nonlocal ended
            ended = ended or (message["type"] == "http.response.body" and not message.get("more_body", False))
            await send(message)

        with suppress(Gone):
            await unless(hung_up(), self.app(scope, replayed, watched_send))

    def _refusal(self, scope: Scope, most: int) -> ASGIApp | None:
        headers = Headers(scope=scope)
        if (wrong := self.hosts.misdirected(headers)) is not None:
            return problem(421, wrong)
        if headers.get("origin") not in self.settings.allowed_origins and (wrong := foreign(headers)) is not None:
            return problem(403, wrong)
        if scope["path"] == METRICS_PATH and scope["method"] == "GET":
            return headers_too_large(scope, self.settings.header_bytes)
        if scope["method"] != "POST":
            # GET would be a stream without end, for messages of the server's own: it sends none.
            return problem(405, "This server answers calls, by POST; it sends no messages of its own.", headers=_CALLS)
        return headers_too_large(scope, self.settings.header_bytes) or bad_length(headers, most)
