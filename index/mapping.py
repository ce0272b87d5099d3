"""Which files of an index are mapped, so that several processes hold them once, and which are read.

A mapped file must not be cut while it is used: the kernel ends a process that looks beyond its end. A build makes new files
and leaves old ones as they are; but small files are read, so that nothing that happens to them can reach who has loaded them.
"""

from pathlib import Path

MAPPED_FROM = 16 * 2**20
"""Bytes: the vectors of 10,000 sentences. What a process holds besides, libraries and models, is ten times as much."""


def is_mapped(path: Path) -> bool:
    """Whether the file is large enough to be mapped."""
    return path.stat().st_size >= MAPPED_FROM
