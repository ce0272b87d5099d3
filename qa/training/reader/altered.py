"""Altered rows: an answerable row becomes one without an answer by a small change, so that likeness alone is not enough.

Three changes, after what tempts readers in SQuAD 2.0 (Rajpurkar et al. 2018, table 2): the answer's sentence is taken out of
the context; a name or number of the question becomes another; a word becomes its opposite.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from index.lexical import terms
from qa.training.reader import recipe
from qa.training.reader.negatives import lacks
from qa.training.reader.rows import Row

_SENTENCE_END = re.compile(r"(?<=[.!?])[\"'”’)]*\s+(?=[\"'“‘(]*[A-Z0-9])")
NAME = re.compile(r"(?<![\w.’'-])[A-Z][\w’'-]*[a-z0-9](?:\s+(?:(?:of|the|de|von|van)\s+)?[A-Z][\w’'-]*[a-z0-9])*")
_NUMBER = re.compile(r"(?<![\w.,])\d{1,4}(?![\w.,]*\d)")
_WORD = re.compile(r"[a-z]+")

_OPPOSITES = dict(
    pair
    for line in (
        "first last, oldest youngest, earliest latest, largest smallest, biggest smallest, highest lowest, most least",
        "more less, longest shortest, before after, increase decrease, increased decreased, rise fall, rose fell",
        "north south, east west, northern southern, eastern western, won lost, win lose, best worst",
        "strongest weakest, above below, began ended, start end, started ended, begin end, open close, opened closed",
        "accepted rejected, allowed banned, supported opposed, gain lose, gained lost, major minor, married divorced",
        "born buried, bought sold, buy sell, arrived left, maximum minimum, inside outside, male female, men women",
        "father mother, brother sister, son daughter, husband wife, founded dissolved, built demolished",
        "elected defeated, hired fired, joined left, import export, teach learn",
    )
    for one, other in (words.split() for words in line.split(","))
    for pair in ((one, other), (other, one))
)


def altered_rows(rows: Sequence[Row], rng: np.random.Generator) -> Iterator[Row]:
    """For every answerable row that allows it, one altered row without answers: one of its possible changes, at random."""
    names = _names_of_articles(rows)
    for row in rows:
        if not row.answers or row.source in recipe.GENERIC_SOURCES:
            continue
        if len(set(terms(row.question))) < recipe.MIN_QUESTION_TERMS:
            continue
        made = [
            found
            for found in (
                without_the_sentence(row),
                with_another_name(row, names[row.source, row.article], rng),
                with_another_number(row, rng),
                with_the_opposite(row, rng),
            )
            if found is not None
        ]
        if made:
            yield made[int(rng.integers(len(made)))]


def without_the_sentence(row: Row) -> Row | None:
    """The context less the sentences that hold an answer, None when little or an answer would be left."""
    bounds = [0, *(found.end() for found in _SENTENCE_END.finditer(row.context)), len(row.context)]
    spans = [(start, start + len(text)) for text, start in row.answers]
    kept = [
        row.context[start:end]
        for start, end in pairwise(bounds)
        if not any(start < last and first < end for first, last in spans)
    ]
    context = "".join(kept).strip()
    if len(kept) < recipe.MIN_SENTENCES or not lacks(row.answers, context, frozenset(terms(context))):
        return None
    return replace(row, context=context, answers=())


def with_another_name(row: Row, others: Sequence[str], rng: np.random.Generator) -> Row | None:
    """The question about another name of its article, None when it names nothing.

    The other name stands neither in the answer nor in its sentences, and no sentence that it stands in shares half of the
    question's terms: it might answer.
    """
    names = [found for found in NAME.finditer(row.question) if found.start()]
    if not names or row.source in recipe.LOOSELY_CAPITAL_SOURCES:
        return None
    name = names[int(rng.integers(len(names)))]
    sentences = _SENTENCE_END.split(row.context)
    asked = set(terms(row.question)) - set(terms(name[0]))
    taken = row.question.casefold() + " ".join(text for text, _ in row.answers).casefold()
    words = len(name[0].split())
    fitting = [
        other
        for other in others
        if abs(len(other.split()) - words) <= 1
        and other.casefold() not in taken
        and not any(word in taken for word in other.casefold().split() if len(word) > 2)
        and not _speaks(other, sentences, asked, row)
    ]
    if not fitting:
        return None
    other = fitting[int(rng.integers(len(fitting)))]
    return replace(row, question=row.question[: name.start()] + other + row.question[name.end() :], answers=())


def with_another_number(row: Row, rng: np.random.Generator) -> Row | None:
    """The question with another number in place of one of its own, which the context does not hold; None without one."""
    numbers = list(_NUMBER.finditer(row.question))
    if not numbers:
        return None
    number = numbers[int(rng.integers(len(numbers)))]
    value = int(number[0])
    step = int(rng.integers(1, 30 if value > 100 else max(2, value + 2)))
    other = str(value + step if value <= step or rng.random() < 0.5 else value - step)
    if re.search(rf"(?<!\d){other}(?!\d)", row.context + " " + row.question):
        return None
    return replace(row, question=row.question[: number.start()] + other + row.question[number.end() :], answers=())


def with_the_opposite(row: Row, rng: np.random.Generator) -> Row | None:
    """The question with the opposite of one of its words, which its context does not hold; None where none has one."""
    words = [found for found in _WORD.finditer(row.question) if found[0] in _OPPOSITES]
    if not words:
        return None
    word = words[int(rng.integers(len(words)))]
    other = _OPPOSITES[word[0]]
    if re.search(rf"\b{other}", row.context, re.IGNORECASE):
        return None
    return replace(row, question=row.question[: word.start()] + other + row.question[word.end() :], answers=())


def _speaks(name: str, sentences: Sequence[str], asked: set[str], row: Row) -> bool:
    """Whether a sentence with the name might answer: an answer is in it, or half of the terms asked for are."""
    return any(
        name in sentence
        and (any(text in sentence for text, _ in row.answers) or len(asked & set(terms(sentence))) * 2 >= len(asked))
        for sentence in sentences
    )


def _names_of_articles(rows: Sequence[Row]) -> dict[tuple[str, str], list[str]]:
    """Names inside the sentences of each article's contexts and questions, distinct; a sentence's first word is no name."""
    texts: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    for row in rows:
        texts[row.source, row.article] |= dict.fromkeys((row.context, row.question))
    names = {}
    for article, found in texts.items():
        sentences = (sentence for text in found for sentence in _SENTENCE_END.split(text))
        inside = (name[0] for sentence in sentences for name in NAME.finditer(sentence) if name.start() > 1)
        names[article] = list(dict.fromkeys(name for name in inside if len(name) > 2))
    return names
