"""The product on its first article, with the real models: sixty questions in readers' words, and what must hold of them."""

import json
from pathlib import Path

import pytest

from index.article import Article
from index.encoder import Encoder
from index.store import Index
from qa.evaluation.metrics import token_f1
from qa.evaluation.outcome import RIGHT_F1
from qa.pipeline import QAPipeline

QUESTIONS = [
    json.loads(line) for line in (Path(__file__).parents[2] / "seeds" / "questions.jsonl").read_text().splitlines()
]
RIGHT_AT_LEAST = 33  # of 40
REFUSED_AT_LEAST = 19  # of 20


@pytest.fixture(scope="module")
def pipeline(real_index: Index, real_encoder: Encoder) -> QAPipeline:
    return QAPipeline(real_index, real_encoder)


def test_gold_answers_are_slices_of_sentences_that_can_answer(seed_article: Article, real_index: Index) -> None:
    assert len(QUESTIONS) == 60
    assert len({row["id"] for row in QUESTIONS}) == len({row["question"] for row in QUESTIONS}) == 60
    assert sum(bool(row["answers"]) for row in QUESTIONS) == 40
    for row in QUESTIONS:
        for gold in row["answers"]:
            end = gold["start"] + len(gold["text"])
            assert seed_article.text[gold["start"] : end] == gold["text"]
            assert any(held.start <= gold["start"] and end <= held.end for held in real_index.sentences), row["id"]


def test_enough_are_answered_right_and_enough_refused(pipeline: QAPipeline) -> None:
    right = refused = 0
    for row in QUESTIONS:
        answer = pipeline.answer(row["question"])
        if not row["answers"]:
            refused += not answer.answerable
        elif answer.answer is not None:
            right += token_f1([gold["text"] for gold in row["answers"]], answer.answer.text) >= RIGHT_F1
    assert right >= RIGHT_AT_LEAST
    assert refused >= REFUSED_AT_LEAST


def test_when_could_humans_first_land_on_mars(pipeline: QAPipeline) -> None:
    answer = pipeline.answer("When could humans first land on Mars?")
    assert answer.answer is not None
    assert "2029" in answer.answer.text
    assert "human landings could take place as early as 2029" in answer.citations[0].quote


def test_the_capital_of_france_is_not_in_the_article(pipeline: QAPipeline) -> None:
    answer = pipeline.answer("What is the capital of France?")
    assert answer.kind == "no_answer"
    assert len(answer.nearest) == 3


def test_a_yes_no_question_gets_evidence_and_no_yes_of_ours(pipeline: QAPipeline) -> None:
    answer = pipeline.answer("Are the US sanctions that Russia faces over the conflict still in place?")
    assert answer.answer is not None
    assert answer.answer.text.strip(" .").lower() not in ("yes", "no")
    assert "US sanctions against Russia over the conflict remain in place" in answer.citations[0].quote


def test_the_repeated_caption_and_the_newsletter_never_answer(pipeline: QAPipeline, seed_article: Article) -> None:
    second = seed_article.text.rindex("SpaceX's next-generation Starship")
    for question in (
        "Where can I subscribe to the newsletter?",
        "stay updated with the latest news",
        "starship eighth test",
    ):
        answer = pipeline.answer(question)
        for citation in (*answer.citations, *answer.nearest):
            assert "Newsletter" not in citation.quote
            assert citation.start != second


def test_the_same_question_gets_the_same_answer_alone_and_in_a_batch(pipeline: QAPipeline) -> None:
    questions = [row["question"] for row in QUESTIONS]
    for question, together in zip(questions[::6], pipeline.predict(questions)[::6], strict=True):
        alone = pipeline.predict([question])[0]
        assert alone.best == together.best
        assert [(found.sentence, found.span) for found in alone.ranked] == [
            (found.sentence, found.span) for found in together.ranked
        ]
        assert alone.answerable == together.answerable
        assert alone.p_no_answer == pytest.approx(together.p_no_answer, abs=1e-3)
