"""Groups of questions: by what they ask for, how long they are, and which article they are about."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from qa.evaluation.outcome import Outcome

Row = tuple[str, NDArray[np.float64], NDArray[np.float64]]
"""Name of the group, `hit_1` and best-span F1 of its answerable questions."""

_KINDS = (
    ("how many, how much", r"how (many|much)\b"),
    ("how", r"how\b"),
    ("when, what year", r"when\b|(what|which) (year|date|month|day|decade|century)\b"),
    ("where", r"where\b"),
    ("who", r"who(m|se)?\b"),
    ("why", r"why\b"),
    ("which", r"which\b"),
    ("what", r"what\b"),
)
_LENGTHS = ((1, 6), (7, 9), (10, 12), (13, 16), (17, None))
_YES_NO = re.compile(r"(is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|may|might)\b")
_MOST_ARTICLES = 40


def question_kind(text: str) -> str:
    """What a question asks for, by the question word that comes first in it, wherever that is.

    >>> question_kind("In which year did it open?"), question_kind("Did it open?"), question_kind("Name a lens.")
    ('when, what year', 'yes or no', 'other')
    """
    folded = text.casefold()
    found = [(match.start(), kind) for kind, pattern in _KINDS if (match := re.search(rf"\b(?:{pattern})", folded))]
    first = min((start for start, _ in found), default=None)
    if _YES_NO.match(folded.strip()):
        return "yes or no"
    return next((kind for start, kind in found if start == first), "other")


def by_kind(outcomes: Sequence[Outcome]) -> list[Row]:
    """Rows for the question words, the commonest first."""
    names = [*(kind for kind, _ in _KINDS), "yes or no", "other"]
    rows = [_row(name, [one for one in outcomes if question_kind(one.question.text) == name]) for name in names]
    return sorted(rows, key=lambda row: -row[1].size)


def by_length(outcomes: Sequence[Outcome]) -> list[Row]:
    """Rows for questions of few to many words."""
    return [
        _row(
            f"{low}–{high} words" if high else f"{low} or more words",
            [one for one in outcomes if low <= len(one.question.text.split()) <= (high or 10**6)],
        )
        for low, high in _LENGTHS
    ]


def by_article(outcomes: Sequence[Outcome]) -> list[Row]:
    """Rows for the articles, the worst first; at most so many as can be read."""
    names = dict.fromkeys(outcome.question.article_id for outcome in outcomes)
    rows = [_row(_short(name), [one for one in outcomes if one.question.article_id == name]) for name in names]
    rows = sorted((row for row in rows if row[1].size), key=lambda row: float(row[1].mean()))
    return rows[:_MOST_ARTICLES]


def _row(name: str, outcomes: Sequence[Outcome]) -> Row:
    asked = [one.scores for one in outcomes if one.question.answerable]
    return (
        name,
        np.array([one.hit_1 for one in asked], dtype=float),
        np.array([one.has_ans_f1 for one in asked], dtype=float),
    )


def _short(name: str) -> str:
    text = name.replace("_", " ")
    return text if len(text) <= 26 else f"{text[:25].rstrip()}…"
