"""Counters and histograms, and Prometheus' text format (version 0.0.4) for them.

All are counted on the event loop's thread, so there are no locks; they take a microsecond each, and no package.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

Labels = Mapping[str, str]

_ESCAPED: Final = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})


class Counts:
    """A counter for each set of values of its labels. Whoever counts sees to it that there are few of these."""

    def __init__(self, name: str, told: str, labels: Sequence[str]) -> None:
        self._name = name
        self._told = told
        self._labels = tuple(labels)
        self._counted: Counter[tuple[str, ...]] = Counter()

    def add(self, *values: str, by: int = 1) -> None:
        """Count one more of these values of the labels."""
        self._counted[values] += by

    def lines(self) -> Iterator[str]:
        """As Prometheus reads them."""
        found = ((dict(zip(self._labels, values, strict=True)), count) for values, count in sorted(self._counted.items()))
        return family(self._name, "counter", self._told, found)


class Histogram:
    """How many values of each label were at most each bound, how many there were, and their sum."""

    def __init__(self, name: str, told: str, label: str, bounds: Sequence[float]) -> None:
        self._name = name
        self._told = told
        self._label = label
        self._bounds = tuple(bounds)
        self._seen: dict[str, list[int]] = {}
        self._sums: Counter[str] = Counter()

    def observe(self, value: str, measured: float) -> None:
        """Count `measured` for that value of the label."""
        self._seen.setdefault(value, [0] * (len(self._bounds) + 1))[bisect_left(self._bounds, measured)] += 1
        self._sums[value] += measured  # type: ignore[assignment]  # a Counter counts floats as well

    def lines(self) -> Iterator[str]:
        """As Prometheus reads them: each bucket holds those below it too."""
        yield from _head(self._name, "histogram", self._told)
        for value, counts in sorted(self._seen.items()):
            below = 0
            for bound, count in zip((*map(_number, self._bounds), "+Inf"), counts, strict=True):
                below += count
                yield _sample(f"{self._name}_bucket", {self._label: value, "le": bound}, below)
            yield _sample(f"{self._name}_sum", {self._label: value}, self._sums[value])
            yield _sample(f"{self._name}_count", {self._label: value}, below)


def family(name: str, kind: str, told: str, samples: Iterable[tuple[Labels, float]]) -> Iterator[str]:
    """One metric of `kind` (counter, gauge), with what it means and its samples."""
    yield from _head(name, kind, told)
    for labels, value in samples:
        yield _sample(name, labels, value)


def gauge(name: str, told: str, value: float | None) -> Iterator[str]:
    """One number that may fall as well as rise; nothing where it is not known."""
    return family(name, "gauge", told, () if value is None else (({}, value),))


def _head(name: str, kind: str, told: str) -> Iterator[str]:
    yield f"# HELP {name} {told}"
    yield f"# TYPE {name} {kind}"


def _sample(name: str, labels: Labels, value: float) -> str:
    told = ",".join(f'{label}="{text.translate(_ESCAPED)}"' for label, text in labels.items())
    return f"{name}{{{told}}} {_number(value)}" if told else f"{name} {_number(value)}"


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(float(value))
