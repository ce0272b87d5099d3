"""`python -m qa evaluate`: ask files of questions, and write down how well they were answered."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from index.errors import SettingsError
from qa.cli.terminal import printable

if TYPE_CHECKING:
    from index.encoder import Progress
    from qa.evaluation.gates import Gate
    from qa.evaluation.options import Options
    from qa.evaluation.result import Result
    from qa.evaluation.run import StartProgress
    from qa.settings import Settings

DataArgument = Annotated[
    list[str],
    typer.Argument(metavar="DATA ...", help="SQuAD 1.1/2.0 JSON or JSONL, plain or gzipped; - is standard input"),
]
OutOption = Annotated[Path, typer.Option(metavar="DIR", help="folder for the figures, the predictions and the report")]
LimitOption = Annotated[int | None, typer.Option(metavar="N", min=1, help="ask a uniform sample of N questions")]
SeedOption = Annotated[int, typer.Option(metavar="N", min=0, help="seed of the samples, intervals and tests")]
PerturbOption = Annotated[
    str | None,
    typer.Option(
        metavar="KIND",
        help="change every question: typos, no_mark, lower, capitals, keywords, long or spaced",
    ),
]
ForeignHistoryOption = Annotated[
    bool,
    typer.Option(
        "--foreign-history", help="ask each question after a turn about another article, which must not change it"
    ),
]
RobustnessOption = Annotated[
    bool, typer.Option("--robustness", help="ask in every such kind, and print one table of them all")
]
ArchiveOption = Annotated[
    bool,
    typer.Option(
        "--archive",
        help="ask all articles of the data at once; beside it, without --baseline, each question of its own article",
    ),
]
OracleOption = Annotated[
    bool, typer.Option("--oracle-passage", help="ask each question of its gold paragraph alone, too")
]
BaselineOption = Annotated[
    Path | None, typer.Option(metavar="DIR", help="an earlier run, to compare with question by question")
]
FailUnderOption = Annotated[
    list[str] | None,
    typer.Option(metavar="METRIC=VALUE", help="exit 1 if the metric is worse than VALUE; may be repeated"),
]
FailDropOption = Annotated[
    list[str] | None,
    typer.Option(metavar="METRIC=VALUE", help="exit 1 if it is worse than the baseline's by more; may be repeated"),
]
JunitOption = Annotated[Path | None, typer.Option(metavar="FILE", help="write the gates as JUnit XML")]
SetOption = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="a setting's value in this run; may be repeated")
]


def evaluate(
    data: DataArgument,
    out: OutOption,
    limit: LimitOption = None,
    seed: SeedOption = 0,
    perturb: PerturbOption = None,
    foreign_history: ForeignHistoryOption = False,
    robustness: RobustnessOption = False,
    archive: ArchiveOption = False,
    oracle_passage: OracleOption = False,
    baseline: BaselineOption = None,
    fail_under: FailUnderOption = None,
    fail_drop: FailDropOption = None,
    junit: JunitOption = None,
    set_: SetOption = None,
) -> None:
    """Ask files of questions, and measure the answers.

    Every question is asked of the whole article that it is about, or with --archive of all articles. Exit 1 when a gate
    fails. An interrupted run is taken up where it was when the same command is given again.
    """
    gates, settings = _parse(fail_under or [], fail_drop or [], set_ or [], perturb, oracle=oracle_passage)
    from qa.evaluation.files import REPORT
    from qa.evaluation.options import Options
    from qa.evaluation.run import evaluate as run
    from qa.evaluation.table import table

    options = Options(
        data=tuple(data),
        out=out,
        limit=limit,
        seed=seed,
        perturb=perturb,
        foreign_history=foreign_history,
        robustness=robustness,
        archive=archive,
        oracle_passage=oracle_passage,
        baseline=baseline,
        gates=tuple(gates),
        junit=junit,
        settings=settings,
        overrides=tuple(set_ or ()),
    )
    if robustness:
        _measure_robustness(options)
        return
    with progress_bars() as start_progress:
        result = run(options, start_progress=start_progress)
    verdicts = [f"{'held:  ' if verdict.passed else 'FAILED:'} {verdict.message}" for verdict in result.verdicts]
    print(
        "\n".join(map(printable, [*table(result), "", *_interpreted(result), *verdicts, "", f"Report: {out / REPORT}"]))
    )
    if not result.passed:
        raise typer.Exit(1)


def _interpreted(result: "Result") -> list[str]:
    """How many questions were understood from the turns before them, where there were such turns."""
    from qa.conversation import in_a_row

    followed = [outcome for outcome in result.asked.outcomes if outcome.question.history]
    meant = [outcome.answer["interpreted_as"] or "" for outcome in followed]
    told = (
        f"Understood from their history: {sum(map(bool, meant)):,} of {len(followed):,} questions, "
        f"{sum(bool(in_a_row(full)) for full in meant):,} of them as typed, behind it"
    )
    return [told, ""] if followed else []


def _measure_robustness(options: "Options") -> None:
    """Print the table of every kind; what belongs to one run of one kind is refused.

    :raises SettingsError: such an option was given.
    """
    from qa.evaluation.robustness import JSON, MARKDOWN, markdown, measure

    one_run = {
        "--perturb": options.perturb,
        "--foreign-history": options.foreign_history,
        "--archive": options.archive,
        "--oracle-passage": options.oracle_passage,
        "--baseline": options.baseline,
        "--fail-under and --fail-drop": options.gates,
        "--junit": options.junit,
    }
    given = [name for name, value in one_run.items() if value]
    if given:
        raise SettingsError(f"--robustness has no use for {', '.join(given)}; leave out either the one or the other")
    with progress_bars() as start_progress:
        result = measure(options, start_progress=start_progress)
    print("\n".join(map(printable, [*markdown(result), "", f"Written: {options.out / MARKDOWN} and {JSON}"])))


@contextmanager
def progress_bars() -> Iterator["StartProgress"]:
    """Bars on stderr with the time left, where stderr is a terminal; they leave nothing behind."""
    from tqdm import tqdm

    bars: list[tqdm] = []

    def start(what: str) -> "Progress":
        bar = tqdm(desc=what.capitalize(), unit=" questions", leave=False, disable=None)
        bars.append(bar)

        def report(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        return report

    try:
        yield start
    finally:
        for bar in bars:
            bar.close()


def _parse(
    fail_under: list[str], fail_drop: list[str], set_: list[str], perturb: str | None, *, oracle: bool
) -> tuple[list["Gate"], "Settings"]:
    """:raises SettingsError: an option cannot be used; the message names each."""
    from qa.evaluation.config import parse_settings
    from qa.evaluation.gates import parse_gates
    from qa.evaluation.perturb import check_kind
    from qa.settings import load_settings

    gates, settings, problems = [], load_settings(), []
    try:
        gates = parse_gates(fail_under, fail_drop, oracle=oracle)
    except SettingsError as error:
        problems.append(str(error))
    try:
        settings = parse_settings(set_)
    except SettingsError as error:
        problems.append(str(error))
    try:
        if perturb is not None:
            check_kind(perturb)
    except SettingsError as error:
        problems.append(str(error))
    if problems:
        raise SettingsError("; ".join(problems))
    return gates, settings
