"""An index: built in memory, saved to a folder, loaded from one.

articles -> passages and sentences -> vectors and terms, a row each -> files and their manifest
"""

import itertools
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from index.addresses import canonical, is_address
from index.article import Article, Particulars
from index.contradictions import contradictions
from index.encoder import Encoder, Progress
from index.errors import ArticleError, IndexDamaged, IndexFault, IndexStale
from index.generations import (
    DOCUMENTS,
    checksums,
    generation_name,
    new_generation,
    publish,
    read_manifest,
    refuse_damaged,
)
from index.lexical import ANALYZER, LexicalIndex
from index.manifest import ArticleRecord, Manifest, mend
from index.passages import segment
from index.records import (
    DocumentRecord,
    articles_to_bytes,
    documents_to_bytes,
    misquotes,
    passages_to_bytes,
    read_articles,
    read_passages,
    read_records,
)
from index.reuse import Earlier, encode_groups
from index.sentences import SEGMENTER
from index.shortcuts import EXACT_TO, Shortcuts, build_shortcuts, load_shortcuts
from index.units import Passage, Sentence
from index.vectors import METRIC, VectorIndex

Rows = tuple[int, int]
Unit = TypeVar("Unit", Passage, Sentence)

ARTICLES = "articles.jsonl"
PASSAGES = "passages.jsonl"
SENTENCE_VECTORS = "sentences.faiss"
PASSAGE_VECTORS = "passages.faiss"
SENTENCE_TERMS = "sentences.bm25"
PASSAGE_TERMS = "passages.bm25"

_FEW = 10
"""Articles that are named one by one, when those of an index are not those that they should be."""

_LIBRARIES = ("PyStemmer", "bm25s", "faiss-cpu", "numpy", "sentence-transformers", "sentencex", "torch", "transformers")


@dataclass(frozen=True, eq=False)
class Index:
    """Articles, their passages and sentences, and what is needed to find them.

    The passages and sentences of all articles stand in article order; a position in `sentences` is a row of
    `sentence_vectors` and `sentence_terms`, one in `passages` a row of the other two. Rows are `[lo, hi)`. `documents` says
    what the articles were read from; nothing of articles that were no documents. `shortcuts` are of an index with so many
    sentences that not every one is scored for a question.
    """

    articles: tuple[Article, ...]
    passages: tuple[Passage, ...]
    sentences: tuple[Sentence, ...]
    sentence_vectors: VectorIndex
    passage_vectors: VectorIndex
    sentence_terms: LexicalIndex
    passage_terms: LexicalIndex
    manifest: Manifest
    documents: tuple[DocumentRecord, ...] = ()
    shortcuts: Shortcuts | None = None

    def article(self, key: str) -> Article:
        """The article with this id, else the one with this URL, however that is written (`index/addresses.py`).

        :raises ArticleError: there is none, the message names some that there are; or the URL is that of several.
        """
        return self._by_id[self.id_of(key)]

    def whole(self, key: str | None = None) -> tuple[Article, Sequence[Sentence]]:
        """The article with this id or URL, the first when None, and its sentences in order; raises as `article`."""
        article = self.articles[0] if key is None else self.article(key)
        low, high = self._sentence_rows[article.id]
        return article, self.sentences[low:high]

    @cached_property
    def heads(self) -> Sequence[Particulars]:
        """The articles in order, to be listed; where a store holds them, without their texts."""
        return self.articles

    @cached_property
    def head_of(self) -> Mapping[str, Particulars]:
        """Likewise by id."""
        return self._by_id

    def id_of(self, key: str) -> str:
        """The id of the article with this id or URL; asks for no text, and raises as `article`."""
        if not isinstance(key, str):
            raise ArticleError(f"found {type(key).__name__} for an article, expected its id or URL")
        if key in self.head_of:
            return key
        named = self._by_address.get(canonical(key), ()) if is_address(key) else ()
        if len(named) == 1:
            return named[0]
        if named:
            raise ArticleError(f"{len(named)} articles have the URL {key!r}; name one by its id: {_some(named)}")
        raise ArticleError(f"there is no article {key!r} in the index; it holds: {_some(self.head_of)}")

    def passage(self, article_id: str, passage_id: int) -> Passage:
        """The passage with this id of this article.

        :raises ArticleError: there is no such article.
        :raises IndexError: the article has no such passage.
        """
        low, high = self.passage_rows(article_id)
        if not 0 <= passage_id < high - low:
            raise IndexError(f"article {article_id!r} has passages 0 to {high - low - 1}, not {passage_id}")
        return self.passages[low + passage_id]

    def sentence_rows(self, article_id: str | None = None) -> Rows:
        """The rows of an article's sentences, of all when None.

        :raises ArticleError: there is no such article.
        """
        return (0, len(self.sentences)) if article_id is None else self._sentence_rows[self.id_of(article_id)]

    def passage_rows(self, article_id: str | None = None) -> Rows:
        """The rows of an article's passages, of all when None.

        :raises ArticleError: there is no such article.
        """
        return (0, len(self.passages)) if article_id is None else self._passage_rows[self.id_of(article_id)]

    def text(self, unit: Passage | Sentence) -> str:
        """The words of a passage or sentence: a slice of its article."""
        return self._by_id[unit.article_id].text[unit.start : unit.end]

    @cached_property
    def passage_of(self) -> NDArray[np.int64]:
        """The passage row of each sentence row. *Shape:* ``(len(sentences),)``, int64."""
        first = {article_id: rows[0] for article_id, rows in self._passage_rows.items()}
        return np.array([first[own.article_id] + own.passage_id for own in self.sentences], dtype=np.int64)

    @cached_property
    def passage_sizes(self) -> NDArray[np.int64]:
        """How many sentences each passage row has. *Shape:* ``(len(passages),)``, int64."""
        return np.bincount(self.passage_of, minlength=len(self.passages))

    def sentences_of(self, passages: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Where the sentences of some passage rows begin and end, in sentence rows. *Shape:* as `passages`, int64, each."""
        return np.searchsorted(self.passage_of, passages), np.searchsorted(self.passage_of, passages, side="right")

    @cached_property
    def _by_id(self) -> dict[str, Article]:
        return {article.id: article for article in self.articles}

    @cached_property
    def _by_address(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for article in self.articles:
            if article.url is not None:
                found.setdefault(canonical(article.url), []).append(article.id)
        return found

    @cached_property
    def _sentence_rows(self) -> dict[str, Rows]:
        return _rows_by_article(self.sentences)

    @cached_property
    def _passage_rows(self) -> dict[str, Rows]:
        return _rows_by_article(self.passages)


def build_index(
    articles: Sequence[Article],
    encoder: Encoder,
    *,
    documents: Sequence[DocumentRecord] = (),
    earlier: Index | None = None,
    progress: Progress | None = None,
    exact_to: int = EXACT_TO,
) -> Index:
    """An index of `articles`, in memory.

    :param documents: what they were read from.
    :param earlier: an index whose vectors are taken over for the texts that it holds, if they are this encoder's.
    :param progress: called with how many texts have been encoded, and how many are to be.
    :param exact_to: sentences up to which every one is scored for a question.
    :raises ArticleError: there is no article, one says nothing, or two have the same id.
    :raises EncoderError: the encoder gave something else than one vector of length 1 for each text.
    """
    _refuse_unusable(articles)
    passages: list[Passage] = []
    sentences: list[Sentence] = []
    before = Earlier(earlier, encoder)
    for article in articles:
        own_passages, own_sentences = before.segments(article) or segment(
            article, encoder.count_tokens, encoder.max_tokens
        )
        if not own_sentences:
            raise ArticleError(f"article {article.id!r} has no sentence to answer with; give an article with text in it")
        passages += own_passages
        sentences += own_sentences
    texts = {article.id: article.text for article in articles}

    def said(units: Iterable[Passage | Sentence]) -> Iterator[str]:
        return (texts[unit.article_id][unit.start : unit.end] for unit in units)

    vectors, rows = encode_groups(encoder, (list(said(sentences)), list(said(passages))), progress, before)
    sentence_vectors, passage_vectors = VectorIndex.build(vectors, rows[0]), VectorIndex.build(vectors, rows[1])
    del vectors  # the terms of millions take memory, too
    index = Index(
        articles=tuple(articles),
        passages=tuple(passages),
        sentences=tuple(sentences),
        sentence_vectors=sentence_vectors,
        passage_vectors=passage_vectors,
        sentence_terms=LexicalIndex.build(said(sentences)),
        passage_terms=LexicalIndex.build(said(passages)),
        manifest=_described(articles, encoder, len(passages), len(sentences)),
        documents=tuple(documents),
    )
    return with_shortcuts(index, exact_to)


def with_shortcuts(index: Index, exact_to: int = EXACT_TO) -> Index:
    """`index` with what it needs to be searched without a look at every row, where it has more sentences than `exact_to`."""
    if len(index.sentences) <= exact_to:
        return index
    shortcuts = build_shortcuts(index.sentence_vectors, index.passage_vectors, index.passage_sizes, exact_to)
    return replace(index, shortcuts=shortcuts, manifest=replace(index.manifest, near=shortcuts.records))


def save_index(index: Index, directory: Path) -> None:
    """Make `index` the index in `directory`, all at once (`index/generations.py`). The same index gives the same bytes.

    :raises IndexForeign: `directory` holds something else than an index.
    :raises IndexFault: it cannot be written to, or another build keeps writing.
    """
    try:
        with new_generation(directory) as folder:
            (folder / ARTICLES).write_bytes(articles_to_bytes(index.articles))
            (folder / PASSAGES).write_bytes(passages_to_bytes(index.articles, index.passages, index.sentences))
            if index.documents:
                (folder / DOCUMENTS).write_bytes(documents_to_bytes(index.documents))
            index.sentence_vectors.save(folder / SENTENCE_VECTORS)
            index.passage_vectors.save(folder / PASSAGE_VECTORS)
            index.sentence_terms.save(folder / SENTENCE_TERMS)
            index.passage_terms.save(folder / PASSAGE_TERMS)
            if index.shortcuts is not None:
                index.shortcuts.save(folder)
            files = checksums(folder)
            publish(folder, directory, replace(index.manifest, generation=generation_name(files), files=files))
    except (OSError, shutil.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise IndexFault(
            f"cannot write the index to {directory}: {reason}; what was there before still stands; choose another --index"
        ) from error


def load_index(directory: Path, encoder_fingerprint: str | None = None, *, to_ask: bool = True) -> Index:
    """The index in `directory`, every byte checked.

    :param encoder_fingerprint: of the encoder that questions will be encoded with; None when none will be.
    :param to_ask: False lets one pass that was built by other rules, whose vectors are good still.
    :raises IndexMissing: there is no index.
    :raises IndexStale: it was built by another encoder, segmenter or analyzer.
    :raises IndexForeign: the folder holds something else, or an index of another schema version.
    :raises IndexDamaged: a file is missing, cut or altered.
    """
    manifest = read_manifest(directory)
    while True:
        try:
            if to_ask:
                refuse_stale(manifest, directory, encoder_fingerprint)
            refuse_damaged(directory, manifest)
            return _read(directory, manifest)
        except IndexDamaged:
            latest = read_manifest(directory)
            if latest == manifest:
                raise
            manifest = latest  # replaced while it was being read: the files that are gone were the old ones


def is_stale(index: Index, articles: Sequence[Article], encoder_fingerprint: str) -> str | None:
    """Why `index` is not that of `articles` and the encoder, in words for "the index is stale: ...", or None if it is."""
    if index.manifest.encoder_fingerprint != encoder_fingerprint:
        return f"it was built with another encoder, {index.manifest.encoder_name}"
    now, built = ({article.id: article for article in several} for several in (articles, index.articles))
    if now.keys() != built.keys():
        if max(len(now), len(built)) <= _FEW:
            return f"it holds {', '.join(built)}, but the articles are {', '.join(now)}"
        added, gone = ([name for name in one if name not in other] for one, other in ((now, built), (built, now)))
        return "; ".join(f"{what}: {_some(names)}" for what, names in (("added", added), ("gone", gone)) if names)
    for article_id, article in now.items():
        if article.text != built[article_id].text:
            return f"the text of article {article_id!r} has changed"
        if article != built[article_id]:
            return f"the title or another particular of article {article_id!r} has changed"
    return "the articles stand in another order" if list(now) != list(built) else None


def refuse_stale(manifest: Manifest, directory: Path, encoder_fingerprint: str | None = None) -> None:
    """:raises IndexStale: the index was built by another encoder, segmenter or analyzer than this program's."""
    for what, found, expected in (
        ("metric", manifest.metric, METRIC),
        ("segmenter", manifest.segmenter, SEGMENTER),
        ("analyzer", manifest.analyzer, ANALYZER),
        ("encoder", manifest.encoder_fingerprint, encoder_fingerprint or manifest.encoder_fingerprint),
    ):
        if found != expected:
            named = f"{manifest.encoder_name}, {found[:12]}" if what == "encoder" else found
            raise IndexStale(
                f"the index in {directory} is stale: it was built with {what} {named!r}, expected {expected[:60]!r}; "
                f"{mend(directory)}"
            )


def _refuse_unusable(articles: Sequence[Article]) -> None:
    if not articles:
        raise ArticleError("there is no article to build an index of; name at least one article file")
    seen: set[str] = set()
    for article in articles:
        if article.id in seen:
            raise ArticleError(f"two articles have the id {article.id!r}; give one of them another in its front matter")
        seen.add(article.id)


def _described(articles: Sequence[Article], encoder: Encoder, passages: int, sentences: int) -> Manifest:
    return Manifest(
        encoder_name=encoder.name,
        encoder_fingerprint=encoder.fingerprint,
        dimension=encoder.dimension,
        segmenter=SEGMENTER,
        analyzer=ANALYZER,
        articles=tuple(ArticleRecord(found.id, found.title, found.sha256, len(found.text)) for found in articles),
        passages=passages,
        sentences=sentences,
        libraries={name: found for name in _LIBRARIES if (found := _installed(name))},
        metric=METRIC,
    )


def _installed(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def _read(directory: Path, manifest: Manifest) -> Index:
    """The index from files whose checksums are right, its parts checked against each other and the articles."""
    folder = directory / manifest.generation
    try:
        rows = read_passages(folder / PASSAGES)
        vectors = VectorIndex.load(folder / SENTENCE_VECTORS), VectorIndex.load(folder / PASSAGE_VECTORS)
        index = Index(
            articles=read_articles(folder / ARTICLES),
            passages=rows.passages,
            sentences=rows.sentences,
            sentence_vectors=vectors[0],
            passage_vectors=vectors[1],
            sentence_terms=LexicalIndex.load(folder / SENTENCE_TERMS),
            passage_terms=LexicalIndex.load(folder / PASSAGE_TERMS),
            manifest=manifest,
            documents=read_records(folder / DOCUMENTS) if DOCUMENTS in manifest.files else (),
            shortcuts=load_shortcuts(folder, vectors, manifest.near),
        )
    except (IndexDamaged, OSError) as error:
        raise IndexDamaged(f"the index in {directory} is damaged: {error}; {mend(directory)}") from error
    for problem in itertools.chain(contradictions(index), misquotes(rows.quotes, index.articles)):
        raise IndexDamaged(f"the index in {directory} is damaged: {problem}; {mend(directory)}")
    return index


def _some(ids: Iterable[str]) -> str:
    """The first ten, for a message."""
    first = list(itertools.islice(ids, 11))
    return ", ".join(first[:10]) + (", ..." if len(first) > 10 else "")


def _rows_by_article(units: Sequence[Unit]) -> dict[str, Rows]:
    """Where each article's units begin and end, for units that stand in article order."""
    rows: dict[str, Rows] = {}
    for row, unit in enumerate(units):
        rows[unit.article_id] = (rows.get(unit.article_id, (row, row))[0], row + 1)
    return rows
