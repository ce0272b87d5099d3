"""`VectorStore`: what every store does, and what it gives.

Two kinds of rows are searched, sentences and passages. A row belongs to an article, and an article's rows come and go as a
whole: a reader meets all of the old ones or all of the new ones. What was written is there for whoever reads next.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from index.article import Article
from index.units import Passage, Sentence

FloatArray = NDArray[np.float32]
Kind = Literal["sentence", "passage"]

MOST_HITS = 1_000
"""The largest k of a search."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A row that a search found.

    :param number: the sentence's or passage's `id`, from 0 in the article.
    :param score: inner product, or BM25; higher is better.
    """

    article_id: str
    number: int
    score: float


@dataclass(frozen=True, slots=True)
class Head:
    """What a store tells of an article without its text.

    :param revision: changes whenever anything of the article would be stored otherwise; see `rows.revision_of`.
    """

    id: str
    title: str
    source: str | None
    url: str | None
    published: str | None
    language: str
    sha256: str
    revision: str
    characters: int
    passages: int
    sentences: int


@dataclass(frozen=True, eq=False, slots=True)
class StoredArticle:
    """An article whole: its text, where its passages and sentences lie in it, and their vectors.

    :param passage_vectors: *Shape:* ``(len(passages), d)``, float32, each of length 1.
    :param sentence_vectors: *Shape:* ``(len(sentences), d)``, likewise.
    """

    article: Article
    passages: tuple[Passage, ...]
    sentences: tuple[Sentence, ...]
    passage_vectors: FloatArray
    sentence_vectors: FloatArray


@dataclass(frozen=True, slots=True)
class Counts:
    """How much a store holds."""

    articles: int
    passages: int
    sentences: int


@dataclass(frozen=True, slots=True)
class EncoderIdentity:
    """Whose vectors a store holds."""

    name: str
    fingerprint: str
    dimension: int


class VectorStore(Protocol):
    """Holds an archive of one encoder. Safe to read from several threads; one process at a time writes.

    Every method raises `StoreUnavailable` where the store cannot be reached.
    """

    @property
    def name(self) -> str:
        """How people know it; holds no secret."""

    @property
    def encoder(self) -> EncoderIdentity:
        """Whose vectors it holds."""

    @property
    def generation(self) -> str:
        """Changes with every `upsert` and `delete` that changed something, whoever called it."""

    def search(
        self, vectors: FloatArray, k: int, *, kind: Kind = "sentence", articles: Sequence[str] | None = None
    ) -> list[tuple[Hit, ...]]:
        """The k rows with the greatest inner product for each vector, best first; equal scores in the order of `heads`, and
        of the article.

        :param vectors: *Shape:* ``(m, d)``, float32.
        :param k: from 1 to `MOST_HITS`.
        :param articles: ids of the articles whose rows are searched; None searches all; an unknown id has no rows.
        :raises EncoderError: a vector has another dimension, or holds NaN or infinity.
        """

    def search_terms(
        self, texts: Sequence[str], k: int, *, kind: Kind = "sentence", articles: Sequence[str] | None = None
    ) -> list[tuple[Hit, ...]]:
        """The k rows with the greatest BM25 score for each text, of those that hold a term of it; order and filter as in
        `search`. The statistics are those of all rows of the kind, whatever the filter.
        """

    def upsert(self, articles: Iterable[StoredArticle]) -> int:
        """Store articles, each in the place of the one with its id; how many were new or changed. Takes them as they come,
        so that a bulk load needs no more memory than some of them.

        :raises EncoderError: vectors have another dimension than the store's.
        """

    def delete(self, ids: Iterable[str]) -> int:
        """Remove articles; how many there were."""

    def heads(self) -> tuple[Head, ...]:
        """All articles, by id."""

    def fetch(self, ids: Sequence[str]) -> list[StoredArticle]:
        """Articles whole, in the order of `ids`.

        :raises ArticleError: there is none with one of the ids; as readers are told that, it does not name the store.
        :raises IndexDamaged: an article's text has not its checksum, or a part of it is missing.
        """

    def count(self) -> Counts:
        """How much there is."""

    def close(self) -> None:
        """Give up what the store holds of this machine; it must not be used again."""
