"""Documents -> articles, and what could not be read.

A document's key is the SHA-256 of its bytes and of all else that decides its article: the rules and libraries that read it,
and what it is called. The index keeps the keys, so that a document whose key is known is not read again, and whether one
has changed is told without reading any.
"""

import hashlib
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO

from index.article import Article, article_from_text, text_article
from index.errors import ArticleError
from index.records import DocumentRecord
from index.sentences import SEGMENTER
from index.sources.charset import decoded
from index.sources.extracted import refuse_larger
from index.sources.extractor import Extractor
from index.sources.files import Document, Found
from index.sources.html import LARGEST_HTML
from index.sources.jsonl import read_rows
from index.sources.pdf import LARGEST_PDF

READERS = "documents 1"
"""Names the rules by which documents are read: raise the number when one changes."""

_LIBRARIES = {"html": ("trafilatura", "lxml", "htmldate", "jusText", "lxml_html_clean"), "pdf": ("pypdf",)}

LARGEST_TEXT = 64 * 2**20
"""Bytes of a .md or .txt file."""

_LARGEST = {"text": LARGEST_TEXT, "html": LARGEST_HTML, "pdf": LARGEST_PDF}

Progress = Callable[[int, int], None]
"""Called with how many bytes of documents have been read, and how many there are."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of documents.

    :param problems: a line for each that could not be read.
    :param files: where the documents were found.
    :param passed_over: files of other kinds in the folders.
    """

    articles: tuple[Article, ...]
    documents: tuple[DocumentRecord, ...] = ()
    problems: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()
    passed_over: int = 0


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What came of one document; the key is empty where its bytes could not be had."""

    key: str
    articles: Sequence[tuple[str, Article]]
    problems: Sequence[str]


def read_documents(
    found: Found,
    *,
    known: Mapping[str, Sequence[Article]] | None = None,
    progress: Progress | None = None,
) -> Reading:
    """The articles of the documents, in their order. Of two with one id the second is a problem.

    :param known: articles by the key of their document, from an earlier index: these are not read again.
    """
    meter = _Meter(found.documents, progress)
    with Extractor() as extractor, ThreadPoolExecutor(extractor.most) as pool:
        outcomes = list(pool.map(lambda one: _outcome(one, known or {}, extractor, meter), found.entries))
    articles: dict[str, Article] = {}
    records: list[DocumentRecord] = []
    problems: list[str] = []
    for outcome in outcomes:
        complaints = list(outcome.problems)
        own: list[str] = []
        for name, article in outcome.articles:
            if article.id in articles:
                complaints.append(
                    f"{name}: its id {article.id!r} is that of a document before it; rename it, or give it an id of its own"
                )
            else:
                articles[article.id] = article
                own.append(article.id)
        if outcome.key:
            records.append(DocumentRecord(outcome.key, tuple(own), len(complaints)))
        problems += complaints
    return Reading(
        articles=tuple(articles.values()),
        documents=tuple(records),
        problems=tuple(problems),
        files=tuple(document.path for document in found.documents if document.url is None),
        passed_over=found.passed_over,
    )


def known_articles(articles: Iterable[Article], documents: Iterable[DocumentRecord]) -> dict[str, list[Article]]:
    """What an index holds of documents that were read whole, by their key, for `read_documents`."""
    by_id = {article.id: article for article in articles}
    return {own.key: [by_id[name] for name in own.articles] for own in documents if not own.problems}


def changed_documents(found: Found, records: Iterable[DocumentRecord]) -> list[str]:
    """The documents that an index with these records does not hold as they are now, by name. Reads nothing but bytes.

    All of them each time: by size and time alone, a file that was put back with its old ones would pass for unchanged.
    """
    keys = {record.key for record in records}
    changed = []
    for document in found.documents:
        try:
            key = _key_of_file(document) if document.kind == "jsonl" else _key(document, _bytes(document))
        except ArticleError:
            continue  # cannot be read now, so nothing is known of it
        if key not in keys:
            changed.append(document.name)
    return changed


def _outcome(
    document: Document | str, known: Mapping[str, Sequence[Article]], extractor: Extractor, meter: "_Meter"
) -> _Outcome:
    if isinstance(document, str):
        return _Outcome("", (), (document,))
    key = ""
    try:
        if document.kind == "jsonl":
            if not known or (key := _key_of_file(document)) not in known:
                return _rows(document, meter)
            meter.add(document.path.stat().st_size)
        else:
            raw = _bytes(document)
            meter.add(len(raw))
            key = _key(document, raw)
            if key not in known:
                return _Outcome(key, [(document.name, _article(document, raw, extractor))], ())
        return _Outcome(key, [(document.name, article) for article in known[key]], ())
    except ArticleError as error:
        return _Outcome(key, (), (f"{document.name}: {error}",))
    except OSError as error:
        return _Outcome(key, (), (f"{document.name}: cannot be read: {error.strerror or error}",))


def _article(document: Document, raw: bytes, extractor: Extractor) -> Article:
    if document.kind == "pdf":
        return extractor.extract("pdf", raw).article(document.id, document.url)
    if document.kind == "html":
        return extractor.extract("html", raw, document.charset, document.url).article(document.id, document.url)
    if document.url is None:
        return text_article(raw, document.id)
    return article_from_text(decoded(raw, document.charset), id=document.id, url=document.url)


def _rows(document: Document, meter: "_Meter") -> _Outcome:
    articles: list[tuple[str, Article]] = []
    problems: list[str] = []
    with document.path.open("rb") as raw:
        file = _Hashed(raw, _told(document))
        for number, row in read_rows(file, meter.add):
            name = f"{document.name}, line {number:,}"
            if isinstance(row, Article):
                articles.append((name, row))
            else:
                problems.append(f"{name}: {row}")
        key = file.key()
    if not articles and not problems:
        problems.append(f"{document.name}: found an empty file; expected a document a line")
    return _Outcome(key, articles, problems)


class _Hashed:
    """A document read line by line, and the key of the very bytes that came: somebody may write it meanwhile, and what was
    read then must not be kept as that of what the file held before or holds after.
    """

    def __init__(self, file: BinaryIO, told: bytes) -> None:
        self._file = file
        self._digest = hashlib.sha256(told)

    def readline(self, size: int, /) -> bytes:
        line = self._file.readline(size)
        self._digest.update(line)
        return line

    def key(self) -> str:
        """Reads what is left of the file first."""
        _digest_rest(self._file, self._digest)
        return self._digest.hexdigest()


def _bytes(document: Document) -> bytes:
    """:raises ArticleError: it cannot be read, or is larger than documents of its kind may be."""
    limit = _LARGEST[document.kind]
    try:
        with document.path.open("rb") as file:
            file.seek(document.skip)
            raw = file.read(limit + 1)
    except OSError as error:
        raise ArticleError(f"cannot be read: {error.strerror or error}") from error
    refuse_larger(len(raw), limit, "the file")
    return raw


def _key(document: Document, raw: bytes) -> str:
    return hashlib.sha256(_told(document) + raw).hexdigest()


def _key_of_file(document: Document) -> str:
    """The same of a file of any size.

    :raises ArticleError: it cannot be read.
    """
    digest = hashlib.sha256(_told(document))
    try:
        with document.path.open("rb") as file:
            _digest_rest(file, digest)
    except OSError as error:
        raise ArticleError(f"cannot be read: {error.strerror or error}") from error
    return digest.hexdigest()


def _digest_rest(file: BinaryIO, digest: "hashlib._Hash") -> None:
    while chunk := file.read(2**20):
        digest.update(chunk)


def _told(document: Document) -> bytes:
    fields = (_rules(document.kind), document.id, document.url or "", document.charset or "")
    return "\0".join(fields).encode("utf-8", "surrogatepass") + b"\0"


@cache
def _rules(kind: str) -> str:
    return " ".join((READERS, SEGMENTER, kind, *(f"{name} {version(name)}" for name in _LIBRARIES.get(kind, ()))))


class _Meter:
    """Counts the bytes that were read, from several threads."""

    def __init__(self, documents: Sequence[Document], progress: Progress | None) -> None:
        self._progress = progress
        self._lock = threading.Lock()
        self._done = 0
        self._total = sum(_size(document.path) for document in documents) if progress else 0

    def add(self, size: int) -> None:
        if self._progress is not None:
            with self._lock:
                self._done += size
                self._progress(min(self._done, self._total), self._total)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
