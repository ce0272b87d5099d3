"""One index too large to be read by each of several processes: how much of it each has mapped, and what that costs them.

The texts are made here, sentences of the seed article over and over; equal ones are encoded once, but each has its vector.
"""

import re
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from index.mapping import MAPPED_FROM
from tests.stress.served import PATIENCE, ROOT, UNLIMITED, Served

ARTICLES: Final = 20
SENTENCES: Final = 700
"""Of each article: the vectors of all of them are more than `MAPPED_FROM` bytes."""
TOGETHER: Final = 1.2
"""A process that has its own copy of a file makes n processes hold it n times; what is shared is held once, and this much
more is noise."""

_API: Final = {**UNLIMITED, "ARTICLE_QA_PAGE": "false"}


@dataclass(frozen=True)
class Mapped:
    """What so many processes hold of the index's files, in MB (2**20 bytes).

    :ivar each: what one process sees in memory, the mean (RSS).
    :ivar together: what the machine spends on it for all of them (the sum of PSS).
    """

    processes: int
    each: float
    together: float


def build(folder: Path) -> Path:
    """Write the articles and build their index.

    :returns: the index's folder.
    """
    texts = re.findall(r"[A-Z][^.?!\n]{40,200}(?=\.)", (ROOT / "seeds" / "article.md").read_text(encoding="utf-8"))
    paths = []
    for number in range(ARTICLES):
        lines = [f"{texts[row % len(texts)]}." for row in range(SENTENCES)]
        paths.append(folder / f"part-{number}.txt")
        paragraphs = [" ".join(lines[row : row + 5]) for row in range(0, SENTENCES, 5)]
        paths[-1].write_text("\n\n".join([f"Part {number}", *paragraphs]) + "\n", encoding="utf-8")
    command = [sys.executable, "-m", "qa", "build", *map(str, paths), "--index", str(folder / "index")]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return folder / "index"


def measure(index: Path, counts: Sequence[int]) -> list[Mapped]:
    """What processes that have been asked about every article hold of it."""
    found = []
    for processes in counts:
        with ExitStack() as stack:
            apart = [Served("--index", str(index), environment=_API) for _ in range(processes)]
            servers = [stack.enter_context(server) for server in apart]
            for server in servers:
                _ask_everywhere(server.address)
            held = [_held(server.process.pid, index) for server in servers]
        found.append(Mapped(processes, sum(rss for rss, _ in held) / processes, sum(pss for _, pss in held)))
    return found


def table(found: Sequence[Mapped]) -> list[str]:
    """The figures, a line for each number of processes."""
    return [
        f"{one.processes} over a large index: {one.each:.1f} MB of it mapped by each, {one.together:.1f} MB in all, by PSS"
        for one in found
    ]


def missed(found: Sequence[Mapped]) -> list[str]:
    """What is not as promised: nothing mapped, or copies of it."""
    told = [f"{one.processes} processes have mapped {one.each:.1f} MB of the index each" for one in found if _little(one)]
    return told + [
        f"{one.processes} processes hold {one.together:.1f} MB of the index together, {one.each:.1f} MB each"
        for one in found
        if one.together > TOGETHER * one.each
    ]


def _little(one: Mapped) -> bool:
    return one.each * 2**20 < MAPPED_FROM


def _ask_everywhere(address: str) -> None:
    """So that every vector has been looked at."""
    with httpx.Client(base_url=address, timeout=PATIENCE) as client:
        for number in range(ARTICLES):
            asked = {"question": "What fed the rivers?", "article": f"part-{number}"}
            client.post("/api/v1/ask", json=asked).raise_for_status()


def _held(process: int, index: Path) -> tuple[float, float]:
    """RSS and PSS in MB of the files below `index` that the process has mapped, from /proc."""
    sizes, counted = {"Rss": 0.0, "Pss": 0.0}, False
    for line in Path(f"/proc/{process}/smaps").read_text("utf-8").splitlines():
        name, _, rest = line.partition(":")
        if name in sizes and counted:
            sizes[name] += float(rest.split()[0]) / 1_024
        elif "-" in name.partition(" ")[0]:  # a mapping's first line: its addresses, and its file at the end
            counted = str(index) in line
    return sizes["Rss"], sizes["Pss"]
