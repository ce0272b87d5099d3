"""What every reader shares: windows over a long text's tokens, offsets that may be shown, and how one is named."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import ReaderError
from qa.reader import Reader, load_reader, token_offsets, windows


@given(st.integers(0, 2_000), st.integers(2, 400), st.data())
def test_windows_cover_every_token_and_share_enough(length: int, room: int, data: st.DataObject) -> None:
    overlap = data.draw(st.integers(0, room - 1))
    found = windows(length, room, overlap)
    assert found[0][0] == 0
    assert found[-1][1] == length
    assert all(end - start == min(room, length) for start, end in found)
    for (start, end), (after, _) in pairwise(found):
        assert start < after <= end - overlap


def test_a_text_that_fits_is_one_window() -> None:
    assert windows(6, 6, 2) == [(0, 6)]
    assert windows(7, 6, 2) == [(0, 6), (1, 7)]
    assert windows(0, 6, 2) == [(0, 0)]


@pytest.mark.parametrize(
    ("text", "given_offsets", "shown"),
    [
        ("a ship", [(0, 1), (1, 6)], ["a", "ship"]),  # as sentencepiece counts
        ("ship \n left", [(0, 6), (6, 11)], ["ship", "left"]),
        ("a  b", [(0, 1), (1, 3), (3, 4)], ["a", "", "b"]),
        ("cafe\u0301 au lait", [(0, 4), (6, 8)], ["cafe\u0301", "au"]),  # BERT's tokenizer strips the accent
        ("x\u0301\u0323", [(0, 1)], ["x\u0301\u0323"]),
        ("", [], []),
    ],
)
def test_offsets_are_words_with_their_accents_and_without_spaces(
    text: str, given_offsets: list[tuple[int, int]], shown: list[str]
) -> None:
    offsets = token_offsets(text, given_offsets)
    assert offsets.dtype == np.int64
    assert offsets.shape == (len(given_offsets), 2)
    assert [text[start:end] for start, end in offsets] == shown


def test_no_name_means_the_packaged_reader(real_reader: Reader) -> None:
    assert load_reader() is real_reader


@pytest.mark.parametrize("name", ["no/such/folder", "./missing", "a b"])
def test_a_name_that_is_no_model_is_said_in_one_line(name: str) -> None:
    with pytest.raises(ReaderError, match="there is no reader") as raised:
        load_reader(name)
    assert repr(name) in str(raised.value)
    assert "set no reader to use the packaged one" in str(raised.value)
    assert "\n" not in str(raised.value)
