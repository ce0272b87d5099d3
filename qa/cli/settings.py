"""`python -m qa settings`: every setting, what it is now, and who says so."""

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qa.cli.terminal import Terminal, printable, wrap

if TYPE_CHECKING:
    from qa.settings import Settings

_MARGIN = 2


@dataclass(frozen=True)
class Row:
    """One setting; `source` is where its value comes from, "environment" or "default"."""

    name: str
    value: Any
    default: Any
    source: str
    meaning: str


def settings(
    as_json: Annotated[bool, typer.Option("--json", help="write the table as JSON, and nothing else")] = False,
) -> None:
    """List every setting: its value, its default, its meaning.

    Each is a variable of the environment; lists are JSON. Options of serve (--host, --port ..) win over them.
    """
    from qa.settings import load_settings

    rows = list(table(load_settings()))
    if as_json:
        print(json.dumps({"settings": [asdict(row) for row in rows]}, ensure_ascii=False, indent=1))
        return
    terminal = Terminal.of(sys.stdout)
    given = sum(row.source != "default" for row in rows)
    print(f"{len(rows)} settings as they are now, {given or 'none'} of them from the environment\n")
    print("\n\n".join("\n".join(_lines(row, terminal)) for row in rows))


def table(settings: "Settings") -> Iterator[Row]:
    """A row for each, in the order of `Settings`."""
    from qa.settings import ENV_PREFIX, Settings

    given = {name.upper() for name in os.environ}
    for field, info in Settings.model_fields.items():
        name = ENV_PREFIX + field.upper()
        yield Row(
            name=name,
            value=_plain(getattr(settings, field)),
            default=_plain(info.get_default(call_default_factory=True)),
            source="environment" if name in given else "default",
            meaning=str(info.description),
        )


def shown(value: Any) -> str:
    """A value as one types it into the environment.

    >>> shown(("a.md",)), shown(None), shown(2.0)
    ('["a.md"]', 'none', '2.0')
    """
    plain = _plain(value)
    return json.dumps(plain, ensure_ascii=False) if isinstance(plain, list) else "none" if plain is None else str(plain)


def _plain(value: Any) -> Any:
    """As JSON has it: paths are texts, tuples are lists."""
    if isinstance(value, (tuple, list)):
        return [str(item) for item in value]
    return value if value is None or isinstance(value, (bool, int, float)) else str(value)


def _lines(row: Row, terminal: Terminal) -> Iterator[str]:
    """Name and value; the default where it is another, and where the value comes from; the meaning."""
    value = printable(shown(row.value))
    told = ""
    if row.source != "default":
        default = "" if row.value == row.default else f", not the default {printable(shown(row.default))}"
        told = f"from the {row.source}{default}"
    yield f"{terminal.bold(row.name)} = {terminal.accent(value) if told else value}"
    for text, style in ((told, terminal.accent), (row.meaning, terminal.dim)):
        for start, end in wrap(text, terminal.width - _MARGIN):
            yield " " * _MARGIN + style(text[start:end])
