"""Reading: which windows are read, and that what is said of a sentence is noted with that sentence."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from index.article import article_from_paragraphs, article_from_text
from index.store import Index, build_index
from qa.answer import AnswerText
from qa.decision import FEATURES, Decision
from qa.pipeline import QAPipeline
from qa.reader import Reader, Reading
from qa.reading import WORDLESS, Evidence, PassageReader
from qa.retriever import Retrieval, Retriever
from tests.toy import ToyEncoder, ToyReader

QUESTIONS = ("When could humans land on Mars?", "Where was ice found near the south pole?", "Crater number 7", "zzz")


@dataclass
class Listening(ToyReader):
    """Keeps what it was asked and given."""

    heard: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)

    def read(self, question: str, texts: Sequence[str]) -> list[Reading]:
        self.heard.append((question, tuple(texts)))
        return super().read(question, texts)


def asked(index: Index, question: str, article: str | None = None) -> Retrieval:
    return Retriever(index, ToyEncoder()).retrieve([question], article)[0]


def read(index: Index, question: str, depth: int, article: str | None = None) -> Evidence:
    return PassageReader(index, ToyReader(), depth).read(asked(index, question, article))


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("article", ["moon", "article", None])
@pytest.mark.parametrize("depth", [1, 2, 5, 0])
def test_what_is_read_is_listed_and_nothing_else_is_scored(
    toy_index: Index, question: str, article: str | None, depth: int
) -> None:
    evidence = read(toy_index, question, depth, article)
    retrieval = evidence.retrieval
    homes = [(one.article_id, one.passage_id) for one in map(retrieval.sentence, range(len(retrieval.fused)))]
    listed = {(passage.article_id, passage.id) for passage in evidence.read}
    assert len(listed) == len(evidence.read)
    in_read = np.array([home in listed for home in homes])
    assert (np.isfinite(evidence.spans.best) == in_read).all()
    assert (np.isfinite(evidence.spans.mass) == in_read).all()
    assert ((evidence.window >= 0) == in_read).all()
    assert (evidence.spans.spans[~in_read] == -1).all()
    windows = evidence.window.max() + 1
    assert windows == depth or (in_read.all() and (depth == 0 or windows < depth))


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_best_windows_are_read_best_first(toy_index: Index, question: str) -> None:
    everything = read(toy_index, question, 0)
    best = [
        everything.retrieval.fused[everything.window == number].max() for number in range(everything.window.max() + 1)
    ]
    assert len(best) > 5
    assert best == sorted(best, reverse=True)
    few = read(toy_index, question, 3)
    assert (few.window == np.where(everything.window < 3, everything.window, -1)).all()
    assert few.read == everything.read[: len(few.read)]


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_sentence_is_read_alike_whatever_else_is(toy_index: Index, question: str) -> None:
    together = read(toy_index, question, 0)
    for article in toy_index.articles:
        low, high = toy_index.sentence_rows(article.id)
        alone = read(toy_index, question, 0, article.id)
        np.testing.assert_array_equal(together.spans.best[low:high], alone.spans.best)
        np.testing.assert_array_equal(together.spans.mass[low:high], alone.spans.mass)
        np.testing.assert_array_equal(together.spans.spans[low:high], alone.spans.spans)


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_span_lies_in_its_sentence(toy_index: Index, question: str) -> None:
    evidence = read(toy_index, question, 0)
    for position, (start, end) in enumerate(evidence.spans.spans.tolist()):
        sentence = evidence.retrieval.sentence(position)
        assert sentence.start <= start < end <= sentence.end


def test_the_words_between_those_of_the_question_are_found(toy_index: Index) -> None:
    evidence = read(toy_index, "Ice was found near what?", 0, "moon")
    spans = [toy_index.article("moon").text[start:end] for start, end in evidence.spans.spans]
    said = [toy_index.text(evidence.retrieval.sentence(position)) for position in range(len(spans))]
    assert spans[said.index("Ice was found near the south pole.")].startswith("the south")
    late = next(place for place, sentence in enumerate(said) if sentence.startswith("Crater number 15 "))
    assert evidence.window[late] > 0
    assert "15" in spans[late]
    assert WORDLESS not in evidence.spans.best


def test_the_reader_is_asked_in_the_form_that_is_searched_for(toy_index: Index) -> None:
    reader = Listening()
    PassageReader(toy_index, reader, 2).read(asked(toy_index, "  Where was ice\n ﬁrst found? "))
    question, texts = reader.heard[0]
    assert question == "Where was ice first found?"
    assert len(texts) == 2
    assert all(any(text in article.text for article in toy_index.articles) for text in texts)


def test_short_passages_are_read_with_their_neighbours(toy_encoder: ToyEncoder) -> None:
    paragraphs = [
        f"Crater number {n} holds {n} tons of ice, as the survey of that year said at length." for n in range(50)
    ]
    index = build_index([article_from_paragraphs("moon", "Moon", paragraphs)], toy_encoder)
    reader = Listening()
    evidence = PassageReader(index, reader, 1).read(asked(index, "Crater number 7"))
    (text,) = reader.heard[0][1]
    assert "\n\n".join(paragraphs[6:9]) in text
    assert len(evidence.read) > 1
    assert text == index.articles[0].text[evidence.read[0].start : evidence.read[-1].end]


@pytest.mark.parametrize("text", ["\ue000\ue001 \ue000", "\u0301"])
def test_an_article_without_a_word_that_the_reader_knows_can_be_asked(
    text: str, toy_encoder: ToyEncoder, real_reader: Reader
) -> None:
    index = build_index([article_from_text(text, id="signs", title="Signs")], toy_encoder)
    evidence = PassageReader(index, real_reader, 0).read(asked(index, "Who left?"))
    assert evidence.spans.best.tolist() == evidence.spans.mass.tolist() == [WORDLESS]
    assert evidence.spans.spans.tolist() == [[0, len(text)]]
    flat = (0.0,) * len(FEATURES)
    refusing = Decision("", "", "", flat, (1.0,) * len(FEATURES), (flat, flat, flat), (2.0, 0.0, 0.0), "nothing")
    answer = QAPipeline(index, toy_encoder, reader=real_reader, decision=refusing).answer("Who left?")
    assert [found.quote for found in answer.nearest] == [text]


class Figures(ToyReader):
    """Takes the first number for the answer."""

    def read(self, question: str, texts: Sequence[str]) -> list[Reading]:
        readings = super().read(question, texts)
        for reading, text in zip(readings, texts, strict=True):
            number = [text[start:end].isdecimal() for start, end in reading.offsets.tolist()]
            reading.start[:] = reading.end[:] = np.where(number, 9.0, 0.0)
        return readings


def test_an_amount_that_was_told_is_not_the_answer_again_without_its_million() -> None:
    index = build_index([article_from_text("The Bridge\n\nThe city paid £8 million for it.", id="b")], ToyEncoder())
    text = index.article("b").text
    reader, question = PassageReader(index, Figures(), 0), asked(index, "How much did the state pay?")
    (_, (start, end)) = reader.read(question).spans.spans.tolist()
    assert text[start:end] == "8"
    told = AnswerText("£8 million", text.index("£"), text.index(" for"), "b")
    (_, (start, end)) = reader.read(question, [told]).spans.spans.tolist()
    assert "8" not in text[start:end]
