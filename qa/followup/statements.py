"""A question and its answer as a clause, and a clause as another question: what ellipses and "that" are made of."""

import re

from qa.followup import lexicon
from qa.followup.memory import Turn, is_figure
from qa.followup.words import base, cut, is_past, is_plural, is_third, past, third

LONGEST = 14
"""Words of an answer, or of what was said, that go into a question."""

PLURAL = {"is": "are", "was": "were", "has": "have", "does": "do"}
"""Auxiliaries of one thing, and of several."""

_SAID = re.compile(rf"\b(?:{'|'.join(sorted(lexicon.SAYING))})(?: (?!that\b)to [A-Z]\w+)?,?(?: that)? ", re.IGNORECASE)


def said(turn: Turn) -> str | None:
    """What somebody said, as far as the question or else the sentence that answered it holds it: "Russia could help"."""
    for text in (turn.question.rstrip(" ?"), turn.sentence or ""):
        found = _SAID.search(text)
        if found and len(text[found.end() :].split()) >= 3:
            clause = re.split(r",|;|\bbut\b", text[found.end() :])[0].strip(' ."”“')
            if len(clause.split()) >= 3:
                return " ".join(clause.split()[: 2 * LONGEST])
    return statement(turn)


def statement(turn: Turn) -> str | None:
    """The turn's question with its answer in the gap, as a clause; None where the parts cannot be told.

    "Who suspended the project?", "ESA" -> "ESA suspended the project".
    """
    parts, answer = turn.shape, answer_words(turn)
    if parts is None or not parts.clause:
        return None
    aux, rest = parts.aux, parts.rest
    if aux.lower() in lexicon.DO:
        verb, _, after = rest.partition(" ")
        forms = {"did": past, "does": third}
        aux, rest = "", f"{forms.get(aux.lower(), str)(verb)} {after}".strip()
    if parts.subject:
        filled = answer if parts.kind == "argument" else ""
        return " ".join(filter(None, (parts.subject, aux, rest, filled)))
    return " ".join(filter(None, (answer, aux, parts.rest))) if answer else None


def answer_words(turn: Turn) -> str:
    """The answer as words of a question; "" where there is none or it is too long."""
    answer = (turn.answer or "").strip(' .,;:"“”')
    if not answer or len(answer.split()) > LONGEST:
        return ""
    for first in cut(answer)[:1]:
        if first.closed and first.text != "I":
            return first.lower + answer[len(first.text) :]
    return answer


def under(lead: str, turn: Turn, *, negated: bool = False) -> list[str]:
    """The turn's clause asked with another question word, the likeliest wording first; [] where it cannot be told.

    "When did the bridge collapse?" under "Why" -> "Why did the bridge collapse?"; "Who founded it?", "Crane" under "When"
    -> "When did Crane found it?".
    """
    parts = turn.shape
    if parts is None or not parts.clause:
        return []
    answer = answer_words(turn)
    no = "not" if negated else ""
    aux, _, adverb = parts.aux.lower().partition(" ")
    if parts.subject and (parts.kind != "argument"):
        told = answer if parts.wh == "how" and parts.lead.lower() != "how" and lead.lower().startswith("why") else ""
        verb, _, after = parts.rest.partition(" ")
        rest = f"{told} {parts.rest}" if aux in lexicon.BE else f"{verb} {told} {after}"
        return [_asked(lead, aux, parts.subject, no, adverb, rest)]
    if parts.subject:
        filled = _filled(parts.rest, answer)
        return [
            _asked(lead, aux, parts.subject, no, adverb, filled),
            _asked(lead, aux, parts.subject, no, adverb, parts.rest),
        ]
    subject = _subject(parts.lead, answer)
    if not subject:
        return [_asked(lead, parts.aux, parts.rest)]
    if parts.aux:
        if aux in PLURAL and is_plural(subject.split()[-1].lower()):
            aux = PLURAL[aux]
        return [_asked(lead, aux, subject, no, adverb, parts.rest)]
    words = cut(parts.rest)
    place = next((n for n, word in enumerate(words) if word.lower not in lexicon.ADVERBS), 0)
    verb, adverb, rest = words[place].text, parts.rest[: words[place].start], parts.rest[words[place].end :]
    if is_past(verb.lower()):
        return [_asked(lead, "did", subject, no, adverb, base(verb.lower()), rest)]
    plain = re.sub(r"ies$", "y", verb.lower()) if is_third(verb.lower()) else verb.lower()
    if is_third(verb.lower()):
        plain = plain if plain in lexicon.VERBS else plain[:-1] if plain[:-1] in lexicon.VERBS else plain[:-2]
    return [_asked(lead, "does" if is_third(verb.lower()) else "do", subject, no, adverb, plain, rest)]


def _subject(lead: str, answer: str) -> str:
    """The answer in the place of "who" or "which company"; of "how many people", "61" is 61 people."""
    counted = re.match(r"how (?:many|much) (.+)", lead, re.IGNORECASE)
    if counted and (not answer or is_figure(answer) or len(answer.split()) <= 2):
        return counted[1]
    return answer


def _filled(rest: str, answer: str) -> str:
    """The object's gap after the verb filled: "supply to the mission", "fuel" -> "supply fuel to the mission"."""
    if not answer:
        return rest
    words = cut(rest)
    gap = next((word for n, word in enumerate(words) if n and word.lower in lexicon.PREPOSITIONS), None)
    if gap is None or words[-1].lower in lexicon.PREPOSITIONS:
        return f"{rest} {answer}"
    if any(word.lower == "to" for word in words[1:-1]):
        return f"{rest} {answer}" if words[-1].lower in lexicon.VERBS else f"{rest[: gap.start]}{rest[gap.start :]}"
    return f"{rest[: gap.start]}{answer} {rest[gap.start :]}"


def _asked(*parts: str) -> str:
    text = " ".join(" ".join(filter(None, parts)).split()).rstrip(" ?.")
    return f"{text[:1].upper()}{text[1:]}?"
