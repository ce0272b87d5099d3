"""The rows of the collections in Milvus: how they are made and read, and what a change to them comes to."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from index.errors import IndexDamaged
from index.stores.milvus_tables import MOST_CHARACTERS, UNITS, Row
from index.stores.protocol import Counts, FloatArray, Head, Kind, StoredArticle
from index.stores.rows import packed
from index.stores.weighing import NO_TERM, holders, row_vector

_MOST = 2**28
"""Characters, passages or sentences that an article may have."""

NOWHERE = [0.0, 0.0]
"""The vector of rows that need none."""


@dataclass(frozen=True, slots=True)
class About:
    """What an archive says of itself.

    :param writing: somebody began to change it and has not ended: its counts may be wrong.
    """

    format: int
    encoder: str
    fingerprint: str
    dimension: int
    generation: str
    counts: Counts
    writing: bool = False


class Change:
    """What a call of `upsert` or `delete` has changed so far."""

    def __init__(self, terms: dict[Kind, Counter[int]] | None = None, total: Counter[str] | None = None) -> None:
        self.about: About | None = None
        self.anew = False
        self.articles = 0
        self.terms: dict[Kind, Counter[int]] = terms or {kind: Counter() for kind in UNITS}
        self.total: Counter[str] = total or Counter()

    def count(self, articles: Mapping[str, StoredArticle], sign: int) -> None:
        """Add the rows of articles to the counts, or take them away."""
        for stored in articles.values():
            self.total["article"] += sign
            for kind in UNITS:
                texts = texts_of(stored, kind)
                self.total[kind] += sign * len(texts)
                self.terms[kind][NO_TERM] += sign * len(texts)
                for number, times in holders(texts).items():
                    self.terms[kind][number] += sign * times


def key_of(article_id: str) -> str:
    """An article's key: 32 hexadecimal digits, whatever characters its id has."""
    return hashlib.sha256(article_id.encode()).hexdigest()[:32]


def row_key(key: str, revision: str, number: int) -> str:
    """The key of one of an article's rows. They begin with what is theirs, so that no two articles' can be the same."""
    return f"{key}{revision}{number:08d}"


def split_key(row: str) -> tuple[str, int]:
    return row[:32], int(row[64:])


def texts_of(stored: StoredArticle, kind: Kind) -> list[str]:
    units: Sequence[Any] = stored.sentences if kind == "sentence" else stored.passages
    return [stored.article.text[unit.start : unit.end] for unit in units]


def unit_rows(key: str, revision: str, stored: StoredArticle, kind: Kind) -> Iterator[Row]:
    vectors = stored.sentence_vectors if kind == "sentence" else stored.passage_vectors
    for number, (text, vector) in enumerate(zip(texts_of(stored, kind), vectors, strict=True)):
        yield {
            "key": row_key(key, revision, number),
            "article": key,
            "revision": revision,
            "number": number,
            "vector": vector.tolist(),
            "terms": row_vector(text, kind),
        }


def body_rows(key: str, revision: str, stored: StoredArticle) -> Iterator[Row]:
    """The parts of an article's body; the first tells by its number how many there are."""
    body = packed(stored)
    parts = [body[start : start + MOST_CHARACTERS] for start in range(0, len(body), MOST_CHARACTERS)]
    for number, part in enumerate(parts):
        yield article_row(row_key(key, revision, number), key, revision, number or len(parts), "part", part)


def article_row(key: str, article: str, revision: str, number: int, kind: str, body: str) -> Row:
    return {
        "key": key,
        "article": article,
        "revision": revision,
        "number": number,
        "kind": kind,
        "body": body,
        "vector": NOWHERE,
    }


def term_row(number: int, held: dict[Kind, int]) -> Row:
    return {"key": number, "vector": NOWHERE} | {f"{kind}s": times for kind, times in held.items()}


def head_in(row: Row) -> Head:
    """:raises IndexDamaged: it tells of no article."""
    try:
        head = Head(**json.loads(row["body"]))
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise IndexDamaged(f"the store gave what is no head of an article: {error!r}; build into it again") from error
    words = (head.id, head.title, head.language, head.sha256, head.revision)
    maybe = (head.source, head.url, head.published)
    amounts = (head.characters, head.passages, head.sentences)
    if (
        not all(isinstance(one, str) for one in words)
        or not all(isinstance(one, str | None) for one in maybe)
        or not all(type(one) is int and 0 < one <= _MOST for one in amounts)
    ):
        raise IndexDamaged(f"the store gave a head of article {head.id!r:.60} that tells of none; build into it again")
    return head


def vectorless(head: Head) -> tuple[FloatArray, FloatArray]:
    return np.empty((head.passages, 0), np.float32), np.empty((head.sentences, 0), np.float32)
