"""Disks that are full or may not be written to, where the system lets a test make them: as root on Linux, outside most
containers. Elsewhere the tests that need one are skipped, and say so.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def _mount(*arguments: str) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small or read-only disk")
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")


@contextmanager
def small_disk(folder: Path, kilobytes: int) -> Iterator[Path]:
    """`folder`, made, as a disk of so many kB."""
    folder.mkdir()
    _mount("-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder))
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@contextmanager
def read_only(folder: Path) -> Iterator[Path]:
    """`folder`, to which nobody may write, not even root."""
    _mount("--bind", str(folder), str(folder))
    try:
        _mount("-o", "remount,bind,ro", str(folder))
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@contextmanager
def filled(disk: Path, free: int = 0) -> Iterator[Path]:
    """`disk` with no more than so many bytes free; the file that fills it, gone at the end."""
    path = disk / "filling"
    status = os.statvfs(disk)
    path.write_bytes(b"\0" * max(0, status.f_bavail * status.f_frsize - free))
    try:
        yield path
    finally:
        path.unlink()
