"""What this process holds in memory, as Linux tells."""

import re
from pathlib import Path

from index.errors import DataError

_STATUS = Path("/proc/self/status")


def resident_mb() -> float:
    """Mapped files among it, as far as they have been looked at."""
    return _mb("VmRSS")


def mapped_mb() -> float:
    """Of what is resident, the pages of files: of an index's, and of programs'. The system takes them back when it must."""
    return _mb("RssFile")


def peak_mb() -> float:
    """The most that it ever held."""
    return _mb("VmHWM")


def _mb(name: str) -> float:
    """:raises DataError: the system does not tell."""
    try:
        found = re.search(rf"^{name}:\s+(\d+) kB", _STATUS.read_text(), re.MULTILINE)
    except OSError:
        found = None
    if found is None:
        raise DataError("this system does not tell how much memory a process holds; measure on Linux")
    return int(found[1]) / 1_024
