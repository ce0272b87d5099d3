"""Does a question need the turns before it? The words in it that point outside it, and whether it is a whole question.

Conservative: a pronoun points outside only where nothing in the question itself can be what it stands for.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from qa.followup import lexicon
from qa.followup.phrases import Phrase, noun_phrases, open_question, shape
from qa.followup.words import Word, cut, is_plural, verbs

Fragment = Literal["lead", "phrase", "about", "condition", "reason"]
PointerKind = Literal["he", "she", "they", "it", "that", "there", "then", "one", "noun", "rank"]

LONGEST_FRAGMENT = 6
"""Words of a phrase that is taken for a fragment of a question."""

_PRONOUNS: dict[str, PointerKind] = {
    "he": "he", "him": "he", "his": "he", "she": "she", "her": "she", "hers": "she",
    "they": "they", "them": "they", "their": "they", "theirs": "they", "it": "it", "its": "it",
}  # fmt: skip
_PLEONASTIC = re.compile(
    r"\b(?:is|was|will|would|does|did|can|could|has|how far is|how long (?:does|did|will|would)) it "
    r"(?:\w+ ){0,2}?(?:that|to|take to|take for|takes to|rain|snow|mean (?:when|if|to|that|for)|called (?:when|if)|"
    r"raining|snowing|\w+ for (?:\w+ ){1,3}to|"
    r"possible|true|common|argued|legal|necessary|important|best|safe|like (?:to|in|at|being)|from \w+ to|feel (?:like|to))\b"
    r"|\bit (?:takes?|took) |\bwhat time (?:is|was) it\b|\bthe time is it\b|"
    r"\bma(?:ke|kes|de|king) it (?:\w+ )?(?:to|for)\b|\bit comes to\b"
    r"|\bhow (?:cold|hot|warm|dark|wet) (?:\w+ )it\b|\bit (?:clear|known|said|believed|thought|expected)\b"
    r"|\b(?:is|was) it (?:\w+ ){1,3}(?:or|who|that)\b|\bcalled it quits\b"
    r"|\bit (?:is|was) (?:\w+ )?that\b|\bit(?:'s| is) (?:raining|time)\b",
    re.IGNORECASE,
)
_THESE_OF_THE_TEXT = lexicon.words_of(
    "article story text page passage report piece post review tweet paragraph quote image"
)
_NEXT = re.compile(r"(?:(?:and|so|but) )*(?:then(?: what)?|what then|what next)\W*", re.IGNORECASE)
_NO_QUESTION = lexicon.words_of(
    "really both neither either everything nothing anything something else indeed sure sorry thanks"
)
_ATTRIBUTES = lexicon.words_of(
    "age birthday birthplace cause colour cost date day depth duration height length location name names nationality number "
    "occupation population price profession reason reasons role salary size speed surname temperature title value weight "
    "width year"
)
_BEFORE_PRONOUN = frozenset({"like", "does", "do", "did", "is", "was", "about"})
_TIMELIKE = lexicon.words_of("time times era period age point way day days case moment stage")
_DEICTIC = lexicon.words_of("year month week day morning evening afternoon century days season site app")
_CLAUSE_ENDS = lexicon.words_of(", ; : and or but if when while because after before who which that where whether")
_TOPIC = re.compile(r"((?:the|his|her|its|their|that|this)(?: [\w'’-]+){1,4}), (.+)", re.IGNORECASE)
_RANKED = re.compile(
    r"\bthe ((?:(?:very )?(?:first|second|third|fourth|fifth|last|latter|former|other|others|rest)"
    r"|(?!(?:west|east|south|north|inter|for|har|inv|modest|honest|request|qu|gu|pr|ch|cr|tempest|conqu|nest|vest|rest|test|arrest|protest|contest)\w*)"
    r"\w{3,}est))(?=\W*$| (?:for|called|is|was|do|did|of them)\b)",
    re.IGNORECASE,
)
_ONE = re.compile(
    r"\b((?:the|that|this|which|another|any|each|every|a|an|other|later|earlier|newer|older|new|old|these|those|"
    r"bigger|larger|smaller|first|second|third|last|next) (?:\w+ ){0,2}?ones?|"
    r"(?:get|buy|have|need|see|use|find|order|become) one)"
    r"(?=[?.!]*$| (?:is|are|was|were|for|in|on|at|that|who|which|do|does|did|from|with|like|has|have|had|will|can|called)\b)",
)


@dataclass(frozen=True)
class Pointer:
    """Words of the question that stand for something said before: `question[start:end]`.

    :param noun: of "that company", the company, in small letters; else "".
    :param possessive: "his" and the like, before a noun.
    :param sure: whether nothing in the question itself could be what is meant.
    """

    kind: PointerKind
    start: int
    end: int
    noun: str = ""
    possessive: bool = False
    sure: bool = True


@dataclass(frozen=True)
class Dependence:
    """Why a question needs the turns before it.

    :param question: without "And" and the like in front.
    :param fragment: what of a question is there, where it is not a whole one: a question word with its noun ("lead"),
        a "phrase", a phrase after "what about", a "condition" ("if I don't wait"), a "reason" ("Why not?").
    """

    question: str
    fragment: Fragment | None
    pointers: tuple[Pointer, ...]

    @property
    def sure(self) -> bool:
        return self.fragment is not None or any(pointer.sure for pointer in self.pointers)


def dependence(question: str) -> Dependence | None:
    """Why `question` needs the turns before it; None when it stands alone.

    >>> dependence("When was he born?").pointers[0].kind, dependence("And by when?").fragment
    ('he', 'lead')
    >>> dependence("When did Musk say he would land?") is None
    True
    """
    if _NEXT.fullmatch(question.strip()):
        question = "What happened then?"
    elif found := re.fullmatch(r"(?:and )?((?:before|after) (?:that|this))\W*", question.strip(), re.IGNORECASE):
        question = f"What happened {found[1].lower()}?"
    asked = open_question(question)
    opened = len(asked) < len(question.strip())
    if opened and (found := _TOPIC.fullmatch(asked)) and shape(found[2]) and not shape(found[1]):
        asked = f"What about {asked}"
    words = cut(asked)
    fragment = _fragment(asked, words, opened)
    pointers = tuple(_pointers(asked, words))
    return Dependence(asked, fragment, pointers) if fragment or pointers else None


def _fragment(asked: str, words: Sequence[Word], opened: bool) -> Fragment | None:
    spoken = [word for word in words if not word.mark]
    lowered = " ".join(word.lower for word in spoken)
    if about := re.match(r"(?:what|how) about\b", lowered):
        return "about" if about.end() < len(lowered) else None
    if not spoken or all(word.lower in _NO_QUESTION for word in spoken) or lowered == "what" or _asks_by_itself(words):
        return None
    if re.fullmatch(
        r"why(?: not)?|how so|how come|what for|why (?:is|was) (?:that|this)(?: so)?|why so(?: \w+)?", lowered
    ):
        return "reason"
    parts = shape(asked)
    if _is_lead(spoken):
        return "lead"
    if re.fullmatch(r"(?:when|where|how) (?:is|was|did|does) (?:that|this|it)(?: (?:happen|take place))?", lowered):
        return "lead"
    if re.fullmatch(r"(?:who|what|whom|which \w+) (?:with|for|from|by|to|about|in|at)", lowered):
        return "lead"
    if opened and re.match(r"(?:if|when|in case)\b", lowered) and not asked.rstrip().endswith(","):
        return "condition" if shape(asked) is None or lowered.startswith("if") else None
    if parts is None and len(spoken) <= LONGEST_FRAGMENT and not verbs(words) and not _has_auxiliary(spoken):
        questioned = asked.rstrip().endswith("?")
        small = len(spoken) <= 4 and questioned
        if opened or small:
            return "phrase"
    return None


def _asks_by_itself(words: Sequence[Word]) -> bool:
    """ "Price of the bridge?", "Her age?", "Mars landing date?": of what, or of whom, is in the phrase."""
    text = " ".join(word.text for word in words if not word.mark)
    phrases = noun_phrases(text[:1].lower() + text[1:], ())  # its capital is the question's
    if len(phrases) != 1 or phrases[0].first or phrases[0].head not in _ATTRIBUTES:
        return False
    own = phrases[0].words
    owned = own[0].lower in lexicon.POSSESSIVES or any(word.possessive or word.lower == "of" for word in own)
    return owned or (sum(not word.closed for word in own) > 1 and not own[0].closed)


def _is_lead(words: Sequence[Word]) -> bool:
    """Whether nothing but a question word with its noun is there: "By when?", "In which year?", "How many people?"."""
    place = 1 if words[0].lower in lexicon.PREPOSITIONS and len(words) > 1 else 0
    if words[place].lower not in lexicon.QUESTION_WORDS:
        return False
    tail = words[place + 1 :]
    if tail and tail[-1].lower in ("else", "exactly", "then", "again", "ones", "one"):
        tail = tail[:-1]
    if len(tail) > 3 or any(word.capital or (word.closed and word.lower not in ("many", "much")) for word in tail):
        return False
    return not verbs(words) and not any(word.lower.endswith("s") and len(word.lower) > 3 for word in tail[:-1])


def _has_auxiliary(words: Sequence[Word]) -> bool:
    return any(word.lower in lexicon.AUXILIARIES for word in words)


def _pointers(asked: str, words: Sequence[Word]) -> Iterator[Pointer]:
    """In the order of the words; of several that say the same only the first, which the others then follow."""
    phrases = noun_phrases(asked.rstrip(" ?!."))
    pleonastic = [found.span() for found in _PLEONASTIC.finditer(asked)]
    met: set[PointerKind] = set()
    taken = 0
    for place, word in enumerate(words):
        if word.start < taken:
            continue
        pointer = _pointer(asked, words, place, phrases)
        if pointer is None or pointer.kind in met:
            continue
        if pointer.kind == "it" and any(start <= word.start < end for start, end in pleonastic):
            continue
        met.add(pointer.kind)
        taken = pointer.end
        yield pointer


def _pointer(asked: str, words: Sequence[Word], place: int, phrases: Sequence[Phrase]) -> Pointer | None:
    word = words[place]
    if found := _ONE.match(asked, word.start):
        return None if _inside_one(asked, found) else Pointer("one", found.start(), found.end())
    if (found := _RANKED.match(asked, word.start)) and not any(one.last <= place for one in phrases):
        return Pointer("rank", found.start(), found.end())
    if word.lower in _PRONOUNS and word.text != "IT" and not (place and words[place - 1].text in "\"“‘'"):
        return _pronoun(words, place, phrases)
    if word.lower in ("that", "this", "these", "those"):
        return _demonstrative(words, place)
    if word.lower == "there":
        return _there(words, place, phrases)
    if word.lower == "then" and (_last(words, place) and place > 1):
        return Pointer(
            "then", word.start, word.end, sure=not any(other.lower in ("if", "when") for other in words[:place])
        )
    return None


def _pronoun(words: Sequence[Word], place: int, phrases: Sequence[Phrase]) -> Pointer | None:
    word, kind = words[place], _PRONOUNS[words[place].lower]
    after = words[place + 1] if place + 1 < len(words) else None
    possessive = word.lower in ("his", "its", "their") or (
        word.lower == "her" and after is not None and not after.mark and _begins_noun(after)
    )
    if word.lower == "his" and (after is None or after.mark):
        possessive = True
    before = [phrase for phrase in phrases if phrase.last <= place and not _modifies_time(phrase)]
    if place and words[place - 1].lower in lexicon.AUXILIARIES and not possessive and _main_clause(words, place):
        before = []  # "How many eggs do they lay?": an inverted subject is none of what stands before it
    if any(other.lower in ("he", "she", "they", "it") and _PRONOUNS[other.lower] == kind for other in words[:place]):
        return None
    named_later = any(phrase.name for phrase in phrases if phrase.first > place)
    if _in_opening_phrase(words, place) and any(phrase.first > place + 2 for phrase in phrases):
        return None  # "In his speech, what did Obama say?"
    if kind in ("he", "she"):
        before = [phrase for phrase in before if _may_be_person(phrase)]
    elif kind == "it":
        before = [phrase for phrase in before if _may_be_thing(phrase)]
    if not before:
        if _asks_for_owner(words, place, possessive) or _asks_for_sayer(words, place):
            return (
                None if kind in ("it", "they") else Pointer(kind, word.start, word.end, possessive=possessive, sure=False)
            )
        return Pointer(kind, word.start, word.end, possessive=possessive, sure=kind != "they" or not named_later)
    if not possessive and _is_object(words, place) and len(before) == 1 and _same_clause(words, before[0].last, place):
        return Pointer(kind, word.start, word.end)  # "Why did Google sell it?": not Google
    return None


def _main_clause(words: Sequence[Word], place: int) -> bool:
    return not any(word.lower in _CLAUSE_ENDS - {"who", "which", "where", "when"} for word in words[:place])


def _begins_noun(word: Word) -> bool:
    return not word.closed or word.lower in ("own", "most", "first", "last", "next")


def _may_be_person(phrase: Phrase) -> bool:
    if phrase.head in lexicon.PERSON_NOUNS or phrase.words[0].lower in ("a", "an"):
        return True
    lowered = {word.lower for word in phrase.words}
    return any(word.capital for word in phrase.core) and not (
        phrase.head in lexicon.PLACES or lowered & (lexicon.ORGANISATION_NOUNS | lexicon.MONTHS | lexicon.DAYS)
    )


def _may_be_thing(phrase: Phrase) -> bool:
    lowered = {word.lower for word in phrase.words}
    known_person = phrase.head in lexicon.PERSON_NOUNS or bool(lowered & (lexicon.FIRST_NAMES | lexicon.TITLES))
    return not known_person


def _modifies_time(phrase: Phrase) -> bool:
    return phrase.head in lexicon.MONTHS or phrase.head.isdigit() or phrase.head in ("year", "day", "time", "century")


def _in_opening_phrase(words: Sequence[Word], place: int) -> bool:
    comma = next((n for n, word in enumerate(words) if word.text == ","), 0)
    return place < comma


def _asks_for_owner(words: Sequence[Word], place: int, possessive: bool) -> bool:
    """ "Who lost his job?", "Which country changed its name?": the one asked for may be the owner."""
    opening = next((n for n, word in enumerate(words[:place]) if word.lower in ("who", "which", "what")), None)
    return possessive and opening is not None and words[place - 1].lower not in lexicon.AUXILIARIES


def _asks_for_sayer(words: Sequence[Word], place: int) -> bool:
    """ "Who said he would resign?": the one asked for may be meant."""
    lowered = [word.lower for word in words[:place]]
    opening = next((n for n, word in enumerate(lowered) if word in ("who", "which")), None)
    if opening is None or _is_object(words, place):
        return False
    between = lowered[opening + 1 :]
    return len(between) >= 1 and not any(word in lexicon.AUXILIARIES for word in between)


def _is_object(words: Sequence[Word], place: int) -> bool:
    after = words[place + 1] if place + 1 < len(words) else None
    if after is None or after.mark:
        return True
    if after.lower == "to" and place + 2 < len(words) and words[place + 2].lower in lexicon.VERBS | lexicon.AUXILIARIES:
        return False  # "enable them to fly"
    return after.lower in lexicon.PREPOSITIONS | {"there", "then", "now", "so", "and", "or", "first", "again"}


def _same_clause(words: Sequence[Word], first: int, place: int) -> bool:
    return not any(word.lower in _CLAUSE_ENDS or word.lower in lexicon.AUXILIARIES for word in words[first:place])


def _demonstrative(words: Sequence[Word], place: int) -> Pointer | None:
    word = words[place]
    before = words[place - 1] if place else None
    after = words[place + 1] if place + 1 < len(words) else None
    if after is None or after.text in ".?!":
        return Pointer("that", word.start, word.end) if before is not None else None
    free = word.lower == "this" or (before is not None and before.lower in _BEFORE_PRONOUN)
    loose = free and after.lower in lexicon.PREPOSITIONS | lexicon.AUXILIARIES
    if word.lower in ("that", "this") and (_predicate(words, place) or loose):
        return Pointer("that", word.start, word.end)
    if after.closed or after.lower in _TIMELIKE or (word.lower == "that" and not _may_precede(before)):
        return None
    noun = _noun_after(words, place)
    if noun is None or noun.lower in _THESE_OF_THE_TEXT or (word.lower in ("this", "these") and noun.lower in _DEICTIC):
        return None
    if is_plural(noun.lower) == (word.lower in ("that", "this")):
        return None
    return Pointer("noun", word.start, noun.end, noun.lower, sure=not _says_much(words))


def _says_much(words: Sequence[Word]) -> bool:
    """Whether a name, or many words of content, make it likely that the question stands alone."""
    return any(word.capital for word in words[1:]) or sum(not word.closed for word in words) > 4


def _may_precede(before: Word | None) -> bool:
    return before is None or before.lower in lexicon.PREPOSITIONS or before.lower in lexicon.AUXILIARIES


def _predicate(words: Sequence[Word], place: int) -> bool:
    """ "Why did that happen?": an auxiliary before, and a verb after."""
    before, after = words[place - 1].lower if place else "", words[place + 1].lower
    return (
        before in lexicon.AUXILIARIES
        and (after in lexicon.VERBS or after.endswith(("ed", "ing")))
        and (before in lexicon.DO or before in lexicon.MODALS or after.endswith(("ed", "ing")))
    )


def _noun_after(words: Sequence[Word], place: int) -> Word | None:
    run = []
    for word in words[place + 1 :]:
        if word.closed:
            break
        run.append(word)
        if len(run) > 1 and (word.lower in lexicon.VERBS or word.lower.endswith("ed")):
            run.pop()
            break
    return run[-1] if run else None


def _there(words: Sequence[Word], place: int, phrases: Sequence[Phrase]) -> Pointer | None:
    around = {words[other].lower for other in (place - 1, place + 1) if 0 <= other < len(words)}
    be = lexicon.BE | {"there's", "exist", "exists", "existed", "be"}
    if around & be or "'s" in around:
        return None
    if not _last(words, place) and words[place + 1].lower not in lexicon.PREPOSITIONS | {"now", "then"}:
        return None
    named = any(phrase.name or phrase.determined for phrase in phrases if phrase.last <= place)
    place_named = any(phrase.head in lexicon.PLACES for phrase in phrases if phrase.last <= place)
    return None if place_named else Pointer("there", words[place].start, words[place].end, sure=not named)


def _last(words: Sequence[Word], place: int) -> bool:
    return all(word.mark for word in words[place + 1 :])


def _inside_one(asked: str, found: re.Match[str]) -> bool:
    """Whether the noun that "one" stands for is named before it in the question."""
    return any(phrase.end <= found.start() and not phrase.name for phrase in noun_phrases(asked))
