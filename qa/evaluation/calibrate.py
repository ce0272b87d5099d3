"""Re-fit the no-answer decision on the user's own questions, and keep it beside the index.

data files -> features and outcome of every question -> a decision, held out and final -> before, after -> INDEX/decision.json
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.encoder import Encoder, Progress
from index.errors import DataError, SettingsError
from index.generations import DECISION, write_beside
from qa.decision import OUTCOMES, Decision, Judgement, decision_for, load_decision
from qa.evaluation import metrics
from qa.evaluation.asking import ask, opener, whole_articles
from qa.evaluation.fitting import Examples, cross_validated, fit, log_loss
from qa.evaluation.outcome import RIGHT_F1, Outcome
from qa.evaluation.questions import Dataset, Question
from qa.reader import load_reader
from qa.settings import Settings
from qa.verifier import load_verifier

_log = logging.getLogger(__name__)

LEAST = 20
"""Questions of each kind, answerable and not, without which nothing is fitted."""

FIGURES = {
    "right": "questions answered with an F1 of .5 or more, or refused and unanswerable",
    "no_answer_auroc": "how well unanswerable questions are told from answerable",
    "no_answer_f1": "F1 of refusing",
    "ece": "calibration error of the confidence",
    "coverage_at_95_precision": "questions that can be answered with 95 % of the answers right",
    "log_loss": "surprise at what happened, in nats; the decision with less is kept",
}
"""What is told of a decision before and after; all but the last as in `summary.HELP`."""


@dataclass(frozen=True)
class Calibration:
    """A decision fitted to the user's questions, and how it compares.

    :param in_use: the decision that is used now: that of an earlier calibration, kept beside the index, or the packaged one.
    :param before: figures of the decision in use. One fitted to some of these questions earlier has seen them.
    :param after: figures of decisions fitted in the same way without the question that they are asked.
    :param decision: the decision fitted to all questions; None when `after` is no better, and `in_use` stays.
    """

    n_answerable: int
    n_unanswerable: int
    articles: int
    by_article: bool
    in_use: Decision
    before: dict[str, float | None]
    after: dict[str, float | None]
    decision: Decision | None


def calibrate(
    dataset: Dataset, settings: Settings, encoder: Encoder, *, seed: int = 0, progress: Progress | None = None
) -> Calibration:
    """Fit a decision to the questions of `dataset`, each asked of its whole article; follow-ups, on which another decision
    decides, are left out, and counted in the log.

    :raises DataError: it holds too few questions of a kind; the message says how many it needs.
    :raises ArticleError: an article cannot be indexed.
    """
    questions = [question for question in dataset.questions if not question.history]
    if left_out := len(dataset.questions) - len(questions):
        _log.warning("%d follow-ups are left out: on them decides what was fitted to follow-ups", left_out)
    refuse_too_few(questions)
    recorder = _Recorder(**{field.name: getattr(load_decision(), field.name) for field in fields(Decision)})
    sittings = whole_articles(dataset, questions)
    order = [question for sitting in sittings for batch in sitting.batches for question in batch.questions]
    reader = load_reader(settings.reader)
    asked = ask(sittings, opener(settings, encoder, reader, recorder), order=order, progress=progress)
    examples = Examples(
        features=np.concatenate(recorder.tables),
        outcomes=np.array([_happened(outcome) for outcome in asked.outcomes]),
        groups=np.array([question.article_id for question in order]),
    )
    names = ", ".join(Path(file.name).name for file in dataset.files)
    prior = replace(
        load_decision(),
        encoder_fingerprint=encoder.fingerprint,
        reader_fingerprint=reader.fingerprint,
        verifier_fingerprint=load_verifier().fingerprint,
        fitted_on=f"{len(order)} questions of {names}, from: {load_decision().fitted_on}",
    )
    return _fitted(_in_use(encoder.fingerprint, reader.fingerprint, settings.index), prior, examples, seed)


def keep(calibration: Calibration, directory: Path) -> Path:
    """Write the fitted decision beside the index in `directory`; its path.

    :raises IndexFault: it cannot be written.
    """
    assert calibration.decision is not None  # noqa: S101 (its caller has looked; for the type checker)
    write_beside(directory, DECISION, calibration.decision.to_bytes())
    return directory / DECISION


def _in_use(fingerprint: str, reader: str, directory: Path) -> Decision:
    """The decision that these models answer with now; the packaged one where the file beside the index is damaged.

    Nothing answers with a damaged one until it is replaced, and to replace it is what the user is told to calibrate for.
    """
    try:
        return decision_for(fingerprint, reader, directory)
    except SettingsError as error:
        _log.warning("%s; compared with the packaged decision instead", error)
        return load_decision()


def refuse_too_few(questions: Sequence[Question]) -> None:
    """:raises DataError: there are not `LEAST` questions of each kind; the message says how many more it needs."""
    answerable = sum(question.answerable for question in questions)
    found = {"answerable": answerable, "unanswerable": len(questions) - answerable}
    lacking = [f"{LEAST - count} {kind}" for kind, count in found.items() if count < LEAST]
    if lacking:
        told = " and ".join(f"{count} {kind}" for kind, count in found.items())
        raise DataError(
            f"found {told} questions; expected at least {LEAST} of each; add {' and '.join(lacking)} ones and try again"
        )


@dataclass(frozen=True, slots=True)
class _Recorder(Decision):
    """A decision that keeps the features it is shown, whichever way the pipeline comes by them."""

    tables: list[NDArray[np.float64]] = field(default_factory=list)

    def judge(self, features: NDArray[np.float64]) -> list[Judgement]:
        self.tables.append(features)
        return Decision.judge(self, features)


def _happened(outcome: Outcome) -> int:
    """The place in `OUTCOMES` of what answering with the best span comes to."""
    if not outcome.question.answerable:
        return OUTCOMES.index("silent")
    return OUTCOMES.index("right" if (outcome.scores.has_ans_f1 or 0.0) >= RIGHT_F1 else "wrong")


def _fitted(in_use: Decision, prior: Decision, examples: Examples, seed: int) -> Calibration:
    before = _figures(in_use.judge(examples.features), examples)
    after = _figures(cross_validated(prior, examples, seed), examples)
    better = (after["log_loss"] or 0.0) < (before["log_loss"] or 0.0)
    silent = int((examples.outcomes == OUTCOMES.index("silent")).sum())
    return Calibration(
        n_answerable=len(examples) - silent,
        n_unanswerable=silent,
        articles=len(set(examples.groups.tolist())),
        by_article=examples.by_article,
        in_use=in_use,
        before=before,
        after=after,
        decision=fit(prior, examples) if better else None,
    )


def _figures(judgements: Sequence[Judgement], examples: Examples) -> dict[str, float | None]:
    silent = examples.outcomes == OUTCOMES.index("silent")
    right = examples.outcomes == OUTCOMES.index("right")
    p_no_answer = np.array([one.p_no_answer for one in judgements])
    p_right = np.array([one.p_right for one in judgements])
    refused = np.array([not one.answerable for one in judgements])
    ended_well = np.where(refused, silent, right)
    found = {
        "right": metrics.mean(ended_well),
        "no_answer_auroc": metrics.auroc(p_no_answer, silent),
        "no_answer_f1": metrics.detection(refused, silent).f1,
        "ece": metrics.expected_calibration_error(np.where(refused, p_no_answer, p_right), ended_well),
        "coverage_at_95_precision": metrics.coverage_at_precision(p_right, right),
        "log_loss": log_loss(judgements, examples),
    }
    return {name: found[name] for name in FIGURES}
