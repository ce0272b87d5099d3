"""A build that is killed, at whatever moment, leaves the old index or the new one, and nothing that lasts."""

import fcntl
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from index import generations
from index.article import article_from_text
from index.errors import IndexFault, IndexMissing
from index.generations import read_manifest
from index.store import Index, build_index, load_index, save_index
from index.verify import verify_index
from tests.index.saved import stored
from tests.toy import ToyEncoder

CHANGES = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.chmod"}


@pytest.fixture(scope="module")
def new_index() -> Index:
    return build_index([article_from_text("Another article. It is short.", id="new")], ToyEncoder())


def ids(directory: Path) -> list[str]:
    return [article.id for article in load_index(directory).articles]


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def in_child(work: Callable[[], None]) -> int:
    """Run `work` in a process of its own; its exit status, or minus the signal that ended it."""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        except BaseException:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def killed_at(step: int, work: Callable[[], None]) -> bool:
    """Run `work` in a child that is killed at its `step`-th change to the disk; False if it ended before."""

    def watched() -> None:
        left = step

        def count(event: str, args: tuple[object, ...]) -> None:
            nonlocal left
            writes = event != "open" or (isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
            if event in CHANGES and writes:
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(count)
        work()

    status = in_child(watched)
    assert status in (0, -signal.SIGKILL)
    return status != 0


def test_a_build_killed_at_any_step_leaves_the_old_index_or_the_new_one(index_dir: Path, new_index: Index) -> None:
    seen: list[list[str]] = []
    step = 1
    while killed_at(step, lambda: save_index(new_index, index_dir)):
        seen.append(ids(index_dir))
        assert verify_index(index_dir) == []
        step += 1
    assert step > 30
    assert ids(index_dir) == ["new"]
    # The old one up to one moment, the new one from it on; and nothing that the killed builds left is still there.
    assert seen == sorted(seen)
    assert [one for at, one in enumerate(seen) if at == 0 or seen[at - 1] != one] == [["article", "moon"], ["new"]]
    assert names(index_dir) == [".lock", read_manifest(index_dir).generation, "manifest.json"]


def test_a_first_build_killed_at_any_step_can_be_repeated(tmp_path: Path, new_index: Index) -> None:
    directory = tmp_path / "index"
    step = 1
    while killed_at(step, lambda: save_index(new_index, directory)):
        try:
            assert ids(directory) == ["new"]
        except IndexMissing as error:
            assert "python -m qa build" in str(error)
        step += 1
    assert verify_index(directory) == []
    assert names(directory) == [".lock", read_manifest(directory).generation, "manifest.json"]


def test_what_the_online_half_keeps_beside_the_index_survives_a_build(index_dir: Path, new_index: Index) -> None:
    for name in generations.BESIDE:
        (index_dir / name).write_text("kept")
    save_index(new_index, index_dir)
    assert ids(index_dir) == ["new"]
    assert {(index_dir / name).read_text() for name in generations.BESIDE} == {"kept"}


def test_a_damaged_index_is_mended_by_building_the_same_again(toy_index: Index, index_dir: Path) -> None:
    stored(index_dir, "passages.faiss").write_bytes(b"damaged")
    save_index(toy_index, index_dir)
    assert verify_index(index_dir) == []
    stored(index_dir, "manifest.json").write_bytes(b"damaged")
    save_index(toy_index, index_dir)
    assert verify_index(index_dir) == []


def test_readers_and_two_builders_at_once_never_meet_a_mixture(
    toy_index: Index, new_index: Index, tmp_path: Path
) -> None:
    directory = tmp_path / "index"
    save_index(toy_index, directory)
    children = []
    for index in (toy_index, new_index):
        child = os.fork()
        if child == 0:
            try:
                for _ in range(8):
                    save_index(index, directory)
                os._exit(0)
            except BaseException:
                os._exit(1)
        children.append(child)
    seen = set()
    statuses: list[int] = []
    while len(statuses) < 2:
        seen.add(tuple(ids(directory)))
        for child in children:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                children.remove(child)
                statuses.append(status)
                break
        time.sleep(0.001)
    assert statuses == [0, 0]
    assert seen == {("article", "moon"), ("new",)}
    assert verify_index(directory) == []


def test_a_reader_whose_generation_goes_away_reads_the_next(
    index_dir: Path, new_index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = generations.refuse_damaged

    def replaced_meanwhile(*args: object) -> None:
        monkeypatch.setattr("index.store.refuse_damaged", old)
        save_index(new_index, index_dir)
        old(*args)  # type: ignore[arg-type]

    monkeypatch.setattr("index.store.refuse_damaged", replaced_meanwhile)
    assert ids(index_dir) == ["new"]


def test_a_build_waits_for_another_and_says_so_when_it_takes_too_long(
    toy_index: Index, index_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generations, "LOCK_TIMEOUT", 0.2)
    before = (index_dir / "manifest.json").read_bytes()
    with (index_dir / ".lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(IndexFault, match=r"another build has been writing .* wait for it or end it"):
            save_index(toy_index, index_dir)
    assert (index_dir / "manifest.json").read_bytes() == before
    save_index(toy_index, index_dir)


def test_a_build_that_fails_leaves_no_trace(toy_index: Index, index_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = names(index_dir)

    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("index.store.publish", full)
    with pytest.raises(IndexFault, match=r"cannot write the index to .*: No space left on device; what was there before"):
        save_index(toy_index, index_dir)
    assert names(index_dir) == before
