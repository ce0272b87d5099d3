"""What a process and its children hold over time: memory, open files, threads; and whether it grows."""

import asyncio
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from scipy import stats

_BLOCKS: Final = 20
"""Stretches whose means are what a line is fitted to: neighbouring samples hardly differ, their own number proves nothing."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What the processes held together.

    :ivar at: seconds since the watch began.
    :ivar memory: resident, in MB (2**20 bytes).
    """

    at: float
    memory: float
    files: int
    threads: int


@dataclass(frozen=True, slots=True)
class Trend:
    """Growth of memory in MB an hour, and its 95 % confidence interval."""

    per_hour: float
    low: float
    high: float


def sample(process: int, begun: float) -> Sample:
    """What `process` and its descendants hold now; zeros when it has ended. Linux only.

    :param begun: `time.monotonic()` of the start of the watch.
    """
    memory = files = threads = 0
    for one in _family(process):
        try:
            pages = int(Path(f"/proc/{one}/statm").read_text().split()[1])
            files += len([*Path(f"/proc/{one}/fd").iterdir()])
            threads += len([*Path(f"/proc/{one}/task").iterdir()])
        except OSError:
            continue  # it has ended meanwhile
        memory += pages * os.sysconf("SC_PAGE_SIZE")
    return Sample(time.monotonic() - begun, memory / 2**20, files, threads)


def _family(process: int) -> Iterator[int]:
    yield process
    for children in Path(f"/proc/{process}/task").glob("*/children"):
        try:
            found = children.read_text().split()
        except OSError:
            continue
        for child in found:
            yield from _family(int(child))


async def watch(process: int, every: float, into: list[Sample]) -> None:
    """Add a sample every so many seconds, until cancelled."""
    begun = time.monotonic()
    while True:
        into.append(sample(process, begun))
        await asyncio.sleep(every)


def trend(samples: Sequence[Sample]) -> Trend | None:
    """The line through the last two thirds, by least squares over the means of `_BLOCKS` blocks; None of too few samples."""
    last = samples[len(samples) // 3 :]
    if len(last) < 2 * _BLOCKS:
        return None
    blocks = np.array_split(np.array([[one.at / 3_600, one.memory] for one in last]), _BLOCKS)
    hours, memory = np.array([block.mean(axis=0) for block in blocks]).T
    fit = stats.linregress(hours, memory)
    margin = float(stats.t.ppf(0.975, _BLOCKS - 2) * np.nan_to_num(fit.stderr))  # not a number where nothing moved at all
    return Trend(float(fit.slope), float(fit.slope) - margin, float(fit.slope) + margin)
