"""Altered rows: near the question, and nothing answers."""

import numpy as np
import pytest

from qa.training.reader.altered import (
    altered_rows,
    with_another_name,
    with_another_number,
    with_the_opposite,
    without_the_sentence,
)
from qa.training.reader.rows import Row

CONTEXT = (
    "The mill on the Aller was built in 1820 by Jane Marsh. In 1901 it burnt down. "
    "Her nephew Tom Reed sold the ruin to Hugh Vane. The town of Little Stoke keeps the wheel."
)


def row(question: str, answer: str, context: str = CONTEXT, source: str = "qed") -> Row:
    return Row(source, "a", question, context, ((answer, context.index(answer)),))


def seeded(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_the_answers_sentence_is_taken_out() -> None:
    found = without_the_sentence(row("Who built the mill?", "Jane Marsh"))
    assert found is not None
    assert found.answers == ()
    assert found.question == "Who built the mill?"
    assert found.context == CONTEXT[CONTEXT.index("In 1901") :]


def test_a_context_that_still_answers_or_is_nearly_empty_is_not_cut() -> None:
    twice = f"{CONTEXT} Jane Marsh was rich."
    assert without_the_sentence(row("Who built the mill?", "Jane Marsh", twice)) is None
    assert without_the_sentence(row("Who built it?", "Jane Marsh", "Jane Marsh built it. It burnt down.")) is None


def test_another_name_is_none_of_the_answers_and_none_that_might_answer() -> None:
    asked = row("When was the mill of Jane Marsh built?", "1820")
    names = ["Jane Marsh", "Tom Reed", "Hugh Vane", "Aller"]
    given = {found.question for n in range(30) if (found := with_another_name(asked, names, seeded(n)))}
    # The river is named beside the answer; its own name is no other.
    assert given == {"When was the mill of Tom Reed built?", "When was the mill of Hugh Vane built?"}
    told = row("To whom did Jane Marsh sell the ruin?", "Hugh Vane")
    assert with_another_name(told, ["Tom Reed"], seeded()) is None  # it stands with the answer


def test_names_are_exchanged_only_where_a_capital_makes_one() -> None:
    assert with_another_name(row("who built the mill?", "Jane Marsh"), ["Tom Reed"], seeded()) is None
    assert with_another_name(row("When did Jane Marsh build?", "1820", source="reddit"), ["Tom Reed"], seeded()) is None


def test_another_number_is_not_in_the_context() -> None:
    asked = row("Who built the mill in 1820?", "Jane Marsh")
    numbers = set()
    for seed in range(40):
        found = with_another_number(asked, seeded(seed))
        if found is not None:
            number = found.question.removeprefix("Who built the mill in ").removesuffix("?")
            assert number not in CONTEXT
            numbers.add(int(number))
    assert len(numbers) > 5
    assert all(0 < abs(number - 1820) < 30 for number in numbers)
    assert with_another_number(row("Who built the mill?", "Jane Marsh"), seeded()) is None


@pytest.mark.parametrize(
    ("question", "altered"),
    [
        ("Who built the mill?", "Who demolished the mill?"),
        ("Who demolished the mill?", None),  # the context says who built it
        ("Who rebuilt the mill?", None),
    ],
)
def test_a_word_becomes_its_opposite_unless_the_context_holds_that(question: str, altered: str | None) -> None:
    found = with_the_opposite(row(question, "Jane Marsh"), seeded())
    assert (found and found.question) == altered


def test_every_row_gives_one_at_most_and_vague_or_unanswered_ones_none() -> None:
    rows = [
        row("Who built the mill in 1820?", "Jane Marsh"),
        row("Who was it?", "Jane Marsh"),
        Row("squad2", "a", "Who painted the mill?", CONTEXT, ()),
        row("Who built the mill in 1820?", "Jane Marsh", source="policyqa"),
    ]
    seen = set()
    for seed in range(20):
        found = list(altered_rows(rows, seeded(seed)))
        assert len(found) == 1
        assert (found[0].source, found[0].answers) == ("qed", ())
        seen.add((found[0].question == rows[0].question, found[0].context == CONTEXT))
    assert seen == {(True, False), (False, True)}  # now the context, now the question
