"""Which messages ask for an overview, and that questions are left alone."""

import time

import pytest

from qa.courtesy import courtesy
from qa.overview import focus_of

WISHES = {
    "gist": (
        "What is this about?",
        "what's the article about",
        "WHAT IS THIS ARTICLE ABOUT, IN SHORT?",
        "Summarise",
        "Can you summarize this article in 3 sentences, please?",
        "give me a summary",
        "tl;dr",
        "What are the main points?",
        "key takeaways",
        "What does the article say?",
        "in a nutshell",
        "Tell me about this article",
        "על מה הכתבה?",
        "סכם את הכתבה",
        "מה הנקודות העיקריות?",
        "תקציר, בבקשה",
    ),
    "people": (
        "Who is mentioned?",
        "Who is mentioned in the article?",
        "which people are named here?",
        "List all the people mentioned",
        "Who appears in this story?",
        "who is in the article",
        "Who are the people in this story?",
        "Which people, organisations and places are mentioned?",
        "names",
        "מי מוזכר בכתבה?",
        "אילו אנשים מוזכרים?",
    ),
    "organisations": (
        "Which organisations are mentioned?",
        "what companies does it mention?",
        "אילו ארגונים מוזכרים בכתבה?",
    ),
    "places": ("Which places are mentioned?", "list the locations", "אילו מקומות מוזכרים?"),
    "countries": ("Which countries are named in the text?", "אילו מדינות מוזכרות?"),
    "numbers": (
        "Give me the numbers",
        "What are the figures?",
        "What are the numbers in this article?",
        "are there any statistics in the article?",
        "key figures",
        "תן לי את המספרים",
    ),
    "dates": ("Give me the dates", "what dates are mentioned?", "timeline", "Any dates?", "אילו תאריכים מוזכרים?"),
}

QUESTIONS = (
    "What is the mission about?",
    "What is the report about?",  # one that the article tells of
    "What was the speech about?",
    "What are the main exports?",
    "What is the main point of the treaty?",
    "Who is involved?",
    "Who was named?",
    "Who was mentioned in the will?",
    "Which countries signed?",
    "Which companies?",
    "What are the countries?",
    "How many people are mentioned?",
    "What is the date?",
    "What numbers did he give?",
    "What are the names of the astronauts?",
    "What did the article of 1998 say?",
    "Tell me about Mars",
    "What is this mission about?",
    "Summarise the treaty",
    "Where is it?",
    "Mars",
    "?!",
    "על מה הוא דיבר?",
)


@pytest.mark.parametrize(("focus", "message"), [(focus, one) for focus, several in WISHES.items() for one in several])
def test_a_wish_for_an_overview_is_known_and_is_no_courtesy(focus: str, message: str) -> None:
    assert focus_of(message) == focus
    assert courtesy(message) is None


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_is_no_such_wish(question: str) -> None:
    assert focus_of(question) is None


@pytest.mark.parametrize(
    "message",
    ["main " * 23 + "x", "in " + "a " * 55, "and companies " * 8, "what are the " + "key " * 25, "for me " * 16],
)
def test_a_message_made_to_take_long_does_not(message: str) -> None:
    started = time.perf_counter()
    focus_of(message)
    assert time.perf_counter() - started < 0.1


def test_a_message_longer_than_a_wish_is_not_searched() -> None:
    wish = "summarise this" + " please" * 15
    assert focus_of(wish) == "gist"
    assert focus_of(wish + " please" * 5) is None
