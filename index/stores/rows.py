"""Articles as stores take and give them, and a small index made of some."""

import base64
import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from index.article import Article, Block
from index.errors import EncoderError, IndexDamaged
from index.lexical import ANALYZER, LexicalIndex
from index.manifest import ArticleRecord, Manifest
from index.records import articles_to_bytes
from index.sentences import SEGMENTER
from index.store import Index
from index.stores.protocol import MOST_HITS, EncoderIdentity, FloatArray, Head, StoredArticle
from index.units import Passage, Sentence
from index.vectors import VectorIndex

_MOST_BYTES = 2**28
"""Of an article that was packed: what comes from a store is bounded before it is unpacked."""


def revision_of(article: Article, fingerprint: str) -> str:
    """What changes whenever anything of the article would be stored otherwise: its text or another particular, the encoder,
    or how texts are cut and counted. 32 hexadecimal digits.
    """
    told = f"\n{SEGMENTER}\n{ANALYZER}\n{fingerprint}".encode()
    return hashlib.sha256(articles_to_bytes([article]) + told).hexdigest()[:32]


def head_of(article: Article, fingerprint: str, *, passages: int, sentences: int) -> Head:
    """What is told of an article without its text; `passages` and `sentences` are how many it has."""
    return Head(
        id=article.id,
        title=article.title,
        source=article.source,
        url=article.url,
        published=article.published,
        language=article.language,
        sha256=article.sha256,
        revision=revision_of(article, fingerprint),
        characters=len(article.text),
        passages=passages,
        sentences=sentences,
    )


def parts_of(index: Index, ids: Iterable[str] | None = None) -> Iterator[StoredArticle]:
    """The articles of an index as a store takes them, one after another; all, or those with these ids."""
    for article_id in (article.id for article in index.articles) if ids is None else ids:
        passages, sentences = index.passage_rows(article_id), index.sentence_rows(article_id)
        yield StoredArticle(
            article=index.article(article_id),
            passages=tuple(index.passages[slice(*passages)]),
            sentences=tuple(index.sentences[slice(*sentences)]),
            passage_vectors=index.passage_vectors.vectors(passages),
            sentence_vectors=index.sentence_vectors.vectors(sentences),
        )


def assembled(stored: Sequence[StoredArticle], encoder: EncoderIdentity) -> Index:
    """An index of these articles in their order, in memory; nothing is encoded. There must be one at least."""
    passages = tuple(unit for own in stored for unit in own.passages)
    sentences = tuple(unit for own in stored for unit in own.sentences)
    texts = {own.article.id: own.article.text for own in stored}
    return Index(
        articles=tuple(own.article for own in stored),
        passages=passages,
        sentences=sentences,
        sentence_vectors=VectorIndex.build(np.concatenate([own.sentence_vectors for own in stored])),
        passage_vectors=VectorIndex.build(np.concatenate([own.passage_vectors for own in stored])),
        sentence_terms=LexicalIndex.build([texts[unit.article_id][unit.start : unit.end] for unit in sentences]),
        passage_terms=LexicalIndex.build([texts[unit.article_id][unit.start : unit.end] for unit in passages]),
        manifest=Manifest(
            encoder_name=encoder.name,
            encoder_fingerprint=encoder.fingerprint,
            dimension=encoder.dimension,
            segmenter=SEGMENTER,
            analyzer=ANALYZER,
            articles=tuple(
                ArticleRecord(own.article.id, own.article.title, own.article.sha256, len(own.article.text))
                for own in stored
            ),
            passages=len(passages),
            sentences=len(sentences),
            libraries={},
        ),
    )


def packed(stored: StoredArticle) -> str:
    """The article and where its passages and sentences lie, as ASCII; without the vectors."""
    body = {
        "article": json.loads(articles_to_bytes([stored.article])),
        "passages": [[unit.start, unit.end] for unit in stored.passages],
        "sentences": [[unit.passage_id, unit.start, unit.end] for unit in stored.sentences],
    }
    return base64.b64encode(zlib.compress(json.dumps(body, ensure_ascii=False).encode(), 6)).decode()


def unpacked(body: str, passage_vectors: FloatArray, sentence_vectors: FloatArray) -> StoredArticle:
    """What `packed` made, with the vectors that stood beside it.

    :raises IndexDamaged: it is no such article, or its text has not the checksum that it says.
    """
    try:
        fields = json.loads(_inflated(base64.b64decode(body, validate=True)))
        article, sha256 = _article(fields["article"])
        passages = tuple(
            Passage(article.id, number, int(start), int(end)) for number, (start, end) in enumerate(fields["passages"])
        )
        sentences = tuple(
            Sentence(article.id, number, int(home), int(start), int(end))
            for number, (home, start, end) in enumerate(fields["sentences"])
        )
    except (ValueError, KeyError, TypeError, AttributeError, zlib.error, RecursionError) as error:
        raise IndexDamaged(f"the store gave what is no article: {error!r}; build into it again") from error
    named = (article.id, article.title, article.language)
    if not all(isinstance(one, str) for one in named) or not all(
        isinstance(one, str | None) for one in (article.source, article.url, article.published)
    ):
        raise IndexDamaged("the store gave an article whose particulars are no text; build into it again")
    if article.sha256 != sha256:
        raise IndexDamaged(
            f"the store gave a text of article {article.id!r} that has not its checksum; build into it again"
        )
    units: tuple[tuple[str, Sequence[Passage | Sentence], FloatArray], ...] = (
        ("passages", passages, passage_vectors),
        ("sentences", sentences, sentence_vectors),
    )
    for what, own, vectors in units:
        if len(own) != len(vectors) or any(not 0 <= unit.start < unit.end <= len(article.text) for unit in own):
            raise IndexDamaged(
                f"the store gave {what} of article {article.id!r} that are not its own; build into it again"
            )
    if any(not 0 <= unit.passage_id < len(passages) for unit in sentences):
        raise IndexDamaged(f"the store gave sentences of article {article.id!r} in no passage of it; build into it again")
    return StoredArticle(article, passages, sentences, passage_vectors, sentence_vectors)


def checked_vectors(vectors: FloatArray, dimension: int, what: str) -> FloatArray:
    """:raises EncoderError: they are not ``(n, dimension)``, or hold NaN or infinity."""
    if vectors.ndim != 2 or vectors.shape[1] != dimension:
        raise EncoderError(f"found {what} of shape {vectors.shape}, expected (n, {dimension}); use the store's encoder")
    if not np.isfinite(vectors).all():
        raise EncoderError(f"found NaN or infinity among {what}; use another encoder")
    return np.ascontiguousarray(vectors, dtype=np.float32)


def checked_depth(k: int) -> int:
    """:raises ValueError: k cannot be asked for."""
    if not 1 <= k <= MOST_HITS:
        raise ValueError(f"k is {k}; expected 1 to {MOST_HITS}")
    return k


def _article(fields: dict[str, Any]) -> tuple[Article, str]:
    sha256 = fields.pop("sha256")
    blocks = tuple(Block(kind, int(start), int(end)) for kind, start, end in fields.pop("blocks"))
    pages = tuple(int(start) for start in fields.pop("pages", ()))
    return Article(blocks=blocks, pages=pages, **fields), sha256


def _inflated(compressed: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    content = unpacker.decompress(compressed, _MOST_BYTES)
    if not unpacker.eof:
        raise ValueError(f"cut, or of more than {_MOST_BYTES:,} bytes")
    return content
