"""What a question asks for, and which words could be it."""

import pytest

from qa.answer_type import KINDS, asked_for, says


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How many tests ended in an explosion?", "number"),
        ("HOW MUCH DID IT COST", "number"),
        ("what percentage of voters stayed at home", "number"),
        ("When did the ship leave Oslo?", "time"),
        ("In what year did the ship leave, and who steered?", "time"),
        ("How long would it take?", "time"),
        ("Who steered the ship?", "name"),
        ("By whom was it built?", "name"),
        ("If both have diabetes, who is more likely to fall ill?", "name"),
        ("Why did they leave?", None),
        ("What does it mean when a record is pitched up?", None),
        ("What is the share of people who smoke?", None),
        ("ship departure Oslo", None),
        ("Wann fuhr das Schiff ab?", None),
        ("", None),
    ],
)
def test_the_first_question_word_tells(question: str, kind: str | None) -> None:
    assert asked_for(question) == kind


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("number", "1,200 tonnes"),
        ("number", "a dozen"),
        ("number", "thousands"),
        ("time", "May"),
        ("time", "in about 20 years"),
        ("time", "after the war"),
        ("name", "Kirill Dmitriev"),
        ("name", "the ship's officers"),
        ("name", "Ångström"),
        ("name", "she"),
    ],
)
def test_words_that_could_be_it(kind: str, words: str) -> None:
    assert says(kind, words)


@pytest.mark.parametrize(
    ("kind", "words"), [("number", "small-sized"), ("time", "the harbour"), ("name", "in the dark blue sea")]
)
def test_words_that_could_not(kind: str, words: str) -> None:
    assert not says(kind, words)


def test_every_kind_is_known() -> None:
    assert all(says(kind, "Nine days later Anna won") for kind in KINDS)
