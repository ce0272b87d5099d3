"""What a conversation has been about: its turns, the sentences that answered them, and who and what they name.

A turn's answer is a verbatim span of an article, so that the sentence it was taken from is found again in the index.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from index.lexical import terms
from index.store import Index
from index.units import Sentence
from qa.followup import lexicon
from qa.followup.phrases import Phrase, Shape, noun_phrases, open_question, shape
from qa.followup.words import cut, is_past, is_plural, is_third

Being = Literal["he", "she", "person", "thing", "unknown"]
"""What a phrase names: a man, a woman, a person, no person, or one cannot tell."""

DEPTH = 4
"""Turns, counted back, in which something that a question points at is looked for."""

_SCANNED = 2_000  # sentences, at most, in which a turn's answer is looked for
MOST_PHRASES = 24
"""Phrases of a question, or of an answer, that are looked at: more than people write, and each may be looked for in the whole
article. A client may send hundreds.
"""

_NEAR = 160  # code points after a name in which a pronoun tells who it is
_APPROXIMATE = lexicon.words_of("about around nearly almost approximately roughly some more than over less least")
_TELLING = 2  # pronouns that tell whether it is a man or a woman; as many times as often as the others
_MANY = 30  # mentions of a name that are looked at
_FIGURE = re.compile(r"(?<![^\W\d])\d|[£$€%]")
_TAKING = re.compile(r"\b(?:take|takes|taken|took|taking) $", re.IGNORECASE)
_RELATIONS = lexicon.words_of(
    "father mother son daughter brother sister husband wife uncle aunt nephew niece cousin grandmother grandfather widow "
    "partner friend neighbour neighbor landlord landlady teacher girl boy man woman"
)


@dataclass(frozen=True)
class Turn:
    """An earlier question, in full, its answer, and the sentence of the article that the answer stands in."""

    question: str
    answer: str | None
    sentence: str | None = None
    article: str | None = None
    """The whole text of that article."""
    title: str | None = None
    """The article's title."""

    @cached_property
    def shape(self) -> Shape | None:
        return shape(self.question)

    @cached_property
    def phrases(self) -> tuple[Phrase, ...]:
        """Those of the question, a possessor after what it possesses: "Tolmie's machines", "Tolmie"."""
        found: list[Phrase] = []
        text = open_question(self.question).rstrip(" ?!.")
        for phrase in noun_phrases(text)[:MOST_PHRASES]:
            if phrase.text in ("place", "part") and _TAKING.search(text[: phrase.start]):
                continue  # "take place" is a verb
            if phrase.head in lexicon.ANYBODY:
                continue  # "nobody" names nobody
            if phrase.text == "more" or (not phrase.start and phrase.text.lower() in lexicon.VERBS):
                continue  # "Tell me more"
            if text[: phrase.start].endswith(" as ") and text[phrase.end :].startswith(" as "):
                continue  # "as early as 2029"
            found.append(phrase)
            place = next((n for n, word in enumerate(phrase.words) if word.possessive), 0)
            if place and not phrase.name:
                own = phrase.words[:place]
                text = phrase.text[: own[-1].end - phrase.start]
                found.append(Phrase(own, phrase.first, text, phrase.start, own[-1].end))
        return tuple(found)

    @cached_property
    def answer_phrases(self) -> tuple[Phrase, ...]:
        answer = (self.answer or "").strip()
        first = answer.split(maxsplit=1)[0].strip(",.") if answer else ""
        if is_third(first) or (is_past(first) and first.islower()):
            answer = answer[len(first) :]  # "holds the stick": a clause without its subject
        if first.lower() in lexicon.VERBS or self._only_begins(first, answer):
            answer = answer[:1].lower() + answer[1:]  # a capital of a sentence's start names nobody
        return tuple(noun_phrases(answer)[:MOST_PHRASES]) if answer else ()

    def _only_begins(self, word: str, answer: str) -> bool:
        """Whether the article has the word with a capital at the start of sentences only, so that it is no name."""
        following = answer.split()[1:2]
        if not self.article or not following or following[0][:1].isupper():
            return False
        return re.search(rf"[a-z,;] {re.escape(word)}\b", self.article) is None

    @cached_property
    def asks_who(self) -> bool:
        return self.shape is not None and self.shape.wh in ("who", "whom")

    def is_about(self, phrase: Phrase) -> bool:
        """Whether the question is what, or who, just that is: "Who is Idris Kamara?"."""
        parts = self.shape
        return parts is not None and parts.aux.lower() in lexicon.BE and phrase.text in (parts.subject, parts.rest)


Mention = tuple[Phrase, Turn, bool]
"""A phrase, the turn that it stands in, and whether in its answer rather than its question."""


def cited(index: Index, article_id: str | None, question: str, answer: str | None) -> Sentence | None:
    """The sentence that a turn's answer was taken from: of those that hold its words, the nearest to its question's; of
    a mere figure, which may stand anywhere, only one with a word of the question.
    """
    if not answer or not answer.strip():
        return None
    asked = set(terms(question))
    best: tuple[int, Sentence] | None = None
    for row in _likely_rows(index, article_id, question, answer):
        sentence = index.sentences[row]
        if answer in (text := index.text(sentence)):
            common = len(asked.intersection(terms(text)))
            if best is None or common > best[0]:
                best = common, sentence
    return best[1] if best and (best[0] or not is_figure(answer)) else None


def _likely_rows(index: Index, article_id: str | None, question: str, answer: str) -> Sequence[int]:
    """The rows of an article's sentences, none where it does not hold the answer; of a longer article, or of an archive, the
    `_SCANNED` with most of the words, so that a turn costs no more in a large one.
    """
    if article_id is not None and answer not in index.article(article_id).text:
        return ()
    low, high = index.sentence_rows(article_id)
    if high - low <= _SCANNED:
        return range(low, high)
    scores = index.sentence_terms.scores([f"{question} {answer}"], (low, high))[0]
    return sorted(int(row) + low for row in np.argpartition(-scores, _SCANNED)[:_SCANNED])


def being(phrase: Phrase, turn: Turn) -> Being:
    """Whom or what a phrase names: by its head noun, title or first name, else by the pronouns near it in the article."""
    owned = next((n + 1 for n in reversed(range(len(phrase.words))) if phrase.words[n].possessive), 0)
    head, lowered = phrase.head, {word.lower.rstrip(".") for word in phrase.words[owned:]}
    if phrase.name:
        return _named(phrase, lowered, turn)
    if head in lexicon.FEMALE_NOUNS:
        return "she"
    if head in lexicon.MALE_NOUNS:
        return "he"
    if head in lexicon.PERSON_NOUNS:
        return "person"
    return "thing"


def _named(phrase: Phrase, lowered: set[str], turn: Turn) -> Being:
    first = next((word.lower for word in phrase.core if word.lower not in lexicon.TITLES | lexicon.PERSON_NOUNS), "")
    if lowered & lexicon.FEMALE_NOUNS or first in lexicon.FEMALE_NAMES:
        return "she"
    if lowered & lexicon.MALE_NOUNS or first in lexicon.MALE_NAMES:
        return "he"
    if phrase.head in lexicon.PLACES or lowered & (lexicon.ORGANISATION_NOUNS | lexicon.MONTHS | lexicon.DAYS):
        return "thing"
    if lowered & lexicon.TITLES:
        return "person"
    return _told_by_pronouns(phrase, turn.article)


def _told_by_pronouns(phrase: Phrase, article: str | None) -> Being:
    """By a first name before a mention, "in" before one, or the first pronoun after each: "Priya Nand ... she said"."""
    votes = {"he": 0, "she": 0}
    last = phrase.core[-1].text if phrase.core else ""
    if not article or not last or last not in article:
        return "unknown"
    before = re.findall(rf"\b((?:[A-Z]\w+ ){{1,3}}){re.escape(last)}\b", article)  # "Mayor Tom ", "CEO Elon "
    first = {name.lower() for names in before for name in names.split()[-2:]}
    if bool(first & lexicon.MALE_NAMES) != bool(first & lexicon.FEMALE_NAMES):
        return "he" if first & lexicon.MALE_NAMES else "she"
    if phrase.text in article and re.search(rf"\b(?:in|at|on|near|into|to the) {re.escape(phrase.text)}\b", article):
        return "thing"
    for mention in list(re.finditer(rf"\b{re.escape(last)}\b(?!['’]s)", article))[:_MANY]:
        after = article[mention.end() : mention.end() + _NEAR]
        if found := re.search(r"\b(he|she)\b", after, re.IGNORECASE):
            votes["he" if found[1].lower() == "he" else "she"] += 1
    more, fewer = ("he", "she") if votes["he"] > votes["she"] else ("she", "he")
    if votes[more] < _TELLING:
        return "unknown"
    if votes[more] < _TELLING * votes[fewer]:
        return "person"
    return "he" if more == "he" else "she"


def mentions(turns: Sequence[Turn]) -> Iterator[Mention]:
    """Phrases that a question may point at, likeliest first, each with its turn and whether it stands in its answer.

    Turns from the last one back. Of one turn: a person who was asked for by "who"; the question's subject; what its answer
    names, before or, for a time, place or reason, after the question's other phrases.
    """
    recent = list(reversed(turns[-DEPTH:]))
    for turn in recent:
        asked = sorted(turn.phrases, key=lambda phrase: _is_lead(phrase, turn))
        answered = [phrase for phrase in turn.answer_phrases if not is_figure(phrase.text)]
        known = [phrase for phrase in asked if phrase.name and turn.is_about(phrase)]
        first = (known or answered) if turn.asks_who else []
        subject = [phrase for phrase in asked if turn.shape and phrase.text == turn.shape.subject]
        about = turn.shape is not None and turn.shape.kind == "adjunct"
        sources = (first, subject, asked, answered) if about else (first, subject, answered, asked)
        told, seen = {id(phrase) for phrase in answered}, set[int]()
        for phrase in (one for source in sources for one in source):
            if id(phrase) not in seen:
                seen.add(id(phrase))
                yield phrase, turn, id(phrase) in told


def cited_mentions(turns: Sequence[Turn]) -> Iterator[Mention]:
    """Phrases of the article's title, if it is a name, and of the sentence that answered the last turn: for what neither
    question nor answer explains.
    """
    for phrase in noun_phrases(turns[-1].title) if turns[-1].title else ():
        if phrase.name and phrase.text == turns[-1].title:
            yield phrase, turns[-1], False
    for phrase in noun_phrases(turns[-1].sentence) if turns[-1].sentence else ():
        yield phrase, turns[-1], True


def is_role(phrase: Phrase) -> bool:
    """Whether it says what somebody is, "head of a fund", rather than who: no name, and no relation as "nephew" is."""
    return not phrase.name and phrase.head not in _RELATIONS


def is_figure(text: str) -> bool:
    """A number, amount or date, which no pronoun stands for; things that are counted are none.

    >>> is_figure("more than 10,000 miles"), is_figure("the machine of 1903"), is_figure("two engineers")
    (True, False, False)
    """
    told = [
        word
        for word in cut(text)
        if word.lower not in _APPROXIMATE and not (word.closed and not _FIGURE.search(word.text))
    ]
    amounts = lexicon.MONTHS | lexicon.DAYS | lexicon.NUMBERS
    if told and (told[0].lower in amounts or _FIGURE.match(told[0].text)):
        nouns = [word.lower for word in told[1:] if not _FIGURE.match(word.text) and word.lower not in amounts]
        return not nouns or not is_plural(nouns[-1]) or nouns[-1] in lexicon.UNITS
    return bool(re.match(r"[£$€]", text.strip()))


def _is_lead(phrase: Phrase, turn: Turn) -> bool:
    """Whether a phrase belongs to the question word ("which company"), so that it names nothing yet."""
    return turn.shape is not None and phrase.end <= len(turn.shape.lead)
