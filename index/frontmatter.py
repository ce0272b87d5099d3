"""Front matter: the `key: value` lines between two `---` lines at the very top of an article's file.

    ---
    id: article
    title: Mars: the plan
    published: 2025-03-27
    ---
    The text of the article begins here, on the line after the closing one.

Rules, so that a title is never mangled and a text never eaten:

- The keys are those of `KEYS`, each at most once, in any case and order. A value is the rest of its line, taken as it
  stands, without one pair of quotes around it. This is not YAML, on purpose: YAML reads `Mars: the plan` as an error,
  `no` as False and `2025-03-27` as a date, and takes the last of two equal keys without a word.
- Other keys, and lists or mappings indented under them, are passed over with a warning in the log (one for all files that
  have the same), since files written for other programs have them. A value of several lines under one of our own keys is
  an error.
- An opening `---` is front matter only when the next lines, up to the first blank one, hold one of our keys, or when all
  lines up to the closing `---` (or `...`) look like front matter. Else it is a rule in the text, and the text keeps it.
- The text begins right after the closing line's own line end: a blank line there belongs to the text.
"""

import difflib
import logging
import re
from collections.abc import Iterator
from functools import cache

from index.errors import ArticleError

KEYS = ("id", "title", "source", "url", "published", "language")

_OTHERS = ("publisher", "publishers", "sources", "titles", "languages")
"""Keys that other programs write, which look like ours misspelt."""
_SHORTEST = 5  # letters of a key of ours that can be told misspelt: `uid`, `pid` and `urls` are words of their own

_LOG = logging.getLogger(__name__)
_KEY_LINE = re.compile(r"([A-Za-z_][\w.-]*)[ \t]*:(?:[ \t]+(.*))?")
_NESTED = re.compile(r"[ \t]+\S|-(?:[ \t]|$)")
_DOUBLE_QUOTED = re.compile(r'"((?:[^"\\]|\\["\\])*)"')
_SINGLE_QUOTED = re.compile(r"'((?:[^']|'')*)'")
_BLOCK_SCALAR = re.compile(r"[|>][+-]?\d*")


def split_front_matter(text: str) -> tuple[dict[str, str], int]:
    """The fields of the front matter, and the offset at which the article's own text begins.

    `({}, 0)` when there is none. Keys of the result are among `KEYS`; empty values are left out.

    :raises ArticleError: the front matter is not closed, repeats a key, or holds a line or value that it cannot hold.
    """
    lines = _lines(text)
    opening, _ = next(lines)
    if opening != "---":
        return {}, 0
    body: list[str] = []
    begin = None
    for line, after in lines:
        if line in ("---", "..."):
            begin = after
            break
        body.append(line)
    if not _names_a_key_of_ours(body) and (begin is None or not _looks_like_front_matter(body)):
        return {}, 0
    if begin is None:
        raise ArticleError(
            "front matter is opened on line 1 but never closed; expected a second line ---; "
            "if the --- is a rule in the text, put a blank line under it"
        )
    return _fields(body), begin


def _lines(text: str) -> Iterator[tuple[str, int]]:
    """Each line without white space at its end, and the offset after its line end; at least one line."""
    begin = 0
    while True:
        newline = text.find("\n", begin)
        if newline < 0:
            yield text[begin:].rstrip(), len(text)
            return
        yield text[begin:newline].rstrip(), newline + 1
        begin = newline + 1


def _names_a_key_of_ours(body: list[str]) -> bool:
    for line in body:
        if not line:
            return False
        match = _KEY_LINE.fullmatch(line)
        if match and match[1].lower() in KEYS:
            return True
    return False


def _looks_like_front_matter(body: list[str]) -> bool:
    if not body or not _KEY_LINE.fullmatch(body[0]):
        return False
    return all(not line or line.startswith("#") or _NESTED.match(line) or _KEY_LINE.fullmatch(line) for line in body)


def _fields(body: list[str]) -> dict[str, str]:
    fields: dict[str, str] = {}
    unused: list[str] = []
    key = ""
    for number, line in enumerate(body, start=2):
        if not line or line.startswith("#"):
            continue
        if _NESTED.match(line):
            if key in KEYS:
                raise ArticleError(f"front matter line {number}: {key} goes over several lines; expected it on one line")
            continue
        match = _KEY_LINE.fullmatch(line)
        if not match:
            raise ArticleError(f"front matter line {number}: found {shown(line)}; expected `key: value`")
        key = match[1].lower()
        if key not in KEYS:
            _refuse_misspelling(key, number)
            unused.append(key)
            continue
        if key in fields:
            raise ArticleError(f"front matter line {number}: {key} stands there twice; expected it once")
        value = _unquoted((match[2] or "").strip())
        if _BLOCK_SCALAR.fullmatch(value):
            raise ArticleError(f"front matter line {number}: {key} goes over several lines; expected it on one line")
        fields[key] = value
    if unused:
        _tell_unused(", ".join(unused))
    return {name: value for name, value in fields.items() if value}


@cache
def _tell_unused(keys: str) -> None:
    """Once for all files that have the same keys, as a folder of another program's has thousands of."""
    _LOG.warning("front matter: not used: %s; the keys that are: %s", keys, ", ".join(KEYS))


def _refuse_misspelling(key: str, number: int) -> None:
    """An unknown key is passed over, but `tilte` was meant to say something."""
    alike = [
        own for own in KEYS if len(own) >= _SHORTEST and abs(len(own) - len(key)) <= 1
    ]  # `published_at` is another's
    near = difflib.get_close_matches(key, alike, n=1, cutoff=0.8)
    if near and key not in _OTHERS:
        raise ArticleError(f"front matter line {number}: found the key {key}; did you mean {near[0]}?")


def _unquoted(value: str) -> str:
    """`"Mars: the plan"` and `'Mars''s moons'` as YAML reads them; `"A" and "B"` is left as it stands."""
    if match := _DOUBLE_QUOTED.fullmatch(value):
        return re.sub(r"\\(.)", r"\1", match[1]).strip()
    if match := _SINGLE_QUOTED.fullmatch(value):
        return match[1].replace("''", "'").strip()
    return value


def shown(value: str) -> str:
    """`value` for an error message: quoted, on one line, nothing invisible left in it, cut when long."""
    return repr(value if len(value) <= 60 else value[:59] + "…")
