"""Follow-up questions made of neighbours: two questions on one context, the second leaning on the first.

Where a question names what the other one names, or what answers it, a pronoun takes the name's place, and the other one
stands before it as an earlier turn: a reader learns to look at both.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from qa.followup.history import with_history
from qa.training.reader import recipe
from qa.training.reader.altered import NAME
from qa.training.reader.rows import Row

_PREPOSITIONS = (
    *("about", "against", "at", "behind", "between", "by", "for", "from", "in", "into", "near", "of", "on", "over"),
    *("than", "to", "under", "with"),
)
_PERSONS = (("he", "him", "his"), ("she", "her", "her"), ("they", "them", "their"))
_THINGS = (("it", "it", "its"), ("it", "it", "its"), ("they", "them", "their"), ("that", "that", "its"))


def followed_rows(rows: Sequence[Row], rng: np.random.Generator) -> Iterator[Row]:
    """For every row that has a fitting neighbour, one that follows it."""
    together = defaultdict(list)
    for row in rows:
        if row.source not in recipe.GENERIC_SOURCES:
            together[row.source, row.context].append(row)
    for group in together.values():
        for row in group:
            if followed := _followed(row, [other for other in group if other is not row], rng):
                yield followed


def _followed(row: Row, others: Sequence[Row], rng: np.random.Generator) -> Row | None:
    """`row` behind one of the others that it shares something with; None where it shares nothing."""
    shuffled = [others[place] for place in rng.permutation(len(others))]
    found = next(((other, name) for other in shuffled if (name := _shared(row.question, other))), None)
    if found is None:
        return None
    other, name = found
    question = row.question
    if rng.random() >= recipe.WHOLE_SHARE:
        question = _with_pronoun(question, name, other.question, rng)
    if rng.random() < recipe.LOWER_SHARE:
        question = question.casefold().rstrip("?")
    turns = [other]
    earlier = [one for one in others if one is not other]
    if earlier and rng.random() < recipe.EARLIER_SHARE:
        turns.insert(0, earlier[int(rng.integers(len(earlier)))])
    told = [(turn.question, turn.answers[0][0] if turn.answers else None) for turn in turns]
    return replace(row, question=with_history(question, told))


def _shared(question: str, other: Row) -> re.Match[str] | None:
    """Where a name, or an answer of `other`, stands in the question that stands in what the other turn said, too."""
    answers = [answer for answer, _ in other.answers if len(answer) > 3]
    names = [re.sub(r"['’]s?$", "", found[0]) for found in NAME.finditer(question) if found.start()]
    shared = [*answers, *(name for name in names if _standing(name, other.question))]
    return next((found for text in shared if (found := _standing(text, question))), None)


def _standing(text: str, within: str) -> re.Match[str] | None:
    return re.search(rf"(?<!\w){re.escape(text)}(?!\w)", within)


def _with_pronoun(question: str, name: re.Match[str], before: str, rng: np.random.Generator) -> str:
    """:param before: the question before, which tells a person from a thing."""
    forms = _PERSONS if re.match(r"(?i)who|which (?:man|woman|person)", before) else _THINGS
    subject, object_, possessive = forms[int(rng.integers(len(forms)))]
    head, tail = question[: name.start()], question[name.end() :]
    head = re.sub(r"\b(?:the|an?) $", "", head, flags=re.IGNORECASE)
    if owned := re.match(r"['’]s?(?!\w)", tail):
        return head + possessive + tail[owned.end() :]
    last = head.split()[-1].casefold() if head.split() else ""
    if last in ("at", "in") and forms is _THINGS and rng.random() < 0.5:
        return head[: -len(last) - 1] + "there" + tail
    return head + (object_ if last in _PREPOSITIONS or tail in ("", "?") else subject) + tail
