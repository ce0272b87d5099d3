"""Every figure with its interval, and beside it what it is held against: the gold paragraph, the earlier run."""

from collections.abc import Mapping

from qa.evaluation.gates import ORACLE
from qa.evaluation.report.headline import short
from qa.evaluation.report.markup import Html, el
from qa.evaluation.report.svg import Scale, drawing
from qa.evaluation.resampling import Change
from qa.evaluation.result import Result
from qa.evaluation.summary import ALONE, HELP, LATENCY, LOWER_IS_BETTER, Value, groups_of

_BESIDE = {ALONE: "alone", ORACLE: "gold ¶"}
"""What the figures of the same questions asked of less stand under."""

_SURE = 0.05
"""p-value below which a change is set in bold."""


def section(result: Result) -> Html:
    return el(
        "section",
        el("h2", "The figures"),
        el("p", _words(result)),
        _ladder(result.metrics) if result.oracle else None,
        el("div", el("table", el("thead", _head(result)), _bodies(result), class_="figures"), class_="scroll"),
    )


def _words(result: Result) -> str:
    words = "Each with its 95 % interval, from drawing whole articles a thousand times over"
    if len({outcome.question.article_id for outcome in result.asked.outcomes}) == 1:
        words = "Each with its 95 % interval, from drawing the questions of the one article a thousand times over"
    marks = ["a dot is the figure, its bar the interval"]
    if result.alone:
        marks.append("a ring the same when each question is asked of its own article in the same index")
    elif result.oracle:
        marks.append("a ring the same when the gold paragraph alone is asked")
    if result.comparison:
        marks.append(f"a tick the earlier run, {result.comparison.baseline}")
    return f"{words}; {', '.join(marks)}."


def _ladder(metrics: Mapping[str, Value]) -> Html:
    """The right sentence first, integrated and isolated, with the retriever's ceiling between them."""
    steps = (
        ("hit@1", "asked of the whole article, the right sentence is first"),
        ("retrieval_ceiling", "of the right sentences are in what the reader reads"),
        (f"{ORACLE}hit@1", "asked of the gold paragraph alone, the right sentence is first"),
    )
    return el(
        "div",
        [
            el(
                "div",
                el("span", short("", metrics[name]), class_="number"),
                el("span", words, class_="what"),
                class_="tile",
            )
            for name, words in steps
        ],
        class_="tiles ladder",
    )


def _head(result: Result) -> Html:
    heads = ["", "", "95 % interval", ""]
    heads += [_BESIDE[prefix] for prefix in _beside(result)]
    heads += ["before", "change", "p"] if result.comparison else []
    return el("tr", [el("th", head, scope="col") for head in heads])


def _bodies(result: Result) -> list[Html]:
    width = 4 + len(_beside(result)) + 3 * (result.comparison is not None)
    return [
        el(
            "tbody",
            el("tr", el("th", heading, colspan=width, scope="rowgroup", class_="group")),
            [_row(name, result) for name in names],
        )
        for heading, names in groups_of(result.metrics).items()
    ]


def _beside(result: Result) -> list[str]:
    """The prefixes of the figures that stand beside the run's."""
    return [prefix for prefix, asked in ((ALONE, result.alone), (ORACLE, result.oracle)) if asked]


def _row(name: str, result: Result) -> Html:
    metrics = result.metrics
    change = result.comparison.changes[name] if result.comparison else None
    interval = metrics[f"{name}_ci95"]
    beside = [metrics.get(f"{prefix}{name}") for prefix in _beside(result)]
    isolated = beside[0] if beside else None
    span = f"{short(name, interval[0])} – {short(name, interval[1])}" if isinstance(interval, list) else ""
    cells = [
        el("th", el("span", name, class_="name"), el("span", HELP[name], class_="help"), scope="row"),
        el("td", short(name, metrics[name]), class_="value"),
        el("td", span, class_="interval"),
        el("td", None if name in LATENCY else _whisker(name, metrics[name], interval, isolated, change), class_="drawn"),
    ]
    cells += [el("td", short(name, value), class_="value quiet") for value in beside]
    if change:
        cells += _changed(name, change)
    return el("tr", cells)


def _changed(name: str, change: Change) -> list[Html]:
    difference = change.difference
    told, way = "–", ""
    if difference is not None:
        told = f"{'+' if difference > 0 else '−' if difference < 0 else ''}{short(name, abs(difference))}"
        better = (difference < 0) == (name in LOWER_IS_BETTER)
        sure = change.p_value is not None and change.p_value < _SURE and difference != 0
        way = ("better" if better else "worse") if sure else "quiet"
    p_value = "" if change.p_value is None else short("", change.p_value)
    return [
        el("td", short(name, change.before), class_="value quiet"),
        el("td", told, class_=f"value {way}"),
        el("td", p_value, class_="value quiet"),
    ]


def _whisker(name: str, value: Value, interval: Value, isolated: Value, change: Change | None) -> Html | None:
    """A figure on a line from 0 to 1: dot, interval, ring for the same questions asked of less, tick for the earlier run."""
    if not isinstance(value, float | int):
        return None
    x = Scale(0, 1, 6, 214)
    marks = [el("line", class_="rail", x1=x(0), x2=x(1), y1=10, y2=10)]
    if isinstance(interval, list):
        marks.append(el("line", class_="range", x1=x(interval[0]), x2=x(interval[1]), y1=10, y2=10))
    if change and change.before is not None:
        marks.append(el("line", class_="tick", x1=x(change.before), x2=x(change.before), y1=3, y2=17))
    if isinstance(isolated, float | int):
        marks.append(el("circle", class_="ring", cx=x(isolated), cy=10, r=4))
    marks.append(el("circle", class_="dot sentence", cx=x(value), cy=10, r=4))
    return drawing(220, 20, f"{name} on a line from 0 to 1", marks, class_="whiskers")
