"""Several processes of the API behind one nginx, over one index: throughput, latency, and what each holds for itself.

RSS counts memory that is shared with others in each of them; PSS counts a page that n processes share 1/n in each, so that
their sum is what the machine spends; USS is what no other process has, which is what one process more costs.

The seed's index is so small that each process reads it. That a large one is mapped and shared is shown with one of some
thousand sentences (`tests/stress/mapped.py`), but not by the short run.
"""

import argparse
import asyncio
import contextlib
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from index.cores import available_cores
from tests.stress import mapped
from tests.stress.askers import Crowd, Lost, answers_alone
from tests.stress.figures import stretch
from tests.stress.load import questions
from tests.stress.served import ROOT, UNLIMITED, Served, resident
from tests.web import nginx

COUNTS: Final = (1, 2, 4)
MAPPED_BY: Final = (1, 2)
ASKERS: Final = 8

_SITE: Final = """
upstream servers {{
    least_conn;
{servers}
    keepalive 16;
    keepalive_timeout 4s;
}}
access_log off;
server {{
    listen 127.0.0.1:{port};
    location / {{
        proxy_pass http://servers;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_set_header Host $http_host;
    }}
}}
"""
"""Without TLS and prefix, which docs/deploy/nginx.conf has: what is measured are the processes."""


@dataclass(frozen=True)
class Memory:
    """A process's memory in MB (2**20 bytes); see the module's docstring."""

    rss: float
    pss: float
    uss: float

    @classmethod
    def of(cls, process: int) -> "Memory":
        """What the system says of it, in /proc."""
        lines = Path(f"/proc/{process}/smaps_rollup").read_text("ascii").splitlines()[1:]
        sizes = {
            name.strip(): float(rest.split()[0]) / 1_024 for name, _, rest in (line.partition(":") for line in lines)
        }
        return cls(resident(process) or sizes["Rss"], sizes["Pss"], sizes["Private_Clean"] + sizes["Private_Dirty"])


@dataclass(frozen=True)
class Step:
    """What one number of processes did."""

    processes: int
    workers: int  # answers that each computes at a time
    per_second: float
    p50: float | None
    p95: float | None
    answered: int
    refused: int
    faults: tuple[str, ...]
    memory: tuple[Memory, ...]

    @property
    def pss(self) -> float:
        """MB of all of them."""
        return sum(one.pss for one in self.memory)


@contextlib.contextmanager
def behind_a_proxy(processes: int, index: Path, **settings: str) -> Iterator[tuple[str, list[Served]]]:
    """So many servers of the API, and the address of the proxy before them."""
    environment = {**UNLIMITED, "ARTICLE_QA_PAGE": "false", **settings}
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o755)
        servers = [stack.enter_context(Served("--index", str(index), environment=environment)) for _ in range(processes)]
        port = nginx.free_port()
        listed = "\n".join(f"    server {one.address.removeprefix('http://')};" for one in servers)
        stack.enter_context(nginx.running(folder, _SITE.format(servers=listed, port=port), port))
        yield f"http://127.0.0.1:{port}", servers


def measure(processes: int, index: Path, seconds: float, asked: Sequence[str]) -> Step:
    """What that many do together, each question's answer being compared with the one that it got alone."""
    workers = max(1, available_cores() // processes)
    with behind_a_proxy(processes, index, ARTICLE_QA_WORKERS=str(workers)) as (address, servers):

        async def ask() -> Any:
            for one in servers:  # each has read each article's windows once before anything is measured
                expected = await answers_alone(one.address, asked)
            return await Crowd(address, expected).closed(ASKERS, seconds)

        tally = asyncio.run(ask())
        memory = tuple(Memory.of(one.process.pid) for one in servers)
    done = stretch(f"{processes}", tally, None, ASKERS)
    return Step(
        processes,
        workers,
        done.per_second,
        done.p50,
        done.p95,
        done.answered,
        done.refused,
        tuple(tally.faults),
        memory,
    )


def missed(steps: Sequence[Step]) -> list[str]:
    """What is not as promised: a wrong or lost answer; a process that needs more for itself than one alone."""
    found = [f"{step.processes} processes: {fault}" for step in steps for fault in step.faults[:5]]
    alone = steps[0].memory[0].pss
    found += [
        f"{step.processes} processes take {step.pss:.0f} MB together, no less than {step.processes} times one alone"
        for step in steps[1:]
        if step.pss >= step.processes * alone
    ]
    return found


def table(steps: Sequence[Step]) -> Iterator[str]:
    """The figures, a line for each number of processes."""
    yield f"{ASKERS} askers; memory in MB after it, a process"
    head = f"{'processes':>10}{'workers':>9}{'answers/s':>11}{'p50 ms':>9}{'p95 ms':>9}"
    yield f"{head}{'RSS':>7}{'PSS':>7}{'USS':>7}{'all, PSS':>10}"
    for step in steps:
        rss, pss, uss = (
            sum(getattr(one, name) for one in step.memory) / step.processes for name in ("rss", "pss", "uss")
        )
        yield (
            f"{step.processes:>10}{step.workers:>9}{step.per_second:>11.1f}{step.p50 or 0:>9.0f}{step.p95 or 0:>9.0f}"
            f"{rss:>7.0f}{pss:>7.0f}{uss:>7.0f}{step.pss:>10.0f}"
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write; 1 when something is not as promised, 2 where there is no nginx."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.stress.processes", description=(__doc__ or "").split("\n\n")[0]
    )
    parser.add_argument("--out", type=Path, default=ROOT / "stress", help="folder of processes.json")
    parser.add_argument("--json", type=Path, help="file of the figures, instead of the one in the folder")
    parser.add_argument(
        "--short", action="store_true", help="seconds for each number of processes, instead of half a minute"
    )
    chosen = parser.parse_args(arguments)
    if nginx.find() is None:
        print(f"There is no nginx; install one: {nginx.COMMAND}", file=sys.stderr)
        return 2
    seconds, asked = (8.0, questions(8)) if chosen.short else (30.0, questions(24))
    steps, large = list[Step](), list[mapped.Mapped]()
    with tempfile.TemporaryDirectory() as folder:
        for processes in COUNTS:
            print(f"{processes} processes …", file=sys.stderr, flush=True)
            try:
                steps.append(measure(processes, Path(folder) / "index", seconds, asked))
            except Lost as error:
                print(f"error: {error}", file=sys.stderr)
                return 1
        if not chosen.short:
            print("a large index …", file=sys.stderr, flush=True)
            large = mapped.measure(mapped.build(Path(folder)), MAPPED_BY)
    wrong = missed(steps) + mapped.missed(large)
    figures = chosen.json or chosen.out / "processes.json"
    figures.parent.mkdir(parents=True, exist_ok=True)
    told = {"askers": ASKERS, "steps": [{**asdict(step), "pss": step.pss} for step in steps]}
    told |= {"mapped": [asdict(one) for one in large], "missed": wrong}
    figures.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    failed = [f"NOT AS PROMISED: {one}" for one in wrong]
    print("\n".join([*table(steps), *mapped.table(large), "", *failed, f"Written to {figures}."]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
