"""An index that must not be answered from is refused: damaged, contradictory, stale, foreign or missing."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from index.errors import (
    IndexDamaged,
    IndexFault,
    IndexForeign,
    IndexMissing,
    IndexStale,
)
from index.generations import read_manifest
from index.manifest import parse_manifest
from index.store import Index, load_index, save_index
from index.vectors import VectorIndex
from tests.index.saved import FILES, edit_line, sign, stored, tree
from tests.toy import ToyEncoder

# Damage: each must be refused, in a message that names the command that mends it.


def flipped(position: float) -> Callable[[bytes], bytes]:
    def flip(content: bytes) -> bytes:
        at = int((len(content) - 1) * position)
        return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]

    return flip


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "first bit flipped": flipped(0),
    "a bit flipped in the middle": flipped(0.5),
    "last bit flipped": flipped(1),
    "last byte cut": lambda content: content[:-1],
    "cut in half": lambda content: content[: len(content) // 2],
    "emptied": lambda content: b"",
    "a byte added": lambda content: content + b"\n",
}


def test_every_file_of_the_index_is_damaged_in_turn(index_dir: Path) -> None:
    generation = index_dir / read_manifest(index_dir).generation
    names = {path.relative_to(generation).as_posix() for path in generation.rglob("*") if path.is_file()}
    assert {"manifest.json", *names} == set(FILES)


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_refused(index_dir: Path, name: str, damage: str) -> None:
    path = stored(index_dir, name)
    path.write_bytes(DAMAGE[damage](path.read_bytes()))
    with pytest.raises((IndexDamaged, IndexForeign), match="--index") as caught:
        load_index(index_dir)
    assert "\n" not in str(caught.value)
    if name != "manifest.json":
        assert isinstance(caught.value, IndexDamaged)
        assert f"python -m qa build --index {index_dir}" in str(caught.value)


@pytest.mark.parametrize("name", FILES[1:])
def test_a_missing_file_is_refused(index_dir: Path, name: str) -> None:
    stored(index_dir, name).unlink()
    with pytest.raises(IndexDamaged, match=f"{name} cannot be read: No such file"):
        load_index(index_dir)


def test_no_byte_of_the_manifest_can_change_unseen(index_dir: Path) -> None:
    content = (index_dir / "manifest.json").read_bytes()
    for at in range(len(content)):
        altered = content[:at] + bytes([content[at] ^ 4]) + content[at + 1 :]
        with pytest.raises((IndexDamaged, IndexForeign)):
            parse_manifest(altered, index_dir)


@pytest.mark.parametrize("content", [b"", b"null", b"[]", b"{}", b'{"name": "a web app"}', b"\xff\xfe", b'"\\ud800"'])
def test_a_manifest_of_something_else_is_refused(index_dir: Path, content: bytes) -> None:
    with pytest.raises((IndexDamaged, IndexForeign)):
        parse_manifest(content, index_dir)


# Faults that checksums do not show: files and manifest agree, and are wrong all the same.


def shift_passage(fields: dict[str, Any]) -> None:
    fields["start"] += 1


def shift_sentence(fields: dict[str, Any]) -> None:
    fields["sentences"][0]["end"] += 1


def renumber(fields: dict[str, Any]) -> None:
    fields["id"] += 1


def rename(fields: dict[str, Any]) -> None:
    fields["article_id"] = "moon"


def forget_end(fields: dict[str, Any]) -> None:
    del fields["end"]


@pytest.mark.parametrize("change", [shift_passage, shift_sentence, renumber, rename, forget_end])
def test_wrong_passages_are_refused_even_with_right_checksums(
    index_dir: Path, change: Callable[[dict[str, Any]], None]
) -> None:
    edit_line(stored(index_dir, "passages.jsonl"), 2, change)
    sign(index_dir)
    with pytest.raises(IndexDamaged, match="python -m qa build"):
        load_index(index_dir)


@pytest.mark.parametrize("change", [{"text": "other words"}, {"sha256": "0"}, {"blocks": [["title"]]}, {"colour": "red"}])
def test_a_wrong_article_is_refused_even_with_right_checksums(index_dir: Path, change: dict[str, Any]) -> None:
    edit_line(stored(index_dir, "articles.jsonl"), 0, lambda fields: fields.update(change))
    sign(index_dir)
    with pytest.raises(IndexDamaged):
        load_index(index_dir)


@pytest.mark.parametrize("name", ["articles.jsonl", "passages.jsonl"])
@pytest.mark.parametrize("content", [b"", b"[]\n", b"\xff\n", b"{}\n", b"{]\n"])
def test_a_file_that_is_no_jsonl_is_refused_even_with_right_checksums(index_dir: Path, name: str, content: bytes) -> None:
    stored(index_dir, name).write_bytes(content)
    sign(index_dir)
    with pytest.raises(IndexDamaged):
        load_index(index_dir)


@pytest.mark.parametrize("count", ["passages", "sentences", "dimension"])
def test_counts_must_agree(index_dir: Path, count: str) -> None:
    sign(index_dir, **{count: getattr(read_manifest(index_dir), count) + 1})
    with pytest.raises(IndexDamaged, match=r"found \d+ .*, expected \d+"):
        load_index(index_dir)


@pytest.mark.parametrize("name", ["passages.faiss", "sentences.faiss"])
def test_vectors_must_be_as_many_as_texts(index_dir: Path, name: str) -> None:
    vectors = VectorIndex.load(stored(index_dir, name)).vectors()
    VectorIndex.build(vectors[:-1]).save(stored(index_dir, name))
    sign(index_dir)
    with pytest.raises(IndexDamaged, match=f"found {len(vectors) - 1} .* vectors, expected {len(vectors)}"):
        load_index(index_dir)


def test_articles_must_be_those_of_the_manifest(index_dir: Path) -> None:
    first, second = read_manifest(index_dir).articles
    sign(index_dir, articles=(first, replace(second, sha256="0" * 64)))
    with pytest.raises(IndexDamaged, match="not those that the manifest names"):
        load_index(index_dir)


# Stale, foreign, missing


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"segmenter": "sentencex 0.1"}, "segmenter 'sentencex 0.1'"),
        ({"analyzer": "none"}, "analyzer 'none'"),
        ({"metric": "L2"}, "metric 'L2'"),
        ({"encoder_fingerprint": "abc"}, "encoder 'toy, abc'"),
    ],
)
def test_an_index_by_other_rules_is_stale(index_dir: Path, change: dict[str, str], found: str) -> None:
    sign(index_dir, **change)
    with pytest.raises(IndexStale, match=f"stale: it was built with {found}, expected .* python -m qa build --index"):
        load_index(index_dir, ToyEncoder.fingerprint)


def test_without_a_fingerprint_any_encoder_will_do(index_dir: Path) -> None:
    assert len(load_index(index_dir).articles) == 2
    with pytest.raises(IndexStale, match="encoder 'toy"):
        load_index(index_dir, "0" * 64)


def test_another_schema_version_is_foreign(index_dir: Path) -> None:
    sign(index_dir, schema_version=2)
    with pytest.raises(IndexForeign, match=r"schema version 2, expected 1; rebuild it: python -m qa build --index"):
        load_index(index_dir)


def test_no_index_is_missing(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for directory in (tmp_path / "nowhere", tmp_path / "empty"):
        with pytest.raises(IndexMissing, match=r"no index in .*; build one: python -m qa build --index"):
            load_index(directory)


def test_the_mending_command_can_be_pasted(tmp_path: Path) -> None:
    with pytest.raises(IndexMissing, match=r"--index '.*/my index'"):
        load_index(tmp_path / "my index")


def test_a_folder_of_other_files_is_foreign_and_stays_untouched(toy_index: Index, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("two years of work")
    for use in (load_index, lambda directory: save_index(toy_index, directory)):
        with pytest.raises(IndexForeign, match=r"holds other files \(thesis.txt\)"):
            use(tmp_path)
    assert tree(tmp_path) == {"thesis.txt": b"two years of work"}


def test_a_lone_manifest_is_taken_for_somebody_elses(toy_index: Index, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"name": "a web app"}')
    with pytest.raises(IndexForeign):
        load_index(tmp_path)
    with pytest.raises(IndexForeign):
        save_index(toy_index, tmp_path)


def test_a_file_in_place_of_the_folder_is_foreign(toy_index: Index, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for use in (load_index, lambda directory: save_index(toy_index, directory)):
        with pytest.raises(IndexForeign, match="is a file"):
            use(tmp_path / "file")


def test_a_place_that_cannot_be_made_is_said_so(toy_index: Index, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(IndexFault, match=r"cannot write the index .*Not a directory"):
        save_index(toy_index, tmp_path / "file" / "index")
