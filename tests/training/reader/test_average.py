"""Two models of one shape become their average."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import BertModel

from qa.training.reader.average import WEIGHTS, main
from tests.training.reader.toy import write_encoder


@pytest.fixture
def models(tmp_path: Path) -> tuple[Path, Path]:
    one, other = write_encoder(tmp_path / "one"), write_encoder(tmp_path / "other")
    moved = BertModel.from_pretrained(other)
    with torch.no_grad():
        for weight in moved.parameters():
            weight.add_(1.0)
    moved.save_pretrained(other)
    return one, other


def test_each_weight_is_the_average_and_the_rest_is_the_firsts(models: tuple[Path, Path], tmp_path: Path) -> None:
    one, other = models
    assert main([str(one), str(other), "--share", "0.75", "--out", str(tmp_path / "mixed")]) == 0
    ours, mixed = load_file(one / WEIGHTS), load_file(tmp_path / "mixed" / WEIGHTS)
    assert ours.keys() == mixed.keys()
    assert all(torch.allclose(mixed[name], weight + 0.25, atol=1e-6) for name, weight in ours.items())
    assert (tmp_path / "mixed" / "tokenizer.json").read_bytes() == (one / "tokenizer.json").read_bytes()
    BertModel.from_pretrained(tmp_path / "mixed")


@pytest.mark.parametrize(
    ("share", "broken", "said"),
    [("1", "", "--share 1.0: expected"), ("0.5", WEIGHTS, "holds no readable"), ("0.5", "vocab", "different shapes")],
)
def test_what_cannot_be_averaged_is_refused(
    models: tuple[Path, Path], tmp_path: Path, share: str, broken: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    one, other = models
    if broken == WEIGHTS:
        (other / WEIGHTS).write_bytes(b"no weights")
    elif broken:
        small = BertModel.from_pretrained(other)
        small.resize_token_embeddings(7)
        small.save_pretrained(other)
    assert main([str(one), str(other), "--share", share, "--out", str(tmp_path / "mixed")]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "mixed").exists()
