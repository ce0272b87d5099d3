"""What a person typed, before it is searched for: can it be asked at all?"""

import re
import unicodedata

from index.errors import QuestionError

MAX_QUESTION = 1_000
"""Longest question, in code points, unless the settings say otherwise."""

SIGNS = ("👋", "🙏", "👍")
"""Messages without a word that are understood all the same, as courtesies."""

_PUNCTUATION = re.compile(rf"[^\w\s{''.join(SIGNS)}]|_")


def check_question(question: object, most: int = MAX_QUESTION) -> str:
    """The question without the white space around it, otherwise as typed.

    :raises QuestionError: it is not text, is empty, is longer than `most` code points, or holds control characters or lone
        surrogates (tabs and line ends are allowed), or no letter or digit.
    """
    if not isinstance(question, str):
        raise QuestionError(f"A question is text; this is {type(question).__name__}. Type a question about the article.")
    text = question.strip()
    if not text:
        raise QuestionError("The question is empty. Type a question about the article.")
    if len(text) > most:
        raise QuestionError(
            f"The question is {len(text):,} characters long; at most {most:,} can be read. Please shorten it."
        )
    bad = next((c for c in text if unicodedata.category(c) in ("Cc", "Cs") and c not in "\t\n\r"), None)
    if bad is not None:
        raise QuestionError(
            f"The question holds the control character U+{ord(bad):04X}, which cannot be read. Please type it again."
        )
    if not any(map(str.isalnum, text)) and text not in SIGNS:
        raise QuestionError("There is no word in the question. Type a question about the article.")
    return text


def askable(question: str) -> bool:
    """Whether `check_question` lets it pass: an earlier turn, or what is made of one, may hold anything."""
    try:
        check_question(question)
    except QuestionError:
        return False
    return True


def search_text(question: str) -> str:
    """The form that is searched for: NFKC, white space folded to single spaces; what is shown stays as typed."""
    return " ".join(unicodedata.normalize("NFKC", question).split())


def folded(question: str) -> str:
    """The words alone, to compare whole messages: no case, no punctuation, single spaces; `SIGNS` stay.

    >>> folded("What's  this about?!")
    'what s this about'
    """
    return " ".join(_PUNCTUATION.sub(" ", search_text(question).casefold()).split())
