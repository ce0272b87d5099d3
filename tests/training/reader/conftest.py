"""What the tests of the reader's training share."""

from pathlib import Path

import pytest
from tokenizers import Tokenizer

from index.model_folder import packaged_folder
from qa.training.reader import recipe, trainer
from qa.training.reader.examples import Examples, build_examples
from tests.training.reader import toy


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    return Tokenizer.from_file(str(packaged_folder() / "tokenizer.json"))


@pytest.fixture(scope="session")
def examples(tokenizer: Tokenizer) -> Examples:
    """Of the toy rows."""
    return build_examples(toy.ROWS, tokenizer, seed=1)


@pytest.fixture(scope="session")
def encoder_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toy.write_encoder(tmp_path_factory.mktemp("encoder"))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return toy.write_data(tmp_path / "data")


@pytest.fixture
def toy_scale(monkeypatch: pytest.MonkeyPatch, encoder_folder: Path) -> None:
    """A narrow encoder, and batches and crops that are as small beside the toy rows as the recipe's beside real ones."""
    monkeypatch.setattr(trainer, "packaged_folder", lambda: encoder_folder)
    monkeypatch.setattr(recipe, "BATCH_TOKENS", 80)
    monkeypatch.setattr(recipe, "CROP_TOKENS", (6, 12))
    monkeypatch.setattr(recipe, "WARMUP_STEPS", 3)
    monkeypatch.setattr(recipe, "LOG_STEPS", 2)
