"""BM25: the published formula, the terms it counts, and what it does with texts and queries without any."""

import math
import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import numpy as np
import pytest

from index.errors import IndexDamaged
from index.lexical import LexicalIndex, terms
from tests.conftest import ROOT

TEXTS = (
    "The rocket carried the rocket engineers.",
    "Engineers built a small reactor.",
    "A reactor on Mars, said the envoy; a reactor, he said again.",
    "It is what it was.",
)


def bm25_by_hand(query: str, texts: tuple[str, ...], row: int) -> float:
    """The formula of `index.lexical.METHOD`, written out, for k1 = 1.2 and b = .75."""
    rows = [terms(text) for text in texts]
    mean = sum(map(len, rows)) / len(rows)
    total = 0.0
    for term in terms(query):
        holding = sum(term in one for one in rows)
        frequency = rows[row].count(term)
        weight = math.log(1 + (len(rows) - holding + 0.5) / (holding + 0.5))
        total += weight * frequency / (frequency + 1.2 * (0.25 + 0.75 * len(rows[row]) / mean))
    return total


@pytest.mark.parametrize("query", ["reactor", "rocket engineers", "Who said there is a reactor on Mars?", "Mars Mars"])
def test_scores_follow_the_formula(query: str) -> None:
    found = LexicalIndex.build(TEXTS).scores([query])
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[0], [bm25_by_hand(query, TEXTS, row) for row in range(4)], rtol=1e-5)
    assert found.max() > 0


def test_scores_of_a_range_keep_the_statistics_of_the_whole() -> None:
    index = LexicalIndex.build(TEXTS)
    np.testing.assert_array_equal(index.scores(["reactor"], (1, 3)), index.scores(["reactor"])[:, 1:3])


def test_the_statistics_may_be_those_of_some_rows() -> None:
    """As if there were no others; equally long, so that the mean length is the same."""
    some = ("ferry harbour tram", "ferry ferry storm", "storm harbour ice")
    others = ("ferry moon star", "moon star sun", "ferry sun star")
    alone, among = LexicalIndex.build(some), LexicalIndex.build((*others[:1], *some, *others[1:]))
    queries = ["ferry harbour", "storm storm ice", "moon zebra ferry", "zebra"]
    for rows in ((1, 4), (2, 3)):
        mine = (rows[0] - 1, rows[1] - 1)
        assert among.scores(queries, rows, [(1, 4)]) == pytest.approx(alone.scores(queries, mine), abs=1e-5)
        assert among.coverage(queries, rows, [(1, 4)]) == pytest.approx(alone.coverage(queries, mine), abs=1e-6)
    parted = LexicalIndex.build((*some[:1], *others, *some[1:]))
    apart = [(0, 1), (4, 6)]
    assert parted.scores(queries, (4, 6), apart) == pytest.approx(alone.scores(queries, (1, 3)), abs=1e-5)
    assert parted.coverage(queries, (4, 6), apart) == pytest.approx(alone.coverage(queries, (1, 3)), abs=1e-6)
    assert among.scores(queries, None, [(0, 6)]).tobytes() == among.scores(queries).tobytes()


@pytest.mark.parametrize("query", ["", "  \n", "?!", "zebra", "what was it", "is", "\ud800"])
def test_a_query_without_a_known_term_scores_zero(query: str) -> None:
    assert LexicalIndex.build(TEXTS).scores([query, "reactor"])[0].tolist() == [0, 0, 0, 0]


def test_no_queries() -> None:
    assert LexicalIndex.build(TEXTS).scores([]).shape == (0, 4)


@pytest.mark.filterwarnings("error")
def test_texts_without_any_term_can_be_indexed(tmp_path: Path) -> None:
    index = LexicalIndex.build(["It is.", "?"])
    assert index.scores(["is it mars?"]).tolist() == [[0, 0]]
    index.save(tmp_path)
    assert len(LexicalIndex.load(tmp_path)) == 2


def test_terms_are_stemmed_content_words_in_order() -> None:
    assert terms("What did the Engineers' engineering teams build in 2029?") == [
        "engin",
        "engin",
        "team",
        "build",
        "2029",
    ]


def test_other_scripts_keep_their_words() -> None:
    assert terms("מים על הירח") == ["מים", "על", "הירח"]
    assert terms("Вода на Луне") == ["вода", "на", "луне"]


@pytest.mark.parametrize("text", ["Beyoncé's Élan", "Çelik İzmir", "שָׁלוֹם"])
def test_accents_points_and_their_unicode_form_make_no_difference(text: str) -> None:
    bare = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    assert terms(text) == terms(unicodedata.normalize("NFD", text)) == terms(bare) != []


def test_single_digits_count() -> None:
    assert LexicalIndex.build(["It took 7 days.", "It took nine days."]).scores(["7 days"])[0].argmax() == 0


def test_saved_files_hold_no_pickle(tmp_path: Path) -> None:
    LexicalIndex.build(TEXTS).save(tmp_path)
    assert {path.suffix for path in tmp_path.iterdir()} == {".npy", ".json"}
    for path in tmp_path.glob("*.npy"):
        np.load(path, allow_pickle=False)


def test_the_same_texts_give_the_same_bytes_in_every_process(tmp_path: Path) -> None:
    script = f"import sys, pathlib, index.lexical as l; l.LexicalIndex.build({TEXTS!r}).save(pathlib.Path(sys.argv[1]))"
    for seed in ("1", "2"):  # of Python's hashes, which decide the order of its sets
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        subprocess.run([sys.executable, "-c", script, str(tmp_path / seed)], cwd=ROOT, env=environment, check=True)
    first, second = ({path.name: path.read_bytes() for path in (tmp_path / seed).iterdir()} for seed in ("1", "2"))
    assert first == second != {}


def test_a_saved_index_scores_the_same(tmp_path: Path) -> None:
    index = LexicalIndex.build(TEXTS)
    index.save(tmp_path)
    loaded = LexicalIndex.load(tmp_path)
    np.testing.assert_array_equal(loaded.scores(["Mars reactor"]), index.scores(["Mars reactor"]))
    assert loaded.agrees_with(index)


def test_indexes_of_other_texts_do_not_agree() -> None:
    index = LexicalIndex.build(TEXTS)
    assert not index.agrees_with(LexicalIndex.build(TEXTS[:3]))
    assert not index.agrees_with(LexicalIndex.build((*TEXTS[:3], "It is what it was: a rocket.")))
    assert not index.agrees_with(LexicalIndex.build(tuple(reversed(TEXTS))))


@pytest.mark.parametrize("name", ["data.csc.index.npy", "indptr.csc.index.npy", "vocab.index.json", "params.index.json"])
def test_a_cut_or_missing_file_is_refused(tmp_path: Path, name: str) -> None:
    LexicalIndex.build(TEXTS).save(tmp_path)
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:-9])
    with pytest.raises(IndexDamaged):
        LexicalIndex.load(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(IndexDamaged):
        LexicalIndex.load(tmp_path)
