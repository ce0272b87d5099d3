"""The vectors of a long build, kept while it goes on, so that one that was ended midway goes on from there.

    DIR/.tmp-vectors-0123456789abcdef    named after the encoder: chunks of how many texts, their SHA-256, their vectors, and
                                         the SHA-256 of all that

Whoever next writes an index into the folder removes it, with what else builds leave (`generations.py`): its vectors are in
that index then.
"""

import fcntl
import hashlib
import logging
import struct
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from index.encoder import Encoder, Progress
from index.generations import UNFINISHED, refuse_foreign

logger = logging.getLogger(__name__)

LONG = 8_192
"""Texts from which on a build is worth going on with: some minutes."""
CHUNK = 4_096
"""Texts that are encoded, and then kept, in one go."""

_COUNT = struct.Struct("<I")
_KEY, _CHECKSUM = 16, 32  # bytes


class ResumableEncoder:
    """An encoder that keeps the vectors of many texts in the folder of an index that is being built, and finds them there.

    It is an `Encoder`, with the name, fingerprint and vectors of the one within.
    """

    def __init__(self, encoder: Encoder, directory: Path) -> None:
        self._encoder = encoder
        self._directory = directory
        self.name, self.fingerprint = encoder.name, encoder.fingerprint
        self.dimension, self.max_tokens = encoder.dimension, encoder.max_tokens

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """See `Encoder`."""
        return self._encoder.count_tokens(texts)

    def encode(self, texts: Sequence[str], *, progress: Progress | None = None) -> NDArray[np.float32]:
        """See `Encoder`. Where nothing can be kept, as on a full disk, nothing is.

        :raises IndexForeign: the folder holds something else than an index.
        """
        if len(texts) >= LONG:
            with self._kept() as file:
                if file is not None:
                    return self._encode(texts, progress, file)
        return self._encoder.encode(texts, progress=progress)

    @contextmanager
    def _kept(self) -> Iterator[BinaryIO | None]:
        """The file, its lock held; None where it cannot be written or another build has it."""
        refuse_foreign(self._directory)
        with ExitStack() as opened:
            file = None
            with suppress(OSError):
                self._directory.mkdir(parents=True, exist_ok=True)
                path = self._directory / f"{UNFINISHED}vectors-{self.fingerprint[:16]}"
                found = opened.enter_context(path.open("a+b", buffering=0))
                fcntl.flock(found, fcntl.LOCK_EX | fcntl.LOCK_NB)
                file = found
            yield file

    def _encode(self, texts: Sequence[str], progress: Progress | None, file: BinaryIO) -> NDArray[np.float32]:
        keys = [hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:_KEY] for text in texts]
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        known = self._read(file, keys, vectors)
        fresh = np.flatnonzero(~known).tolist()
        if found := len(texts) - len(fresh):
            logger.info("A build was ended midway: %s of %s texts were embedded then.", f"{found:,}", f"{len(texts):,}")
        for low in range(0, len(fresh), CHUNK):
            places = fresh[low : low + CHUNK]
            told = None if progress is None else _Shifted(progress, low, len(fresh))
            encoded = self._encoder.encode([texts[place] for place in places], progress=told)
            if encoded.shape != (len(places), self.dimension):
                return encoded  # whoever asked for them says what is wrong with it
            vectors[places] = encoded
            body = b"".join(keys[place] for place in places) + np.ascontiguousarray(encoded, dtype="<f4").tobytes()
            with suppress(OSError):  # what is written of a chunk is no chunk, and ends what can be read
                file.write(_chunk(body, len(places)))
        return vectors

    def _read(self, file: BinaryIO, keys: Sequence[bytes], vectors: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Write into their rows of `vectors` those that are kept, and say which; cut the file where it cannot be read on."""
        known = np.zeros(len(keys), dtype=np.bool_)
        places = {key: place for place, key in enumerate(keys)}
        width = _KEY + 4 * self.dimension
        file.seek(end := 0)
        while len(head := file.read(_COUNT.size)) == _COUNT.size:
            (count,) = _COUNT.unpack(head)
            body = file.read(count * width) if count <= CHUNK else b""
            chunk = _chunk(body, count)
            if len(body) != count * width or file.read(_CHECKSUM) != chunk[-_CHECKSUM:]:
                break
            stored = np.frombuffer(body, dtype="<f4", offset=count * _KEY).reshape(count, self.dimension)
            found = [places.get(body[start : start + _KEY]) for start in range(0, count * _KEY, _KEY)]
            rows = [row for row, place in enumerate(found) if place is not None]
            here = [place for place in found if place is not None]
            vectors[here], known[here] = stored[rows], True
            end += len(chunk)
        file.truncate(end)
        return known


def _chunk(body: bytes, count: int) -> bytes:
    whole = _COUNT.pack(count) + body
    return whole + hashlib.sha256(whole).digest()


class _Shifted:
    """The progress of a part, told as that of the whole."""

    def __init__(self, progress: Progress, done: int, total: int) -> None:
        self._progress, self._done, self._total = progress, done, total

    def __call__(self, done: int, _: int, /) -> None:
        self._progress(self._done + done, self._total)
