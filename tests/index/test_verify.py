"""`verify_index` finds every fault of a saved index, also those that checksums and counts do not show."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from index.encoder import Encoder
from index.lexical import LexicalIndex
from index.store import Index, load_index
from index.vectors import VectorIndex
from index.verify import verify_index
from tests.index.saved import FILES, edit_line, sign, stored
from tests.toy import ToyEncoder


def test_a_sound_index_has_no_problems(index_dir: Path, toy_encoder: ToyEncoder) -> None:
    assert verify_index(index_dir) == []
    assert verify_index(index_dir, toy_encoder) == []


def test_the_real_index_has_no_problems(real_index_dir: Path, real_encoder: Encoder) -> None:
    assert verify_index(real_index_dir) == []
    assert verify_index(real_index_dir, real_encoder) == []


@pytest.mark.parametrize("name", FILES)
def test_a_flipped_bit_is_found(index_dir: Path, name: str) -> None:
    content = bytearray(stored(index_dir, name).read_bytes())
    content[len(content) // 2] ^= 1
    stored(index_dir, name).write_bytes(content)
    assert any(name in problem for problem in verify_index(index_dir))


def test_every_damaged_file_is_named_not_only_the_first(index_dir: Path) -> None:
    for name in FILES[1:]:
        path = stored(index_dir, name)
        path.write_bytes(path.read_bytes()[:-1])
    problems = verify_index(index_dir)
    for name in FILES[1:]:
        assert any(problem.startswith(f"{name} has") for problem in problems)


@pytest.mark.parametrize("name", FILES[1:])
def test_a_missing_file_is_found(index_dir: Path, name: str) -> None:
    stored(index_dir, name).unlink()
    assert any(problem.startswith(f"{name} cannot be read") for problem in verify_index(index_dir))


def test_a_missing_index_is_a_problem(tmp_path: Path) -> None:
    assert [problem.split(";")[0] for problem in verify_index(tmp_path)] == [f"there is no index in {tmp_path}"]


def test_a_file_too_many_is_found(index_dir: Path) -> None:
    stored(index_dir, "notes.txt").write_text("mine")
    assert verify_index(index_dir) == ["notes.txt is in the index, but not in its manifest"]


def test_a_stale_index_is_a_problem(index_dir: Path, real_encoder: Encoder) -> None:
    assert "stale" in verify_index(index_dir, real_encoder)[0]
    sign(index_dir, segmenter="by hand")
    assert "stale" in verify_index(index_dir)[0]


# From here on the checksums are right.


def shift(fields: dict[str, Any]) -> None:
    """Move a passage's end and a sentence's start by one, their words with them."""
    fields["end"] -= 1
    fields["text"] = fields["text"][:-1]
    fields["sentences"][0]["start"] += 1
    fields["sentences"][0]["text"] = fields["sentences"][0]["text"][1:]


def test_every_quote_that_is_no_slice_is_found(index_dir: Path) -> None:
    for line in (0, 3):
        edit_line(stored(index_dir, "passages.jsonl"), line, lambda fields: fields.update(text="Not what it says."))
    sign(index_dir)
    found = [problem for problem in verify_index(index_dir) if "is not 'Not what it says.'" in problem]
    assert [problem.split(":")[0] for problem in found] == [
        "passage 0 of article 'article'",
        "passage 3 of article 'article'",
    ]


def test_sentences_that_the_segmenter_does_not_give_are_found(index_dir: Path, toy_encoder: ToyEncoder) -> None:
    edit_line(stored(index_dir, "passages.jsonl"), 1, shift)
    sign(index_dir)
    load_index(index_dir)  # slices match, so that only cutting anew shows it
    assert any("that the index does not hold" in problem for problem in verify_index(index_dir))
    problems = verify_index(index_dir, toy_encoder)
    assert "1 of the passages of article 'article' are not those that its text gives" in problems
    assert "1 of the sentences of article 'article' are not those that its text gives" in problems


def test_a_sentence_that_is_none_is_found(index_dir: Path) -> None:
    def widen(fields: dict[str, Any]) -> None:
        first, *rest = fields["sentences"]
        first["end"], first["text"] = fields["end"], fields["text"]
        assert rest

    lines = stored(index_dir, "passages.jsonl").read_text().split("\n")
    number = next(at for at, line in enumerate(lines) if line.count('"start"') > 2)
    edit_line(stored(index_dir, "passages.jsonl"), number, widen)
    sign(index_dir)
    assert any("is neither one of its sentences nor a part of one" in problem for problem in verify_index(index_dir))


def test_blocks_out_of_place_are_found(index_dir: Path) -> None:
    edit_line(stored(index_dir, "articles.jsonl"), 1, lambda fields: fields["blocks"].append(["paragraph", 0, 10**6]))
    sign(index_dir)
    assert "the blocks of article 'moon' do not lie in order inside its text" in verify_index(index_dir)


@pytest.mark.parametrize("name", ["sentences.bm25", "passages.bm25"])
def test_terms_of_other_texts_are_found(toy_index: Index, index_dir: Path, name: str) -> None:
    units = toy_index.sentences if name.startswith("sentences") else toy_index.passages
    texts = [toy_index.text(unit) for unit in units]
    LexicalIndex.build([*texts[1:], texts[0]]).save(stored(index_dir, name))
    sign(index_dir)
    assert verify_index(index_dir) == [f"{name} is not the BM25 index of the texts"]


@pytest.mark.parametrize("name", ["sentences.faiss", "passages.faiss"])
def test_a_vector_that_is_not_of_length_one_is_found(index_dir: Path, name: str) -> None:
    edit_vectors(stored(index_dir, name), lambda vectors: vectors * np.where(np.arange(len(vectors)) == 2, 2, 1)[:, None])
    sign(index_dir)
    assert verify_index(index_dir) == [f"row 2 of {name} has length 2.000000, expected 1"]


@pytest.mark.parametrize("name", ["sentences.faiss", "passages.faiss"])
def test_a_vector_of_another_text_is_found_with_the_encoder(index_dir: Path, name: str, toy_encoder: ToyEncoder) -> None:
    edit_vectors(stored(index_dir, name), lambda vectors: vectors[[0, 2, 1, *range(3, len(vectors))]])
    sign(index_dir)
    assert verify_index(index_dir) == []
    found = verify_index(index_dir, toy_encoder)
    assert [problem.split(":")[0] for problem in found] == [
        f"row {row} of {name} is not the vector of its text" for row in (1, 2)
    ]


def test_too_few_vectors_are_found(index_dir: Path) -> None:
    edit_vectors(stored(index_dir, "sentences.faiss"), lambda vectors: vectors[:-1])
    sign(index_dir)
    assert any("sentence vectors, expected" in problem for problem in verify_index(index_dir))


def edit_vectors(path: Path, change: Callable[[np.ndarray], np.ndarray]) -> None:
    VectorIndex.build(change(VectorIndex.load(path).vectors()).astype(np.float32)).save(path)
