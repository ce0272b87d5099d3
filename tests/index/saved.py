"""Damaging saved indexes, for the tests of `index/store.py` and `index/verify.py`."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from index.generations import checksums, generation_name, read_manifest
from index.manifest import Manifest

BM25_FILES = (
    "data.csc.index.npy",
    "indices.csc.index.npy",
    "indptr.csc.index.npy",
    "params.index.json",
    "vocab.index.json",
)
FILES = (
    "manifest.json",
    "articles.jsonl",
    "passages.jsonl",
    "passages.faiss",
    "sentences.faiss",
    *(f"{kind}.bm25/{name}" for kind in ("passages", "sentences") for name in BM25_FILES),
)


def stored(directory: Path, name: str) -> Path:
    """Where a file of the index is: the manifest at the top, all others in the generation."""
    return directory / name if name == "manifest.json" else directory / read_manifest(directory).generation / name


def sign(directory: Path, **changes: Any) -> Manifest:
    """Make the files as they now are, and `changes`, what the manifest says: a faulty program, not a faulty disk."""
    manifest = read_manifest(directory)
    folder = directory / manifest.generation
    files = checksums(folder)
    renamed = folder.rename(directory / generation_name(files))
    signed = replace(manifest, **{"files": files, "generation": renamed.name, **changes})
    (directory / "manifest.json").write_bytes(signed.to_bytes())
    return signed


def edit_line(path: Path, number: int, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the fields of one line of a JSONL file."""
    lines = path.read_bytes().decode().split("\n")
    fields = json.loads(lines[number])
    change(fields)
    lines[number] = json.dumps(fields)
    path.write_bytes("\n".join(lines).encode())


def tree(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}
