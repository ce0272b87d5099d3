"""BM25 as inner products, for stores that keep sparse vectors and no statistics that one could trust.

A row's vector holds how much each of its terms counts in it; a question's, how rare each of its terms is. Their inner product
is the score of `index/lexical.py`, but for one thing: a row is levelled by a fixed mean length, not by that of the rows that
there happen to be, so that its vector never has to be written again.
"""

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Mapping

from index.lexical import K1, B, terms
from index.stores.protocol import Kind

MEAN_LENGTH: Mapping[Kind, float] = {"sentence": 15.0, "passage": 65.0}
"""Terms of a row, on average, in articles of an encyclopaedia (SQuAD 2.0's)."""

NO_TERM = 1
"""A number that no term has. Every row's vector holds it, as one without any number cannot be stored; no question's does."""

_FIRST, _LAST = 2, 2**32 - 2


def term_number(term: str) -> int:
    """The place of a term in sparse vectors: a hash, so that no list of terms has to be kept. Of a million terms, one in four
    thousand shares its number with another.
    """
    found = int.from_bytes(hashlib.blake2b(term.encode(), digest_size=8).digest())
    return _FIRST + found % (_LAST - _FIRST + 1)


def counted(text: str) -> Counter[int]:
    """How often a text has each term, by the terms' numbers."""
    return Counter(map(term_number, terms(text)))


def row_vector(text: str, kind: Kind) -> dict[int, float]:
    """The sparse vector of a row of this text."""
    found = counted(text)
    level = K1 * (1 - B + B * found.total() / MEAN_LENGTH[kind])
    return {NO_TERM: 1.0} | {number: times / (times + level) for number, times in sorted(found.items())}


def question_vector(asked: Mapping[int, int], held: Mapping[int, int], rows: int) -> dict[int, float]:
    """The sparse vector of a question; empty where no row holds a term of it.

    :param asked: how often it has each term. :param held: how many rows hold each term. :param rows: how many there are.
    """
    return {
        number: times * math.log(1 + (rows - held[number] + 0.5) / (held[number] + 0.5))
        for number, times in sorted(asked.items())
        if 0 < held.get(number, 0) <= rows
    }


def holders(texts: Iterable[str]) -> Counter[int]:
    """How many of the texts hold each term."""
    found: Counter[int] = Counter()
    for text in texts:
        found.update(counted(text).keys())
    return found
