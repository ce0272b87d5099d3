"""ONNX Runtime as this program uses it: silent, on the CPU, with weights handed over."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from index.cores import available_cores
from index.packaged_encoder import GRAPH, WORD_EMBEDDINGS
from index.packaged_weights import packaged_tensors
from index.runtime import session
from tests.conftest import ROOT

TALK = """
import os, sys
from index.runtime import onnxruntime
print(os.environ["ORT_DISABLE_TELEMETRY"], *(os.readlink(f"/proc/self/fd/{n}") for n in os.listdir("/proc/self/fd")
      if os.path.islink(f"/proc/self/fd/{n}")), sep="\\n")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("chosen", [{}, {"ORT_DISABLE_TELEMETRY": "0"}])
def test_the_library_tells_its_maker_nothing(tmp_path: Path, chosen: dict[str, str]) -> None:
    """Left alone, it keeps an identifier and what it will send under the home, as soon as it is imported."""
    done = subprocess.run(
        [sys.executable, "-c", TALK],
        cwd=ROOT,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", **chosen},
        capture_output=True,
        text=True,
        check=True,
    )
    switch, *opened = done.stdout.split("\n")
    assert switch == "1"
    assert list(tmp_path.rglob("*")) == []
    assert not [name for name in opened if name.startswith("socket:")]


@pytest.fixture
def weights() -> dict[str, NDArray[np.float32]]:
    """What the packaged encoder's graph lacks."""
    unused = (WORD_EMBEDDINGS, "pooler.dense.weight", "pooler.dense.bias")
    return {name: tensor for name, tensor in packaged_tensors().items() if name not in unused}


@pytest.mark.parametrize("model", [GRAPH, GRAPH.read_bytes()], ids=["path", "bytes"])
def test_a_session_runs_on_the_cpu_with_threads_that_sleep(
    model: Path | bytes, weights: dict[str, NDArray[np.float32]]
) -> None:
    made = session(model, initializers=weights)
    options = made.get_session_options()
    assert made.get_providers() == ["CPUExecutionProvider"]
    assert options.intra_op_num_threads == available_cores()
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"
    assert made.run(None, {"words": np.ones((3, 384), np.float32)})[0].shape == (384,)


def test_weights_that_do_not_fit_are_refused(weights: dict[str, NDArray[np.float32]]) -> None:
    name = "encoder.layer.0.output.dense.bias"
    with pytest.raises(Exception, match="dimensions do not match"):
        session(GRAPH, initializers=weights | {name: weights[name][:-1]})
    del weights[name]
    with pytest.raises(Exception, match=r"model\.safetensors"):  # where the graph says that they are
        session(GRAPH, initializers=weights)
