"""The encoder on PyTorch: the packaged model's reference, and what runs every other model."""

import subprocess
import sys

import numpy as np

from index import model_folder
from index.cores import available_cores
from index.model_folder import PACKAGED_SHA256
from index.sentence_encoder import SentenceEncoder
from tests.conftest import ROOT

TEXTS = [
    "When could humans first land on Mars?",
    "Humans may walk on the red planet in 2029.",
    "The stock market fell on Tuesday.",
]

LOADING = (
    "import sys; from index.sentence_encoder import *; load_sentence_encoder().encode(['mars']); print(*sys.modules)"
)


def test_vectors_are_those_that_the_model_card_computes(sentence_encoder: SentenceEncoder) -> None:
    """Mean of the last layer over the tokens, normalised: all-MiniLM-L6-v2's README, without sentence_transformers."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    folder = model_folder.packaged_folder()
    inputs = AutoTokenizer.from_pretrained(folder)(TEXTS, padding=True, return_tensors="pt")
    with torch.inference_mode():
        states = AutoModel.from_pretrained(folder)(**inputs).last_hidden_state
    mask = inputs["attention_mask"].unsqueeze(-1)
    expected = torch.nn.functional.normalize((states * mask).sum(1) / mask.sum(1)).numpy()
    np.testing.assert_allclose(sentence_encoder.encode(TEXTS), expected, atol=1e-5)


def test_order_is_kept_over_many_batches(sentence_encoder: SentenceEncoder) -> None:
    texts = [f"Crater {n}" + " and more" * (n * 7 % 11) for n in range(300)]
    reports: list[int] = []
    vectors = sentence_encoder.encode(texts, progress=lambda done, _: reports.append(done))
    for row in (0, 1, 150, 298, 299):
        np.testing.assert_allclose(sentence_encoder.encode([texts[row]])[0], vectors[row], atol=1e-5)
    assert reports == [256, 300]


def test_it_knows_the_packaged_model(sentence_encoder: SentenceEncoder) -> None:
    known = sentence_encoder.name, sentence_encoder.dimension, sentence_encoder.max_tokens, sentence_encoder.fingerprint
    assert known == ("all-MiniLM-L6-v2", 384, 256, PACKAGED_SHA256)


def test_torch_uses_the_cores_that_there_are(sentence_encoder: SentenceEncoder) -> None:
    import torch

    assert torch.get_num_threads() == available_cores()


def test_scikit_learn_and_pandas_are_not_imported() -> None:
    """A quarter of the start-up: see `index.sentence_encoder._scikit_learn_later`."""
    done = subprocess.run([sys.executable, "-c", LOADING], cwd=ROOT, capture_output=True, text=True, check=True)
    modules = set(done.stdout.split())
    assert not {"sklearn", "pandas", "scipy.stats", "onnxruntime"} & modules
    assert "torch" in modules


def test_scikit_learn_still_works_after_the_encoder_is_loaded(sentence_encoder: SentenceEncoder) -> None:
    from sentence_transformers.util import similarity
    from sklearn.metrics import pairwise_distances

    points = np.eye(2)
    np.testing.assert_allclose(similarity.pairwise_distances(points), pairwise_distances(points))
