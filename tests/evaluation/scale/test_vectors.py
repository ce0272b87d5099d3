"""Vectors of copies: near those of what they are copies of, and found without encoding."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from index.encoder import Progress
from index.store import Index, build_index
from qa.evaluation.scale import vectors
from qa.evaluation.scale.texts import copies, read_texts
from qa.evaluation.scale.vectors import MOVED, Copying, Timed
from tests.evaluation.scale.data import write_data
from tests.toy import ToyEncoder


class Counting(ToyEncoder):
    """Knows what it has encoded."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def encode(self, texts: Sequence[str], *, progress: Progress | None = None) -> NDArray[np.float32]:
        self.texts += texts
        return super().encode(texts, progress=progress)


@pytest.fixture
def originals(tmp_path: Path) -> Index:
    return build_index(read_texts(write_data(tmp_path)).articles, ToyEncoder())


def test_an_archive_of_copies_is_embedded_without_the_encoder(originals: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "_BLOCK", 7)
    encoder, n = Counting(), len(originals.sentences)
    sizes = {article.id: len(range(*originals.sentence_rows(article.id))) for article in originals.articles}
    found = build_index(list(copies(originals.articles, sizes, 3 * n)), Timed(Copying(encoder, originals)))
    assert encoder.texts == []
    assert len(found.sentences) == 3 * n
    ours, theirs = found.sentence_vectors.vectors(), originals.sentence_vectors.vectors()
    assert (ours[:n] == theirs).all()
    assert np.allclose(np.linalg.norm(ours, axis=1), 1, atol=1e-5)
    altered = [
        row for row in range(n, 3 * n) if found.text(found.sentences[row]) != originals.text(originals.sentences[row % n])
    ]
    assert len(altered) > n
    cosines = [float(ours[row] @ theirs[row % n]) for row in altered]
    assert np.mean(cosines) == pytest.approx(1 / np.sqrt(1 + MOVED**2), abs=0.02)
    assert min(cosines) > 0.8
    assert max(cosines) < 0.99


def test_what_is_no_copy_is_encoded(originals: Index) -> None:
    encoder = Counting()
    known = originals.text(originals.sentences[0])
    found = Copying(encoder, originals).encode([known, "Nobody wrote this.", known])
    assert encoder.texts == ["Nobody wrote this."]
    assert (found[1] == ToyEncoder().encode(["Nobody wrote this."])[0]).all()
    assert (found[0] == originals.sentence_vectors.vectors()[0]).all()
    assert (found[2] == found[0]).all()


def test_the_seconds_of_encoding_are_counted_and_the_vectors_left_as_they_are() -> None:
    timed, texts = Timed(ToyEncoder()), ["Ice on the moon."] * 50
    assert timed.seconds == 0
    assert (timed.encode(texts) == ToyEncoder().encode(texts)).all()
    once = timed.seconds
    timed.encode(texts)
    assert timed.seconds > once > 0
    assert (timed.fingerprint, timed.dimension) == (ToyEncoder.fingerprint, ToyEncoder.dimension)
