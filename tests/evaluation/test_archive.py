"""All articles in one index: the article has to be found first, and what is lost over asking it alone is told by stage."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from index.errors import SettingsError
from qa.cli.evaluate import _measure_robustness
from qa.evaluation.asking import one_archive, opened_once
from qa.evaluation.attribution import STAGES, stage_of
from qa.evaluation.datasets import load_data
from qa.evaluation.files import read_outcomes
from qa.evaluation.options import Options
from qa.evaluation.report.page import report
from qa.evaluation.result import Result
from qa.evaluation.table import table
from qa.pipeline import QAPipeline
from qa.prediction import Prediction
from tests.evaluation.toy_run import DATA, SETTINGS, opener, run


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("archive")


@pytest.fixture(scope="module")
def result(out: Path) -> Result:
    return run(out, archive=True)


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_every_question_is_asked_of_all_articles_and_of_its_own(result: Result, out: Path) -> None:
    dataset = load_data([str(DATA)])
    assert len(dataset.articles) > 1
    both = [rows(out / name) for name in ("predictions.jsonl", "alone_predictions.jsonl")]
    asked = [one.id for one in dataset.questions]
    assert [[row["id"] for row in found] for found in both] == [asked, asked]
    elsewhere = [any(one["article_id"] != row["article_id"] for one in row["ranked"]) for row in both[0]]
    assert any(elsewhere)
    for row in both[1]:
        assert {one["article_id"] for one in row["ranked"]} == {row["article_id"]} and row["articles"] == []
    assert result.metrics["n"] == result.metrics["alone_n"] == len(asked)


def test_the_figures_can_be_computed_again_from_the_rows(result: Result, out: Path) -> None:
    """Independently: only a gold sentence of the question's own article counts."""
    metrics = json.loads((out / "metrics.json").read_text(encoding="utf-8"))
    found: dict[str, list[float]] = {name: [] for name in ("hit@1", "hit@3", "retrieval_ceiling", "1", "5", "10")}
    for row in rows(out / "predictions.jsonl"):
        if not row["gold"]["answers"]:
            continue
        home, gold = row["article_id"], {one["id"] for one in row["gold"]["sentences"]}
        right = [one["article_id"] == home and one["sentence_id"] in gold for one in row["ranked"]]
        best = row["best_span"]
        inside = any(one["start"] <= best["start"] < one["end"] for one in row["gold"]["sentences"])
        found["hit@1"].append(best["article_id"] == home and inside)
        found["hit@3"].append(any(right[:3]))
        stretches = [(one["start"], one["end"]) for one in row["gold"]["sentences"]]
        found["retrieval_ceiling"].append(any(a <= s and e <= b for a, b in row["read"] for s, e in stretches))
        for k in (1, 5, 10):
            found[str(k)].append(home in row["articles"][:k])
    for name, values in found.items():
        key = f"article_hit@{name}" if name.isdigit() else name
        assert metrics[key] == pytest.approx(sum(values) / len(values)), key
    assert sum(metrics[f"n_{stage}"] for stage in STAGES) == sum(not one.scores.right for one in result.asked.outcomes)
    assert metrics["citation_exact"] == metrics["alone_citation_exact"] == 1
    assert metrics["alone_n_article_missed"] == 0 and "alone_article_hit@1" not in metrics


def test_a_sentence_of_another_article_with_the_gold_ones_number_is_no_hit(tmp_path: Path) -> None:
    def moved(prediction: Prediction, pipeline: QAPipeline) -> Prediction:
        """The same numbers and offsets, in another article."""
        home = prediction.ranked[0].sentence.article_id
        other = next(one for one in pipeline.index.articles if one.id != home)
        end = min(prediction.best.end, len(other.text))
        best = replace(prediction.best, article_id=other.id, end=end, text=other.text[prediction.best.start : end])
        ranked = tuple(replace(one, sentence=replace(one.sentence, article_id=other.id)) for one in prediction.ranked)
        read = tuple(replace(one, article_id=other.id) for one in prediction.read)
        return replace(prediction, ranked=ranked, best=best, read=read, articles=(other.id,), answerable=False)

    found = run(tmp_path / "as it is", archive=True).metrics
    assert found["hit@1"] and found["article_hit@1"]
    result = run(tmp_path / "moved", archive=True, limit=3, open_pipeline=opener(moved))
    own = {one.question.article_id for one in result.asked.outcomes if one.question.answerable}
    assert own and result.metrics["hit@1"] == result.metrics["hit@5"] == result.metrics["retrieval_ceiling"] == 0
    assert result.metrics["n_article_missed"] == result.metrics["n_answerable"]


def test_an_archive_is_encoded_once_for_both_settings(tmp_path: Path) -> None:
    opened: list[int] = []

    def counting(articles):  # type: ignore[no-untyped-def]
        opened.append(len(articles))
        return opener()(articles)

    run(tmp_path, archive=True, open_pipeline=counting)
    assert opened == [len(load_data([str(DATA)]).articles)]
    again = opened_once(counting)
    one, two = (load_data([str(DATA)]).articles for _ in range(2))
    assert again(one) is again(one) is not again(two)


def test_with_a_baseline_the_archive_is_held_against_it_and_asked_once(tmp_path: Path, out: Path, result: Result) -> None:
    run(tmp_path / "alone")
    against = run(tmp_path / "archive", archive=True, baseline=tmp_path / "alone")
    assert against.alone is None and against.comparison is not None
    assert against.metrics["hit@1"] == result.metrics["hit@1"]
    assert not (tmp_path / "archive" / "alone_predictions.jsonl").exists()
    told = "\n".join(table(against))
    assert "article_hit@1" in told and "before" in told


def test_the_table_and_the_report_show_both_settings(result: Result) -> None:
    told = "\n".join(table(result))
    for words in ("one archive of", "article_hit@10", "alone", "Retrieval missed the article"):
        assert words in told
    page = report(result, result.config["data"][0]["name"])
    for words in (
        "right article first",
        "asked of its own article in the",
        "Retrieval missed the article",
        "an archive of",
    ):
        assert words in page
    plain = "\n".join(table(replace(result, metrics=result.metrics | dict.fromkeys(_found()), alone=None)))
    assert "article_hit" not in plain and "missed the article" not in plain


def _found() -> tuple[str, ...]:
    return ("article_hit@1", "article_hit@5", "article_hit@10")


def test_an_archive_holds_the_articles_that_nothing_is_asked_of_too() -> None:
    dataset = load_data([str(DATA)])
    (sitting,) = one_archive(dataset, dataset.questions[:1])
    assert sitting.articles == dataset.articles and sitting.archive
    (own,) = one_archive(dataset, dataset.questions[:1], alone=True)
    assert own.articles is dataset.articles and not own.archive


def test_rows_of_runs_before_there_were_archives_are_still_read(tmp_path: Path) -> None:
    run(tmp_path)
    path = tmp_path / "predictions.jsonl"
    old = []
    for row in rows(path):
        del row["articles"]
        row["ranked"] = [{name: one[name] for name in one if name != "article_id"} for one in row["ranked"]]
        row["scores"] = {name: value for name, value in row["scores"].items() if not name.startswith("article_")}
        old.append(json.dumps(row))
    before = [one.gold_rank for one in read_outcomes(path)]
    path.write_text("\n".join(old) + "\n", encoding="utf-8")
    assert [one.gold_rank for one in read_outcomes(path)] == before != [None] * len(before)


def test_the_stage_tells_a_missed_article_from_a_missed_passage() -> None:
    wrong = {"answerable": True, "refused": False, "in_read": False, "sentence_hit": False, "right": False}
    assert stage_of(**wrong, article_read=False) == "article_missed"
    assert stage_of(**wrong) == "passage_missed"


def test_robustness_has_no_use_for_an_archive(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="--archive"):
        _measure_robustness(Options((str(DATA),), tmp_path, archive=True, robustness=True, settings=SETTINGS))
