"""What a sentence tells by itself: whether it is running text, and how well it stands alone in an overview."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from index.article import Article
from index.lexical import terms
from index.store import Index
from index.units import Sentence

_FIRST, _EARLY, _OPENS, _TITLE = 0.12, 0.03, 0.02, 0.06
_LEANING, _QUOTED, _AWKWARD = 0.08, 0.03, 0.08
_SHORT, _LONG = 9, 60
"""Words of a sentence below or above which it is awkward by itself."""

_QUOTES = "\"“‘«'„"
_STOPS = tuple(".!?…。！？।")
_CLOSERS = "\"'”’»›」』)]*_ \t"

_CONNECTIVE = re.compile(
    r"(?:and|but|so|yet|or|nor|then|thus|hence|however|therefore|moreover|furthermore|additionally|also|instead|still|"
    r"subsequently|consequently|accordingly|finally|eventually|afterwards|thereafter|later|again|"
    r"indeed|(?:since|by|until) then|"
    r"nevertheless|nonetheless|meanwhile|similarly|likewise|conversely|otherwise|for (?:example|instance|this)|in addition|"
    r"(?:in|by) contrast|on the other hand|as a result|as such|at that|after that|such|that|those|"
    r"others?|another|both|neither|(?:the )?(?:former|latter|same|other|second|third|reason|result|rest)|"
    r"אבל|אך|לכן|גם|הוא|היא|הם|הן|זה|זאת|זו|אלה|כך|ואולם|עם זאת)\b",
    re.IGNORECASE,
)
_POINTER = re.compile(r"(?:he|she|it|they|him|her|them|his|hers|its|their|theirs|this|these)\b", re.IGNORECASE)
_DOES_SO = re.compile(r"\A(?:\S+ ){1,4}(?:do|does|did) so\b")
_WORD = re.compile(r"[\w'’-]+")
_LOOK = 8  # words in which something is pointed at that has not been named


def telling(index: Index, article: Article) -> list[Sentence]:
    """The sentences of the article's paragraphs and standfirst; all, where it has none of these."""
    low, high = index.sentence_rows(article.id)
    own = index.sentences[low:high]
    body = [block for block in article.blocks if block.kind in ("paragraph", "standfirst")]
    starts = np.array([block.start for block in body], dtype=np.int64)
    homes = np.searchsorted(starts, [sentence.start for sentence in own], side="right") - 1
    found = [one for one, home in zip(own, homes, strict=True) if home >= 0 and one.start < body[home].end]
    return found or list(own)


def worth(article: Article, sentences: Sequence[Sentence]) -> NDArray[np.float64]:
    """What each sentence is worth in an overview by itself: more when it comes early, opens its paragraph and has words of
    the title; less when it leans on the one before, is speech, very short or long, or is cut off.

    :returns: *Shape:* ``(len(sentences),)``, float64, about -0.2 to 0.2.
    """
    headline = set(terms(article.title))
    opens = {block.start for block in article.blocks}
    found = np.zeros(len(sentences))
    place = 0  # among those that stand well alone: a teaser or a line of speech above the text is not its lead
    for number, own in enumerate(sentences):
        quote = article.text[own.start : own.end]
        length = len(quote.split())
        awkward = length < _SHORT or length > _LONG or quote.rstrip(_CLOSERS)[-1:] not in _STOPS
        faults = _LEANING * leans(quote) + _QUOTED * (quote[0] in _QUOTES) + _AWKWARD * awkward
        if not faults:
            place += 1
        found[number] = (
            (0 if faults else _FIRST / place)
            + _EARLY * (1 - number / len(sentences))
            + _OPENS * (own.start in opens)
            + (_TITLE * len(headline & set(terms(quote))) / len(headline) if headline else 0)
            - faults
        )
    return found


def leans(sentence: str) -> bool:
    """Whether the sentence is half understood without the one before: it goes on from it, or points at what that names.

    >>> leans("In 1908 she married him."), leans("In 1908 Tolmie married her engineer.")
    (True, False)
    """
    core = sentence.lstrip(_QUOTES + "([")
    if _CONNECTIVE.match(core) or _DOES_SO.search(core):
        return True
    for number, word in enumerate(_WORD.finditer(core)):
        if number == _LOOK or (number and word[0][0].isupper()):
            return False
        if _POINTER.fullmatch(word[0]):
            return True
    return False
