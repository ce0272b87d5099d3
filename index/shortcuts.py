"""What a large index has besides, so that a question need not meet every row: approximate search, and the moments of the
vectors, from which the mean and the spread of the question's scores over all rows follow.
"""

import logging
import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from index.errors import IndexDamaged
from index.manifest import NearRecord
from index.vectors import FloatArray, Kind, NearIndex, VectorIndex

EXACT_TO = 20_000
"""Sentences, and passages, from which on not every row is scored for a question. Up to there that takes some 20 ms."""

GRAPH_TO = 150_000
"""Rows up to which a graph is built: it takes minutes, beyond that too many."""

GRAPH_MEMORY = 0.25
"""Share of the machine's memory that the vectors of a graph may take: it needs them twice while it is built."""

logger = logging.getLogger(__name__)

RECALL = 0.95
"""Share of the nearest rows that approximate search is to find: it looks further until it does, or until `WIDEST`."""

DEPTH = 200
"""Rows that are searched for; the nearest ten are then told by their exact scores."""

NEAREST = 10
_ASKED = 200
"""Queries by which the recall is measured: rows of the index, moved."""
_MOVED = 0.75
"""How far, in lengths of a vector: their cosine with what they were is then 0.8."""
_BLOCK = 8_192
_WIDTHS = {"hnsw": (200, 400, 800), "ivf": (8, 16, 32, 64, 128)}

FILES = (".near", ".moments.npy")
"""What the files of a kind of rows are called, after its name."""


@dataclass(frozen=True, eq=False)
class Moments:
    """Mean and covariance of vectors.

    :param mean: *Shape:* ``(d,)``, float64.
    :param covariance: *Shape:* ``(d, d)``, float64.
    """

    mean: NDArray[np.float64]
    covariance: NDArray[np.float64]

    @classmethod
    def build(cls, vectors: VectorIndex, times: NDArray[np.int64] | None = None) -> "Moments":
        """:param times: *Shape:* ``(n,)``: how often each row counts; None: once."""
        n, d = len(vectors), vectors.dimension
        counts = np.ones(n) if times is None else times.astype(np.float64)
        total = counts.sum()
        mean, covariance = np.zeros(d), np.zeros((d, d))
        for low, block in _blocks(vectors):
            mean += counts[low : low + len(block)] @ block / total
        for low, block in _blocks(vectors):
            centred = block - mean
            covariance += (centred * counts[low : low + len(block), None]).T @ centred / total
        return cls(mean, covariance)

    def of(self, query: FloatArray) -> tuple[float, float]:
        """Mean and spread of the inner products of a query with the vectors.

        :param query: *Shape:* ``(d,)``.
        """
        asked = query.astype(np.float64)
        return float(self.mean @ asked), math.sqrt(max(0.0, float(asked @ self.covariance @ asked)))

    def save(self, path: Path) -> None:
        """Write them to `path`, the mean above the covariance; the same moments give the same bytes."""
        np.save(path, np.vstack([self.mean, self.covariance]), allow_pickle=False)

    @classmethod
    def load(cls, path: Path, dimension: int) -> "Moments":
        """What `save` wrote.

        :raises IndexDamaged: it is something else.
        """
        try:
            stored = np.load(path, allow_pickle=False)
        except (ValueError, EOFError) as error:
            raise IndexDamaged(f"{path.name} holds no array: it was cut or altered") from error
        shaped = stored.dtype == np.float64 and stored.shape == (dimension + 1, dimension)
        if not shaped or not np.isfinite(stored).all():
            raise IndexDamaged(f"{path.name} holds no moments of {dimension} dimensions: it was altered")
        return cls(stored[0], stored[1:])


@dataclass(frozen=True, eq=False)
class Shortcut:
    """:param near: None where there are so few rows that exact search is as fast."""

    moments: Moments
    near: NearIndex | None
    record: NearRecord

    def save(self, folder: Path, name: str) -> None:
        """Write the files into `folder`, called after `name`."""
        near, moments = (folder / f"{name}{ending}" for ending in FILES)
        self.moments.save(moments)
        if self.near is not None:
            self.near.save(near)


@dataclass(frozen=True, eq=False)
class Shortcuts:
    """Of the sentences, and of the passages, each counted as often as it has sentences."""

    sentences: Shortcut
    passages: Shortcut

    @property
    def records(self) -> dict[str, NearRecord]:
        """What the manifest tells of them."""
        return {"sentences": self.sentences.record, "passages": self.passages.record}

    def save(self, folder: Path) -> None:
        """Write their files into `folder`; the same rows give the same bytes."""
        self.sentences.save(folder, "sentences")
        self.passages.save(folder, "passages")


def build_shortcuts(
    sentences: VectorIndex, passages: VectorIndex, sizes: NDArray[np.int64], exact_to: int = EXACT_TO
) -> Shortcuts:
    """:param sizes: how many sentences each passage has."""
    return Shortcuts(build_shortcut(sentences, exact_to), build_shortcut(passages, exact_to, sizes))


def load_shortcuts(
    folder: Path, vectors: tuple[VectorIndex, VectorIndex], near: Mapping[str, NearRecord]
) -> Shortcuts | None:
    """What was saved in `folder`, the files' checksums being right; None where nothing was.

    :param vectors: of sentences and of passages.
    :param near: what the manifest tells of them.
    :raises IndexDamaged: a file is of something else, whatever its checksum.
    """
    names = ("sentences", "passages")
    if not near:
        return None
    return Shortcuts(*(load_shortcut(folder, name, own, near[name]) for name, own in zip(names, vectors, strict=True)))


def load_shortcut(folder: Path, name: str, vectors: VectorIndex, record: NearRecord) -> Shortcut:
    """What `Shortcut.save` wrote."""
    path, moments = (folder / f"{name}{ending}" for ending in FILES)
    kind = next((kind for kind in get_args(Kind) if kind == record.kind), None)
    near = NearIndex.load(path, kind, vectors, record.width) if kind is not None else None
    return Shortcut(Moments.load(moments, vectors.dimension), near, record)


def build_shortcut(vectors: VectorIndex, exact_to: int, times: NDArray[np.int64] | None = None) -> Shortcut:
    """Approximate search over `vectors`, looking as far as it must, and their moments.

    :param exact_to: rows up to which none is built.
    :param times: as in `Moments.build`.
    """
    moments = Moments.build(vectors, times)
    if len(vectors) <= exact_to:
        return Shortcut(moments, None, NearRecord("exact", 0, 1.0, 0))
    kind = kind_for(len(vectors), vectors.dimension)
    near = NearIndex.build(vectors, kind, _WIDTHS[kind][0])
    queries = moved(vectors)
    for width in _WIDTHS[kind]:
        near = near.with_width(width)
        found = recall(near, vectors, queries)
        if found >= RECALL:
            break
    else:
        logger.warning("Approximate search finds %.3f of the nearest %d, less than %.2f.", found, NEAREST, RECALL)
    return Shortcut(moments, near, NearRecord(kind, near.width, round(found, 4), len(queries)))


def kind_for(rows: int, dimension: int) -> Kind:
    """A graph for few rows whose vectors the machine's memory holds easily; else lists."""
    return "hnsw" if rows <= GRAPH_TO and 4 * rows * dimension <= GRAPH_MEMORY * _memory() else "ivf"


def recall(near: NearIndex, vectors: VectorIndex, queries: FloatArray) -> float:
    """The share of the `NEAREST` rows of exact search that are among the `DEPTH` found.

    Those ten then come first, as what is found is measured exactly.
    """
    exact = vectors.best(queries, NEAREST)
    found = near.search(queries, DEPTH)
    return float(np.mean([np.isin(one, other).mean() for one, other in zip(exact, found, strict=True)]))


def moved(vectors: VectorIndex, seed: int = 0) -> FloatArray:
    """Some rows of the index, each moved some way in a direction of its own. *Shape:* ``(m, d)``, of length 1."""
    chance = np.random.default_rng(seed)
    rows = np.sort(chance.choice(len(vectors), min(len(vectors), _ASKED), replace=False))
    found = np.concatenate([vectors.vectors((row, row + 1)) for row in rows.tolist()])
    aside = chance.standard_normal(found.shape, dtype=np.float32)
    found += _MOVED * aside / np.linalg.norm(aside, axis=1, keepdims=True)
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), dtype=np.float32)


def _blocks(vectors: VectorIndex) -> Iterator[tuple[int, NDArray[np.float64]]]:
    for low in range(0, len(vectors), _BLOCK):
        yield low, vectors.vectors((low, min(len(vectors), low + _BLOCK))).astype(np.float64)


def _memory() -> int:
    """Bytes of the machine's memory."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
