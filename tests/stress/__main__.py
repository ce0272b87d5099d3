"""Every long run, one after another: `python -m tests.stress [NAME ...] [--short] [--out DIR]`, which is `make stress`.

    load       1 to 64 askers, and four times more than the server can answer
    processes  several processes behind one proxy, over one index
    layouts    how the cores are shared out, and what reading waiting questions together would bring
    faults     builds, calibrations and voters killed, every file of an index damaged, also under a running server
    fuzz       inputs that reach new code, of article, question and stored index
    soak       half an hour of mixed traffic at 80 % of capacity, with rebuilds going on
    archive    1,000 documents of every kind built, served, asked, edited, and embedded on another origin ($QA_DATA)

Each prints its table, writes `NAME.json` into the folder, and exits with 1 when something is not as promised; so does this.
Each can be run alone: `python -m tests.stress.NAME --help`. What is run later is added to what the folder's `summary.json`
tells of the others. `--report` runs nothing: it takes the headline figures of those JSON files into
`docs/stress/figures.json`, and writes SECURITY.md's table from them.
"""

import argparse
import importlib.util
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tests.stress.promises import ROOT, headlines, write_figures, write_report

PROGRAMS: Final = ("load", "processes", "layouts", "faults", "fuzz", "soak", "archive")


def run(name: str, out: Path, *, short: bool) -> dict[str, object]:
    """One program, in a process of its own, whose words go where ours go."""
    print(f"\n== {name} ==\n", flush=True)
    figures = out / f"{name}.json"
    figures.unlink(missing_ok=True)  # an earlier run's must not pass for this one's
    started = time.monotonic()
    options = ["--out", str(out), *(["--short"] if short else [])]
    status = subprocess.run([sys.executable, "-m", f"tests.stress.{name}", *options], cwd=ROOT, check=False).returncode
    missed = json.loads(figures.read_text(encoding="utf-8")).get("missed", []) if figures.exists() else []
    if not figures.exists():
        missed = [f"it wrote no figures and ended with {status}"]
    elif status and not missed:
        missed = [f"it ended with {status}"]
    return {
        "name": name,
        "when": datetime.now(UTC).date().isoformat(),
        "short": short,
        "status": status,
        "seconds": round(time.monotonic() - started, 1),
        "missed": missed,
    }


def summary(ran: Sequence[dict[str, object]], seconds: float) -> list[str]:
    """A line for each program, what each missed, and the time that all took."""
    lines = ["", "== all ==", ""]
    for one in ran:
        missed = one["missed"]
        assert isinstance(missed, list)
        held = "as promised" if not missed else f"{len(missed)} NOT AS PROMISED"
        lines.append(f"{one['name']!s:<12}{_duration(float(str(one['seconds']))):>12}  {held}")
        lines += [f"{'':<26}{problem}" for problem in missed[:5]]
    return [*lines, f"{'in all':<12}{_duration(seconds):>12}"]


def keep(path: Path, ran: Sequence[dict[str, object]]) -> None:
    """Write what the runs came to, beside what is told there of programs that ran before."""
    before = json.loads(path.read_text(encoding="utf-8"))["programs"] if path.exists() else []
    told = {one["name"]: one for one in (*before, *ran)}
    programs = [told[name] for name in PROGRAMS if name in told]
    summed = {
        "when": max(str(one["when"]) for one in programs),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
        "short": any(one["short"] for one in programs),
        "seconds": round(sum(float(str(one["seconds"])) for one in programs), 1),
        "programs": programs,
    }
    path.write_text(json.dumps(summed, indent=1) + "\n", encoding="utf-8")


def _duration(seconds: float) -> str:
    """
    >>> _duration(75.4)
    '1 min 15 s'
    """
    return f"{int(seconds) // 60} min {int(seconds) % 60} s"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, sum up, write; 1 when a promise was not kept."""
    there = [name for name in PROGRAMS if importlib.util.find_spec(f"tests.stress.{name}")]
    parser = argparse.ArgumentParser(prog="python -m tests.stress", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(there)}; all of them without any")
    parser.add_argument("--short", action="store_true", help="minutes instead of the better part of two hours")
    parser.add_argument("--out", type=Path, default=ROOT / "stress", help="folder of the figures")
    parser.add_argument("--report", action="store_true", help="write SECURITY.md's figures from those in the folder")
    chosen = parser.parse_args(arguments)
    if unknown := [name for name in chosen.names if name not in there]:
        parser.error(f"no such run: {', '.join(unknown)}; there are {', '.join(there)}")
    out = chosen.out.resolve()
    if chosen.report:
        write_figures(headlines(out, PROGRAMS))
        write_report()
        return 0
    out.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    ran = [run(name, out, short=chosen.short) for name in chosen.names or there]
    seconds = time.monotonic() - started
    keep(out / "summary.json", ran)
    print("\n".join(summary(ran, seconds)))
    return 1 if any(one["missed"] for one in ran) else 0


if __name__ == "__main__":
    sys.exit(main())
