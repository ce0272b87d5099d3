"""A question or sentence as words, and what each may be: a verb, a name, a plural."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from qa.followup import lexicon

_WORD = re.compile(r"[^\W_](?:[\w]|[-.&](?=[^\W_])|['’](?!s\b)(?=[^\W_]))*|['’]s\b|(?<=s)['’](?=\s)|[^\w\s]")
_SINGULAR_S = ("ss", "us", "is", "ous")


@dataclass(frozen=True)
class Word:
    """`text[start:end]` of the text that was cut; a possessive "'s" and a mark are words of their own."""

    text: str
    start: int
    end: int

    @cached_property
    def lower(self) -> str:
        return self.text.lower().replace("’", "'")

    @property
    def mark(self) -> bool:
        return not self.text[0].isalnum() and not self.possessive

    @property
    def possessive(self) -> bool:
        return self.lower in ("'s", "'")

    @property
    def closed(self) -> bool:
        """Whether it belongs to a closed class: no noun, verb, adjective or name."""
        return self.mark or self.possessive or (self.lower in lexicon.CLOSED and not self._shouted)

    @property
    def _shouted(self) -> bool:
        return self.text in ("US", "IT", "WHO")

    @property
    def capital(self) -> bool:
        return self.text[0].isupper()


def cut(text: str) -> tuple[Word, ...]:
    """The words and marks of a text, in order.

    >>> [word.text for word in cut("Who won Russia's cup?")]
    ['Who', 'won', 'Russia', "'s", 'cup', '?']
    """
    return tuple(Word(found[0], found.start(), found.end()) for found in _WORD.finditer(text))


def base(verb: str) -> str:
    """What follows "did" in the place of a past form.

    >>> base("founded"), base("stopped"), base("carried"), base("raised")
    ('found', 'stop', 'carry', 'raise')
    """
    if verb in lexicon.IRREGULAR:
        return lexicon.IRREGULAR[verb]
    if not verb.endswith("ed"):
        return verb
    stem = verb[:-2]
    if f"{stem}e" in lexicon.VERBS:
        return f"{stem}e"
    if stem in lexicon.VERBS:
        return stem
    if verb.endswith("ied"):
        return f"{verb[:-3]}y"
    if len(stem) > 2 and stem[-1] == stem[-2] and stem[-1] not in "lsz":
        return stem[:-1]
    return f"{stem}e" if re.search(r"[^aeiou][aeiou][vcsgut]$|[vcgzu]$|[^e]at$", stem) else stem


def past(verb: str) -> str:
    """The past form of what follows "did".

    >>> past("leave"), past("close"), past("carry")
    ('left', 'closed', 'carried')
    """
    irregular = next((form for form, own in lexicon.IRREGULAR.items() if own == verb), None)
    if irregular:
        return irregular
    if verb.endswith("y") and verb[-2:-1] not in "aeiou":
        return f"{verb[:-1]}ied"
    return f"{verb}d" if verb.endswith("e") else f"{verb}ed"


def third(verb: str) -> str:
    """The form after he, she, it.

    >>> third("face"), third("carry"), third("push")
    ('faces', 'carries', 'pushes')
    """
    if verb.endswith("y") and verb[-2:-1] not in "aeiou":
        return f"{verb[:-1]}ies"
    return f"{verb}es" if verb.endswith(("s", "x", "z", "ch", "sh", "o")) else f"{verb}s"


def is_past(word: str) -> bool:
    """A past form or a participle, by its look."""
    return word in lexicon.IRREGULAR or (len(word) > 4 and word.endswith("ed") and not word.endswith("eed"))


def is_base(word: str) -> bool:
    return word in lexicon.VERBS


def is_third(word: str) -> bool:
    """A verb's form after he, she, it."""
    stems = {word[:-1], word.removesuffix("es"), f"{word.removesuffix('ies')}y"}
    return word.endswith("s") and not stems.isdisjoint(lexicon.VERBS)


def is_plural(noun: str) -> bool:
    """By its look; "news" and "series" are taken for what they look like.

    >>> is_plural("terns"), is_plural("bus"), is_plural("people")
    (True, False, True)
    """
    if noun in ("people", "children", "men", "women", "sheep", "police", "fish", "mice", "feet", "teeth"):
        return True
    return len(noun) > 3 and noun.endswith("s") and not noun.endswith(_SINGULAR_S)


def verbs(words: Sequence[Word]) -> frozenset[int]:
    """Positions of the main verbs of a question or a clause, as far as its auxiliaries and forms tell.

    >>> sorted(verbs(cut("How many people live on the island that Crane left?")))
    [3, 9]
    """
    found: set[int] = set()
    pending: str | None = None  # an auxiliary, or "to", that waits for its verb
    run = 0  # open words since the last closed one
    since_noun = False  # whether a noun, pronoun or question word that could be a subject was met
    for place, word in enumerate(words):
        if word.closed:
            if word.lower in lexicon.AUXILIARIES or word.lower == "to":
                pending = word.lower
            since_noun = since_noun or word.lower in lexicon.PERSONAL or word.lower in lexicon.QUESTION_WORDS
            if not (word.lower in lexicon.ADVERBS and run):
                ends = not word.possessive and word.lower not in ("of", "and")
                if pending in lexicon.DO and run >= 2 and not found and ends and not words[place - 1].capital:
                    found.add(place - 1)
                    pending = None
                run = 0
            continue
        if not word.capital and _is_verb(words, place, pending, run, since_noun):
            found.add(place)
            pending, run = None, 0
        else:
            run += 1
            since_noun = True
    last = len(words) - 1
    while last >= 0 and words[last].mark:
        last -= 1
    waiting = pending in lexicon.DO or (pending in lexicon.MODALS and run >= 2)
    if waiting and run and not found and not words[last].capital:
        found.add(last)
    return frozenset(found)


def _is_verb(words: Sequence[Word], place: int, pending: str | None, run: int, subject: bool) -> bool:
    word = words[place].lower
    before = words[place - 1].lower if place else ""
    modified = before in lexicon.DETERMINERS or before in lexicon.POSSESSIVES or before == "'s" or before.isdigit()
    after_pronoun = before in lexicon.PERSONAL or before in lexicon.QUESTION_WORDS
    if pending == "to" and run == 0:
        return is_base(word)
    if modified or (before in lexicon.PREPOSITIONS and run == 0 and not word.endswith("ing")):
        return False
    if is_past(word):
        return subject
    if pending in lexicon.BE:
        return word.endswith("ing") and len(word) > 4
    if pending is not None:
        return is_base(word) and (run > 0 or subject)
    if is_third(word):
        return (run == 0 and after_pronoun) or (run > 0 and subject and not _ends(words, place + 1))
    return is_base(word) and subject and (after_pronoun or (run > 0 and is_plural(before))) and _closes(words, place + 1)


def _ends(words: Sequence[Word], place: int) -> bool:
    return place >= len(words) or words[place].mark


def _closes(words: Sequence[Word], place: int) -> bool:
    return _ends(words, place) or words[place].closed
