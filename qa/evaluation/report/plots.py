"""The plots of the report, each from the questions' outcomes; None where there is nothing to draw.

Blue marks stand for the sentence that is cited first, ochre for the words that are given as the answer.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from qa.evaluation import metrics
from qa.evaluation.outcome import Outcome
from qa.evaluation.report.markup import Html
from qa.evaluation.report.svg import Plot, percent, ticks
from qa.evaluation.summary import columns_of

_BINS = 25
_MOST_POINTS = 300
"""Corners of a curve; more are not seen."""


def risk_coverage(outcomes: Sequence[Outcome]) -> Html | None:
    """Share of answers that are wrong against the share of questions answered, most certain first."""
    if not outcomes:
        return None
    columns = columns_of(outcomes)
    curves = {
        "words": metrics.risk_coverage(columns["p_right"], columns["span_right"]),
        "sentence": metrics.risk_coverage(columns["p_right"], columns["span_sentence_right"]),
    }
    # The strictest thresholds answer a handful of questions: their risk is noise, and must not set the scale.
    highest = max(float(risk[coverage >= min(0.1, coverage[-1])].max(initial=0.05)) for coverage, risk in curves.values())
    top = min(1.0, 1.15 * highest)
    plot = Plot("Risk against coverage", (0, 1), (0, top))
    plot.y_axis("wrong, of those answered", ticks(0, top))
    plot.x_axis("questions answered, the most certain first", ticks(0, 1))
    if top > 0.07:
        plot.guide((0, 0.05), (1, 0.05))
        plot.note(0.008, 0.05 + 0.015 * top, "5 % wrong", class_="quiet")
    answered = columns["refused"] == 0
    for name, (coverage, risk) in curves.items():
        kept = _thin(coverage)
        plot.line([(float(coverage[i]), min(top, float(risk[i]))) for i in kept], name)
        if answered.any():
            right = columns["span_right" if name == "words" else "span_sentence_right"][answered].mean()
            place = (float(answered.mean()), float(1 - right))
            plot.dot(*place, f"here {name}", 5, f"as decided: {percent(place[0])} answered, {percent(place[1])} wrong")
    return plot.drawn()


def reliability(outcomes: Sequence[Outcome]) -> Html | None:
    """Share right against confidence, in fifteen groups of equal size, with 95 % intervals."""
    if not outcomes:
        return None
    columns = columns_of(outcomes)
    plot = Plot("Reliability of the confidence", (0, 1), (0, 1))
    plot.y_axis("right", ticks(0, 1))
    plot.x_axis("confidence shown", ticks(0, 1))
    plot.guide((0, 0), (1, 1))
    for name, column in (("words", "right"), ("sentence", "sentence_right")):
        for group in metrics.reliability(columns["confidence"], columns[column]):
            plot.whisker(group.confidence, *wilson(group.accuracy, group.n), f"whisker {name}")
            told = f"{group.n} questions: confidence {percent(group.confidence)}, right {percent(group.accuracy)}"
            plot.dot(group.confidence, group.accuracy, f"dot {name}", 4, told)
    return plot.drawn()


def decision_scores(outcomes: Sequence[Outcome]) -> Html | None:
    """Histograms of p_no_answer: answerable questions upwards, unanswerable ones downwards, as shares of their kind.

    What was decided wrongly is drawn in the full colour.
    """
    if not outcomes:
        return None
    columns = columns_of(outcomes)
    silent, refused = columns["unanswerable"] == 1, columns["refused"] == 1
    edges = np.linspace(0, 1, _BINS + 1)
    counts = {
        (kind, wrong): np.histogram(columns["p_no_answer"][chosen & (mistaken if wrong else ~mistaken)], edges)[0]
        for kind, chosen, mistaken in (("answerable", ~silent, refused), ("silent", silent, ~refused))
        for wrong in (False, True)
    }
    totals = {"answerable": max(1, int((~silent).sum())), "silent": max(1, int(silent.sum()))}
    tallest = max(float((counts[kind, False] + counts[kind, True]).max()) / total for kind, total in totals.items())
    top = 1.15 * max(tallest, 0.02)
    plot = Plot("Scores of answerable and unanswerable questions", (0, 1), (-top if silent.any() else 0, top))
    marks = ticks(0, top, 3)
    plot.y_axis(
        "share of the answerable", [*(-mark for mark in marks[:0:-1] if silent.any()), *marks], lambda v: percent(abs(v))
    )
    plot.x_axis("probability that the article does not say", ticks(0, 1))
    for kind, sign, class_ in (("answerable", 1, "sentence"), ("silent", -1, "words")):
        for begin, end, good, bad in zip(edges, edges[1:], counts[kind, False], counts[kind, True], strict=False):
            inner, outer = sign * bad / totals[kind], sign * (good + bad) / totals[kind]
            sides = (begin + 0.003, end - 0.003)
            plot.bar(sides, (0, inner), f"bar {class_}", f"{bad} decided wrongly")
            plot.bar(sides, (inner, outer), f"bar pale {class_}", f"{good} decided rightly")
    if silent.any():
        plot.guide((0, 0), (1, 0), "axis")
        plot.text(plot.left, plot.height - plot.bottom - 6, "share of the unanswerable", class_="label")
    return plot.drawn()


def latency(milliseconds: Mapping[str, float]) -> Html | None:
    """Histogram of the time one answer takes, asked alone, with the median and the 95th percentile."""
    if not milliseconds:
        return None
    times = np.array(list(milliseconds.values()))
    middle, late = np.percentile(times, [50, 95])
    # A single stall must not press the rest into one bar: what lies far out is counted in the last one.
    top = max(float(min(times.max(), 2 * late)), 0.001)
    counts, edges = np.histogram(np.minimum(times, top), bins=_BINS, range=(0, top))
    highest = 1.3 * float(counts.max())
    plot = Plot("Time of one answer", (0, top), (0, highest))
    plot.y_axis("questions", [tick for tick in ticks(0, highest, 4) if tick == int(tick)], lambda value: f"{value:.0f}")
    plot.x_axis("milliseconds, one question at a time", ticks(0, top), lambda value: f"{value:g}")
    for begin, end, count in zip(edges, edges[1:], counts, strict=False):
        gap = 0.06 * (end - begin)
        plot.bar((begin + gap, end - gap), (0, count), "bar pale sentence", f"{count} questions")
    # One label below the other: the two lines are often close.
    for value, name, height in ((middle, "median", 0.89), (late, "95 % within", 0.79)):
        plot.guide((value, 0), (value, (height + 0.06) * highest), "mark")
        anchor, shift = ("end", -0.012 * top) if value > 0.7 * top else ("start", 0.012 * top)
        plot.note(value + shift, height * highest, f"{name} {value:.1f} ms", anchor=anchor, class_="strong")
    return plot.drawn()


def dot_rows(title: str, rows: Sequence[tuple[str, NDArray[np.float64], NDArray[np.float64]]]) -> Html | None:
    """A row a group: how many questions, share whose first sentence is right with its 95 % interval, and mean F1.

    :param rows: name, `hit_1` and F1 of the questions of each group.
    """
    rows = [row for row in rows if row[1].size]
    if not rows:
        return None
    step = 24
    plot = Plot(
        title, (0, 1), (len(rows) - 0.5, -0.5),
        height=24 + step * len(rows) + 26, left=214, top=24, bottom=26,
    )  # fmt: skip
    for tick in ticks(0, 1):
        plot.guide((tick, -0.5), (tick, len(rows) - 0.5), "grid")
    plot.x_axis("", ticks(0, 1))
    for number, (name, hits, f1) in enumerate(rows):
        middle = plot.y(number) + 4
        plot.text(plot.left - 56, middle, name, anchor="end")
        plot.text(plot.left - 12, middle, f"{hits.size:,}", anchor="end", class_="quiet")
        share, words = float(hits.mean()), float(f1.mean())
        low, high = wilson(share, hits.size)
        plot.guide((low, number), (high, number), "whisker sentence")
        plot.dot(words, number, "dot words", 4, f"{name}: F1 {words:.3f}")
        plot.dot(share, number, "dot sentence", 4, f"{name}: first sentence right {percent(share)} of {hits.size}")
    plot.text(plot.left - 12, plot.top - 10, "n", anchor="end", class_="quiet")
    return plot.drawn()


def wilson(share: float, n: int) -> tuple[float, float]:
    """95 % interval of a share of `n` questions taken as independent. Source: Wilson, JASA 22 (1927).

    >>> [round(bound, 3) for bound in wilson(0.5, 10)]
    [0.237, 0.763]
    """
    z2 = 1.96**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = 1.96 / (1 + z2 / n) * float(np.sqrt(share * (1 - share) / n + z2 / (4 * n * n)))
    return max(0.0, middle - half), min(1.0, middle + half)


def _thin(coverage: NDArray[np.float64]) -> NDArray[np.intp]:
    """Rows that are enough to draw a curve over `coverage`, evenly spread over it, the last among them."""
    wanted = np.linspace(0, 1, _MOST_POINTS)
    return np.unique(np.minimum(np.searchsorted(coverage, wanted), coverage.size - 1))
