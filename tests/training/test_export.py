"""From a trained reader to the file that ships: the same logits as PyTorch's in float32, nearly the same in int8."""

import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer
from transformers import BertConfig, BertForQuestionAnswering

from index.errors import DataError
from index.model_folder import packaged_folder
from index.packaged_weights import packaged_tensor
from qa.answer import Span
from qa.networks import CONFIG, FORMAT, WORDS
from qa.onnx_reader import MODEL, load_packaged
from qa.training.reader import export
from qa.training.reader.export import export_reader
from qa.training.verifier.trainer import load_verifier as load_verifier_model
from qa.verifier import load_verifier

ASKED = "When did the ship leave Oslo?"
TEXTS = (
    "The ship left Oslo in May 1911.",
    "Potatoes were grown in barrels on the gallery, where the keepers had some sun. " * 15,
)


@pytest.fixture(scope="module")
def model() -> BertForQuestionAnswering:
    """Random, with the packaged word embeddings; its norms and biases are no more the usual ones and zeros."""
    torch.manual_seed(0)
    model = BertForQuestionAnswering(
        BertConfig(hidden_size=384, num_hidden_layers=1, num_attention_heads=12, intermediate_size=512)
    )
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name.endswith("bias") or "LayerNorm" in name:
                weight += torch.randn_like(weight) * 0.3
            else:
                weight *= 3  # attention that looks somewhere
        model.bert.embeddings.word_embeddings.weight.copy_(torch.from_numpy(packaged_tensor(WORDS).copy()))
    return model.eval()


@pytest.fixture(scope="module")
def folder(model: BertForQuestionAnswering, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run") / "final"
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def float32(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("float32") / "reader"
    export_reader(folder, out, name="in full", quantise=False)
    return out


@pytest.fixture(scope="module")
def int8(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("int8") / "reader"
    export_reader(folder, out, name="rounded")
    return out


def torch_logits(model: BertForQuestionAnswering, text: str) -> NDArray[np.float32]:
    """By PyTorch, less those of [CLS]. *Shape:* ``(t, 2)``, t the tokens of the text."""
    found = Tokenizer.from_file(str(packaged_folder() / "tokenizer.json"))
    found.no_padding()
    found.no_truncation()
    both = found.encode(ASKED, text)
    with torch.inference_mode():
        said = model(input_ids=torch.tensor([both.ids]), token_type_ids=torch.tensor([both.type_ids]))
    logits: NDArray[np.float32] = torch.stack([said.start_logits[0], said.end_logits[0]], dim=1).numpy()
    own = [place for place, sequence in enumerate(both.sequence_ids) if sequence == 1]
    return logits[own] - logits[0]


def onnx_logits(folder: Path, text: str) -> NDArray[np.float32]:
    (reading,) = load_packaged(folder).read(ASKED, [text])
    return np.stack([reading.start, reading.end], axis=1)


@pytest.mark.parametrize("text", TEXTS)
def test_float32_gives_the_logits_of_pytorch(model: BertForQuestionAnswering, float32: Path, text: str) -> None:
    expected = torch_logits(model, text)
    assert expected.std() > 0.5  # or being close would prove little
    np.testing.assert_allclose(onnx_logits(float32, text), expected, atol=1e-4)


@pytest.mark.parametrize("text", TEXTS)
def test_int8_gives_nearly_the_same(float32: Path, int8: Path, text: str) -> None:
    exact, rounded = onnx_logits(float32, text), onnx_logits(int8, text)
    assert 0 < np.abs(exact - rounded).mean() < 0.05 * exact.std()


def test_matrices_are_stored_as_int8_with_a_scale_a_column_and_words_not_at_all(int8: Path, float32: Path) -> None:
    stored = {one.name: one for one in onnx.load(int8 / MODEL).graph.initializer}
    weights = {name: one for name, one in stored.items() if one.data_type == onnx.TensorProto.INT8}
    assert len(weights) == 4
    for name, one in weights.items():
        assert stored[name.replace(".weight", ".scale")].dims == one.dims[1:]
        assert np.abs(onnx.numpy_helper.to_array(one).astype(int)).max() == 127
    assert all(30_522 not in one.dims for one in stored.values())
    assert (int8 / MODEL).stat().st_size < 0.5 * (float32 / MODEL).stat().st_size


def test_what_is_written_is_what_the_reader_loads(int8: Path) -> None:
    about = json.loads((int8 / CONFIG).read_text())
    reader = load_packaged(int8)
    assert (about["name"], about["format"], about["int8"]) == (reader.name, FORMAT, True)
    assert reader.name == "rounded"
    assert about["sha256"] == reader.fingerprint


def test_the_command_writes_both_kinds(folder: Path, float32: Path, tmp_path: Path) -> None:
    assert export.main([str(folder), str(tmp_path / "out"), "--name", "mine", "--float32"]) == 0
    about = json.loads((tmp_path / "out" / CONFIG).read_text())
    assert (about["name"], about["int8"]) == ("mine", False)
    assert (tmp_path / "out" / MODEL).read_bytes() == (float32 / MODEL).read_bytes()


def refused(folder: Path, out: Path) -> str:
    with pytest.raises(DataError) as raised:
        export_reader(folder, out, name="refused")
    assert not out.exists()
    return str(raised.value)


def test_a_verifier_is_no_reader_and_a_reader_no_verifier(
    model: BertForQuestionAnswering, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    load_verifier_model(folder).save_pretrained(tmp_path / "verifier")
    for given, option, said in ((folder, ["--verifier"], "no verifier"), (tmp_path / "verifier", [], "no reader")):
        assert export.main([str(given), str(tmp_path / "out"), *option]) == 2
        assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert export.main([str(tmp_path / "verifier"), str(tmp_path / "out"), "--verifier"]) == 0
    text = TEXTS[0]
    assert load_verifier(tmp_path / "out").odds(ASKED, text, [(0, len(text))], Span(0, 8)) != 0
    assert load_verifier(tmp_path / "out").name == "article-qa-verifier-1"


def test_a_reader_with_word_embeddings_of_its_own_is_refused(folder: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    shutil.copyfile(folder / "config.json", own / "config.json")
    weights = load_file(folder / "model.safetensors")
    weights[f"bert.{WORDS}"][7, 7] += 1e-3
    save_file(weights, own / "model.safetensors")
    assert "word embeddings of its own; train it with them frozen" in refused(own, tmp_path / "out")


def test_a_folder_without_a_trained_reader_is_refused(folder: Path, tmp_path: Path) -> None:
    assert "holds no trained reader (FileNotFoundError" in refused(tmp_path / "missing", tmp_path / "out")
    other = tmp_path / "other"
    other.mkdir()
    (other / "config.json").write_text("{}")
    save_file({"x": np.zeros(1)}, other / "model.safetensors")
    assert "holds no trained reader (KeyError" in refused(other, tmp_path / "out")
    (other / "model.safetensors").write_bytes(b"cut off")
    assert "holds no trained reader (SafetensorError" in refused(other, tmp_path / "out")
