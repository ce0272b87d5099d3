"""The arithmetic of capacity, and that the page tells what it comes to."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from index.errors import DataError, SettingsError
from index.store import Index, load_index
from qa.cli import main
from qa.decision import load_decision
from qa.evaluation.capacity import FIGURES, PAGE, Figures, Growth, load_figures, measure, page, plan, save_figures
from qa.evaluation.scale.figures import load_figures as load_scale
from qa.pipeline import QAPipeline
from qa.settings import load_settings
from tests.toy import ToyEncoder, ToyReader

ROUND = Figures(
    articles=10,
    sentences=1_000,
    passages=250,
    dimension=100,
    vectors=500.0,
    terms=100.0,
    texts=400.0,
    terms_in_row=10.0,
    process_mb=200.0,
    answer_ms=50.0,
    stored_answer_ms=100.0,
)
GROWTH = Growth(objects=500.0, building=4_000.0)


def pipeline_over(index: Index) -> QAPipeline:
    return QAPipeline(index, ToyEncoder(), load_settings(), reader=ToyReader(), decision=load_decision())


def test_a_plan_is_what_one_gets_by_hand() -> None:
    found = plan(ROUND, GROWTH, 1_000_000, rate=25, machine_gb=1)
    assert found.memory == 1_000_000 * 1_500 + 200 * 2**20
    assert found.renewing == 2 * 1_000_000 * 1_500 + 200 * 2**20
    assert found.building == 1_000_000 * 4_000 + 200 * 2**20
    assert found.disk == 2 * 1_000_000 * 1_000
    assert not found.fits_one
    rows = 1_250_000  # a quarter of a passage for each sentence
    assert found.stored == rows * (400 + 144 + 136 + 80) + 1_000_000 * 400
    assert found.machines == math.ceil(found.stored / (0.7 * 2**30)) == 2
    assert found.cores == 3  # 25 answers of a tenth of a second each
    assert plan(replace(ROUND, stored_answer_ms=None), GROWTH, 1_000, rate=25, machine_gb=1).cores == 2
    assert plan(ROUND, GROWTH, 100_000, rate=1, machine_gb=1).fits_one
    for more in (
        replace(GROWTH, objects=2_000.0),
        replace(GROWTH, building=6_000.0),
    ):  # one that fits, until it is renewed
        assert not plan(ROUND, more, 100_000, rate=1, machine_gb=1).fits_one


def test_growth_is_that_of_the_archive_that_takes_most() -> None:
    measured = load_scale()
    small, large = measured.sizes[0], measured.sizes[-1]
    found = Growth.of(measured)
    assert 100 < found.objects < found.building < 20_000
    for size in (size for size in measured.sizes if size.sentences >= 100_000):
        more = (size.sentences - small.sentences) / 2**20
        assert found.building * more >= size.build_mb - small.build_mb - 1e-6
        assert found.objects * more >= size.answered_mb - size.mapped_mb - small.answered_mb + small.mapped_mb - 1e-6
    higher = replace(
        measured, sizes=(small, replace(large, build_mb=2 * measured.sizes[-2].build_mb + 10 * large.build_mb))
    )
    assert Growth.of(higher).building > found.building


def test_the_page_tells_what_the_program_computes_from_the_figures() -> None:
    told = PAGE.read_text("utf-8")
    growth = Growth.of(load_scale())
    assert page(told, load_figures(), growth, rate=10.0, machine_gb=64.0) == told
    assert "| 1,000,000 |" in told
    assert page(told, ROUND, growth, rate=10.0, machine_gb=64.0) != told


def test_what_is_measured_is_what_the_files_hold(index_dir: Path) -> None:
    index = load_index(index_dir)
    found = measure(pipeline_over(index), index.manifest, ["How much ice is there?"])
    files = index.manifest.files
    assert sum(record.bytes for record in files.values()) == pytest.approx(
        (found.vectors + found.terms + found.texts) * found.sentences, rel=0.001
    )
    assert found.vectors * found.sentences == pytest.approx(
        sum(files[name].bytes for name in ("sentences.faiss", "passages.faiss")), rel=0.001
    )
    assert (found.sentences, found.passages, found.dimension) == (len(index.sentences), len(index.passages), 64)
    assert found.process_mb > 10
    assert found.answer_ms > 0
    assert found.stored_answer_ms is not None and found.stored_answer_ms > 0  # the tests install pymilvus


def test_an_index_that_was_never_saved_has_no_files_to_measure(toy_index: Index) -> None:
    with pytest.raises(DataError, match="never saved"):
        measure(pipeline_over(toy_index), toy_index.manifest, ["Why?"])


def test_figures_are_kept_as_they_are(tmp_path: Path) -> None:
    save_figures(ROUND, tmp_path / "figures.json")
    assert load_figures(tmp_path / "figures.json") == ROUND
    assert set(json.loads(FIGURES.read_text())) == set(json.loads((tmp_path / "figures.json").read_text()))
    with pytest.raises(SettingsError, match="python -m qa capacity --measure"):
        load_figures(tmp_path / "none.json")


def test_the_command_plans_what_it_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["capacity", "--sentences", "5000", "--sentences", "70000", "--rate", "2", "--machine", "8"]) == 0
    out = capsys.readouterr().out
    assert "| 5,000 |" in out and "| 70,000 |" in out and "8 GB" in out
    assert main(["capacity", "--sentences", "5000", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["plans"][0]["sentences"] == 5_000
    assert told["figures"] == json.loads(FIGURES.read_text())
    assert main(["capacity", "--sentences", "0"]) == 2
