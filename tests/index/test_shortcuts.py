"""Shortcuts of a large index: right statistics, a recall that was measured, the same bytes, no damaged graph looked at."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import index.shortcuts
from index.errors import IndexDamaged
from index.generations import read_manifest
from index.manifest import parse_manifest
from index.shortcuts import NEAREST, Moments, build_shortcut, kind_for, moved, recall
from index.store import Index, build_index, load_index, save_index
from index.vectors import Kind, NearIndex, VectorIndex
from tests.archive import archive
from tests.index.saved import sign, stored
from tests.index.test_vectors import unit_vectors
from tests.toy import ToyEncoder

KINDS: tuple[Kind, ...] = ("hnsw", "ivf")


@pytest.fixture(scope="module", params=KINDS)
def large(request: pytest.FixtureRequest) -> Iterator[Index]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index.shortcuts, "GRAPH_TO", 10**9 if request.param == "hnsw" else 0)
        yield build_index(archive(60), ToyEncoder(), exact_to=100)


@pytest.fixture
def saved(large: Index, tmp_path: Path) -> Path:
    save_index(large, tmp_path / "index")
    return tmp_path / "index"


def test_moments_are_those_of_all_scores() -> None:
    vectors, query = unit_vectors(300), unit_vectors(1, seed=1)[0]
    times = np.random.default_rng(2).integers(0, 5, 300)
    for counts in (None, times):
        scores = np.repeat(vectors @ query, 1 if counts is None else counts)
        found = Moments.build(VectorIndex.build(vectors), counts).of(query)
        assert found == pytest.approx((scores.mean(), scores.std()), abs=1e-6)


def test_moments_over_several_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = VectorIndex.build(unit_vectors(300))
    one = Moments.build(vectors, np.arange(300))
    monkeypatch.setattr(index.shortcuts, "_BLOCK", 7)
    other = Moments.build(vectors, np.arange(300))
    np.testing.assert_allclose(one.covariance, other.covariance, atol=1e-12)
    np.testing.assert_allclose(one.mean, other.mean, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_recall_is_the_share_of_the_nearest_that_is_found(kind: Kind) -> None:
    vectors = VectorIndex.build(unit_vectors(3_000, 48))
    near, queries = NearIndex.build(vectors, kind, 1), moved(vectors)
    found = near.search(queries, 200)
    shares = [
        len({*vectors.search(query[None], NEAREST)[1][0].tolist()} & {*rows.tolist()}) / NEAREST
        for query, rows in zip(queries, found, strict=True)
    ]
    assert recall(near, vectors, queries) == pytest.approx(np.mean(shares))
    assert recall(near.with_width(2_000), vectors, queries) > max(0.95, np.mean(shares) - 1e-9)


def test_search_looks_as_far_as_it_must(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index.shortcuts, "GRAPH_TO", 0)
    vectors = VectorIndex.build(unit_vectors(4_000, 48))  # no clusters: lists are of little help
    built = build_shortcut(vectors, 100)
    assert built.near is not None and built.near.width > 8
    assert (built.record.kind, built.record.width) == ("ivf", built.near.width)
    assert built.record.recall_at_10 >= 0.95
    assert built.record.recall_at_10 == pytest.approx(recall(built.near, vectors, moved(vectors)), abs=1e-4)
    few = build_shortcut(vectors, 4_000)
    assert few.near is None and few.record.kind == "exact"


def test_kinds_are_chosen_by_size_and_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    assert kind_for(100_000, 384) == "hnsw"
    assert kind_for(1_000_000, 384) == "ivf"
    monkeypatch.setattr(index.shortcuts, "_memory", lambda: 2**29)
    assert kind_for(100_000, 384) == "ivf"


def test_the_choice_and_its_recall_are_in_the_manifest(large: Index, saved: Path) -> None:
    assert large.shortcuts is not None
    record = read_manifest(saved).near["sentences"]
    assert record == large.shortcuts.sentences.record
    assert record.kind in KINDS and record.queries == 200 and 0.95 <= record.recall_at_10 <= 1
    assert {f"{kind}{ending}" for kind in ("sentences", "passages") for ending in index.shortcuts.FILES} <= {
        *read_manifest(saved).files
    }


def test_a_small_index_has_no_shortcuts(toy_index: Index, index_dir: Path) -> None:
    assert toy_index.shortcuts is None and load_index(index_dir).shortcuts is None
    assert b'"near"' not in (index_dir / "manifest.json").read_bytes()
    assert not list(index_dir.rglob("*.near"))


@pytest.mark.parametrize("mapped", [False, True])
def test_loaded_shortcuts_find_the_same(large: Index, saved: Path, mapped: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if mapped:
        monkeypatch.setattr("index.mapping.MAPPED_FROM", 0)
    loaded = load_index(saved)
    queries = unit_vectors(20, ToyEncoder.dimension, seed=3)
    assert large.shortcuts is not None and loaded.shortcuts is not None
    for mine, theirs in (
        (large.shortcuts.sentences, loaded.shortcuts.sentences),
        (large.shortcuts.passages, loaded.shortcuts.passages),
    ):
        assert mine.near is not None and theirs.near is not None
        for one, other in zip(mine.near.search(queries, 30), theirs.near.search(queries, 30), strict=True):
            np.testing.assert_array_equal(one, other)
        assert mine.moments.of(queries[0]) == theirs.moments.of(queries[0])
    in_maps = str(stored(saved, "sentences.near")) in Path("/proc/self/maps").read_text()
    assert in_maps == mapped


def test_the_same_articles_give_the_same_bytes(large: Index, saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert large.shortcuts is not None and large.shortcuts.sentences.near is not None
    graph = large.shortcuts.sentences.near.kind == "hnsw"
    monkeypatch.setattr(index.shortcuts, "GRAPH_TO", 10**9 if graph else 0)
    again = saved.parent / "again"
    save_index(build_index(archive(60), ToyEncoder(), exact_to=100), again)
    assert (again / "manifest.json").read_bytes() == (saved / "manifest.json").read_bytes()


@pytest.mark.parametrize("name", [f"{kind}{end}" for kind in ("sentences", "passages") for end in index.shortcuts.FILES])
def test_a_damaged_file_is_refused_before_faiss_reads_it(saved: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = stored(saved, name)
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(content)
    monkeypatch.setattr("index.vectors.faiss.read_index", None)
    with pytest.raises(IndexDamaged, match=name):
        load_index(saved)


def test_shortcuts_of_other_rows_are_refused_whatever_the_checksums(saved: Path) -> None:
    stored(saved, "passages.near").replace(stored(saved, "sentences.near"))
    stored(saved, "passages.moments.npy").replace(stored(saved, "passages.near"))
    sign(saved)
    with pytest.raises(IndexDamaged, match=r"near"):
        load_index(saved)


def test_moments_of_another_shape_are_refused_whatever_the_checksums(saved: Path) -> None:
    np.save(stored(saved, "passages.moments.npy"), np.full((3, 2), np.nan), allow_pickle=False)
    sign(saved)
    with pytest.raises(IndexDamaged, match=r"passages\.moments"):
        load_index(saved)


def test_lists_and_edges_that_lead_astray_are_refused(tmp_path: Path) -> None:
    """A row's number raised beyond the last: faiss would read whatever is there."""
    vectors = VectorIndex.build(unit_vectors(500))
    for kind in KINDS:
        path = tmp_path / kind
        NearIndex.build(vectors, kind, 8).save(path)
        NearIndex.load(path, kind, vectors, 8)
        size = 4 if kind == "hnsw" else 8
        content = path.read_bytes()
        # 250 as an edge, or in a list, beside other numbers of rows
        places = [at for at in range(0, len(content) - size) if content[at : at + size] == (250).to_bytes(size, "little")]
        refused = 0
        for at in places[:40]:
            path.write_bytes(content[:at] + (10**6).to_bytes(size, "little") + content[at + size :])
            try:
                NearIndex.load(path, kind, vectors, 8)
            except IndexDamaged:
                refused += 1
        assert refused


def test_a_manifest_that_tells_nonsense_of_a_search_is_refused(saved: Path) -> None:
    manifest = read_manifest(saved)
    for change in ({"width": -1}, {"width": "8"}, {"recall_at_10": "all"}, {"kind": 7}):
        record = manifest.near["sentences"]
        fields = {name: getattr(record, name) for name in record.__slots__} | change
        forged = type(manifest)(
            **{name: getattr(manifest, name) for name in manifest.__slots__}
            | {"near": {**manifest.near, "sentences": type(record)(**fields)}}  # type: ignore[arg-type]
        )
        with pytest.raises(IndexDamaged):
            parse_manifest(forged.to_bytes(), saved)
