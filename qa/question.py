"""What a person typed, before it is searched for: can it be asked at all, and is it a question?"""

import re
import unicodedata
from typing import Literal

from index.errors import QuestionError

MAX_QUESTION = 1_000
"""Longest question, in code points."""

Courtesy = Literal["greeting", "thanks", "farewell", "help"]

# Whole messages, after case, punctuation and white space are folded away; a question that merely opens with "Hello," is
# a question. English and Hebrew, the languages of the interface.
_COURTESIES: tuple[tuple[Courtesy, str], ...] = (
    ("greeting", r"(hi|hello|hey|hiya|howdy|greetings|good (morning|afternoon|evening|day))( (there|all|everyone|again))?"),
    ("greeting", r"(hi|hello|hey)? ?how are you( doing)?( today)?|what s up|👋|שלום( לך)?|היי|בוקר טוב|ערב טוב|מה שלומך"),
    ("thanks", r"((ok|okay|great|cool|perfect) )?(thanks|thank you|thx|ty|cheers|much appreciated)( (a lot|so much|very much))?"),
    ("thanks", r"תודה( רבה)?|🙏"),
    ("farewell", r"(good)?bye( bye)?|see you( later)?|good night|להתראות"),
    ("help", r"help( me)?|what (can|do) you do|who are you|what are you|how does (this|it) work|how do i use (this|it)"),
    ("help", r"what can i ask( you)?( here)?|עזרה|מה אתה יודע לעשות|איך זה עובד"),
)


def check_question(question: object) -> str:
    """The question without the white space around it, otherwise as typed.

    :raises QuestionError: it is not text, is empty, is longer than `MAX_QUESTION` code points, or holds control
        characters or lone surrogates (tabs and line ends are allowed).
    """
    if not isinstance(question, str):
        raise QuestionError(f"A question is text; this is {type(question).__name__}. Type a question about the article.")
    text = question.strip()
    if not text:
        raise QuestionError("The question is empty. Type a question about the article.")
    if len(text) > MAX_QUESTION:
        raise QuestionError(
            f"The question is {len(text):,} characters long; at most {MAX_QUESTION:,} can be read. Please shorten it."
        )
    bad = next((c for c in text if unicodedata.category(c) in ("Cc", "Cs") and c not in "\t\n\r"), None)
    if bad is not None:
        raise QuestionError(
            f"The question holds the control character U+{ord(bad):04X}, which cannot be read. Please type it again."
        )
    return text


def search_text(question: str) -> str:
    """The form that is searched for: NFKC, white space folded to single spaces; what is shown stays as typed."""
    return " ".join(unicodedata.normalize("NFKC", question).split())


def courtesy(question: str) -> Courtesy | None:
    """Which courtesy the whole message is, or None for anything that may be a question.

    >>> courtesy("Hello!"), courtesy("Hello, who is Musk?")
    ('greeting', None)
    """
    folded = " ".join(re.sub(r"[^\w\s👋🙏]|_", " ", search_text(question).casefold()).split())
    return next((kind for kind, pattern in _COURTESIES if re.fullmatch(pattern, folded)), None)
