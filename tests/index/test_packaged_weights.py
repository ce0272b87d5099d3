"""The packaged encoder's tensors, mapped from its file: those that its own library reads, and none copied."""

import subprocess
import sys

import numpy as np
import pytest
from safetensors.numpy import load_file

from index.model_folder import WEIGHTS, packaged_folder
from index.packaged_weights import packaged_tensor
from tests.conftest import ROOT

WORDS = "embeddings.word_embeddings.weight"

MEMORY = """
import sys
from index.packaged_weights import packaged_tensor
def resident():
    with open("/proc/self/status") as status:
        return sum(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
before = resident()
float(packaged_tensor("embeddings.word_embeddings.weight")[[101, 2043, 102]].sum())
print(resident() - before)
print(*sys.modules)
"""


def test_every_tensor_is_the_one_that_safetensors_reads() -> None:
    expected = load_file(packaged_folder() / WEIGHTS)
    for name, tensor in expected.items():
        if tensor.dtype == np.float32:
            np.testing.assert_array_equal(packaged_tensor(name), tensor)
    assert len(expected) == 104


def test_a_tensor_is_a_view_that_cannot_be_written() -> None:
    words = packaged_tensor(WORDS)
    assert (words.shape, words.dtype) == ((30522, 384), np.float32)
    assert words.flags.c_contiguous
    assert not words.flags.owndata
    with pytest.raises(ValueError, match="read-only"):
        words[0, 0] = 1
    assert np.shares_memory(words, packaged_tensor(WORDS))


@pytest.mark.parametrize("name", ["no.such.tensor", "embeddings.position_ids", "__metadata__"])
def test_what_is_no_tensor_of_numbers_is_not_had(name: str) -> None:
    with pytest.raises(KeyError, match=name):
        packaged_tensor(name)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_three_rows_of_46_megabytes_take_no_more_memory_than_they_need() -> None:
    done = subprocess.run([sys.executable, "-c", MEMORY], cwd=ROOT, capture_output=True, text=True, check=True)
    kilobytes, modules = done.stdout.splitlines()
    assert int(kilobytes) < 5_000
    assert not {"torch", "safetensors", "onnxruntime"} & set(modules.split())
