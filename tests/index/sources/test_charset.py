"""Charsets: by mark, by the bytes, by header, by `<meta>`, by guess; and no other codec of Python's."""

import pytest

from index.errors import ArticleError
from index.sources.charset import decoded

WORDS = "Grüße aus Kiel: „Schöne Straßen“ – und sonst nichts."
META = '<meta charset="{}">'


@pytest.mark.parametrize(
    ("raw", "header"),
    [
        (WORDS.encode("utf-8-sig"), "iso-8859-1"),
        (WORDS.encode("utf-16"), "utf-8"),
        (b"\xfe\xff" + WORDS.encode("utf-16-be"), None),
        (WORDS.encode(), None),
        (WORDS.encode(), "windows-1252"),  # a wrong header, as servers' defaults are
        (WORDS.encode("cp1252"), "windows-1252"),
        (WORDS.encode("cp1252"), "iso-8859-1"),  # which browsers take for windows-1252
        (WORDS.encode("cp1252"), "utf-8"),  # a wrong header, and nothing else to go by
    ],
)
def test_text_is_read_as_it_was_written(raw: bytes, header: str | None) -> None:
    assert decoded(raw, header) == WORDS


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        ("koi8-r", "Привет, Луна"),
        ("shift_jis", "火星に水がある"),
        ("iso-2022-jp", "火星に水がある"),
        ("windows-1255", "מים על הירח"),
    ],
)
def test_a_page_says_what_it_is_written_in(encoding: str, words: str) -> None:
    text = META.format(encoding) + words
    assert decoded(text.encode(encoding)) == text
    assert decoded(text.encode(encoding), "no-such-charset") == text


@pytest.mark.parametrize("codec", ["punycode", "unicode_escape", "idna", "utf-7", "rot13", "zlib", "hex", "undefined"])
def test_codecs_that_pages_are_not_written_in_are_not_used(codec: str) -> None:
    text = META.format(codec) + r"A-b \u0041 +AGE-"
    assert decoded(text.encode(), codec) == text


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(ArticleError, match="no text in utf-16-le"):
        decoded(b"\xff\xfe\x00\xd8\x00")
