"""Follow-ups made of neighbours lean on the turn before them, and keep their answer."""

import numpy as np
import pytest

from qa.training.reader.rows import Row
from qa.training.reader.talks import followed_rows

MILL = "Jane Marsh built the old mill in Arden in 1820. Marsh's brother Tom burnt it down in 1901, and paid nothing."


def row(question: str, answer: str | None, context: str = MILL, source: str = "qed") -> Row:
    return Row(source, "a", question, context, () if answer is None else ((answer, context.index(answer)),))


WHO = row("Who built the old mill?", "Jane Marsh")
WHEN = row("When did Jane Marsh build a mill?", "1820")


def followed(*rows: Row, times: int = 60) -> set[str]:
    return {made.question for seed in range(times) for made in followed_rows(rows, np.random.default_rng(seed))}


def test_a_pronoun_takes_the_place_of_the_answer_before() -> None:
    found = {one.casefold().rstrip("?") for one in followed(WHO, WHEN)}
    before = "who built the old mill? | jane marsh | when did"
    pronouns = {f"{before} {pronoun} build a mill" for pronoun in ("he", "she", "they")}
    assert found == {*pronouns, f"{before} jane marsh build a mill"}


@pytest.mark.parametrize(
    ("question", "after"),
    [
        ("What did the brother of Jane Marsh do?", {"him", "her", "them"}),
        ("What did Jane Marsh's brother do?", {"his", "her", "their"}),
    ],
)
def test_the_pronoun_fits_its_place(question: str, after: set[str]) -> None:
    asked = [one.rsplit(" | ", 1)[1] for one in followed(WHO, row(question, "burnt it down"))]
    assert after <= {word for one in asked for word in one.split()}


def test_what_is_in_a_place_may_be_there() -> None:
    where = row("Which town was the mill in?", "Arden")
    asked = followed(where, row("Who built a mill in Arden?", "Jane Marsh"))
    assert any(one.casefold().endswith("mill there?") for one in asked)


def test_rows_follow_only_what_they_share_something_with() -> None:
    assert not followed(WHO, row("How much was paid?", "nothing"))
    assert not followed(WHO, row("When did Jane Marsh build a mill?", None, context="Another mill stood here."))
    assert not followed(*(row(one.question, one.answers[0][0], source="policyqa") for one in (WHO, WHEN)))


def test_the_answer_stays_and_may_be_none() -> None:
    unanswered = row("How old was Jane Marsh?", None)
    for made in followed_rows((WHO, WHEN, unanswered), np.random.default_rng(0)):
        last = made.question.rsplit(" | ", 1)[1].casefold()
        assert made.answers == (unanswered.answers if last.startswith("how old") else WHEN.answers)
