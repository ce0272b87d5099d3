"""One evaluation run: read the data, ask every question, score, compare, judge, write the files.

data files -> Dataset -> Asked (of articles or an archive, of gold paragraphs) -> figures -> comparison, verdicts -> DIR/*
"""

import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from index.encoder import Encoder, Progress, load_encoder
from index.errors import SettingsError
from qa.decision import decision_for, load_decision
from qa.evaluation import files
from qa.evaluation.asking import (
    Asked,
    OpenPipeline,
    Sitting,
    ask,
    gold_paragraphs,
    one_archive,
    opened_once,
    opener,
    whole_articles,
)
from qa.evaluation.checkpoint import Checkpoint
from qa.evaluation.comparison import Baseline, compare_runs, load_baseline, refuse_other_questions
from qa.evaluation.config import describe_run, fingerprint
from qa.evaluation.datasets import load_data, sample
from qa.evaluation.foreign import with_foreign_history
from qa.evaluation.gates import ALWAYS, ORACLE, judge, junit
from qa.evaluation.options import Options
from qa.evaluation.perturb import perturbed
from qa.evaluation.questions import Dataset, Question
from qa.evaluation.report.page import report
from qa.evaluation.result import Result
from qa.evaluation.summary import ALONE, FOUND, LATENCY, METRICS, Value, summarise
from qa.reader import load_reader

_log = logging.getLogger(__name__)

TIMED = 200
"""Questions, at most, that are asked alone with a clock running."""

StartProgress = Callable[[str], Progress]
"""Given what is being done, where to report it."""


def evaluate(
    options: Options,
    *,
    encoder: Encoder | None = None,
    open_pipeline: OpenPipeline | None = None,
    start_progress: StartProgress | None = None,
) -> Result:
    """Run an evaluation and write its files into `options.out`.

    :param encoder: None loads the one that the settings name.
    :param open_pipeline: None opens the pipeline that a reader's questions go through.
    :raises DataError: the data or the baseline cannot be used, or the folder cannot be written.
    :raises SettingsError: there is no place for a file, another run is writing into the same folder, a gate asks for a
        baseline that is not given, or there is no such perturbation.
    :raises ArticleQAError: a model or an article cannot be used.
    """
    started = time.perf_counter()
    refuse_folders(options)
    baseline = _baseline(options)
    dataset = load_data(options.data)
    questions = sample(dataset.questions, options.limit, options.seed)
    if options.perturb:
        questions = tuple(perturbed(question, options.perturb, options.seed) for question in questions)
    if options.foreign_history:
        questions = with_foreign_history(questions, dataset.questions, options.seed)
    if baseline:
        refuse_other_questions(baseline, questions)
    with files.alone(options.out):
        config, open_pipeline = prepare(options, dataset, encoder, open_pipeline)
        sitter = Sitter(options.out, fingerprint(config), open_pipeline, start_progress)
        asked, alone, oracle = _sit(sitter, dataset, questions, options)
        metrics = _metrics(asked, alone, oracle, options.seed)
        comparison = compare_runs(baseline, asked.outcomes, metrics, config, options.seed) if baseline else None
        verdicts = tuple(judge(list(dict.fromkeys([*options.gates, ALWAYS])), metrics, comparison))
        result = Result(metrics, config, asked, oracle, comparison, verdicts, time.perf_counter() - started, alone)
        _write(result, options)
        sitter.remove_checkpoints()
    return result


def prepare(
    options: Options, dataset: Dataset, encoder: Encoder | None = None, open_pipeline: OpenPipeline | None = None
) -> tuple[dict[str, Any], OpenPipeline]:
    """The content of config.json, and what opens the pipeline; what is None is that which the settings name.

    :raises ArticleQAError: a model cannot be used.
    """
    encoder = encoder or load_encoder(options.settings.encoder)
    reader = load_reader(options.settings.reader)
    decision = decision_for(encoder.fingerprint, reader.fingerprint, options.settings.index)
    if decision != load_decision():
        _log.info("Deciding as in %s, fitted on %s.", options.settings.index, decision.fitted_on)
    config = describe_run(
        dataset=dataset,
        limit=options.limit,
        seed=options.seed,
        oracle_passage=options.oracle_passage,
        settings=options.settings,
        encoder=encoder,
        reader=reader,
        decision=decision,
    )
    chosen = {
        "perturb": options.perturb,
        "foreign_history": options.foreign_history,
        "robustness": options.robustness,
    }
    if options.archive:
        chosen["archive"] = True
    return config | chosen, open_pipeline or opener(options.settings, encoder, reader, decision)


class Sitter:
    """Asks the questions of one run, and keeps what is done in checkpoints until its files are written."""

    def __init__(self, out: Path, mark: str, open_pipeline: OpenPipeline, start_progress: StartProgress | None) -> None:
        self._out = out
        self._mark = mark
        self._open_pipeline = opened_once(open_pipeline)
        self._start_progress = start_progress
        self._checkpoints: list[Checkpoint] = []

    def sit(
        self,
        name: str,
        sittings: Sequence[Sitting],
        questions: Sequence[Question],
        timed: frozenset[str] = frozenset(),
    ) -> Asked:
        with Checkpoint(self._out / f".{name.replace(' ', '_')}.partial.jsonl", self._mark) as checkpoint:
            self._checkpoints.append(checkpoint)
            if checkpoint.kept:
                _log.info("Taking up an interrupted run: %s.", name)
            return ask(
                sittings,
                self._open_pipeline,
                order=questions,
                timed=timed,
                checkpoint=checkpoint,
                progress=self._start_progress(name) if self._start_progress else None,
            )

    def remove_checkpoints(self) -> None:
        for checkpoint in self._checkpoints:
            checkpoint.remove()


def _sit(
    sitter: Sitter, dataset: Dataset, questions: Sequence[Question], options: Options
) -> tuple[Asked, Asked | None, Asked | None]:
    """The questions asked of whole articles, or of all together and, unless an earlier run did, of their own in the same
    index; and of their gold paragraphs alone when that is wanted too.
    """
    timed = frozenset(question.id for question in sample(questions, TIMED, options.seed))
    alone = oracle = None
    if not options.archive:
        asked = sitter.sit("whole articles", whole_articles(dataset, questions), questions, timed)
    else:
        asked = sitter.sit("archive", one_archive(dataset, questions), questions, timed)
        if options.baseline is None:
            alone = sitter.sit("own articles", one_archive(dataset, questions, alone=True), questions, timed)
    if options.oracle_passage:
        oracle = sitter.sit("gold paragraphs", gold_paragraphs(dataset, questions), questions)
    return asked, alone, oracle


def refuse_folders(options: Options) -> None:
    """Now rather than after minutes of work.

    :raises SettingsError: what is to be written has no place.
    """
    if options.out.exists() and not options.out.is_dir():
        raise SettingsError(f"--out {options.out} is a file; expected a folder, or the name of a new one")
    home = options.junit.absolute().parent if options.junit else None
    if options.junit and home and (options.junit.is_dir() or not (home.is_dir() or home == options.out.absolute())):
        raise SettingsError(
            f"--junit {options.junit} cannot be written; expected the name of a file in a folder that exists"
        )


def _baseline(options: Options) -> Baseline | None:
    if options.baseline:
        return load_baseline(options.baseline)
    if any(gate.kind == "--fail-drop" for gate in options.gates):
        raise SettingsError("--fail-drop compares with an earlier run; give its folder as --baseline")
    return None


def _metrics(asked: Asked, alone: Asked | None, oracle: Asked | None, seed: int) -> dict[str, Value]:
    articles = [outcome.question.article_id for outcome in asked.outcomes]
    metrics = summarise(asked.outcomes, asked.milliseconds, articles, seed)
    if alone:
        own = summarise(alone.outcomes, alone.milliseconds, articles, seed)
        metrics |= {f"{ALONE}{name}": value for name, value in own.items() if not name.startswith(FOUND)}
    if oracle:
        isolated = summarise(oracle.outcomes, {}, articles, seed)
        names = [name for name in METRICS if name not in LATENCY and not name.startswith(FOUND)]
        for name in (*names, *(f"{name}_ci95" for name in names)):
            metrics[f"{ORACLE}{name}"] = isolated[name]
    return metrics


def _write(result: Result, options: Options) -> None:
    """Write the files of the run; figures go first and come last, so that a folder's never belong to older rows."""
    out = options.out
    for name in (files.METRICS, files.REPORT):
        (out / name).unlink(missing_ok=True)
    files.write_outcomes(out / files.PREDICTIONS, result.asked.outcomes)
    files.write_trec(out, result.asked.outcomes)
    files.write_json(out / files.CONFIG, result.config)
    timings = {
        "seconds": round(result.seconds, 3),
        "milliseconds": {name: round(value, 3) for name, value in result.asked.milliseconds.items()},
    }
    files.write_json(out / files.TIMINGS, timings)
    for name, also in ((files.ORACLE_PREDICTIONS, result.oracle), (files.ALONE_PREDICTIONS, result.alone)):
        (out / name).unlink(missing_ok=True)
        if also:
            files.write_outcomes(out / name, also.outcomes)
    (out / files.COMPARISON).unlink(missing_ok=True)
    if result.comparison:
        files.write_json(out / files.COMPARISON, result.comparison.as_dict())
    files.write_text(out / files.REPORT, report(result, options.command))
    if options.junit:
        files.write_text(options.junit, junit(result.verdicts, result.metrics))
    files.write_json(out / files.METRICS, result.metrics)
