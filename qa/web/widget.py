"""The embeddable widget: `/widget.js`, its page `/widget` that shows it live and builds the tag, and `/embed/ID`, a page
for frames.

The script is the sources in `static/widget`, joined at start into one function: no build tool, nothing generated to keep.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from html import escape
from string import Template, ascii_lowercase, ascii_uppercase
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from index.article import Particulars
from qa.live import Pipelines
from qa.web.article_html import article_html
from qa.web.head import STATIC, versioned

SOURCES: Final = STATIC / "widget"
PARTS: Final = (
    "setup.js",
    "find.js",
    "marks.js",
    "client.js",
    "turns.js",
    "conversation.js",
    "panel.js",
    "element.js",
)
"""In this order: each uses what those before it define."""

ASSETS: Final = ("demo.css", "demo.js", "embed.css", "embed.js")
"""What the two pages load besides."""

OFFERED: Final = 200
"""Articles that the widget's page lets choose among: a menu of thousands is none."""

CACHE: Final = "public, max-age=600"
"""A page that embeds the widget has the newest after ten minutes, and asks no more often than that."""

_COMMENT_LINE: Final = re.compile(r"(//|/\*|\*)")
_REMARK: Final = re.compile(r"\s// .*$")
_LITERAL: Final = re.compile(
    r"""("(?:[^"\\]|\\.)*"|'[^']*'|`[^`]*`|/(?! )(?:[^/\\\[]|\\.|\[(?:[^\]\\]|\\.)*\])+/[a-z]*)"""
)
_SHORTER: Final = (
    (re.compile(r"\bconst "), "let "),
    (re.compile(r"\btrue\b"), "!0"),
    (re.compile(r"\bfalse\b"), "!1"),
    (re.compile(r"(?<=\d)_(?=\d)|(?<![\w.])0(?=\.\d)"), ""),  # 30_000, 0.5
)
"""What says the same in fewer letters, outside of literals."""
_PARAMETER: Final = re.compile(r"(?<!\w)\((\w+)\)=>")
"""An arrow function's only parameter, which needs no parentheses; `async` before them would run into it."""
_SPACED: Final = re.compile(r" *([{}()\[\],;:=<>?&|!*]|(?<=[\w)\]] )[-+](?= [\w(])) *")
_NEEDLESS_END: Final = re.compile(r"(?<=[;{}(\[,])\n(?=.)|;(?=\n\})")
"""A line's end that ends no statement, as every statement has its semicolon; and the last semicolon of a block."""
_CSS_COMMENT: Final = re.compile(r"/\*.*?\*/", re.DOTALL)


@dataclass(frozen=True)
class Script:
    """What `/widget.js` serves."""

    text: str
    etag: str


def build_script() -> Script:
    """The sources, strings and style sheets as one classic script, without comments and indentation."""
    style = "".join(compact_css((SOURCES / name).read_text("utf-8")) for name in ("widget.css", "turns.css"))
    constants = {
        "STRINGS": strings(),
        "STYLE": style,
        "MARKS": compact_css((SOURCES / "marks.css").read_text("utf-8")),
    }
    lines = ["(() => {", '"use strict";']
    lines += [
        f"let {name} = {json.dumps(value, ensure_ascii=False, separators=(',', ':'))};"
        for name, value in constants.items()
    ]
    for name in PARTS:
        lines += compact_js((SOURCES / name).read_text("utf-8"))
    text = _NEEDLESS_END.sub("", "\n".join([*short_names(lines), "})();", ""]))
    return Script(text, f'"{hashlib.sha256(text.encode()).hexdigest()[:16]}"')


def strings() -> dict[str, dict[str, str]]:
    """The words of the interface, by language: one JSON file each."""
    return {path.stem: json.loads(path.read_text("utf-8")) for path in sorted((SOURCES / "strings").glob("*.json"))}


def widget_router(pipelines: Pipelines) -> APIRouter:
    """The routes, over the pipeline in use."""
    router = APIRouter(include_in_schema=False)
    script = build_script()
    _add_script(router, script)
    _add_pages(router, pipelines, script)
    return router


def _add_script(router: APIRouter, script: Script) -> None:
    @router.get("/widget.js")
    async def widget_script(request: Request) -> Response:
        headers = {"Cache-Control": CACHE, "ETag": script.etag}
        known = request.headers.get("if-none-match", "")
        if script.etag in (one.strip().removeprefix("W/") for one in known.split(",")):
            return Response(status_code=304, headers=headers)
        return Response(script.text, media_type="text/javascript", headers=headers)


def _add_pages(router: APIRouter, pipelines: Pipelines, script: Script) -> None:
    demo, embed = (Template((SOURCES / name).read_text("utf-8")) for name in ("demo.html", "embed.html"))

    @router.get("/widget")
    def widget_page(article: str | None = None) -> HTMLResponse:
        """The widget at work on an article's own text, the first's unless the address names another."""
        index = pipelines.current.index
        shown, sentences = index.whole(article or None)
        text = article_html(shown, sentences)
        offered: dict[str, Particulars] = {one.id: one for one in (*index.heads[:OFFERED], shown)}
        choices = "".join(_choice(one, one.id == shown.id) for one in offered.values())
        return _page(demo, shown, script, root="", text=text, choices=choices, others=_others(len(index.heads)))

    @router.get("/embed/{article_id:path}")
    async def embed_page(article_id: str) -> HTMLResponse:
        """The widget alone, for a frame; it tells the page around it how high it is. No text is asked for."""
        index = pipelines.current.index
        head = index.head_of[index.id_of(article_id)]
        return _page(embed, head, script, root="../" * (1 + article_id.count("/")))


def _page(template: Template, article: Particulars, script: Script, *, root: str, **more: str) -> HTMLResponse:
    """`template` filled in; `root` leads from the page to the server's root, wherever a proxy has put that."""
    assets = {name.replace(".", "_"): f"{root}{versioned(f'widget/{name}')}" for name in ASSETS}
    page = template.substitute(
        **assets,
        **more,
        tokens_css=root + versioned("tokens.css"),
        plain_css=root + versioned("plain.css"),
        icon=root + versioned("icon.svg"),
        widget_js=f"{root}widget.js?v={script.etag.strip(chr(34))}",
        id=escape(article.id),
        title=escape(article.title),
        language=escape(article.language),
    )
    return HTMLResponse(page)


def _others(total: int) -> str:
    """A remark on the articles that the page does not offer, where there are some."""
    if total <= OFFERED:
        return ""
    return f" <small>the first {OFFERED} of {total:,}; any other by its id: <code>/widget?article=ID</code></small>"


def _choice(article: Particulars, chosen: bool) -> str:
    return f'<option value="{escape(article.id)}"{" selected" if chosen else ""}>{escape(article.title)}</option>'


def compact_js(source: str) -> list[str]:
    """Its lines without comments, blank lines, indentation and spaces beside punctuation, and what `_SHORTER` shortens.

    Line ends stay, as some end statements. What stands in quotes, backticks (none within others, one line each) or in a
    regular expression is left alone.
    """
    lines = (_REMARK.sub("", line).strip() for line in source.splitlines())
    kept = (_LITERAL.split(line) for line in lines if line and not _COMMENT_LINE.match(line))
    return ["".join(_shorter(part) if place % 2 == 0 else part for place, part in enumerate(line)) for line in kept]


def _shorter(code: str) -> str:
    for long, short in _SHORTER:
        code = long.sub(short, code)
    return _PARAMETER.sub(r"\1=>", _SPACED.sub(r"\1", code))


def short_names(lines: list[str]) -> list[str]:
    """Compact lines with one letter for each constant whose name is in capitals, but for those that a template names; and two
    signs for each function that nothing else, no property either, is called like.
    """
    split = [_LITERAL.split(line) for line in lines]
    literals = " ".join(part for line in split for part in line[1::2] if part.startswith("`"))  # others name nothing
    code = "\n".join("".join(line[::2]) for line in split)
    declared = re.findall(r"^let ([A-Z][A-Z_]+) ?=", "\n".join(lines), re.MULTILINE)
    letters = dict(zip((name for name in declared if name not in literals), ascii_uppercase, strict=False))
    functions = [
        name for name in re.findall(r"^(?:async )?function (\w+)\(", code, re.MULTILINE) if len(name) > len("$a")
    ]
    free = (
        name
        for name in functions
        if not re.search(rf"(?<!\.\.)[.#]{name}\b|\b{name}:|(?<!function ){name}\([^()]*\)\{{", code)
    )
    letters |= {
        name: f"${letter}"
        for name, letter in zip((name for name in free if name not in literals), ascii_lowercase, strict=False)
    }
    if not letters:
        return lines
    names = re.compile(rf"\b({'|'.join(letters)})\b")
    return [
        "".join(
            names.sub(lambda found: letters[found[1]], part) if place % 2 == 0 else part
            for place, part in enumerate(line)
        )
        for line in split
    ]


def compact_css(source: str) -> str:
    """The rules without comments, needless white space and leading zeros."""
    text = " ".join(_CSS_COMMENT.sub("", source).split())
    text = re.sub(r"\s*([{};,>~])\s*", r"\1", text).replace(": ", ":").replace(";}", "}")
    return re.sub(r"(?<![\d.])0\.", ".", text)
