"""What a person typed, before it is searched for: can it be asked at all?"""

import re
import unicodedata
from typing import Any

from index.errors import QuestionError

MAX_QUESTION = 1_000
"""Longest question, in code points, unless the settings say otherwise."""

SIGNS = ("👋", "🙏", "👍")
"""Messages without a word that are understood all the same, as courtesies."""

MOST_OF_A_TURN = 2_000
"""Characters of each text of an earlier turn that are looked at: more than any answer has, and the rules that look at them
take time with their square.
"""

MAX_TOP_K = 10
"""Citations of an answer, at most."""

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


def checked_history(history: object, most_turns: int, top_k: object) -> list[dict[str, Any]]:
    """The earlier turns as they are looked at: each text cut, and without halves of characters, which no encoder takes.

    :raises QuestionError: they are no turns, or too many, or `top_k` is out of range.
    """
    if type(top_k) is not int or not 1 <= top_k <= MAX_TOP_K:
        raise QuestionError(f"top_k is {top_k!r}; expected a whole number from 1 to {MAX_TOP_K}")
    turns = history if isinstance(history, (list, tuple)) else (None,)
    if len(turns) > most_turns:
        raise QuestionError(
            f"The history holds {len(turns):,} turns; at most {most_turns:,} can be read. Please send the last ones."
        )
    for turn in turns:
        match turn:
            case {"question": str(), "answer": str() | None} if isinstance(turn.get("interpreted_as"), str | None):
                continue
            case _:
                raise QuestionError('history holds something else than turns, {"question": text, "answer": text or None}')
    return [{name: _readable(value) for name, value in turn.items()} for turn in turns]


def _readable(value: object) -> object:
    return value[:MOST_OF_A_TURN].encode("utf-8", "replace").decode() if isinstance(value, str) else value


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
