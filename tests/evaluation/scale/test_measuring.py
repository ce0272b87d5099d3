"""Archives in small, built and asked by processes of their own, with the packaged models."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from index.errors import ArticleQAError, DataError, SettingsError
from qa.cli import main
from qa.evaluation.scale import figures, memory, page
from qa.evaluation.scale.building import Built, Order
from qa.evaluation.scale.figures import Figures, load_figures
from qa.evaluation.scale.measuring import _asked, _asker, _told, measure
from tests.evaluation.scale.data import write_data

PAGES = "Before.\n<!-- scale: written by python -m qa bench --page -->old<!-- /scale -->\nAfter.\n"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data(tmp_path_factory.mktemp("scale") / "data")


@pytest.fixture(scope="module")
def measured(data: Path) -> Figures:
    """One of real texts, one of copies, which is searched approximately."""
    return measure(data, [60, 9], real=12, asked=3, exact_to=20)


def test_an_archive_of_each_size_is_built_and_asked_the_same(measured: Figures) -> None:
    small, large = measured.sizes
    assert 9 <= small.sentences < 12
    assert 60 <= large.sentences < 66
    assert (small.copies, large.copies) == (1, 5)
    assert (small.kind, small.recall) == ("exact", 1.0)
    assert large.kind == "hnsw"
    assert 0.9 <= large.recall <= 1
    assert small.near_s == 0
    assert small.embed_s is not None
    assert small.embed_s > 0
    assert large.embed_s is None
    assert large.near_s > 0
    assert measured.questions == 3
    assert measured.encoder == "all-MiniLM-L6-v2"
    assert measured.ratio == large.p50_ms / small.p50_ms


def test_what_it_took_is_that_of_the_archive(measured: Figures) -> None:
    small, large = measured.sizes
    for size in measured.sizes:
        assert size.build_s == size.index_s + size.near_s + size.save_s > 0
        assert 0 < size.retrieve_ms < size.p50_ms <= size.p95_ms
        assert size.processor_ms > 0
        assert 0 < size.mapped_mb < size.answered_mb
        assert 100 < size.loaded_mb < 2_000  # the models, above all
        assert size.build_mb > 100
        assert size.load_s > 0
    assert large.disk_mb > 2 * small.disk_mb


def test_sizes_that_cannot_be_measured_are_told(data: Path) -> None:
    with pytest.raises(SettingsError, match="found none"):
        measure(data, [])
    with pytest.raises(SettingsError, match="found 0, 5"):
        measure(data, [0, 5])


def test_an_archive_that_cannot_be_built_or_asked_is_named(tmp_path: Path) -> None:
    order = Order(str(tmp_path / "none.jsonl"), 9_000, None, str(tmp_path / "index"))
    with pytest.raises(ArticleQAError, match=r"archive of 9,000 sentences could not be measured: .*none.jsonl"):
        _told(["building", json.dumps(asdict(order))], 9_000)
    nothing = Built(9_000, 1, 1, 1, None, 0, 0, 0, 0, 0, "exact", 1, "exact", 1)
    with pytest.raises(ArticleQAError, match=r"archive of 9,000 sentences could not be measured: .*IndexMissing"):
        _asked(tmp_path, {9_000: nothing}, ["Why?"])


def test_a_process_that_ends_meanwhile_is_told_of(tmp_path: Path) -> None:
    with (
        pytest.raises(ArticleQAError, match="IndexMissing"),
        _asker(tmp_path, 7) as asker,
    ):
        while True:  # what is said first may still find room in the pipe
            asker.say("Why?")


def test_memory_is_what_the_system_tells(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    held = bytearray(64 * 2**20)
    held[:: 2**12] = b"1" * len(held[:: 2**12])  # a page that nothing is written to is not held
    before = memory.resident_mb()
    assert 0 < memory.mapped_mb() < before <= memory.peak_mb()
    del held
    assert memory.resident_mb() < before - 32
    monkeypatch.setattr(memory, "_STATUS", tmp_path / "none")
    with pytest.raises(DataError, match="measure on Linux"):
        memory.resident_mb()


def test_the_command_writes_figures_and_pages_and_fails_where_the_promise_is_not_kept(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PAGE", "README"):
        (tmp_path / name).write_text(PAGES)
        monkeypatch.setattr(page, name, tmp_path / name)
    monkeypatch.setattr(page, "DRAWINGS", tmp_path / "drawings")
    monkeypatch.setattr(figures, "MOST", 0.001)
    monkeypatch.setattr(figures, "FIGURES", tmp_path / "scale.json")
    monkeypatch.setenv("QA_DATA", str(data))
    assert main(["bench", "--archive", "--sizes", "9,14", "--json", "--page"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told == json.loads((tmp_path / "scale.json").read_text())
    kept = load_figures(tmp_path / "scale.json")
    assert not kept.kept
    assert (tmp_path / "README").read_text() == page.readme(PAGES, kept) != PAGES
    assert (tmp_path / "PAGE").read_text() == page.page(PAGES, kept) != PAGES
    assert sorted(path.name for path in (tmp_path / "drawings").iterdir()) == ["building.svg", "growth.svg"]


def test_the_command_tells_what_it_lacks(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("QA_DATA", raising=False)
    assert main(["bench", "--archive"]) == 2
    assert "--data DIR" in capsys.readouterr().err
    assert main(["bench", "--archive", "--data", str(data), "--sizes", "ten"]) == 2
    assert "--sizes ten: found no number" in capsys.readouterr().err
    assert main(["bench", "--sizes", "10"]) == 2
    assert "expected --archive" in capsys.readouterr().err
