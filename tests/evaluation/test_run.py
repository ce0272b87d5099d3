"""A run's figures can be computed again from its rows; the same seed writes the same bytes; an interrupted run goes on."""

import json
import math
import re
import signal
import string
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ir_measures
import pytest
from ir_measures import RR, Success

from index.article import Article
from qa.evaluation.asking import OpenPipeline
from qa.evaluation.options import Options
from qa.evaluation.run import evaluate
from qa.pipeline import QAPipeline
from tests.conftest import ROOT
from tests.evaluation.toy_run import DATA, SETTINGS, opener, run
from tests.toy import ToyEncoder

TIMED = {"latency_p50_ms", "latency_p95_ms", "latency_p50_ms_ci95", "latency_p95_ms_ci95"}


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a run that asks everything, gold paragraphs too."""
    folder = tmp_path_factory.mktemp("run")
    run(folder, oracle_passage=True)
    return folder


def rows(folder: Path, name: str = "predictions.jsonl") -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / name).read_text(encoding="utf-8").splitlines()]


def metrics(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "metrics.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


# An independent computation: plain Python over the rows, sharing no code with qa/evaluation.


def words(text: str) -> list[str]:
    kept = re.sub("[" + re.escape(string.punctuation) + "]", "", text.lower())
    return re.sub(r"\b(?:a|an|the)\b", " ", kept).split()


def best_f1(gold: list[str], text: str) -> float:
    scores = []
    for answer in [one for one in gold if words(one)] or [""]:
        want, have = Counter(words(answer)), Counter(words(text))
        if not want or not have:
            scores.append(float(want == have))
            continue
        shared = sum(min(want[word], have[word]) for word in want)
        scores.append(2 * shared / (sum(want.values()) + sum(have.values())))
    return max(scores)


def best_exact(gold: list[str], text: str) -> float:
    return float(any(words(one) == words(text) for one in [one for one in gold if words(one)] or [""]))


def average(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None


def calibration_error(pairs: list[tuple[float, bool]], bins: int = 15) -> float:
    pairs = sorted(pairs, key=lambda pair: pair[0])
    size, longer = divmod(len(pairs), bins)
    total, begin = 0.0, 0
    for number in range(bins):
        group = pairs[begin : begin + size + (number < longer)]
        begin += len(group)
        total += abs(sum(confidence for confidence, _ in group) - sum(right for _, right in group))
    return total / len(pairs)


def coverage_at_95(pairs: list[tuple[float, bool]]) -> float:
    best = 0.0
    for bar, _ in pairs:
        kept = [right for score, right in pairs if score >= bar]
        if sum(kept) >= 0.95 * len(kept):
            best = max(best, len(kept) / len(pairs))
    return best


def recompute(found: list[dict[str, Any]], text_of: dict[str, str]) -> dict[str, float | None]:
    """Every figure of metrics.json but intervals and latencies."""
    ranks, has_exact, has_f1, exact, f1, ceiling = [], [], [], [], [], []
    ended, cited, no_answer, span, sentence, hits = [], [], [], [], [], []
    for row in found:
        texts, starts = ([answer[name] for answer in row["gold"]["answers"]] for name in ("text", "start"))
        gold = [(one["start"], one["end"]) for one in row["gold"]["sentences"]]
        answer, best = row["answer"], row["best_span"]
        shown = answer["answer"]["text"] if answer["answerable"] else ""
        exact.append(best_exact(texts, shown))
        f1.append(best_f1(texts, shown))
        hit = any(start <= best["start"] < end for start, end in gold)
        if texts:
            order = [any(one["start"] <= start < one["end"] for start in starts) for one in row["ranked"]]
            ranks.append(order.index(True) + 1 if True in order[:10] else math.inf)
            hits.append(hit)
            has_exact.append(best_exact(texts, best["text"]))
            has_f1.append(best_f1(texts, best["text"]))
            ceiling.append(any(low <= start and end <= high for low, high in row["read"] for start, end in gold))
            right = answer["answerable"] and f1[-1] >= 0.5
            first = answer["citations"][0] if answer["citations"] else None
            sentence_right = first is not None and (first["start"], first["end"]) in gold
        else:
            right = sentence_right = not answer["answerable"]
        ended.append((answer["confidence"], right, sentence_right))
        no_answer.append((row["p_no_answer"], not texts, not answer["answerable"]))
        span.append((row["p_right"], bool(texts) and has_f1[-1] >= 0.5))
        sentence.append((row["p_right"], bool(texts) and hit))
        text = text_of[row["article_id"]]
        cited += [one["quote"] == text[one["start"] : one["end"]] for one in answer["citations"] + answer["nearest"]]
    silent = [p for p, unanswerable, _ in no_answer if unanswerable]
    spoken = [p for p, unanswerable, _ in no_answer if not unanswerable]
    due = sum(unanswerable and refused for _, unanswerable, refused in no_answer)
    refusals = sum(refused for _, _, refused in no_answer)
    pairs = [1.0 if a > b else 0.5 if a == b else 0.0 for a in silent for b in spoken]
    return {
        **dict.fromkeys(("article_hit@1", "article_hit@5", "article_hit@10")),
        "n": len(found),
        "n_answerable": len(spoken),
        "n_unanswerable": len(silent),
        "hit@1": average([float(hit) for hit in hits]),
        "hit@3": average([float(rank <= 3) for rank in ranks]),
        "hit@5": average([float(rank <= 5) for rank in ranks]),
        "mrr@10": average([1 / rank for rank in ranks]),
        "has_ans_exact_match": average(has_exact),
        "has_ans_f1": average(has_f1),
        "exact_match": average(exact),
        "f1": average(f1),
        "right": average([float(right) for _, right, _ in ended]),
        "sentence_right": average([float(right) for _, _, right in ended]),
        "no_answer_auroc": average(pairs),
        "no_answer_precision": due / refusals if refusals and silent else None,
        "no_answer_recall": due / len(silent) if silent else None,
        "no_answer_f1": 2 * due / (refusals + len(silent)) if silent else None,
        "ece": calibration_error([(confidence, right) for confidence, right, _ in ended]),
        "sentence_ece": calibration_error([(confidence, right) for confidence, _, right in ended]),
        "coverage_at_95_precision": coverage_at_95(span),
        "sentence_coverage_at_95_precision": coverage_at_95(sentence),
        "retrieval_ceiling": average([float(read) for read in ceiling]),
        "citation_exact": average([float(one) for one in cited]),
    }


def texts_of_articles() -> dict[str, str]:
    document = json.loads(DATA.read_text(encoding="utf-8"))
    return {
        article["title"]: "\n\n".join(paragraph["context"] for paragraph in article["paragraphs"])
        for article in document["data"]
    }


def test_every_figure_is_found_again_from_the_predictions(out: Path) -> None:
    written = metrics(out)
    again = recompute(rows(out), texts_of_articles())
    assert {name: written[name] for name in again} == pytest.approx(again, abs=1e-12)
    counts = {name for name in written if name.startswith("n_") and name not in again}
    rest = {name for name in written if not name.endswith("_ci95") and not name.startswith("oracle_")}
    assert rest - counts - TIMED == set(again)  # nothing is written that is not checked here
    assert written["n_answerable"] > written["n_unanswerable"] > 0
    assert 0 < sum(row["answer"]["answerable"] for row in rows(out)) < written["n"]  # both branches were taken


def test_oracle_figures_are_found_again_from_theirs(out: Path) -> None:
    written = metrics(out)
    found = rows(out, "oracle_predictions.jsonl")
    paragraphs = {}
    for row in found:  # offsets count in the paragraph, which is found by the whole-article row's
        whole = next(one for one in rows(out) if one["id"] == row["id"])
        span = whole["gold"]["paragraph"]
        paragraphs[row["id"]] = texts_of_articles()[whole["article_id"]][span["start"] : span["end"]]
        row["article_id"] = row["id"]
    again = recompute(found, paragraphs)
    names = [name for name in again if not name.startswith(("n", "article_hit"))]  # a paragraph need not be found
    assert {name: written[f"oracle_{name}"] for name in names} == pytest.approx({name: again[name] for name in names})


def test_gold_is_the_file_s_own(out: Path) -> None:
    document = json.loads(DATA.read_text(encoding="utf-8"))
    asked = {
        qa["id"]: qa for article in document["data"] for paragraph in article["paragraphs"] for qa in paragraph["qas"]
    }
    found = rows(out)
    assert [row["id"] for row in found] == list(asked)
    for row in found:
        text = texts_of_articles()[row["article_id"]]
        assert [answer["text"] for answer in row["gold"]["answers"]] == [
            one["text"] for one in asked[row["id"]]["answers"]
        ]
        for answer in row["gold"]["answers"]:
            assert text[answer["start"] :].startswith(answer["text"])
        for one in row["gold"]["sentences"]:
            assert text[one["start"] : one["end"]] == one["text"]


def test_trec_files_give_the_same_ranking_figures(out: Path) -> None:
    qrels = list(ir_measures.read_trec_qrels(str(out / "qrels.trec")))
    ranking = list(ir_measures.read_trec_run(str(out / "run.trec")))
    theirs = ir_measures.calc_aggregate([Success @ 3, Success @ 5, RR @ 10], qrels, ranking)
    written = metrics(out)
    assert [theirs[Success @ 3], theirs[Success @ 5], theirs[RR @ 10]] == pytest.approx(
        [written["hit@3"], written["hit@5"], written["mrr@10"]]
    )


def test_every_score_has_an_interval_around_it(out: Path) -> None:
    written = metrics(out)
    scores = [name for name in written if f"{name}_ci95" in written]
    assert "latency_p50_ms" in scores
    assert "oracle_f1" in scores
    assert {name for name in scores if written[name] is None} == {f"article_hit@{k}" for k in (1, 5, 10)}
    scores = [name for name in scores if written[name] is not None]
    for name in scores:
        low, high = written[f"{name}_ci95"]
        assert low <= written[name] <= high
    assert any(written[f"{name}_ci95"][0] < written[name] < written[f"{name}_ci95"][1] for name in scores)


def files_of(folder: Path) -> dict[str, bytes | dict[str, Any]]:
    """The run's files, timings apart."""
    kept: dict[str, bytes | dict[str, Any]] = {
        path.name: path.read_bytes() for path in folder.iterdir() if path.name not in ("timings.json", "report.html")
    }
    kept["metrics.json"] = {name: value for name, value in metrics(folder).items() if name not in TIMED}
    return kept


def test_same_seed_same_bytes(out: Path, tmp_path: Path) -> None:
    run(tmp_path, oracle_passage=True)
    assert files_of(tmp_path) == files_of(out)
    assert {"predictions.jsonl", "run.trec", "qrels.trec", "config.json", "metrics.json"} < files_of(out).keys()


def test_limit_asks_a_sample_of_whole_articles(tmp_path: Path, out: Path) -> None:
    result = run(tmp_path, limit=9, seed=3)
    assert result.metrics["n"] == 9
    whole = {row["id"]: row for row in rows(out)}
    for row in rows(tmp_path):
        assert row["read"] == whole[row["id"]]["read"]
        assert [one["sentence_id"] for one in row["ranked"]] == [one["sentence_id"] for one in whole[row["id"]]["ranked"]]


def test_a_single_class_leaves_undefined_figures_null(tmp_path: Path) -> None:
    document = json.loads(DATA.read_text(encoding="utf-8"))
    for article in document["data"]:
        for paragraph in article["paragraphs"]:
            paragraph["qas"] = [qa for qa in paragraph["qas"] if qa["answers"]]
    answerable = tmp_path / "answerable.json"
    answerable.write_text(json.dumps(document), encoding="utf-8")
    run(tmp_path / "run", data=(str(answerable),))
    text = (tmp_path / "run" / "metrics.json").read_text()
    assert "NaN" not in text
    written = json.loads(text)
    undefined = {name for name, value in written.items() if value is None}
    names = [f"no_answer_{name}" for name in ("auroc", "precision", "recall", "f1")]
    names += [f"article_hit@{k}" for k in (1, 5, 10)]  # nothing had to be found
    assert undefined == {*names, *(f"{name}_ci95" for name in names)}


class InterruptedRunError(Exception):
    """What stands for Ctrl-C, a crash, a full disk."""


def noting(opened: list[str]) -> OpenPipeline:
    """Opens the pipeline, and notes of which article."""

    def open_pipeline(articles: Sequence[Article]) -> QAPipeline:
        opened.append(articles[0].id)
        return opener()(articles)

    return open_pipeline


def stopping(opened: list[str], at: str) -> OpenPipeline:
    """Opens the pipeline, and notes of which article, until it comes to `at`."""

    def open_pipeline(articles: Sequence[Article]) -> QAPipeline:
        pipeline = noting(opened)(articles)
        if articles[0].id == at:
            raise InterruptedRunError
        return pipeline

    return open_pipeline


def test_a_run_may_be_interrupted_again_and_again(out: Path, tmp_path: Path) -> None:
    order = ["Harbour_lighthouse", "Pepper_(spice)", "Night_trains"]
    for number, article in enumerate(order):
        opened: list[str] = []
        with pytest.raises(InterruptedRunError):
            run(tmp_path, oracle_passage=True, open_pipeline=stopping(opened, article))
        assert opened == order[max(0, number - 1) : number + 1]  # nothing is asked twice
        with (tmp_path / ".whole_articles.partial.jsonl").open("a") as partial:
            partial.write('{"rows": [{"id": "cut o')  # as a killed process leaves it
    opened = []
    run(tmp_path, oracle_passage=True, open_pipeline=noting(opened))
    assert opened[0] == "Night_trains"
    assert files_of(tmp_path) == files_of(out)


def test_what_another_run_left_is_not_taken_up(tmp_path: Path) -> None:
    with pytest.raises(InterruptedRunError):
        run(tmp_path, seed=1, open_pipeline=stopping([], "Night_trains"))
    opened: list[str] = []
    run(tmp_path, seed=2, open_pipeline=noting(opened))
    assert opened == ["Harbour_lighthouse", "Pepper_(spice)", "Night_trains"]
    assert len(rows(tmp_path)) == 35


KILLED = """
import sys, time
from pathlib import Path
from tests.evaluation.toy_run import opener, run

def slowly(articles):
    if articles[0].id == "Night_trains":
        print("working", flush=True)
        time.sleep(60)
    return opener()(articles)

run(Path(sys.argv[1]), open_pipeline=slowly)
"""


def test_a_killed_run_leaves_the_earlier_files_whole_and_goes_on(tmp_path: Path, out: Path) -> None:
    run(tmp_path, limit=5)
    before = files_of(tmp_path)
    with subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"working\n"
        process.send_signal(signal.SIGKILL)
    partial = files_of(tmp_path).keys() - before.keys()
    assert partial == {".whole_articles.partial.jsonl"}
    assert {name: files_of(tmp_path)[name] for name in before} == before
    opened: list[str] = []
    run(tmp_path, open_pipeline=noting(opened))
    assert opened == ["Night_trains"]
    assert (tmp_path / "predictions.jsonl").read_bytes() == (out / "predictions.jsonl").read_bytes()


def test_progress_tells_done_of_all(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    evaluate(
        Options((str(DATA),), tmp_path, settings=SETTINGS),
        encoder=ToyEncoder(),
        open_pipeline=opener(),
        start_progress=lambda name: lambda done, total: told.append((name, done, total)),
    )
    assert told == [("whole articles", done, 35) for done in (14, 26, 35)]
