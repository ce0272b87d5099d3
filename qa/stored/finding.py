"""The articles that a question may be answered from: those that its nearest rows in the store are of.

Sentences and passages are looked for by meaning and by words. The four lists are merged by the ranks of their articles
(reciprocal rank fusion; Cormack, Clarke and Büttcher, SIGIR 2009): their scores have no common measure across stores. Which
sentence answers is then decided as everywhere, over those articles alone.
"""

from collections.abc import Sequence
from typing import Final

from index.encoder import Encoder
from index.stores import Hit, Kind, VectorStore

DEPTH: Final = 50
"""Rows of each list."""

MOST_ARTICLES: Final = 6
"""Articles that are fetched for a question."""

_RANK: Final = 60
"""The constant of the fusion, as in its paper."""

_KINDS: Final[tuple[Kind, ...]] = ("sentence", "passage")


def articles_for(
    store: VectorStore, encoder: Encoder, texts: Sequence[str], most: int = MOST_ARTICLES
) -> list[list[str]]:
    """For each text the ids of at most `most` articles, the likeliest first; equals in the order of their ids.

    :raises IndexFault: the store cannot be reached.
    """
    vectors = encoder.encode(texts)
    lists = [store.search(vectors, DEPTH, kind=kind) for kind in _KINDS]
    lists += [store.search_terms(texts, DEPTH, kind=kind) for kind in _KINDS]
    return [fused(of_one)[:most] for of_one in zip(*lists, strict=True)]


def fused(lists: Sequence[Sequence[Hit]]) -> list[str]:
    """The articles of the hits, by their ranks in all lists; an article's rank in a list is that of its best row.

    >>> a, b, c = (Hit(name, 0, 1.0) for name in "abc")
    >>> fused([[b, b, a], [a, c]])
    ['a', 'b', 'c']
    """
    scores: dict[str, float] = {}
    for hits in lists:
        for rank, article_id in enumerate(dict.fromkeys(hit.article_id for hit in hits), start=1):
            scores[article_id] = scores.get(article_id, 0.0) + 1 / (_RANK + rank)
    return sorted(scores, key=lambda article_id: (-scores[article_id], article_id))
