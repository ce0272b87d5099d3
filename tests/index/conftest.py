"""What the encoders' tests share."""

import pytest

from index.sentence_encoder import SentenceEncoder, load_sentence_encoder


@pytest.fixture(scope="session")
def sentence_encoder() -> SentenceEncoder:
    """The packaged model on PyTorch: the reference."""
    return load_sentence_encoder()
