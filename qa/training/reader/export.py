"""From a trained reader to the ONNX file that is shipped: matrix products in int8, everything else in float32.

    python -m qa.training.reader.export RUN/final

The graph is written here operator by operator, in onnxruntime's fused ones, instead of being traced and rewritten: it is
short, and it says what runs. Word embeddings are an input: the installed encoder has the same ones, frozen in training.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from safetensors import SafetensorError
from safetensors.numpy import load_file

from index.errors import ArticleQAError, DataError
from index.packaged_weights import packaged_tensor
from qa import onnx_reader, verifier
from qa.networks import CONFIG, FORMAT, WORDS

Weights = dict[str, NDArray[np.float32]]

_OPSET = (helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1))
_FUSED = "com.microsoft"
MIXED = ("query", "key", "value")


class GraphWriter:
    """Collects the operators and stored tensors of a graph."""

    def __init__(self, *, quantise: bool) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.stored: dict[str, onnx.TensorProto] = {}
        self._quantise = quantise

    def store(self, name: str, values: NDArray[np.generic]) -> str:
        self.stored[name] = numpy_helper.from_array(np.ascontiguousarray(values), name)
        return name

    def add(self, operator: str, inputs: Sequence[str], output: str, *, fused: bool = False, **attributes: Any) -> str:
        domain = _FUSED if fused else ""
        self.nodes.append(helper.make_node(operator, inputs, [output], name=output, domain=domain, **attributes))
        return output

    def product(self, x: str, name: str, weight: NDArray[np.float32], bias: NDArray[np.float32] | None = None) -> str:
        """x times the weight, given as (in, out); plus the bias.

        Quantised: a scale for each column of the weight, set here, and one for all of x, taken as it runs.
        """
        added = [self.store(f"{name}.bias", bias)] if bias is not None else []
        if self._quantise:
            scale = np.maximum(np.abs(weight).max(axis=0), 1e-8) / 127
            rounded = np.round(weight / scale).astype(np.int8)
            inputs = [x, self.store(f"{name}.weight", rounded), self.store(f"{name}.scale", scale.astype(np.float32))]
            return self.add("DynamicQuantizeMatMul", [*inputs, "", *added], name, fused=True)
        product = self.add("MatMul", [x, self.store(f"{name}.weight", weight)], f"{name}.product" if added else name)
        return self.add("Add", [product, *added], name) if added else product


def write_graph(weights: Weights, *, layers: int, heads: int, epsilon: float, quantise: bool) -> onnx.ModelProto:
    """The reader as an ONNX model, or a verifier.

    Inputs: embeddings float32 (1, t, 384), the word embeddings; segments int64 (1, t), 0 question, 1 text, 2 a verifier's
    span; positions int64 (1, t). Output: logits float32 (1, t, 2): of being the answer's first token and its last; of a
    verifier, of the first token alone, that the span does not answer and that it does.
    """
    graph = GraphWriter(quantise=quantise)
    writer = _Layers(graph, weights, heads=heads, epsilon=epsilon)
    x = "embeddings"
    for given, table in (("positions", "position_embeddings"), ("segments", "token_type_embeddings")):
        stored = graph.store(table, weights[f"bert.embeddings.{table}.weight"])
        x = graph.add("Add", [x, graph.add("Gather", [stored, given], f"{table}.taken")], f"{table}.sum")
    norm = writer.norm("bert.embeddings.LayerNorm")
    x = graph.add("LayerNormalization", [x, *norm], "embedded", epsilon=epsilon, axis=-1)
    for layer in range(layers):
        x = writer.write(f"bert.encoder.layer.{layer}", x)
    # The last product stays in float32: two columns cost nothing, and their errors are the logits'.
    last = graph.store("qa_outputs.weight", weights["qa_outputs.weight"].T)
    spread = graph.add("MatMul", [x, last], "qa_outputs.product")
    graph.add("Add", [spread, graph.store("qa_outputs.bias", weights["qa_outputs.bias"])], "logits")
    width = weights["bert.embeddings.LayerNorm.weight"].size
    inputs = [
        helper.make_tensor_value_info("embeddings", TensorProto.FLOAT, [1, "t", width]),
        helper.make_tensor_value_info("segments", TensorProto.INT64, [1, "t"]),
        helper.make_tensor_value_info("positions", TensorProto.INT64, [1, "t"]),
    ]
    outputs = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, "t", 2])]
    made = helper.make_graph(graph.nodes, "reader", inputs, outputs, list(graph.stored.values()))
    return helper.make_model(made, opset_imports=list(_OPSET), ir_version=10, producer_name="article-qa")


class _Layers:
    """Writes the transformer's layers."""

    def __init__(self, graph: GraphWriter, weights: Weights, *, heads: int, epsilon: float) -> None:
        self._graph, self._weights, self._heads, self._epsilon = graph, weights, heads, epsilon

    def write(self, name: str, x: str) -> str:
        """One layer, after BERT: attention, then two products with a GELU between; each added to its input and normed."""
        graph = self._graph
        mixed = graph.product(x, f"{name}.qkv", *self._linear(name, *(f"attention.self.{one}" for one in MIXED)))
        parts = [f"{name}.{one}" for one in MIXED]
        graph.nodes.append(helper.make_node("Split", [mixed], parts, name=f"{name}.split", axis=-1, num_outputs=3))
        seen = graph.add("MultiHeadAttention", parts, f"{name}.seen", fused=True, num_heads=self._heads)
        x = self._close(f"{name}.attention.output", seen, x)
        weight, bias = self._linear(name, "intermediate.dense")
        wide = graph.product(x, f"{name}.intermediate", weight)
        bent = [wide, graph.store(f"{name}.intermediate.bias", bias)]
        return self._close(f"{name}.output", graph.add("BiasGelu", bent, f"{name}.gelu", fused=True), x)

    def _close(self, name: str, x: str, residual: str) -> str:
        """A product, its bias, the residual and the norm."""
        weight, bias = self._linear(name, "dense")
        out = self._graph.product(x, f"{name}.dense", weight)
        inputs = [out, residual, *self.norm(f"{name}.LayerNorm"), self._graph.store(f"{name}.dense.bias", bias)]
        normed = f"{name}.normed"
        return self._graph.add("SkipLayerNormalization", inputs, normed, fused=True, epsilon=self._epsilon)

    def norm(self, name: str) -> list[str]:
        """The stored scale and shift of a layer norm."""
        return [self._graph.store(f"{name}.{part}", self._weights[f"{name}.{part}"]) for part in ("weight", "bias")]

    def _linear(self, name: str, *parts: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Weights, as (in, out), and biases of linear layers with the same input, side by side."""
        weights = [self._weights[f"{name}.{part}.weight"] for part in parts]
        return np.concatenate(weights).T, np.concatenate([self._weights[f"{name}.{part}.bias"] for part in parts])


def export_reader(folder: Path, out: Path, *, name: str, quantise: bool = True, file: str = onnx_reader.MODEL) -> None:
    """Write the shipped files of the trained reader, or verifier, in `folder` into `out`: the model, and its checksum in a
    config.

    :param file: what the model is for: `onnx_reader.MODEL` or `verifier.MODEL`.
    :raises DataError: the folder holds no such model, or one whose word embeddings are not the packaged encoder's.
    """
    kind = Path(file).stem
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        stored = load_file(folder / "model.safetensors")
        weights = {key: value.astype(np.float32) for key, value in stored.items()}
        graph = write_graph(
            weights,
            layers=config["num_hidden_layers"],
            heads=config["num_attention_heads"],
            epsilon=config["layer_norm_eps"],
            quantise=quantise,
        )
        same = np.array_equal(weights[f"bert.{WORDS}"], packaged_tensor(WORDS))
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise DataError(f"{folder} holds no trained {kind} ({type(error).__name__}: {error}); train one first") from error
    if not same:
        raise DataError(f"the {kind} in {folder} has word embeddings of its own; train it with them frozen")
    segments = len(weights["bert.embeddings.token_type_embeddings.weight"])
    if (segments > verifier.SPAN) != (file == verifier.MODEL):
        raise DataError(f"{folder} holds no {kind}: it knows {segments} segments; a verifier has 3, a reader 2")
    model = graph.SerializeToString()
    about = {"name": name, "format": FORMAT, "sha256": sha256(model).hexdigest(), "int8": quantise}
    out.mkdir(parents=True, exist_ok=True)
    (out / file).write_bytes(model)
    (out / CONFIG).write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    :returns: 0 when the file was written, 2 when it cannot be.
    """
    parser = argparse.ArgumentParser(description="Write the ONNX file of a trained reader.")
    parser.add_argument("folder", type=Path, help="a training run's final folder")
    parser.add_argument("out", type=Path, nargs="?", help="default: where the program reads it from")
    parser.add_argument("--verifier", action="store_true", help="it is a verifier")
    parser.add_argument("--name", help="how people know the model")
    parser.add_argument("--float32", action="store_true", help="do not quantise: to measure what int8 costs")
    given = parser.parse_args(arguments)
    kind, package = ("verifier", verifier) if given.verifier else ("reader", onnx_reader)
    name, out = given.name or f"article-qa-{kind}-1", given.out or package.FOLDER
    try:
        export_reader(given.folder, out, name=name, quantise=not given.float32, file=package.MODEL)
    except (ArticleQAError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
