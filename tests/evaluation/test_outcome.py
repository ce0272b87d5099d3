"""What counts as gold, how a row is read back, and what is asked of which paragraph."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from index.article import article_from_paragraphs, article_from_text
from index.errors import DataError
from index.store import build_index
from qa.evaluation.asking import BATCH, gold_paragraphs, whole_articles
from qa.evaluation.datasets import load_data
from qa.evaluation.files import read_outcomes
from qa.evaluation.outcome import RIGHT_F1, Outcome, Scores, gold_sentences
from qa.evaluation.questions import GoldAnswer, Question
from qa.evaluation.summary import GROUPS, HELP, LOWER_IS_BETTER, METRICS, columns_of, figure, figures, summarise
from qa.pipeline import QAPipeline
from qa.prediction import Prediction
from tests.evaluation.toy_run import DATA, opener, run
from tests.toy import ToyEncoder


def question(*answers: tuple[str, int]) -> Question:
    return Question("q", "Which?", "a", tuple(GoldAnswer(text, start) for text, start in answers), None)


def test_gold_sentences_are_those_in_which_an_answer_starts() -> None:
    article = article_from_paragraphs("a", "a", ["One is here. Two is there.", "Three is far."])
    sentences = build_index([article], ToyEncoder()).sentences

    def found(*answers: tuple[str, int]) -> list[str]:
        return [one.text for one in gold_sentences(question(*answers), article, sentences)]

    assert found(("One", 0)) == ["One is here."]
    assert found(("here. Two", 7)) == ["One is here."]  # it ends elsewhere
    assert found((" Two", 12)) == ["Two is there."]  # the space before it belongs to no sentence
    assert found(("Three", 28), ("Two", 13), ("Two is", 13)) == ["Two is there.", "Three is far."]
    assert found() == []


def test_an_answer_in_what_the_index_leaves_out_is_in_no_sentence() -> None:
    article = article_from_text("Subscribe to our Newsletter\n\nThe tower fell in 1953. Nobody was hurt.\n", id="a")
    sentences = build_index([article], ToyEncoder()).sentences
    if not any(sentence.start == 0 for sentence in sentences):
        assert gold_sentences(question(("Subscribe", 0)), article, sentences) == ()
    assert len(gold_sentences(question(("1953", article.text.index("1953"))), article, sentences)) == 1


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcome, ...]:
    return run(tmp_path_factory.mktemp("run")).asked.outcomes


def test_a_row_is_read_back_as_it_was(outcomes: tuple[Outcome, ...]) -> None:
    for outcome in outcomes:
        assert Outcome.from_row(json.loads(json.dumps(outcome.as_row())), "here") == outcome


@pytest.mark.parametrize("missing", ["gold", "answer", "ranked", "best_span", "read", "p_right", "scores", "id"])
def test_a_row_that_lacks_something_is_refused_with_its_place(outcomes: tuple[Outcome, ...], missing: str) -> None:
    row = outcomes[0].as_row()
    del row[missing]
    with pytest.raises(DataError, match=r"^file:7: .*KeyError.*run that evaluation again"):
        Outcome.from_row(row, "file:7")


def test_what_is_shown_is_what_is_scored(outcomes: tuple[Outcome, ...]) -> None:
    for outcome in outcomes:
        assert (outcome.shown_text == "") == outcome.scores.refused
        assert outcome.answer["timings_ms"] == {"retrieve": 0.0, "read": 0.0, "total": 0.0}
        assert outcome.ranked[0].start <= outcome.best_span.start < outcome.ranked[0].end


@pytest.mark.parametrize("gold", ["The", "."])
def test_gold_that_normalises_to_nothing_asks_for_a_refusal_in_every_score(tmp_path: Path, gold: str) -> None:
    text = "The tower fell in 1953. Nobody was hurt."
    answers = [{"text": gold, "answer_start": text.index(gold)}]
    row = {"id": "q", "question": "When did the tower fall?", "answers": answers}
    data = tmp_path / "a.json"
    data.write_text(json.dumps({"data": [{"title": "a", "paragraphs": [{"context": text, "qas": [row]}]}]}))

    def scores(answerable: bool) -> Scores:
        def decided(prediction: Prediction, _: QAPipeline) -> Prediction:
            return replace(prediction, answerable=answerable)

        out = tmp_path / str(answerable)
        (outcome,) = run(out, data=(str(data),), open_pipeline=opener(decided)).asked.outcomes
        assert outcome.scores.refused == (not answerable)
        return outcome.scores

    refused, answered = scores(answerable=False), scores(answerable=True)
    assert (refused.exact_match, refused.f1, refused.right, refused.sentence_right) == (1.0, 1.0, True, True)
    assert refused.stage is None
    assert (answered.f1, answered.right) == (0.0, False)
    assert answered.stage is not None


def test_right_and_f1_agree_on_every_question(outcomes: tuple[Outcome, ...]) -> None:
    for outcome in outcomes:
        assert outcome.scores.right == (outcome.scores.f1 >= RIGHT_F1)
        assert (outcome.scores.stage is None) == outcome.scores.right


def test_gold_paragraphs_are_asked_alone_and_no_question_is_dropped() -> None:
    dataset = load_data([str(DATA)])
    loose = replace(dataset.questions[4], paragraph=None)  # as an unanswerable JSONL row is
    questions = [*dataset.questions[:4], loose, *dataset.questions[5:]]
    sittings = gold_paragraphs(dataset, questions)
    asked = {one.id: (one, batch.article) for sitting in sittings for batch in sitting.batches for one in batch.questions}
    assert len(asked) == len(questions)
    for original in questions:
        moved, article = asked[original.id]
        assert moved.article_id == article.id
        for before, after in zip(original.answers, moved.answers, strict=True):
            assert article.text[after.start :].startswith(before.text)
    text = dataset.articles[0].text
    assert asked[loose.id][1].text == text
    assert asked[questions[0].id][1].text == text.split("\n\n")[0]


def test_questions_are_asked_in_batches_of_their_article() -> None:
    dataset = load_data([str(DATA)])
    many = [replace(dataset.questions[0], id=str(number)) for number in range(2 * BATCH + 3)]
    (sitting,) = whole_articles(dataset, many)
    assert [len(batch.questions) for batch in sitting.batches] == [BATCH, BATCH, 3]
    assert [one.id for batch in sitting.batches for one in batch.questions] == [one.id for one in many]


def test_every_metric_has_its_help_and_its_place_in_the_table(outcomes: tuple[Outcome, ...]) -> None:
    assert sorted(name for names in GROUPS.values() for name in names) == sorted(METRICS)
    assert set(METRICS) == set(HELP) >= LOWER_IS_BETTER
    written = summarise(outcomes, {outcomes[0].question.id: 3.0}, [one.question.article_id for one in outcomes], 0)
    assert {name for name in written if not name.endswith("_ci95") and not name.startswith("n_")} == {"n", *METRICS}


def test_of_no_question_everything_is_undefined() -> None:
    assert set(figures(columns_of([])).values()) == {None}
    written = summarise([], {}, [], 0)
    assert {value for name, value in written.items() if not name.startswith("n")} == {None}


def test_figures_are_told_as_people_read_them() -> None:
    assert figure("f1", 0.12345) == "0.123"
    assert figure("latency_p50_ms", 12.345) == "12.3"
    assert figure("f1", None) == "–"


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "cannot be read"), (b"\xff", "cannot be read"), (b"{}\n", ":1: no row"), (b"{\n", ":1: found no JSON")],
)
def test_a_run_that_is_missing_or_damaged_is_refused_with_its_place(
    tmp_path: Path, content: bytes | None, words: str
) -> None:
    path = tmp_path / "predictions.jsonl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=f"predictions.jsonl.*{words}"):
        read_outcomes(path)
