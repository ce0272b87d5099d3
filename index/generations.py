"""The folder of an index on disk, and how a new index takes the old one's place at once.

    DIR/manifest.json           names the generation in use and the checksum of each of its files
    DIR/data-0123456789abcdef/  a generation: all other files, named after their checksums, never changed once it is there
    DIR/.tmp-...                a generation being written, or what a killed build left; its vectors among it (`resuming.py`)
    DIR/decision.json, suggestions.json   what the online half keeps beside the index
    DIR/fetched/                what was fetched from addresses, as it came
    DIR/.lock                   held while writing

A folder with files in it cannot be replaced in one step on every system, a file can. So a new generation is written
beside the old one, and replacing `manifest.json` switches over: killed before that, a build has changed nothing; killed
after it, it has only not tidied up, which the next one does.
"""

import contextlib
import fcntl
import hashlib
import json
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from shlex import quote

from index.errors import IndexDamaged, IndexFault, IndexForeign, IndexMissing
from index.manifest import GENERATION, MANIFEST_NAME, FileRecord, Manifest, mend, parse_manifest

logger = logging.getLogger(__name__)

LOCK_TIMEOUT = 60.0
"""Seconds to wait for another build that is writing: less than a second, and half a minute with a million sentences."""

DECISION = "decision.json"
SUGGESTIONS = "suggestions.json"
BESIDE = (DECISION, SUGGESTIONS)
"""Files that the online half keeps in the folder, beside the generations; a rebuild leaves them where they are."""

DOCUMENTS = "documents.jsonl"
"""The file of a generation that tells what its articles were read from."""

FETCHED = "fetched"
"""The folder beside the generations that keeps what was fetched (`index/sources/kept.py`)."""

UNFINISHED = ".tmp-"
"""What the names of files begin with that whoever next writes an index removes."""

_LOCK_NAME = ".lock"


def read_manifest(directory: Path) -> Manifest:
    """The manifest of the index in `directory`, itself undamaged; the other files are not looked at.

    :raises IndexMissing: there is no index.
    :raises IndexForeign: `directory` holds something else, or an index of another schema version.
    :raises IndexDamaged: the manifest is cut or altered.
    """
    try:
        return parse_manifest((directory / MANIFEST_NAME).read_bytes(), directory)
    except (FileNotFoundError, NotADirectoryError) as error:
        refuse_foreign(directory)
        raise IndexMissing(
            f"there is no index in {directory}; build one: python -m qa build --index {quote(str(directory))}"
        ) from error
    except OSError as error:
        raise IndexFault(f"cannot read {directory / MANIFEST_NAME}: {error.strerror}; {mend(directory)}") from error


def refuse_foreign(directory: Path) -> None:
    """Let pass a folder that is not there, is empty, or holds nothing but an index, whole or not.

    :raises IndexForeign: `directory` is a file, or a folder with something else in it.
    """
    if not directory.exists():
        return
    if not directory.is_dir():
        raise IndexForeign(f"{directory} is a file; expected a folder for the index; choose another --index")
    names = {path.name for path in directory.iterdir()}
    other = sorted(name for name in names if not _is_ours(name))
    if not other and MANIFEST_NAME in names and not any(GENERATION.fullmatch(name) for name in names):
        other = [MANIFEST_NAME]  # a common name: without a generation beside it, somebody else's
    if other:
        raise IndexForeign(
            f"{directory} holds other files ({', '.join(other[:3])}{', ...' if len(other) > 3 else ''}); "
            "expected an index or an empty folder; choose another --index"
        )


@contextlib.contextmanager
def new_generation(directory: Path) -> Iterator[Path]:
    """An empty folder inside `directory`, to be written into and published; gone afterwards if it was not.

    One writer at a time: another waits. The lock is the system's, so it does not outlive a killed build. What killed builds
    left is removed first: on a full disk its place may be the one that this build needs.

    :raises IndexForeign: `directory` holds something else.
    :raises IndexFault: another build is still writing after `LOCK_TIMEOUT` seconds.
    """
    refuse_foreign(directory)
    directory.mkdir(parents=True, exist_ok=True)
    with _lock(directory):
        _sweep(directory, keep=_in_use(directory))
        folder = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=directory))
        folder.chmod(0o755)  # mkdtemp lets only its owner in; an index is as readable as any other file
        try:
            yield folder
        finally:
            _sweep(directory, keep=_in_use(directory))


def checksums(folder: Path) -> dict[str, FileRecord]:
    """Size and SHA-256 of every file under `folder`, by path relative to it, sorted."""
    records = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        records[path.relative_to(folder).as_posix()] = FileRecord(path.stat().st_size, digest)
    return records


def generation_name(files: dict[str, FileRecord]) -> str:
    """The folder name of the generation with these files: the same content, the same name."""
    listing = json.dumps([[name, record.sha256] for name, record in sorted(files.items())])
    return f"data-{hashlib.sha256(listing.encode()).hexdigest()[:16]}"


def publish(folder: Path, directory: Path, manifest: Manifest) -> None:
    """Make the generation written in `folder` the index of `directory`.

    :param folder: from `new_generation`, its lock still held; when that is left, every other generation is removed.
    :param manifest: with `generation` and `files` filled in.
    """
    for path in (*folder.rglob("*"), folder):
        _sync(path)
    home = directory / manifest.generation
    if home.exists() and checksums(home) != manifest.files:
        home.rename(tempfile.mkdtemp(prefix=UNFINISHED, dir=directory))  # damaged: out of the way of its like
    if not home.exists():
        folder.rename(home)
    _sync(directory)
    # No earlier than here, when everything that the manifest names is on the disk.
    _replace(directory, MANIFEST_NAME, manifest.to_bytes())


def write_beside(directory: Path, name: str, content: bytes) -> None:
    """Replace one of the files in `BESIDE`, in one step and while no build is writing.

    :raises IndexFault: it cannot be written, or a build keeps writing.
    """
    try:
        with _lock(directory):
            _replace(directory, name, content)
    except OSError as error:
        raise IndexFault(f"cannot write {directory / name}: {error.strerror}; free or choose another place") from error


def check_files(directory: Path, manifest: Manifest) -> Iterator[str]:
    """What is wrong with the files of the manifest's generation, a line each: missing, cut, altered."""
    folder = directory / manifest.generation
    for name, expected in manifest.files.items():
        try:
            size = (folder / name).stat().st_size
            if size != expected.bytes:
                yield f"{name} has {size} bytes, expected {expected.bytes}"
                continue
            with (folder / name).open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            if digest != expected.sha256:
                yield f"{name} was altered: its SHA-256 is {digest}, expected {expected.sha256}"
        except OSError as error:
            yield f"{name} cannot be read: {error.strerror}"


def refuse_damaged(directory: Path, manifest: Manifest) -> None:
    """:raises IndexDamaged: a file of the manifest's generation is missing, cut or altered."""
    for problem in check_files(directory, manifest):
        raise IndexDamaged(f"the index in {directory} is damaged: {problem}; {mend(directory)}")


def _is_ours(name: str) -> bool:
    known = (MANIFEST_NAME, _LOCK_NAME, FETCHED, *BESIDE)
    return name in known or name.startswith(UNFINISHED) or bool(GENERATION.fullmatch(name))


@contextlib.contextmanager
def _lock(directory: Path) -> Iterator[None]:
    with (directory / _LOCK_NAME).open("w") as file:
        deadline = time.monotonic() + LOCK_TIMEOUT
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() > deadline:
                    raise IndexFault(
                        f"another build has been writing {directory} for {LOCK_TIMEOUT:.0f} s; "
                        "wait for it or end it, then build again"
                    ) from error
                time.sleep(0.05)
        yield


def _replace(directory: Path, name: str, content: bytes) -> None:
    """Write a file of `directory` under another name, then rename it; the lock is held."""
    unfinished = directory / f"{UNFINISHED}{name}"
    try:
        unfinished.write_bytes(content)
        _sync(unfinished)
        unfinished.replace(directory / name)
    except OSError:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise
    _sync(directory)


def _sync(path: Path) -> None:
    """Wait until the file's bytes, or the folder's entries, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _in_use(directory: Path) -> str | None:
    """The generation that the manifest names; None where nothing can tell."""
    try:
        return read_manifest(directory).generation
    except IndexFault:
        return None


def _sweep(directory: Path, keep: str | None) -> None:
    """Remove what older and killed builds left. Who was still reading an old generation starts over (`load_index`).

    :param keep: the generation in use; None: no generation is removed, as whoever restores the manifest may want one.
    """
    for path in directory.iterdir():
        old = keep is not None and path.name != keep and GENERATION.fullmatch(path.name)
        if not old and not path.name.startswith(UNFINISHED):
            continue
        try:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        except OSError as error:
            logger.warning("cannot remove %s, which the index no longer needs: %s", path, error.strerror)
