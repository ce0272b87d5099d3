"""Exact inner-product search over the rows of one FAISS index. The only file that imports faiss."""

import struct
import sys
from pathlib import Path
from typing import Any

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

METRIC = "inner product"

_HEADER = struct.Struct("<4siqqq?iQ")
"""How FAISS's file of an `IndexFlatIP` begins: its sign, d, n, twice 2**20, trained, metric, number of float32 (n * d)."""
_SIGN = b"IxFI"
_BLOCK = 2**20
"""Bytes that are looked at in one go, whole float32."""
_ROUNDING = 1e-3

FloatArray = NDArray[np.float32]
Rows = tuple[int, int]


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
    def build(cls, vectors: FloatArray) -> "VectorIndex":
        """An index of `vectors`, one a row.

        :param vectors: *Shape:* ``(n, d)``, float32, L2-normalised if scores are to be cosines.
        :raises EncoderError: a vector holds NaN or infinity.
        """
        checked = _checked(vectors, vectors.shape[1])
        flat = faiss.IndexFlatIP(checked.shape[1])
        flat.add(checked)
        return cls(flat)

    def vectors(self, rows: Rows | None = None) -> FloatArray:
        """A copy of the rows `[lo, hi)`, of all when None. *Shape:* ``(hi - lo, d)``, float32."""
        low, high = _checked_rows(rows, len(self))
        return np.asarray(self._flat.reconstruct_n(low, high - low), dtype=np.float32).reshape(high - low, self.dimension)

    def scores(self, queries: FloatArray, rows: Rows | None = None) -> FloatArray:
        """Inner products of the queries with the rows `[lo, hi)` (all of them when None), in row order.

        :param queries: *Shape:* ``(m, d)``, float32.
        :returns: *Shape:* ``(m, hi - lo)``, float32; for normalised vectors cosines, in [-1, 1] but for rounding.
        :raises EncoderError: a query holds NaN or infinity, or has another dimension than the index.
        """
        low, high = _checked_rows(rows, len(self))
        asked = _checked(queries, self.dimension)
        labels = np.ascontiguousarray(np.broadcast_to(np.arange(low, high, dtype=np.int64), (len(asked), high - low)))
        found = np.empty(labels.shape, dtype=np.float32)
        if found.size:  # plain pointers: shapes, types and row numbers were checked above, faiss checks none of them here
            self._flat.compute_distance_subset(
                len(asked), faiss.swig_ptr(asked), high - low, faiss.swig_ptr(found), faiss.swig_ptr(labels)
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

    def save(self, path: Path) -> None:
        """Write the index to `path`; the same vectors give the same bytes."""
        path.write_bytes(faiss.serialize_index(self._flat).tobytes())

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


def _checked(vectors: FloatArray, dimension: int) -> FloatArray:
    """`vectors` as faiss must have them, C-contiguous float32 ``(n, dimension)``."""
    if vectors.ndim != 2 or vectors.shape[1] != dimension:
        raise EncoderError(
            f"found vectors of shape {vectors.shape}, expected (n, {dimension}): the index is of another encoder; "
            "rebuild it with the encoder in use"
        )
    if not np.isfinite(vectors).all():
        bad = int(np.flatnonzero(~np.isfinite(vectors).all(axis=1))[0])
        raise EncoderError(f"the encoder gave NaN or infinity for text {bad} of {len(vectors)}; use another encoder")
    return np.ascontiguousarray(vectors, dtype=np.float32)
