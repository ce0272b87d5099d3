"""The packaged encoder's weights, straight from its file: mapped into memory, not copied, and without PyTorch."""

import json
import mmap
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.model_folder import WEIGHTS, packaged_folder

_FLOAT32 = np.dtype("<f4")
_LENGTH = 8  # bytes at the file's start that tell, as a number, how long the header is


def packaged_tensor(name: str) -> NDArray[np.float32]:
    """A float32 tensor of the packaged encoder by its name there, as ``embeddings.word_embeddings.weight``.

    *Shape:* as in the file, (30522, 384) for that one; read-only. Only what is read of it comes into memory.

    :raises EncoderError: the package is not installed, or its weights are not those expected.
    :raises KeyError: the encoder has no such tensor.
    """
    return packaged_tensors()[name]


def packaged_tensors() -> Mapping[str, NDArray[np.float32]]:
    """Every float32 tensor of the packaged encoder by its name there; see `packaged_tensor`.

    :raises EncoderError: as there.
    """
    return _tensors(packaged_folder() / WEIGHTS)


@cache
def _tensors(path: Path) -> Mapping[str, NDArray[np.float32]]:
    """Views of every float32 tensor in a safetensors file: a number, a header in JSON, and the tensors' bytes after it.

    The safetensors library's own reader for numpy copies them. Not for a file whose hash is not known.
    """
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    start = _LENGTH + int.from_bytes(mapped[:_LENGTH], "little")
    entries: dict[str, dict[str, Any]] = json.loads(mapped[_LENGTH:start])
    del entries["__metadata__"]
    return MappingProxyType(
        {
            name: np.ndarray(entry["shape"], _FLOAT32, mapped, start + entry["data_offsets"][0])
            for name, entry in entries.items()
            if entry["dtype"] == "F32"
        }
    )
