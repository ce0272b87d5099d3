"""`articles.jsonl`, `passages.jsonl`, `documents.jsonl`: the readable files of an index, one of each a line.

`articles.jsonl` holds each article whole; `passages.jsonl` each passage with its sentences, their offsets and words;
`documents.jsonl` by what to tell whether the documents are still those that the articles were read from.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, get_args

from index.article import Article, Block, BlockKind
from index.errors import IndexDamaged
from index.units import Passage, Sentence

# JSON lets these stand in a string as they are, yet many readers take them for the end of a line.
_LINE_ENDS = {"\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"}
_ESCAPED = str.maketrans(_LINE_ENDS)

Unit = Passage | Sentence


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
            **({"pages": article.pages} if article.pages else {}),
            "text": article.text,
        }
        for article in articles
    )


def read_articles(path: Path) -> tuple[Article, ...]:
    """The articles in the file at `path`.

    :raises IndexDamaged: a line is no article, or its text has not the checksum that it says.
    """
    articles = []
    for fields in _rows(path):
        try:
            sha256 = fields.pop("sha256")
            blocks = tuple(Block(kind, int(start), int(end)) for kind, start, end in fields.pop("blocks"))
            pages = tuple(int(start) for start in fields.pop("pages", ()))
            article = Article(blocks=blocks, pages=pages, **fields)
            _refuse_untyped(article)
        except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
            raise IndexDamaged(f"{path.name} holds a line that is no article: {error!r}") from error
        if article.sha256 != sha256:
            raise IndexDamaged(f"the text of article {article.id!r} has SHA-256 {article.sha256}, expected {sha256}")
        articles.append(article)
    return tuple(articles)


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    """What an index keeps of a document that it was built from.

    :param key: what `index/sources/reading.py` tells it by; it changes when the document's articles could.
    :param articles: the ids of its articles, in order.
    :param problems: how many it had that could not be used.
    """

    key: str
    articles: tuple[str, ...]
    problems: int = 0


def documents_to_bytes(documents: Iterable[DocumentRecord]) -> bytes:
    """The records as lines of JSON."""
    return _lines({"key": one.key, "articles": one.articles, "problems": one.problems} for one in documents)


def read_records(path: Path) -> tuple[DocumentRecord, ...]:
    """The records in the file at `path`.

    :raises IndexDamaged: a line is none.
    """
    records = []
    for fields in _rows(path):
        match fields:
            case {"key": str(key), "articles": [*ids], "problems": int(problems)} if all(isinstance(i, str) for i in ids):
                records.append(DocumentRecord(key, tuple(ids), problems))
            case _:
                raise IndexDamaged(f"{path.name} holds a line that tells of no document")
    return tuple(records)


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


@dataclass(frozen=True, slots=True)
class Rows:
    """The passages and sentences of an index in row order, and the words that stand beside each in the file."""

    passages: tuple[Passage, ...]
    sentences: tuple[Sentence, ...]
    quotes: dict[Unit, str]


def read_passages(path: Path) -> Rows:
    """The passages and sentences in the file at `path`.

    :raises IndexDamaged: a line is no passage.
    """
    passages: list[Passage] = []
    sentences: list[Sentence] = []
    quotes: dict[Unit, str] = {}
    for fields in _rows(path):
        try:
            home = fields["article_id"]
            passages.append(Passage(home, int(fields["id"]), int(fields["start"]), int(fields["end"])))
            quotes[passages[-1]] = fields["text"]
            for own in fields["sentences"]:
                sentences.append(Sentence(home, int(own["id"]), passages[-1].id, int(own["start"]), int(own["end"])))
                quotes[sentences[-1]] = own["text"]
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise IndexDamaged(f"{path.name} holds a line that is no passage: {error!r}") from error
    return Rows(tuple(passages), tuple(sentences), quotes)


def misquotes(quotes: Mapping[Unit, str], articles: Iterable[Article]) -> Iterator[str]:
    """The units whose offsets do not lead to the words beside them, a line each."""
    texts = {article.id: article.text for article in articles}
    for unit, quote in quotes.items():
        if unit.article_id not in texts:
            yield f"passages.jsonl names an article {unit.article_id!r}, which articles.jsonl does not hold"
        elif texts[unit.article_id][unit.start : unit.end] != quote:
            what = f"{type(unit).__name__.lower()} {unit.id} of article {unit.article_id!r}"
            yield f"{what}: the text at [{unit.start}, {unit.end}) is not {quote[:40]!r}"


def _lines(rows: Iterable[dict[str, Any]]) -> bytes:
    # UTF-8 rather than \u escapes: people read these files, in whatever script.
    return b"".join((json.dumps(row, ensure_ascii=False).translate(_ESCAPED) + "\n").encode() for row in rows)


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    if not path.stat().st_size:
        raise IndexDamaged(f"{path.name} holds nothing")
    try:
        with path.open("rb") as lines:  # those of millions of sentences would not fit several times
            for line in lines:
                row = json.loads(line.decode())
                if not isinstance(row, dict):
                    raise IndexDamaged(f"{path.name} holds a line that is no JSON object")
                yield row
    except (ValueError, RecursionError) as error:
        raise IndexDamaged(f"{path.name} holds a line that is no JSON: {error}") from error


def _refuse_untyped(article: Article) -> None:
    """:raises TypeError, ValueError: a field or a block is of another type than an article's."""
    needed, given = (article.id, article.title, article.language), (article.source, article.url, article.published)
    if not all(isinstance(one, str) for one in (*needed, *(one for one in given if one is not None))):
        raise TypeError("a field is no text")
    "".join(one for one in (*needed, *given) if one is not None).encode()  # no lone surrogates, which JSON can hold
    if any(block.kind not in get_args(BlockKind) for block in article.blocks):
        raise ValueError("a block is of no kind")
