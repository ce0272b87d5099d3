"""A run under load, as a table and a chart for a terminal, and as an SVG that holds all it needs, light or dark."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from qa.evaluation.report.sheet import sheet
from qa.evaluation.report.svg import Plot, decades, ticks
from tests.stress.figures import Report, Stretch

_BAR, _LINE = 24, 40  # columns of a terminal
_EIGHTHS: Final = " ▏▎▍▌▋▊▉█"


def table(report: Report) -> Iterator[str]:
    """The figures, a line for each stretch."""
    yield (
        f"{report.workers} answered at a time, {report.queue} waiting at most; ready {report.started:.1f} s after its start, "
        f"at rest {_number(report.at_rest)} MB"
    )
    yield ""
    yield f"{'':>22}{'answers/s':>11}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}{'answered':>10}{'refused':>9}{'MB':>7}"
    for step in report.steps:
        yield _row(step.name, step)
    for number, one in enumerate(report.rounds, start=1):
        yield f"overload, round {number}"
        for name, step in one.items():
            kept = "" if name == "peak" else f"   {step.per_second / one['peak'].per_second:.0%} of the peak"
            yield _row(name, step) + kept
    yield ""
    for way in report.ways:
        yield f"goodput {way}: {report.goodput(way):.1%} of the peak, median of {len(report.rounds)} rounds"


def _row(name: str, step: Stretch) -> str:
    times = "".join(f"{_number(one):>9}" for one in (step.p50, step.p95, step.p99))
    return f"{name:>22}{step.per_second:>11.1f}{times}{step.answered:>10}{step.refused:>9}{_number(step.memory):>7}"


def chart(report: Report) -> Iterator[str]:
    """Throughput as bars, latency from p50 over p95 to p99 on a logarithmic line, a row for each number of askers."""
    steps = [step for step in report.steps if step.p50 and step.p95 and step.p99]
    if not steps:
        return
    most = max(step.per_second for step in steps)
    low, high = (math.log(pick([*_times(steps)])) for pick in (min, max))

    def column(milliseconds: float) -> int:
        return round((math.log(milliseconds) - low) / ((high - low) or 1) * (_LINE - 1))

    yield f"{'askers':>7}  {'answers a second':<{_BAR + 7}} milliseconds, logarithmic: ● p50  ○ p95  · p99"
    for step in steps:
        line = [" "] * _LINE
        first, middle, last = (column(one or 1) for one in (step.p50, step.p95, step.p99))
        line[first : last + 1] = "─" * (last + 1 - first)
        line[last], line[middle], line[first] = "·", "○", "●"
        bar = _bar(step.per_second / most * _BAR)
        yield f"{step.askers or 0:>7}  {bar:<{_BAR}} {step.per_second:>5.1f}  {''.join(line)}"
    yield f"{'':>{9 + _BAR + 8}}{_number(math.exp(low)):<{_LINE // 2}}{_number(math.exp(high)):>{_LINE // 2}}"


def svg(report: Report) -> str:
    """Four drawings: throughput, latency and memory against the number of askers, and what is left under overload."""
    plots = [
        _against_askers(report, "Answers a second", lambda step: {"": step.per_second}),
        _against_askers(
            report, "Milliseconds to an answer", lambda s: {"p50": s.p50, "p95": s.p95, "p99": s.p99}, logarithmic=True
        ),
        _overload(report),
        _against_askers(report, "Memory of the server, MB", lambda step: {"memory": step.memory}),
    ]
    return sheet(f"Article QA under load: {report.workers} answered at a time, {report.queue} waiting at most", plots)


def _against_askers(
    report: Report, title: str, values: Callable[[Stretch], dict[str, float | None]], *, logarithmic: bool = False
) -> Plot:
    """A line for each name; the horizontal axis is logarithmic, as askers double."""
    found = [(step.askers or 1, values(step)) for step in report.steps]
    known = [value for _, pairs in found for value in pairs.values() if value]
    form: Callable[[float], float] = math.log10 if logarithmic else float
    top, bottom = form(1.12 * max(known, default=1)), form(0.8 * min(known, default=1)) if logarithmic else 0.0
    plot = Plot(title, (-0.15, math.log2(max(asked for asked, _ in found) or 1) + 0.55), (bottom, top))
    marks = [math.log10(mark) for mark in decades(10**bottom, 10**top)] if logarithmic else ticks(0, top, 4)
    plot.y_axis(title, marks, (lambda value: f"{10**value:,.0f}") if logarithmic else (lambda value: f"{value:,.0f}"))
    plot.x_axis("askers", [math.log2(asked) for asked, _ in found], lambda value: f"{2**value:.0f}")
    lowest = plot.height  # of the names that stand behind the lines; they are kept apart
    for name in found[0][1]:
        points = [(math.log2(asked), form(value)) for asked, pairs in found if (value := pairs[name])]
        if not points:
            continue
        plot.line(points, name)
        for place, point in enumerate(points):
            plot.dot(*point, f"dot {name}", title=f"{found[place][0]} asking: {_number(found[place][1][name])}")
        if name.startswith("p"):
            lowest = min(lowest - 13, plot.y(points[-1][1]) + 4)
            plot.text(plot.x(points[-1][0]) + 8, lowest, name)
    return plot


def _overload(report: Report) -> Plot:
    """Bars: the peak, and what is left of it in each way of asking too much."""
    names = ("peak", *report.ways)
    means = {name: sum(one[name].per_second for one in report.rounds) / len(report.rounds) for name in names}
    refused = {name: sum(one[name].refused for one in report.rounds) for name in names}
    top = 1.3 * max(means.values())
    plot = Plot("Asked four times too much", (0, len(names)), (0, top))
    plot.y_axis("Right answers a second, asked four times too much", ticks(0, top, 4), lambda value: f"{value:,.0f}")
    plot.x_axis("", [])
    for place, name in enumerate(names):
        plot.bar((place + 0.2, place + 0.8), (0, means[name]), f"bar {'pale' if name == 'peak' else ''}")
        share = "" if name == "peak" else f"{report.goodput(name):.0%} of the peak"
        middle, base = plot.x(place + 0.5), plot.height - plot.bottom
        plot.text(middle, plot.y(means[name]) - 7, share or f"{means[name]:.1f}", anchor="middle", class_="label")
        plot.text(middle, base + 17, name, anchor="middle")
        plot.text(middle, base + 33, f"{refused[name]:,} refused", anchor="middle")
    return plot


def _times(steps: Sequence[Stretch]) -> Iterator[float]:
    for step in steps:
        yield from (one for one in (step.p50, step.p99) if one)


def _bar(columns: float) -> str:
    whole = int(columns)
    return "█" * whole + _EIGHTHS[int((columns - whole) * 8)].strip()


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}" if value >= 100 else f"{value:.1f}"
