"""Whom and what an article names: persons, organisations, places and countries, found by how the article writes them.

There is no model for this: a name is a run of capitalised words, and what it is of is told by the words around it (a title,
"in", "said"), the words in it ("Agency", "Lake"), how it is said again ("Kirill Dmitriev", then "Dmitriev"), and the short
lists of `words.py`. What these leave open is no name: a name left out is better than a wrong one. Scripts without
capitals have no names here.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from qa.answer import Span
from qa.overview import words

NameKind = Literal["people", "organisations", "places", "countries"]

_TOKEN = re.compile(r"(?:[A-Z]\.){2,}|[A-Z]\.(?=\s[A-Z])|[^\W_]+(?:[-'’&][^\W_]+)*")
_JOINED = re.compile(r" (?:and )?| ?& ?|-")
_POSSESSIVE = re.compile(r"['’]s?$")
_SENTENCE_OPENS = re.compile(r"(?:^|[.!?:;\"“”‘«(\[]|['’]|—|–|\n)\s*\Z")
_SAID = re.compile(
    r",? (?:said|says|told|added|wrote|writes|argued|believed|noted|explained|claimed|recalled|warned|insisted|thinks|"
    r"was born|died|married|resigned|retired)\b"
)
_APPOSED = re.compile(r",? (?:who|whom|whose)\b|, (?:aged )?\d{1,2},| \(\d{4}[–-](?:\d{4})?\)| \((?:born|b\.|c\.) ")
_SAID_BEFORE = re.compile(r"(?:[”\"’',] (?:said|says|added|explained|argued|wrote)) \Z")
_ACTS = re.compile(
    r" (?:owns?|employs?|operates?|reports?|reported|announced|acquired|published|sells|sold|carried|manufactures)\b"
)
_BEFORE_PLACE = re.compile(r"\b(?:in|near|across|throughout|outside|inside|around|towards?|visit(?:ed)?|via) (?:the )?\Z")
_TO_PLACE = re.compile(r"\b(?:at|from|to|of|on) \Z")
_WORD_BEFORE = re.compile(r"([\w-]+),? \Z")
_THE = re.compile(r"\b[Tt]he \Z")
_OF_HEADS = words.ORGANISATION_WORDS | words.PLACE_WORDS | frozenset({"house", "states", "head", "cape", "tower", "isle"})


@dataclass(frozen=True, slots=True)
class Name:
    """Someone or something that the article names.

    :param mentions: where, in reading order; a later surname alone counts. Each lies within one sentence.
    """

    text: str
    kind: NameKind
    mentions: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class _Mention:
    start: int
    end: int
    tokens: tuple[str, ...]
    opens: bool  # at the start of a sentence, where every word has a capital
    titled: bool  # a person's title before it


def find_names(text: str, stretches: Iterable[tuple[int, int]]) -> tuple[Name, ...]:
    """The names in the stretches (sentences) of `text`, most mentioned first, equals in reading order."""
    stretches = list(stretches)
    small = _small_words(text, stretches)
    mentions = [mention for start, end in stretches for mention in _mentions(text, start, end, small)]
    certain = {mention.tokens for mention in mentions if not mention.opens}
    mentions = [one for one in mentions if not one.opens or len(one.tokens) > 1 or one.tokens in certain]
    wholes = _wholes(mentions)
    grouped: dict[tuple[str, ...], list[_Mention]] = defaultdict(list)
    for mention in mentions:
        grouped[wholes.get(mention.tokens, mention.tokens)].append(mention)
    names = []
    for tokens, found in grouped.items():
        kind = _kind(text, tokens, found)
        if kind is not None:
            spans = tuple(Span(one.start, one.end) for one in found)
            first = next(one for one in found if one.tokens == tokens)
            names.append(Name(text[first.start : first.end], kind, spans))
    return tuple(sorted(names, key=lambda name: (-len(name.mentions), name.mentions[0].start)))


def _small_words(text: str, stretches: Sequence[tuple[int, int]]) -> frozenset[str]:
    """Words that the article also writes small: at the start of a sentence they are no names."""
    return frozenset(
        token for start, end in stretches for token in _TOKEN.findall(text, start, end) if token[0].islower()
    )


def _mentions(text: str, start: int, end: int, small: frozenset[str]) -> Iterable[_Mention]:
    """The runs of capitalised words in one sentence, cut at titles and without what is no part of a name."""
    run: list[re.Match[str]] = []
    before: re.Match[str] | None = None
    for token in _TOKEN.finditer(text, start, end):
        if run and not _goes_on(text, run, token):
            yield from _cut(text, start, run, before, small)
            run = []
        if token[0][0].isupper() or (run and token[0].lower() in words.PARTICLES | {"of"}):
            if not run:
                before = _previous(text, start, token)
            run.append(token)
        elif run:
            yield from _cut(text, start, run, before, small)
            run = []
    if run:
        yield from _cut(text, start, run, before, small)


def _previous(text: str, start: int, token: re.Match[str]) -> re.Match[str] | None:
    return _WORD_BEFORE.search(text, max(start, token.start() - 40), token.start())


def _goes_on(text: str, run: list[re.Match[str]], token: re.Match[str]) -> bool:
    between = text[run[-1].end() : token.start()]
    if between not in (" ", "-") or _POSSESSIVE.search(run[-1][0]):
        return False
    if token[0] == "of":
        return run[-1][0].lower() in _OF_HEADS
    return True


def _cut(
    text: str, start: int, run: list[re.Match[str]], before: re.Match[str] | None, small: frozenset[str]
) -> Iterable[_Mention]:
    titled = before is not None and before[1] in words.ROLES
    opens = _SENTENCE_OPENS.search(text, max(start, run[0].start() - 3), run[0].start()) is not None
    opens = opens or run[0].start() == start
    part: list[re.Match[str]] = []
    for position, token in enumerate(run):
        low = token[0].lower().rstrip(".")
        first = position == 0 and opens
        if low in words.TITLES and low not in words.GIVEN and not (part and low in words.ORGANISATION_WORDS):
            yield from _mention(part, opens=opens, titled=titled)
            part, titled, opens = [], True, False
        elif first and (low in words.STARTERS or (low in small and len(run) > 1) or (len(run) == 1 and low in small)):
            opens = False
        else:
            part.append(token)
    yield from _mention(part, opens=opens, titled=titled)


def _mention(part: list[re.Match[str]], *, opens: bool, titled: bool) -> Iterable[_Mention]:
    while part and (part[-1][0].lower() in words.PARTICLES | {"of"} and part[-1][0].islower()):
        part = part[:-1]
    institution = any(token[0].lower() in words.ORGANISATION_WORDS for token in part)  # the European Space Agency
    while part and (part[0][0].lower() in words.STARTERS or (part[0][0].lower() in words.NOT_NAMES and not institution)):
        part, opens = part[1:], False
    if not part:
        return
    tokens = tuple(_POSSESSIVE.sub("", token[0]) for token in part)
    if all(token.lower() in words.NOT_NAMES or len(token.rstrip(".")) < 2 for token in tokens):
        return
    end = part[-1].end() - len(part[-1][0]) + len(tokens[-1])
    yield _Mention(part[0].start(), end, tokens, opens, titled)


def _wholes(mentions: Sequence[_Mention]) -> dict[tuple[str, ...], tuple[str, ...]]:
    """The full name of each shorter one that is its last words, or its first: "Musk" of "Elon Musk"; the most frequent."""
    counts = Counter(mention.tokens for mention in mentions)
    found: dict[tuple[str, ...], tuple[str, ...]] = {}
    for tokens, _ in sorted(counts.items(), key=lambda item: -item[1]):
        low = {token.lower() for token in tokens}
        if (
            len(tokens) < 2
            or low & (words.ORGANISATION_WORDS | words.PLACE_WORDS)
            or " ".join(tokens).lower() in words.PLACES
        ):
            continue
        for size in range(1, len(tokens)):
            for shorter in (tokens[-size:], tokens[:size]):
                if shorter in counts and " ".join(shorter).lower() not in words.PLACES:
                    found.setdefault(shorter, tokens)
    return {shorter: found.get(whole, whole) for shorter, whole in found.items()}


def _kind(text: str, tokens: tuple[str, ...], mentions: Sequence[_Mention]) -> NameKind | None:
    """What the name is of, by summed evidence; None when no kind has enough."""
    whole = " ".join(tokens).lower()
    if whole in words.COUNTRIES:
        return "countries"
    if whole in words.PLACES:
        return "places"
    scores = {"people": _person(tokens, mentions), "organisations": _organisation(tokens), "places": _place(tokens)}
    for mention in mentions:
        _add_context(text, mention, scores, 1 / len(mentions))
    best = max(scores, key=scores.__getitem__)
    if scores[best] < _ENOUGH:
        return None
    return best  # type: ignore[return-value]


_ENOUGH = 2.0
_NO_PERSON = words.ORGANISATION_WORDS | words.PLACE_WORDS | words.OTHER_WORDS | words.NOT_NAMES


def _person(tokens: tuple[str, ...], mentions: Sequence[_Mention]) -> float:
    score = 0.0
    low = [token.lower() for token in tokens]
    if low[0] in words.GIVEN:
        score += 3 if len(tokens) > 1 else 2
    if any(mention.titled for mention in mentions):
        score += 3
    if len(tokens) in (2, 3):
        score += 1
        if any(mention.tokens == tokens[-1:] for mention in mentions):
            score += 2
        if any(len(token.rstrip(".")) == 1 for token in tokens[:-1]):
            score += 2
    if any(token.isupper() and len(token) > 1 and "." not in token for token in tokens):
        score -= 3
    if set(low) & _NO_PERSON or any(pair in words.PLACES for pair in map(" ".join, pairwise(low))):
        score -= 4
    return score - 2 * (len(tokens) > 4)


def _organisation(tokens: tuple[str, ...]) -> float:
    low = {token.lower() for token in tokens}
    score = 3.5 * bool(low & words.ORGANISATION_WORDS)
    if len(tokens) == 1 and 2 <= len(tokens[0]) <= 6 and tokens[0].isupper() and tokens[0].isalpha():
        score += 2.5
    if len(tokens) == 1 and re.search(r"[a-z][A-Z]", tokens[0]) and not tokens[0].startswith(("Mc", "Mac")):
        score += 2.5
    return score


def _place(tokens: tuple[str, ...]) -> float:
    low = [token.lower() for token in tokens]
    ends = low[-1] in words.PLACE_WORDS or low[0] in words.PLACE_WORDS
    return 3.0 * (ends and len(tokens) > 1) - 3 * bool(set(low) & words.ORGANISATION_WORDS - words.PLACE_WORDS)


def _add_context(text: str, mention: _Mention, scores: dict[str, float], share: float) -> None:
    """What stands around a mention counts by its share of all, but for what only ever stands beside a person."""
    before = text[max(0, mention.start - 16) : mention.start]
    if _APPOSED.match(text, mention.end):
        scores["people"] += 2
    if _SAID.match(text, mention.end):
        scores["people"] += 1.5 * share + 0.5
    if _SAID_BEFORE.search(before):
        scores["people"] += 1.5
    if _has_role(text, mention.end):
        scores["people"] += 2.5
    if _ACTS.match(text, mention.end):
        scores["organisations"] += 1.5 * share + 0.5
    if text.startswith(", which", mention.end):
        scores["organisations"] += 1
    if _BEFORE_PLACE.search(before):
        scores["places"] += 2.5 * share
        scores["people"] -= 1.5 * share
    elif _TO_PLACE.search(before):
        scores["places"] += 0.5 * share
    if _THE.search(before):
        scores["people"] -= 3 * share
        scores["organisations"] += 0.5 * share
    if re.match(r" \([A-Z]{2,6}\)", text[mention.end : mention.end + 10]):
        scores["organisations"] += 3


def _has_role(text: str, end: int) -> bool:
    """Whether an apposition follows that says what somebody is: ", chief financial officer"."""
    apposition = re.match(r", (?:[\w'’-]+ ){0,5}?[\w'’-]+(?=[,.;\"”]| (?:of|at|for|in|who)\b)", text[end : end + 80])
    return apposition is not None and apposition[0].rsplit(" ", 1)[-1] in words.ROLES
