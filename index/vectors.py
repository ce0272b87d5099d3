"""Inner-product search over the rows of one index, exact and approximate. The only file that imports faiss."""

import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

import index.cores  # noqa: F401  OpenMP's settings, before faiss brings OpenMP
from index.errors import EncoderError, IndexDamaged
from index.mapping import is_mapped

if sys.platform == "darwin":
    # The macOS wheels of torch and faiss each bring an OpenMP of their own, and torch crashes when it comes second
    # (facebookresearch/faiss#4273).
    import torch  # noqa: F401

import faiss

_faiss: Any = faiss  # of approximate search its stubs know little, and some of that wrongly

METRIC = "inner product"

_HEADER = struct.Struct("<4siqqq?iQ")
"""How FAISS's file of an `IndexFlatIP` begins: its sign, d, n, twice 2**20, trained, metric, number of float32 (n * d)."""
_SIGN = b"IxFI"
_BLOCK = 2**20
"""Bytes that are looked at in one go, whole float32."""
_ROUNDING = 1e-3

_EDGES = 16
"""Of each row of a graph, twice as many on its lowest level."""
_CONSTRUCTION = 64
"""Rows that are kept in mind while a row's place in a graph is looked for."""
_ROUNDS = 8
"""Of moving the centroids of lists."""
_FOR_A_LIST = 40
"""Rows, on average, that a list's centroid is found by."""
_ADDED = 16_384
"""Rows that are put into an index in one go."""

Kind = Literal["hnsw", "ivf"]
FloatArray = NDArray[np.float32]
Rows = tuple[int, int]
Places = Rows | NDArray[np.int64]
"""A stretch of rows, or some."""


class VectorIndex:
    """n vectors in row order; scores against them are exact, and a row's score depends on nothing but row and query.

    That last is why scores come from FAISS's one-pair-at-a-time kernel and not from a matrix product: BLAS rounds
    differently with the batch and the row's place in it, so that equal sentences would score unequally and a question
    would rank differently alone and in a batch. It is as fast: 0.03 ms for a question over 300 rows.
    """

    def __init__(self, flat: Any) -> None:
        """:param flat: a `faiss.IndexFlatIP`; use `build` or `load`."""
        self._flat = flat

    def __len__(self) -> int:
        return int(self._flat.ntotal)

    @property
    def dimension(self) -> int:
        return int(self._flat.d)

    @classmethod
    def build(cls, vectors: FloatArray, rows: NDArray[np.int64] | None = None) -> "VectorIndex":
        """An index of `vectors`, one a row, or of those of some rows, in their order; these are not copied all at once.

        :param vectors: *Shape:* ``(n, d)``, float32, L2-normalised if scores are to be cosines.
        :raises EncoderError: a vector holds NaN or infinity.
        """
        n, d = len(vectors) if rows is None else len(rows), vectors.shape[1]
        flat = faiss.IndexFlatIP(d)
        flat.codes.resize(4 * n * d)  # room for all, or what there is would be copied whenever that ends
        for low in range(0, max(n, 1), _ADDED):
            high = min(n, low + _ADDED)
            flat.add(_checked(vectors[low:high] if rows is None else vectors[rows[low:high]], d, (low, n)))
        return cls(flat)

    def vectors(self, rows: Rows | None = None) -> FloatArray:
        """A copy of the rows `[lo, hi)`, of all when None. *Shape:* ``(hi - lo, d)``, float32."""
        low, high = _checked_rows(rows, len(self))
        return np.asarray(self._flat.reconstruct_n(low, high - low), dtype=np.float32).reshape(high - low, self.dimension)

    def scores(self, queries: FloatArray, rows: Places | None = None) -> FloatArray:
        """Inner products of the queries with the rows `[lo, hi)`, or with some rows (all of them when None), in their order.

        :param queries: *Shape:* ``(m, d)``, float32.
        :returns: *Shape:* ``(m, hi - lo)``, float32; for normalised vectors cosines, in [-1, 1] but for rounding.
        :raises EncoderError: a query holds NaN or infinity, or has another dimension than the index.
        """
        asked, places = _checked(queries, self.dimension), _row_numbers(rows, len(self))
        labels = np.ascontiguousarray(np.broadcast_to(places, (len(asked), len(places))))
        found = np.empty(labels.shape, dtype=np.float32)
        if found.size:  # plain pointers: shapes, types and row numbers were checked above, faiss checks none of them here
            self._flat.compute_distance_subset(
                len(asked), faiss.swig_ptr(asked), labels.shape[1], faiss.swig_ptr(found), faiss.swig_ptr(labels)
            )
        return found

    def search(self, queries: FloatArray, k: int, rows: Rows | None = None) -> tuple[FloatArray, NDArray[np.int64]]:
        """The k best rows of `[lo, hi)` for each query, best first; equal scores in row order, also at the cut.

        FAISS's own search drops an arbitrary one of the equals at the cut, hence the sort here.

        :returns: scores and rows. *Shape:* ``(m, min(k, hi - lo))`` each, float32 and int64.
        :raises EncoderError: as `scores`.
        """
        if k < 1:
            raise ValueError(f"k is {k}; expected 1 or more")
        low, _ = _checked_rows(rows, len(self))
        found = self.scores(queries, rows)
        best = np.argsort(-found, axis=1, kind="stable")[:, :k]
        return np.take_along_axis(found, best, axis=1), best.astype(np.int64) + low

    def nearest(self, queries: FloatArray, k: int, near: "NearIndex | None" = None) -> list[NDArray[np.int64]]:
        """For each query the rows that `near` takes for the k best, the k best without it; best first.

        :raises EncoderError: as `scores`.
        """
        if near is None:
            return list(self.search(queries, k)[1])
        return near.search(_checked(queries, self.dimension), k)

    def best(self, queries: FloatArray, k: int) -> NDArray[np.int64]:
        """The k best rows for each of many queries, sooner than `search`; of equals at the cut any. *Shape:* ``(m, k)``."""
        return np.asarray(self._flat.search(_checked(queries, self.dimension), k)[1], dtype=np.int64)

    def save(self, path: Path) -> None:
        """Write the index to `path`; the same vectors give the same bytes."""
        faiss.write_index(self._flat, str(path))

    @classmethod
    def load(cls, path: Path) -> "VectorIndex":
        """Read or, from the size of index/mapping.py on, map what `save` wrote.

        :raises IndexDamaged: the file is cut, altered, or no inner-product index, or of what are no vectors of length 1.
        """
        with path.open("rb") as file:
            _refuse_misshapen(file.read(_HEADER.size), path.stat().st_size, path.name)
        _refuse_unsound(path)
        try:
            flat = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC if is_mapped(path) else 0)
        except (RuntimeError, MemoryError) as error:
            raise IndexDamaged(f"{path.name} is no FAISS index: it was cut or altered") from error
        return cls(flat)


class NearIndex:
    """Approximate search over the vectors of a `VectorIndex`, which are many.

    hnsw   a graph whose edges lead from any row to nearer ones (Malkov and Yashunin, 2018), over the vectors where they are
    ivf    the rows in lists, by the nearest of some centroids, of which the next few are looked through (Jégou, Douze and
           Schmid, 2011), with a byte for each number of a vector

    A graph finds more for less, but takes long to build and, while it is built, the vectors' memory once more; to be used it
    needs all of them at hand. Lists are a quarter of the vectors, and are read from one end to the other.
    """

    def __init__(self, kind: Kind, found: Any, flat: VectorIndex, width: int) -> None:
        """:param found: what faiss has of `kind`; use `build` or `load`.
        :param width: how far to look: rows that are kept in mind on the way through a graph, lists that are looked through.
        """
        self.kind = kind
        self.width = width
        self._found = found
        self._flat = flat  # whose memory the graph's rows are in

    @classmethod
    def build(cls, vectors: VectorIndex, kind: Kind, width: int) -> "NearIndex":
        """Of all rows of `vectors`; the same vectors give the same index."""
        n, d = len(vectors), vectors.dimension
        if kind == "hnsw":
            found = _faiss.IndexHNSWFlat(d, _EDGES, faiss.METRIC_INNER_PRODUCT)
            found.hnsw.efConstruction = _CONSTRUCTION
            with _one_thread():  # several take turns by chance, and give another graph each time
                found.add(vectors.vectors())
            return cls._over(kind, found, vectors, width)
        found = _faiss.IndexIVFScalarQuantizer(
            faiss.IndexFlatIP(d), d, lists_of(n), faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT
        )
        found.cp.niter = _ROUNDS
        found.cp.min_points_per_centroid = 1  # or few rows are complained about on stderr
        sample = np.random.default_rng(0).choice(n, min(n, _FOR_A_LIST * found.nlist), replace=False)
        with _one_thread():
            found.train(np.concatenate([vectors.vectors((row, row + 1)) for row in np.sort(sample).tolist()]))
            for low in range(0, n, _ADDED):
                found.add(vectors.vectors((low, min(n, low + _ADDED))))
        return cls(kind, found, vectors, width)

    @classmethod
    def _over(cls, kind: Kind, graph: Any, vectors: VectorIndex, width: int) -> "NearIndex":
        graph.own_fields = False
        graph.storage = vectors._flat
        return cls(kind, graph, vectors, width)

    def search(self, queries: FloatArray, k: int) -> list[NDArray[np.int64]]:
        """For each query the rows that are taken for the k best, best first; fewer where it comes upon fewer."""
        if self.kind == "hnsw":
            wide = _faiss.SearchParametersHNSW(efSearch=max(self.width, k))
        else:
            wide = _faiss.SearchParametersIVF(nprobe=self.width)
        found = self._found.search(queries, k, params=wide)[1]
        return [np.asarray(row[row >= 0], dtype=np.int64) for row in found]

    def with_width(self, width: int) -> "NearIndex":
        """The same, looking further or less far."""
        return NearIndex(self.kind, self._found, self._flat, width)

    def save(self, path: Path) -> None:
        """Write it to `path`, a graph without the vectors; the same index gives the same bytes."""
        _faiss.write_index(self._found, str(path), faiss.IO_FLAG_SKIP_STORAGE if self.kind == "hnsw" else 0)

    @classmethod
    def load(cls, path: Path, kind: Kind, vectors: VectorIndex, width: int) -> "NearIndex":
        """Map what `save` wrote. Faiss trusts such a file: let none come here whose checksum has not been seen to be right.

        :raises IndexDamaged: it is of other vectors, or leads to rows that there are not.
        """
        try:
            found = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC if is_mapped(path) else 0)
        except (RuntimeError, MemoryError) as error:
            raise IndexDamaged(f"{path.name} is no FAISS index: it was cut or altered") from error
        expected = faiss.IndexHNSWFlat if kind == "hnsw" else faiss.IndexIVFScalarQuantizer
        shape = (found.ntotal, found.d, found.metric_type)
        if type(found) is not expected or shape != (len(vectors), vectors.dimension, faiss.METRIC_INNER_PRODUCT):
            raise IndexDamaged(f"{path.name} is no {kind} index of {len(vectors)} vectors: it was altered")
        _refuse_astray(found, kind, path.name)
        return cls._over(kind, found, vectors, width) if kind == "hnsw" else cls(kind, found, vectors, width)


def lists_of(rows: int) -> int:
    """How many lists so many rows are put in."""
    return max(1, int(2 * rows**0.5))


@contextmanager
def _one_thread() -> Iterator[None]:
    several = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(several)


def _refuse_astray(found: Any, kind: Kind, name: str) -> None:
    """:raises IndexDamaged: an edge or a list leads to a row that there is not."""
    if kind == "hnsw":
        edges, offsets = faiss.vector_to_array(found.hnsw.neighbors), faiss.vector_to_array(found.hnsw.offsets)
        sound = (
            0 <= found.hnsw.entry_point < found.ntotal
            and len(offsets) == found.ntotal + 1
            and offsets[-1] == len(edges)
            and (offsets[1:] >= offsets[:-1]).all()
            and edges.min() >= -1
            and edges.max() < found.ntotal
        )
    else:
        sizes = [found.invlists.list_size(number) for number in range(found.nlist)]
        lists = (faiss.rev_swig_ptr(found.invlists.get_ids(number), size) for number, size in enumerate(sizes) if size)
        sound = sum(sizes) == found.ntotal == sum(int(((rows >= 0) & (rows < found.ntotal)).sum()) for rows in lists)
        sound = sound and found.quantizer.ntotal == found.nlist
    if not sound:
        raise IndexDamaged(f"{name} leads to rows that there are not: it was altered")


def _refuse_unsound(path: Path) -> None:
    """Parts of vectors that no vector of length 1 has would become scores that are no numbers.

    :raises IndexDamaged: there are some.
    """
    with path.open("rb") as file:
        file.seek(_HEADER.size)
        while parts := file.read(_BLOCK):
            if not np.abs(np.frombuffer(parts, "<f4")).max() <= 1 + _ROUNDING:  # which is true of NaN, too
                raise IndexDamaged(f"{path.name} holds what is no part of a vector of length 1: it was altered")


def _refuse_misshapen(header: bytes, length: int, name: str) -> None:
    """FAISS trusts the numbers in a file's header: altered ones make it take all of the machine's memory, or worse.

    :raises IndexDamaged: the file is no `IndexFlatIP`, or not as long as its header says.
    """
    if len(header) < _HEADER.size or header[:4] != _SIGN:
        raise IndexDamaged(f"{name} is no FAISS index of inner products: it was cut or altered")
    _, dimension, count, _, _, _, _, numbers = _HEADER.unpack(header)
    if dimension < 1 or count < 0 or numbers != count * dimension or length != _HEADER.size + 4 * numbers:
        raise IndexDamaged(f"{name} is no FAISS index: it has {length} bytes, and its header says otherwise")


def _checked_rows(rows: Rows | None, length: int) -> Rows:
    low, high = rows if rows is not None else (0, length)
    if not 0 <= low <= high <= length:
        raise IndexError(f"rows [{low}, {high}) lie outside [0, {length})")
    return low, high


def _row_numbers(rows: Places | None, length: int) -> NDArray[np.int64]:
    if not isinstance(rows, np.ndarray):
        return np.arange(*_checked_rows(rows, length), dtype=np.int64)
    if len(rows) and not (rows.min() >= 0 and rows.max() < length):
        raise IndexError(f"rows lie outside [0, {length})")
    return rows.astype(np.int64)


def _checked(vectors: FloatArray, dimension: int, part: tuple[int, int] = (0, 0)) -> FloatArray:
    """`vectors` as faiss must have them, C-contiguous float32 ``(n, dimension)``.

    :param part: which of how many is the first of them, where they are not all.
    """
    if vectors.ndim != 2 or vectors.shape[1] != dimension:
        raise EncoderError(
            f"found vectors of shape {vectors.shape}, expected (n, {dimension}): the index is of another encoder; "
            "rebuild it with the encoder in use"
        )
    if not np.isfinite(vectors).all():
        bad = part[0] + int(np.flatnonzero(~np.isfinite(vectors).all(axis=1))[0])
        count = part[1] or len(vectors)
        raise EncoderError(f"the encoder gave NaN or infinity for text {bad} of {count}; use another encoder")
    return np.ascontiguousarray(vectors, dtype=np.float32)
