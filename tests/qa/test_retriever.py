"""Fusion: z-scores by hand, equals by position, and the same ranking alone and in a batch."""

import numpy as np
import pytest

from index.article import Article, article_from_paragraphs
from index.errors import ArticleError
from index.store import Index, build_index
from qa.retriever import MEASURES, Retriever, fuse, standardise
from qa.settings import Settings
from tests.toy import ToyEncoder

QUESTIONS = ["When could humans land on Mars?", "ice near the south pole", "zzz", "the", "מים על הירח"]


def test_standardise_by_hand() -> None:
    scores = np.array([[1.0, 2.0, 3.0], [5.0, 5.0, 5.0]], dtype=np.float32)
    expected = [[-(1.5**0.5), 0.0, 1.5**0.5], [0.0, 0.0, 0.0]]
    assert standardise(scores) == pytest.approx(np.array(expected), abs=1e-5)


def test_fuse_by_hand() -> None:
    raw = np.array([[[1, 3], [0, 0], [2, 2], [4, 8], [0.5, 0.25]]], dtype=np.float32)
    weights = np.array([1, 1, 1, 0.5, 2], dtype=np.float32)
    # z-scores (-1, 1), (0, 0), (0, 0), half of (-1, 1); coverage as it is, twice
    assert fuse(raw, weights)[0].tolist() == pytest.approx([-1 - 0.5 + 1.0, 1 + 0.5 + 0.5], abs=1e-3)


def test_raw_scores_are_those_of_the_index(toy_index: Index, toy_encoder: ToyEncoder) -> None:
    retrieval = Retriever(toy_index, toy_encoder).retrieve([QUESTIONS[1]], "moon")[0]
    low, high = toy_index.sentence_rows("moon")
    vectors = toy_index.sentence_vectors.vectors()[low:high]
    assert retrieval.first_row == low
    assert retrieval.raw.shape == (len(MEASURES), high - low)
    assert retrieval.raw[0] == pytest.approx(vectors @ toy_encoder.encode([QUESTIONS[1]])[0], abs=1e-6)
    best = toy_index.text(retrieval.sentence(retrieval.order[0]))
    assert best == "Ice was found near the south pole."


def test_equal_sentences_rank_by_position(toy_encoder: ToyEncoder) -> None:
    same = "The probe found ice under the crater's rim and sent a picture of it home to the observatory that evening."
    other = (
        "Nobody at the observatory had expected that, for in a whole decade each survey of the rim had seen only dust."
    )
    article = article_from_paragraphs("twice", "Twice", [same, other, same])
    retrieval = Retriever(build_index([article], toy_encoder), toy_encoder).retrieve(["What did the probe find?"])[0]
    assert retrieval.order[:2].tolist() == [0, 2]
    assert retrieval.fused[0] == retrieval.fused[2]


def test_a_batch_ranks_as_single_questions_do(toy_index: Index, toy_encoder: ToyEncoder) -> None:
    retriever = Retriever(toy_index, toy_encoder)
    for question, together in zip(QUESTIONS, retriever.retrieve(QUESTIONS), strict=True):
        alone = retriever.retrieve([question])[0]
        assert alone.order.tolist() == together.order.tolist()
        assert alone.fused == pytest.approx(together.fused, abs=1e-4)


def test_a_weight_changes_the_ranking(toy_index: Index, toy_encoder: ToyEncoder) -> None:
    only_bm25 = Settings(dense_sentence=0, bm25_sentence=1, dense_passage=0, bm25_passage=0, coverage=0)
    retrieval = Retriever(toy_index, toy_encoder, only_bm25).retrieve([QUESTIONS[0]], "article")[0]
    assert retrieval.fused == pytest.approx(standardise(retrieval.raw[1]), abs=1e-3)


def test_other_statistics_by_hand() -> None:
    """Mean and spread of the first two, 2 and 1, for all; where those are equal the measure says nothing."""
    raw = np.array([[1.0, 3.0, 5.0], [2.0, 2.0, 9.0]], dtype=np.float32)
    assert standardise(raw, np.array([0, 1])) == pytest.approx(np.array([[-1.0, 1.0, 3.0], [0.0, 0.0, 0.0]]), abs=1e-5)


def article_about(name: str, thing: str, count: int) -> Article:
    """Sentences of one length, so that the mean length is the same whichever are counted."""
    return article_from_paragraphs(
        name, name, [f"The {thing} number{n} stood beside the old {thing} near harbour{n}." for n in range(count)]
    )


def test_an_article_of_an_archive_is_measured_as_if_it_were_alone(toy_encoder: ToyEncoder) -> None:
    """Words are no rarer, and sentences no further from the mean, for there being others."""
    one, other = article_about("ferries", "ferry", 120), article_about("trams", "tram", 300)
    asked = ["Where stood the ferry number7?"]
    alone = Retriever(build_index([one], toy_encoder), toy_encoder).retrieve(asked)[0]
    archive = Retriever(build_index([other, one], toy_encoder), toy_encoder)
    chosen, whole = archive.retrieve(asked, "ferries")[0], archive.retrieve(asked)[0]
    low, high = archive.index.sentence_rows("ferries")
    for found in (chosen.raw, whole.raw[:, low:high]):
        assert found == pytest.approx(alone.raw, abs=1e-4)
    for fused in (chosen.fused, whole.fused[low:high]):
        assert fused == pytest.approx(alone.fused, abs=1e-2)
    assert whole.articles[0] == "ferries" and whole.sought is not None
    assert whole.fused[:low].max() < whole.fused[low:high].max()
    assert (
        np.abs(whole.sought[low:high] - whole.fused[low:high]).max() > 1
    )  # by the statistics of all it is another figure


def test_short_articles_are_measured_together(toy_encoder: ToyEncoder) -> None:
    """By the few sentences of one alone all measures would say nothing, or anything."""
    index = build_index([article_about(f"a{n}", f"thing{n}", 2) for n in range(80)], toy_encoder)
    found = Retriever(index, toy_encoder).retrieve(["Where stood the thing3 number1?"])[0]
    assert found.passages is not None and len(found.passages) == 50
    assert np.isfinite(found.fused).all() and abs(found.fused).max() < 100
    assert found.sentence(int(found.order[0])).article_id == "a3"


def test_no_questions_and_no_such_article(toy_index: Index, toy_encoder: ToyEncoder) -> None:
    retriever = Retriever(toy_index, toy_encoder)
    assert retriever.retrieve([]) == []
    with pytest.raises(ArticleError, match="'mars'"):
        retriever.retrieve(["When?"], "mars")
