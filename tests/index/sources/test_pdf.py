"""PDF: text with its pages, lines made paragraphs as far as that is safe, and what cannot be read."""

import io
import zlib

import pytest
from pypdf import PdfWriter
from pypdf.generic import NameObject, StreamObject

from index.errors import ArticleError
from index.sources import pdf as module
from index.sources.pdf import extract_pdf
from tests.index.sources.making import pdf

LINE = "It was planned for many years by people who agreed on nothing else,"


def test_text_and_pages_are_those_of_the_document() -> None:
    pages = [["Of the Moon", LINE, "and it went well."], ["Then came winter. " + LINE, "and it ended."], ["Nobody left."]]
    article = extract_pdf(pdf(pages, title="The mission")).article("m")
    assert article.title == "The mission"
    assert article.text == (
        f"Of the Moon\n\n{LINE} and it went well.\n\nThen came winter. {LINE} and it ended.\n\nNobody left."
    )
    assert [article.page(article.text.index(words)) for words in ("Of the", "went well", "Then", "ended", "Nobody")] == [
        *(1, 1, 2, 2, 3)
    ]


def test_a_sentence_goes_on_over_the_end_of_a_page() -> None:
    found = extract_pdf(pdf([[LINE, LINE], ["and so it ended."]]))
    assert found.text == f"{LINE} {LINE} and so it ended."
    assert found.text[found.pages[1] :] == "and so it ended."


def test_pages_without_text_keep_their_numbers() -> None:
    article = extract_pdf(pdf([[], ["One."], [], [], ["Two."]])).article("m")
    assert [article.page(article.text.index(words)) for words in ("One", "Two")] == [2, 5]
    assert article.pages[0] == 0


def test_a_word_is_joined_where_the_document_has_it_in_one_piece() -> None:
    lines = ["They had a well-", "known infor-", "mation desk, and information", "of the co-\xad", "operative kind"]
    text = extract_pdf(pdf([lines])).text
    assert "a well-known information desk" in text
    assert "co-operative" in text


def test_running_headers_and_page_numbers_are_left_out() -> None:
    pages = [
        ["Annual Report " + str(n), f"On page {n} stands this: {LINE}", "and it went well.", f"- {n} -"]
        for n in range(1, 6)
    ]
    text = extract_pdf(pdf(pages)).text
    assert "Annual Report" not in text
    assert "- 3 -" not in text
    assert all(f"On page {n} stands this" in text for n in range(1, 6))


def test_a_document_of_two_pages_has_no_running_header() -> None:
    assert extract_pdf(pdf([["The same line.", "One."], ["The same line.", "Two."]])).text.count("The same line.") == 2


@pytest.mark.parametrize("title", ["Microsoft Word - report.docx", "untitled", "report.pdf", " "])
def test_what_programs_write_is_no_title(title: str) -> None:
    assert extract_pdf(pdf([["One."]], title=title)).title is None


def with_stream(data: bytes, filters: str = "/FlateDecode") -> bytes:
    """A PDF whose page's content is these bytes."""
    writer = PdfWriter()
    sheet = writer.add_blank_page(width=595, height=842)
    stream = StreamObject()
    stream._data = data
    stream[NameObject("/Filter")] = NameObject(filters)
    sheet[NameObject("/Contents")] = writer._add_object(stream)
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "no PDF, or damaged"),
        (b"no PDF at all", "no PDF, or damaged"),
        (pdf([["One."]])[:200], "no PDF, or damaged"),
        (pdf([["One."]], password="secret"), "encrypted; save a copy that needs no password"),
        (pdf([[], []]), r"pages \(2\) hold no text, as those of a scan; run text recognition"),
        (with_stream(zlib.compress(b"\0" * 200_000_000)), "hold no text"),
    ],
    ids=["empty", "text", "cut", "encrypted", "scanned", "zip bomb"],
)
def test_what_cannot_be_read_says_why(raw: bytes, said: str) -> None:
    with pytest.raises(ArticleError, match=said):
        extract_pdf(raw)


def test_one_that_is_encrypted_with_no_password_is_read() -> None:
    assert extract_pdf(pdf([["One."]], password="")).text == "One."


def test_pages_text_and_bytes_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = pdf([["One."], ["Two."], ["Three."]])
    monkeypatch.setattr(module, "MOST_TEXT", 10)
    with pytest.raises(ArticleError, match="more than 10 characters"):
        extract_pdf(raw)
    monkeypatch.setattr(module, "MOST_PAGES", 2)
    with pytest.raises(ArticleError, match="it has 3 pages; expected at most 2"):
        extract_pdf(raw)
    monkeypatch.setattr(module, "LARGEST_PDF", 2**20)
    with pytest.raises(ArticleError, match="larger than 1 MiB"):
        extract_pdf(raw + b"\0" * 2**20)
