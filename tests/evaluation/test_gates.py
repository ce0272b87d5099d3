"""A part that is broken on purpose is caught by a gate, and the attribution names it; everything else is the real code."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from index.errors import SettingsError
from qa.answer import AnswerText, Span
from qa.evaluation.attribution import STAGES, stage_of
from qa.evaluation.comparison import Comparison
from qa.evaluation.gates import ALWAYS, Gate, judge, junit, parse_gates
from qa.evaluation.resampling import Change
from qa.evaluation.result import Result
from qa.pipeline import QAPipeline
from qa.prediction import Prediction, RankedSentence
from tests.evaluation.toy_run import Change as ChangePrediction
from tests.evaluation.toy_run import gates, opener, run


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a run with nothing broken."""
    folder = tmp_path_factory.mktemp("sound")
    run(folder)
    return folder


def lose_the_passage(prediction: Prediction, pipeline: QAPipeline) -> Prediction:
    """A retriever that finds the worst passage: the reader never sees another."""
    worst = prediction.ranked[-1].sentence
    passage = pipeline.index.passage(worst.article_id, worst.passage_id)
    found = tuple(one for one in prediction.ranked if one.sentence.passage_id == worst.passage_id)
    return replace(prediction, ranked=found, best=span_of(found[0], pipeline), read=(passage,))


def choose_another_sentence(prediction: Prediction, pipeline: QAPipeline) -> Prediction:
    """A reader that prefers what it should rank last."""
    ranked = tuple(reversed(prediction.ranked))
    return replace(prediction, ranked=ranked, best=span_of(ranked[0], pipeline))


def span_of(found: RankedSentence, pipeline: QAPipeline) -> AnswerText:
    """The answer that the reader has found in a ranked sentence, all of it if none."""
    article = pipeline.index.article(found.sentence.article_id)
    span = found.span or Span(found.sentence.start, found.sentence.end)
    return AnswerText(article.text[span.start : span.end], span.start, span.end, article.id)


def cut_the_span(prediction: Prediction, pipeline: QAPipeline) -> Prediction:
    """A reader that takes the last word of the right sentence."""
    first = prediction.ranked[0]
    start = first.sentence.start + pipeline.index.text(first.sentence).rindex(" ") + 1
    return replace(prediction, best=span_of(replace(first, span=Span(start, first.sentence.end)), pipeline))


def refuse(prediction: Prediction, pipeline: QAPipeline) -> Prediction:
    return replace(prediction, answerable=False, p_no_answer=1 - prediction.p_no_answer)


def answer_all(prediction: Prediction, pipeline: QAPipeline) -> Prediction:
    return replace(prediction, answerable=True)


@pytest.mark.parametrize(
    ("broken", "stage", "drops"),
    [
        (lose_the_passage, "passage_missed", ["retrieval_ceiling=0.05", "hit@1=0.05"]),
        (choose_another_sentence, "sentence_missed", ["hit@1=0.05", "mrr@10=0.05"]),
        (cut_the_span, "span_wrong", ["has_ans_f1=0.05", "f1=0.05"]),
        (refuse, "refused_answerable", ["sentence_right=0.05", "no_answer_auroc=0.05"]),
        (answer_all, "answered_unanswerable", ["no_answer_recall=0.05", "no_answer_f1=0.05"]),
    ],
)
def test_a_broken_part_fails_its_gates_and_is_named(
    sound: Path, tmp_path: Path, broken: ChangePrediction, stage: str, drops: list[str]
) -> None:
    asked = gates(drop=[*drops, "citation_exact=0"])
    unbroken = run(tmp_path / "again", baseline=sound, gates=asked)
    result = run(tmp_path / "broken", baseline=sound, gates=asked, open_pipeline=opener(broken))
    assert unbroken.passed
    assert not result.passed
    failed = {verdict.gate.metric for verdict in result.verdicts if not verdict.passed}
    assert failed == {drop.partition("=")[0] for drop in drops}
    assert grown(unbroken, result) == stage


def grown(before: Result, after: Result) -> str:
    """The stage whose errors grew most from one run to the other."""
    count = Counter(one.scores.stage for one in after.asked.outcomes)
    count.subtract(Counter(one.scores.stage for one in before.asked.outcomes))
    del count[None]
    return str(count.most_common(1)[0][0])


def test_a_citation_that_is_no_slice_of_the_article_fails_without_being_asked_for(tmp_path: Path) -> None:
    result = run(tmp_path)
    assert result.passed
    assert [verdict.gate for verdict in result.verdicts] == [ALWAYS]
    (verdict,) = judge([ALWAYS], result.metrics | {"citation_exact": 0.999}, None)
    assert not verdict.passed
    (verdict,) = judge([ALWAYS], result.metrics | {"citation_exact": None}, None)
    assert verdict.passed  # nothing was cited, so nothing was cited wrongly


def test_every_error_has_one_stage_and_the_counts_add_up(tmp_path: Path) -> None:
    result = run(tmp_path)
    wrong = sum(not outcome.scores.right for outcome in result.asked.outcomes)
    assert sum(result.metrics[f"n_{stage}"] for stage in STAGES) == wrong > 0  # type: ignore[misc]


@pytest.mark.parametrize(
    ("answerable", "refused", "in_read", "sentence_hit", "right", "stage"),
    [
        (True, False, True, True, True, None),
        (True, False, True, True, False, "span_wrong"),
        (True, True, True, True, False, "refused_answerable"),
        (True, False, True, False, False, "sentence_missed"),
        (True, True, True, False, False, "sentence_missed"),  # to refuse was the best that could be done
        (True, True, False, False, False, "passage_missed"),
        (False, False, False, False, False, "answered_unanswerable"),
        (False, True, False, False, True, None),
    ],
)
def test_the_first_stage_at_fault_is_blamed(
    answerable: bool, refused: bool, in_read: bool, sentence_hit: bool, right: bool, stage: str | None
) -> None:
    found = stage_of(answerable=answerable, refused=refused, in_read=in_read, sentence_hit=sentence_hit, right=right)
    assert found == stage


UNDER = "--fail-under"
DROP = "--fail-drop"


@pytest.mark.parametrize(
    ("gate", "value", "passed", "words"),
    [
        (Gate(UNDER, "f1", 0.5), 0.5, True, "f1 is 0.5000, not under 0.5"),
        (Gate(UNDER, "f1", 0.3), 0.1 + 0.2 - 1e-16, True, "not under"),  # float dust is no failure
        (Gate(UNDER, "f1", 0.5), 0.4, False, "f1 is 0.4000, 0.1000 under the 0.5 of --fail-under"),
        (Gate(UNDER, "ece", 0.1), 0.05, True, "not above 0.1"),
        (Gate(UNDER, "ece", 0.1), 0.15, False, "ece is 0.1500, 0.0500 above the 0.1"),
        (Gate(UNDER, "oracle_ece", 0.1), 0.15, False, "above"),
        (Gate(UNDER, "latency_p95_ms", 50.0), 60.0, False, "10.0000 above"),
        (Gate(UNDER, "no_answer_auroc", 0.5), None, False, "undefined"),
        (Gate(UNDER, "hit@1", 0.99999999), 0.5, False, "under the 0.99999999 of"),
        (Gate(UNDER, "hit@1", 0.99999999), 0.9999999, False, "is 0.999999900, 0.000000090 under the 0.99999999 of"),
        (Gate(UNDER, "hit@1", 0.33333333), 0.4, True, "not under 0.33333333"),
    ],
)
def test_a_floor_fails_by_how_much(gate: Gate, value: float | None, passed: bool, words: str) -> None:
    (verdict,) = judge([gate], {gate.metric: value}, None)
    assert verdict.passed == passed
    assert words in verdict.message


@pytest.mark.parametrize(
    ("gate", "before", "after", "passed", "words"),
    [
        (Gate(DROP, "f1", 0.02), 0.5, 0.48, True, "got worse by 0.0200 from 0.5000 to 0.4800, within 0.02"),
        (Gate(DROP, "f1", 0.02), 0.5, 0.47, False, "got worse by 0.0300 from 0.5000 to 0.4700, 0.0100 more than"),
        (Gate(DROP, "f1", 0.0), 0.5, 0.6, True, "got better by 0.1000"),
        (Gate(DROP, "f1", 0.0), 0.5, 0.5, True, "stayed"),
        (Gate(DROP, "ece", 0.02), 0.1, 0.2, False, "got worse by 0.1000"),
        (Gate(DROP, "ece", 0.02), 0.2, 0.1, True, "got better by 0.1000"),
        (Gate(DROP, "f1", 0.02), None, 0.5, False, "undefined"),
        (Gate(DROP, "f1", 0.0), 0.5, 0.49999, False, "0.000010 from 0.500000 to 0.499990, 0.000010 more than the 0 that"),
        (Gate(DROP, "f1", 0.0), 0.3, 0.3 - 1e-16, True, "stayed"),  # float dust is no move
    ],
)
def test_a_drop_fails_by_how_much(
    gate: Gate, before: float | None, after: float | None, passed: bool, words: str
) -> None:
    difference = None if before is None or after is None else after - before
    changes = {gate.metric: Change(before, after, difference, None, None)}
    comparison = Comparison(Path("x"), 1, (), (), (), (), changes, (), (), {}, 1.0)
    (verdict,) = judge([gate], {}, comparison)
    assert verdict.passed == passed
    assert words in verdict.message


def test_all_bad_gates_are_named_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        parse_gates(["f2=1", "f1", "f1=nan", "oracle_f1=1"], ["f1=-1", "hit@1=.5"], oracle=False)
    message = str(caught.value)
    for words in ("f2=1: there is no metric 'f2'", "f1: expected", "f1=nan: expected", "'oracle_f1'", "f1=-1: expected"):
        assert words in message
    assert "hit@1=.5:" not in message
    assert parse_gates(["oracle_f1=1"], [], oracle=True) == [Gate(UNDER, "oracle_f1", 1.0)]


def test_a_gate_is_named_with_the_bound_that_was_asked_for() -> None:
    (gate,) = parse_gates(["hit@1=0.99999999"], [], oracle=False)
    assert str(gate) == "--fail-under hit@1=0.99999999"
    assert str(ALWAYS) == "--fail-under citation_exact=1"


def test_a_drop_without_a_baseline_is_refused_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="--baseline"):
        run(tmp_path / "out", gates=gates(drop=["f1=0"]))
    assert not (tmp_path / "out").exists()


def test_junit_has_a_case_a_gate_and_says_what_failed(tmp_path: Path) -> None:
    report = tmp_path / "junit.xml"
    result = run(tmp_path / "out", gates=gates(under=["hit@1=0.1", "exact_match=0.99"]), junit=report)
    suite = ElementTree.fromstring(report.read_text(encoding="utf-8")).find("testsuite")
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures")) == ("3", "1")
    cases = {case.get("name"): case.find("failure") for case in suite.iter("testcase")}
    assert cases["--fail-under hit@1=0.1"] is None
    failure = cases["--fail-under exact_match=0.99"]
    assert failure is not None
    assert "under the 0.99" in str(failure.get("message"))
    assert report.read_text(encoding="utf-8") == junit(result.verdicts, result.metrics)
