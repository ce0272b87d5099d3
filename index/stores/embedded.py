"""The store in a folder of this machine: FAISS and bm25s, all in memory, exact. The folder is an index like any other."""

import uuid
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.errors import ArticleError, IndexMissing
from index.manifest import MANIFEST_NAME
from index.store import Index, Rows, load_index, save_index
from index.stores.protocol import Counts, EncoderIdentity, FloatArray, Head, Hit, Kind, StoredArticle
from index.stores.rows import assembled, checked_depth, checked_vectors, head_of, parts_of
from index.units import Passage, Sentence


class EmbeddedStore:
    """A `VectorStore` over an `Index`. Each `upsert` and `delete` makes that anew: load in few calls."""

    def __init__(self, encoder: EncoderIdentity, directory: Path | None = None, *, create: bool = True) -> None:
        """:param directory: where it is kept, and read from where there is an index; None keeps it in memory.
        :param create: begin with nothing where there is no index.
        :raises IndexFault: the folder holds something else, or an index that must not be answered from.
        """
        self.encoder = encoder
        self._directory = directory
        self._index: Index | None = None
        self._generation = uuid.uuid4().hex
        if directory is not None:
            self._load(directory)
            if self._index is None and not create:
                raise IndexMissing(
                    f"there is no index in {directory}; build it: python -m qa build SOURCE ... --store {directory}"
                )

    @property
    def name(self) -> str:
        """See `VectorStore`."""
        return "memory" if self._directory is None else str(self._directory)

    @property
    def generation(self) -> str:
        """See `VectorStore`. What another process has built into the folder is taken here.

        :raises IndexFault: it must not be answered from.
        """
        if self._directory is not None and _edition(self._directory) != self._generation:
            self._load(self._directory)
        return self._generation

    def search(
        self, vectors: FloatArray, k: int, *, kind: Kind = "sentence", articles: Sequence[str] | None = None
    ) -> list[tuple[Hit, ...]]:
        """See `VectorStore`."""
        checked_depth(k)
        asked = checked_vectors(vectors, self.encoder.dimension, "vectors")
        index = self._index
        if index is None:
            return [()] * len(asked)
        own = index.sentence_vectors if kind == "sentence" else index.passage_vectors
        if articles is None:
            scores, rows = own.search(asked, k)
            return [_hits(index, kind, found, at) for found, at in zip(scores, rows, strict=True)]
        spans = _spans(index, kind, articles)
        scores = np.concatenate([np.empty((len(asked), 0), np.float32), *(own.scores(asked, s) for s in spans)], axis=1)
        return [_best(index, kind, found, _rows(spans), k) for found in scores]

    def search_terms(
        self, texts: Sequence[str], k: int, *, kind: Kind = "sentence", articles: Sequence[str] | None = None
    ) -> list[tuple[Hit, ...]]:
        """See `VectorStore`."""
        checked_depth(k)
        index = self._index
        if index is None:
            return [()] * len(texts)
        own = index.sentence_terms if kind == "sentence" else index.passage_terms
        spans = [(0, len(own))] if articles is None else _spans(index, kind, articles)
        rows = _rows(spans)
        found = own.scores(texts)[:, rows]
        return [_best(index, kind, one[one > 0], rows[one > 0], k) for one in found]

    def upsert(self, articles: Iterable[StoredArticle]) -> int:
        """See `VectorStore`."""
        held = {} if self._index is None else {own.id: own for own in self._index.articles}
        fresh: dict[str, StoredArticle] = {}
        changed: set[str] = set()
        for stored in articles:
            for vectors in (stored.sentence_vectors, stored.passage_vectors):
                checked_vectors(vectors, self.encoder.dimension, f"vectors of article {stored.article.id!r}")
            fresh[stored.article.id] = stored
            if held.get(stored.article.id) != stored.article:
                changed.add(stored.article.id)
        if changed:
            kept = [] if self._index is None else parts_of(self._index, [name for name in held if name not in changed])
            self._keep([*kept, *(fresh[name] for name in changed)])
        return len(changed)

    def delete(self, ids: Iterable[str]) -> int:
        """See `VectorStore`."""
        held = [] if self._index is None else [own.id for own in self._index.articles]
        gone = set(ids).intersection(held)
        if gone and self._index is not None:
            self._keep(list(parts_of(self._index, [name for name in held if name not in gone])))
        return len(gone)

    def heads(self) -> tuple[Head, ...]:
        """See `VectorStore`."""
        if self._index is None:
            return ()
        return tuple(
            head_of(
                own,
                self.encoder.fingerprint,
                passages=_length(self._index.passage_rows(own.id)),
                sentences=_length(self._index.sentence_rows(own.id)),
            )
            for own in self._index.articles
        )

    def fetch(self, ids: Sequence[str]) -> list[StoredArticle]:
        """See `VectorStore`."""
        held = set() if self._index is None else {own.id for own in self._index.articles}
        if missing := [name for name in ids if name not in held]:
            raise ArticleError(f"there is no article {missing[0]!r} in the store; see the list of what there is")
        return [] if self._index is None else list(parts_of(self._index, ids))

    def count(self) -> Counts:
        """See `VectorStore`."""
        index = self._index
        return (
            Counts(0, 0, 0) if index is None else Counts(len(index.articles), len(index.passages), len(index.sentences))
        )

    def close(self) -> None:
        """See `VectorStore`; everything was written when it changed."""
        self._index = None

    def _load(self, directory: Path) -> None:
        """Take what the folder holds now."""
        edition = _edition(directory)  # before the rest: if that is of later, it is read again
        try:
            self._index = load_index(directory, self.encoder.fingerprint)
        except IndexMissing:
            self._index = None
        self._generation = edition

    def _keep(self, stored: list[StoredArticle]) -> None:
        """Make these the articles of the store. An index is never empty: without any article its folder holds none."""
        index = assembled(sorted(stored, key=lambda own: own.article.id), self.encoder) if stored else None
        if self._directory is not None:
            if index is None:
                (self._directory / MANIFEST_NAME).unlink()
            else:
                save_index(index, self._directory)
        self._index = index
        self._generation = uuid.uuid4().hex if self._directory is None else _edition(self._directory)


def _edition(directory: Path) -> str:
    """Which index the folder holds, by its manifest, which is replaced and never written into; 0 for none."""
    try:
        found = (directory / MANIFEST_NAME).stat()
    except FileNotFoundError:
        return "0"
    return f"{found.st_ino:x}-{found.st_mtime_ns:x}-{found.st_size:x}"


def _spans(index: Index, kind: Kind, articles: Sequence[str]) -> list[Rows]:
    """Where the rows of those articles lie that the index holds, in its order."""
    held = {own.id for own in index.articles}
    rows = index.sentence_rows if kind == "sentence" else index.passage_rows
    return sorted(rows(name) for name in set(articles) if name in held)


def _rows(spans: Sequence[Rows]) -> NDArray[np.int64]:
    return np.concatenate([np.empty(0, np.int64), *(np.arange(low, high) for low, high in spans)]).astype(np.int64)


def _best(index: Index, kind: Kind, scores: FloatArray, rows: NDArray[np.int64], k: int) -> tuple[Hit, ...]:
    best = np.argsort(-scores, kind="stable")[:k]
    return _hits(index, kind, scores[best], rows[best])


def _hits(index: Index, kind: Kind, scores: FloatArray, rows: NDArray[np.int64]) -> tuple[Hit, ...]:
    units: Sequence[Passage | Sentence] = index.sentences if kind == "sentence" else index.passages
    return tuple(
        Hit(units[row].article_id, units[row].id, score)
        for score, row in zip(scores.tolist(), rows.tolist(), strict=True)
    )


def _length(rows: Rows) -> int:
    return rows[1] - rows[0]
