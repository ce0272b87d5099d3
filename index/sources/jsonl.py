"""JSONL: a document a line, `{"id", "title", "text", "url", "published", "source", "language"}`; `id` and `text` are needed,
null is as good as leaving out, and other fields are passed over.
"""

import json
from collections.abc import Callable, Iterator
from typing import Protocol

from index.article import Article, article_from_text
from index.errors import ArticleError

LONGEST_LINE = 16 * 2**20
"""Bytes of a line, and so of a document."""

_STRANGE = 5  # lines that are no documents, after which a file is taken for something else

FIELDS = ("title", "source", "url", "published", "language")

Row = tuple[int, Article | str]
"""The number of a line, from 1, and its article, or why there is none."""


class Lines(Protocol):
    """What lines are read from: a file of bytes."""

    def readline(self, size: int, /) -> bytes:
        """The next line, or its first `size` bytes; nothing at the end."""
        ...


def read_rows(file: Lines, progress: Callable[[int], None]) -> Iterator[Row]:
    """Each line that is not blank. A file that begins with `_STRANGE` lines none of which is a document at all is something
    else, and what follows is not looked at.

    :param progress: called with the bytes that each line had.
    """
    number = strange = 0
    looks_right = False
    while line := file.readline(LONGEST_LINE + 1):
        number += 1
        progress(len(line))
        if len(line) > LONGEST_LINE:
            while line and not line.endswith(b"\n"):
                line = file.readline(LONGEST_LINE)
                progress(len(line))
            yield number, f"the line is longer than {LONGEST_LINE // 2**20} MiB; expected a shorter document"
        elif line.strip():
            try:
                yield number, _article(line)
                looks_right = True
            except _NoDocument as error:
                strange += 1
                if strange == _STRANGE and not looks_right:
                    yield number, f"{error}; no line before is a document, so the rest is not looked at"
                    return
                yield number, str(error)
            except ArticleError as error:
                yield number, str(error)
                looks_right = True


class _NoDocument(ArticleError):
    """A line that does not even look like a document."""


def _article(line: bytes) -> Article:
    """:raises ArticleError: the line is none."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise _NoDocument(f"no JSON ({error}); expected an object a line") from error
    if not isinstance(row, dict):
        raise _NoDocument('found no object; expected {"id": ..., "text": ...}')
    identity, text = row.get("id"), row.get("text")
    if identity is None and text is None:
        raise _NoDocument('found neither "id" nor "text"; expected both')
    if isinstance(identity, int) and not isinstance(identity, bool):
        identity = str(identity)
    if not isinstance(identity, str) or not isinstance(text, str):
        missing = "id" if not isinstance(identity, str) else "text"
        raise ArticleError(f'found no "{missing}"; expected {{"id": ..., "text": ...}}, both as text')
    given = {name: row.get(name) for name in FIELDS}
    for name, value in given.items():
        if value is not None and not isinstance(value, str):
            raise ArticleError(f'found something else than text as "{name}"; expected text or null')
    return article_from_text(
        text,
        id=identity,
        title=given["title"],
        source=given["source"],
        url=given["url"],
        published=given["published"],
        language=given["language"] or "en",
    )
