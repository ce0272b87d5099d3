"""From the figures that long runs wrote to the table in SECURITY.md: no number in it is typed by hand."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]
FIGURES: Final = ROOT / "docs" / "stress" / "figures.json"
SECURITY: Final = ROOT / "SECURITY.md"
BEGIN: Final = "<!-- stress: written by python -m tests.stress --report -->"
END: Final = "<!-- /stress -->"

Figures = Mapping[str, Any]
Headline = list[list[str]]
"""Rows of two: what was measured, and the figure in words."""


def headlines(folder: Path, programs: Sequence[str]) -> dict[str, Any]:
    """The headline of each program that has left its figures in `folder`, and the run that they are from."""
    found: dict[str, Any] = {"run": {}, "headlines": {}}
    if (summary := folder / "summary.json").exists():
        told = json.loads(summary.read_text(encoding="utf-8"))
        found["run"] = {name: told[name] for name in ("when", "machine", "short", "seconds")}
    for name in programs:
        if not (path := folder / f"{name}.json").exists():
            continue
        figures = json.loads(path.read_text(encoding="utf-8"))
        found["headlines"][name] = [*_KNOWN[name](figures), ["not as promised", str(len(figures.get("missed", [])))]]
    return found


def write_figures(found: Mapping[str, Any]) -> None:
    """Keep the headlines, so that the table can be checked against them without the long runs."""
    FIGURES.parent.mkdir(parents=True, exist_ok=True)
    FIGURES.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def write_report() -> None:
    """Put the table of the kept figures between the marks of SECURITY.md."""
    text = SECURITY.read_text(encoding="utf-8")
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    SECURITY.write_text(before + block(json.loads(FIGURES.read_text(encoding="utf-8"))) + after, encoding="utf-8")


def block(found: Mapping[str, Any]) -> str:
    """The marks and what stands between them.

    :param found: as `headlines` gives it.
    """
    run = found["run"]
    lines = [BEGIN, ""]
    if run:
        kind = "short runs" if run["short"] else "the long runs"
        lines += [f"Of {kind} on {run['when']}, {run['machine']}; {run['seconds'] / 60:.0f} minutes in all.", ""]
    lines += ["| | what | figure |", "|---|---|---|"]
    for name, rows in found["headlines"].items():
        lines += [f"| {name if not place else ''} | {what} | {figure} |" for place, (what, figure) in enumerate(rows)]
    return "\n".join([*lines, "", END])


def _load(figures: Figures) -> Iterator[list[str]]:
    steps = figures["steps"]
    peak = max(steps, key=lambda step: step["per_second"])
    yield ["right answers a second, at most", f"{peak['per_second']:.1f}, with {peak['askers']} asking"]
    for step in (steps[0], steps[-1]):
        shares = " / ".join("–" if step[share] is None else f"{step[share]:,.0f}" for share in ("p50", "p95", "p99"))
        yield [f"{step['askers']} asking: p50 / p95 / p99", f"{shares} ms, {step['refused']:,} refused"]
    for way, kept in figures["goodput"].items():
        yield [f"left of the peak when asked four times too much, clients {way}", f"{kept:.0%}"]
    memory = [step["memory"] for step in steps if step["memory"] is not None]
    if memory and figures["at_rest"] is not None:
        yield ["memory at rest, and at most", f"{figures['at_rest']:,.0f} and {max(memory):,.0f} MB"]


def _soak(figures: Figures) -> Iterator[list[str]]:
    minutes = figures["seconds"] / 60
    rate = f"{figures['rate_per_second']:.1f} a second of {figures['capacity_per_second']:.1f}"
    yield ["mixed traffic", f"{minutes:.1f} minutes, {rate}, {figures['builds']} rebuilds beside it"]
    yield [
        "answered / refused / wrong or lost",
        f"{figures['answered']:,} / {figures['refused']:,} / {figures['wrong_or_lost']}",
    ]
    if (growth := figures["growth_mb_per_hour"]) is not None:
        judged = f"{figures['growth_allowed']:.0f} allowed" if figures["growth_judged"] else "too short a run to judge"
        interval = f"[{growth['low']:+.1f}, {growth['high']:+.1f}]"
        yield ["memory, over the last two thirds", f"{growth['per_hour']:+.1f} {interval} MB an hour, {judged}"]
    for name, label in (("open_files", "open files"), ("threads", "threads")):
        yield [f"{label} before and after", f"{figures[name]['before']} and {figures[name]['after']}"]


def _processes(figures: Figures) -> Iterator[list[str]]:
    for step in figures["steps"]:
        held = f"{step['pss']:,.0f} MB in all, what is shared counted once"
        yield [f"behind one proxy, {step['processes']} of them", f"{step['per_second']:.1f} answers a second, {held}"]
    for one in figures["mapped"]:
        held = f"{one['each']:.1f} MB mapped by each, {one['together']:.1f} MB in all"
        yield [f"of a larger index, {one['processes']} of them", held]


def _layouts(figures: Figures) -> Iterator[list[str]]:
    for name, one in figures["layouts"].items():
        workers, _, threads = name.partition(" x ")
        told = f"{one['per_second']:.1f} answers a second, {one['alone_ms']:.0f} ms alone"
        yield [f"workers: {workers}, threads in their models: {threads}", told]
    for one in figures["together"]:
        changed = f"another best answer in {1 - one['same']:.1%} of {one['windows']:,} windows"
        yield [f"{one['questions']} questions read together", f"{one['ratio']:.2f} times as fast, {changed}"]


def _faults(figures: Figures, above: str = "") -> Iterator[list[str]]:
    for name, value in figures.items():
        if isinstance(value, Mapping):
            yield from _faults(value, f"{above}{name}: ")
        elif name != "missed":
            yield [f"{above}{name}", f"{value:,}"]


def _fuzz(figures: Figures) -> Iterator[list[str]]:
    for one in figures["runs"]:
        tried = f"{one['runs']:,} inputs in {one['seconds']:,.0f} s, {one['coverage']:,} edges reached"
        yield [one["target"], f"{tried}, {len(one['found'])} broke a promise"]


def _archive(figures: Figures) -> Iterator[list[str]]:
    edited, again = figures["edited"], figures["edited"]["built"]
    documents, built = sum(figures["documents"].values()), figures["built"]
    yield [f"{documents:,} documents, {built['sentences']:,} sentences", f"built in {built['seconds']:.0f} s"]
    for scope, words in (("own", "of their own article"), ("all", "of all")):
        asked = figures["asked"][scope]
        yield [f"asked {words}, right", f"{asked['right']:,} of {asked['answerable']:,}"]
    yield ["false quotes, and questions without a reply", f"{figures['false']:,} of {figures['quotes']:,}"]
    touched = f"{edited['edits']} edited, {edited['removed']} removed, {edited['added']} added"
    embedded = f"{again['changed']['embedded']:,} of {again['changed']['texts']:,} texts embedded"
    yield [f"{touched}, built again", f"{again['seconds']:.0f} s, {embedded}"]
    yield ["a correction is answered after", f"{edited['heard_after']:.2f} s"]
    yield ["requests meanwhile, failed", f"{edited['requests']:,}, {edited['failed']:,}"]


_KNOWN: Final[Mapping[str, Callable[[Figures], Iterator[list[str]]]]] = {
    "load": _load,
    "processes": _processes,
    "layouts": _layouts,
    "faults": _faults,
    "fuzz": _fuzz,
    "soak": _soak,
    "archive": _archive,
}
