"""A question as people really type it: misspelt, in capitals, as keywords, buried in courtesies. It asks the same still.

Every kind is a pure function of the question's text and a generator that is seeded by the question's id, so that the same
seed gives the same text whatever else is asked. None leaves a question empty or makes one too long to be asked, and none
changes a figure: "2029" misspelt would be another question. They are made for English; other scripts come through whole.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from random import Random

from index.errors import SettingsError
from index.lexical import terms
from qa.evaluation.questions import Question
from qa.question import MAX_QUESTION

MISSPELT = 0.2
"""Share of the words of at least `MISSPELT_LENGTH` letters that get a typing error; one word at least, if there is one."""

MISSPELT_LENGTH = 4

_WORD = re.compile(r"\w+")
_QUESTION_MARKS = re.compile(r"[?？؟]+(\w?)")
_EDGES = ".,;:!?…\"'“”‘’«»()[]{}¿¡。？！؟"
_AUXILIARIES = frozenset({"could", "would", "might", "must", "shall", "whose"})
"""What NLTK's stop words leave out; not "may", which is a month too."""

_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_NEIGHBOURS = {
    key: row[max(0, place - 1) : place] + row[place + 1 : place + 2] for row in _KEYS for place, key in enumerate(row)
}

_OPENINGS = (
    (
        "Hello there, and thank you in advance for taking the time.",
        "I hope that I am in the right place with this, as I have never used anything of the sort and somebody kindly told "
        "me that I might simply type whatever is on my mind.",
        "I was reading over breakfast, got about half of the way through, was called away, and now I find that one thing "
        "will not leave me alone.",
        "So, if it is not too much trouble, here is what I should like to know:",
    ),
    (
        "Good day to you!",
        "Please forgive me if this has been asked before, or if it is perfectly obvious to everybody else.",
        "My glasses are not what they used to be, the print is rather small, and I would sooner ask than guess wrongly and "
        "embarrass myself in front of the others again.",
        "I have gone over it more than once, honestly I have, and I keep losing my place.",
        "Anyway, enough of that, let me come to the point:",
    ),
    (
        "Hi, sorry to bother you with something as small as this.",
        "A friend and I have been arguing about it all afternoon, in a friendly way of course, and neither of us is willing "
        "to give in, so we agreed that we would ask and that the loser makes the tea.",
        "I will not say which of us holds what, since that would hardly be fair.",
        "What we would both like to hear is this:",
    ),
    (
        "Dear all, I trust that you are keeping well.",
        "I am writing because I have to tell my class about this and would like to be sure of it before I stand up in front "
        "of them, for they notice every slip and never let me forget it.",
        "I did make notes, but I seem to have left them on the train, which is very like me.",
        "Could you be so kind and help me with the following:",
    ),
)
_CLOSINGS = (
    (
        "Thank you ever so much for your patience.",
        "There is no hurry at all, and if it cannot be told then that is quite all right too.",
        "Do have a lovely day, and once again my apologies for going on at such length.",
    ),
    (
        "I would be most grateful for anything that you can tell me.",
        "Please take your time, a short reply will do very nicely, and do not go to any trouble on my account.",
        "With many thanks and warm regards.",
    ),
    (
        "Sorry again for rambling, I do tend to run on a bit when I am in the mood.",
        "Whatever you find will be a great help to the two of us, and it will settle the matter for good.",
        "Thanks a million!",
    ),
)


def perturb(text: str, kind: str, *, identity: str, seed: int) -> str:
    """`text` as `kind` (a key of `KINDS`) types it; the same for the same kind, identity and seed.

    What `check_question` lets pass, it lets pass afterwards. A text that offers no hold stays as it is: one without a
    question mark, or of stop words only.

    :raises SettingsError: there is no such kind.

    >>> perturb("When could humans first land on Mars?", "keywords", identity="a01", seed=0)
    'humans first land mars'
    """
    check_kind(kind)
    return KINDS[kind](text.strip(), Random(f"{seed} {kind} {identity}")).strip()  # noqa: S311 (no secret)


def perturbed(question: Question, kind: str, seed: int) -> Question:
    """`question` in the words that `perturb` gives it, of that kind; its id and gold answers are what they were.

    :raises SettingsError: there is no such kind.
    """
    return replace(question, text=perturb(question.text, kind, identity=question.id, seed=seed), kind=kind)


def check_kind(kind: str) -> None:
    """:raises SettingsError: `kind` is none of `KINDS`."""
    if kind not in KINDS:
        raise SettingsError(f"--perturb {kind}: expected one of {', '.join(KINDS)}")


def _typos(text: str, random: Random) -> str:
    """One typing error in a fifth of the longer words; never in one with a digit in it."""
    words = [found.span() for found in _WORD.finditer(text) if found[0].isalpha() and len(found[0]) >= MISSPELT_LENGTH]
    chosen = random.sample(words, max(1, round(MISSPELT * len(words)))) if words else []
    for start, end in sorted(chosen, reverse=True):  # from behind, so that the places in front stay true
        text = text[:start] + _misspelt(text[start:end], random, longer=len(text) < MAX_QUESTION) + text[end:]
    return text


def _misspelt(word: str, random: Random, *, longer: bool) -> str:
    """`word` with two letters swapped, one dropped, doubled, or its neighbour on the keyboard; always another word.

    The first letter is kept: people seldom get that wrong.
    """
    place = random.randrange(1, len(word))
    head, letter, tail = word[:place], word[place], word[place + 1 :]
    edits = [head + tail]
    if tail and tail[0] != letter:
        edits.append(head + tail[0] + letter + tail[1:])
    if longer:
        edits.append(head + letter + letter + tail)
    if letter.lower() in _NEIGHBOURS:
        neighbour = random.choice(_NEIGHBOURS[letter.lower()])
        edits.append(head + (neighbour.upper() if letter.isupper() else neighbour) + tail)
    return random.choice(edits)


def _no_mark(text: str, _: Random) -> str:
    """Without question marks; words that only a mark parted stay two."""
    return _QUESTION_MARKS.sub(lambda found: f" {found[1]}" if found[1] else "", text)


def _lower(text: str, _: Random) -> str:
    return "".join(map(_one_for_one(str.lower), text))


def _capitals(text: str, _: Random) -> str:
    return "".join(map(_one_for_one(str.upper), text))


def _one_for_one(change: Callable[[str], str]) -> Callable[[str], str]:
    """`change`, but for letters that become several ("ß" would be "SS"): a text must not outgrow the limit."""
    return lambda letter: changed if len(changed := change(letter)) == 1 else letter


def _keywords(text: str, random: Random) -> str:
    """The words that are searched for, in small letters: no question words, auxiliaries or other stop words."""
    words = [word.strip(_EDGES) for word in _lower(text, random).split()]
    return " ".join(word for word in words if _tells(word)) or text


def _tells(word: str) -> bool:
    return word not in _AUXILIARIES and any(map(str.isalnum, word)) and bool(terms(word))


def _long(text: str, random: Random) -> str:
    """Between courtesies that hold no facts, some 600 characters of them; fewer where the limit asks for it."""
    before, after = list(random.choice(_OPENINGS)), list(random.choice(_CLOSINGS))
    while len(whole := " ".join((*before, text, *after))) > MAX_QUESTION and (before or after):
        _ = after.pop() if after else before.pop(0)
    return whole


def _spaced(text: str, random: Random) -> str:
    """Two spaces or a line's end wherever there was a space; only the latter where there is no room for more."""
    words = text.split()
    room = MAX_QUESTION - len(" ".join(words))
    spaced = words[:1]
    for word in words[1:]:
        gap = random.choice(("  ", "\n")) if room > 0 else "\n"
        room -= len(gap) - 1
        spaced += [gap, word]
    return "".join(spaced)


KINDS: dict[str, Callable[[str, Random], str]] = {
    "typos": _typos,
    "no_mark": _no_mark,
    "lower": _lower,
    "capitals": _capitals,
    "keywords": _keywords,
    "long": _long,
    "spaced": _spaced,
}
"""What can be done to a question, by name, in the order in which it is reported."""
