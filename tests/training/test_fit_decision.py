"""The fitting of the ranking and the decision: it finds what was put in, and writes what the program loads."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from index.article import article_from_paragraphs
from index.errors import DataError
from index.store import build_index
from qa.decision import FEATURES, OUTCOMES, load_decision
from qa.ranking import RANKING, rank
from qa.reading import Evidence
from qa.retriever import MEASURES, Retrieval
from qa.spans import SentenceSpans
from qa.training import fit_decision
from qa.training.fit_decision import Asked, Fitted, cross_validated, fit, fit_ranking
from qa.verifier import load_verifier
from tests.conftest import ROOT
from tests.toy import ToyEncoder, ToyReader

SMALL = ROOT / "tests" / "evaluation" / "data" / "small.json"
SENTENCES = 5
N = 120
FOLDS = 4
ARTICLES = 10


@pytest.fixture(autouse=True)
def few_folds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fit_decision, "FOLDS", FOLDS)


def unsure(_position: int) -> float:
    """A verifier that says nothing."""
    return 0.0


@pytest.fixture(scope="module")
def asked() -> list[Asked]:
    """Random questions on an article of five sentences, a third of them silent.

    Retrieval says nothing; the reader's mass is highest, by about 2, where the answer is, and 3 lower without one. The best
    span is right for three quarters of the answerable questions.
    """
    paragraphs = [f"Sentence number {n} says something of its own." for n in range(SENTENCES)]
    index = build_index([article_from_paragraphs("a", "A", paragraphs)], ToyEncoder())
    whole = np.array([(one.start, one.end) for one in index.sentences])
    random = np.random.default_rng(3)
    made: list[Asked] = []
    for number in range(N):
        silent, right = number % 3 == 0, number % 4 != 0
        gold = int(random.integers(SENTENCES))
        mass = random.normal(size=SENTENCES) - 3 * silent
        mass[gold] += 0 if silent else 2
        raw = np.zeros((len(MEASURES), SENTENCES), dtype=np.float32)
        retrieval = Retrieval("Who?", index, 0, raw, random.normal(size=SENTENCES).astype(np.float32))
        evidence = Evidence(retrieval, (), SentenceSpans(mass - 1, mass, whole), np.zeros(SENTENCES, dtype=np.int64))
        f1 = {} if silent else {place: float(place == gold and right) for place in range(SENTENCES)}
        made.append(
            Asked(
                evidence, frozenset() if silent else frozenset({gold}), f1, f"article {number % ARTICLES}", "set", unsure
            )
        )
    return made


def test_the_ranking_weighs_what_tells_gold(asked: list[Asked]) -> None:
    weights = dict(zip(RANKING, fit_ranking(asked).tolist(), strict=True))
    assert min(weights.values()) >= 0
    # A gold sentence's mass is drawn around 2, another's around 0: the log of how much likelier is 2 * mass and a constant.
    assert weights["reader_odds"] == pytest.approx(2, abs=0.5)
    assert weights["retrieval"] < 0.4


def test_the_ranking_is_the_likeliest_one(asked: list[Asked]) -> None:
    def loss(weights: np.ndarray) -> float:
        total = 0.0
        for question in asked:
            if question.gold:
                ranking = rank(question.evidence, weights)
                total -= float(np.log(ranking.shares[np.isin(ranking.positions, list(question.gold))].sum()))
        return total

    best = fit_ranking(asked)
    for place in range(len(RANKING)):
        for step in (-0.2, 0.2):
            moved = best.copy()
            moved[place] = max(0, moved[place] + step)
            assert loss(best) < loss(moved) + 0.05


def test_the_decision_tells_the_three_outcomes_apart(asked: list[Asked]) -> None:
    fitted = fit(asked, "encoder", "reader", "made up")
    decision = fitted.decision
    assert (decision.encoder_fingerprint, decision.reader_fingerprint) == ("encoder", "reader")
    assert decision.fitted_on == "made up"
    ranked = [rank(question.evidence, fitted.weights) for question in asked]
    pairs = zip(asked, ranked, strict=True)
    judged = decision.judge(np.array([one.features(ranking) for one, ranking in pairs]))
    said = np.array([judgement.p_no_answer for judgement in judged])
    silent = np.array([not question.f1 for question in asked])
    assert said[silent].mean() > 0.7
    assert said[~silent].mean() < 0.3
    # Calibrated for a world in which the article is silent on half of the questions; a third of these are.
    assert (said[silent].mean() + said[~silent].mean()) / 2 == pytest.approx(0.5, abs=0.01)
    right = np.array(
        [question.f1.get(int(one.positions[0]), 0) > 0.5 for question, one in zip(asked, ranked, strict=True)]
    )
    believed = np.array([judgement.p_right for judgement in judged])
    assert believed[silent].mean() + believed[~silent].mean() == pytest.approx(right[~silent].mean(), abs=0.02)


def test_figures_are_of_questions_that_were_not_fitted_on(asked: list[Asked]) -> None:
    figures = cross_validated(asked)["set"]
    assert all(value is not None and 0 <= value <= 1 for value in figures.values())
    assert figures["hit@1"] > 0.6
    assert figures["hit@1"] <= figures["mrr@10"]
    assert figures["no_answer_auroc"] > 0.9
    assert figures["has_ans_f1"] < figures["hit@1"]  # a quarter of the spans in gold sentences are wrong


def test_an_article_and_its_other_half_are_held_out_together(asked: list[Asked], monkeypatch: pytest.MonkeyPatch) -> None:
    fitted_on: list[set[str]] = []

    def watched(some: Sequence[Asked]) -> Fitted:
        fitted_on.append({question.article for question in some})
        return fit(some)

    monkeypatch.setattr(fit_decision, "fit", watched)
    halves = [replace(question, article=question.article + " (2)") for question in asked[: N // 2]]
    cross_validated(halves + asked[N // 2 :])
    assert len(fitted_on) == FOLDS
    names = {f"article {number}" for number in range(ARTICLES)}
    held_out = [{name for name in names if not {name, name + " (2)"} & seen} for seen in fitted_on]
    assert sorted(name for names in held_out for name in names) == sorted(names)
    assert all(
        {name, name + " (2)"} <= seen for seen, out in zip(fitted_on, held_out, strict=True) for name in names - out
    )


def test_figures_without_a_feature_tell_what_it_gives(asked: list[Asked]) -> None:
    knowing = [replace(one, verified=lambda _position, one=one: 3.0 if one.f1 else -3.0) for one in asked]
    helped, without = (
        cross_validated([replace(one, without=name) for one in knowing])["set"] for name in ("", "verified")
    )
    assert helped["no_answer_auroc"] == pytest.approx(1)
    assert without == cross_validated(asked)["set"]


def test_a_file_without_silent_questions_has_no_figures_of_them(asked: list[Asked]) -> None:
    both = [*asked, *(replace(question, data="answerable") for question in asked if question.f1)]
    figures = cross_validated(both)["answerable"]
    assert figures["no_answer_auroc"] is None
    assert figures["silent_and_refused"] is None
    assert figures["hit@1"] is not None
    json.dumps(figures, allow_nan=False)


def test_a_file_of_one_kind_of_question_has_no_part_in_the_decision(asked: list[Asked]) -> None:
    """Or the decision would learn to tell that file, where the other kind cannot be."""
    shifted = [replace(question, data="answerable", article="far") for question in asked if question.f1]
    one, other = fit(asked), fit([*asked, *shifted])
    np.testing.assert_allclose(
        one.weights, other.weights, atol=0.011
    )  # the ranking is fitted to all, twice the same here
    np.testing.assert_allclose(one.decision.mean, other.decision.mean, atol=0.05)
    np.testing.assert_allclose(one.decision.bias, other.decision.bias, atol=0.02)


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        (lambda f1: not f1, f"no gold sentence was read for any of {N // 3} questions; give answerable questions"),
        (
            lambda f1: bool(f1),
            "none of 0 questions in files with both .* turned out silent or right or wrong; give more questions",
        ),
        (
            lambda f1: not f1 or max(f1.values()) > 0,
            f"none of {N * 5 // 6} questions .* turned out wrong; give more questions",
        ),
    ],
)
def test_questions_that_do_not_show_every_outcome_are_refused(
    asked: list[Asked], kept: Callable[[dict[int, float]], bool], said: str
) -> None:
    some = [
        replace(question, f1=dict.fromkeys(question.f1, 1.0) if question.f1 else {})
        for question in asked
        if kept(question.f1)
    ]
    with pytest.raises(DataError, match=said):
        fit(some)


def test_the_whole_program_writes_a_decision_that_loads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(fit_decision, "load_encoder", ToyEncoder)
    monkeypatch.setattr(fit_decision, "load_reader", ToyReader)
    monkeypatch.setattr(fit_decision, "FOLDS", 3)  # as many as there are articles
    path = tmp_path / "made" / "config.json"
    fit_decision.main([str(SMALL), "--out", str(path), "--without", "verified"])
    decision = load_decision(path)
    assert decision.encoder_fingerprint == ToyEncoder.fingerprint
    assert decision.reader_fingerprint == ToyReader.fingerprint
    assert decision.verifier_fingerprint == load_verifier().fingerprint
    assert decision.fitted_on == "35 questions of small.json"
    assert np.shape(decision.weights) == (len(OUTCOMES), len(FEATURES))
    report = json.loads(capsys.readouterr().out)
    assert tuple(report["weights"]) == RANKING
    figures = report["cross-validated by article"]["small"]
    assert 0.5 < figures["hit@1"] <= figures["mrr@10"] <= 1  # the questions are in the articles' own words
    assert figures["f1"] >= 0
    assert report["without verified"]["small"].keys() == figures.keys()
    assert report["without verified"]["small"] != figures


def test_every_question_of_a_file_is_asked_with_its_gold() -> None:
    asked = list(fit_decision.ask(SMALL, ToyEncoder(), ToyReader()))
    questions = [
        question
        for article in json.loads(SMALL.read_text())["data"]
        for paragraph in article["paragraphs"]
        for question in paragraph["qas"]
    ]
    assert len(asked) == len(questions)
    assert sum(bool(one.gold) for one in asked) == sum(not question["is_impossible"] for question in questions)
    by_text = {question["question"]: question for question in questions}
    for one in asked:
        retrieval = one.evidence.retrieval
        answers = [answer["text"] for answer in by_text[retrieval.question]["answers"]]
        assert bool(one.f1) == bool(answers) == bool(one.gold)
        for position in one.gold:
            assert any(text in retrieval.index.text(retrieval.sentence(position)) for text in answers)
        for position, f1 in one.f1.items():
            sentence = retrieval.sentence(position)
            start, end = one.evidence.spans.spans[position]
            span = retrieval.index.article(sentence.article_id).text[start:end]
            if span in answers:
                assert f1 == 1
            if not set(re.findall(r"\w+", span.lower())) & set(re.findall(r"\w+", " ".join(answers).lower())):
                assert f1 == 0


def test_a_sample_is_seeded() -> None:
    first, second = (list(fit_decision.ask(SMALL, ToyEncoder(), ToyReader(), 10)) for _ in range(2))
    assert len(first) == 10
    assert [one.evidence.retrieval.question for one in first] == [one.evidence.retrieval.question for one in second]
