"""How answers hold up when questions are not clean: the same questions in every kind of `perturb.py`, and written ones.

DATA -> a sample of its plain questions, clean and in each kind; its rows that name a `kind` of their own, all of them
     -> asked in one go, one index an article -> a row of figures a kind, each beside the same questions asked clean
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from index.encoder import Encoder
from qa.evaluation import files, metrics
from qa.evaluation.asking import OpenPipeline, whole_articles
from qa.evaluation.config import fingerprint
from qa.evaluation.datasets import load_data, sample
from qa.evaluation.options import Options
from qa.evaluation.outcome import Outcome
from qa.evaluation.perturb import KINDS, perturbed
from qa.evaluation.questions import Question
from qa.evaluation.resampling import Change, Columns, Figures, Interval, bootstrap, compare
from qa.evaluation.run import Sitter, StartProgress, prepare, refuse_folders
from qa.evaluation.summary import columns_of

JSON = "robustness.json"
MARKDOWN = "robustness.md"
PREDICTIONS = "robustness_predictions.jsonl"

CLEAN = "clean"

HEADINGS = {
    "hit@1": "`hit@1`",
    "has_ans_f1": "`has_ans_f1`",
    "right": "`right`",
    "sentence_right": "`sentence_right`",
    "refused_answerable": "refused, answerable",
    "no_answer_recall": "refused, unanswerable",
}
"""The figures by name: those of metrics.json, and the share of the answerable questions that were refused."""


@dataclass(frozen=True, slots=True)
class Kind:
    """The figures of the questions of one kind.

    `changes` are against the same questions asked clean, over the `n_paired` that have such a counterpart; empty where
    none has.
    """

    name: str
    n: int
    n_answerable: int
    n_unanswerable: int
    n_paired: int
    figures: Figures
    intervals: dict[str, Interval | None]
    changes: dict[str, Change]


@dataclass(frozen=True, slots=True)
class Robustness:
    """The content of robustness.json: `config` as in config.json, the kinds in the order of the table."""

    command: str
    config: dict[str, Any]
    kinds: tuple[Kind, ...]


def measure(
    options: Options,
    *,
    encoder: Encoder | None = None,
    open_pipeline: OpenPipeline | None = None,
    start_progress: StartProgress | None = None,
) -> Robustness:
    """Ask the questions of `options.data` in every kind, and write the files into `options.out`.

    An interrupted run is taken up where it was. The parameters are those of `run.evaluate`.

    :raises DataError: the data cannot be used, or the folder cannot be written.
    :raises SettingsError: there is no place for a file, or another run is writing into the same folder.
    :raises ArticleQAError: a model or an article cannot be used.
    """
    refuse_folders(options)
    dataset = load_data(options.data)
    kinds = by_kind(dataset.questions, options.limit, options.seed)
    asked = {question.id: question for questions in kinds.values() for question in questions}
    meant = {question.of for question in asked.values()}
    # A written question is held against the one it rewords, even if that one was not drawn.
    asked |= {question.id: question for question in dataset.questions if question.id in meant}
    with files.alone(options.out):
        config, open_pipeline = prepare(options, dataset, encoder, open_pipeline)
        sitter = Sitter(options.out, fingerprint(config), open_pipeline, start_progress)
        order = tuple(asked.values())
        outcomes = sitter.sit("robustness", whole_articles(dataset, order), order).outcomes
        result = Robustness(options.command, config, tuple(_figures_by_kind(kinds, outcomes, options.seed)))
        files.write_outcomes(options.out / PREDICTIONS, outcomes)
        files.write_text(options.out / MARKDOWN, "\n".join(markdown(result)) + "\n")
        files.write_json(options.out / JSON, asdict(result))
        sitter.remove_checkpoints()
    return result


def by_kind(questions: Sequence[Question], limit: int | None, seed: int) -> dict[str, list[Question]]:
    """What is asked, by kind: `CLEAN`, those of `KINDS`, then those that rows name, in the order of the rows.

    The sample is drawn from the questions without a kind. What is made of one has its id and the kind's name, parted by a
    tab, which no id holds, so that no two are alike.
    """
    plain = [question for question in questions if question.kind is None]
    drawn = list(sample(plain, limit, seed))
    made = {
        kind: [replace(perturbed(one, kind, seed), id=f"{one.id}\t{kind}", of=one.id) for one in drawn] for kind in KINDS
    }
    kinds = {CLEAN: drawn} | made if drawn else {}
    for question in questions:
        if question.kind is not None:
            kinds.setdefault(question.kind, []).append(question)
    return kinds


def markdown(result: Robustness) -> list[str]:
    """The lines of a table for people: a kind a row; in brackets the change against the same questions asked clean."""
    lines = [
        " | ".join(["| questions", "n", *HEADINGS.values()]) + " |",
        "|---" * (2 + len(HEADINGS)) + "|",
    ]
    for kind in result.kinds:
        name = " ".join(kind.name.split()).replace("|", "\\|")
        cells = [_cell(kind.figures[figure], kind.changes.get(figure)) for figure in HEADINGS]
        lines.append(" | ".join([f"| {name}", f"{kind.n:,}", *cells]) + " |")
    return lines


def figures(columns: Columns) -> Figures:
    """Those of `HEADINGS`; None where there is no question of the sort that one is about."""
    unanswerable = columns["unanswerable"] == 1
    return {
        "hit@1": metrics.mean(columns["hit_1"]),
        "has_ans_f1": metrics.mean(columns["has_ans_f1"]),
        "right": metrics.mean(columns["right"]),
        "sentence_right": metrics.mean(columns["sentence_right"]),
        "refused_answerable": metrics.mean(columns["refused"][~unanswerable]),
        "no_answer_recall": metrics.mean(columns["refused"][unanswerable]),
    }


def _figures_by_kind(kinds: Mapping[str, Sequence[Question]], outcomes: Sequence[Outcome], seed: int) -> list[Kind]:
    outcome_of = {outcome.question.id: outcome for outcome in outcomes}
    return [
        _kind(name, [outcome_of[question.id] for question in questions], outcome_of, seed)
        for name, questions in kinds.items()
    ]


def _kind(name: str, outcomes: Sequence[Outcome], outcome_of: Mapping[str, Outcome], seed: int) -> Kind:
    columns = columns_of(outcomes)
    pairs = [(outcome_of[of], one) for one in outcomes if (of := one.question.of) and of in outcome_of]
    before, after = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    unanswerable = sum(not one.question.answerable for one in outcomes)
    return Kind(
        name=name,
        n=len(outcomes),
        n_answerable=len(outcomes) - unanswerable,
        n_unanswerable=unanswerable,
        n_paired=len(pairs),
        figures=figures(columns),
        intervals=bootstrap(figures, columns, _clusters(outcomes), seed=seed),
        changes=compare(figures, columns_of(before), columns_of(after), _clusters(after), seed=seed) if pairs else {},
    )


def _clusters(outcomes: Sequence[Outcome]) -> list[str]:
    """What succeeds and fails together: the questions of an article; with one article, those that reword the same one."""
    articles = [outcome.question.article_id for outcome in outcomes]
    if len(set(articles)) > 1:
        return articles
    return [outcome.question.of or outcome.question.id for outcome in outcomes]


def _cell(value: float | None, change: Change | None) -> str:
    """`.812 (-.031 [-.052, -.010])`; without a counterpart `.812`, without a question a dash."""
    if value is None:
        return "–"
    if change is None or change.difference is None or change.interval is None:
        return _share(value)
    low, high = change.interval
    return f"{_share(value)} ({_signed(change.difference)} [{_signed(low)}, {_signed(high)}])"


def _share(value: float) -> str:
    return f"{value:.3f}".removeprefix("0")


def _signed(value: float) -> str:
    """With its sign, nothing as ".000": z lets no minus stand before it."""
    text = f"{value:+z.3f}"
    return ".000" if text == "+0.000" else text.replace("0.", ".", 1)
