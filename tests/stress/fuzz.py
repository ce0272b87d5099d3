"""Fuzzing guided by coverage: `python -m tests.stress.fuzz [--seconds N] [--out DIR] [--json FILE] [--short] [TARGET ...]`.

Each target of `tests/fuzz` runs for so long in a process of its own, from its seeds and kept cases. An input that breaks a
promise ends its target's run, and is left in the folder; to keep it, mend the code and move the file to `tests/fuzz/cases`.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from tests.fuzz.harness import TARGETS, kept, target
from tests.stress.served import ROOT

SECONDS: Final = 600
SHORT: Final = 30
MOST_MEMORY: Final = 4_096
"""MiB that an input may make the process hold."""
LONGEST: Final = 120
"""Seconds that an input may take, however busy the machine is; each target has a closer bound of processor time."""
LARGEST: Final = 16_384
"""Bytes of an input."""

_LAST: Final = re.compile(r"^#(\d+)\s.*?cov: (\d+) ft: (\d+).*?rss: (\d+)Mb", re.MULTILINE)
_DONE: Final = re.compile(r"^Done (\d+) runs", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Fuzzed:
    """What one target's run came to.

    :ivar runs: inputs that were tried.
    :ivar coverage: edges of the code that some input reached.
    :ivar features: those, by how often.
    :ivar memory: MiB that the process held.
    :ivar found: files of inputs that broke a promise.
    """

    target: str
    seconds: float
    runs: int
    coverage: int
    features: int
    memory: int
    found: tuple[str, ...]


def fuzz(name: str, seconds: int, out: Path) -> Fuzzed:
    """Run one target for so long; findings go into `out`."""
    module = target(name)
    before = set(out.glob(f"{name}-*"))
    with tempfile.TemporaryDirectory(prefix="article-qa-corpus-") as corpus:
        for number, data in enumerate((*module.SEEDS, *kept(name).values())):
            (Path(corpus) / str(number)).write_bytes(data)
        options = [f"-max_total_time={seconds}", f"-timeout={LONGEST}", f"-rss_limit_mb={MOST_MEMORY}"]
        options += [f"-max_len={LARGEST}", f"-artifact_prefix={out / name}-"]
        started = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "tests.fuzz", name, *options, corpus],
            cwd=ROOT,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    found = sorted(path.name for path in set(out.glob(f"{name}-*")) - before)
    if done.returncode and not found:
        found = [f"ended with {done.returncode}: {done.stderr[-300:]}"]
    states = _LAST.findall(done.stderr)
    last = tuple(map(int, states[-1])) if states else (0, 0, 0, 0)
    tried = _DONE.findall(done.stderr)
    runs = int(tried[-1]) if tried else last[0]
    return Fuzzed(name, round(time.monotonic() - started, 1), runs, *last[1:], tuple(found))


def table(ran: Sequence[Fuzzed]) -> str:
    """What was tried and found, a line each target."""
    lines = [f"{'target':<14}{'seconds':>8}{'inputs':>10}{'edges':>8}{'features':>10}{'MiB':>6}  found"]
    lines += [
        f"{one.target:<14}{one.seconds:>8.0f}{one.runs:>10,}{one.coverage:>8,}{one.features:>10,}{one.memory:>6}  "
        + (", ".join(one.found) or "nothing")
        for one in ran
    ]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print, write; 1 when something was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.stress.fuzz", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}; all of them without any")
    parser.add_argument("--seconds", type=int, help=f"for each target; {SECONDS} by default")
    parser.add_argument("--short", action="store_true", help=f"{SHORT} seconds each")
    parser.add_argument("--out", type=Path, default=ROOT / "stress", help="folder of the figures, and of what is found")
    parser.add_argument("--json", type=Path, help="file of the figures, instead of fuzz.json in that folder")
    chosen = parser.parse_args(arguments)
    if unknown := set(chosen.targets) - set(TARGETS):
        parser.error(f"no such target: {', '.join(sorted(unknown))}; there are {', '.join(TARGETS)}")
    out = chosen.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    seconds = chosen.seconds or (SHORT if chosen.short else SECONDS)
    ran = [fuzz(name, seconds, out) for name in chosen.targets or TARGETS]
    print(table(ran))
    missed = [f"{one.target}: {found}" for one in ran for found in one.found]
    figures = {"runs": [asdict(one) for one in ran], "missed": missed}
    (chosen.json or out / "fuzz.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
