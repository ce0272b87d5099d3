"""The list of an index's articles, searched by their titles: for whoever chooses one among thousands.

Titles are compared without case and accents. Each word of a search may stand anywhere in a title or an id, so that languages
that write words together are searched too; articles in which all of them begin words come first.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from weakref import WeakKeyDictionary

from index.article import Particulars
from index.store import Index

LONGEST = 200
"""Code points of a search that are looked at."""

_WORDS = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Found:
    """Some of the articles that a search finds, best first, else in the order of the index; and how many there are in all."""

    articles: tuple[Particulars, ...]
    total: int


class Catalogue:
    """The titles and ids of articles, made ready to be searched. Safe to use from several threads."""

    def __init__(self, articles: Sequence[Particulars]) -> None:
        self._articles = articles
        self._lines = [f" {_spaced(one.title)} {_spaced(one.id)} " for one in articles]
        # One text of all the lines: looking for a word in it is one call, not one an article.
        self._text = "\n".join(self._lines)
        self._starts = list(accumulate((len(line) + 1 for line in self._lines[:-1]), initial=0))

    def search(self, words: str = "", *, limit: int, offset: int = 0) -> Found:
        """The articles from number `offset` on, at most `limit`, of those that have all of the words; of all without any.

        A search of signs only finds nothing.
        """
        asked = list(dict.fromkeys(_WORDS.findall(_folded(words[:LONGEST]))))
        if not asked:
            found = () if words.strip() else self._articles
            return Found(tuple(found[offset : offset + limit]), len(found))
        asked.sort(key=len, reverse=True)  # the longest is in the fewest
        first: list[int] = []
        others: list[int] = []
        for number in self._holding(asked[0]):
            line = self._lines[number]
            if all(word in line for word in asked[1:]):
                (first if all(f" {word}" in line for word in asked) else others).append(number)
        chosen = [*first, *others]
        return Found(tuple(self._articles[number] for number in chosen[offset : offset + limit]), len(chosen))

    def _holding(self, word: str) -> Iterator[int]:
        """The numbers of the articles that have the word, in order."""
        position = self._text.find(word)
        while position >= 0:
            number = bisect_right(self._starts, position) - 1
            yield number
            position = self._text.find(word, self._starts[number] + len(self._lines[number]))


_KEPT: WeakKeyDictionary[Index, Catalogue] = WeakKeyDictionary()


def catalogue_of(index: Index) -> Catalogue:
    """The catalogue of an index, made when it is first asked for and kept as long as the index."""
    kept = _KEPT.get(index)
    if kept is None:
        kept = _KEPT[index] = Catalogue(index.heads)
    return kept


def _spaced(text: str) -> str:
    """The words of a title, a space between each."""
    return " ".join(_WORDS.findall(_folded(text)))


def _folded(text: str) -> str:
    """Without case, compatibility forms and accents; an underscore, as in ids, parts words."""
    lowered = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in lowered if not unicodedata.combining(sign)).replace("_", " ")
