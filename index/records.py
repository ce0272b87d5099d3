"""`articles.jsonl` and `passages.jsonl`: the readable files of an index, one article or passage a line.

`articles.jsonl` holds each article whole; `passages.jsonl` each passage with its sentences, their offsets and words.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from index.article import Article, Block
from index.errors import IndexDamaged
from index.units import Passage, Sentence

# JSON lets these stand in a string as they are, yet many readers take them for the end of a line.
_LINE_ENDS = {"\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"}
_ESCAPED = str.maketrans(_LINE_ENDS)


def articles_to_bytes(articles: Iterable[Article]) -> bytes:
    """The articles as lines of JSON; any text comes back exactly."""
    return _lines(
        {
            "id": article.id,
            "title": article.title,
            "source": article.source,
            "url": article.url,
            "published": article.published,
            "language": article.language,
            "sha256": article.sha256,
            "blocks": [[block.kind, block.start, block.end] for block in article.blocks],
            "text": article.text,
        }
        for article in articles
    )


def articles_from_bytes(stored: bytes) -> Iterator[Article]:
    """What `articles_to_bytes` wrote.

    :raises IndexDamaged: a line is no article, or its text has not the checksum that it says.
    """
    for fields in _rows(stored, "articles.jsonl"):
        try:
            sha256 = fields.pop("sha256")
            blocks = tuple(Block(kind, start, end) for kind, start, end in fields.pop("blocks"))
            article = Article(blocks=blocks, **fields)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise IndexDamaged(f"articles.jsonl holds a line that is no article: {error}") from error
        if article.sha256 != sha256:
            raise IndexDamaged(f"the text of article {article.id!r} has SHA-256 {article.sha256}, expected {sha256}")
        yield article


def passages_to_bytes(articles: Iterable[Article], passages: Iterable[Passage], sentences: Sequence[Sentence]) -> bytes:
    """The passages as lines of JSON, each with the sentences that belong to it."""
    texts = {article.id: article.text for article in articles}
    by_passage = groupby(sentences, key=lambda own: (own.article_id, own.passage_id))
    owned = {home: list(group) for home, group in by_passage}
    return _lines(
        {
            "article_id": passage.article_id,
            "id": passage.id,
            "start": passage.start,
            "end": passage.end,
            "text": texts[passage.article_id][passage.start : passage.end],
            "sentences": [
                {"id": own.id, "start": own.start, "end": own.end, "text": texts[own.article_id][own.start : own.end]}
                for own in owned.get((passage.article_id, passage.id), [])
            ],
        }
        for passage in passages
    )


def passages_from_bytes(stored: bytes, articles: Iterable[Article]) -> Iterator[tuple[Passage, list[Sentence]]]:
    """What `passages_to_bytes` wrote: each passage with its sentences.

    :raises IndexDamaged: a line is no passage, or an offset does not lead to the words beside it.
    """
    texts = {article.id: article.text for article in articles}
    for fields in _rows(stored, "passages.jsonl"):
        try:
            home, number = fields["article_id"], fields["id"]
            passage = Passage(home, number, fields["start"], fields["end"])
            sentences = [Sentence(home, own["id"], number, own["start"], own["end"]) for own in fields["sentences"]]
            for words in (fields, *fields["sentences"]):
                if texts[home][words["start"] : words["end"]] != words["text"]:
                    raise IndexDamaged(f"[{words['start']}, {words['end']}) of {home!r} is not {words['text'][:40]!r}")
        except (KeyError, TypeError) as error:
            raise IndexDamaged(f"passages.jsonl holds a line that is no passage: {error!r}") from error
        yield passage, sentences


def _lines(rows: Iterable[dict[str, Any]]) -> bytes:
    # UTF-8 rather than \u escapes: people read these files, in whatever script.
    return "".join(json.dumps(row, ensure_ascii=False).translate(_ESCAPED) + "\n" for row in rows).encode()


def _rows(stored: bytes, name: str) -> Iterator[dict[str, Any]]:
    try:
        for line in stored.decode().removesuffix("\n").split("\n"):
            row = json.loads(line)
            if not isinstance(row, dict):
                raise IndexDamaged(f"{name} holds a line that is no JSON object")
            yield row
    except ValueError as error:
        raise IndexDamaged(f"{name} holds a line that is no JSON: {error}") from error
