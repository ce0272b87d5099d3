"""Another site: pages of another origin that embed the widget; and an API that is busy or slow when a test wants it to be.

Pages and API are told apart by name only (127.0.0.1 and localhost), so they are of different origins on one port.
"""

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from index.encoder import Encoder
from index.store import Index
from qa.answer import Answer
from tests.browser.scripted import ScriptedPipeline

QUOTE = 'In a post on X, Musk said human landings could take place as early as 2029, but that "2031 was more likely."'

PROSE = (
    "<p>Moscow is seeking to develop economic cooperation with Washington, even as US sanctions remain in place.</p>"
    "<p>In a post on <b>X</b>, Musk said human landings could take place <em>as ea\u00adrly as</em> 2029,\n"
    "but\u00a0that\u200b “2031 was<br>more likely.” He spoke last year of plans to build a “self-sustaining city in "
    "about 20 years” on Mars.</p>"
)
"""The seed article's sentences as a publisher may print them: with tags, typographic quotes, soft hyphens, line breaks."""

FILLER = "".join(
    f"<p>Paragraph {number} of something else, long enough to fill a line or two.</p>" for number in range(30)
)


@dataclass
class Reply:
    """What the scripted API answers to one request; `gate`, once it is set, lets the answer go."""

    status: int
    body: Mapping[str, Any] | str
    headers: Mapping[str, str] = field(default_factory=dict)
    gate: threading.Event | None = None


class Host:
    """A server of pages, and of scripted replies to questions; every request to its API is kept in `asked`."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[str, Mapping[str, str]]] = {}
        self.replies: list[Reply] = []
        self.asked: list[dict[str, Any]] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.port = self.server.server_address[1]
        self.origin = f"http://127.0.0.1:{self.port}"
        self.api = f"http://localhost:{self.port}"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def page(self, body: str, *, head: str = "", attributes: str = 'lang="en"', **headers: str) -> str:
        """The address of a new page."""
        path = f"/page{len(self.pages)}.html"
        start = f'<!doctype html><html {attributes}><head><meta charset="utf-8"><title>Host</title>{head}</head>'
        html = f"{start}<body>{body}</body></html>"
        self.pages[path] = (html, {name.replace("_", "-"): value for name, value in headers.items()})
        return self.origin + path

    def close(self) -> None:
        for reply in self.replies:
            if reply.gate is not None:
                reply.gate.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(30)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        host = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                if self.path.startswith("/api/"):
                    self._send(200, {"articles": [], "suggestions": []}, {})
                    return
                html, headers = host.pages.get(self.path, ("", {}))
                self._send(200 if html else 404, html, headers)

            def do_OPTIONS(self) -> None:
                self._send(
                    204, "", {"Access-Control-Allow-Headers": "Content-Type", "Access-Control-Allow-Methods": "POST"}
                )

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                host.asked.append({**json.loads(body), "headers": dict(self.headers)})
                reply = host.replies.pop(0)
                if reply.gate is not None:
                    reply.gate.wait(60)
                self._send(reply.status, reply.body, {"Access-Control-Expose-Headers": "Retry-After", **reply.headers})

            def _send(self, status: int, content: Mapping[str, Any] | str, headers: Mapping[str, str]) -> None:
                body = (content if isinstance(content, str) else json.dumps(content)).encode()
                kind = "text/html; charset=utf-8" if isinstance(content, str) else "application/json"
                self.send_response(status)
                sent = {
                    "Content-Type": kind,
                    "Content-Length": str(len(body)),
                    "Access-Control-Allow-Origin": "*",
                    **headers,
                }
                for name, value in sent.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        return Handler


class EmbeddedPipeline(ScriptedPipeline):
    """Scripted as the chat page's is; besides, "And there?" is understood as another question."""

    def __init__(self, index: Index, encoder: Encoder) -> None:
        super().__init__(index, encoder)
        self.sent: list[list[dict[str, Any]]] = []
        """The history that each question came with."""

    def answer(self, question: str, *, history: Sequence[Mapping[str, Any]] = (), **how: Any) -> Answer:
        """The script's answer."""
        self.sent.append([dict(turn) for turn in history])
        if question == "And there?":
            return replace(super().answer("words", **how), question=question, interpreted_as="Who lives there?")
        return super().answer(question, **how)
