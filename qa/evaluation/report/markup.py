"""HTML and SVG by function calls: whatever is not markup already is escaped on its way in."""

from collections.abc import Iterable
from html import escape

_VOID = frozenset({"meta", "br", "hr", "col"})


class Html(str):
    """Markup; a plain `str` is text, and is escaped where it is put into markup."""

    __slots__ = ()


Child = str | None | Iterable["str | None"]


def el(name: str, /, *children: Child, **attributes: object) -> Html:
    """An element. Text is escaped, markup is not; None is left out, a list is put in item by item.

    In attribute names a trailing underscore is dropped and others become hyphens; an attribute that is None or False is left
    out, one that is True has no value, numbers are rounded to two decimals.

    >>> el("p", "1 < 2 ", el("b", "yes"), class_="a", hidden=True)
    '<p class="a" hidden>1 &lt; 2 <b>yes</b></p>'
    """
    head = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{escape(_attribute(value))}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if name in _VOID:
        return Html(f"<{name}{head}>")
    return Html(f"<{name}{head}>{join(*children)}</{name}>")


def join(*children: Child) -> Html:
    """The children one after another, text escaped."""
    return Html("".join(map(_piece, children)))


def _piece(child: Child) -> str:
    if child is None:
        return ""
    if isinstance(child, Html):
        return child
    return escape(child, quote=False) if isinstance(child, str) else join(*child)


def _attribute(value: object) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
