"""The pages tell what the kept figures say, and the drawings draw it."""

import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from index.errors import SettingsError
from qa.cli import main
from qa.evaluation.scale import figures as kept
from qa.evaluation.scale import page as pages
from qa.evaluation.scale.figures import MOST, Figures, Size, growth, load_figures, save_figures
from qa.evaluation.scale.page import DRAWINGS, PAGE, README, lines, megabytes, page, promise, readme
from qa.evaluation.scale.plots import drawings

REAL = Size(
    sentences=1_004,
    passages=250,
    articles=40,
    copies=1,
    embed_s=9.0,
    index_s=0.5,
    near_s=0.0,
    save_s=0.25,
    build_mb=300.0,
    disk_mb=3.0,
    load_s=0.5,
    loaded_mb=250.0,
    answered_mb=300.0,
    mapped_mb=120.0,
    p50_ms=100.0,
    p95_ms=150.0,
    retrieve_ms=7.0,
    processor_ms=110.0,
    kind="exact",
    recall=1.0,
    passage_kind="exact",
    passage_recall=1.0,
)
COPIES = replace(
    REAL,
    sentences=100_400,
    copies=10,
    embed_s=None,
    near_s=60.0,
    disk_mb=3_000.0,
    p50_ms=225.0,
    kind="ivf",
    recall=0.961,
)
BOTH = Figures(questions=100, encoder="e", reader="r", cores=2, sizes=(REAL, COPIES))
MARKED = "Above.\n<!-- scale: written by python -m qa bench --page -->\nearlier\n<!-- /scale -->\nBelow.\n"


def test_growth_is_for_ten_times_as_many() -> None:
    assert growth((1_000, 2.0), (100_000, 18.0)) == pytest.approx(3)
    assert growth((1_000, 2.0), (10_000, 2.0)) == 1
    assert growth((1_000, 2.0), (2_000, 4.0)) == pytest.approx(10)


def test_the_promise_is_judged_by_the_smallest_and_the_largest() -> None:
    assert BOTH.ratio == 2.25
    assert BOTH.kept
    assert promise(replace(BOTH, sizes=(REAL, replace(COPIES, processor_ms=187.0)))) == (
        "An answer over 100,400 sentences took 2.25 times as long as one over 1,004 (p50), "
        "and 1.70 times its processor time; promised: less than 3 times as long."
    )
    assert not replace(BOTH, sizes=(REAL, replace(COPIES, p50_ms=MOST * 100.0))).kept
    alone = replace(BOTH, sizes=(REAL,))
    assert (alone.kept, promise(alone)) == (True, "An answer over 1,004 sentences took 100 ms (p50).")


def test_lines_are_aligned_and_say_what_is_perturbed() -> None:
    told = lines(BOTH)
    assert told[0].split() == ["sentences", "1,004", "100,400", "tenfold"]
    by_name = {line[:30].strip(): line[30:].split() for line in told[:-2]}
    assert by_name["texts and vectors"] == ["real", "10", "copies,", "perturbed"]
    assert by_name["an answer, p50"] == ["100", "ms", "225", "ms", "×", "1.5"]
    assert by_name["embedding"] == ["9.0", "s", "–"]
    assert by_name["on disk"] == ["3.0", "MB", "2.9", "GB", "×", "32"]
    assert by_name["search of sentences"] == ["exact", "IVF"]
    assert len({len(line) for line in told[:-2]}) == 1


def test_megabytes_become_gigabytes() -> None:
    assert [megabytes(value) for value in (0.44, 12.4, 1_023, 1_536)] == ["0.4 MB", "12 MB", "1,023 MB", "1.5 GB"]


def test_what_stands_around_the_tables_stays() -> None:
    for write in (page, readme):
        written = write(MARKED, BOTH)
        assert written.startswith("Above.\n<!-- scale")
        assert written.endswith("<!-- /scale -->\nBelow.\n")
        assert "earlier" not in written
        assert "| an answer, p50 | 100 ms | 225 ms | × 1.5 |" in written
        assert write(written, BOTH) == written
        with pytest.raises(SettingsError, match="expected both"):
            write("no marks", BOTH)
    assert "| loading |" in page(MARKED, BOTH)
    assert "| loading |" not in readme(MARKED, BOTH)  # which stays short


def test_every_drawing_is_an_svg_with_a_dot_for_every_figure() -> None:
    found = drawings(BOTH)
    for drawing in found.values():
        ElementTree.fromstring(drawing)
        assert "prefers-color-scheme: dark" in drawing
    titles = re.findall(r"<title>(.*?)</title>", found["growth.svg"])
    assert "p50, 100,400 sentences: 225 ms" in titles
    assert len(titles) == 2 * 2 * 2
    assert len(re.findall(r'class="dot hollow', found["growth.svg"])) == 4
    assert "promised: p50 below 3 times the first" in found["growth.svg"]
    assert "embedding 9.0 s" in found["building.svg"]
    assert "sentences 0.961" in found["building.svg"]


def test_one_archive_alone_is_drawn_too() -> None:
    for drawing in drawings(replace(BOTH, sizes=(REAL,))).values():
        ElementTree.fromstring(drawing)
        assert "promised" not in drawing
        assert "perturbed" not in drawing


def test_figures_are_kept_as_they_are(tmp_path: Path) -> None:
    save_figures(BOTH, tmp_path / "scale.json")
    assert load_figures(tmp_path / "scale.json") == BOTH
    with pytest.raises(SettingsError, match="python -m qa bench --archive --page"):
        load_figures(tmp_path / "none.json")


def test_the_command_writes_the_pages_of_what_was_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PAGE", "README"):
        (tmp_path / name).write_text(MARKED)
        monkeypatch.setattr(pages, name, tmp_path / name)
    monkeypatch.setattr(pages, "DRAWINGS", tmp_path / "drawings")
    monkeypatch.setattr(kept, "FIGURES", tmp_path / "scale.json")
    save_figures(BOTH)
    assert main(["bench", "--page"]) == 0
    assert (tmp_path / "README").read_text() == readme(MARKED, BOTH)
    assert (tmp_path / "drawings" / "growth.svg").read_text() == drawings(BOTH)["growth.svg"] + "\n"


def test_the_pages_and_drawings_are_those_of_the_kept_figures() -> None:
    figures = load_figures()
    assert figures.kept
    for path, write in ((PAGE, page), (README, readme)):
        told = path.read_text("utf-8")
        assert write(told, figures) == told
    files = {path.name: path.read_text("utf-8").removesuffix("\n") for path in DRAWINGS.iterdir()}
    assert files == drawings(figures)
