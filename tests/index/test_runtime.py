"""ONNX Runtime as this program uses it: silent, on the CPU, with weights handed over."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

TALK = """
import os, sys
from index.runtime import onnxruntime
print(os.environ["ORT_DISABLE_TELEMETRY"], *(os.readlink(f"/proc/self/fd/{n}") for n in os.listdir("/proc/self/fd")
      if os.path.islink(f"/proc/self/fd/{n}")), sep="\\n")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("chosen", [{}, {"ORT_DISABLE_TELEMETRY": "0"}])
def test_the_library_tells_its_maker_nothing(tmp_path: Path, chosen: dict[str, str]) -> None:
    """Left alone, it keeps an identifier and what it will send under the home, as soon as it is imported."""
    done = subprocess.run(
        [sys.executable, "-c", TALK],
        cwd=ROOT,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", **chosen},
        capture_output=True,
        text=True,
        check=True,
    )
    switch, *opened = done.stdout.split("\n")
    assert switch == "1"
    assert list(tmp_path.rglob("*")) == []
    assert not [name for name in opened if name.startswith("socket:")]
