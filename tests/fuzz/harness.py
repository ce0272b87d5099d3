"""What the targets share: their names, kept cases, and the bound to the time that an input may take."""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Protocol

CASES = Path(__file__).parent / "cases"
TARGETS = ("article", "question", "stored_index")
PART = "\x1e"
"""Parts the fields of an input that has several."""


class Target(Protocol):
    """A module of this package that fuzzing runs."""

    SEEDS: tuple[bytes, ...]

    def check(self, data: bytes) -> None:
        """Raise when the program breaks a promise on `data`."""


def target(name: str) -> Target:
    """The module of that name."""
    return import_module(f"tests.fuzz.{name}")  # type: ignore[return-value]


def kept(name: str) -> dict[str, bytes]:
    """The inputs that once broke something, by the name of their file."""
    return {path.name: path.read_bytes() for path in sorted((CASES / name).glob("*"))}


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Fail when the block takes more than `seconds` of this process's own time, however busy the machine is."""
    started = time.process_time()
    yield
    taken = time.process_time() - started
    assert taken <= seconds, f"took {taken:.1f} s, at most {seconds:.1f} s were expected"


def pace(work: Callable[[], object], times: int = 7) -> float:
    """Seconds of this process's own time that `work` takes here and now, the first time left out. What other inputs may take
    is told in these, so that a bound is as tight on a slow machine, or under a fuzzer's instruments, as elsewhere.
    """
    work()
    taken = []
    for _ in range(times):
        started = time.process_time()
        work()
        taken.append(time.process_time() - started)
    return statistics.median(taken)
