"""Greetings, thanks and "what can you do?": a short pointer to what can be asked, and nothing cited."""

import re
from typing import Literal

from qa.answer import Answer, Models
from qa.question import folded

Courtesy = Literal["greeting", "thanks", "farewell", "help"]

# Whole messages, after case, punctuation and white space are folded away; a question that merely opens with "Hello," is
# a question. English and Hebrew, the languages of the interface.
_YOU = r"( (there|all|everyone|again|bot|friend|you|robot))?"
_HELPFUL = r"that (was|is) (very )?(helpful|great|useful)"
_MUCH = rf"( (a lot|a bunch|so much|very much|again|for (your|the|all your) (help|answers?|time)|{_HELPFUL}))*"
_COURTESIES: tuple[tuple[Courtesy, str], ...] = (
    ("greeting", rf"(hi|hello|hey|hiya|howdy|yo|greetings|good (morning|afternoon|evening|day)){_YOU}"),
    ("greeting", rf"((hi|hello|hey){_YOU} )?how are you( doing)?( today)?|what s up|👋"),
    ("greeting", r"שלום( לך)?|היי|בוקר טוב|ערב טוב|מה שלומך"),
    ("thanks", rf"((ok|okay|great|cool|perfect|oh) )?(thanks|thank you|thx|ty|cheers|much appreciated){_MUCH}"),
    ("thanks", rf"({_HELPFUL}|(very )?helpful)( thanks| thank you)?|תודה( רבה)?|🙏|👍"),
    ("farewell", r"(good)?bye( bye| for now)?|see you( later)?|good night|להתראות"),
    (
        "help",
        r"(please |can you )?help( me)?( please)?|what (can|do|could) you (do|help)( me)?( with)?( for me)?( here)?",
    ),
    (
        "help",
        r"how (can|could|do) you help( me)?|(who|what) are you|how does (this|it) work|what is this( site| page| tool)?",
    ),
    (
        "help",
        r"how do i (use|do) (this|it)|what (can|should|could) i ask( you)?( here| about)?|עזרה|מה אתה יודע לעשות|איך זה עובד",
    ),
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
    message = folded(question)
    return next((kind for kind, pattern in _COURTESIES if re.fullmatch(pattern, message)), None)


def courtesy_reply(question: str, kind: Courtesy, models: Models) -> Answer:
    """The answer to a courtesy: a message."""
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
    )
