"""Greetings, thanks and "what can you do?": a short pointer to what can be asked, and nothing cited."""

import re
from collections.abc import Sequence
from typing import Literal

from qa.answer import Answer, Models
from qa.question import search_text

Courtesy = Literal["greeting", "thanks", "farewell", "help"]

# Whole messages, after case, punctuation and white space are folded away; a question that merely opens with "Hello," is
# a question. English and Hebrew, the languages of the interface.
_COURTESIES: tuple[tuple[Courtesy, str], ...] = (
    (
        "greeting",
        r"(hi|hello|hey|hiya|howdy|greetings|good (morning|afternoon|evening|day))( (there|all|everyone|again))?",
    ),
    (
        "greeting",
        r"((hi|hello|hey) )?(there )?how are you( doing)?( today)?|what s up|👋|שלום( לך)?|היי|בוקר טוב|ערב טוב|מה שלומך",
    ),
    (
        "thanks",
        r"((ok|okay|great|cool|perfect) )?(thanks|thank you|thx|ty|cheers|much appreciated)( (a lot|so much|very much))?",
    ),
    ("thanks", r"תודה( רבה)?|🙏"),
    ("farewell", r"(good)?bye( bye)?|see you( later)?|good night|להתראות"),
    ("help", r"(please )?help( me)?( please)?|what (can|do) you do|(who|what) are you|how does (this|it) work"),
    ("help", r"how do i use (this|it)|what can i ask( you)?( here)?|עזרה|מה אתה יודע לעשות|איך זה עובד"),
)

_POINTER = "Ask about the article: the sentence that answers is quoted word for word; if none does, you are told."
_MESSAGES: dict[Courtesy, str] = {
    "greeting": f"Hello! {_POINTER}",
    "thanks": "You are welcome. Is there anything else you would like to know?",
    "farewell": "Goodbye, and thank you for reading.",
    "help": f"{_POINTER} Nothing is made up: every answer is a quotation.",
}


def courtesy(question: str) -> Courtesy | None:
    """Which courtesy the whole message is, or None for anything that may be a question.

    >>> courtesy("Hello!"), courtesy("Hello, who is Musk?")
    ('greeting', None)
    """
    folded = " ".join(re.sub(r"[^\w\s👋🙏]|_", " ", search_text(question).casefold()).split())
    return next((kind for kind, pattern in _COURTESIES if re.fullmatch(pattern, folded)), None)


def courtesy_reply(question: str, kind: Courtesy, suggestions: Sequence[str], models: Models) -> Answer:
    """The answer to a courtesy: a message, and questions worth asking."""
    return Answer(
        kind="help",
        question=question,
        answerable=False,
        answer=None,
        confidence=None,
        confidence_label=None,
        p_no_answer=None,
        citations=(),
        nearest=(),
        models=models,
        message=_MESSAGES[kind],
        suggestions=tuple(suggestions),
    )
