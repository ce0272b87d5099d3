"""The ranking of what was read: its measures by hand, equals by position, and nothing that was not read."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from index.article import article_from_paragraphs
from index.store import Index, build_index
from qa.ranking import RANKING, Ranking, measures, rank, words
from qa.reading import Evidence
from qa.retriever import MEASURES, Retrieval
from qa.spans import SentenceSpans
from tests.toy import ToyEncoder

TEXT = "The Dam was built. A dam, they say. In 1901 it broke! Nobody saw the end of it."


@pytest.fixture(scope="module")
def index() -> Index:
    """Four sentences."""
    return build_index([article_from_paragraphs("dam", "Dam", [TEXT])], ToyEncoder())


def evidence(
    index: Index, fused: Sequence[float], mass: Sequence[float], window: Sequence[int], question: str = "Why?"
) -> Evidence:
    """As if the reader had said so; its best spans are the sentences, and it has read those of a window."""
    n = len(index.sentences)
    raw = np.zeros((len(MEASURES), n), dtype=np.float32)
    retrieval = Retrieval(question, index, 0, raw, np.array(fused, dtype=np.float32))
    said = np.where(np.array(window) < 0, -np.inf, np.array(mass, dtype=np.float64))
    whole = np.array([(one.start, one.end) for one in index.sentences])
    return Evidence(retrieval, (), SentenceSpans(said - 1, said, whole), np.array(window))


def weights(**given: float) -> NDArray[np.float64]:
    """0 for every measure that is not given."""
    assert set(given) <= set(RANKING)
    return np.array([given.get(name, 0.0) for name in RANKING])


def test_measures_by_hand(index: Index) -> None:
    found = evidence(index, [3, 1, 2, 4], [0.0, np.log(3), 5.0, 9.0], [0, 0, 1, -1])
    table = dict(zip(RANKING, measures(found, np.array([0, 1, 2])).tolist(), strict=True))
    assert table["retrieval"] == [3, 1, 2]
    assert table["reader_odds"] == pytest.approx([0, np.log(3), 5])


def test_the_weighted_sum_decides(index: Index) -> None:
    found = evidence(index, [3, 1, 2, 4], [0.0, 1.0, 5.0, 9.0], [0, 0, 1, -1])
    by_retrieval = rank(found, weights(retrieval=1))
    assert by_retrieval.positions.tolist() == [0, 2, 1]
    assert by_retrieval.scores.tolist() == [3, 2, 1]
    by_reader = rank(found, weights(reader_odds=1))
    assert by_reader.positions.tolist() == [2, 1, 0]
    assert rank(found, weights(retrieval=1, reader_odds=1)).scores.tolist() == [7, 3, 2]


def test_sentences_near_the_one_that_answered_before_rank_before_their_equals(index: Index) -> None:
    found = evidence(index, [1.0] * 4, [0.0] * 4, [0] * 4)
    assert rank(found, weights(retrieval=1), index.sentences[1]).positions.tolist() == [1, 2, 0, 3]
    elsewhere = replace(index.sentences[1], article_id="another")
    assert rank(found, weights(retrieval=1), elsewhere).positions.tolist() == [0, 1, 2, 3]


def test_equals_rank_by_position_however_they_were_computed(index: Index) -> None:
    found = evidence(index, [1.00001, 1.0, 1.0, 1.00002], [2.0] * 4, [0] * 4)
    assert rank(found, weights(retrieval=1, reader_odds=1)).positions.tolist() == [0, 1, 2, 3]


numbers = st.lists(st.floats(-20, 20), min_size=4, max_size=4)


@given(numbers, numbers, st.lists(st.integers(-1, 2), min_size=4, max_size=4).filter(lambda given: max(given) >= 0))
def test_all_that_was_read_is_ranked_and_shares_are_a_softmax(
    index: Index, fused: list[float], mass: list[float], window: list[int]
) -> None:
    ranking = rank(evidence(index, fused, mass, window), weights(retrieval=0.5, reader_odds=0.4))
    assert sorted(ranking.positions) == [position for position in range(4) if window[position] >= 0]
    assert (np.diff(ranking.scores) <= 0).all()
    assert ranking.shares.sum() == pytest.approx(1)
    assert np.log(ranking.shares[0] / ranking.shares) == pytest.approx(ranking.scores[0] - ranking.scores)


def test_shares_of_far_scores_are_numbers() -> None:
    assert Ranking(np.array([0, 1]), np.array([2_000.0, -2_000.0])).shares.tolist() == [1, 0]


def test_words_of_another_kind_than_asked_for_count_against_a_sentence(index: Index) -> None:
    found = evidence(index, [0] * 4, [0] * 4, [0] * 4, "When did the dam break?")
    assert measures(found, np.array([0, 2]))[RANKING.index("kind")].tolist() == [-1, 0]  # no time, and 1901
    assert rank(found, weights(kind=1)).positions[0] == 2
    assert not measures(evidence(index, [0] * 4, [0] * 4, [0] * 4), np.arange(4))[RANKING.index("kind")].any()


def test_words_leave_out_what_does_not_change_an_answer(index: Index) -> None:
    found = evidence(index, [0] * 4, [0] * 4, [0] * 4)
    assert [words(found, position) for position in range(3)] == ["dam was built", "dam they say", "in 1901 it broke"]
    found.spans.spans[:2] = [(0, 7), (19, 24)]
    assert TEXT[0:7] == "The Dam"
    assert words(found, 0) == words(found, 1) == "dam"
