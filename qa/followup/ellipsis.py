"""A part of a question made whole with the question before: "And China?", "By when?", "Why not?", "and if I don't?"."""

import re
from collections.abc import Sequence

from qa.followup import lexicon
from qa.followup.dependence import Dependence, dependence
from qa.followup.memory import Turn, being, is_figure
from qa.followup.phrases import Phrase, noun_phrases, shape
from qa.followup.pronouns import replaced, resolved, wording
from qa.followup.statements import PLURAL, under
from qa.followup.words import cut, is_plural

_STRANDED = re.compile(r"(who|what|whom|which \w+) (with|for|from|by|to|about|in|at)", re.IGNORECASE)


def completed(asked: Dependence, turns: Sequence[Turn]) -> list[str]:
    """The whole questions that the fragment may stand for, the likeliest first; [] when none can be made."""
    match asked.fragment:
        case "lead":
            return _under_lead(asked.question, turns)
        case "reason":
            negated = " not" in asked.question.lower()
            return _under(turns, "How" if asked.question.lower().startswith("how so") else "Why", negated=negated)
        case "condition":
            return _condition(asked, turns)
        case "about":
            return _about(asked.question, turns)
        case _:
            return _parallel(_phrase_words(asked, turns), turns)


def _under(turns: Sequence[Turn], lead: str, *, negated: bool = False) -> list[str]:
    for turn in reversed(turns):
        if found := under(lead, turn, negated=negated):
            return found
    return []


def _under_lead(question: str, turns: Sequence[Turn]) -> list[str]:
    lead = question.rstrip(" ?!.")
    if found := re.match(r"(when|where|how) (?:is|was|did|does) (?:that|this|it)\b", lead, re.IGNORECASE):
        lead = found[1]
    if found := _STRANDED.fullmatch(lead):
        lead = f"{found[2]} {'whom' if found[1].lower() == 'who' else found[1]}"
    words = lead.lower().split()
    last = turns[-1]
    if words[0] in ("which", "what") and words[-1] in ("one", "ones"):
        noun = next((phrase.head for phrase in (*last.phrases, *last.answer_phrases) if not phrase.name), "")
        lead = f"{lead.rsplit(' ', 1)[0]} {noun}" if noun else lead
    if words == ["who"] and last.shape and last.shape.subject and last.shape.aux.lower() in lexicon.BE:
        lead = "By whom"
    if len(words) == 2 and words[0] == "how" and _measures(words[1]) and (whole := _measured(lead, last)):
        return [whole]
    if words == ["how", "many"] or words == ["how", "much"]:
        return _counted(lead, last)
    if last.shape and last.shape.kind == "argument" and _asks_for_thing(words):
        return [_asked(lead, last.shape.clause)]  # "Who attended?", "How many people?"
    return _under(turns, lead)


def _measures(word: str) -> bool:
    """Whether "how" and the word ask how something is, rather than how, or how long, something is done."""
    return word not in (
        "many",
        "much",
        "long",
        "far",
        "often",
        "soon",
        "fast",
        "well",
        "early",
        "late",
        "exactly",
        "so",
    ) and (not word.endswith("ly"))


def _measured(lead: str, turn: Turn) -> str | None:
    """ "How big?": of the thing that the turn's answer names, or its subject."""
    parts = turn.shape
    if parts is None:
        return None
    answered = [one for one in turn.answer_phrases if not is_figure(one.text) and being(one, turn) == "thing"]
    if parts.kind == "argument" and answered:
        thing, plural = wording(answered[0], turn), answered[0].plural
    else:
        thing, plural = parts.subject, is_plural(parts.subject.rsplit(" ", 1)[-1])
    past = parts.aux.lower() in ("did", "was", "were", "had")
    return _asked(lead, ("were" if plural else "was") if past else ("are" if plural else "is"), thing) if thing else None


def _asks_for_thing(lead: Sequence[str]) -> bool:
    return lead[0] in ("who", "which", "what") or (
        lead[0] == "how" and lead[1:2] in (["many"], ["much"]) and len(lead) > 2
    )


def _counted(lead: str, turn: Turn) -> list[str]:
    """ "How many?": of the plural thing that the question or its answer names."""
    parts = turn.shape
    if parts is None:
        return []
    if parts.lead.lower().startswith(lead.lower()):
        return [_asked(parts.lead, parts.clause)]
    for phrase in (*turn.answer_phrases, *turn.phrases):
        if phrase.plural:
            noun = " ".join(word.text for word in phrase.core)
            clause = re.sub(rf"\b{re.escape(phrase.text)}\s*", "", parts.clause)
            return [_asked(f"{lead} {noun}", clause)]
    return _under([turn], lead)


def _condition(asked: Dependence, turns: Sequence[Turn]) -> list[str]:
    """ "And if the lamp stays on?": what happens then, or the question before under that condition."""
    inner = dependence(f"What happens {asked.question}")
    whole = [f"What happens {asked.question}", f"What should I do {asked.question}"]
    if inner and inner.pointers and (found := resolved(inner, turns)):
        whole = [found[0], found[0].replace("What happens", "What should I do")]
    return whole


def _about(question: str, turns: Sequence[Turn]) -> list[str]:
    """ "What about the filter?"; or with a question of its own: "What about the filter, how often do I change that?"."""
    words = re.sub(r"^(?:what|how) about\s+", "", question, flags=re.IGNORECASE).rstrip(" ?!.")
    topic, comma, rest = words.partition(",")
    if comma and shape(rest.strip()) is not None:
        rest = rest.strip()
        pointed = dependence(rest)
        if pointed is None or not pointed.pointers:
            return [f"{topic[:1].upper()}{topic[1:]}, {rest}?"]
        named = Turn(question=f"What is {topic}?", answer=None)
        found = [*resolved(pointed, [*turns, named]), replaced(rest, [(pointed.pointers[0], topic)])]
        head = topic.rsplit(" ", 1)[-1]
        return [f"{one.rstrip(' ?')}?" for one in sorted(found, key=lambda one: head not in one)]
    pointed = dependence(f"Who is {words}?")
    if pointed and pointed.pointers:  # "What about her?"
        found = resolved(pointed, turns)
        return _parallel(found[0][len("Who is ") :].rstrip(" ?"), turns) if found else []
    return _parallel(words, turns)


def _phrase_words(asked: Dependence, turns: Sequence[Turn]) -> str:
    """The phrase with its own pointers resolved: "later ones" as "later machines"."""
    pointed = Dependence(asked.question, None, asked.pointers)
    found = resolved(pointed, turns) if asked.pointers else []
    words = (found[0] if found else asked.question).rstrip(" ?!.")
    if asked.pointers and asked.pointers[0].start == 0 and asked.pointers[0].kind not in ("one", "rank", "noun"):
        return words[:1].lower() + words[1:] if words.startswith("The ") else words
    return words if words[:1] == asked.question[:1] else words[:1].lower() + words[1:]


def _parallel(words: str, turns: Sequence[Turn]) -> list[str]:
    """The last question with its parallel part replaced by `words`, or with them at its end."""
    turn = turns[-1]
    question = turn.question.rstrip(" ?!.")
    new = cut(words)
    found: list[str] = []
    if new[-1].possessive:
        found = _owners(words, question, turn)
    elif new[0].lower in lexicon.PREPOSITIONS:
        found = _prepositional(words, new[0].lower, question)
    elif is_figure(words):
        found = [re.sub(r"\b\d[\d,.]*\b", words, question, count=1)] if re.search(r"\b\d", question) else []
    elif new[-1].lower.endswith("ly") or new[-1].lower in lexicon.ADVERBS:
        place = _last_preposition(question)
        found = [f"{question[:place]}{words}"] if place is not None else []
    elif phrases := noun_phrases(words):
        found = [_swapped(question, old, phrases[0], words, turn) for old in _counterparts(phrases[0], turn)]
        found += [f"{one.question.rstrip(' ?!.')} for {words}" for one in _topical(phrases[0], turns)]
    return [f"{one}?" for one in dict.fromkeys(found or [f"{question} {words}"])]


def _topical(new: Phrase, turns: Sequence[Turn]) -> list[Turn]:
    """Earlier turns of which a thing may be asked, too: "How long is the warranty?" "And the compressor?"."""
    if new.name or _sort(new, turns[-1]) == "person":
        return []
    return [turn for turn in reversed(turns[-3:]) if turn.shape and turn.shape.kind != "polar"][:2]


def _owners(words: str, question: str, turn: Turn) -> list[str]:
    old = [phrase for phrase in turn.phrases if any(word.possessive for word in phrase.words)]
    found = []
    for phrase in old:
        place = next(n for n, word in enumerate(phrase.words) if word.possessive)
        rest = question[phrase.words[place].end :]
        found.append(f"{question[: question.find(phrase.text)]}{words}{rest}")
    return found


def _prepositional(words: str, preposition: str, question: str) -> list[str]:
    """In the place of a phrase with the same preposition, if there is one: "in 2010" for "in 2000"."""
    cuts = cut(question)
    for place, word in enumerate(cuts):
        if place and word.lower == preposition:
            after = [phrase for phrase in noun_phrases(question) if phrase.start >= word.end]
            end = after[0].end if after else len(question)
            return [f"{question[: word.start]}{words}{question[end:]}"]
    return []


def _last_preposition(question: str) -> int | None:
    places = [word.start for n, word in enumerate(cut(question)) if n > 1 and word.lower in lexicon.PREPOSITIONS - {"of"}]
    return places[-1] if places else None


def _swapped(question: str, old: Phrase, new: Phrase, words: str, turn: Turn) -> str:
    start = question.find(old.text)
    before, parts = question[:start], turn.shape
    if parts and parts.subject == old.text and new.plural and (several := PLURAL.get(parts.aux)):
        before = re.sub(rf"\b{parts.aux}(?= $)", several, before)  # "How wide is" the lane, "are" lorries
    return f"{before}{words}{question[start + len(old.text) :]}"


def _counterparts(new: Phrase, turn: Turn) -> list[Phrase]:
    """Phrases of the question before that `new` may stand in the place of, the likeliest first."""
    scored = []
    for place, phrase in enumerate(turn.phrases):
        if turn.shape and turn.shape.wh != "how" and phrase.end <= len(turn.shape.lead):
            continue
        same_head = phrase.head.removesuffix("s") == new.head.removesuffix("s")
        same_being = _sort(phrase, turn) == _sort(new, turn)
        same_form = phrase.name == new.name and is_plural(phrase.head) == is_plural(new.head)
        subject = turn.shape is not None and phrase.text == turn.shape.subject
        scored.append((-4 * same_head - 2 * same_being - 2 * same_form - subject, place, phrase))
    return [phrase for _, _, phrase in sorted(scored, key=lambda one: one[:2])][:2]


def _sort(phrase: Phrase, turn: Turn) -> str:
    if phrase.head in lexicon.PLACES:
        return "place"
    one = being(phrase, turn)
    return "person" if one in ("he", "she", "person") else one


def _asked(*parts: str) -> str:
    text = " ".join(" ".join(filter(None, parts)).split()).rstrip(" ?.")
    return f"{text[:1].upper()}{text[1:]}?"
