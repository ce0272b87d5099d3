"""Pieces of the documentation page: JSON, commands, and tables of fields and responses, as HTML. All text is escaped."""

import json
import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

_TOKENS: Final = re.compile(r'("(?:[^"\\]|\\.)*")(\s*:)?|\b(true|false|null)\b')
_MARKED: Final = re.compile(r"`([^`]+)`")
_AS_CODE: Final = r"<code>\1</code>"

_OBJECTS: Final = "#/components/schemas/"


def json_html(value: object) -> str:
    """A JSON value, indented, its names and words coloured."""

    def coloured(found: re.Match[str]) -> str:
        text, colon, word = found.groups()
        if word:
            return f'<span class="word">{word}</span>'
        return f'<span class="key">{escape(text)}</span>{colon}' if colon else escape(text)

    text = json.dumps(value, ensure_ascii=False, indent=2)
    parts, end = [], 0
    for found in _TOKENS.finditer(text):
        parts += [escape(text[end : found.start()]), coloured(found)]
        end = found.end()
    return f'<pre tabindex="0"><code>{"".join(parts)}{escape(text[end:])}</code></pre>'


def code_html(text: str) -> str:
    """A command, or lines of a program."""
    return f'<pre tabindex="0"><code>{escape(text)}</code></pre>'


def type_html(schema: Mapping[str, Any]) -> str:
    """A field's type in words, with a link for an object: `list of Citation`, `text or null`, `number, 1 to 10`."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(_OBJECTS)
        return f'<a href="#object-{escape(name)}">{escape(name)}</a>'
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(type_html(one) for one in schema["anyOf"]))
    if "const" in schema or "enum" in schema:
        return " or ".join(f"<code>{escape(json.dumps(one))}</code>" for one in schema.get("enum", [schema.get("const")]))
    kind: str = schema.get("type", "anything")
    if kind == "array":
        return f"list of {type_html(schema['items'])}{_range(schema, 'minItems', 'maxItems')}"
    named = {"string": "text", "integer": "whole number", "null": "null", "boolean": "true or false"}.get(kind, kind)
    return f"{escape(named)}{_range(schema, 'minimum', 'maximum')}"


def fields_html(schema: Mapping[str, Any], *, request: bool) -> str:
    """The fields of an object; of one that is sent to the server, which of them must be there."""
    rows = []
    for name, field in schema["properties"].items():
        told = escape(field.get("description", ""))
        if request:
            default = f"default <code>{escape(json.dumps(field.get('default')))}</code>"
            told = f"{told} <small>{'required' if name in schema.get('required', ()) else default}</small>"
        rows.append((f"<code>{escape(name)}</code>", type_html(field), told))
    if any(told for *_, told in rows):
        return table_html(("Field", "Type", "Meaning"), rows)
    return table_html(("Field", "Type"), [row[:2] for row in rows])


def table_html(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A table of cells that are HTML already."""
    top = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f'<div class="wide" tabindex="0"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'


def prose_html(text: str) -> str:
    """A docstring's paragraphs, its `code` as such."""
    paragraphs = (escape(" ".join(part.split())) for part in text.split("\n\n"))
    return "".join(f"<p>{_MARKED.sub(_AS_CODE, one)}</p>" for one in paragraphs)


def _range(schema: Mapping[str, Any], low: str, high: str) -> str:
    """`, 1 to 10`; nothing when there is no upper bound."""
    return f", {schema.get(low, 0):g} to {schema[high]:g}" if high in schema else ""
