"""What the reader is told of the turns before a question."""

import pytest

from index.article import article_from_text
from index.encoder import Encoder
from index.store import build_index
from qa.followup.history import TURNS, with_history
from qa.pipeline import QAPipeline
from qa.reader import QUESTION_TOKENS, Reader, Reading

NAMES = "Przybyszewski-Szczepankiewicz " * 16
LONG = {
    "names": (NAMES, NAMES),
    "scripts": ("語" * 2_000, "語" * 2_000),
    "an address": ("https://example.org/" + "0123456789abcdef" * 100, "7" * 900),
    "a sign that is many": ("\ufdfa" * 100, None),
}


def test_the_last_turns_stand_before_the_question_oldest_first() -> None:
    turns = [(f"Question {n}?", f"answer {n}") for n in range(TURNS + 1)]
    assert with_history("Why?", turns) == "Question 1? | answer 1 | Question 2? | answer 2 | Why?"
    assert with_history("Why?", []) == "Why?"


@pytest.mark.parametrize("said", ["a | b", "a ｜ b", "| a b |"])
def test_nothing_said_makes_a_turn_of_its_own(said: str) -> None:
    assert with_history("Why?", [(said, said)]) == "a b | a b | Why?"


@pytest.mark.parametrize("nothing", [None, "", " ", "|||"])
def test_a_turn_without_an_answer_says_so(nothing: str | None) -> None:
    assert with_history("Why?", [("Who?", nothing)]) == "Who? | unknown | Why?"


@pytest.mark.parametrize("turn", LONG.values(), ids=LONG.keys())
def test_however_long_the_turns_the_reader_gets_the_whole_question(
    turn: tuple[str, str | None], real_reader: Reader
) -> None:
    def fits(text: str) -> bool:
        return real_reader.count_tokens([text])[0] <= QUESTION_TOKENS

    short = ("Who built the mill?", "Jane Marsh")
    for turns in ([turn], [turn, short], [short, turn], [turn, turn]):
        asked = with_history("And why was that?", turns, fits)
        assert asked.endswith("And why was that?")
        assert fits(asked)


def test_of_turns_that_do_not_fit_the_oldest_goes_first() -> None:
    turns = [("Who built it?", "Jane Marsh"), ("When?", "1820")]
    for longest, told in ((60, turns), (30, turns[1:]), (10, [])):
        assert with_history("Why?", turns, lambda text, longest=longest: len(text) <= longest) == with_history(
            "Why?", told
        )


class Listening:
    """A reader that notes what it is asked."""

    def __init__(self, reader: Reader) -> None:
        self.name, self.fingerprint, self.count_tokens = reader.name, reader.fingerprint, reader.count_tokens
        self._reader, self.asked = reader, list[str]()

    def read(self, question: str, texts: list[str]) -> list[Reading]:
        self.asked.append(question)
        return self._reader.read(question, texts)


MILL = "The old mill in Arden was built by Jane Marsh. She was a baker from Leith. It burnt down in 1901."
BUILT = {"question": "Who built the old mill?", "answer": "Jane Marsh"}


@pytest.fixture
def pipeline(real_encoder: Encoder, real_reader: Reader) -> QAPipeline:
    index = build_index([article_from_text(MILL, id="mill", title="The mill")], real_encoder)
    return QAPipeline(index, real_encoder, reader=Listening(real_reader))


def asked(pipeline: QAPipeline) -> list[str]:
    assert isinstance(pipeline.reader, Listening)
    return pipeline.reader.asked


def test_a_follow_up_is_read_rewritten_and_behind_what_was_said(pipeline: QAPipeline) -> None:
    """And what is told to have been understood is read by itself."""
    pipeline.predict_turn("What was her trade?", [BUILT], article="mill")
    rewritten = "What was Jane Marsh's trade?"
    behind = [f"Who built the old mill? | Jane Marsh | {way}" for way in (rewritten, "What was her trade?")]
    assert asked(pipeline) == [*behind, rewritten]


def test_the_verifier_is_asked_what_the_reader_was(pipeline: QAPipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    verified: list[str] = []
    odds = pipeline.verifier.odds
    monkeypatch.setattr(
        pipeline.verifier, "odds", lambda question, *given: [verified.append(question), odds(question, *given)][1]
    )
    pipeline.predict_turn("Where was she from?", [BUILT], article="mill")
    assert verified == asked(pipeline)
    assert verified[0].startswith("Who built the old mill? | Jane Marsh | ")


def test_the_reader_understands_what_no_rule_rewrites(pipeline: QAPipeline) -> None:
    answer = pipeline.answer("and her trade?", history=[BUILT], article="mill")
    assert answer.answer is not None
    assert "baker" in answer.answer.text
    assert answer.interpreted_as == "Who built the old mill? → and her trade?"
    assert pipeline.answer(answer.interpreted_as, article="mill").answer == answer.answer


def test_a_question_that_stands_alone_is_read_alone_and_answered_the_same(pipeline: QAPipeline) -> None:
    question = "When did the mill in Arden burn down?"
    alone, after = (pipeline.answer(question, article="mill", history=turns) for turns in ((), (BUILT,)))
    assert asked(pipeline) == [question, question]
    for name in ("kind", "answer", "confidence", "p_no_answer", "citations", "interpreted_as"):
        assert getattr(alone, name) == getattr(after, name)
