"""What a run under load measured."""

import statistics
from dataclasses import asdict, dataclass
from typing import Any, Final

from qa.evaluation.metrics import percentile
from tests.stress.askers import Tally

SLACK: Final = 0.1
"""How much of the peak's throughput may be lost under overload."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """What came of one stretch of asking; times in milliseconds, of the answers and, one, of the refusals.

    :ivar per_second: right answers.
    :ivar memory: the most that the server held in memory, in MB.
    """

    name: str
    askers: int | None
    seconds: float
    answered: int
    refused: int
    per_second: float
    p50: float | None
    p95: float | None
    p99: float | None
    refused_p95: float | None
    memory: float | None
    faults: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """All that was measured. `goodput` is the median over the rounds of what a way of overloading kept of the peak's
    throughput in the same round.
    """

    workers: int
    queue: int
    started: float
    at_rest: float | None
    steps: tuple[Stretch, ...]
    rounds: tuple[dict[str, Stretch], ...]

    @property
    def peak(self) -> Stretch:
        return max(self.steps, key=lambda step: step.per_second)

    def goodput(self, way: str) -> float:
        return statistics.median(one[way].per_second / one["peak"].per_second for one in self.rounds)

    @property
    def ways(self) -> tuple[str, ...]:
        return tuple(way for way in self.rounds[0] if way != "peak")

    @property
    def faults(self) -> list[str]:
        """Whatever was lost, wrong, mixed up or failed."""
        stretches = (*self.steps, *(stretch for one in self.rounds for stretch in one.values()))
        return [f"{stretch.name}: {fault}" for stretch in stretches for fault in stretch.faults]

    def missed(self) -> list[str]:
        """What is not as promised, in words; nothing when all is well."""
        found = self.faults
        for way in self.ways:
            if (kept := self.goodput(way)) < 1 - SLACK:
                found.append(f"{way}: {kept:.0%} of the peak's throughput is left, expected at least {1 - SLACK:.0%}")
            if not any(one[way].refused for one in self.rounds):
                found.append(f"{way}: nobody was refused, so it was no overload")
        return found

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {
            "peak_per_second": self.peak.per_second,
            "goodput": {way: self.goodput(way) for way in self.ways},
            "missed": self.missed(),
        }


def stretch(name: str, tally: Tally, memory: float | None, askers: int | None) -> Stretch:
    """The figures of a tally."""
    return Stretch(
        name=name,
        askers=askers,
        seconds=tally.seconds,
        answered=len(tally.answered),
        refused=len(tally.refused),
        per_second=len(tally.answered) / tally.seconds,
        **{f"p{share}": percentile(tally.answered, share) if tally.answered else None for share in (50, 95, 99)},
        refused_p95=percentile(tally.refused, 95) if tally.refused else None,
        memory=memory,
        faults=tuple(tally.faults),
    )
