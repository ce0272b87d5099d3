"""What a new index takes over: the same index comes of it as without, and no text is embedded twice."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from index.article import Article, article_from_text
from index.encoder import Progress
from index.reuse import Changes, changes
from index.store import Index, build_index
from tests.toy import ToyEncoder


class CountingEncoder(ToyEncoder):
    """Remembers what it was given to encode and to count."""

    def __init__(self) -> None:
        self.encoded: list[str] = []
        self.counted = 0

    def encode(self, texts: Sequence[str], *, progress: Progress | None = None) -> NDArray[np.float32]:
        self.encoded += texts
        return super().encode(texts, progress=progress)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        self.counted += len(texts)
        return super().count_tokens(texts)


def article(name: str, *sentences: str) -> Article:
    return article_from_text("\n\n".join(sentences), id=name, title=name)


A = article("a", "Ice was found near the south pole.", "A crater holds ten tons of it, as far as is known.")
B = article("b", "Nobody has been there.", "The survey of the year said that nobody would go there soon.")
C = article("c", "Gold was found near the north pole of the planet Mars.")


@pytest.fixture
def earlier() -> Index:
    return build_index([A, B], ToyEncoder())


def same(one: Index, other: Index) -> bool:
    return (
        (one.articles, one.passages, one.sentences) == (other.articles, other.passages, other.sentences)
        and one.sentence_vectors.vectors().tobytes() == other.sentence_vectors.vectors().tobytes()
        and one.passage_vectors.vectors().tobytes() == other.passage_vectors.vectors().tobytes()
    )


def test_without_a_change_nothing_is_encoded_or_cut_again(earlier: Index) -> None:
    encoder = CountingEncoder()
    assert same(build_index([A, B], encoder, earlier=earlier), earlier)
    assert (encoder.encoded, encoder.counted) == ([], 0)


def test_only_new_texts_are_encoded_and_rows_follow_their_texts(earlier: Index) -> None:
    edited = article("a", "Ice was found near the south pole.", "A crater holds nine tons of it, as far as is known.")
    encoder = CountingEncoder()
    built = build_index([C, B, edited], encoder, earlier=earlier)
    assert same(built, build_index([C, B, edited], ToyEncoder()))
    assert "Ice was found near the south pole." not in encoder.encoded
    assert any("nine tons" in text for text in encoder.encoded)
    assert not any("nobody" in text.lower() for text in encoder.encoded)


def test_another_encoders_vectors_are_not_taken(earlier: Index) -> None:
    encoder = CountingEncoder()
    encoder.fingerprint = "0" * 64
    build_index([A, B], encoder, earlier=earlier)
    assert A.text.split("\n\n")[0] in encoder.encoded


def test_what_was_cut_by_other_rules_is_cut_again(earlier: Index) -> None:
    encoder = CountingEncoder()
    older = replace(earlier, manifest=replace(earlier.manifest, segmenter="older rules"))
    assert same(build_index([A, B], encoder, earlier=older), earlier)
    assert encoder.counted > 0
    assert encoder.encoded == []


def test_progress_counts_what_is_to_be_encoded(earlier: Index) -> None:
    told: list[tuple[int, int]] = []
    encoder = CountingEncoder()
    build_index([A, B, C], encoder, earlier=earlier, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (len(encoder.encoded), len(encoder.encoded))


def test_changes_are_counted(earlier: Index) -> None:
    edited = article("a", "Ice was found near the south pole.", "A crater holds nine tons of it, as far as is known.")
    encoder = CountingEncoder()
    built = build_index([edited, C], encoder, earlier=earlier)
    found = changes(earlier, built, encoder)
    assert (found.added, found.changed, found.removed, found.unchanged) == (1, 1, 1, 0)
    assert found.encoded == len(encoder.encoded) < found.texts
    assert changes(None, built, encoder) == Changes(2, 0, 0, 0, found.texts, found.texts)
