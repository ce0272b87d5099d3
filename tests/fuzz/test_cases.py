"""The fuzzing's short form: every kept case, and altered seeds that are the same in each run, without coverage's guidance."""

import pytest

from tests.fuzz import question
from tests.fuzz.harness import PART, TARGETS, kept, target
from tests.fuzz.mutation import altered

COUNTS = {"article": 250, "question": 120, "stored_index": 250}
"""Inputs of each target: a few seconds."""

CASES = [pytest.param(name, case, id=f"{name}-{case}") for name in TARGETS for case in kept(name)]


@pytest.mark.parametrize(("name", "case"), CASES)
def test_what_once_broke_it_does_not_any_more(name: str, case: str) -> None:
    target(name).check(kept(name)[case])


@pytest.mark.parametrize("name", TARGETS)
def test_the_seeds_and_what_they_are_altered_to_break_nothing(name: str) -> None:
    module = target(name)
    for data in (*module.SEEDS, *altered(module.SEEDS, COUNTS[name])):
        module.check(data)


def test_a_question_that_takes_time_with_the_square_of_its_length_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 2,000 characters a text: no more is looked at of a turn."""
    data = PART.join(("Who?", "article", *("word " * 400,) * 20)).encode()
    question.check(data)
    monkeypatch.setattr(question, "folded", lambda words: [one for one in words for other in 2 * words if one != other])
    with pytest.raises(AssertionError, match=r"took .* were expected"):
        question.check(data)
