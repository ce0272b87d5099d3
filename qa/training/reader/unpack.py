"""From the shipped ONNX file back to a model to train on: `python -m qa.training.reader.unpack DIR`.

What int8 rounded stays rounded; training goes on from there, and another run may be averaged with it. The inverse of
`qa/training/reader/export.py`.
"""

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper
from safetensors.numpy import save_file

from index.errors import ArticleQAError, DataError
from index.model_folder import packaged_folder
from index.packaged_weights import packaged_tensor
from qa.networks import WORDS
from qa.onnx_reader import FOLDER, MODEL, load_packaged
from qa.training.reader.average import WEIGHTS
from qa.training.reader.export import MIXED, Weights

Stored = dict[str, NDArray[np.generic]]

_COPIED = ("config.json", "tokenizer.json", "tokenizer_config.json", "vocab.txt")


def unpack_reader(out: Path, folder: Path = FOLDER) -> None:
    """Write the reader in `folder` as a model folder in transformers' form, float32.

    :raises ReaderError: the folder holds no shipped reader, or a damaged one.
    :raises DataError: the reader is not in int8.
    """
    load_packaged(folder)  # which looks at its checksum
    graph = onnx.load(str(folder / MODEL)).graph
    weights = _weights({one.name: numpy_helper.to_array(one) for one in graph.initializer})
    out.mkdir(parents=True)
    for name in _COPIED:
        shutil.copyfile(packaged_folder() / name, out / name)
    save_file(weights, out / WEIGHTS, metadata={"format": "pt"})


def _weights(stored: Stored) -> Weights:
    """Names and shapes as transformers has them, of the names and shapes in the graph."""
    if not any(name.endswith(".scale") for name in stored):
        raise DataError("the reader is not in int8; unpack one that was exported without --float32")
    found = {f"bert.{WORDS}": packaged_tensor(WORDS), "qa_outputs.weight": stored["qa_outputs.weight"].T}
    for table in ("position_embeddings", "token_type_embeddings"):
        found[f"bert.embeddings.{table}.weight"] = stored[table]
    for name, values in stored.items():
        layer, _, part = name.rpartition(".")
        if part == "scale" and layer.endswith(".qkv"):
            home = layer.removesuffix(".qkv")
            products = np.split(_product(stored, layer), 3), np.split(stored[f"{layer}.bias"], 3)
            for one, weight, bias in zip(MIXED, *products, strict=True):
                found[f"{home}.attention.self.{one}.weight"], found[f"{home}.attention.self.{one}.bias"] = weight, bias
        elif part == "scale":
            found[f"{layer.removesuffix('.dense')}.dense.weight"] = _product(stored, layer)
        elif "LayerNorm" in name or name.endswith((".dense.bias", "qa_outputs.bias")):
            found[name] = values
        elif name.endswith(".intermediate.bias"):
            found[f"{layer}.dense.bias"] = values
    return {name: np.ascontiguousarray(values, dtype=np.float32) for name, values in found.items()}


def _product(stored: Stored, name: str) -> NDArray[np.float32]:
    """A weight as (out, in)."""
    rounded, scale = stored[f"{name}.weight"].astype(np.float32), stored[f"{name}.scale"].astype(np.float32)
    return np.asarray((rounded * scale).T, dtype=np.float32)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    :returns: 0 when the model was written, 2 when it cannot be.
    """
    parser = argparse.ArgumentParser(prog="python -m qa.training.reader.unpack", description=__doc__)
    parser.add_argument("out", type=Path, metavar="DIR", help="new folder for the model")
    try:
        unpack_reader(parser.parse_args(arguments).out)
    except (ArticleQAError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
