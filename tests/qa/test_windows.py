"""Windows: every passage in one, in order, and no word in one that is in no passage."""

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from index.article import Article, article_from_text
from index.passages import segment
from index.units import Passage
from qa.windows import article_windows
from tests.toy import ToyEncoder

GAPS = ("\n\n", " ", "\r\n\u2003\n", "\n\n[advertisement]\n\n", "")


def count_words(texts: Sequence[str]) -> list[int]:
    return [len(text.split()) for text in texts]


def laid_out(lengths: Sequence[int], gaps: Sequence[str]) -> tuple[Article, list[Passage]]:
    """An article of passages of so many words, with the gaps between them."""
    text = "A title.\n\n"
    passages: list[Passage] = []
    for length, gap in zip(lengths, gaps, strict=True):
        start = len(text)
        text += " ".join(["word"] * length)
        passages.append(Passage("a", len(passages), start, len(text)))
        text += gap
    return article_from_text(text + "\n\nThe end.", id="a", title="A title"), passages


layouts = st.lists(st.tuples(st.integers(1, 12), st.sampled_from(GAPS)), min_size=1, max_size=30)


@given(layouts, st.integers(1, 25))
def test_windows_hold_every_passage_in_order_and_as_many_as_fit(layout: list[tuple[int, str]], room: int) -> None:
    lengths, gaps = zip(*layout, strict=True)
    article, passages = laid_out(lengths, gaps)
    windows = article_windows(article, passages, count_words, room)
    assert [number for one in windows for number in range(one.first, one.last + 1)] == list(range(len(passages)))
    for window in windows:
        assert window.article_id == "a"
        assert (window.start, window.end) == (passages[window.first].start, passages[window.last].end)
        assert window.first == window.last or sum(lengths[window.first : window.last + 1]) <= room
        assert all(gap.isspace() for gap in gaps[window.first : window.last])
    for window, after in pairwise(windows):
        full = sum(lengths[window.first : after.first + 1]) > room
        assert full or not gaps[window.last].isspace()


def test_boilerplate_is_in_no_window(seed_article: Article) -> None:
    encoder = ToyEncoder()
    passages, _ = segment(seed_article, encoder.count_tokens, encoder.max_tokens)
    boilerplate = [block for block in seed_article.blocks if block.kind == "boilerplate"]
    assert boilerplate
    for window in article_windows(seed_article, passages, encoder.count_tokens, 1_000_000):
        assert all(block.end <= window.start or window.end <= block.start for block in boilerplate)


def test_passages_that_overlap_are_read_apart() -> None:
    article = article_from_text("one two three four five", id="a", title="A")
    overlapping = [Passage("a", 0, 0, 13), Passage("a", 1, 8, 23)]
    windows = article_windows(article, overlapping, count_words, 100)
    assert [(window.start, window.end) for window in windows] == [(0, 13), (8, 23)]


def test_no_passage_makes_no_window(seed_article: Article) -> None:
    assert article_windows(seed_article, [], count_words, 100) == ()
