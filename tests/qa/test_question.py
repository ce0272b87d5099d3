"""What can be asked, and what is a courtesy and no question."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import QuestionError
from qa.courtesy import courtesy
from qa.question import MAX_QUESTION, check_question, search_text


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("", "empty"),
        (" \n\t", "empty"),
        ("x" * (MAX_QUESTION + 1), "1,001 characters"),
        ("When\x00?", "U+0000"),
        ("\x1b[31mWhen?", "U+001B"),
        ("When \ud800?", "U+D800"),
        ("a\x85b", "U+0085"),
        ("?!", "no word"),
        ("\u200b", "no word"),
        ("\u202e", "no word"),
        ("🚀", "no word"),
        (None, "NoneType"),
        (7, "int"),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused_in_words(question: object, said: str) -> None:
    with pytest.raises(QuestionError, match=said.replace("+", r"\+")):
        check_question(question)


@pytest.mark.parametrize(
    "question", ["When?", "x" * MAX_QUESTION, "מתי?", "👩‍🚀 who?", "7", "👍", "a\tb\nc", "cafe\u0301"]
)
def test_a_question_is_kept_as_typed(question: str) -> None:
    assert check_question(f"  {question} \n") == question


def test_search_text_folds_compatibility_forms_and_white_space() -> None:
    assert search_text("ｗｈｅｎ\u00a0 is\nit") == "when is it"


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("Hello!", "greeting"),
        ("hi there", "greeting"),
        ("GOOD MORNING", "greeting"),
        ("👋", "greeting"),
        ("שלום", "greeting"),
        ("How are you?", "greeting"),
        ("Thanks a lot!", "thanks"),
        ("ok, thank you", "thanks"),
        ("תודה רבה", "thanks"),
        ("bye", "farewell"),
        ("What can you do?", "help"),
        ("help", "help"),
        ("How does this work?", "help"),
        ("thank you for your help", "thanks"),
        ("thanks, that was helpful", "thanks"),
        ("👍", "thanks"),
        ("What can you do for me?", "help"),
        ("what can you help me with?", "help"),
        ("How can you help?", "help"),
        ("hello bot", "greeting"),
    ],
)
def test_a_courtesy_is_known(message: str, kind: str) -> None:
    assert courtesy(message) == kind


@pytest.mark.parametrize(
    "question",
    [
        "Hello, who is Musk?",
        "What can you do on Mars?",
        "thanks to whom?",
        "Who helped?",
        "Mars",
        "Hi-tech firms?",
        "?!",
        "hell",
    ],
)
def test_a_question_is_no_courtesy(question: str) -> None:
    assert courtesy(question) is None


@given(st.text(max_size=200))
def test_any_text_is_accepted_or_refused_but_never_fails(text: str) -> None:
    try:
        question = check_question(text)
    except QuestionError as error:
        assert "\n" not in str(error)
    else:
        assert question == text.strip()
        courtesy(question)
