"""Real articles up to a size, copies beyond it, and questions that every archive can answer."""

import gzip
import json
from pathlib import Path

import pytest

from index.errors import DataError
from qa.evaluation.scale import texts
from qa.evaluation.scale.texts import (
    copies,
    copy_of,
    first,
    outline,
    questions_on,
    read_texts,
    sentences_in,
    words_by_length,
)
from tests.evaluation.scale.data import LAKES, write_data


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_data(tmp_path / "data")


def test_articles_with_questions_come_first_and_nothing_comes_twice(data: Path) -> None:
    found = read_texts(data)
    assert {article.title for article in found.articles[:3]} == {name.replace("_", " ") for name in LAKES}
    assert {article.title for article in found.articles[3:]} == {"A mill", "A tower"}
    mill = next(article for article in found.articles if article.title == "A mill")
    assert mill.text.count("barley") == 1  # its row stands there for each of its questions
    assert len(mill.blocks) == 2
    assert sorted(map(len, found.questions.values())) == [1, 2, 2]
    assert [article.id for article in read_texts(data).articles] == [article.id for article in found.articles]


def test_so_many_sentences_are_taken_and_the_last_article_is_cut_after_a_paragraph(data: Path) -> None:
    articles = read_texts(data).articles
    counts = [sentences_in(article) for article in articles]
    assert sum(counts) == 5 + 4 + 2 + 4 + 2
    for wanted in range(1, sum(counts) + 1):
        found = first(articles, wanted)
        made = sum(map(sentences_in, found))
        assert wanted <= made < wanted + 3  # a paragraph has at most three
        assert found[:-1] == list(articles[: len(found) - 1])
        assert articles[len(found) - 1].text.startswith(found[-1].text)
    assert first(articles, 1_000) == list(articles)


def test_a_copy_has_other_words_in_the_same_places(data: Path) -> None:
    articles = first(read_texts(data).articles, 1_000)
    words = words_by_length(articles)
    article = articles[0]
    one, again, other = copy_of(article, 1, words), copy_of(article, 1, words), copy_of(article, 2, words)
    assert one == again
    assert len({article.text, one.text, other.text}) == 3
    assert len({article.id, one.id, other.id}) == 3
    assert (one.blocks, len(one.text)) == (article.blocks, len(article.text))
    assert outline(one.text) == outline(article.text) != article.text
    assert one.sha256 != article.sha256
    known = {word for several in words.values() for word in several}
    changed = [(old, new) for old, new in zip(article.text.split(), one.text.split(), strict=True) if old != new]
    assert all(new.strip(".,") in known for _, new in changed)


def test_copies_follow_the_originals_until_there_are_enough(data: Path) -> None:
    articles = first(read_texts(data).articles, 1_000)
    sizes = {article.id: sentences_in(article) for article in articles}
    found = list(copies(articles, sizes, 2 * 17 + 1))
    assert found[: len(articles)] == articles
    assert [one.id for one in found[len(articles) :]] == [*(f"{a.id}.1" for a in articles), f"{articles[0].id}.2"]


def test_questions_are_on_whole_articles_of_the_smallest_archive(data: Path) -> None:
    known = read_texts(data)
    smallest = first(known.articles, sentences_in(known.articles[0]) + 1)
    asked = questions_on(known, smallest, 100)
    assert sorted(asked) == sorted(known.questions[known.articles[0].id])
    assert len(questions_on(known, known.articles, 3)) == 3
    with pytest.raises(DataError, match="larger first size"):
        questions_on(known, known.articles[3:], 10)


def test_a_folder_without_the_data_is_told(data: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"train.jsonl.gz: cannot be used"):
        read_texts(tmp_path / "none")
    with gzip.open(data / texts.TRAIN, "at") as file:
        file.write(json.dumps({"source": "s", "article": "b"}) + "\n")
    with pytest.raises(DataError, match="KeyError: 'context'"):
        read_texts(data)
    write_data(tmp_path / "other")
    for path in (tmp_path / "other" / "dev").iterdir():
        path.unlink()
    with pytest.raises(DataError, match="found no questions in"):
        read_texts(tmp_path / "other")
