"""An article as HTML: all of its words, in order, each sentence addressable, nothing of it markup."""

import re
import sys
from html import unescape

import pytest

from index.article import Article, Block, article_from_text
from index.passages import segment
from index.units import Sentence
from qa.web.article_html import article_html, readable_date
from tests.toy import ToyEncoder

HOSTILE = 'A <b>title</b> & "more"\n\n<script>alert(1)</script> costs ${1+1} or {{x}}. Right?\n\nSubscribe now!'


def hostile(**fields) -> tuple[Article, list[Sentence]]:
    starts = [0, HOSTILE.index("<script>"), HOSTILE.index("Subscribe")]
    ends = [HOSTILE.index("\n"), HOSTILE.index("\n\nSub"), len(HOSTILE)]
    kinds = ("title", "paragraph", "boilerplate")
    blocks = tuple(Block(kind, start, end) for kind, start, end in zip(kinds, starts, ends, strict=True))
    right = HOSTILE.index("Right")
    sentences = [
        Sentence("a", 0, 0, starts[0], ends[0]),
        Sentence("a", 1, 1, starts[1], right - 1),
        Sentence("a", 2, 1, right, ends[1]),
    ]
    return Article(id="a", text=HOSTILE, blocks=blocks, title="A title", **fields), sentences


def words(html: str) -> str:
    return unescape(re.sub(r"<[^>]+>", "", html))


def test_every_word_of_the_seed_article_is_there_in_order(pipeline):
    article = pipeline.index.articles[0]
    low, high = pipeline.index.sentence_rows(article.id)
    shown = words(article_html(article, pipeline.index.sentences[low:high]))
    position = 0
    for block in article.blocks:
        position = shown.index(article.text[block.start : block.end], position)


def test_every_sentence_of_the_seed_article_is_an_element_with_its_words(pipeline):
    article = pipeline.index.articles[0]
    low, high = pipeline.index.sentence_rows(article.id)
    html = article_html(article, pipeline.index.sentences[low:high])
    for sentence in pipeline.index.sentences[low:high]:
        (found,) = re.findall(rf'<span class="qa-sentence" id="s{sentence.id}">(.*?)</span>', html, re.DOTALL)
        assert unescape(found) == article.text[sentence.start : sentence.end]


def test_nothing_of_the_text_becomes_markup():
    article, sentences = hostile(source="<i>S</i>", language='x"><script>')
    html = article_html(article, sentences)
    assert "<script" not in html and "<b>" not in html and "<i>" not in html
    assert "${1+1} or {{x}}" in words(html)


def test_boilerplate_is_folded_away_but_there():
    article, sentences = hostile()
    html = article_html(article, sentences)
    (folded,) = re.findall(r"<details.*?</details>", html)
    assert "Subscribe now!" in folded and "qa-sentence" not in folded


def test_the_headline_is_the_one_h1_whether_in_the_text_or_only_in_the_front_matter():
    article, sentences = hostile()
    assert article_html(article, sentences).count("<h1") == 1
    bare = Article(id="a", text="One. Two.", blocks=(Block("paragraph", 0, 9),), title="From the front matter")
    (headline,) = re.findall(r"<h1.*?</h1>", article_html(bare, []))
    assert "From the front matter" in headline


@pytest.mark.parametrize(
    ("url", "linked"), [("https://example.org/x", True), ("javascript:alert(1)", False), (None, False)]
)
def test_the_source_is_a_link_only_to_the_web(url, linked):
    article, sentences = hostile(source="The Post", url=url)
    html = article_html(article, sentences)
    assert "The Post" in html
    assert ("<a " in html) is linked


@pytest.mark.parametrize(
    ("published", "shown"),
    [
        (None, None),
        ("2025-03-07", "7 March 2025"),
        ("2025-03-27T10:00:00Z", "27 March 2025"),
        ("2025-03", "March 2025"),
        ("2025", "2025"),
        ("last Thursday", "last Thursday"),
    ],
)
def test_dates_read_as_written_by_a_person(published, shown):
    assert readable_date(published) == shown


def test_setting_a_book_takes_as_long_as_its_sentences_are_many():
    """Not their square. Counted in steps of the program, as seconds depend on the machine."""

    def steps(paragraphs: int) -> int:
        text = "\n\n".join(f"Paragraph {n} says little. It says no more." for n in range(paragraphs))
        article = article_from_text(text, id="book", title="A book")
        sentences = segment(article, ToyEncoder().count_tokens, ToyEncoder().max_tokens)[1]
        assert len(article.blocks) >= paragraphs
        taken = 0

        def count(*_):
            nonlocal taken
            taken += 1
            return count

        sys.settrace(count)
        try:
            html = article_html(article, sentences)
        finally:
            sys.settrace(None)
        assert html.count('class="qa-sentence"') == len(sentences) >= paragraphs
        return taken

    assert steps(400) < 6 * steps(100)
