"""The figures of a run as lines for a terminal."""

from collections.abc import Mapping, Sequence

from qa.evaluation.comparison import Comparison
from qa.evaluation.gates import ORACLE
from qa.evaluation.resampling import Change
from qa.evaluation.result import Result
from qa.evaluation.summary import ALONE, LATENCY, Value, figure, groups_of, stages_of

_NAME, _CELL = 35, 8


def table(result: Result) -> list[str]:
    """Lines: the counts, the figures with their intervals, the errors by stage, and what changed, if compared."""
    metrics, comparison = result.metrics, result.comparison
    lines = [_counts(metrics, result), ""]
    heads = ["", "95 % interval".center(2 * _CELL + 1)]
    if result.alone:
        heads.append("alone".rjust(_CELL))
    if result.oracle:
        heads.append("gold §".rjust(_CELL))
    if comparison:
        heads += ["before".rjust(_CELL), "change".rjust(_CELL), "p".rjust(_CELL)]
    lines.append((" " * (_NAME + _CELL) + "  ".join(heads)).rstrip())
    beside = [prefix for prefix, asked in ((ALONE, result.alone), (ORACLE, result.oracle)) if asked]
    for heading, names in groups_of(metrics).items():
        lines.append(heading)
        lines += [_row(name, metrics, comparison, beside) for name in names]
    lines += ["", "Errors by stage" + ("alone".rjust(_NAME + 4 * _CELL - 10) if result.alone else "")]
    for stage, label in stages_of(metrics).items():
        count = f"  {label:<{_NAME - 2}}{metrics[f'n_{stage}']:>{_CELL},}"
        lines.append(count + (f"{metrics[f'{ALONE}n_{stage}']:>{3 * _CELL + 5},}" if result.alone else ""))
    if comparison:
        lines += ["", *_changes(comparison)]
    return lines


def _counts(metrics: Mapping[str, Value], result: Result) -> str:
    asked = {outcome.question.article_id for outcome in result.asked.outcomes}
    articles = len(result.config["articles"] if result.archive else asked)
    of = "one archive of " if result.archive else ""
    return (
        f"{metrics['n']:,} questions ({metrics['n_answerable']:,} answerable, {metrics['n_unanswerable']:,} not) "
        f"over {of}{articles:,} article{'s' * (articles != 1)}, in {result.seconds:,.0f} s"
    )


def _row(name: str, metrics: Mapping[str, Value], comparison: Comparison | None, beside: Sequence[str]) -> str:
    interval = metrics[f"{name}_ci95"]
    span = f"{figure(name, interval[0])} – {figure(name, interval[1])}" if isinstance(interval, list) else ""
    cells = [span.center(2 * _CELL + 1)]
    cells += [figure(name, metrics.get(f"{prefix}{name}")).rjust(_CELL) for prefix in beside]
    if comparison:
        cells += _compared(name, comparison.changes[name])
    return f"  {name:<{_NAME - 2}}{figure(name, metrics[name]):>{_CELL}}  {'  '.join(cells)}".rstrip()


def _compared(name: str, change: Change) -> Sequence[str]:
    decimals = 1 if name in LATENCY else 3
    difference = "–" if change.difference is None else f"{change.difference:+z.{decimals}f}"  # z: no minus before nothing
    p_value = "" if change.p_value is None else f"{change.p_value:.3f}"
    return [figure(name, change.before).rjust(_CELL), difference.rjust(_CELL), p_value.rjust(_CELL)]


def _changes(comparison: Comparison) -> list[str]:
    lines = [
        f"Against {comparison.baseline}, over the {comparison.n_common:,} questions of both: "
        f"{len(comparison.improved):,} improved, {len(comparison.broke):,} broke"
    ]
    asides = [
        (len(comparison.only_after), "are not in the baseline"),
        (len(comparison.only_before), "are only in the baseline"),
        (len(comparison.gold_changed), "have other gold answers now"),
        (len(comparison.question_changed), "have another wording now"),
    ]
    lines += [f"  {count:,} questions {what}" for count, what in asides if count]
    if comparison.least_p > 0.05:
        lines.append(f"  with so few articles, p cannot be less than {comparison.least_p:.3f}")
    return lines
