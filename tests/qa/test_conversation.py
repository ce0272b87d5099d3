"""Follow-ups: what is understood from the turns before, and above all what is left alone."""

from dataclasses import replace
from typing import Any

import pytest

from index.article import article_from_text
from index.store import Index, build_index
from qa.conversation import MOST, MOST_IN_A_ROW, Reading, in_a_row, leans, understood
from qa.followup import memory
from qa.followup.memory import cited
from qa.followup.statements import answer_words
from qa.pipeline import QAPipeline
from qa.prediction import Prediction
from tests.toy import ToyEncoder, ToyReader

ARTICLE = """The first trip

Agnes Tolmie was born in Leith. She built a tide machine in 1903. Her father Walter was a fisherman. He drowned in 1881.

Arctic terns arrive from the Southern Ocean. They nest at Fennel Point.

Kirill Dmitriev said Russia could supply a small plant for the mission. He spoke in Murmansk.

Mayor Tom Bevan opened the harbour.

The tank holds four litres. When it is full, a red lamp lights up."""

BUILT = {"question": "When did Agnes Tolmie build a tide machine?", "answer": "1903"}
DMITRIEV = {"question": "Who said Russia could supply a plant?", "answer": "Kirill Dmitriev"}
TERNS = {"question": "Which birds arrive in April?", "answer": "Arctic terns"}
WHO_FIRST = {"question": "Who first built a machine?", "answer": "Walter"}
WHAT_BUILT = {"question": "What did Agnes Tolmie build?", "answer": "a tide machine"}
WALTER = {"question": "When did he drown?", "answer": "1881", "interpreted_as": "When did Walter drown?"}
LANDINGS = {"question": "Where did Walter say that landings could take place?", "answer": "Leith"}
EARLY = {"question": "Who said that landings could begin as early as Friday?", "answer": "Bevan"}
MAYOR = {"question": "Who opened the harbour?", "answer": "Bevan"}
WINTER = {"question": "Why did Walter drown?", "answer": "in the winter of 1881"}
FACES = {"question": "Which way does the tank face?", "answer": "south"}
TANK = {"question": "How much water does the tank hold?", "answer": "four litres"}


@pytest.fixture(scope="module")
def index() -> Index:
    return build_index([article_from_text(ARTICLE, id="trip", title="The first trip")], ToyEncoder())


def _first(question: str, *history: dict[str, Any], index: Index) -> str | None:
    """The rewriting, if there is one."""
    turn = understood(question, history, index, "trip")
    return next((one.question for one in turn.readings if one.question != question), None) if turn else None


@pytest.mark.parametrize(
    ("question", "turn", "expected"),
    [
        ("Where was she born?", BUILT, "Where was Agnes Tolmie born?"),
        ("What did her father do?", BUILT, "What did Agnes Tolmie's father do?"),
        ("Why?", BUILT, "Why did Agnes Tolmie build a tide machine?"),
        ("And where?", BUILT, "Where did Agnes Tolmie build a tide machine?"),
        ("For whom?", BUILT, "For whom did Agnes Tolmie build a tide machine?"),
        ("In which town?", BUILT, "In which town did Agnes Tolmie build a tide machine?"),
        ("How did that happen?", BUILT, "How did Agnes Tolmie build a tide machine?"),
        ("Who with?", BUILT, "With whom did Agnes Tolmie build a tide machine?"),
        ("And Walter?", BUILT, "When did Walter build a tide machine?"),
        ("Where did he say that?", DMITRIEV, "Where did Kirill Dmitriev say that Russia could supply a plant?"),
        ("And China?", DMITRIEV, "Who said China could supply a plant?"),
        ("Where do they nest?", TERNS, "Where do arctic terns nest?"),
        ("What happens when it is full?", TANK, "What happens when the tank is full?"),
        ("How big is it?", TANK, "How big is the tank?"),
        ("When?", WHO_FIRST, "When did Walter first build a machine?"),
        ("How big?", BUILT, "How big was Agnes Tolmie?"),
        ("How big?", WHAT_BUILT, "How big was the tide machine?"),
        ("Her age?", BUILT, "Agnes Tolmie's age?"),
        ("And then?", BUILT, "What happened after Agnes Tolmie built a tide machine?"),
        ("Before that?", BUILT, "What happened before Agnes Tolmie built a tide machine?"),
        ("What about her?", WALTER, None),
        ("And a city?", LANDINGS, "Where did Walter say that a city could take place?"),
        ("How old is it?", WINTER, None),
        ("What happened then?", FACES, "What happened after the tank faces south?"),
        ("And terns?", {"question": "How big is the tank?", "answer": None}, "How big are terns?"),
        ("When was he born?", MAYOR, "When was Bevan born?"),
        ("When was she born?", MAYOR, None),
        ("How big is it?", EARLY, None),
        ("And a city?", EARLY, "Who said that a city could begin as early as Friday?"),
        ("No, I meant Walter", BUILT, "When did Walter build a tide machine?"),
        ("no, I meant where did she build it?", BUILT, "Where did Agnes Tolmie build the tide machine?"),
        ("And the tide machine, where is it?", TANK, "Where is the tide machine?"),
        (
            "Where is he now?",
            {"question": "Who is Kirill Dmitriev?", "answer": "head of a fund"},
            "Where is Kirill Dmitriev now?",
        ),
        (
            "What are their names?",
            {"question": "Who helped her?", "answer": "two engineers"},
            "What are the engineers' names?",
        ),
        ("When did he die?", {"question": "Why did nobody ask Walter?", "answer": None}, "When did Walter die?"),
        ("What is that?", {"question": "What does she do?", "answer": "keeps the accounts"}, "What is the accounts?"),
        (
            "What does the other one do?",
            {"question": "Which hand does she use?", "answer": "the right"},
            "What does the other hand do?",
        ),
        ("Why did she keep it there?", WALTER, None),
        ("Which is the fuller one?", BUILT | {"question": "How many tanks did they fill?"}, "Which is the fuller tank?"),
    ],
)
def test_a_follow_up_is_understood_from_the_turn_before(
    question: str, turn: dict[str, Any], expected: str | None, index: Index
) -> None:
    assert _first(question, turn, index=index) == expected


@pytest.mark.parametrize(
    "question",
    [
        "When did Musk say he would land on Mars?",
        "Which country changed its name?",
        "If a physician wants to specialise, what must he or she complete?",
        "What time is it in Leith?",
        "How long does it take to walk round the island?",
        "Is it true that the tank holds four litres?",
        "How many rooms are there?",
        "What is photosynthesis and how does it work?",
        "In his speech, what did Obama promise?",
        "Who said that the party is over?",
        "What does this article say about Leith?",
        "Who was the first person to land on the Moon?",
        "Why did the father of Agnes drown?",
        "And who designed the harbour of Leith?",
        "Price of the tide machine?",
        "Walter's birthplace?",
        "Moon landing date?",
        "Age of Tolmie?",
        "Is it raining in Leith?",
        "Why was it hard for Tolmie to find work?",
        "What makes it possible for terns to fly?",
        'What does "it" mean?',
        "Really?",
        "Anything else?",
        "So what?",
        "Why not build another machine?",
        "nuclear power plant Mars",
    ],
)
def test_a_question_that_stands_alone_is_left_alone(question: str, index: Index) -> None:
    for turn in (BUILT, DMITRIEV, TERNS, TANK):
        assert understood(question, [turn], index, "trip", behind=False) is None
        found = understood(question, [turn], index, "trip")
        assert found is None or found.alone


@pytest.mark.parametrize(
    ("question", "read"),
    [
        ("Any places left?", True),
        ("What does the red lamp mean?", True),
        ("What does the red lamp mean to the crew?", False),
        ("Where do Arctic terns nest?", False),
        ("What happened in 1881?", False),
    ],
)
def test_only_a_short_question_without_a_name_is_read_behind_what_was_said(
    question: str, read: bool, index: Index
) -> None:
    turn = understood(question, [BUILT], index, "trip")
    assert (turn is not None) == read
    if turn is not None:
        (reading,) = turn.readings
        assert turn.alone
        assert reading.behind == (tuple(BUILT.values()),)
        assert reading.doubt > 1
    assert understood(question, [BUILT | {"answer": None}], index, "trip") is None
    assert understood(question, [{"question": "Who won?", "answer": "nobody here"}], index, "trip") is None


def test_names_are_carried_over_several_turns(index: Index) -> None:
    second = {"question": "Where was she born?", "answer": "Leith"}
    assert _first("And when?", BUILT, second, index=index) == "When was Agnes Tolmie born?"
    assert _first("Did she marry?", BUILT, TANK, index=index) == "Did Agnes Tolmie marry?"


def test_what_a_turn_was_understood_as_goes_before_what_the_rules_make_of_it(index: Index) -> None:
    earlier = {"question": "And him?", "answer": "fisherman", "interpreted_as": "What was Walter's job?"}
    assert _first("Where was he born?", earlier, index=index) == "Where was Walter born?"


def test_a_refused_turn_helps_all_the_same_and_no_history_is_no_help(index: Index) -> None:
    assert _first("Why?", BUILT | {"answer": None}, index=index) == "Why did Agnes Tolmie build a tide machine?"
    assert understood("Why?", [], index, "trip") is None
    assert _first("Why?", {"question": "hm", "answer": None}, index=index) is None


def test_overviews_and_courtesies_are_nothing_to_point_at(index: Index) -> None:
    for said in ("What is this about?", "Who is mentioned?", "Thank you!"):
        turn = {"question": said, "answer": None}
        assert _first("How much did it cost?", turn, index=index) is None
        assert _first("Why?", BUILT, turn, index=index) == "Why did Agnes Tolmie build a tide machine?"
    assert _first("How much did it cost?", {"question": "Tell me more", "answer": None}, index=index) is None


def test_the_answers_given_are_where_they_stand(index: Index) -> None:
    turn = understood("Where was she born?", [BUILT], index, "trip")
    assert turn is not None
    (told,) = turn.told
    assert ARTICLE[told.start : told.end] == told.text == "1903"
    assert turn.near is not None
    assert index.text(turn.near) == "She built a tide machine in 1903."
    assert 1 <= len(turn.readings) <= MOST


def test_a_follow_up_is_read_behind_what_was_said_too(index: Index) -> None:
    turn = understood("Where was she born?", [TERNS, BUILT], index, "trip")
    assert turn is not None
    assert turn.sure
    rewritten, typed = turn.readings
    assert rewritten.question == rewritten.sought == "Where was Agnes Tolmie born?"
    assert (typed.question, typed.sought) == ("Where was she born?", f"Where was she born? {BUILT['question']}")
    said = " | ".join(part for before in (TERNS, BUILT) for part in before.values())
    assert typed.asked(lambda _: True) == f"{said} | Where was she born?"
    assert rewritten.asked(lambda _: True) == f"{said} | {rewritten.question}"
    assert (rewritten.doubt, typed.doubt) == (0.0, 0.0)


def test_a_reader_that_was_not_taught_to_is_told_nothing_of_what_was_said(index: Index) -> None:
    turn = understood("Where was she born?", [BUILT], index, "trip", behind=False)
    assert turn is not None
    assert [one.asked(lambda _: True) for one in turn.readings] == ["Where was Agnes Tolmie born?", "Where was she born?"]
    assert turn.readings[1].doubt > 0
    refused = understood("Where was she born?", [BUILT | {"answer": None}], index, "trip", behind=False)
    assert refused is not None
    assert [one.question for one in refused.readings] == ["Where was Agnes Tolmie born?"]


def test_what_no_rule_resolves_is_read_as_typed(index: Index) -> None:
    for turn in (WALTER, WALTER | {"answer": None}):
        found = understood("How high is it?", [turn], index, "trip")
        assert found is not None
        assert [one.question for one in found.readings] == ["How high is it?"]
    assert understood("How high is it?", [WALTER | {"answer": None}], index, "trip", behind=False) is None


@pytest.fixture(scope="module")
def pipeline(index: Index) -> QAPipeline:
    return QAPipeline(index, ToyEncoder(), reader=ToyReader())


def test_an_answer_shows_what_was_understood(pipeline: QAPipeline) -> None:
    answer = pipeline.answer("Where was she born?", article="trip", history=[BUILT])
    assert (answer.question, answer.interpreted_as) == ("Where was she born?", "Where was Agnes Tolmie born?")


IN_A_ROW = f"{BUILT['question']} → Where was she born?"


@pytest.mark.parametrize(
    ("same", "by_itself", "understood_as"),
    [(True, True, "Where was Agnes Tolmie born?"), (True, False, IN_A_ROW), (False, True, IN_A_ROW)],
)
def test_a_question_was_understood_as_a_rewriting_only_where_that_gets_the_same_words_by_itself(
    pipeline: QAPipeline, monkeypatch: pytest.MonkeyPatch, same: bool, by_itself: bool, understood_as: str
) -> None:
    predict = pipeline._predict
    (both,) = predict([Reading(IN_A_ROW, IN_A_ROW)], "trip", 10)
    other = replace(both.best, start=both.best.start + 1)

    def typed_is_surer(*given: Any) -> list[Prediction]:
        found = [replace(one, best=both.best, p_right=0.1, answerable=True) for one in predict(*given)]
        if len(found) == 1:
            return found if by_itself else [replace(found[0], best=other)]
        return [found[0], replace(found[1], p_right=0.9, p_no_answer=0.01, best=both.best if same else other)]

    monkeypatch.setattr(pipeline, "_predict", typed_is_surer)
    found = pipeline.predict_turn("Where was she born?", [BUILT], article="trip")
    assert (found.p_right, found.interpreted_as) == (0.9, understood_as)


def test_questions_in_a_row_are_asked_one_after_the_other(pipeline: QAPipeline) -> None:
    first = pipeline.answer(BUILT["question"], article="trip")
    said = first.answer.text if first.answer else None
    second = pipeline.answer("Where was she born?", article="trip", history=[BUILT | {"answer": said}])
    for history in ([], [DMITRIEV]):
        row = pipeline.answer(IN_A_ROW.replace(" → ", "→\n "), article="trip", history=history)
        for name in ("kind", "answer", "p_no_answer", "citations", "nearest"):
            assert getattr(row, name) == getattr(second, name)
    plain = "How much does the tank hold?"
    together = pipeline.predict([plain, IN_A_ROW, plain], article="trip")
    assert [one.question for one in together] == [plain, IN_A_ROW, plain]
    assert together[1].best == pipeline.predict([IN_A_ROW], article="trip")[0].best


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("Who built the tank? → And when?", 2),
        ("Who built the tank？→any places left", 2),
        ("Who built the tank? → And when? → Why then? → And where?", 4),
        ("Who built the tank? → And when? → Why then? → And where? → Why there?", 0),
        ("Who built the tank? And when?", 0),
        ("Hello? → And when?", 0),
        ("What is this about? → And when?", 0),
        ("Who built the tank? → ???", 0),
        ("Who built the tank? →", 0),
        ("→" * 990, 0),
    ],
)
def test_what_is_in_a_row(pipeline: QAPipeline, question: str, parts: int) -> None:
    assert len(in_a_row(question)) == parts
    for history in ([], [BUILT], [{"question": question, "answer": "?", "interpreted_as": question}]):
        assert pipeline.answer(f"{question} a", article="trip", history=history).question == f"{question} a"


def test_a_row_whose_first_leans_is_asked_behind_the_turns_before(pipeline: QAPipeline) -> None:
    row = "When did he drown? → And where?"
    assert leans(row)
    assert not leans("When did Walter drown? → And where?")
    first = pipeline.answer("When did he drown?", article="trip", history=[WHO_FIRST])
    assert first.answer is not None
    turn = {"question": "When did he drown?", "answer": first.answer.text, "interpreted_as": first.interpreted_as}
    apart = pipeline.answer("And where?", article="trip", history=[WHO_FIRST, turn])
    together = pipeline.answer(row, article="trip", history=[WHO_FIRST])
    for name in ("kind", "answer", "p_no_answer", "interpreted_as", "citations", "nearest"):
        assert getattr(together, name) == getattr(apart, name)
    assert str(together.interpreted_as).endswith("And where?")


def test_what_is_shown_of_a_reading_can_be_asked_again(index: Index) -> None:
    long = BUILT | {"question": f"{BUILT['question']} {'x' * 950}"}
    for history in ([BUILT], [TERNS, BUILT], [long], [BUILT | {"question": "tide machine of Agnes Tolmie."}]):
        for asked in ("Where was she born?", "how high is it", "And why?", "What was there before?", "Any places left?"):
            turn = understood(asked, history, index, "trip")
            assert turn is not None
            for one in turn.readings:
                assert in_a_row(one.row) or one.row == "" or history == [long]
                assert (one.row == "") == (one.question != asked or history == [long])


def test_a_row_is_read_on_from_the_turns_that_it_was_made_of(index: Index) -> None:
    """Not from the row, which no rule could rewrite by. And a row does not grow without end."""
    row = f"{BUILT['question']} → how high is it?"
    turns = [BUILT, {"question": "how high is it?", "answer": None, "interpreted_as": row}]
    told = f"{BUILT['question']} | 1903 | How high is the tide machine? | unknown | Where was she born?"
    for history in (turns, [{"question": row, "answer": None}], [turns[1]]):
        found = understood("Where was she born?", history, index, "trip")
        assert found is not None
        shown = [one.meant for one in found.readings]
        assert shown == ["Where was Agnes Tolmie born?", f"{row} → Where was she born?"]
        asked = found.readings[-1].asked(lambda _: True)
        assert asked == (told if history is turns else told.replace("1903", "unknown"))
    turns.append({"question": "Where was she born?", "answer": None, "interpreted_as": shown[1]})
    third = understood("why there", turns, index, "trip")
    assert third is not None
    assert third.readings[-1].meant == f"{shown[1]} → why there"
    turns.append({"question": "why there", "answer": None, "interpreted_as": third.readings[-1].meant})
    fourth = understood("and when?", turns, index, "trip")
    assert fourth is not None
    assert fourth.readings[-1].meant == f"{BUILT['question']} → Where was she born? → why there → and when?"
    assert len(in_a_row(fourth.readings[-1].meant)) == MOST_IN_A_ROW


def test_an_answer_without_a_word_is_no_words_of_a_question() -> None:
    assert answer_words(memory.Turn("Who built it?", "؟")) == "؟"


@pytest.mark.parametrize("name", ["question", "answer", "interpreted_as"])
def test_half_a_character_of_an_earlier_turn_reaches_no_encoder(pipeline: QAPipeline, name: str) -> None:
    """JSON can hold one; the encoders' tokenizers refuse it, and the toy encoder with them."""
    turn = BUILT | {"interpreted_as": BUILT["question"]}
    answer = pipeline.answer("Where was she born?", article="trip", history=[turn | {name: f"\ud800 {turn[name]}"}])
    assert answer.kind in ("answer", "no_answer")


def test_a_question_that_stands_alone_gets_the_same_answer_whatever_was_said(pipeline: QAPipeline) -> None:
    for asked in ("Where do Arctic terns nest?", "How much does the tank hold?"):
        alone, after = pipeline.answer(asked, article="trip"), pipeline.answer(asked, article="trip", history=[DMITRIEV])
        for name in ("interpreted_as", "kind", "answer", "confidence", "p_no_answer", "citations", "nearest"):
            assert getattr(alone, name) == getattr(after, name)


def test_the_words_that_were_the_answer_are_not_the_answer_again(pipeline: QAPipeline) -> None:
    told = pipeline.predict_turn("When did Agnes Tolmie build a tide machine?", article="trip").best
    turn = {"question": "When did Agnes Tolmie build a tide machine?", "answer": told.text}
    again = pipeline.predict_turn("And why?", [turn], article="trip").best
    assert (again.start, again.end) != (told.start, told.end)


def test_a_figure_is_cited_only_where_something_of_its_question_stands_too(index: Index) -> None:
    other = {"question": "In which year did the theatre close?", "answer": "1881"}
    assert cited(index, "trip", other["question"], "1881") is None
    assert cited(index, "trip", "When did he drown?", "1881") is not None


def test_of_more_sentences_than_are_looked_at_the_likely_ones_are(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a turn of a conversation costs no more over an archive."""
    whole = [cited(index, None, turn["question"], turn["answer"]) for turn in (BUILT, DMITRIEV, MAYOR, TANK)]
    monkeypatch.setattr(memory, "_SCANNED", 3)
    assert [cited(index, None, turn["question"], turn["answer"]) for turn in (BUILT, DMITRIEV, MAYOR, TANK)] == whole
    assert None not in whole
    assert cited(index, None, "Who is it?", "words that nobody said") is None
