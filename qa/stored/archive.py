"""What an index tells of its articles, where a store holds them: each is fetched when it is asked for, and then kept."""

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from threading import Lock
from typing import TypeVar, overload

from index.addresses import canonical
from index.article import Article
from index.errors import ArticleError, IndexDamaged
from index.lexical import ANALYZER
from index.manifest import Manifest
from index.sentences import SEGMENTER
from index.store import Index
from index.stores import Head, StoredArticle, VectorStore
from index.stores.rows import revision_of
from index.units import Passage, Sentence
from qa.stored.telling import told

MOST_KEPT = 20_000
"""Sentences of the articles that are kept: with the vectors of all-MiniLM-L6-v2 and the passages', some 50 MB."""

PORTION = 4_000
"""Sentences of the articles that are fetched in one go, of one article at least: so many are in memory besides those kept."""

_TRIED = 10
"""Articles, at most, that are looked for where any of them will do."""

Unit = TypeVar("Unit", Passage, Sentence)


class Shelf:
    """Articles of a store as they were fetched; those asked for longest ago are forgotten first. Several threads may use it.

    An article is told by its revision too, so that an archive that changes meanwhile shows the text that it showed before.
    """

    def __init__(self, store: VectorStore, most: int = MOST_KEPT) -> None:
        self._store = store
        self._most = most
        self._kept: OrderedDict[tuple[str, str], StoredArticle] = OrderedDict()
        self._lock = Lock()

    def get(self, heads: Sequence[Head]) -> list[StoredArticle]:
        """The articles in order. One that was replaced since its head was read, and is not kept, is the one of now.

        :raises ArticleError: one is gone.
        :raises ArticlesAway: the store cannot be reached, or gave what is damaged; the log says which.
        """
        found = {own.article.id: own for own in self.present(heads)}
        for head in heads:
            if head.id not in found:
                raise ArticleError(f"there is no article {head.id!r} any more; see the list of those that there are")
        return [found[head.id] for head in heads]

    def present(self, heads: Iterable[Head]) -> Iterator[StoredArticle]:
        """Those of the articles that there still are, in order, fetched in portions as they are asked for; else as `get`."""
        portion: list[Head] = []
        for head in heads:
            if portion and sum(own.sentences for own in (*portion, head)) > PORTION:
                yield from self._some(portion)
                portion = []
            portion.append(head)
        yield from self._some(portion)

    def _some(self, heads: Sequence[Head]) -> list[StoredArticle]:
        found: dict[str, StoredArticle] = {}
        with self._lock:
            for head in heads:
                if (kept := self._kept.get((head.id, head.revision))) is not None:
                    self._kept.move_to_end((head.id, head.revision))
                    found[head.id] = kept
        with told():
            fetched = self._fetched([head.id for head in heads if head.id not in found])
        with self._lock:
            for own in fetched:
                found[own.article.id] = own
                self._kept[own.article.id, revision_of(own.article, self._store.encoder.fingerprint)] = own
            while len(self._kept) > 1 and sum(len(own.sentences) for own in self._kept.values()) > self._most:
                self._kept.popitem(last=False)
        return [found[head.id] for head in heads if head.id in found]

    def _fetched(self, ids: Sequence[str]) -> list[StoredArticle]:
        """Those of them that the store still has. It gives all or none: what is gone is found by halves."""
        try:
            found = self._store.fetch(ids) if ids else []
        except ArticleError:
            half = len(ids) // 2
            return [*self._fetched(ids[:half]), *self._fetched(ids[half:])] if half else []
        if [own.article.id for own in found] != list(ids):
            raise IndexDamaged(
                f"the store {self._store.name} gave other articles than were asked for; build into it again"
            )
        return found


class StoredIndex(Index):
    """Looks to whoever shows articles like an `Index` of all that were in the store when it was made, by id. It has neither
    vectors nor terms: questions are asked of small indexes (`qa/stored/pipeline.py`).
    """

    def __init__(self, store: VectorStore, shelf: Shelf) -> None:
        """:raises IndexFault: the store cannot be reached."""
        generation = store.generation  # before the heads: if they are of later, they are read again in a moment
        heads = store.heads()
        by_id = {head.id: head for head in heads}
        by_address: dict[str, list[str]] = {}
        for head in heads:
            if head.url is not None:
                by_address.setdefault(canonical(head.url), []).append(head.id)
        sentences = list(accumulate((head.sentences for head in heads), initial=0))
        passages = list(accumulate((head.passages for head in heads), initial=0))
        encoder = store.encoder
        self.__dict__.update(
            heads=heads,
            head_of=by_id,
            articles=_Articles(heads, shelf),
            sentences=_Units(heads, shelf, sentences, "sentences"),
            passages=_Units(heads, shelf, passages, "passages"),
            documents=(),
            manifest=Manifest(
                encoder_name=encoder.name,
                encoder_fingerprint=encoder.fingerprint,
                dimension=encoder.dimension,
                segmenter=SEGMENTER,
                analyzer=ANALYZER,
                articles=(),
                passages=passages[-1],
                sentences=sentences[-1],
                libraries={},
                generation=generation,
            ),
            _by_id=_ById(by_id, shelf),
            _by_address=by_address,
            _shelf=shelf,
            _sentence_rows=dict(zip(by_id, pairwise(sentences), strict=True)),
            _passage_rows=dict(zip(by_id, pairwise(passages), strict=True)),
        )

    heads: tuple[Head, ...]
    head_of: dict[str, Head]
    _shelf: Shelf

    def whole(self, key: str | None = None) -> tuple[Article, Sequence[Sentence]]:
        """See `Index.whole`; both are of one edition. The first is the first that there still is, of a few."""
        if key is not None:
            (own,) = self._shelf.get([self.head_of[self.id_of(key)]])
            return own.article, own.sentences
        for head in self.heads[:_TRIED]:
            for own in self._shelf.present([head]):
                return own.article, own.sentences
        raise ArticleError(f"the first {_TRIED} articles of the list are not there any more; ask again in a moment")


class _ById(Mapping[str, Article]):
    def __init__(self, heads: Mapping[str, Head], shelf: Shelf) -> None:
        self._heads = heads
        self._shelf = shelf

    def __getitem__(self, article_id: str) -> Article:
        return self._shelf.get([self._heads[article_id]])[0].article

    def __iter__(self) -> Iterator[str]:
        return iter(self._heads)

    def __len__(self) -> int:
        return len(self._heads)


class _Articles(Sequence[Article]):
    """The articles by number; a slice is fetched in portions, and of those in it holds the ones that there still are."""

    def __init__(self, heads: Sequence[Head], shelf: Shelf) -> None:
        self._heads = heads
        self._shelf = shelf

    @overload
    def __getitem__(self, place: int) -> Article: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Article, ...]: ...
    def __getitem__(self, place: int | slice) -> Article | tuple[Article, ...]:
        if isinstance(place, slice):
            return tuple(own.article for own in self._shelf.present(self._heads[place]))
        return self._shelf.get([self._heads[place]])[0].article

    def __len__(self) -> int:
        return len(self._heads)


class _Units(Sequence[Unit]):
    """The passages or sentences of all articles by row; only rows of one article are asked for at a time."""

    def __init__(self, heads: Sequence[Head], shelf: Shelf, starts: Sequence[int], kind: str) -> None:
        self._heads = heads
        self._shelf = shelf
        self._starts = starts
        self._kind = kind

    @overload
    def __getitem__(self, place: int) -> Unit: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Unit, ...]: ...
    def __getitem__(self, place: int | slice) -> Unit | tuple[Unit, ...]:
        if isinstance(place, int):
            return self[place : place + 1][0]
        low, high, _ = place.indices(len(self))
        if low >= high:
            return ()
        number = bisect_right(self._starts, low) - 1
        start = self._starts[number]
        (own,) = self._shelf.get([self._heads[number]])
        units: tuple[Unit, ...] = getattr(own, self._kind)
        # All of an article's, however many it has now: it may have been replaced since the rows were counted.
        whole = (low, high) == (start, self._starts[number + 1])
        return units if whole else units[low - start : high - start]

    def __len__(self) -> int:
        return self._starts[-1]
