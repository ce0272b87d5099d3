"""Overviews as the pipeline answers with them: the schema, what takes their place, and that they need no model."""

import time

import pytest

from index.article import article_from_text
from index.errors import ArticleError
from index.store import Index, build_index
from qa.answer import SCHEMA_ORDER
from qa.pipeline import QAPipeline
from tests.qa.test_pipeline import _always
from tests.toy import ToyEncoder, ToyReader


@pytest.fixture(scope="module")
def pipeline(toy_index: Index, toy_encoder: ToyEncoder) -> QAPipeline:
    return QAPipeline(toy_index, toy_encoder, reader=ToyReader(), decision=_always(answer=True))


@pytest.mark.parametrize("question", ["What is this about?", "Who is mentioned?", "Give me the dates", "על מה הכתבה?"])
@pytest.mark.parametrize("article", ["article", None])
def test_an_overview_is_an_answer_of_citations_alone(pipeline: QAPipeline, question: str, article: str | None) -> None:
    answer = pipeline.answer(question, article=article)
    assert (answer.kind, answer.question, answer.answerable) == ("overview", question, True)
    assert (answer.answer, answer.confidence, answer.confidence_label, answer.p_no_answer) == (None, None, None, None)
    assert (answer.message, answer.interpreted_as, answer.nearest) == (None, None, ())
    assert list(answer.as_dict()) == list(SCHEMA_ORDER)
    assert [one.number for one in answer.citations] == list(range(1, len(answer.citations) + 1)) != []
    for one in answer.citations:
        found = pipeline.index.article(one.article_id)
        assert found.text[one.start : one.end] == one.quote and one.article_sha256 == found.sha256
        assert all(one.start <= span.start < span.end <= one.end for span in one.spans)
        assert 0 <= one.score <= 1


def test_all_articles_have_their_part_in_an_overview_of_all(pipeline: QAPipeline) -> None:
    answer = pipeline.answer("Summarise")
    assert list(dict.fromkeys(one.article_id for one in answer.citations)) == ["article", "moon"]


def test_what_the_article_has_nothing_of_is_asked_as_a_question(toy_encoder: ToyEncoder) -> None:
    index = build_index([article_from_text("Rain fell on the hills for days.", id="rain")], toy_encoder)
    refusing = QAPipeline(index, toy_encoder, reader=ToyReader(), decision=_always(answer=False))
    answer = refusing.answer("Who is mentioned?")
    assert (answer.kind, answer.citations) == ("no_answer", ())
    assert answer.nearest
    assert refusing.answer("What is this about?").kind == "overview"


def test_a_question_about_something_is_read_for_an_answer(pipeline: QAPipeline) -> None:
    assert pipeline.answer("What is the survey about?").kind == "answer"


def test_top_k_cuts_answers_and_not_overviews(pipeline: QAPipeline) -> None:
    assert len(pipeline.answer("Summarise", article="article", top_k=1).citations) > 1


def test_an_unknown_article_is_refused(pipeline: QAPipeline) -> None:
    with pytest.raises(ArticleError, match="nowhere"):
        pipeline.answer("Summarise", article="nowhere")


def test_an_overview_encodes_and_reads_nothing(toy_index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline = QAPipeline(toy_index, ToyEncoder(), reader=ToyReader(), decision=_always(answer=True))

    def never(*_: object) -> None:
        raise AssertionError("a model was asked")

    monkeypatch.setattr(pipeline.encoder, "encode", never)
    monkeypatch.setattr(pipeline.passages, "read", never)
    assert pipeline.answer("What is this about?").citations


def test_an_overview_is_made_once(pipeline: QAPipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    first = pipeline.answer("Give me the numbers", article="moon")
    monkeypatch.setattr(pipeline.overviews, "_chosen", None)
    started = time.perf_counter()
    assert pipeline.answer("numbers", article="moon").citations == first.citations
    assert time.perf_counter() - started < 0.5
