"""The shipped reader, unpacked to be trained on, is the shipped reader."""

from pathlib import Path

import pytest

from index.errors import DataError, ReaderError
from qa.networks import CONFIG
from qa.onnx_reader import FOLDER, MODEL
from qa.training.reader.export import export_reader
from qa.training.reader.model import load_reader
from qa.training.reader.unpack import main, unpack_reader


def test_what_is_unpacked_is_exported_again_to_the_last_byte(tmp_path: Path) -> None:
    assert main([str(tmp_path / "model")]) == 0
    assert main([str(tmp_path / "model")]) == 2  # it is not written over
    export_reader(tmp_path / "model", tmp_path / "again", name="again")
    assert (tmp_path / "again" / MODEL).read_bytes() == (FOLDER / MODEL).read_bytes()
    assert load_reader(tmp_path / "model").qa_outputs.bias.shape == (2,)


def test_a_reader_in_float32_is_refused(tmp_path: Path) -> None:
    unpack_reader(tmp_path / "model")
    export_reader(tmp_path / "model", tmp_path / "float32", name="in full", quantise=False)
    with pytest.raises(DataError, match="not in int8"):
        unpack_reader(tmp_path / "again", tmp_path / "float32")


@pytest.mark.parametrize("content", [None, b"", b"no model"])
def test_a_folder_without_a_reader_is_refused(tmp_path: Path, content: bytes | None) -> None:
    (tmp_path / CONFIG).write_text("{}")
    if content is not None:
        (tmp_path / MODEL).write_bytes(content)
    with pytest.raises(ReaderError, match=r"no reader|SHA-256"):
        unpack_reader(tmp_path / "model", tmp_path)
    assert not (tmp_path / "model").exists()
