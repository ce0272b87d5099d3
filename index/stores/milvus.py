"""The store in Milvus: a cluster by its address, or Milvus Lite in a local file; the same collections in both.

    article_qa_sentences, _passages   a row each: its article's key and revision, its number, its vector, its terms
    article_qa_articles               an article's head; its text in parts; and one row about the archive
    article_qa_terms                  how many rows hold each term

Milvus knows no transactions. So an article's rows carry its revision, its head names the revision that counts, and a change
writes the new rows, then the head, then removes the old rows: whoever reads meets one revision or the other, and a writer
that is killed leaves rows that nobody is shown. Terms are counted here, and not by Milvus' own BM25: that one goes by the
rows of a segment in Milvus Lite, and of a shard in a cluster, removed ones among them, so that scores would not compare.
"""

import json
import logging
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from itertools import islice

import numpy as np

from index.errors import ArticleError, IndexDamaged, IndexForeign, IndexMissing, IndexStale
from index.stores.milvus_rows import (
    About,
    Change,
    article_row,
    body_rows,
    head_in,
    key_of,
    row_key,
    split_key,
    term_row,
    unit_rows,
    vectorless,
)
from index.stores.milvus_tables import ARTICLES, MOST_CHARACTERS, TERMS, UNITS, Row, Tables, among
from index.stores.protocol import Counts, EncoderIdentity, FloatArray, Head, Hit, Kind, StoredArticle
from index.stores.rows import checked_depth, checked_vectors, head_of, revision_of, unpacked
from index.stores.weighing import NO_TERM, counted, question_vector

FORMAT = 1
"""Raised whenever rows change their meaning; an archive of another format is refused."""

_ABOUT = "about"
_MORE = 32
"""Rows beyond the k best that are asked for: of equals at the cut the first in order are wanted, and some may be of the
past."""
_WIDEST = 16_384
_AT_ONCE = 64
"""Articles that are written in one go."""
_DECIMALS = 6
"""Scores are compared rounded: servers add up in an order of their own."""

log = logging.getLogger(__name__)

Found = list[tuple[float, str, str, int]]


class MilvusStore:
    """A `VectorStore` in Milvus."""

    def __init__(
        self, uri: str, encoder: EncoderIdentity, *, token: str | None = None, create: bool = False, shards: int = 1
    ) -> None:
        """See `opening.open_store`."""
        self.encoder = encoder
        self._tables = Tables(uri, token, encoder.dimension, shards)
        try:
            self._open(create)
        except BaseException:
            self._tables.close()
            raise

    @property
    def name(self) -> str:
        """See `VectorStore`."""
        return self._tables.uri

    @property
    def generation(self) -> str:
        """See `VectorStore`."""
        return self._about().generation

    def search(
        self, vectors: FloatArray, k: int, *, kind: Kind = "sentence", articles: Sequence[str] | None = None
    ) -> list[tuple[Hit, ...]]:
        """See `VectorStore`; in a cluster by HNSW, which finds most of the nearest rows and not always all."""
        checked_depth(k)
        asked = checked_vectors(vectors, self.encoder.dimension, "vectors")
        return [self._best(kind, "vector", query, k, articles) for query in asked]

    def search_terms(
        self, texts: Sequence[str], k: int, *, kind: Kind = "sentence", articles: Sequence[str] | None = None
    ) -> list[tuple[Hit, ...]]:
        """See `VectorStore`."""
        checked_depth(k)
        asked = [counted(text) for text in texts]
        held = self._held(kind, {number for one in asked for number in one})
        queries = [question_vector(one, held, held[NO_TERM]) for one in asked]
        return [self._best(kind, "terms", query, k, articles) if query else () for query in queries]

    def upsert(self, articles: Iterable[StoredArticle]) -> int:
        """See `VectorStore`."""
        change = Change()
        coming = iter(articles)
        while batch := list(islice(coming, _AT_ONCE)):
            self._write(batch, change)
        self._finish(change)
        return change.articles

    def delete(self, ids: Iterable[str]) -> int:
        """See `VectorStore`."""
        change = Change()
        coming = iter(ids)
        while batch := list(islice(coming, _AT_ONCE)):
            heads = self._heads([key_of(article_id) for article_id in batch])
            if heads:
                self._begin(change)
                change.count(self._bodies(heads), -1)
                for name in (ARTICLES, *UNITS.values()):
                    self._tables.remove(name, among(list(heads)))
                change.articles += len(heads)
        self._finish(change)
        return change.articles

    def heads(self) -> tuple[Head, ...]:
        """See `VectorStore`."""
        rows = self._tables.every(ARTICLES, 'kind == "head"', ["body"])
        return tuple(sorted((head_in(row) for row in rows), key=lambda head: head.id))

    def fetch(self, ids: Sequence[str]) -> list[StoredArticle]:
        """See `VectorStore`."""
        try:
            return self._whole(ids)
        except IndexDamaged:  # replaced or removed between the head and the rest, as a rule
            return self._whole(ids)

    def count(self) -> Counts:
        """See `VectorStore`."""
        return self._about().counts

    def close(self) -> None:
        """See `VectorStore`."""
        self._tables.close()

    # Opening

    def _open(self, create: bool) -> None:
        if not self._tables.exists():
            if not create:
                raise IndexMissing(
                    f"there is no index in the store {self.name}; build it: python -m qa build SOURCE ... --store {self.name}"
                )
            self._tables.create()
        self._tables.load()
        if create and not self._tables.rows(ARTICLES, [_ABOUT], ["key"]):
            if next(self._tables.every(ARTICLES, 'kind != ""', ["key"]), None) is not None:
                raise IndexForeign(
                    f"the store {self.name} holds articles that are not of this program; name another store"
                )
            self._tell(self._new())
        about = self._about()
        if about.fingerprint != self.encoder.fingerprint:
            raise IndexStale(
                f"the index in the store {self.name} is of another encoder, {about.encoder}, {about.fingerprint[:12]}; "
                f"expected {self.encoder.name}, {self.encoder.fingerprint[:12]}; use that encoder, or another store"
            )

    def _new(self) -> About:
        own = self.encoder
        return About(FORMAT, own.name, own.fingerprint, own.dimension, uuid.uuid4().hex, Counts(0, 0, 0))

    def _about(self) -> About:
        rows = self._tables.rows(ARTICLES, [_ABOUT], ["body"])
        try:
            fields = json.loads(rows[0]["body"])
            if fields["format"] != FORMAT:
                raise IndexForeign(
                    f"the index in the store {self.name} has format {fields['format']!r}, expected {FORMAT}; "
                    "build into another store"
                )
            return About(**fields | {"counts": Counts(**fields["counts"])})
        except (IndexError, KeyError, TypeError, ValueError) as error:
            raise IndexForeign(
                f"the store {self.name} does not say what it holds; build into it again, or name another"
            ) from error

    def _tell(self, about: About) -> None:
        body = json.dumps(asdict(about))
        self._tables.write(ARTICLES, [article_row(_ABOUT, "", "", 0, "about", body)])

    # Searching

    def _best(
        self,
        kind: Kind,
        field: str,
        query: FloatArray | dict[int, float],
        k: int,
        articles: Sequence[str] | None,
    ) -> tuple[Hit, ...]:
        """The k best rows of the present, those at the cut chosen among all that are equal."""
        if articles is not None and not articles:
            return ()
        where = among([key_of(article_id) for article_id in articles]) if articles is not None else ""
        limit = k + _MORE
        while True:
            found = self._tables.search(UNITS[kind], field, query, limit, where)
            hits = self._present(found)
            cut = round(hits[k - 1].score, _DECIMALS) if len(hits) >= k else None
            whole = cut is not None and round(found[-1][0], _DECIMALS) < cut
            if whole or len(found) < limit or limit >= _WIDEST:
                return tuple(hits[:k])
            limit = min(4 * limit, _WIDEST)

    def _present(self, found: Found) -> list[Hit]:
        """The rows that belong to what their article's head says now, in order."""
        heads = self._heads(sorted({key for _, key, _, _ in found}))
        hits = [
            Hit(heads[key].id, number, score)
            for score, key, revision, number in found
            if key in heads and heads[key].revision == revision
        ]
        return sorted(hits, key=lambda hit: (-round(hit.score, _DECIMALS), hit.article_id, hit.number))

    def _held(self, kind: Kind, numbers: set[int]) -> Counter[int]:
        """How many rows hold each term; `NO_TERM` is held by all."""
        rows = self._tables.rows(TERMS, [NO_TERM, *sorted(numbers)], ["key", f"{kind}s"])
        return Counter({row["key"]: row[f"{kind}s"] for row in rows})

    # Reading

    def _heads(self, keys: Sequence[str]) -> dict[str, Head]:
        """The heads of those of the articles that there are, by key."""
        return {row["key"]: head_in(row) for row in self._tables.rows(ARTICLES, keys, ["key", "body"])} if keys else {}

    def _bodies(self, heads: Mapping[str, Head]) -> dict[str, StoredArticle]:
        """The articles without their vectors, by key."""
        return {key: unpacked(body, *vectorless(heads[key])) for key, body in self._packed(heads).items()}

    def _packed(self, heads: Mapping[str, Head]) -> dict[str, str]:
        parts: dict[str, list[str]] = {key: [] for key in heads}
        wanted = [row_key(key, head.revision, 0) for key, head in heads.items()]
        first = {row["key"]: row for row in self._tables.rows(ARTICLES, wanted, ["key", "number", "body"])}
        more: list[str] = []
        for key, head in heads.items():
            row = first.get(row_key(key, head.revision, 0))
            if row is None:
                raise IndexDamaged(f"the store {self.name} holds no text of article {head.id!r}; build into it again")
            parts[key] = [row["body"], *("" for _ in range(row["number"] - 1))]
            more += [row_key(key, head.revision, part) for part in range(1, row["number"])]
        for row in self._tables.rows(ARTICLES, more, ["key", "body"]) if more else ():
            key, part = split_key(row["key"])
            parts[key][part] = row["body"]
        return {key: "".join(own) for key, own in parts.items()}

    def _whole(self, ids: Sequence[str]) -> list[StoredArticle]:
        keys = [key_of(article_id) for article_id in ids]
        heads = self._heads(keys)
        if missing := [name for name, key in zip(ids, keys, strict=True) if key not in heads]:
            raise ArticleError(f"there is no article {missing[0]!r} in the store; see the list of what there is")
        bodies = self._packed(heads)
        vectors = {kind: self._vectors(heads, kind) for kind in UNITS}
        return [unpacked(bodies[key], vectors["passage"][key], vectors["sentence"][key]) for key in keys]

    def _vectors(self, heads: Mapping[str, Head], kind: Kind) -> dict[str, FloatArray]:
        """*Shape:* ``(n, d)`` for each article; a row that is missing is damage."""
        amounts = {key: head.sentences if kind == "sentence" else head.passages for key, head in heads.items()}
        found = {key: np.full((amount, self.encoder.dimension), np.nan, np.float32) for key, amount in amounts.items()}
        wanted = [row_key(key, heads[key].revision, n) for key, amount in amounts.items() for n in range(amount)]
        for row in self._tables.rows(UNITS[kind], wanted, ["key", "vector"]):
            key, number = split_key(row["key"])
            found[key][number] = row["vector"]
        for key, own in found.items():
            if np.isnan(own).any():
                raise IndexDamaged(
                    f"the store {self.name} lacks {kind}s of article {heads[key].id!r}; build into it again"
                )
        return found

    # Writing

    def _write(self, batch: Sequence[StoredArticle], change: Change) -> None:
        coming = {key_of(stored.article.id): stored for stored in batch}
        for stored in coming.values():
            for vectors in (stored.sentence_vectors, stored.passage_vectors):
                checked_vectors(vectors, self.encoder.dimension, f"vectors of article {stored.article.id!r}")
        before = self._heads(list(coming))
        revisions = {key: revision_of(stored.article, self.encoder.fingerprint) for key, stored in coming.items()}
        fresh = {k: own for k, own in coming.items() if k not in before or before[k].revision != revisions[k]}
        if not fresh:
            return
        self._begin(change)
        replaced = {key: before[key] for key in fresh if key in before}
        try:
            change.count(self._bodies(replaced), -1)
        except IndexDamaged:  # which this very writing mends
            change.anew = True
        for kind, name in UNITS.items():
            self._tables.write(name, [row for k, own in fresh.items() for row in unit_rows(k, revisions[k], own, kind)])
        self._tables.write(ARTICLES, [row for k, own in fresh.items() for row in body_rows(k, revisions[k], own)])
        self._tables.write(ARTICLES, [self._head_row(key, own) for key, own in fresh.items()])
        # Those of a writer that was killed, too.
        old = f"{among(list(fresh))} and {among([revisions[key] for key in fresh], 'revision', none=True)}"
        for name in (*UNITS.values(), ARTICLES):
            self._tables.remove(name, old)
        change.count(fresh, +1)
        change.articles += len(fresh)

    def _head_row(self, key: str, stored: StoredArticle) -> Row:
        head = head_of(
            stored.article, self.encoder.fingerprint, passages=len(stored.passages), sentences=len(stored.sentences)
        )
        body = json.dumps(asdict(head))
        if len(body) > MOST_CHARACTERS:
            raise ArticleError(
                f"article {head.id[:60]!r}: its title, source and url are too long for the store; shorten them"
            )
        return article_row(key, key, head.revision, 0, "head", body)

    def _begin(self, change: Change) -> None:
        """Say that the counts may be wrong from now on; if somebody before has not ended, they are made anew at the end."""
        if change.about is None:
            change.about = self._about()
            change.anew |= change.about.writing
            self._tell(replace(change.about, writing=True))

    def _finish(self, change: Change) -> None:
        if change.about is None:
            return
        counts = self._recount() if change.anew else self._add(change)
        self._tell(replace(change.about, writing=False, counts=counts, generation=uuid.uuid4().hex))
        self._tables.settle()

    def _add(self, change: Change) -> Counts:
        before, total = (change.about or self._new()).counts, change.total
        counts = Counts(
            before.articles + total["article"], before.passages + total["passage"], before.sentences + total["sentence"]
        )
        numbers = sorted(set().union(*change.terms.values()))
        for start in range(0, len(numbers), 1_000):
            some = numbers[start : start + 1_000]
            held = {row["key"]: row for row in self._tables.rows(TERMS, some, ["key", *(f"{kind}s" for kind in UNITS)])}
            now = {kind: {n: held.get(n, {}).get(f"{kind}s", 0) + change.terms[kind][n] for n in some} for kind in UNITS}
            self._tables.write(TERMS, [term_row(n, {kind: now[kind][n] for kind in UNITS}) for n in some])
        return counts

    def _recount(self) -> Counts:
        """Count everything from the articles themselves, and remove the rows of those that have no head."""
        heads = {key_of(head.id): head for head in self.heads()}
        for name in UNITS.values():
            lost = {row["article"] for row in self._tables.every(name, 'article != ""', ["article"])} - heads.keys()
            for key in sorted(lost):
                self._tables.remove(name, among([key]))
        change = Change()
        for key, head in heads.items():
            try:
                change.count(self._bodies({key: head}), +1)
            except IndexDamaged as error:
                log.warning("%s: it is removed", error)
                for name in (ARTICLES, *UNITS.values()):
                    self._tables.remove(name, among([key]))
        self._tables.remove(TERMS, "key >= 0")
        return self._add(Change(terms=change.terms, total=change.total))
