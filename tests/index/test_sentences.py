"""Sentences: split where a reader would, and for any text at all in order, apart, complete and exact."""

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from index.article import article_from_text
from index.sentences import MAX_SENTENCE, SEGMENTER, cut, split_sentences


def split(text: str, language: str = "en") -> list[str]:
    return [text[start:end] for start, end in split_sentences(text, 0, len(text), language)]


@pytest.mark.parametrize(
    "sentences",
    [
        ['It could be 2029, but "2031 was more likely."', "He spoke last year."],
        ["It could be 2029, but “2031 was more likely.”", "He spoke last year."],
        ['"We won," he said.', '"It was hard."', "She left."],
        ['He asked: "Why? Who knows."', "Nobody did."],
        ["He lives in the U.S. and likes it.", "The U.S. Army came.", "I left the U.S.", "He stayed."],
        ["Dr. Smith met Mr. and Mrs. Jones.", "Prof. It was not."],
        ["He met Dr. Who.", "Dr. No came too."],
        ["It rose 3.5 percent to $2.75 million.", "Then it fell by .5 points."],
        ["J. K. Rowling wrote it.", "George W. Bush read it."],
        ["George\u00a0W. Bush read it.", "He\u00a0left."],
        ["It opens at 3 p.m. Monday.", "It closed at 11 a.m. EST on Friday.", "I left at 3 p.m.", "He stayed."],
        ["It took approx. 7 years.", "Then it ended."],
        ["No. 5 is alive.", '"An unclosed quotation.', "And more."],
        ["“First paragraph of a quotation.", "It goes on in the next."],
        ["He left (at last).", "(It rained.)"],
        ["1. First item.", "2. Second item."],
        ["What now?", "Nothing!", "Really?!", "Yes."],
        ["He did it.[1]", "She did too.[2]"],
        ["See www.example.com.", "Mail a@b.org."],
        ["Wait...", "He left."],
    ],
)
def test_english_is_split_where_a_reader_would(sentences):
    assert split(" ".join(sentences)) == sentences


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        ("he", ["שלום עולם.", "מה שלומך?", "טוב."]),
        ("ar", ["مرحبا بالعالم.", "كيف حالك؟", "بخير."]),
        ("hi", ["यह एक वाक्य है।", "यह दूसरा है।"]),
        ("de", ["Das ist z. B. gut.", "Es kam am 3. Mai."]),
        ("fr", ["M. Dupont est là.", "Il part."]),
        ("ru", ["Это А. С. Пушкин.", "Он поэт."]),
        ("en-US", ["He left the U.S. today.", "She stayed."]),
        ("tlh", ["One sentence.", "Another one."]),
        ("", ["One sentence.", "Another one."]),
    ],
)
def test_other_languages_known_and_unknown(language, sentences):
    assert split(" ".join(sentences), language) == sentences


def test_chinese_has_no_space_between_sentences():
    assert split("火星有两个月亮。它们很小。", "zh") == ["火星有两个月亮。", "它们很小。"]


def test_a_quotation_mark_goes_with_its_sentence():
    for text in [
        'He left. "So did I.',
        "She ran. (He did. not.",
        'It rained." Then it stopped.',
        "It rained.) Then it stopped.",
    ]:
        first, *rest = split(text)
        assert first[-1] not in '("' or first.endswith('."'), (first, rest)
        assert not any(sentence.startswith(('" ', ") ")) for sentence in rest)


def test_marks_without_words_are_no_sentence():
    assert split("Then it ended. ... :)") == ["Then it ended. ... :)"]
    assert split("* * * Then it ended.") == ["* * * Then it ended."]
    assert split("!!!") == ["!!!"]


def test_nothing_comes_of_nothing():
    assert split("") == split(" \n\u00a0\t") == []


def test_offsets_are_the_articles_and_stop_at_the_stretch():
    text = "Not this. One here. Two here. Not this."
    assert split_sentences(text, 10, 29, "en") == [(10, 19), (20, 29)]


def test_a_sentence_without_an_end_is_cut_at_white_space_so_that_all_of_it_is_seen():
    pieces = split("word " * 1000)
    assert all(len(piece) <= MAX_SENTENCE and piece.startswith("word") and piece.endswith("word") for piece in pieces)
    assert " ".join(pieces) == ("word " * 1000).strip()
    assert [len(piece) for piece in split("a" * 2500)] == [1000, 1000, 500]


def test_a_sentence_that_is_too_long_is_cut_inside_its_quotation_first():
    inside = "Mars is red and dusty and cold. " * 50
    assert set(split(f'He said: "{inside}"')[1:-1]) == {"Mars is red and dusty and cold."}


def test_cuts_prefer_line_ends_then_semicolons_then_white_space():
    assert _cut("aa bb; cc\ndd ee ff", 12) == ["aa bb; cc", "dd ee ff"]
    assert _cut("aa bb cc; dd ee ff", 12) == ["aa bb cc;", "dd ee ff"]
    assert _cut("aa bb cc http://x y", 12) == ["aa bb cc", "http://x y"]


@pytest.mark.parametrize(
    ("text", "limit", "pieces"),
    [
        ("abce\u0301f", 4, ["abc", "e\u0301f"]),
        ("abc👩\u200d🚀d", 4, ["abc", "👩\u200d🚀d"]),
        ("abc👩🏽d", 4, ["abc", "👩🏽d"]),
        ("abc🇮🇱d", 4, ["abc", "🇮🇱d"]),
    ],
)
def test_a_hard_cut_parts_no_accent_and_no_emoji(text, limit, pieces):
    assert _cut(text, limit) == pieces


def _cut(text: str, limit: int) -> list[str]:
    return [text[start:end] for start, end in cut(text, 0, len(text), limit)]


@pytest.mark.parametrize(
    "text",
    [
        "He saw it. " * 18_000,
        "a" * 200_000,
        '"A b. ' * 33_000,
        "Dr. " * 50_000,
        "e" + "\u0301" * 200_000,
        "! " * 99_000 + "Dr. It. " * 99,
    ],
    ids=["sentences", "one word", "open quotations", "abbreviations", "accents", "marks"],
)
def test_a_paragraph_of_200_kb_takes_no_time(text):
    """Some hundredths of a second; anything quadratic takes minutes."""
    began = time.perf_counter()
    found = split(text)
    assert time.perf_counter() - began < 5
    assert sum(len(sentence) for sentence in found) >= len(text) / 2
    assert article_from_text(text, id="x").text == text


def test_the_segmenter_is_named_with_its_version():
    assert SEGMENTER.startswith("sentencex 1.") and "rules" in SEGMENTER


PARTS = (
    *("Dr. ", "U.S. ", "He said. ", "1. ", "3.5", "[1]", "\u00a0B. ", "Z", "a" * 600, "b c " * 300),
    *"\"'“”’()].?!…。؟। \n\t\x0b\x0c\x1c\x85\u00a0\u2028\u2029\u3000\u200b\u200d\ufeff\u202e\x00\x07אم火ก\u0301",
    *("\r\n", "\n\n", "e\u0301", "👩\u200d🚀", "🇮🇱", "ב. ", ". "),
)
LANGUAGES = st.sampled_from(["en", "he", "ar", "ja", "zh", "de", "es", "th", "hi", "pt-BR", "xx", ""]) | st.text(
    max_size=3
)


@given(st.text() | st.lists(st.sampled_from(PARTS)).map("".join), LANGUAGES, st.integers(0, 5), st.integers(0, 5))
@example("A\u00a0B. c", "en", 0, 0)
@example("“\u2028Z\u2029.B", "es", 0, 0)
def test_sentences_of_any_text_are_in_order_apart_complete_and_exact(text, language, before, after):
    start, end = min(before, len(text)), max(min(before, len(text)), len(text) - after)
    position = start
    for begin, stop in split_sentences(text, start, end, language):
        assert position <= begin < stop <= end, "in order, apart, not empty, inside"
        assert text[position:begin].strip() == "", "nothing but white space is left out"
        assert text[begin:stop] == text[begin:stop].strip()
        assert stop - begin <= MAX_SENTENCE
        position = stop
    assert text[position:end].strip() == ""


@pytest.mark.parametrize("credit", ["(photo credit: REUTERS/JOE SKIPPER)", "[Photo by Jo]", "(Image: NASA)"])
def test_a_credit_goes_with_the_caption(credit: str) -> None:
    assert split(f"A pad in Texas. A rocket. {credit}") == ["A pad in Texas.", f"A rocket. {credit}"]
    assert split(credit) == [credit]


def test_other_brackets_are_sentences_of_their_own() -> None:
    assert split("A rocket. (It flew on Monday.)") == ["A rocket.", "(It flew on Monday.)"]
