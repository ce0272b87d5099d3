"""The packaged verifier: what it reads of a text, the same answer always, and one plain question."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.article import article_from_paragraphs
from index.encoder import Encoder
from index.errors import ReaderError
from index.store import build_index
from qa.answer import Span
from qa.networks import CONFIG
from qa.question import MAX_QUESTION
from qa.reader import Reader
from qa.reading import WORDLESS, PassageReader
from qa.retriever import Retriever
from qa.verifier import FOLDER, MODEL, ROOM, Verifier, around, crop, load_verifier

ASKED = "When did the ship leave Oslo?"
SENTENCES = (
    "The captain was born in Bergen in 1870.",
    "The ship left Oslo in May 1911.",
    "It sailed again for Boston in 1912.",
)
TEXT = " ".join(SENTENCES)
BOUNDS = [(TEXT.index(one), TEXT.index(one) + len(one)) for one in SENTENCES]


@pytest.fixture(scope="module")
def verifier() -> Verifier:
    return load_verifier()


def span_of(words: str, text: str = TEXT) -> Span:
    return Span(text.index(words), text.index(words) + len(words))


def test_the_words_that_answer_are_likelier_than_others(verifier: Verifier) -> None:
    right = verifier.odds(ASKED, TEXT, BOUNDS, span_of("May 1911"))
    assert right > 0
    for wrong in ("1870", "Bergen", "Boston"):
        assert verifier.odds(ASKED, TEXT, BOUNDS, span_of(wrong)) < 0
    assert verifier.odds(ASKED, TEXT, BOUNDS, span_of("1912")) < right  # another year of the same ship's


def test_only_the_marked_words_differ(verifier: Verifier) -> None:
    said = {words: verifier.odds(ASKED, TEXT, BOUNDS, span_of(words)) for words in ("1870", "May 1911", "1912")}
    assert len(set(said.values())) == 3


def test_several_threads_are_told_the_same(verifier: Verifier) -> None:
    spans = [span_of("1870"), span_of("May 1911"), span_of("1912")]
    alone = [verifier.odds(ASKED, TEXT, BOUNDS, span) for span in spans]
    with ThreadPoolExecutor(3) as threads:
        found = list(threads.map(lambda n: verifier.odds(ASKED, TEXT, BOUNDS, spans[n % 3]), range(12)))
    assert found == alone * 4


def test_of_a_sentence_that_is_too_long_the_words_around_the_span_are_read(verifier: Verifier) -> None:
    text = "potatoes " * (2 * ROOM) + "the ship left Oslo in May 1911 " + "barrels " * (2 * ROOM)
    whole = [(0, len(text))]
    assert verifier.odds(ASKED, text, whole, span_of("May 1911", text)) > verifier.odds(ASKED, text, whole, Span(0, 8))


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=MAX_QUESTION), st.text(min_size=1, max_size=300), st.data())
def test_any_text_is_read(question: str, text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    assert np.isfinite(load_verifier().odds(question, text, [(0, len(text))], Span(start, end)))


@given(st.lists(st.integers(0, 60), min_size=1, max_size=12), st.data())
def test_whole_sentences_around_the_span_are_read_while_they_fit(lengths: list[int], data: st.DataObject) -> None:
    bounds = [(10 * place, 10 * place + 9) for place in range(len(lengths))]
    home = data.draw(st.integers(0, len(lengths) - 1))
    room = data.draw(st.integers(1, 200))
    first, last = around(bounds, lengths, Span(10 * home + 1, 10 * home + 3), room)
    assert 0 <= first <= home <= last < len(lengths)
    read = sum(lengths[first : last + 1])
    assert read <= room or first == last
    if read <= room:
        assert first == 0 or read + lengths[first - 1] > room
        assert last == len(lengths) - 1 or read + lengths[last + 1] > room


@given(st.integers(1, 300), st.integers(1, 150), st.data())
def test_of_a_long_sentence_a_full_room_around_the_span_is_read(count: int, room: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, count - 1))
    last = data.draw(st.integers(first, count - 1))
    offsets = np.array([(2 * place, 2 * place + 1) for place in range(count)])
    start, end, inside = crop(offsets, [(0, 2 * count)], Span(2 * first, 2 * last + 1), room)
    assert end - start == len(inside) == min(count, room)
    assert inside.sum() == min(last - first + 1, room)
    assert np.flatnonzero(inside).tolist() == [place - start for place in range(max(first, start), min(last + 1, end))]


def test_a_span_without_a_token_is_no_answer(verifier: Verifier) -> None:
    text = "Ice \u200b\u200b is old."
    assert verifier.odds("What is old?", text, [(0, len(text))], Span(4, 6)) == WORDLESS
    assert verifier.odds("What is old?", "\u200b", [(0, 1)], Span(0, 1)) == WORDLESS


def test_of_an_evidence_the_sentences_of_the_answers_window_are_read(
    verifier: Verifier, real_encoder: Encoder, real_reader: Reader
) -> None:
    long = "Potatoes were grown in barrels on the gallery, where the keepers had some sun. " * 15
    paragraphs = [long, TEXT, long]
    index = build_index([article_from_paragraphs("ship", "Ship", paragraphs)], real_encoder)
    evidence = PassageReader(index, real_reader, 0).read(Retriever(index, real_encoder).retrieve([ASKED])[0])
    assert len(set(evidence.window.tolist())) > 2
    text = index.article("ship").text
    at = text.index(TEXT)
    bounds = [(start + at, end + at) for start, end in BOUNDS]
    position = next(
        place for place in range(len(evidence.window)) if evidence.retrieval.sentence(place).start == bounds[1][0]
    )
    span = Span(*map(int, evidence.spans.spans[position]))
    assert verifier.of(evidence, position) == verifier.odds(ASKED, text, bounds, span)
    assert verifier.of(evidence, position) == verifier.odds(ASKED, TEXT, BOUNDS, Span(span.start - at, span.end - at))
    assert verifier.of(evidence, position, "Who?") == verifier.odds("Who?", text, bounds, span)


def test_an_altered_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / CONFIG).write_bytes((FOLDER / CONFIG).read_bytes())
    with pytest.raises(ReaderError, match=r"there is no verifier in .*; restore the folder from the repository"):
        load_verifier(tmp_path)
    (tmp_path / MODEL).write_bytes(b"altered")
    with pytest.raises(ReaderError, match="has SHA-256 "):
        load_verifier(tmp_path)


def test_it_is_loaded_once(verifier: Verifier) -> None:
    assert load_verifier() is verifier
    assert verifier.name
