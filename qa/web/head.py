"""Our title, icon, style sheets and scripts in the head of Gradio's page, from the first byte, in place of Gradio's own.

Gradio's own `head=` is put in by its script once that runs: the page would flash unstyled first, and what shows links'
previews runs no script. So the one HTML document is rewritten on its way out.
"""

import hashlib
import re
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qa.pipeline import QAPipeline

STATIC: Final = Path(__file__).parent / "static"
STYLES: Final = ("tokens.css", "layout.css", "chat.css", "answer.css", "article.css", "archive.css")
SCRIPTS: Final = (
    *("dom.js", "anchor.js", "since.js", "address.js", "archive.js", "citations.js", "conversation.js", "asking.js"),
    *("copying.js", "votes.js", "picker.js", "page.js"),
)
"""In the order in which they run: each uses what those before it have added to `articleQA`."""
ICON: Final = "icon.svg"
DESCRIPTION: Final = "Answers in the article’s own words"

_GRADIOS: Final = re.compile(rb"""\s*<(?:meta\s+(?:property="og:|name="twitter:)|link\s+rel="manifest")[^>]*>""")
"""Gradio's preview (its name, and an image on another host) and its manifest, which shows its logo."""


def head_html(title: str) -> bytes:
    """What goes before `</head>`: title, preview, icon, style sheets and scripts, each address with its content's hash."""
    title = escape(title)
    links = "".join(f'<link rel="stylesheet" href="{versioned(name)}">' for name in STYLES)
    scripts = "".join(f'<script src="{versioned(name)}" defer></script>' for name in SCRIPTS)
    return (
        f'<title>{title}</title><meta name="color-scheme" content="light dark">'
        f'<meta name="description" content="{DESCRIPTION}"><meta property="og:type" content="website">'
        f'<meta property="og:title" content="{title}"><meta property="og:description" content="{DESCRIPTION}">'
        f'<meta name="twitter:card" content="summary">'
        f'<link rel="icon" type="image/svg+xml" href="{versioned(ICON)}">{links}{scripts}'
    ).encode()


def page_title(pipeline: QAPipeline) -> str:
    """What the browser's tab says."""
    articles = pipeline.index.heads
    return f"{f'{len(articles):,} articles' if len(articles) > 1 else articles[0].title} · Article QA"


def versioned(name: str) -> str:
    """The address of a file of `static/`, relative to the server's root; with its content's hash, so it is kept for ever."""
    return f"ui/{name}?v={hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]}"


class PageHead:
    """ASGI middleware that puts what `html` gives into the head of the document at `/`, which Gradio sends uncompressed."""

    def __init__(self, app: ASGIApp, html: Callable[[], bytes]) -> None:
        self.app = app
        self.html = html

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything but `GET /` through; that one is read whole (40 kB) and sent on rewritten."""
        if scope["type"] != "http" or scope["path"] != "/" or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        start: Message = {}
        body = bytearray()

        async def add_head(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            if message["type"] != "http.response.body":
                await send(message)
                return
            body.extend(message.get("body", b""))
            if message.get("more_body", False):
                return
            head, end, rest = bytes(body).partition(b"</head>")
            whole = _GRADIOS.sub(b"", head) + self.html() + end + rest
            MutableHeaders(scope=start)["Content-Length"] = str(len(whole))
            await send(start)
            await send({"type": "http.response.body", "body": whole})

        await self.app(scope, receive, add_head)
