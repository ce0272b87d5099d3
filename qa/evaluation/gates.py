"""Gates: what a run must reach, and how far it may fall behind an earlier one, for its exit status to be 0."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from xml.etree import ElementTree

from index.errors import SettingsError
from qa.evaluation.comparison import Comparison
from qa.evaluation.summary import LATENCY, LOWER_IS_BETTER, METRICS, Value

ORACLE = "oracle_"
"""What the figures of the gold-paragraph run are prefixed with."""

GateKind = Literal["--fail-under", "--fail-drop"]


@dataclass(frozen=True, slots=True)
class Gate:
    """`--fail-under`: the metric may not be worse than `bound`. `--fail-drop`: not worse than the baseline's by more.

    "Worse" is lower; for calibration errors and latencies it is higher.
    """

    kind: GateKind
    metric: str
    bound: float

    def __str__(self) -> str:
        return f"{self.kind} {self.metric}={_exact(self.bound)}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A gate, whether it held, and a line that says so with the numbers."""

    gate: Gate
    passed: bool
    message: str


ALWAYS = Gate("--fail-under", "citation_exact", 1.0)
"""Citations are slices of the article or the program is broken, whatever else was asked for."""


def parse_gates(fail_under: Sequence[str], fail_drop: Sequence[str], *, oracle: bool) -> list[Gate]:
    """Gates from the `METRIC=VALUE` of the two options.

    :param oracle: the run asks gold paragraphs too, so a floor can be set for those figures.
    :raises SettingsError: some cannot be used; one line that names each.
    """
    floors = (*METRICS, *(f"{ORACLE}{name}" for name in METRICS if oracle and name not in LATENCY))
    gates: list[Gate] = []
    problems: list[str] = []
    kinds: tuple[tuple[GateKind, Sequence[str], tuple[str, ...]], ...] = (
        ("--fail-under", fail_under, floors),
        ("--fail-drop", fail_drop, METRICS),
    )
    for kind, texts, known in kinds:
        for text in texts:
            metric, _, value = text.partition("=")
            bound = _bound(value)
            if bound is None or (kind == "--fail-drop" and bound < 0):
                least = "a drop of at least 0" if kind == "--fail-drop" else "a number"
                problems.append(f"{kind} {text}: expected METRIC=VALUE, with {least}")
            elif metric not in known:
                problems.append(f"{kind} {text}: there is no metric {metric!r}; there are {', '.join(known)}")
            else:
                gates.append(Gate(kind, metric, bound))
    if problems:
        raise SettingsError("; ".join(problems))
    return gates


def _bound(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def judge(gates: Sequence[Gate], metrics: Mapping[str, Value], comparison: Comparison | None) -> list[Verdict]:
    """A verdict for each gate; a figure that is undefined holds no gate.

    `citation_exact` is undefined when nothing was cited, and then nothing was cited wrongly: its gate holds.
    """
    return [_drop(gate, comparison) if gate.kind == "--fail-drop" else _under(gate, metrics) for gate in gates]


def junit(verdicts: Sequence[Verdict], metrics: Mapping[str, Value]) -> str:
    """The verdicts as a JUnit XML file, a test case a gate, the figures as its properties; the same text for the same run."""
    failures = sum(not verdict.passed for verdict in verdicts)
    counts = {"tests": str(len(verdicts)), "failures": str(failures), "errors": "0", "skipped": "0"}
    root = ElementTree.Element("testsuites", {"name": "article-qa"} | counts)
    suite = ElementTree.SubElement(root, "testsuite", {"name": "evaluate", "time": "0"} | counts)
    properties = ElementTree.SubElement(suite, "properties")
    for name in ("n", *METRICS):
        ElementTree.SubElement(properties, "property", {"name": name, "value": str(metrics[name])})
    for verdict in verdicts:
        case = ElementTree.SubElement(
            suite, "testcase", {"classname": "evaluate", "name": str(verdict.gate), "time": "0"}
        )
        if not verdict.passed:
            ElementTree.SubElement(case, "failure", {"type": "gate", "message": verdict.message})
        ElementTree.SubElement(case, "system-out").text = verdict.message
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def _under(gate: Gate, metrics: Mapping[str, Value]) -> Verdict:
    value, bound = metrics[gate.metric], _exact(gate.bound)
    if not isinstance(value, float | int):
        return Verdict(gate, gate == ALWAYS, f"{gate.metric} is undefined on these questions; {bound} was asked for")
    lower = gate.metric.removeprefix(ORACLE) in LOWER_IS_BETTER
    short = value - gate.bound if lower else gate.bound - value
    side = "above" if lower else "under"
    if short > _ROUNDING:
        places = _places(short)
        told = f"{value:.{places}f}, {short:.{places}f} {side} the {bound} of {gate.kind}"
        return Verdict(gate, False, f"{gate.metric} is {told}")
    return Verdict(gate, True, f"{gate.metric} is {value:.{_PLACES}f}, not {side} {bound}")


def _drop(gate: Gate, comparison: Comparison | None) -> Verdict:
    change = comparison.changes[gate.metric] if comparison else None
    bound = _exact(gate.bound)
    if change is None or change.before is None or change.after is None or change.difference is None:
        return Verdict(gate, False, f"{gate.metric} is undefined in one of the runs; a drop of {bound} was allowed")
    drop = change.difference if gate.metric in LOWER_IS_BETTER else -change.difference
    over = drop - gate.bound
    failed = over > _ROUNDING
    moves = abs(drop) > _ROUNDING
    places = _places(over if failed else abs(drop)) if failed or moves else _PLACES
    way = f"from {change.before:.{places}f} to {change.after:.{places}f}"
    if failed:
        told = f"got worse by {drop:.{places}f} {way}, {over:.{places}f} more than the {bound} that {gate.kind} allows"
        return Verdict(gate, False, f"{gate.metric} {told}")
    moved = f"got {'worse' if drop > 0 else 'better'} by {abs(drop):.{places}f}" if moves else "stayed"
    return Verdict(gate, True, f"{gate.metric} {moved} {way}, within {bound}")


_ROUNDING = 1e-9
"""A share that equals the bound must not fail by the last bit of a float."""

_PLACES = 4
"""Decimal places of a figure, unless the difference that decides needs more to be seen."""


def _places(difference: float) -> int:
    """Decimal places that show two digits of a small difference, so that none that fails a gate is told as 0.0000.

    >>> _places(0.03), _places(9e-8)
    (4, 9)
    """
    return max(_PLACES, 1 - math.floor(math.log10(difference)))


def _exact(bound: float) -> str:
    """The bound that was asked for, no digit lost.

    >>> _exact(1.0), _exact(0.99999999)
    ('1', '0.99999999')
    """
    return repr(float(bound)).removesuffix(".0")
