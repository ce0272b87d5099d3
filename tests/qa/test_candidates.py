"""Retrieval from a large archive: the same scores as a look at every row gives, of few rows."""

from collections.abc import Iterator

import numpy as np
import pytest

import qa.candidates
from index.lexical import LexicalIndex, Matches
from index.store import Index, build_index
from qa.candidates import best, stretches
from qa.pipeline import QAPipeline
from qa.retriever import Retriever
from tests.archive import archive, questions
from tests.toy import ToyEncoder, ToyReader

ARTICLES = archive(250)
QUESTIONS = questions(ARTICLES, 25)


@pytest.fixture(scope="module")
def whole() -> Index:
    """Looked at row by row."""
    return build_index(ARTICLES, ToyEncoder())


@pytest.fixture(scope="module")
def large() -> Index:
    """The same, with shortcuts."""
    return build_index(ARTICLES, ToyEncoder(), exact_to=500)


@pytest.fixture(autouse=True)
def _shallow(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(qa.candidates, "DEPTH", 60)
    yield


def test_candidates_score_as_a_look_at_every_row_scores_them(whole: Index, large: Index) -> None:
    assert whole.shortcuts is None and large.shortcuts is not None and large.shortcuts.sentences.near is not None
    scanned = Retriever(whole, ToyEncoder()).retrieve(QUESTIONS)
    for every, some in zip(scanned, Retriever(large, ToyEncoder()).retrieve(QUESTIONS), strict=True):
        assert some.rows is not None and 60 < len(some.rows) < len(whole.sentences) / 2
        assert every.sought is not None and some.sought is not None
        assert some.sought == pytest.approx(every.sought[some.rows], abs=1e-3)
        assert every.row(int(every.order[0])) == some.row(int(some.order[0]))
        np.testing.assert_array_equal(some.raw, every.raw[:, some.rows])
        assert some.fused == pytest.approx(every.fused[some.rows], abs=1e-4)
        assert some.passages == every.passages and some.articles[0] == every.articles[0]


def test_answers_are_those_of_a_look_at_every_row(whole: Index, large: Index) -> None:
    one, other = (QAPipeline(index, ToyEncoder(), reader=ToyReader()) for index in (whole, large))
    shown = 0
    for question in QUESTIONS:
        answers = [pipeline.answer(question).as_dict() for pipeline in (one, other)]
        for answer in answers:
            del answer["timings_ms"]
        assert _alike(*answers)
        shown += bool(answers[0]["citations"])
    assert shown  # or nothing was compared but refusals


def _alike(one: object, other: object) -> bool:
    """Equal but for the rounding of numbers."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_alike(one[name], other[name]) for name in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_alike, one, other))
    return one == pytest.approx(other, abs=2e-3) if isinstance(one, float) else one == other


def test_an_article_of_a_large_archive_is_looked_at_whole(whole: Index, large: Index) -> None:
    for question in QUESTIONS[:5]:
        every, same = (Retriever(index, ToyEncoder()).retrieve([question], "a7")[0] for index in (whole, large))
        assert same.rows is None and same.first_row == large.sentence_rows("a7")[0]
        np.testing.assert_array_equal(same.raw, every.raw)
        np.testing.assert_array_equal(same.fused, every.fused)


def test_what_is_read_is_measured_whole(large: Index) -> None:
    """A window may hold sentences that are no candidates: they are measured before it is read."""
    found = Retriever(large, ToyEncoder()).retrieve(QUESTIONS[:1])[0]
    missing = next(row for row in range(len(large.sentences)) if row not in found.rows)  # type: ignore[operator]
    stretch = large.sentence_rows(large.sentences[missing].article_id)
    wider = found.with_rows([stretch])
    assert len(found.positions(stretch)) < len(wider.positions(stretch)) == stretch[1] - stretch[0]
    old = [wider.positions((row, row + 1))[0] for row in found.rows.tolist()]  # type: ignore[union-attr]
    np.testing.assert_array_equal(wider.fused[old], found.fused)
    assert wider.question == found.question and wider.with_rows([stretch]) is wider


def test_a_question_of_unknown_words_is_found_something_for(large: Index) -> None:
    found = Retriever(large, ToyEncoder()).retrieve(["zzz?", "the"])
    assert all(np.isfinite(one.fused).all() and len(one.order) for one in found)


def test_matches_are_the_rows_that_score() -> None:
    texts = [f"a crater {'ice' * (n % 3 == 0)} {'old ' * (n % 5)} stone{n}" for n in range(50)]
    index = LexicalIndex.build(texts)
    every = index.scores(["old ice, old ice"])[0]
    rows, scores = index.matches("old ice, old ice")
    assert sorted(rows.tolist()) == np.flatnonzero(every).tolist()
    np.testing.assert_array_equal(scores, every[rows])
    np.testing.assert_array_equal(
        index.scores(["old ice"], np.array([3, 4, 49]))[0], index.scores(["old ice"])[0][[3, 4, 49]]
    )
    np.testing.assert_array_equal(
        index.coverage(["old ice"], np.array([3, 9]))[0], index.coverage(["old ice"])[0][[3, 9]]
    )
    with pytest.raises(IndexError):
        index.scores(["old"], np.array([4, 3]))


def test_the_best_are_those_with_the_highest_scores_and_of_equals_the_first() -> None:
    found = Matches(np.array([9, 2, 7, 4]), np.array([1, 3, 1, 1], dtype=np.float32))
    assert set(best(found, 2).tolist()) == {2, 4}
    assert best(found, 9).tolist() == [9, 2, 7, 4]


def test_stretches_without_any() -> None:
    assert stretches(np.array([], dtype=np.int64), np.array([], dtype=np.int64)).tolist() == []
    assert stretches(np.array([5, 8]), np.array([5, 9])).tolist() == [8]
