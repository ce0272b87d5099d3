"""Two runs side by side: which questions changed, by name, and what is not comparable is said."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from index.errors import DataError
from qa.evaluation.comparison import compare_runs, load_baseline, refuse_other_questions
from qa.evaluation.report.changes import changes_section
from qa.evaluation.result import Result
from qa.evaluation.table import table
from qa.pipeline import QAPipeline
from qa.prediction import Prediction
from tests.evaluation.toy_run import SETTINGS, opener, run


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("first")
    run(folder)
    return folder


def refuse_some(prediction: Prediction, pipeline: QAPipeline) -> Prediction:
    """Refuses what is asked of the lighthouse, and answers what is asked of trains."""
    if prediction.best.article_id == "Harbour_lighthouse":
        return replace(prediction, answerable=False)
    return replace(prediction, answerable=True) if prediction.best.article_id == "Night_trains" else prediction


@pytest.fixture(scope="module")
def second(first: Path, tmp_path_factory: pytest.TempPathFactory) -> Result:
    return run(tmp_path_factory.mktemp("second"), baseline=first, open_pipeline=opener(refuse_some))


def test_questions_that_improved_and_broke_are_named(first: Path, second: Result) -> None:
    assert second.comparison is not None
    before = {row["id"]: row["scores"] for row in rows(first)}
    improved = {pair.after.question.id for pair in second.comparison.improved}
    broke = {pair.after.question.id for pair in second.comparison.broke}
    expected: dict[bool, set[str]] = {True: set(), False: set()}
    for outcome in second.asked.outcomes:
        earlier, now = before[outcome.question.id], outcome.scores
        sides = [(earlier["right"], now.right), (earlier["sentence_right"], now.sentence_right)]
        gained, lost = (any(side == way for side in sides) for way in ((False, True), (True, False)))
        if gained != lost:
            expected[gained].add(outcome.question.id)
    assert improved == expected[True]
    assert broke == expected[False]
    assert improved
    assert broke


def rows(folder: Path) -> list[dict[str, dict[str, bool]]]:
    return [json.loads(line) for line in (folder / "predictions.jsonl").read_text(encoding="utf-8").splitlines()]


def test_changes_are_those_of_the_two_files(first: Path, second: Result) -> None:
    assert second.comparison is not None
    before = json.loads((first / "metrics.json").read_text())
    for name, change in second.comparison.changes.items():
        assert change.before == before[name]
        assert change.after == second.metrics[name]
    assert second.comparison.changes["no_answer_recall"].p_value is not None
    assert second.comparison.changes["latency_p50_ms"].p_value is None  # of other moments of the machine


def test_a_sample_is_compared_over_what_both_asked(first: Path, tmp_path: Path) -> None:
    result = run(tmp_path / "sample", baseline=first, limit=12, settings=SETTINGS.model_copy(update={"coverage": 1.0}))
    assert result.comparison is not None
    assert (result.comparison.n_common, len(result.comparison.only_before)) == (12, 23)
    assert result.comparison.only_after == ()
    assert set(result.comparison.settings) == {"limit", "settings.coverage"}
    assert result.comparison.improved == result.comparison.broke == ()
    assert result.comparison.changes["hit@1"].difference == 0.0
    lines = "\n".join(table(result))
    assert "over the 12 questions of both: 0 improved, 0 broke" in lines
    assert "23 questions are only in the baseline" in lines
    assert "p cannot be less than 0.250" in lines


def test_other_gold_answers_are_pointed_out(first: Path, second: Result) -> None:
    baseline = load_baseline(first)
    asked = second.asked.outcomes
    changed = replace(asked[0], question=replace(asked[0].question, answers=asked[1].question.answers))
    comparison = compare_runs(baseline, [changed, *asked[1:]], second.metrics, second.config, 0)
    assert comparison.gold_changed == (asked[0].question.id,)
    assert comparison.question_changed == ()
    assert "1 questions have other gold answers now" in "\n".join(table(replace(second, comparison=comparison)))
    assert "1 have other gold answers now" in str(changes_section(comparison))


def test_an_id_that_names_another_question_now_is_pointed_out(first: Path, second: Result) -> None:
    asked = second.asked.outcomes
    changed = replace(asked[0], question=replace(asked[0].question, text="Who asks something else?"))
    comparison = compare_runs(load_baseline(first), [changed, *asked[1:]], second.metrics, second.config, 0)
    assert comparison.question_changed == (asked[0].question.id,)
    assert comparison.gold_changed == ()
    assert comparison.as_dict()["question_changed"] == comparison.question_changed
    assert "1 questions have another wording now" in "\n".join(table(replace(second, comparison=comparison)))
    assert "1 have another wording now" in str(changes_section(comparison))


def test_unchanged_questions_are_not_remarked_on(second: Result) -> None:
    assert second.comparison is not None
    assert second.comparison.question_changed == second.comparison.gold_changed == ()
    said = "\n".join([*table(second), str(changes_section(second.comparison))])
    assert "wording now" not in said
    assert "gold answers now" not in said


def test_a_run_of_other_questions_is_refused(first: Path, second: Result) -> None:
    baseline = load_baseline(first)
    asked = [replace(outcome.question, id=f"other {outcome.question.id}") for outcome in second.asked.outcomes]
    with pytest.raises(DataError, match="no question in common"):
        refuse_other_questions(baseline, asked)
    refuse_other_questions(baseline, [asked[0], second.asked.outcomes[0].question])


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"predictions\.jsonl cannot be read"):
        load_baseline(tmp_path)


def test_comparison_json_says_what_the_report_says(first: Path, tmp_path: Path) -> None:
    result = run(tmp_path / "out", baseline=first, open_pipeline=opener(refuse_some))
    assert result.comparison is not None
    written = json.loads((tmp_path / "out" / "comparison.json").read_text(encoding="utf-8"))
    assert written == json.loads(json.dumps(result.comparison.as_dict()))
    assert [one["id"] for one in written["broke"]] == [pair.after.question.id for pair in result.comparison.broke]
    run(tmp_path / "out")
    assert not (tmp_path / "out" / "comparison.json").exists()  # it would belong to an older run
