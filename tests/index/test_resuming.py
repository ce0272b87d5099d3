"""A long build that is ended midway goes on from there, and nothing but the time is different."""

import fcntl
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from index import resuming
from index.encoder import Progress
from index.errors import IndexForeign
from index.generations import UNFINISHED
from index.resuming import ResumableEncoder
from index.store import build_index, load_index, save_index
from tests.index.test_reuse import A, B, CountingEncoder, same
from tests.toy import ToyEncoder

TEXTS = [f"Text {n} of many, about number {n}." for n in range(23)]


class Ended(Exception):
    """The power went."""


class EndingEncoder(CountingEncoder):
    """Ends when it has encoded so many texts."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.after = after

    def encode(self, texts: Sequence[str], *, progress: Progress | None = None) -> NDArray[np.float32]:
        if len(self.encoded) >= self.after:
            raise Ended
        return super().encode(texts, progress=progress)


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A build of ten texts is a long one."""
    monkeypatch.setattr(resuming, "LONG", 10)
    monkeypatch.setattr(resuming, "CHUNK", 4)


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """The file that an encoder left which was ended after eight texts."""
    with pytest.raises(Ended):
        ResumableEncoder(EndingEncoder(8), tmp_path).encode(TEXTS)
    (file,) = tmp_path.iterdir()
    assert file.name.startswith(UNFINISHED)
    return file


def encoded_again(directory: Path, texts: Sequence[str] = TEXTS) -> list[str]:
    """What had to be encoded; what came of it is what comes without a file."""
    encoder = CountingEncoder()
    told: list[tuple[int, int]] = []
    vectors = ResumableEncoder(encoder, directory).encode(texts, progress=lambda *both: told.append(both))
    assert vectors.tobytes() == ToyEncoder().encode(texts).tobytes()
    assert told == [(done, len(encoder.encoded)) for done in range(1, len(encoder.encoded) + 1)]
    return encoder.encoded


def test_a_build_that_was_ended_goes_on_from_there(kept: Path) -> None:
    assert encoded_again(kept.parent) == TEXTS[8:]
    assert encoded_again(kept.parent) == []


def test_texts_that_came_and_went_meanwhile_are_no_matter(kept: Path) -> None:
    others = ["New.", *TEXTS[5:], "Newer."]
    assert encoded_again(kept.parent, others) == ["New.", *TEXTS[8:], "Newer."]


@pytest.mark.parametrize("place", [0, 3, 10, 100, 2_000, -1])
def test_what_is_damaged_is_encoded_again(kept: Path, place: int) -> None:
    content = bytearray(kept.read_bytes())
    chunk = len(content) // 2
    content[place] ^= 1
    kept.write_bytes(content)
    first = range(len(content))[place] < chunk
    assert encoded_again(kept.parent) == (TEXTS if first else TEXTS[4:])
    assert encoded_again(kept.parent) == []


@pytest.mark.parametrize("less", [1, 700, 1_500])
def test_what_was_cut_is_encoded_again(kept: Path, less: int) -> None:
    content = kept.read_bytes()
    kept.write_bytes(content[:-less])
    assert encoded_again(kept.parent) == (TEXTS[4:] if less < len(content) // 2 else TEXTS)


def test_another_encoder_goes_on_from_nothing(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ToyEncoder, "fingerprint", "0" * 64)
    assert encoded_again(kept.parent) == TEXTS


def test_a_second_build_meanwhile_keeps_nothing(kept: Path) -> None:
    with kept.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        before = kept.read_bytes()
        assert encoded_again(kept.parent) == TEXTS
        assert kept.read_bytes() == before


def test_without_a_place_to_keep_it_a_build_is_a_build(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert encoded_again(tmp_path / "file" / "index") == TEXTS


def test_few_texts_are_not_kept(tmp_path: Path) -> None:
    assert encoded_again(tmp_path / "index", TEXTS[:9]) == TEXTS[:9]
    assert not (tmp_path / "index").exists()


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.doc").touch()
    with pytest.raises(IndexForeign):
        ResumableEncoder(ToyEncoder(), tmp_path).encode(TEXTS)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.doc"]


def test_the_index_is_the_same_and_nothing_is_left_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resuming, "LONG", 2)
    monkeypatch.setattr(resuming, "CHUNK", 2)
    with pytest.raises(Ended):
        build_index([A, B], ResumableEncoder(EndingEncoder(2), tmp_path))
    encoder = CountingEncoder()
    index = build_index([A, B], ResumableEncoder(encoder, tmp_path))
    assert same(index, build_index([A, B], ToyEncoder()))
    assert 0 < len(encoder.encoded) < len(index.sentences) + len(index.passages)
    save_index(index, tmp_path)
    assert same(load_index(tmp_path), index)
    assert not list(tmp_path.glob(f"{UNFINISHED}*"))
