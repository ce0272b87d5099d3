"""The encoder's graph in the repository is the one that its maker makes."""

import onnx

from index.packaged_encoder import GRAPH
from qa.training.encoder_graph import encoder_graph


def test_the_graph_is_what_its_maker_makes() -> None:
    assert encoder_graph() == GRAPH.read_bytes()


def test_the_graph_holds_no_weights_and_only_standard_operators() -> None:
    model = onnx.load(GRAPH, load_external_data=False)
    assert [one.domain for one in model.opset_import] == [""]
    weights = [one for one in model.graph.initializer if one.data_location == onnx.TensorProto.EXTERNAL]
    assert len(weights) == 100
    assert GRAPH.stat().st_size < 40_000
