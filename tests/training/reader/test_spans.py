"""Where answers lie: occurrences, tokens, windows."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from qa.training.reader import recipe
from qa.training.reader.rows import Row
from qa.training.reader.spans import answer_spans, room, token_spans, tokenize, windows


@given(length=st.integers(0, 2000), room=st.integers(recipe.STRIDE_TOKENS + 1, 400))
def test_windows_cover_everything_overlap_and_are_full(length: int, room: int) -> None:
    found = windows(length, room)
    assert found[0][0] == 0
    assert found[-1][1] == length
    assert all(second[0] <= first[1] - recipe.STRIDE_TOKENS for first, second in pairwise(found))
    assert all(end - start == min(length, room) for start, end in found)
    assert len(set(found)) == len(found)


@pytest.mark.parametrize(
    ("source", "expected"), [("squad1", [(0, 3), (27, 30)]), ("tweetqa", [(0, 3), (27, 30)]), ("qed", [(0, 3)])]
)
def test_every_whole_word_occurrence_is_right_where_start_is_the_first(source: str, expected: list[object]) -> None:
    assert answer_spans(Row(source, "a", "?", "art in the heart of artful art", (("art", 0),))) == expected


def test_what_annotators_agree_on_counts_once_and_there_is_a_limit() -> None:
    row = Row("qed", "a", "?", "on a red boat", (("red", 5), ("red boat", 5), ("red", 5)))
    assert answer_spans(row) == [(5, 8), (5, 13)]
    many = Row("squad1", "a", "?", "one " * 50, (("one", 0),))
    assert len(answer_spans(many)) == recipe.MAX_SPANS


def test_token_spans_cover_the_characters_and_skip_what_has_no_token(tokenizer: Tokenizer) -> None:
    text = "Unbelievably, JANE-Marsh \u200b came."
    tokens = tokenize(tokenizer, [text])[0]
    start = text.index("JANE")
    first, last = token_spans(tokens, [(start, start + len("JANE-Marsh"))])[0]
    assert tokenizer.decode(tokens.ids[first : last + 1].tolist()) == "jane - marsh"
    assert token_spans(tokens, [(25, 26)]) == []  # a zero-width space, which the tokenizer drops
    assert token_spans(tokens, [(0, 2), (0, 1)]) == [(0, 0)]  # one word piece, one target


def test_a_long_question_leaves_room(tokenizer: Tokenizer) -> None:
    short, long = tokenize(tokenizer, ["Who?", "who " * 500])
    assert room(short) == recipe.MAX_TOKENS - 2 - 3
    assert room(long) == recipe.MAX_TOKENS - recipe.MAX_QUESTION_TOKENS - 3
