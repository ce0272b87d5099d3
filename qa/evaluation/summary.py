"""From the questions' scores to the figures of a run: one flat table of metrics, with bootstrap intervals.

Every name in `METRICS` is a key of metrics.json; `HELP` says what it is. Undefined is None.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from qa.evaluation import metrics
from qa.evaluation.attribution import STAGES, Stage
from qa.evaluation.outcome import RIGHT_F1, Outcome
from qa.evaluation.resampling import Columns, Figures, bootstrap

Value = float | list[float] | None

_MEANS = {
    "article_hit@1": "article_1",
    "article_hit@5": "article_5",
    "article_hit@10": "article_10",
    "hit@1": "hit_1",
    "hit@3": "hit_3",
    "hit@5": "hit_5",
    "mrr@10": "rr_10",
    "has_ans_exact_match": "has_ans_exact_match",
    "has_ans_f1": "has_ans_f1",
    "exact_match": "exact_match",
    "f1": "f1",
    "right": "right",
    "sentence_right": "sentence_right",
    "retrieval_ceiling": "in_read",
}

HELP = {
    "article_hit@1": "answerable questions whose article is the first that retrieval finds in the archive",
    "article_hit@5": "answerable questions whose article is among the first five",
    "article_hit@10": "answerable questions whose article is among the first ten",
    "hit@1": "answerable questions whose best span lies in a gold sentence",
    "hit@3": "answerable questions with a gold sentence among the three ranked first",
    "hit@5": "answerable questions with a gold sentence among the five ranked first",
    "mrr@10": "mean of 1 / rank of the first gold sentence, up to rank ten; answerable questions",
    "has_ans_exact_match": "SQuAD exact match of the best span, whatever the decision; answerable questions",
    "has_ans_f1": "SQuAD F1 of the best span, whatever the decision; answerable questions",
    "exact_match": "SQuAD 2.0 exact match of what was shown; all questions",
    "f1": "SQuAD 2.0 F1 of what was shown; all questions",
    "right": "questions answered with an F1 of .5 or more, or refused and unanswerable",
    "sentence_right": "questions whose first citation is a gold sentence, or refused and unanswerable",
    "no_answer_auroc": "how well p_no_answer tells unanswerable questions from answerable",
    "no_answer_precision": "refusals that were due",
    "no_answer_recall": "unanswerable questions that were refused",
    "no_answer_f1": "F1 of refusing",
    "ece": "gap between confidence and share right, on average",
    "sentence_ece": "the same, right meaning sentence_right",
    "coverage_at_95_precision": "questions that can be answered with 95 % of the answers at an F1 of .5 or more",
    "sentence_coverage_at_95_precision": "the same with 95 % of them citing a gold sentence first",
    "retrieval_ceiling": "answerable questions with a gold sentence in what the reader read",
    "citation_exact": "citations and nearest sentences shown that equal their slice of the article",
    "latency_p50_ms": "median time of one answer, asked alone",
    "latency_p95_ms": "95th percentile of the time of one answer, asked alone",
}
METRICS = tuple(HELP)
LATENCY = ("latency_p50_ms", "latency_p95_ms")
CALIBRATION_ERRORS = frozenset({"ece", "sentence_ece"})
LOWER_IS_BETTER = CALIBRATION_ERRORS.union(LATENCY)


FOUND = "article_hit"
"""How the names of the figures begin that only an archive has."""

FINDING = "Finding the article"
GROUPS: dict[str, tuple[str, ...]] = {
    FINDING: ("article_hit@1", "article_hit@5", "article_hit@10"),
    "Ranking": ("hit@1", "hit@3", "hit@5", "mrr@10", "retrieval_ceiling"),
    "Words, answerable questions": ("has_ans_exact_match", "has_ans_f1"),
    "What is shown, all questions": ("exact_match", "f1", "right", "sentence_right"),
    "No answer": ("no_answer_auroc", "no_answer_precision", "no_answer_recall", "no_answer_f1"),
    "Confidence": ("ece", "sentence_ece", "coverage_at_95_precision", "sentence_coverage_at_95_precision"),
    "Promises": ("citation_exact", *LATENCY),
}
"""Every metric once, under the heading that the table and the report put it."""

ALONE = "alone_"
"""What the figures of questions asked of their own article are prefixed with, in a run over an archive."""


def groups_of(metrics: Mapping[str, Value]) -> dict[str, tuple[str, ...]]:
    """The `GROUPS` that a run's figures fill: where each question was asked of its article, none had to be found."""
    found = any(metrics[name] is not None for name in GROUPS[FINDING])
    return {heading: names for heading, names in GROUPS.items() if found or heading != FINDING}


def stages_of(metrics: Mapping[str, Value]) -> dict[Stage, str]:
    """The `STAGES` at which a run's questions could go wrong, as `groups_of`."""
    return {stage: label for stage, label in STAGES.items() if FINDING in groups_of(metrics) or stage != "article_missed"}


def figure(name: str, value: object) -> str:
    """A figure as people read it: milliseconds with one decimal, shares with three, a dash where undefined."""
    if not isinstance(value, float | int):
        return "–"
    return f"{value:.1f}" if name in LATENCY else f"{value:.3f}"


def columns_of(outcomes: Sequence[Outcome]) -> Columns:
    """What the figures are computed from, a row a question."""
    scores = [outcome.scores for outcome in outcomes]
    names = (*_MEANS.values(), "refused", "cited", "cited_exact")
    table: dict[str, list[float | None]] = {name: [getattr(one, name) for one in scores] for name in names}
    table["unanswerable"] = [not outcome.question.answerable for outcome in outcomes]
    table["p_no_answer"] = [outcome.p_no_answer for outcome in outcomes]
    table["p_right"] = [outcome.p_right for outcome in outcomes]
    table["confidence"] = [outcome.confidence for outcome in outcomes]
    # What the best span is worth if it is shown, whatever the decision was.
    table["span_right"] = [(one.has_ans_f1 or 0.0) >= RIGHT_F1 for one in scores]
    table["span_sentence_right"] = [one.hit_1 or 0.0 for one in scores]
    return {name: np.array(values, dtype=np.float64) for name, values in table.items()}


def figures(columns: Columns) -> Figures:
    """Every figure in `METRICS` but the latencies. Undefined, as everything is for no question at all, is None."""
    refusal = metrics.detection(columns["refused"], columns["unanswerable"])
    cited = columns["cited"].sum()
    found = {name: metrics.mean(columns[column]) for name, column in _MEANS.items()} | {
        "no_answer_auroc": metrics.auroc(columns["p_no_answer"], columns["unanswerable"]),
        "no_answer_precision": refusal.precision,
        "no_answer_recall": refusal.recall,
        "no_answer_f1": refusal.f1,
        "ece": metrics.expected_calibration_error(columns["confidence"], columns["right"]),
        "sentence_ece": metrics.expected_calibration_error(columns["confidence"], columns["sentence_right"]),
        "coverage_at_95_precision": metrics.coverage_at_precision(columns["p_right"], columns["span_right"]),
        "sentence_coverage_at_95_precision": metrics.coverage_at_precision(
            columns["p_right"], columns["span_sentence_right"]
        ),
        "citation_exact": float(columns["cited_exact"].sum() / cited) if cited else None,
    }
    return {name: found[name] for name in METRICS if name not in LATENCY}


def latencies(milliseconds: ArrayLike) -> Figures:
    """The latency figures, from one time a question."""
    return dict(zip(LATENCY, (metrics.percentile(milliseconds, share) for share in (50, 95)), strict=True))


def summarise(
    outcomes: Sequence[Outcome], milliseconds: Mapping[str, float], articles: Sequence[str], seed: int
) -> dict[str, Value]:
    """The content of metrics.json: counts, every figure, its `NAME_ci95` behind it, and the errors of each stage.

    :param milliseconds: how long the questions took that were timed, by id.
    :param articles: the article of each question, whose questions succeed and fail together.
    """
    columns = columns_of(outcomes)
    article_of = {outcome.question.id: article for outcome, article in zip(outcomes, articles, strict=True)}
    times = {"ms": np.array(list(milliseconds.values()))}
    found = figures(columns) | latencies(times["ms"])
    intervals = bootstrap(figures, columns, articles, seed=seed, errors=CALIBRATION_ERRORS) | bootstrap(
        lambda drawn: latencies(drawn["ms"]), times, [article_of[one] for one in milliseconds], seed=seed
    )
    unanswerable = int(columns["unanswerable"].sum())
    summary: dict[str, Value] = {
        "n": len(outcomes),
        "n_answerable": len(outcomes) - unanswerable,
        "n_unanswerable": unanswerable,
    }
    for name in METRICS:
        summary[name] = found[name]
        interval = intervals[name]
        summary[f"{name}_ci95"] = list(interval) if interval else None
    for stage in STAGES:
        summary[f"n_{stage}"] = sum(outcome.scores.stage == stage for outcome in outcomes)
    return summary
