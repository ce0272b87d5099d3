"""The noun phrases of a text, and a question taken apart: question word, auxiliary, subject, rest."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

from qa.followup import lexicon
from qa.followup.words import Word, base, cut, is_plural, verbs

_JOINS = frozenset({"of", "de", "van", "von", "der", "den", "la", "le", "di", "da", "del", "al", "bin", "ibn"})
_LEADING = lexicon.DETERMINERS | frozenset(lexicon.POSSESSIVES) | lexicon.OWN
_CONTRACTED = re.compile(r"\b(what|who|where|when|how|why)['’]s\b", re.IGNORECASE)
_BEFORE_THAT = lexicon.PREPOSITIONS | lexicon.AUXILIARIES
_GIVING = lexicon.words_of("lend give leave sell send show teach pay offer tell bring award")
_OPENERS = lexicon.words_of("and but so or also ok okay well then yes no now")
_CORRECTION = re.compile(
    r"(?:(?:no|sorry|actually|well|oh|and|but|not that(?: one)?)\b[\s,;:.–-]*)*"
    r"(?:i|we) (?:mean|meant|(?:was|were|am|are) asking (?:about|for))\b[\s,:]*(?=\w)",
    re.IGNORECASE,
)
ADJUNCT = frozenset({"when", "where", "why", "how"})


@dataclass(frozen=True)
class Phrase:
    """A noun phrase: words `[first, last)` of a text, from its determiner or possessor to its head noun."""

    words: tuple[Word, ...]
    first: int
    text: str
    start: int
    end: int

    @property
    def last(self) -> int:
        return self.first + len(self.words)

    @cached_property
    def core(self) -> tuple[Word, ...]:
        """Without determiners in front."""
        skip = next((n for n, word in enumerate(self.words) if word.lower not in _LEADING), len(self.words))
        return self.words[skip:]

    @cached_property
    def head(self) -> str:
        """The head noun, in small letters: the last word before "of", "that" or the end."""
        own = [word.lower for word in self.words]
        if "of" in own[1:] and not self.name:
            own = own[: own.index("of", 1)]
        return next((word for word in reversed(own) if word not in ("'s", "'")), "")

    @cached_property
    def name(self) -> bool:
        """Whether it is a proper name: all words after a determiner have capitals, "of" and the like apart."""
        core = [word for word in self.core if word.lower not in _JOINS and not word.possessive]
        return bool(core) and all(word.capital for word in core)

    @cached_property
    def plural(self) -> bool:
        return not self.name and is_plural(self.head) and not self.determined_single

    @property
    def determined_single(self) -> bool:
        return self.words[0].lower in ("a", "an", "this", "that", "each", "every", "another")

    @property
    def determined(self) -> bool:
        return self.words[0].lower in _LEADING or any(word.possessive for word in self.words)


def noun_phrases(text: str, verb_places: Collection[int] | None = None) -> list[Phrase]:
    """The noun phrases of a text, in order; a possessor and an "of" after the head belong to its phrase.

    >>> [found.text for found in noun_phrases("When did the mayor of Oxford open Crane's new workshop?")]
    ['the mayor of Oxford', "Crane's new workshop"]
    """
    words = cut(text)
    marked = verbs(words) if verb_places is None else frozenset(verb_places)
    found: list[Phrase] = []
    place = 0
    while place < len(words):
        end = _phrase_end(words, place, marked)
        if end is None:
            place += 1
            continue
        own = words[place:end]
        found.append(Phrase(own, place, text[own[0].start : own[-1].end], own[0].start, own[-1].end))
        place = end
    return found


def _phrase_end(words: Sequence[Word], start: int, marked: Collection[int]) -> int | None:
    """The end of the noun phrase that begins at `start`, or None."""
    if start >= len(words):
        return None
    before = words[start - 1] if start else None
    if words[start].lower == "that" and before and not before.mark and before.lower not in _BEFORE_THAT:
        return None  # "the man that Crane left"
    if before and before.lower == "how":
        return None
    place = start
    while place < len(words) and words[place].lower in _LEADING:
        place += 1
    begun = place
    while place < len(words):
        word = words[place]
        if place in marked and not (place == begun and place > start):
            break
        if place > begun and not word.capital and words[place - 1].capital and _is_given(words, start, word):
            break  # "lent the young Tolmie | books"
        owns = word.possessive and place > begun and place + 1 < len(words) and not words[place + 1].closed
        if not word.closed or owns:
            place += 1
        elif word.lower in _JOINS and place > begun and _joins(words, place, marked):
            place += 1
            while words[place].lower in _LEADING:
                place += 1
        else:
            break
    return place if place > begun else None


def _is_given(words: Sequence[Word], start: int, word: Word) -> bool:
    return start > 0 and base(words[start - 1].lower) in _GIVING and is_plural(word.lower)


def _joins(words: Sequence[Word], place: int, marked: Collection[int]) -> bool:
    after = place + 1
    while after < len(words) and words[after].lower in _LEADING:
        after += 1
    return after < len(words) and not words[after].closed and after not in marked


@dataclass(frozen=True)
class Shape:
    """A question taken apart: `lead aux subject rest`, the parts as typed, "" where there is none.

    "In which year | did | the bridge | open to traffic"; a question that asks for its own subject has none:
    "Who | | | founded SpaceX". `wh` is the question word, "" for a yes/no question; `kind` the sort of lead:
    "adjunct" (a time, place, reason, manner), "argument" (who, what, which, how many) or "polar".
    """

    lead: str
    wh: str
    kind: str
    aux: str
    subject: str
    rest: str

    @property
    def clause(self) -> str:
        """Everything but the lead."""
        return " ".join(filter(None, (self.aux, self.subject, self.rest)))


def open_question(text: str) -> str:
    """The question without "And", "But", "No, I meant" and the like in front; "what's" in full."""
    text = _CORRECTION.sub("", _CONTRACTED.sub(r"\1 is", text.strip()), count=1)
    words = cut(text)
    place = 0
    while place < len(words) - 1 and (words[place].lower in _OPENERS or words[place].text == ","):
        place += 1
    return text[words[place].start :] if words else text


def shape(text: str) -> Shape | None:
    """The parts of a question; None where neither a question word nor an auxiliary opens it.

    >>> shape("In which year did the bridge open to traffic?")
    Shape(lead='In which year', wh='which', kind='adjunct', aux='did', subject='the bridge', rest='open to traffic')
    """
    text = open_question(text).rstrip(" ?!.")
    words = cut(text)
    marked = verbs(words)
    opening = next((n for n, word in enumerate(words[:8]) if word.lower in lexicon.QUESTION_WORDS), None)
    if opening is None or (words and words[0].lower in lexicon.AUXILIARIES):
        if not words or words[0].lower not in lexicon.AUXILIARIES:
            return None
        return _inverted(text, words, marked, "", "", "polar", 0)
    end = _lead_end(words, opening, marked)
    wh, lead = words[opening].lower, text[: words[end - 1].end]
    kind = _kind(words[:end], opening)
    if end == len(words):
        return Shape(lead, wh, kind, "", "", "")
    if words[end].lower not in lexicon.AUXILIARIES:
        return Shape(lead, wh, kind, "", "", text[words[end].start :])
    return _inverted(text, words, marked, lead, wh, kind, end)


def _lead_end(words: Sequence[Word], opening: int, marked: Collection[int]) -> int:
    for place in range(opening + 1, len(words)):
        word = words[place]
        if word.lower in lexicon.AUXILIARIES or place in marked or word.lower in lexicon.PERSONAL:
            return place
        if words[opening].lower in ("who", "whom") and word.lower != "else":
            return place
    run = next((place for place in range(opening + 1, len(words)) if words[place].closed), len(words))
    # "Which birds | nest at Fennel Point": an unknown verb, told by its place before the first closed word.
    return run - 1 if opening + 3 <= run < len(words) and not words[run - 1].capital else len(words)


def _kind(lead: Sequence[Word], opening: int) -> str:
    wh = lead[opening].lower
    after = lead[opening + 1].lower if opening + 1 < len(lead) else ""
    if wh == "how":
        return "argument" if after in ("many", "much") and len(lead) > opening + 2 else "adjunct"
    if wh in ADJUNCT:
        return "adjunct"
    before = lead[opening - 1].lower if opening else ""
    if before in lexicon.PREPOSITIONS or after in ("year", "date", "day", "month", "century", "time", "decade"):
        return "adjunct"
    return "argument"


def _inverted(
    text: str, words: Sequence[Word], marked: Collection[int], lead: str, wh: str, kind: str, place: int
) -> Shape:
    """The shape of a question with an auxiliary at `place`."""
    aux, after = words[place].text, place + 1
    while after < len(words) and words[after].lower in lexicon.ADVERBS - {"there"}:
        after += 1
    end = _subject_end(words, after, marked)
    aux = text[words[place].start : words[after - 1].end]
    if (
        end == after
        or after == len(words)
        or (kind == "argument" and words[place].lower not in lexicon.DO and _is_copula(words, end, marked))
    ):
        rest = text[words[after].start :] if after < len(words) else ""
        return Shape(lead, wh, kind, aux, "", rest)
    rest = text[words[end].start :] if end < len(words) else ""
    return Shape(lead, wh, kind, aux, text[words[after].start : words[end - 1].end], rest)


def _subject_end(words: Sequence[Word], start: int, marked: Collection[int]) -> int:
    if start < len(words) and words[start].lower in lexicon.PERSONAL | {"there", "this", "that", "these", "those"}:
        end = _phrase_end(words, start, marked)
        return end if end is not None and words[start].lower in lexicon.DETERMINERS else start + 1
    end = _phrase_end(words, start, marked)
    if end is None:
        return start
    while end + 1 < len(words) and words[end].lower == "and" and (more := _phrase_end(words, end + 1, marked)):
        end = more
    return end


def _is_copula(words: Sequence[Word], end: int, marked: Collection[int]) -> bool:
    """Whether no verb, and no preposition without a noun, follows: "What is the capital of France?"."""
    stranded = words[-1].lower in lexicon.PREPOSITIONS
    return not stranded and not any(place >= end for place in marked)
