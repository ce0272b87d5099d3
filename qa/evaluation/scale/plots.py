"""The figures drawn: how each grows with the sentences of an archive, on logarithmic axes. A hollow dot is an archive of
perturbed copies.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from index.shortcuts import RECALL
from qa.evaluation.report.sheet import sheet
from qa.evaluation.report.svg import Plot, decades, ticks
from qa.evaluation.scale.figures import MOST, Figures, Size
from qa.evaluation.scale.page import KINDS, megabytes, milliseconds, seconds

_APART: Final = 14
"""Units that names of lines are kept apart."""
_LEAST: Final = 0.85
"""Where the axis of recall begins."""


@dataclass(frozen=True, slots=True)
class Line:
    """What is drawn of each archive, where there is something; `class_` is one of report/sheet.py."""

    name: str
    value: Callable[[Size], float | None]
    class_: str = ""


ANSWERS: Final = (Line("p95", lambda size: size.p95_ms, "p95"), Line("p50", lambda size: size.p50_ms))
HELD: Final = (Line("memory", lambda size: size.answered_mb, "memory"), Line("disk", lambda size: size.disk_mb))
BUILDING: Final = (
    Line("embedding", lambda size: size.embed_s, "memory"),
    Line("all else", lambda size: size.build_s),
    Line("of it search", lambda size: size.near_s or None, "p95"),
)
FOUND: Final = (
    Line("passages", lambda size: size.passage_recall, "memory"),
    Line("sentences", lambda size: size.recall),
)


def drawings(figures: Figures) -> dict[str, str]:
    """The SVG files of docs/scale/, by name."""
    answers = _growing("Milliseconds to an answer", figures, ANSWERS, milliseconds)
    _promised(answers, figures)
    held = _growing("Megabytes in memory, having answered, and on disk", figures, HELD, megabytes)
    building = _growing("Seconds to build", figures, BUILDING, seconds)
    title = f"Article QA from {_round(figures.sizes[0].sentences)} to {_round(figures.sizes[-1].sentences)} sentences"
    return {
        "growth.svg": sheet(title, [answers, held]),
        "building.svg": sheet("Building an archive, and what its search finds", [building, _recall(figures)]),
    }


def _growing(title: str, figures: Figures, series: Sequence[Line], form: Callable[[float], str]) -> Plot:
    """A line for each of `series`, against a logarithmic axis."""
    known = [value for size in figures.sizes for one in series if (value := one.value(size))]
    low, high = 0.6 * min(known), 1.9 * max(known)
    plot = _plot(title, figures, (math.log10(low), math.log10(high)))
    tens = decades(low, high, (1,))
    marks = tens if len(tens) > 2 else decades(low, high)
    plot.y_axis(
        title,
        [math.log10(mark) for mark in marks],
        lambda value: f"{10**value:,.3g}" if value < 0 else f"{10**value:,.0f}",
    )
    _lines(plot, figures, series, form, math.log10)
    return plot


def _recall(figures: Figures) -> Plot:
    """The share of the ten nearest that are found, beside what the search is made to find."""
    title = "Recall@10 against exact search"
    plot = _plot(title, figures, (_LEAST, 1.012))
    plot.y_axis(title, ticks(_LEAST, 1.0, 3), lambda value: f"{value:.2f}")
    plot.guide((plot.x_range[0], RECALL), (plot.x_range[1], RECALL))
    plot.text(plot.left + 6, plot.y(RECALL) + 15, "looked for when it is built")
    _lines(plot, figures, FOUND, lambda value: f"{value:.3f}", lambda value: max(_LEAST, value))
    return plot


def _lines(
    plot: Plot,
    figures: Figures,
    series: Sequence[Line],
    form: Callable[[float], str],
    place: Callable[[float], float],
) -> None:
    """The lines, each named where it ends: beside the last archive, else above the line's end."""
    beside = []
    for one in series:
        told = [(size, value) for size in figures.sizes if (value := one.value(size))]
        if not told:
            continue
        points = [(math.log10(size.sentences), place(value)) for size, value in told]
        plot.line(points, one.class_)
        for (size, value), point in zip(told, points, strict=True):
            classes = ("dot", "hollow" if size.copies > 1 else "", one.class_)
            named = f"{one.name}, {size.sentences:,} sentences: {form(value)}"
            plot.dot(*point, " ".join(filter(None, classes)), 4, named)
        name = f"{one.name} {form(told[-1][1])}"
        if told[-1][0] is figures.sizes[-1]:
            beside.append((plot.y(points[-1][1]), plot.x(points[-1][0]), name))
        else:
            plot.text(plot.x(points[-1][0]), plot.y(points[-1][1]) - 11, name, anchor="end")
    lowest = 0.0
    for height, right, name in sorted(beside):
        lowest = max(height + 4, lowest + _APART)
        plot.text(right + 10, lowest, name)


def _plot(title: str, figures: Figures, y_range: tuple[float, float]) -> Plot:
    """With its axis of archives: how many sentences, and how they are searched."""
    places = [math.log10(size.sentences) for size in figures.sizes]
    plot = Plot(title, (places[0] - 0.15, max(places[-1], places[0] + 1)), y_range, left=50, right=116, bottom=72)
    plot.x_axis("", places, lambda value: _round(10**value))
    base = plot.height - plot.bottom
    for size, at in zip(figures.sizes, places, strict=True):
        plot.text(plot.x(at), base + 33, KINDS[size.kind], anchor="middle")
    plot.text(plot.x(places[-1]) + 40, base + 17, "sentences")
    plot.text(plot.x(places[-1]) + 40, base + 33, "search")
    if figures.sizes[-1].copies > 1:
        plot.text(plot.left, base + 58, "● real texts, embedded    ○ copies, their vectors perturbed")
    return plot


def _promised(plot: Plot, figures: Figures) -> None:
    most = math.log10(MOST * figures.sizes[0].p50_ms)
    if len(figures.sizes) > 1 and most < plot.y_range[1]:
        plot.guide((plot.x_range[0], most), (plot.x_range[1], most))
        plot.text(plot.left + 6, plot.y(most) - 6, f"promised: p50 below {MOST:g} times the first")


def _round(sentences: float) -> str:
    """To two digits: an archive ends with a paragraph.

    >>> _round(10_012)
    '10,000'
    """
    return f"{float(f'{sentences:.2g}'):,.0f}"
