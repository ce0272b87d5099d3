"""A short run of `tests/stress/faults.py`: real processes killed at random moments, every file damaged, voters killed."""

import json
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT


def test_killed_builds_calibrations_and_voters_lose_nothing(tmp_path: Path) -> None:
    """In a process of its own, which has run no model yet: it forks."""
    command = [
        sys.executable,
        "-m",
        "tests.stress.faults",
        "--toy",
        "--kills",
        "6",
        "--damages",
        "1",
        "--out",
        str(tmp_path),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads((tmp_path / "faults.json").read_text())
    assert figures["missed"] == []
    assert sum(figures["killed"]["kills"].values()) > 0  # how many end before they are killed is up to the machine
    assert figures["damaged"]["outcomes"]["refused with the command that mends it"] > 80
    assert figures["votes"]["kept"] >= figures["votes"]["confirmed"] > 0
