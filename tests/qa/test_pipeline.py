"""From a question to an Answer: the invariants on every kind of answer, over awkward text, alone, batched and in threads."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.article import article_from_paragraphs, article_from_text
from index.errors import ArticleError, IndexDamaged, QuestionError
from index.store import Index, build_index
from index.units import Sentence
from qa.answer import SCHEMA_ORDER, Answer, Citation, Span, Timings
from qa.decision import Decision, load_decision
from qa.pipeline import QAPipeline
from qa.prediction import Prediction
from qa.reader import Reader
from qa.settings import load_settings
from tests.toy import ToyEncoder, ToyReader

ASKED = "Where was ice found?"
SEVERAL = [
    ASKED,
    "When could humans land on Mars?",
    "What is a cafe?",
    "Who came?",
    "How many tons of ice does crater number 7 hold?",
    "zzz",
    "the",
    "7",
]


def _always(*, answer: bool) -> Decision:
    """A decision that answers, or refuses, whatever is asked."""
    packaged = load_decision()
    flat = tuple((0.0,) * len(row) for row in packaged.weights)
    return replace(packaged, weights=flat, bias=(0.0, 2.0, 0.0) if answer else (2.0, 0.0, 0.0))


@pytest.fixture(scope="module")
def answering(toy_index: Index, toy_encoder: ToyEncoder) -> QAPipeline:
    return QAPipeline(toy_index, toy_encoder, decision=_always(answer=True))


@pytest.fixture(scope="module")
def refusing(toy_index: Index, toy_encoder: ToyEncoder) -> QAPipeline:
    return QAPipeline(
        toy_index, toy_encoder, decision=_always(answer=False), suggestions={"moon": ["Who came?", "When?"]}
    )


def _check(answer: Answer, index: Index) -> None:
    """Every promise that the schema makes about one answer."""
    assert list(answer.as_dict()) == list(SCHEMA_ORDER)
    for citation in (*answer.citations, *answer.nearest):
        article = index.article(citation.article_id)
        assert article.text[citation.start : citation.end] == citation.quote != ""
        assert citation.article_sha256 == article.sha256
        context = citation.prefix + citation.quote + citation.suffix
        assert article.text[citation.start - len(citation.prefix) :].startswith(context)
        assert all(citation.start <= span.start < span.end <= citation.end for span in citation.spans)
        assert 0 <= citation.score <= 1
        assert citation.page is None
    assert [citation.number for citation in answer.citations] == list(range(1, len(answer.citations) + 1))
    assert all(len(citation.spans) == 1 for citation in answer.citations)
    assert all((citation.number, citation.spans) == (None, ()) for citation in answer.nearest)
    if answer.answer is not None:
        found = answer.answer
        assert index.article(found.article_id).text[found.start : found.end] == found.text
        assert answer.citations[0].spans == (Span(found.start, found.end),)
    scores = [citation.score for citation in answer.citations or answer.nearest]
    assert scores == sorted(scores, reverse=True)


def _levelled(prediction: Prediction) -> Prediction:
    """With an answer in each sentence, the whole of it where there is none, and all of them equally likely."""
    ranked = [replace(found, score=0.1, span=found.span or _whole(found.sentence)) for found in prediction.ranked]
    return replace(prediction, ranked=tuple(ranked))


def _whole(sentence: Sentence) -> Span:
    return Span(sentence.start, sentence.end)


def _alike(one: Answer, other: Answer) -> None:
    """Two answers to one question: the same in all but how long they took, and scores in the last digits."""

    def exact(answer: Answer) -> Answer:
        citations, nearest = (
            tuple(replace(citation, score=0.0) for citation in cited) for cited in (answer.citations, answer.nearest)
        )
        return replace(
            answer, citations=citations, nearest=nearest, confidence=None, p_no_answer=None, timings_ms=Timings()
        )

    def scores(answer: Answer) -> list[float | None]:
        shown = [citation.score for citation in (*answer.citations, *answer.nearest)]
        return [answer.confidence, answer.p_no_answer, *shown]

    assert exact(one) == exact(other)
    assert scores(one) == pytest.approx(scores(other), abs=1e-3)


def test_an_answer_quotes_cites_and_names_its_models(
    answering: QAPipeline, toy_index: Index, real_reader: Reader
) -> None:
    answer = answering.answer(ASKED, article="moon")
    _check(answer, toy_index)
    assert (answer.kind, answer.answerable, answer.nearest) == ("answer", True, ())
    assert answer.answer is not None
    assert "south pole" in answer.answer.text
    assert len(answer.answer.text) < len(answer.citations[0].quote)
    assert answer.citations[0].quote == "Ice was found near the south pole."
    assert answer.citations[0].title == "Water on the Moon"
    assert answer.citations[0].published == "2031-02-03"
    assert (answer.models.encoder, answer.models.reader) == ("toy", real_reader.name)
    assert answer.confidence_label == "medium"
    assert answer.confidence == pytest.approx(0.787, abs=1e-3)
    assert answer.timings_ms.total >= answer.timings_ms.retrieve > 0
    assert answer.timings_ms.total >= answer.timings_ms.read > 0


def test_a_refusal_shows_the_three_nearest_and_no_answer(refusing: QAPipeline, toy_index: Index) -> None:
    answer = refusing.answer(ASKED, article="moon")
    _check(answer, toy_index)
    assert (answer.kind, answer.answerable, answer.answer, answer.citations) == ("no_answer", False, None, ())
    assert len(answer.nearest) == 3
    assert answer.nearest[0].quote == "Ice was found near the south pole."
    assert answer.confidence == answer.p_no_answer == pytest.approx(0.787, abs=1e-3)


def test_a_greeting_gets_a_pointer_and_questions_worth_asking(refusing: QAPipeline, toy_index: Index) -> None:
    answer = refusing.answer("Hello!", article="moon")
    _check(answer, toy_index)
    assert (answer.kind, answer.answerable, answer.citations, answer.nearest) == ("help", False, (), ())
    assert answer.message is not None
    assert answer.message.startswith("Hello!")
    assert answer.suggestions == ("Who came?", "When?")
    assert (answer.confidence, answer.p_no_answer) == (None, None)


def test_an_answer_cannot_be_changed(answering: QAPipeline) -> None:
    with pytest.raises(FrozenInstanceError):
        answering.answer(ASKED).kind = "help"  # type: ignore[misc]


def test_only_the_article_asked_is_cited(answering: QAPipeline, refusing: QAPipeline) -> None:
    for pipeline in (answering, refusing):
        for article in ("moon", "article"):
            answer = pipeline.answer("What did Musk find on the Moon?", article=article, top_k=10)
            assert {citation.article_id for citation in (*answer.citations, *answer.nearest)} == {article}


def test_what_the_article_says_twice_is_one_answer(toy_encoder: ToyEncoder) -> None:
    said = "“Russia can offer a small nuclear plant for a mission to Mars,” the agency cited {} as saying on Thursday."
    other = (
        "Nobody at the company answered when reporters asked for a comment on what the minister had written that morning."
    )
    index = build_index(
        [article_from_paragraphs("a", "A", [said.format("the envoy"), other, said.format("him"), said.format("him")])],
        toy_encoder,
    )
    for decision in (_always(answer=True), _always(answer=False)):
        answer = QAPipeline(index, toy_encoder, decision=decision).answer("What can Russia offer for a mission to Mars?")
        shown = answer.citations or answer.nearest
        assert sum("Russia can offer" in citation.quote for citation in shown) == 1


def test_sentences_that_differ_in_a_figure_are_both_shown(toy_encoder: ToyEncoder) -> None:
    paragraphs = ["The plant makes 10 kilowatts.", "The plant makes 90 kilowatts."]
    index = build_index([article_from_paragraphs("a", "A", paragraphs)], toy_encoder)
    answer = QAPipeline(index, toy_encoder, decision=_always(answer=False)).answer(
        "How many kilowatts does the plant make?"
    )
    assert {citation.quote for citation in answer.nearest} == set(paragraphs)


def test_a_subheading_is_not_shown_as_near(toy_encoder: ToyEncoder) -> None:
    text = "# Ice\n\n## Where ice was found\n\nIce was found near the pole.\n\nNobody found it before that year of the probe."
    index = build_index([article_from_text(text, id="a")], toy_encoder)
    answer = QAPipeline(index, toy_encoder, decision=_always(answer=False)).answer("Where was the ice found?")
    assert "Where ice was found" not in [citation.quote for citation in answer.nearest]
    assert "Ice was found near the pole." in [citation.quote for citation in answer.nearest]


@pytest.mark.parametrize("top_k", [0, -1, 11, "3", None, 1.5, True])
def test_top_k_out_of_range_is_refused(answering: QAPipeline, top_k: Any) -> None:
    with pytest.raises(QuestionError, match="1 to 10"):
        answering.answer(ASKED, top_k=top_k)


@pytest.mark.parametrize(
    "history",
    [
        5,
        [5],
        "x",
        [{"question": 1, "answer": None}],
        [{"question": "x"}],
        {"question": "x"},
        {"question": "x", "answer": "y"},
    ],
)
def test_history_that_is_no_turns_is_refused(answering: QAPipeline, history: Any) -> None:
    with pytest.raises(QuestionError, match="history"):
        answering.answer(ASKED, history=history)


def test_history_does_not_change_a_question_that_stands_alone(answering: QAPipeline) -> None:
    turns = ({"question": "Who came?", "answer": None}, {"question": "Why?", "answer": "Nobody"})
    assert answering.answer(ASKED, history=turns).answer == answering.answer(ASKED).answer


def test_top_k_bounds_the_citations(toy_encoder: ToyEncoder) -> None:
    sentences = [f"Ice was found by probe {number}." for number in range(5)]
    index = build_index([article_from_paragraphs("a", "A", [" ".join(sentences)])], toy_encoder)
    pipeline = QAPipeline(index, toy_encoder, decision=_always(answer=True))
    assert len(pipeline.answer("Which probe found ice?", top_k=1).citations) == 1
    prediction = _levelled(pipeline.predict(["Which probe found ice?"])[0])
    assert [len(pipeline.compose(prediction, top_k=most).citations) for most in (2, 5, 10)] == [2, 5, 5]


def test_only_sentences_nearly_as_likely_as_the_best_are_cited(answering: QAPipeline) -> None:
    prediction = answering.predict([ASKED], article="moon")[0]
    scores = (0.4, 0.3, 0.25, 0.2, 0.19, *(0.0,) * len(prediction.ranked))
    ranked = [
        replace(found, score=score, span=None if score == 0.3 else _whole(found.sentence))
        for found, score in zip(prediction.ranked, scores, strict=False)
    ]
    answer = answering.compose(replace(prediction, ranked=tuple(ranked)), top_k=10)
    assert [citation.score for citation in answer.citations] == [0.4, 0.25, 0.2]


def test_a_further_sentence_that_answers_is_cited_with_its_own_span(toy_encoder: ToyEncoder) -> None:
    said = "The reef was mapped by {}."
    index = build_index([article_from_paragraphs("a", "A", [said.format("Holt"), said.format("Ashe")])], toy_encoder)
    pipeline = QAPipeline(index, toy_encoder, reader=ToyReader(), decision=_always(answer=True))
    answer = pipeline.answer("Who was the reef mapped by?")
    _check(answer, index)
    assert [_marked(index, citation) for citation in answer.citations] == ["Holt", "Ashe"]


def _marked(index: Index, citation: Citation) -> str:
    (span,) = citation.spans
    return index.article(citation.article_id).text[span.start : span.end]


def test_the_words_that_answer_are_found_in_every_sentence_that_has_them(toy_encoder: ToyEncoder) -> None:
    paragraphs = ["The lighthouse was built by Mary Holt.", "In 1874 Mary Holt built the lighthouse on a reef."]
    index = build_index([article_from_paragraphs("a", "A", paragraphs)], toy_encoder)
    pipeline = QAPipeline(index, toy_encoder, decision=_always(answer=True))
    answer = pipeline.compose(_levelled(pipeline.predict(["Who built the lighthouse?"])[0]))
    _check(answer, index)
    assert {citation.quote for citation in answer.citations} == set(paragraphs)
    for citation in answer.citations:
        assert "Mary Holt" in _marked(index, citation) != citation.quote


def test_the_best_answer_of_a_sentence_lies_in_it(answering: QAPipeline) -> None:
    predictions = answering.predict(SEVERAL, depth=10_000)
    for prediction in predictions:
        best, first = prediction.best, prediction.ranked[0]
        for sentence, span in (
            (first.sentence, Span(best.start, best.end)),
            *((found.sentence, found.span) for found in prediction.ranked if found.span is not None),
        ):
            assert sentence.start <= span.start < span.end <= sentence.end
        assert first.span in (None, Span(best.start, best.end))
    assert any(found.span is None for prediction in predictions for found in prediction.ranked)
    assert any(found.span is not None for prediction in predictions for found in prediction.ranked)


def test_probabilities_of_silence_and_of_being_right_leave_room_for_being_wrong(
    toy_index: Index, toy_encoder: ToyEncoder
) -> None:
    for prediction in QAPipeline(toy_index, toy_encoder).predict(SEVERAL):
        assert 0 <= prediction.p_no_answer <= 1
        assert 0 <= prediction.p_right <= 1
        assert prediction.p_no_answer + prediction.p_right <= 1 + 1e-9
        assert prediction.answerable == (prediction.p_right > prediction.p_no_answer)


@pytest.mark.parametrize("text", ["Ice was found near the south pole.", "Ice", "7", "冰"])
@pytest.mark.parametrize("answer", [True, False])
def test_an_article_of_one_sentence_or_one_word_can_be_asked(toy_encoder: ToyEncoder, text: str, answer: bool) -> None:
    index = build_index([article_from_paragraphs("a", "A", [text])], toy_encoder)
    pipeline = QAPipeline(index, toy_encoder, decision=_always(answer=answer))
    found = pipeline.answer(ASKED, top_k=10)
    _check(found, index)
    (shown,) = found.citations or found.nearest
    assert shown.quote == text
    assert shown.score == 1.0
    if found.answer is not None and " " not in text:
        assert found.answer.text == text
    QAPipeline(index, toy_encoder).answer(ASKED)  # the packaged decision has an opinion on it, whichever


def test_what_cannot_be_asked_is_refused(answering: QAPipeline) -> None:
    with pytest.raises(QuestionError):
        answering.answer("  ")
    with pytest.raises(ArticleError, match="'venus'"):
        answering.answer("When?", article="venus")
    with pytest.raises(ArticleError, match="'venus'"):
        answering.suggestions("venus")


def test_only_the_passages_that_are_read_can_answer(toy_index: Index, toy_encoder: ToyEncoder) -> None:
    everything, one = (
        QAPipeline(toy_index, toy_encoder, load_settings(depth=depth)).predict([ASKED], depth=10_000)[0]
        for depth in (0, 1)
    )
    assert set(everything.read) == set(toy_index.passages)
    assert one.read == everything.read[: len(one.read)]
    assert len(one.read) < len(everything.read)
    read = {(passage.article_id, passage.id) for passage in one.read}
    assert {(found.sentence.article_id, found.sentence.passage_id) for found in one.ranked} == read
    spans = {found.sentence: found.span for found in everything.ranked}
    assert all(spans[found.sentence] == found.span for found in one.ranked)  # which other windows are read is no matter


def test_a_batch_answers_as_single_questions_do(answering: QAPipeline) -> None:
    for question, together in zip(SEVERAL, answering.predict(SEVERAL), strict=True):
        alone = answering.predict([question])[0]
        assert alone.best == together.best
        assert [(found.sentence, found.span) for found in alone.ranked] == [
            (found.sentence, found.span) for found in together.ranked
        ]
        assert alone.p_no_answer == pytest.approx(together.p_no_answer, abs=1e-4)
        assert alone.p_right == pytest.approx(together.p_right, abs=1e-4)
        _alike(answering.answer(question), answering.compose(together))
        _alike(answering.compose(_refused(alone)), answering.compose(_refused(together)))
    assert answering.predict([]) == []


def _refused(prediction: Prediction) -> Prediction:
    return replace(prediction, answerable=False)


def test_threads_get_their_own_answers(answering: QAPipeline) -> None:
    questions = SEVERAL * 4
    expected = {question: answering.answer(question) for question in SEVERAL}
    with ThreadPoolExecutor(8) as pool:
        for question, answer in zip(questions, pool.map(answering.answer, questions), strict=True):
            assert answer.question == question
            _alike(answer, expected[question])


def test_a_quote_that_is_not_in_the_article_is_never_shown(toy_index: Index, toy_encoder: ToyEncoder) -> None:
    pipeline = QAPipeline(toy_index, toy_encoder, decision=_always(answer=True))
    prediction = pipeline.predict([ASKED])[0]
    first, second, *_ = _levelled(prediction).ranked
    outside = replace(second, span=Span(second.sentence.start, second.sentence.end + 1))
    for forged in (
        replace(prediction, ranked=(first, outside)),
        replace(prediction, best=replace(prediction.best, start=0, end=10**6)),
        replace(prediction, best=replace(prediction.best, text="words of ours")),
    ):
        with pytest.raises(IndexDamaged, match="build"):
            pipeline.compose(forged)


@settings(max_examples=60)
@given(
    paragraphs=st.lists(
        st.text(min_size=1, max_size=120).filter(lambda text: any(map(str.isalnum, text))), min_size=1, max_size=5
    ),
    question=st.text(min_size=1, max_size=60),
    answer=st.booleans(),
)
def test_any_question_over_any_text_keeps_every_promise(paragraphs: list[str], question: str, answer: bool) -> None:
    encoder = ToyEncoder()
    try:
        article = article_from_text("\n\n".join(paragraphs), id="any")
        index = build_index([article], encoder)
        found = QAPipeline(index, encoder, decision=_always(answer=answer)).answer(question)
    except (ArticleError, QuestionError) as error:
        assert "\n" not in str(error)
    else:
        _check(found, index)


def test_scores_of_the_ranking_share_out_one(toy_index: Index, toy_encoder: ToyEncoder) -> None:
    for depth, sentences in ((0, list(toy_index.sentences)), (2, None)):
        pipeline = QAPipeline(toy_index, toy_encoder, load_settings(depth=depth))
        everything = pipeline.predict([ASKED], depth=10_000)[0].ranked
        assert sentences is None or sorted(found.sentence.start for found in everything) == sorted(
            one.start for one in sentences
        )
        assert np.sum([found.score for found in everything]) == pytest.approx(1.0)
