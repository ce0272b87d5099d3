"""Inner products over rows: exact, the same alone and in a batch, and never guessed from a broken file."""

from pathlib import Path

import faiss
import numpy as np
import pytest

from index import vectors as vectors_module
from index.errors import EncoderError, IndexDamaged
from index.vectors import VectorIndex


def unit_vectors(rows: int, dimension: int = 24, seed: int = 0) -> np.ndarray:
    vectors = np.random.default_rng(seed).standard_normal((rows, dimension)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_scores_are_inner_products_in_row_order() -> None:
    vectors, queries = unit_vectors(50), unit_vectors(3, seed=1)
    found = VectorIndex.build(vectors).scores(queries)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, queries @ vectors.T, atol=1e-6)


def test_scores_of_a_range_of_rows() -> None:
    vectors, queries = unit_vectors(50), unit_vectors(3, seed=1)
    index = VectorIndex.build(vectors)
    np.testing.assert_array_equal(index.scores(queries, (7, 20)), index.scores(queries)[:, 7:20])
    assert index.scores(queries, (5, 5)).shape == (3, 0)


def test_scores_without_queries() -> None:
    assert VectorIndex.build(unit_vectors(5)).scores(np.zeros((0, 24), dtype=np.float32)).shape == (0, 5)


def test_a_query_scores_the_same_alone_and_in_a_batch_to_the_last_bit() -> None:
    index, queries = VectorIndex.build(unit_vectors(301, 384)), unit_vectors(40, 384, seed=1)
    batch = index.scores(queries)
    for row in range(40):
        np.testing.assert_array_equal(index.scores(queries[row : row + 1])[0], batch[row])


def test_equal_rows_score_equally_wherever_they_stand() -> None:
    vectors = unit_vectors(301, 384)
    copies = [0, 1, 7, 150, 299, 300]
    vectors[copies] = vectors[3]
    found = VectorIndex.build(vectors).scores(unit_vectors(9, 384, seed=1))
    assert (found[:, copies] == found[:, [3]]).all()


def test_search_ranks_best_first() -> None:
    vectors, queries = unit_vectors(50), unit_vectors(4, seed=1)
    scores, rows = VectorIndex.build(vectors).search(queries, 10)
    expected = np.argsort(-(queries @ vectors.T), axis=1)[:, :10]
    np.testing.assert_array_equal(rows, expected)
    np.testing.assert_allclose(scores, np.take_along_axis(queries @ vectors.T, expected, axis=1), atol=1e-6)


def test_search_agrees_with_faiss_itself() -> None:
    vectors, queries = unit_vectors(200, 384), unit_vectors(25, 384, seed=1)
    reference = faiss.IndexFlatIP(384)
    reference.add(vectors)
    scores, rows = VectorIndex.build(vectors).search(queries, 20)
    expected_scores, expected_rows = reference.search(queries, 20)
    np.testing.assert_array_equal(rows, expected_rows)
    np.testing.assert_allclose(scores, expected_scores, atol=1e-6)


def test_search_within_rows_gives_rows_of_the_whole() -> None:
    index = VectorIndex.build(unit_vectors(50))
    scores, rows = index.search(unit_vectors(2, seed=1), 99, rows=(10, 14))
    assert scores.shape == rows.shape == (2, 4)
    assert sorted(rows[0]) == [10, 11, 12, 13]


def test_equal_scores_rank_by_row_also_at_the_cut() -> None:
    vectors = unit_vectors(500)
    vectors[100:400] = vectors[450]
    _, rows = VectorIndex.build(vectors).search(vectors[450:451], 200)
    assert rows.tolist() == [list(range(100, 300))]


def test_search_for_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="k is 0"):
        VectorIndex.build(unit_vectors(3)).search(unit_vectors(1), 0)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_vectors_that_are_no_numbers_are_refused(bad: float) -> None:
    vectors = unit_vectors(5)
    vectors[2, 3] = bad
    with pytest.raises(EncoderError, match="text 2 of 5"):
        VectorIndex.build(vectors)
    with pytest.raises(EncoderError, match="NaN or infinity"):
        VectorIndex.build(unit_vectors(5)).scores(vectors[2:3])


def test_some_rows_are_put_in_their_order_a_part_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors_module, "_ADDED", 4)
    vectors, rows = unit_vectors(7), np.array([6, 0, 0, 3, 5, 1, 2, 4, 6, 6], dtype=np.int64)
    assert (VectorIndex.build(vectors, rows).vectors() == vectors[rows]).all()
    assert (VectorIndex.build(vectors).vectors() == vectors).all()
    assert len(VectorIndex.build(vectors, rows[:0])) == 0
    vectors[4, 0] = np.nan
    with pytest.raises(EncoderError, match="text 7 of 10"):
        VectorIndex.build(vectors, rows)


def test_queries_of_another_encoder_are_refused() -> None:
    with pytest.raises(EncoderError, match=r"shape \(1, 8\), expected \(n, 24\)"):
        VectorIndex.build(unit_vectors(5)).scores(unit_vectors(1, 8))


@pytest.mark.parametrize("rows", [(-1, 3), (3, 2), (0, 6)])
def test_rows_outside_are_refused(rows: tuple[int, int]) -> None:
    with pytest.raises(IndexError):
        VectorIndex.build(unit_vectors(5)).scores(unit_vectors(1), rows)


def test_queries_in_fortran_order_and_double_precision_are_read_right() -> None:
    vectors, queries = unit_vectors(20), unit_vectors(3, seed=1)
    found = VectorIndex.build(vectors).scores(np.asfortranarray(queries.astype(np.float64)))
    np.testing.assert_allclose(found, queries @ vectors.T, atol=1e-6)


def test_a_saved_index_comes_back_bit_for_bit(tmp_path: Path) -> None:
    index = VectorIndex.build(unit_vectors(30))
    index.save(tmp_path / "a.faiss")
    loaded = VectorIndex.load(tmp_path / "a.faiss")
    assert (len(loaded), loaded.dimension) == (30, 24)
    np.testing.assert_array_equal(loaded.vectors(), unit_vectors(30))
    np.testing.assert_array_equal(loaded.scores(unit_vectors(2, seed=1)), index.scores(unit_vectors(2, seed=1)))


@pytest.mark.parametrize("length", [0, 3, 20, 100, -1])
def test_a_cut_file_is_refused(tmp_path: Path, length: int) -> None:
    path = tmp_path / "a.faiss"
    VectorIndex.build(unit_vectors(30)).save(path)
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(IndexDamaged, match=r"a\.faiss"):
        VectorIndex.load(path)


def test_another_kind_of_index_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.faiss"
    faiss.write_index(faiss.IndexFlatL2(24), str(path))
    with pytest.raises(IndexDamaged, match="no FAISS index of inner products"):
        VectorIndex.load(path)


def test_a_large_index_is_mapped_and_outlives_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.mapping.MAPPED_FROM", 1)
    vectors = np.eye(64, dtype=np.float32)
    path = tmp_path / "vectors.faiss"
    VectorIndex.build(vectors).save(path)
    loaded = VectorIndex.load(path)
    maps = Path("/proc/self/maps")
    if maps.exists():
        assert str(path) in maps.read_text()
    path.unlink()  # as a build removes the generation that it replaces
    np.testing.assert_array_equal(loaded.vectors(), vectors)
    np.testing.assert_array_equal(loaded.scores(vectors), vectors)
