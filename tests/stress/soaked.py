"""What a soak measured: judged, as a table and a chart for a terminal, as JSON, as an SVG."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, Final

from qa.evaluation.metrics import percentile
from qa.evaluation.report.sheet import sheet
from qa.evaluation.report.svg import Plot, ticks
from tests.stress.traffic import Mixed
from tests.stress.watch import Sample, Trend, trend

GROWTH: Final = 30.0
"""Most MB an hour that memory may grow by, the upper end of its 95 % interval. At 20 requests a second 30 MB an hour are 440
bytes a request: less than any object of a request that would be kept by mistake.
"""

JUDGED: Final = 600.0
"""Seconds from which on growth is judged: before, caches are still filling, and the interval is too wide to tell."""

ROOM_FILES: Final = 8
ROOM_THREADS: Final = 48
"""More open files and threads than before that are no leak: threads of a pool of at most 40 are made as they are needed."""

_POINTS: Final = 240
"""Most samples that are written out."""

_SPARKS: Final = "▁▂▃▄▅▆▇█"


@dataclass
class Rebuilds:
    """Builds beside the server.

    :ivar ended: when, in seconds since the first began.
    """

    ended: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Report:
    """All of a soak.

    :ivar capacity: actions a second, `rate` those that arrived.
    :ivar before: what the server held before the crowd came, `after` what it held when everyone had gone.
    """

    capacity: float
    rate: float
    mixed: Mixed
    faults: list[str]
    rebuilds: Rebuilds
    sound: bool
    samples: Sequence[Sample]
    before: Sample
    after: Sample

    @cached_property
    def growth(self) -> Trend | None:
        return trend(self.samples)

    @property
    def judged(self) -> bool:
        """Whether it was long enough for its growth to mean something."""
        return self.growth is not None and self.mixed.seconds >= JUDGED

    def missed(self) -> list[str]:
        """What is not as promised, in words; nothing when all is well."""
        found = list(self.faults)
        found += [f"a build failed with {problem}" for problem in self.rebuilds.failures]
        if not self.rebuilds.ended:
            found.append("no build was done")
        if not self.sound:
            found.append("the index that the last build left is not sound")
        if self.judged and self.growth is not None and self.growth.high > GROWTH:
            found.append(f"memory grew by up to {self.growth.high:.1f} MB an hour, expected less than {GROWTH:.0f}")
        if self.after.files > self.before.files + ROOM_FILES:
            found.append(f"{self.after.files} files are open at the end, {self.before.files} were before")
        if self.after.threads > self.before.threads + ROOM_THREADS:
            found.append(f"{self.after.threads} threads are left at the end, {self.before.threads} were there before")
        idle = [name for name, kind in self.mixed.kinds.items() if not kind.answered and not kind.refused]
        if self.judged and idle:
            found.append(f"nothing of {', '.join(idle)} was done")
        return found


def table(report: Report) -> Iterator[str]:
    """The figures, a line for each kind of action."""
    mixed, builds = report.mixed, report.rebuilds
    yield (
        f"{report.rate:.1f} requests a second for {mixed.seconds / 60:.1f} minutes, of {report.capacity:.1f} that it can do "
        f"beside builds; {len(builds.ended)} builds, {len(builds.failures)} of them failed"
    )
    yield ""
    yield f"{'':>12}{'answered':>10}{'refused':>9}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}"
    for name, kind in mixed.kinds.items():
        times = (percentile(kind.answered, share) if kind.answered else None for share in (50, 95, 99))
        said = "".join(f"{'–' if one is None else format(one, ',.0f'):>9}" for one in times)
        yield f"{name:>12}{len(kind.answered):>10,}{kind.refused:>9,}{said}"
    yield f"{'all':>12}{mixed.done:>10,}{mixed.refused:>9,}"
    yield ""
    yield f"wrong or lost: {len(report.faults)}"
    yield f"memory: {_growth(report)}"
    for name, before, after in (
        ("open files", report.before.files, report.after.files),
        ("threads", report.before.threads, report.after.threads),
    ):
        yield f"{name}: {before} before, {after} after"


def _growth(report: Report) -> str:
    if report.growth is None:
        return "too few samples"
    low, high = (end(one.memory for one in report.samples) for end in (min, max))
    judged = f"less than {GROWTH:.0f} is expected" if report.judged else "too short a run to judge it by"
    fit = report.growth
    return (
        f"{low:,.0f} to {high:,.0f} MB; over the last two thirds {fit.per_hour:+.1f} MB an hour "
        f"[{fit.low:+.1f}, {fit.high:+.1f}], {judged}"
    )


def chart(report: Report) -> Iterator[str]:
    """Memory over time, 72 columns of a terminal."""
    if not report.samples:
        return
    step = max(1, -(-len(report.samples) // 72))
    means = [
        sum(one.memory for one in report.samples[first : first + step]) / len(report.samples[first : first + step])
        for first in range(0, len(report.samples), step)
    ]
    low, high = min(means), max(means)
    scale = (len(_SPARKS) - 1) / ((high - low) or 1)
    yield f"memory, {low:,.0f} to {high:,.0f} MB"
    yield "".join(_SPARKS[round((value - low) * scale)] for value in means)


def figures(report: Report) -> dict[str, Any]:
    """Everything for JSON, with few of the samples."""
    step = max(1, -(-len(report.samples) // _POINTS))
    return {
        "capacity_per_second": report.capacity,
        "rate_per_second": report.rate,
        "seconds": report.mixed.seconds,
        "answered": report.mixed.done,
        "refused": report.mixed.refused,
        "wrong_or_lost": len(report.faults),
        "kinds": {
            name: {"answered": len(kind.answered), "refused": kind.refused}
            | {f"p{share}": percentile(kind.answered, share) if kind.answered else None for share in (50, 95, 99)}
            for name, kind in report.mixed.kinds.items()
        },
        "builds": len(report.rebuilds.ended),
        "builds_failed": len(report.rebuilds.failures),
        "memory_mb": {"before": report.before.memory, "after": report.after.memory},
        "growth_mb_per_hour": None if report.growth is None else asdict(report.growth),
        "growth_judged": report.judged,
        "growth_allowed": GROWTH,
        "open_files": {"before": report.before.files, "after": report.after.files},
        "threads": {"before": report.before.threads, "after": report.after.threads},
        "samples": [asdict(one) for one in report.samples[::step]],
        "missed": report.missed(),
    }


def svg(report: Report) -> str:
    """Two drawings over the same minutes: memory, and what is open."""
    plots = [
        _over_time(report, "Memory of the server, MB", {"memory": [one.memory for one in report.samples]}),
        _over_time(
            report,
            "Open files and threads",
            {
                "files": [float(one.files) for one in report.samples],
                "threads p99": [float(one.threads) for one in report.samples],
            },
        ),
    ]
    return sheet(f"A soak: {report.rate:.0f} requests a second, {len(report.rebuilds.ended)} rebuilds beside it", plots)


def _over_time(report: Report, title: str, lines: dict[str, list[float]]) -> Plot:
    step = max(1, -(-len(report.samples) // _POINTS))
    minutes = [one.at / 60 for one in report.samples][::step]
    top = 1.15 * max((value for values in lines.values() for value in values), default=1.0)
    plot = Plot(title, (0, max(minutes, default=1.0) or 1.0), (0, top))
    plot.y_axis(title, ticks(0, top, 4), lambda value: f"{value:,.0f}")
    plot.x_axis("minutes", ticks(0, plot.x_range[1], 5), lambda value: f"{value:g}")
    for name, values in lines.items():
        points = list(zip(minutes, values[::step], strict=True))
        if points:
            plot.line(points, name)
            plot.text(plot.x(points[-1][0]) - 4, plot.y(points[-1][1]) - 8, name.split()[0], anchor="end")
    return plot
