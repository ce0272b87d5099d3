"""Who or what a pointer stands for, and the question with the words for it: "When was he born?" -> "When was Musk born?"."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from qa.followup import lexicon
from qa.followup.dependence import Dependence, Pointer
from qa.followup.memory import DEPTH, Mention, Turn, being, cited_mentions, is_figure, is_role, mentions
from qa.followup.phrases import Phrase
from qa.followup.statements import said, statement
from qa.followup.words import cut, is_plural

CHOICES = 3
"""Readings of one pointer that are kept."""

_PAIRS = lexicon.words_of("children child marry married meet met divorce divorced live lived together couple move moved")
_MOTION = lexicon.words_of(
    "go going get drive travel come fly move walk send sail arrive swim return went moved travelled"
)
_TIMES = lexicon.words_of(
    "spring summer autumn winter year month week day night morning afternoon evening decade century"
)
_LONGEST_ANSWER = 10  # words of an answer that "that" is replaced with


def resolved(asked: Dependence, turns: Sequence[Turn]) -> list[str]:
    """`asked` with its pointers replaced, likeliest reading first; one that stands for nothing known stays as it
    is, and [] is the result when that goes for all.
    """
    readings: list[tuple[Pointer, list[str]]] = []
    for pointer in asked.pointers:
        found = list(islice(dict.fromkeys(_readings(pointer, asked.question, turns)), CHOICES))
        if found:
            readings.append((pointer, found))
    if not readings:
        return []
    first = replaced(asked.question, [(pointer, found[0]) for pointer, found in readings])
    others = [
        replaced(asked.question, [(one, found[choice] if one is pointer else found[0]) for one, found in readings])
        for choice in range(1, CHOICES)
        for pointer, several in readings
        if choice < len(several)
    ]
    return [first, *others]


def replaced(question: str, choices: Sequence[tuple[Pointer, str]]) -> str:
    """`question` with the words for its pointers in their places."""
    for pointer, words in sorted(choices, key=lambda choice: -choice[0].start):
        question = question[: pointer.start] + words + question[pointer.end :]
    question = re.sub(r"\s+([?,.])", r"\1", " ".join(question.split()))
    return question[:1].upper() + question[1:]


def _readings(pointer: Pointer, question: str, turns: Sequence[Turn]) -> Iterator[str]:
    match pointer.kind:
        case "he" | "she":
            found = _persons(pointer.kind, question, turns)
        case "they":
            found = _several(question, turns)
        case "it":
            found = _things(question, turns)
        case "that":
            found = _said_or_done(pointer, question, turns)
        case "there":
            found = _places(pointer, question, turns)
        case "then":
            found = _moments(turns)
        case "one" | "rank":
            found = _ones(pointer, question, turns)
        case "noun":
            found = _nouns(pointer, question, turns)
    for words in found:
        yield _possessive(words) if pointer.possessive else words


def _possessive(words: str) -> str:
    if words.endswith(("'s", "’s")):
        return words
    return f"{words}'" if words.endswith("s") and words[:1].islower() else f"{words}'s"


def wording(phrase: Phrase, turn: Turn) -> str:
    """A phrase as another question may use it: "a book" as "the book", "her workshop" as "Tolmie's workshop"."""
    first, rest = phrase.words[0].lower, phrase.text[len(phrase.words[0].text) :].lstrip()
    if first in ("a", "an", "another", "one", "which", "what") and rest:
        return f"the {rest}"
    counts = first in lexicon.NUMBERS or first.isdigit()
    if (counts or first in ("many", "some", "several", "these", "those")) and rest:
        return f"the {rest}"
    if first in lexicon.POSSESSIVES and rest:
        kind = "they" if first == "their" else first.replace("his", "he").replace("her", "she").replace("its", "it")
        for owner in turn.phrases:
            if owner is not phrase and being(owner, turn) in (kind, "unknown", "person") and owner.name:
                return f"{_possessive(owner.text)} {rest}"
        return f"the {rest}"
    return f"{first} {rest}" if first in ("the",) else phrase.text


def _names_itself(phrase: Phrase, question: str) -> bool:
    """Whether the question names it already: "What does he call Musk?" asks of another than Musk."""
    asked = {word.lower for word in cut(question)}
    return bool(phrase.core) and phrase.core[-1].lower in asked


def _persons(kind: str, question: str, turns: Sequence[Turn]) -> Iterator[str]:
    found = list(_persons_of(kind, question, mentions(turns)))
    yield from found or _persons_of(kind, question, cited_mentions(turns))


def _persons_of(kind: str, question: str, mentioned: Iterable[Mention]) -> Iterator[str]:
    surely: list[str] = []
    perhaps: list[str] = []
    seen: set[str] = set()
    for phrase, turn, in_answer in mentioned:
        one = being(phrase, turn)
        if one in ("thing", "she" if kind == "he" else "he") or phrase.head in seen or phrase.plural:
            continue
        if one == "unknown" and turn.asks_who and turn.is_about(phrase):
            one = "person"
        if _names_itself(phrase, question) or is_figure(phrase.text) or (one == "unknown" and not phrase.name):
            continue
        seen.add(phrase.head)
        likely = one != "unknown" and not (in_answer and is_role(phrase))
        (surely if likely else perhaps).append(_short(phrase, turn))
    yield from surely or perhaps


def _short(phrase: Phrase, turn: Turn) -> str:
    """ "the young Tolmie books" as "Tolmie", when it is the name in it that was understood."""
    if phrase.head not in lexicon.PERSON_NOUNS and not phrase.name:
        names = [word.text for word in phrase.core if word.capital]
        if names and not any(word.possessive for word in phrase.words):
            return " ".join(names)
    return wording(phrase, turn)


def _several(question: str, turns: Sequence[Turn]) -> Iterator[str]:
    pair = _pair(turns)
    if pair and {word.lower for word in cut(question)} & _PAIRS:
        yield pair
        return
    plural, groups = [], []
    for phrase, turn, _ in mentions(turns):
        if is_figure(phrase.text) or _names_itself(phrase, question):
            continue
        if phrase.plural:
            plural.append(wording(phrase, turn))
        elif phrase.head in lexicon.GROUP_NOUNS or phrase.head in lexicon.ORGANISATION_NOUNS or phrase.name:
            groups.append(wording(phrase, turn))
    yield from plural or groups or ([pair] if pair else [])


def _pair(turns: Sequence[Turn]) -> str | None:
    found: dict[str, str] = {}
    for phrase, turn, _ in mentions(turns):
        if phrase.name and being(phrase, turn) in ("he", "she"):
            found.setdefault(phrase.head, phrase.text)
    names = list(found.values())
    return f"{names[1]} and {names[0]}" if len(names) >= 2 else None


def _things(question: str, turns: Sequence[Turn]) -> Iterator[str]:
    ranked: list[tuple[int, str]] = []
    last = turns[-1]
    for phrase, turn, _ in mentions(turns):
        if phrase.plural or is_figure(phrase.text) or being(phrase, turn) in ("he", "she", "person"):
            continue
        if _names_itself(phrase, question) or phrase.words[0].lower in ("any", "no", "many", "how"):
            continue
        if phrase.head in _TIMES:
            continue  # "the winter of 2010"
        indefinite = phrase.words[0].lower in ("a", "an", "another", "one") and turn is last
        rank = 2 if not (phrase.determined or phrase.name) else 1 if indefinite else 0
        ranked.append((rank, wording(phrase, turn)))
    yield from (words for _, words in sorted(ranked, key=lambda one: one[0]))


def _said_or_done(pointer: Pointer, question: str, turns: Sequence[Turn]) -> Iterator[str]:
    before = [word.lower for word in cut(question[: pointer.start])]
    turn = turns[-1]
    if lexicon.SAYING & set(before[-2:]) and (words := said(turn)):
        yield f"that {words}"
        return
    if before and before[-1] in ("after", "before", "since", "until") and (words := statement(turn)):
        yield words
        return
    answer = (turn.answer or "").rstrip(" .")
    if answer and not is_figure(answer) and len(answer.split()) <= _LONGEST_ANSWER:
        yield answer if len(turn.answer_phrases) != 1 else wording(turn.answer_phrases[0], turn)
    yield from _things(question, turns)


def _places(pointer: Pointer, question: str, turns: Sequence[Turn]) -> Iterator[str]:
    before = [word.lower for word in cut(question[: pointer.start])]
    for turn in reversed(turns[-DEPTH:]):
        asked_where = turn.shape is not None and turn.shape.wh == "where"
        answers = turn.answer_phrases[:1] if asked_where else ()
        for phrase in dict.fromkeys((*answers, *turn.phrases)):
            of_answer = phrase in answers
            if not of_answer and not _is_place(phrase, turn):
                continue
            words = wording(phrase, turn)
            if before and before[-1] in lexicon.PREPOSITIONS:
                yield words
            elif _MOTION & set(before):
                yield f"to {words}"
            else:
                yield f"{_preposition(words, turn)} {words}"


def _is_place(phrase: Phrase, turn: Turn) -> bool:
    """A country, or what stands after "in", "on", "at", "to" in the question."""
    if phrase.head in lexicon.PLACES:
        return True
    before = turn.question[: turn.question.find(phrase.text)].split()
    local = bool(before) and before[-1].lower() in ("in", "on", "at", "to", "near", "of")
    local = local or (
        phrase.name and re.search(rf"\b(?:in|on|at|to) {re.escape(phrase.text)}\b", turn.article or "") is not None
    )
    return local and not is_figure(phrase.text) and being(phrase, turn) not in ("he", "she", "person")


def _preposition(words: str, turn: Turn) -> str:
    """ "in", "on" or "at", as the question or the article has it before these words."""
    for text in (turn.question, turn.article or ""):
        counted = {
            one: len(re.findall(rf"\b{one} {re.escape(words)}", text, re.IGNORECASE)) for one in ("in", "on", "at")
        }
        if max(counted.values()):
            return max(counted, key=counted.__getitem__)
    return "at" if words.startswith("the ") else "in"


def _moments(turns: Sequence[Turn]) -> Iterator[str]:
    words = statement(turns[-1])
    if words:
        yield f"after {words}"
    yield ""


def _ones(pointer: Pointer, question: str, turns: Sequence[Turn]) -> Iterator[str]:
    words = question[pointer.start : pointer.end]
    if re.match(r"(?:that|this) ones?$", words, re.IGNORECASE):
        yield from _things(question, turns)
        return
    many = words.lower().endswith("ones")
    for phrase, _, _ in sorted(mentions(turns), key=lambda one: (one[1] is not turns[-1], one[2])):
        if phrase.name or is_figure(phrase.text) or phrase.head in lexicon.PERSON_NOUNS:
            continue
        if pointer.kind == "rank":
            yield f"{words} {_singular(phrase.head)}"
        elif re.match(r"(?:get|buy|have|need|see|use|find|order|become) one$", words, re.IGNORECASE):
            core = " ".join(word.text for word in phrase.core)
            yield f"{words[:-3]}{'an' if core[:1].lower() in 'aeiou' else 'a'} {core}"
        else:
            noun = phrase.head if is_plural(phrase.head) else f"{phrase.head}s"
            noun = noun if many else _singular(phrase.head)
            yield re.sub(r"ones?$", noun, words)


def _singular(noun: str) -> str:
    return noun.removesuffix("s") if is_plural(noun) and noun.endswith("s") else noun


def _nouns(pointer: Pointer, question: str, turns: Sequence[Turn]) -> Iterator[str]:
    """For "that company": a phrase with that noun, or a name that is one."""
    singular = pointer.noun.removesuffix("s")
    for phrase, turn, _ in mentions(turns):
        same = phrase.head.removesuffix("s") == singular and len(phrase.words) > 1
        if same or (phrase.name and not _names_itself(phrase, question) and _is_a(phrase, turn, singular)):
            yield wording(phrase, turn)
        elif pointer.noun in ("year", "date", "month") and turn.answer and is_figure(turn.answer):
            yield turn.answer


def _is_a(phrase: Phrase, turn: Turn, noun: str) -> bool:
    if noun in lexicon.PERSON_NOUNS:
        return being(phrase, turn) in ("he", "she", "person")
    if noun in ("country", "city", "town", "island", "planet", "place", "state", "region"):
        return phrase.head in lexicon.PLACES or _is_place(phrase, turn)
    return noun in lexicon.ORGANISATION_NOUNS and being(phrase, turn) in ("thing", "unknown")
