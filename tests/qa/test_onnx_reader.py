"""The packaged reader: the same logits always, all of a long text, any text at all, and files that are refused.

Nothing here hinges on what the model knows but for one very plain question.
"""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.errors import ReaderError
from qa.networks import CONFIG, FORMAT
from qa.onnx_reader import LONGEST, MODEL, OVERLAP, OnnxReader, load_packaged
from qa.question import MAX_QUESTION
from qa.reader import QUESTION_TOKENS, Reading
from qa.spans import SentenceSpans

ASKED = "When did the ship leave Oslo?"
SAID = "The ship left Oslo in May 1911."
TEXTS = (
    "The captain was born in Bergen and went to sea at fifteen. Nobody else of the family did.",
    SAID,
    "Potatoes were grown in barrels on the gallery, where the keepers had some sun.",
    "",
    "A caf\u00e9 opened there, מים על הירח, \U0001f469\u200d\U0001f680.",
    "It sailed again in 1912. " * 40,
)


@pytest.fixture(scope="module")
def reader() -> OnnxReader:
    return load_packaged()


def best_answer(readings: list[Reading], text: str) -> str:
    found = SentenceSpans.unread(1)
    for reading in readings:
        found.take(reading, 0, np.array([(0, len(text))]), np.array([0]))
    start, end = found.spans[0]
    return text[start:end]


def assert_equal(readings: list[Reading], others: list[Reading]) -> None:
    """To the bit."""
    for one, other in zip(readings, others, strict=True):
        for name in ("offsets", "start", "end"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name), strict=True)


def test_a_plain_question_has_its_answer(reader: OnnxReader) -> None:
    assert best_answer(reader.read(ASKED, [SAID]), SAID).endswith("1911")


def test_a_text_is_read_alike_alone_and_among_others(reader: OnnxReader) -> None:
    together = reader.read(ASKED, TEXTS)
    assert [reading.text for reading in together] == sorted(reading.text for reading in together)
    assert {reading.text for reading in together} == set(range(len(TEXTS)))
    for place, text in enumerate(TEXTS):
        assert_equal([one for one in together if one.text == place], reader.read(ASKED, [text]))
    backwards = reader.read(ASKED, TEXTS[::-1])
    assert_equal([one for one in together if one.text == 1], [one for one in backwards if one.text == len(TEXTS) - 2])


def test_several_threads_read_alike(reader: OnnxReader) -> None:
    questions = (ASKED, "Who was born in Bergen?")
    alone = [reader.read(question, TEXTS[:4]) for question in questions]
    with ThreadPoolExecutor(4) as threads:
        for number, readings in enumerate(threads.map(lambda n: reader.read(questions[n % 2], TEXTS[:4]), range(12))):
            assert_equal(readings, alone[number % 2])


def test_a_text_that_is_too_long_is_read_to_its_end(reader: OnnxReader) -> None:
    text = "Potatoes were grown in barrels on the gallery. " * 250 + SAID
    readings = reader.read(ASKED, [text])
    (tokens,) = reader.count_tokens([text])
    assert tokens > 2_000
    assert len(readings) > tokens / LONGEST
    assert {reading.text for reading in readings} == {0}
    for reading in readings:
        assert len(reading.offsets) < LONGEST - len(ASKED.split())
    for one, after in pairwise(readings):
        shared = {tuple(span) for span in one.offsets.tolist()} & {tuple(span) for span in after.offsets.tolist()}
        assert len(shared) >= OVERLAP
    covered = {tuple(span) for reading in readings for span in reading.offsets.tolist()}
    assert len(covered) == tokens
    assert best_answer(readings, text).endswith("1911")


def test_a_text_that_fits_is_read_at_once(reader: OnnxReader) -> None:
    room = LONGEST - reader.count_tokens([ASKED])[0] - 3
    assert [len(one.offsets) for one in reader.read(ASKED, ["ice " * room])] == [room]
    assert [len(one.offsets) for one in reader.read(ASKED, ["ice " * (room + 1)])] == [room, room]


def check(reader: OnnxReader, question: str, text: str) -> list[Reading]:
    """What holds of every text: offsets are words of it, in order, with a number for each."""
    readings = reader.read(question, [text])
    assert readings
    for reading in readings:
        t = len(reading.offsets)
        assert (reading.offsets.shape, reading.offsets.dtype) == ((t, 2), np.int64)
        assert reading.start.shape == reading.end.shape == (t,)
        assert reading.start.dtype == reading.end.dtype == np.float32
        assert np.isfinite(reading.start).all()
        assert np.isfinite(reading.end).all()
        assert (np.diff(reading.offsets, axis=0) >= 0).all()
        for start, end in reading.offsets.tolist():
            assert 0 <= start < end <= len(text)
            assert text[start:end] == text[start:end].strip()
    assert len({tuple(span) for one in readings for span in one.offsets.tolist()}) <= reader.count_tokens([text])[0]
    return readings


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        (" \r\n\u2028 ", []),
        ("\u0301", []),
        ("\ue000\u200d", []),
        ("cafe\u0301 ouvert", ["cafe\u0301", "ou", "vert"]),
        ("\U0001f469\u200d\U0001f680 \U0001f1ee\U0001f1f1", ["\U0001f469\u200d\U0001f680", "\U0001f1ee\U0001f1f1"]),
        ("שָׁלוֹם", ["שָׁ", "ל", "וֹ", "ם"]),
        ("x" * 500 + " y", ["x" * 500, "y"]),  # longer than any word that has a token
        ("\x00a\x07b", ["a\x07b"]),
        ("水は氷", ["水", "は", "氷"]),
    ],
)
def test_any_text_is_read(reader: OnnxReader, text: str, words: list[str]) -> None:
    (reading,) = check(reader, ASKED, text)
    assert [text[start:end] for start, end in reading.offsets] == words


@settings(max_examples=30)
@given(
    question=st.text(st.characters(exclude_categories=["Cs"]), max_size=60),
    text=st.text(st.characters(exclude_categories=["Cs"])),
)
def test_any_question_may_be_asked_of_any_text(reader: OnnxReader, question: str, text: str) -> None:
    check(reader, question, text)


@pytest.mark.parametrize("question", ["e? " * (MAX_QUESTION // 3), "w" * MAX_QUESTION, "\u05d0" * MAX_QUESTION])
def test_a_question_of_any_length_leaves_room_for_the_text(reader: OnnxReader, question: str) -> None:
    readings = check(reader, question, "ice " * LONGEST)
    assert all(len(reading.offsets) >= LONGEST - QUESTION_TOKENS - 3 for reading in readings)


def test_words_beyond_the_longest_question_are_not_read(reader: OnnxReader) -> None:
    longest = "ship " * QUESTION_TOKENS
    assert_equal(reader.read(longest + "left", [SAID]), reader.read(longest + "Oslo", [SAID]))
    shorter = "ship " * (QUESTION_TOKENS - 1)
    with pytest.raises(AssertionError):
        assert_equal(reader.read(shorter + "left", [SAID]), reader.read(shorter + "Oslo", [SAID]))


def test_no_text_has_no_reading(reader: OnnxReader) -> None:
    assert reader.read(ASKED, []) == []
    assert reader.count_tokens([]) == []


def test_it_is_loaded_once_and_known_by_its_files_hash(reader: OnnxReader) -> None:
    assert load_packaged() is reader
    assert len(reader.fingerprint) == 64
    assert reader.name


MODEL_BYTES = b"as good as a model, to a checksum"
GOOD = {"name": "r", "format": FORMAT, "sha256": sha256(MODEL_BYTES).hexdigest()}


def refusals() -> Iterator[tuple[bytes | None, bytes | None, str]]:
    """A config, a model, and what is said of them."""
    good = json.dumps(GOOD).encode()
    yield None, MODEL_BYTES, "there is no reader in .*FileNotFoundError"
    yield good, None, "there is no reader in .*FileNotFoundError"
    yield good, MODEL_BYTES[:-1] + b"M", f"has SHA-256 [0-9a-f]{{64}}, expected {GOOD['sha256']}"
    yield good, b"", "has SHA-256 e3b0"
    yield json.dumps(GOOD | {"format": FORMAT + 1}).encode(), MODEL_BYTES, f"has format {FORMAT + 1}, expected {FORMAT}"
    for name in GOOD:
        lacking = {key: value for key, value in GOOD.items() if key != name}
        yield json.dumps(lacking).encode(), MODEL_BYTES, f"there is no reader in .*KeyError: '{name}'"
    for config in (b"", b"{", b"[]", b"\xff", b"3"):
        yield config, MODEL_BYTES, "there is no reader in "


@pytest.mark.parametrize(("config", "model", "said"), list(refusals()))
def test_a_folder_that_is_not_whole_is_refused_in_one_line(
    tmp_path: Path, config: bytes | None, model: bytes | None, said: str
) -> None:
    for name, content in ((CONFIG, config), (MODEL, model)):
        if content is not None:
            (tmp_path / name).write_bytes(content)
    with pytest.raises(ReaderError, match=said) as raised:
        load_packaged(tmp_path)
    assert str(tmp_path) in str(raised.value)
    assert str(raised.value).endswith("; restore the folder from the repository")
    assert "\n" not in str(raised.value)
