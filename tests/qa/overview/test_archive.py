"""An overview of an archive: how many articles, from when, and the newest; never the first five for all of them."""

import pytest

from index.article import Article, article_from_text
from index.store import build_index
from qa.overview.choosing import MOST
from qa.pipeline import QAPipeline
from tests.qa.test_pipeline import _always
from tests.toy import ToyEncoder, ToyReader


def article(number: int, published: str | None) -> Article:
    text = f"The ferry number {number} left Osterby in a storm. It came back. Nobody had seen it since the morning."
    return article_from_text(text, id=f"a{number}", title=f"Ferry {number}", published=published)


def pipeline_of(*dates: str | None) -> QAPipeline:
    index = build_index([article(number, date) for number, date in enumerate(dates)], ToyEncoder())
    return QAPipeline(index, ToyEncoder(), reader=ToyReader(), decision=_always(answer=True))


def test_the_newest_articles_speak_for_an_archive_with_a_sentence_each() -> None:
    pipeline = pipeline_of("2019-05-01", "2025-02", "2023-01-01", None, "2025-03-27", "2024", "2022-10-10")
    answer = pipeline.answer("What is this about?")
    assert answer.kind == "overview"
    assert [one.article_id for one in answer.citations] == ["a4", "a1", "a5", "a2", "a6"]
    assert [one.number for one in answer.citations] == [1, 2, 3, 4, 5]
    assert answer.message is not None and answer.message.startswith("There are 7 articles here, from 2019 to 2025. ")
    for one in answer.citations:
        assert pipeline.index.article(one.article_id).text[one.start : one.end] == one.quote


def test_without_dates_some_articles_do() -> None:
    answer = pipeline_of(*[None] * 8).answer("Summarise")
    assert [one.article_id for one in answer.citations] == [f"a{number}" for number in range(MOST)]
    assert answer.message is not None and "a sentence of each of five of them" in answer.message


def test_articles_of_one_year_are_of_that_year() -> None:
    answer = pipeline_of(*["2024-01-01"] * 6).answer("Summarise")
    assert answer.message is not None and "6 articles here, published in 2024." in answer.message


@pytest.mark.parametrize("question", ["Who is mentioned?", "Give me the dates", "numbers"])
def test_names_and_figures_are_told_of_one_article_at_a_time(question: str) -> None:
    pipeline = pipeline_of(*["2024-01-01"] * 6)
    answer = pipeline.answer(question)
    assert (answer.kind, answer.answerable, answer.citations) == ("help", False, ())
    assert answer.message is not None and "choose one" in answer.message
    assert pipeline.answer("What is this about?", article="a3").message is None


def test_a_few_articles_are_all_spoken_of() -> None:
    answer = pipeline_of(*[None] * MOST).answer("Summarise")
    assert answer.message is None and len({one.article_id for one in answer.citations}) == MOST
