"""What was found, ranked for a reader; and that an archive answers as the article does that it answers from."""

import math
from dataclasses import replace

import pytest

from index.article import article_from_text
from index.store import Index, build_index
from qa.answer import Span
from qa.conversation import Reading
from qa.home import Found
from qa.pipeline import QAPipeline
from qa.ranking import rank
from tests.evaluation.toy_run import coverage_decision
from tests.qa.test_ranking import evidence, weights
from tests.toy import ToyEncoder, ToyReader

DAMS = {
    "dam": "The Orlo dam was built by Agnes Tolmie. It broke in 1901. Nobody was hurt by it.",
    "mill": "The Orlo mill was built by the dam. It was sold in 1950. Its owner was hurt.",
    "lake": "The lake is deep. A dam holds it. It was built long ago by hand.",
}
ASKED = ("Who was the Orlo dam built by?", "When was the mill sold?", "Who was hurt by it?", "What is deep?")


@pytest.fixture(scope="module")
def index() -> Index:
    return build_index([article_from_text(DAMS["dam"], id="dam")], ToyEncoder())


@pytest.fixture(scope="module")
def archive() -> QAPipeline:
    articles = [article_from_text(text, id=name) for name, text in DAMS.items()]
    return QAPipeline(build_index(articles, ToyEncoder()), ToyEncoder(), reader=ToyReader(), decision=coverage_decision())


def test_a_sentence_comes_with_its_span_where_an_answer_is_likelier_than_none(index: Index) -> None:
    read = evidence(index, [0] * 3, [1.5, 3.0, 1.0], [0] * 3)  # the best spans' scores are 1 less
    found = Found(read, rank(read, weights(reader_odds=1)))
    ranked = found.ranked(10)
    assert [one.sentence.id for one in ranked] == [1, 0, 2]
    assert [one.span is not None for one in ranked] == [True, True, False]
    assert ranked[0].span == Span(index.sentences[1].start, index.sentences[1].end)
    assert sum(one.score for one in ranked) == pytest.approx(1)
    assert found.ranked(2) == ranked[:2]


@pytest.mark.parametrize("question", ASKED)
def test_an_archive_answers_as_the_article_does_that_it_answers_from(archive: QAPipeline, question: str) -> None:
    (of_all,) = archive.predict([question])
    (alone,) = archive.predict([question], article=of_all.best.article_id)
    assert (of_all.best, of_all.p_right, of_all.p_no_answer) == (alone.best, alone.p_right, alone.p_no_answer)
    assert of_all.ranked[0].sentence == alone.ranked[0].sentence
    assert set(alone.read) <= set(of_all.read)


def test_what_is_verified_is_the_answer_of_the_article_alone(archive: QAPipeline) -> None:
    for question in ASKED:
        asked = [Reading(question, question)]
        ((of_all,), _) = archive.find(asked, None)
        ((alone,), _) = archive.find(asked, of_all.home)
        assert of_all.verified == alone.verified
        assert of_all.among is not None and math.isnan(of_all.among.verified)


def test_sentences_of_other_articles_are_ranked_behind_it(archive: QAPipeline) -> None:
    (found,) = archive.predict([ASKED[0]])
    assert found.ranked[0].sentence.article_id == found.best.article_id
    assert {one.sentence.article_id for one in found.ranked} == set(DAMS)
    scores = [one.score for one in found.ranked]
    assert scores == sorted(scores, reverse=True) and sum(scores) == pytest.approx(1)
    assert len({(one.sentence.article_id, one.sentence.id) for one in found.ranked}) == len(found.ranked)


def test_no_window_is_read_twice(archive: QAPipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    whole = archive.reader.read
    monkeypatch.setattr(archive.reader, "read", lambda asked, texts: [read.extend(texts), whole(asked, texts)][1])
    archive.predict([ASKED[0]])
    assert read and len(read) == len(set(read))


def test_one_article_is_asked_as_it_is(archive: QAPipeline) -> None:
    single = QAPipeline(
        build_index([archive.index.article("dam")], ToyEncoder()),
        ToyEncoder(),
        reader=ToyReader(),
        decision=coverage_decision(),
    )
    (of_all,), (named,) = single.predict([ASKED[0]]), single.predict([ASKED[0]], article="dam")
    assert replace(of_all, retrieve_ms=0, read_ms=0) == replace(named, retrieve_ms=0, read_ms=0)
