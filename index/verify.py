"""Checks a saved index against itself: what can be derived again is, and compared with what is stored."""

import bisect
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import numpy as np

from index.contradictions import contradictions
from index.encoder import Encoder
from index.errors import IndexDamaged, IndexFault
from index.generations import check_files, checksums, read_manifest
from index.lexical import LexicalIndex
from index.manifest import Manifest
from index.passages import segment
from index.records import misquotes, read_articles, read_passages
from index.reuse import encode_groups
from index.sentences import split_sentences
from index.store import (
    ARTICLES,
    PASSAGE_TERMS,
    PASSAGE_VECTORS,
    PASSAGES,
    SENTENCE_TERMS,
    SENTENCE_VECTORS,
    Index,
    refuse_stale,
)
from index.vectors import VectorIndex

_TOLERANCE = 1e-3  # of a vector's length, and of a component made anew, perhaps by another CPU

Part = TypeVar("Part")


def verify_index(directory: Path, encoder: Encoder | None = None) -> list[str]:
    """Every problem of the index in `directory`, a line each; none when it is sound.

    Checked are the size and checksum of every file, every offset against the article's text and the words stored beside
    it, the sentences against the articles cut anew, the BM25 indexes against ones built anew, and the vectors' number,
    dimension and length. Given the encoder that built the index, passages and vectors are made anew as well.
    """
    try:
        manifest = read_manifest(directory)
        refuse_stale(manifest, directory, encoder.fingerprint if encoder else None)
    except IndexFault as error:
        return [str(error)]  # without a manifest, or by other rules than this program's, nothing more can be compared
    folder = directory / manifest.generation
    problems = [*check_files(directory, manifest), *_unlisted(folder, manifest)]
    index = _readable(folder, manifest, problems)
    if index is None:
        return problems
    structure = list(contradictions(index))
    problems += structure
    if structure:
        return problems  # rows that do not belong together would all differ
    problems += _blocks(index)
    problems += _sentences(index) if encoder is None else _segments(index, encoder)
    problems += _terms(index)
    problems += _lengths(index)
    if encoder is not None:
        problems += _vectors(index, encoder)
    return problems


def _unlisted(folder: Path, manifest: Manifest) -> Iterator[str]:
    for name in sorted(checksums(folder).keys() - manifest.files.keys()):
        yield f"{name} is in the index, but not in its manifest"


def _readable(folder: Path, manifest: Manifest, problems: list[str]) -> Index | None:
    """The index, or None when a part of it cannot be read; every reason goes into `problems`."""

    def part(name: str, read: Callable[[Path], Part]) -> Part | None:
        try:
            return read(folder / name)
        except IndexDamaged as error:
            problems.append(str(error))
        except OSError as error:
            problems.append(f"{name} cannot be read: {error.strerror}")
        return None

    articles, rows = part(ARTICLES, read_articles), part(PASSAGES, read_passages)
    sentence_vectors, passage_vectors = part(SENTENCE_VECTORS, VectorIndex.load), part(PASSAGE_VECTORS, VectorIndex.load)
    sentence_terms, passage_terms = part(SENTENCE_TERMS, LexicalIndex.load), part(PASSAGE_TERMS, LexicalIndex.load)
    if articles is not None and rows is not None:
        problems += misquotes(rows.quotes, articles)
    if (
        articles is None
        or rows is None
        or sentence_vectors is None
        or passage_vectors is None
        or sentence_terms is None
        or passage_terms is None
    ):
        return None
    return Index(
        articles,
        rows.passages,
        rows.sentences,
        sentence_vectors,
        passage_vectors,
        sentence_terms,
        passage_terms,
        manifest,
    )


def _blocks(index: Index) -> Iterator[str]:
    for article in index.articles:
        edges = [
            0,
            *itertools.chain.from_iterable((block.start, block.end) for block in article.blocks),
            len(article.text),
        ]
        if edges != sorted(edges):
            yield f"the blocks of article {article.id!r} do not lie in order inside its text"
        if article.pages and (
            article.pages[0] != 0 or [*article.pages, len(article.text)] != sorted([*article.pages, len(article.text)])
        ):
            yield f"the pages of article {article.id!r} do not begin in order inside its text"


def _sentences(index: Index) -> Iterator[str]:
    """Sentences as cut anew, without an encoder: only one of more tokens than it takes may be stored in parts."""
    for article in index.articles:
        low, high = index.sentence_rows(article.id)
        stored = index.sentences[low:high]
        starts, ends = {own.start for own in stored}, {own.end for own in stored}
        expected = [
            span
            for block in article.blocks
            if block.kind != "boilerplate"
            for span in split_sentences(article.text, block.start, block.end, article.language)
        ]
        for start, end in expected:
            if start not in starts or end not in ends:
                yield f"article {article.id!r} has a sentence at [{start}, {end}) that the index does not hold"
        for own in stored:
            around = bisect.bisect_right(expected, own.start, key=lambda span: span[0]) - 1
            if around < 0 or own.end > expected[around][1]:
                yield f"sentence {own.id} of article {article.id!r} is neither one of its sentences nor a part of one"


def _segments(index: Index, encoder: Encoder) -> Iterator[str]:
    """Passages and sentences as made anew with the encoder's own count of tokens."""
    for article in index.articles:
        passages, sentences = segment(article, encoder.count_tokens, encoder.max_tokens)
        for what, stored, rows, anew in (
            ("passages", index.passages, index.passage_rows(article.id), passages),
            ("sentences", index.sentences, index.sentence_rows(article.id), sentences),
        ):
            differing = [old for old, new in itertools.zip_longest(stored[slice(*rows)], anew) if old != new]
            if differing:
                yield f"{len(differing)} of the {what} of article {article.id!r} are not those that its text gives"


def _terms(index: Index) -> Iterator[str]:
    for name, stored, units in (
        (SENTENCE_TERMS, index.sentence_terms, index.sentences),
        (PASSAGE_TERMS, index.passage_terms, index.passages),
    ):
        if not stored.agrees_with(LexicalIndex.build(map(index.text, units))):
            yield f"{name} is not the BM25 index of the texts"


def _lengths(index: Index) -> Iterator[str]:
    for name, stored in ((SENTENCE_VECTORS, index.sentence_vectors), (PASSAGE_VECTORS, index.passage_vectors)):
        lengths = np.linalg.norm(stored.vectors(), axis=1)
        for row in np.flatnonzero(~(np.abs(lengths - 1) <= _TOLERANCE)):  # so put that NaN is found too
            yield f"row {row} of {name} has length {lengths[row]:.6f}, expected 1"


def _vectors(index: Index, encoder: Encoder) -> Iterator[str]:
    texts = [[index.text(unit) for unit in units] for units in (index.sentences, index.passages)]
    anew, rows_of = encode_groups(encoder, texts)
    for name, stored, expected in (
        (SENTENCE_VECTORS, index.sentence_vectors.vectors(), anew[rows_of[0]]),
        (PASSAGE_VECTORS, index.passage_vectors.vectors(), anew[rows_of[1]]),
    ):
        distance = np.abs(stored - expected).max(axis=1)
        for row in np.flatnonzero(~(distance <= _TOLERANCE)):
            yield f"row {row} of {name} is not the vector of its text: off by {distance[row]:.6f}"
