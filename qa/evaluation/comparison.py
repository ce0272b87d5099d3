"""One run against an earlier one, question by question: what changed, by how much, and whether chance explains it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from index.errors import DataError
from qa.evaluation import files
from qa.evaluation.outcome import Outcome
from qa.evaluation.questions import Question
from qa.evaluation.resampling import Change, compare, least_p
from qa.evaluation.summary import LATENCY, columns_of, figures


@dataclass(frozen=True, slots=True)
class Baseline:
    """An earlier run, as it lies in a folder."""

    directory: Path
    outcomes: tuple[Outcome, ...]
    metrics: dict[str, Any]
    config: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Pair:
    """What one question came to in both runs."""

    before: Outcome
    after: Outcome


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs over the questions that both asked.

    A question improved when its answer became right, or its first citation did, and neither became wrong; it broke when
    either became wrong and neither became right. `changes` is paired, over the common questions only; the latencies,
    which are of other moments of the machine, are compared as they stand, without a test. Questions are paired by id:
    `gold_changed` and `question_changed` name those whose gold answers or wording are not what they were, so that they
    may be other questions. `settings` are those that differ, as (before, after). `least_p` is the smallest p-value that
    so few articles can give, were all to change alike.
    """

    baseline: Path
    n_common: int
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]
    gold_changed: tuple[str, ...]
    question_changed: tuple[str, ...]
    changes: dict[str, Change]
    improved: tuple[Pair, ...]
    broke: tuple[Pair, ...]
    settings: dict[str, tuple[Any, Any]]
    least_p: float

    def as_dict(self) -> dict[str, Any]:
        """The content of comparison.json."""
        return {
            "baseline": str(self.baseline),
            "n_common": self.n_common,
            "least_p": self.least_p,
            "only_before": self.only_before,
            "only_after": self.only_after,
            "gold_changed": self.gold_changed,
            "question_changed": self.question_changed,
            "settings": self.settings,
            "changes": {name: asdict(change) for name, change in self.changes.items()},
            "improved": [_named(pair) for pair in self.improved],
            "broke": [_named(pair) for pair in self.broke],
        }


def load_baseline(directory: Path) -> Baseline:
    """The run in `directory`.

    :raises DataError: there is none, or it is of another version.
    """
    outcomes = files.read_outcomes(directory / files.PREDICTIONS)
    if not outcomes:
        raise DataError(f"{directory / files.PREDICTIONS} holds no question; expected an earlier run; run that again")
    return Baseline(
        directory,
        tuple(outcomes),
        files.read_json(directory / files.METRICS),
        files.read_json(directory / files.CONFIG),
    )


def refuse_other_questions(baseline: Baseline, questions: Sequence[Question]) -> None:
    """:raises DataError: none of `questions` was asked in `baseline`, so there is nothing to compare."""
    if not {outcome.question.id for outcome in baseline.outcomes} & {question.id for question in questions}:
        raise DataError(
            f"{baseline.directory} and this run have no question in common; give a run over the same questions as --baseline"
        )


def compare_runs(
    baseline: Baseline, outcomes: Sequence[Outcome], metrics: dict[str, Any], config: dict[str, Any], seed: int
) -> Comparison:
    """`outcomes` against `baseline`, over the questions whose ids both have; there must be one."""
    earlier = {outcome.question.id: outcome for outcome in baseline.outcomes}
    pairs = [Pair(earlier[one.question.id], one) for one in outcomes if one.question.id in earlier]
    common = {pair.after.question.id for pair in pairs}
    articles = [pair.after.question.article_id for pair in pairs]
    changes = compare(
        figures,
        columns_of([pair.before for pair in pairs]),
        columns_of([pair.after for pair in pairs]),
        articles,
        seed=seed,
    )
    for name in LATENCY:
        changes[name] = _untested(baseline.metrics.get(name), metrics.get(name))
    return Comparison(
        baseline=baseline.directory,
        n_common=len(pairs),
        only_before=tuple(name for name in earlier if name not in common),
        only_after=tuple(one.question.id for one in outcomes if one.question.id not in common),
        gold_changed=tuple(
            pair.after.question.id for pair in pairs if pair.before.question.answers != pair.after.question.answers
        ),
        question_changed=tuple(
            pair.after.question.id for pair in pairs if pair.before.question.text != pair.after.question.text
        ),
        changes=changes,
        improved=tuple(pair for pair in pairs if _gain(pair) > 0),
        broke=tuple(pair for pair in pairs if _gain(pair) < 0),
        settings=_differences(baseline.config, config),
        least_p=least_p(articles),
    )


def _gain(pair: Pair) -> int:
    """Above 0 for improved, below for broke, 0 for neither, or for one of each."""
    before, after = pair.before.scores, pair.after.scores
    return after.right - before.right + after.sentence_right - before.sentence_right


def _untested(before: float | None, after: float | None) -> Change:
    difference = None if before is None or after is None else after - before
    return Change(before, after, difference, None, None)


def _differences(before: dict[str, Any], after: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What differs between two descriptions of runs, by dotted name; versions and checksums among them."""
    old, new = _flat(before), _flat(after)
    return {name: (old.get(name), new.get(name)) for name in sorted(old | new) if old.get(name) != new.get(name)}


def _flat(value: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, one in value.items():
        if isinstance(one, dict):
            flat |= _flat(one, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = one
    return flat


def _named(pair: Pair) -> dict[str, Any]:
    before, after = pair.before, pair.after
    return {
        "id": after.question.id,
        "article_id": after.question.article_id,
        "question": after.question.text,
        "gold": [answer.text for answer in after.question.answers],
        "before": before.shown_text,
        "after": after.shown_text,
        "stage_before": before.scores.stage,
        "stage_after": after.scores.stage,
    }
