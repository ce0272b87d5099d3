"""Loading an article: the text to the last code point, or one readable line about what is wrong with the file."""

import hashlib
import logging
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from index.article import article_from_paragraphs, article_from_text, load_article
from index.errors import ArticleError
from index.frontmatter import split_front_matter

SEED = Path(__file__).parents[2] / "seeds" / "article.md"
SEED_SHA256 = "a200e4368a9e6894de1024b764c8f7e11c4c7e341022a785c22c52a06f405597"


def write(tmp_path: Path, content: str | bytes, name: str = "mars.md") -> Path:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_the_seed_article_is_the_text_as_it_was_given():
    article = load_article(SEED)
    assert article.sha256 == hashlib.sha256(article.text.encode()).hexdigest() == SEED_SHA256
    assert article.text.startswith("Putin envoy says") and article.text.endswith("after the start of the war.")
    assert (article.id, article.source, article.language) == ("article", "The Jerusalem Post", "en")
    assert article.title == article.text.split("\n")[0]
    assert (article.published, article.url) == (None, None), "the text shows neither a date nor an address"


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        pytest.param("One.\r\n\r\nTwo.\r\n", "One.\r\n\r\nTwo.\r\n", id="CRLF stays"),
        pytest.param("One.\rTwo.", "One.\rTwo.", id="CR stays"),
        pytest.param("\ufeffOne.", "One.", id="BOM goes"),
        pytest.param("\ufeff---\ntitle: T\n---\nOne.", "One.", id="BOM before front matter goes"),
        pytest.param("\ufeff\ufeffOne.", "\ufeffOne.", id="only one BOM goes"),
        pytest.param("Cafe\u0301 society.", "Cafe\u0301 society.", id="NFD stays decomposed"),
        pytest.param("Go 🚀👩🏽‍🚀!", "Go 🚀👩🏽‍🚀!", id="emoji"),
        pytest.param("שלום עולם. מה שלומך?", "שלום עולם. מה שלומך?", id="Hebrew"),
        pytest.param("No final newline", "No final newline", id="no final newline"),
        pytest.param("\n\n  One.  \n\n", "\n\n  One.  \n\n", id="white space around it stays"),
        pytest.param("Seven words. " * 15_385, "Seven words. " * 15_385, id="one paragraph of 200 kB"),
    ],
)
def test_a_text_is_the_file_less_bom_and_front_matter_and_otherwise_untouched(tmp_path, raw, text):
    article = load_article(write(tmp_path, raw))
    assert article.text == text
    assert article.sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert article.blocks


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"", "empty file", id="empty"),
        pytest.param(b"\xef\xbb\xbf", "empty file", id="BOM alone"),
        pytest.param(b" \r\n\t \n", "white space and control characters only", id="white space"),
        pytest.param("\u200b\u2060\n".encode(), "white space and control characters only", id="zero-width"),
        pytest.param(b"\x89PNG\r\n\x1a\n\0\0\0", "NUL at byte 8, so it is binary", id="binary"),
        pytest.param("Grüße".encode("latin-1"), "not UTF-8: found 0xfc at byte 2", id="Latin-1"),
        pytest.param("Mars".encode("utf-16"), "UTF-16", id="UTF-16"),
        pytest.param(b"\xed\xa0\x80 lone", "not UTF-8", id="encoded surrogate"),
        pytest.param(b"---\n\n* * *\n", "nothing but boilerplate and rules", id="rules alone"),
        pytest.param(
            b"Advertisement\n\nSubscribe to our newsletter\n", "nothing but boilerplate", id="boilerplate alone"
        ),
        pytest.param(b"---\ntitle: T\n---\n", "empty file", id="front matter alone"),
    ],
)
def test_a_file_that_is_no_article_is_refused_in_one_line_that_names_it(tmp_path, content, said):
    path = write(tmp_path, content)
    with pytest.raises(ArticleError) as caught:
        load_article(path)
    message = str(caught.value)
    assert said in message and str(path) in message and "\n" not in message


def test_a_folder_a_missing_file_and_an_unknown_extension_are_refused(tmp_path):
    (tmp_path / "folder.md").mkdir()
    for name, said in [
        ("folder.md", "found a folder"),
        ("none.md", "no such file"),
        ("mars.docx", "found a .docx file"),
        ("mars", "no extension"),
    ]:
        if name.startswith("mars"):
            write(tmp_path, "Text.", name)
        with pytest.raises(ArticleError, match=said):
            load_article(tmp_path / name)
    assert load_article(write(tmp_path, "Text.", "MARS.TXT")).id == "MARS"


def test_front_matter_declares_an_article(tmp_path):
    path = write(
        tmp_path,
        "---\r\n# made by hand\r\nID: mars-2029\r\ntitle: Mars: the plan\r\nsource: 'Ha''aretz'\r\n\r\n"
        'url: https://example.org/a?b=c#d\r\npublished: 2025-03-27\r\nlanguage: "no"\r\n---  \r\n\r\nText.',
    )
    article = load_article(path)
    assert article.text == "\r\nText."
    assert (article.id, article.title, article.source) == ("mars-2029", "Mars: the plan", "Ha'aretz")
    assert (article.url, article.published, article.language) == ("https://example.org/a?b=c#d", "2025-03-27", "no")


def test_keys_of_other_programs_are_passed_over_with_a_warning(tmp_path, caplog):
    keys = "author: Jane\ntags:\n  - mars\n- moon\ndraft: false\npublisher: The Post\npublished_at: 2025\nuid: 7"
    path = write(tmp_path, f"---\n{keys}\n---\nText.")
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert load_article(path).text == "Text."
    assert caplog.text.count("author, tags, draft, publisher, published_at, uid") == 1


@pytest.mark.parametrize(
    ("front", "said"),
    [
        ("title: T\nText.", "never closed"),
        ("title: T\nid: x\nid: y\n---\n", "line 4: id stands there twice"),
        ("title: T\nTitle: U\n---\n", "line 3: title stands there twice"),
        ("title: T\njust words\n---\n", "line 3: found 'just words'"),
        ("title:\n  nested: T\n---\n", "line 3: title goes over several lines"),
        ("title: >-\n  folded\n---\n", "line 2: title goes over several lines"),
        ("tilte: T\n---\n", "did you mean title"),
        ("id: a/b\n---\n", "no slash"),
        ("id: ..\n---\n", "cannot be used"),
        ("url: javascript:alert(1)\n---\n", "url: found"),
        ("url: javascript://example.org/%0aalert(1)\n---\n", "url: found"),
        ("url: http://[\n---\n", "url: found"),
        ("published: 27 March\n---\n", "published: found '27 March'"),
        ("published: 2025-13\n---\n", "published"),
        ("language: English please\n---\n", "language: found"),
    ],
)
def test_bad_front_matter_is_refused_with_its_line_or_key(tmp_path, front, said):
    with pytest.raises(ArticleError, match=said):
        load_article(write(tmp_path, f"---\n{front}Text.\n"))


@pytest.mark.parametrize(
    "text",
    [
        "---\n\nA rule, then a paragraph.\n\n---\n\nAnother.",
        "---\nA rule, then a paragraph.\n---\nAnother.",
        "---\nNote: this is a paragraph.\n\nAnother.",
        "---\nNote: this is a paragraph\nof two lines.\n\n---\n\nAnother.",
        "---\n\ntitle: not front matter, after a blank line\n\n---\n",
        "---\n---\nTwo rules.",
        "----\ntitle: T\n----\nText.",
        "Text.\n---\ntitle: T\n---\n",
    ],
)
def test_a_rule_at_the_top_is_not_eaten(text):
    assert split_front_matter(text) == ({}, 0)
    assert article_from_text(text, id="x").text == text


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("'quoted': really", "'quoted': really"),
        ('"Mars: the plan"', "Mars: the plan"),
        (r'"He said \"go\""', 'He said "go"'),
        ('"A" and "B"', '"A" and "B"'),
        ("'Could contribute a lot', says envoy", "'Could contribute a lot', says envoy"),
        ("C# is no comment", "C# is no comment"),
    ],
)
def test_a_title_is_taken_as_it_stands(line, value):
    assert split_front_matter(f"---\ntitle: {line}\n---\nText.")[0] == {"title": value}


@given(st.text(alphabet=st.sampled_from("-\n:abtile #'\"\r. ")))
@example("---\ntitle: a\n---\n")
def test_front_matter_never_loses_text(text):
    """Whatever stands at the top: the rest is a suffix of the file, and begins a line."""
    try:
        _, begin = split_front_matter(text)
    except ArticleError:
        return
    assert begin == 0 or begin == len(text) or text[begin - 1] == "\n"


@pytest.mark.parametrize(
    "id", ["mars-2029", "Frédéric_Chopin", "Zelda:_Twilight (game)", "מאדים", "火星", "می\u200cخواهم", "a b"]
)
def test_ids_in_any_script_are_welcome(id):
    assert article_from_text("Text.", id=id).id == id


@pytest.mark.parametrize(
    "id",
    ["", " ", " a", "a ", ".", "..", ".git", "a/b", "a\\b", "a\nb", "a\0b", "\u202eabc", "a\u2028b", "\ud800", "x" * 201],
)
def test_ids_that_could_leave_a_folder_or_hide_are_refused(id):
    with pytest.raises(ArticleError, match="the id"):
        article_from_text("Text.", id=id)


def test_an_id_typed_on_another_keyboard_is_the_same_id(tmp_path):
    assert load_article(write(tmp_path, "Text.", "cafe\u0301.txt")).id == "caf\u00e9"


def test_text_that_is_no_text_is_refused():
    with pytest.raises(ArticleError, match=r"half a surrogate pair \(U\+D800\) at offset 3"):
        article_from_text("abc\ud800", id="x")
    with pytest.raises(ArticleError, match="NUL at offset 1"):
        article_from_text("a\0b", id="x")
    with pytest.raises(ArticleError, match="half a surrogate pair"):
        article_from_paragraphs("x", "T", ["fine", "\udfff"])
    with pytest.raises(ArticleError, match="title: found a control character"):
        article_from_text("Text.", id="x", title="a\x1bb")


def test_an_article_without_a_title_takes_its_title_block_else_its_id():
    assert article_from_text("Two moons\n\nMars has two moons.", id="x").title == "Two moons"
    assert article_from_text("Mars has two moons.", id="x").title == "x"
    assert article_from_text("Two moons\n\nMars has two moons.", id="x", title="Given").title == "Given"


def test_paragraphs_of_evaluation_data_are_verbatim_and_each_a_block():
    paragraphs = ["Subscribe to our newsletter", " padded \n", "", "Two\n\nparts.", "Subscribe to our newsletter"]
    article = article_from_paragraphs("squad-1", "Super_Bowl_50", paragraphs)
    assert article.text == "\n\n".join(paragraphs)
    assert {block.kind for block in article.blocks} == {"paragraph"}
    assert [article.text[b.start : b.end] for b in article.blocks] == [p.strip() for p in paragraphs if p.strip()]
    assert article.title == "Super_Bowl_50"
    with pytest.raises(ArticleError, match="empty"):
        article_from_paragraphs("x", "T", [])


def test_the_page_of_an_offset_counts_from_one_and_passes_over_pages_without_text():
    article = replace(article_from_text("One. Two. Three.", id="x"), pages=(0, 5, 5, 10))
    assert [article.page(offset) for offset in (0, 4, 5, 9, 10, 15)] == [1, 1, 3, 3, 4, 4]
    assert article_from_text("One.", id="x").page(0) is None
