"""HTML: the article's text and nothing around it, what its markup and metadata tell, and what cannot be read."""

import pytest

from index.errors import ArticleError
from index.sources.html import DEEPEST, LARGEST_HTML, extract_html
from tests.index.sources.making import PAGE, page

PARAGRAPHS = [
    ("title", "Mars: the plan"),
    (
        "paragraph",
        "The rocket left Earth on Monday, and the crew of four waved. "
        "It was a good day for all who had worked for years on “the mission”.",
    ),
    ("subheading", "The landing"),
    (
        "paragraph",
        "They may land in 2029,\nsaid the director. Nothing else is known of the date at present, and she would not say "
        "more.",
    ),
    ("paragraph", "One apple for each of them"),
    ("paragraph", "Two pears for all"),
    ("paragraph", "We will go there, and we will come back from there as well."),
    ("paragraph", "Year | Cost"),
    ("paragraph", "2025 | 10 million"),
    (
        "paragraph",
        "A last paragraph tells that the mission was paid for by nobody in particular, which surprised everybody.",
    ),
]


def test_a_page_becomes_its_article_block_by_block() -> None:
    article = extract_html(PAGE.encode()).article("mars")
    assert [(block.kind, article.text[block.start : block.end]) for block in article.blocks] == PARAGRAPHS
    assert article.text == "\n\n".join(text for _, text in PARAGRAPHS)


def test_what_the_page_says_of_itself_is_taken() -> None:
    found = extract_html(PAGE.encode())
    assert (found.title, found.source, found.url) == ("Mars: the plan", "The Post", "https://post.example.org/mars-plan")
    assert (found.published, found.language) == ("2025-03-27", "en-GB")


def test_what_it_says_that_cannot_be_used_is_left_out() -> None:
    head = '<link rel="canonical" href="javascript:alert(1)"><meta property="article:published_time" content="soon">'
    found = extract_html(page("The crew of four waved to those who stayed behind on the ground that day.", head).encode())
    assert (found.url, found.published) == (None, None)


def test_a_fetched_page_may_name_another_address_of_its_own_host_only() -> None:
    raw = PAGE.encode()
    assert extract_html(raw, url="https://post.example.org/m?utm=1").url == "https://post.example.org/mars-plan"
    assert extract_html(raw, url="https://other.example.org/copy").url == "https://other.example.org/copy"


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "it is no HTML"),
        (b"just text", "it is no HTML"),
        (b"<html><body></body></html>", "found no article"),
        (b"<html><body>" + b"<div>" * (DEEPEST + 1) + b"<p>Words in the deep.</p>", f"nested more than {DEEPEST} deep"),
        (b"<html><body>" + b"<b>" * 100_000 + b"<p>Words in the deep.</p>", f"nested more than {DEEPEST} deep"),
        (b"<html>" + b" " * LARGEST_HTML, "larger than 16 MiB"),
    ],
    ids=["empty", "text", "no article", "deep", "very deep", "large"],
)
def test_what_is_no_article_is_refused(raw: bytes, said: str) -> None:
    with pytest.raises(ArticleError, match=said):
        extract_html(raw)


def test_hostile_markup_is_text_or_nothing() -> None:
    words = "The crew &lt;script&gt;alert(1)&lt;/script&gt; waved to those who stayed behind on the ground that day."
    found = extract_html(page(f"{words}<script>alert(2)</script><!-- <p>hidden</p> -->").encode())
    assert found.text == "The crew <script>alert(1)</script> waved to those who stayed behind on the ground that day."
