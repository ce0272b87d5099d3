"""Faults of the disk while an index is written or read: full, read-only, what killed builds left, a clock that jumps."""

import os
import resource
import time
from pathlib import Path

import pytest

from index.article import article_from_text
from index.errors import IndexDamaged, IndexFault
from index.generations import new_generation, read_manifest, write_beside
from index.store import Index, build_index, load_index, save_index
from index.verify import verify_index
from tests.disks import filled, read_only, small_disk
from tests.index.saved import FILES, stored, tree
from tests.index.test_generations import ids, in_child, names
from tests.toy import ToyEncoder


@pytest.fixture(scope="module")
def new_index() -> Index:
    return build_index([article_from_text("Another article. It is short.", id="new")], ToyEncoder())


def test_what_killed_builds_left_is_gone_before_the_next_one_needs_its_place(index_dir: Path) -> None:
    for number in range(3):
        (index_dir / f".tmp-{number}" / "passages.bm25").mkdir(parents=True)
        (index_dir / f".tmp-{number}" / "passages.bm25" / "data").write_bytes(b"\0" * 1_000)
    (index_dir / "data-0123456789abcdef").mkdir()  # killed between its last file and the manifest
    before = read_manifest(index_dir)
    with new_generation(index_dir) as folder:
        assert names(index_dir) == sorted([folder.name, ".lock", before.generation, "manifest.json"])
    assert read_manifest(index_dir) == before


def test_a_generation_that_no_manifest_names_is_kept_while_none_can_be_read(index_dir: Path) -> None:
    generation = read_manifest(index_dir).generation
    whole = (index_dir / "manifest.json").read_bytes()
    (index_dir / "manifest.json").write_bytes(whole[:-9])
    with pytest.raises(RuntimeError), new_generation(index_dir):
        raise RuntimeError
    (index_dir / "manifest.json").write_bytes(whole)
    assert read_manifest(index_dir).generation == generation
    assert verify_index(index_dir) == []


def test_on_a_full_disk_the_old_index_stands_and_nothing_is_left_behind(
    toy_index: Index, new_index: Index, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk", 600) as disk:
        directory = disk / "index"
        save_index(toy_index, directory)
        before = names(directory)
        for free in range(0, 64 * 1024, 4_096):  # full at each of its files in turn, at last at the manifest
            with filled(disk, free):
                try:
                    save_index(new_index, directory)
                    break
                except IndexFault as error:
                    assert "No space left on device; what was there before still stands" in str(error)
                assert names(directory) == before
                assert ids(directory) == ["article", "moon"]
        else:
            pytest.fail("it never fitted")
        assert free > 5 * 4_096
        assert ids(directory) == ["new"]
        assert verify_index(directory) == []


def test_a_file_that_cannot_grow_is_refused_in_a_line(toy_index: Index, new_index: Index, index_dir: Path) -> None:
    """As by a quota; works where nothing can be mounted. At each limit the old index stands, and nothing is left."""
    before = tree(index_dir)

    def limited(limit: int) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        with pytest.raises(IndexFault, match=r"File too large; what was there before still stands"):
            save_index(new_index, index_dir)
        with pytest.raises(IndexFault, match=r"cannot write .*decision.json: File too large"):
            write_beside(index_dir, "decision.json", b"x" * 9_999)

    for limit in (0, 100, 400, 1_000):
        assert in_child(lambda limit=limit: limited(limit)) == 0, limit
        assert tree(index_dir) == before


def test_a_read_only_index_is_read_and_a_build_into_it_refused_in_a_line(new_index: Index, index_dir: Path) -> None:
    with read_only(index_dir):
        assert ids(index_dir) == ["article", "moon"]
        assert verify_index(index_dir) == []
        with pytest.raises(IndexFault, match=r"cannot write the index to .*: Read-only file system; .* --index"):
            save_index(new_index, index_dir)
        with pytest.raises(IndexFault, match=r"cannot write .*decision.json: Read-only file system"):
            write_beside(index_dir, "decision.json", b"{}")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_an_index_that_its_user_may_not_read_is_refused_in_a_line(index_dir: Path, new_index: Index) -> None:
    def as_nobody() -> None:
        os.setuid(65_534)
        with pytest.raises(IndexFault, match="Permission denied"):
            load_index(index_dir)
        with pytest.raises(IndexFault, match=r"cannot write the index to .*Permission denied"):
            save_index(new_index, index_dir)

    for path in index_dir.parents:
        if path.stat().st_uid == os.geteuid() and path != Path("/") and "pytest" in path.name:
            path.chmod(0o755)
    index_dir.chmod(0o700)
    assert in_child(as_nobody) == 0
    index_dir.chmod(0o755)
    (index_dir / "manifest.json").chmod(0o600)
    assert in_child(as_nobody) == 0


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_another_index_is_refused(index_dir: Path, new_index: Index, tmp_path: Path, name: str) -> None:
    other = tmp_path / "other"
    save_index(new_index, other)
    content = stored(other, name).read_bytes()
    assert content != stored(index_dir, name).read_bytes()  # or there would be nothing to refuse
    stored(index_dir, name).write_bytes(content)
    with pytest.raises(IndexDamaged, match="python -m qa build"):
        load_index(index_dir)


def test_a_whole_generation_of_another_index_is_refused(index_dir: Path, new_index: Index, tmp_path: Path) -> None:
    other = tmp_path / "other"
    save_index(new_index, other)
    mine, theirs = (one / read_manifest(one).generation for one in (index_dir, other))
    mine.rename(tmp_path / "mine")
    theirs.rename(mine)
    with pytest.raises(IndexDamaged, match="python -m qa build"):
        load_index(index_dir)


def test_what_was_loaded_does_not_change_with_its_files(index_dir: Path) -> None:
    """Small files are not mapped: one that is cut or overwritten under a server cannot crash it or change its answers."""
    index = load_index(index_dir)
    queries = ToyEncoder().encode(["Crater 3 holds 3 tons of ice"])
    before = [index.sentence_vectors.scores(queries), index.sentence_terms.scores(["crater ice"])]
    texts = [index.text(unit) for unit in index.sentences]
    for name in reversed(FILES):  # the manifest, which tells where the others are, last
        with stored(index_dir, name).open("r+b") as file:
            file.truncate(0)
    after = [index.sentence_vectors.scores(queries), index.sentence_terms.scores(["crater ice"])]
    assert all((one == other).all() for one, other in zip(before, after, strict=True))
    assert texts == [index.text(unit) for unit in index.sentences]
    maps = Path("/proc/self/maps")
    assert not maps.exists() or str(index_dir) not in maps.read_text()


def test_a_clock_that_jumps_does_not_matter(
    toy_index: Index, new_index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = tmp_path / "index"
    for second, index in ((4e9, toy_index), (0, new_index), (-1e6, toy_index)):
        monkeypatch.setattr(time, "time", lambda second=second: second)
        save_index(index, directory)
        for path in directory.rglob("*"):
            os.utime(path, (max(second, 0), max(second, 0)))
        assert verify_index(directory) == []
    assert ids(directory) == ["article", "moon"]
