"""The stores that the same tests run on, and archives to put into them."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from index.article import article_from_text
from index.lexical import K1, B, terms
from index.store import build_index
from index.stores import Kind, StoredArticle, VectorStore, open_store
from index.stores.protocol import EncoderIdentity
from index.stores.rows import parts_of
from index.stores.weighing import MEAN_LENGTH
from tests.toy import ToyEncoder

TOY = EncoderIdentity("toy", ToyEncoder.fingerprint, ToyEncoder.dimension)

Opening = Callable[..., VectorStore]


@dataclass(frozen=True)
class Stores:
    """One kind of store: how it is opened, again and again at the same place.

    :param fixed_mean: whether BM25 levels by `MEAN_LENGTH`; else by the mean of the rows that there are.
    """

    uri: str
    open: Opening
    fixed_mean: bool

    def mean_length(self, kind: Kind, texts: Sequence[str]) -> float:
        return MEAN_LENGTH[kind] if self.fixed_mean else float(np.mean([len(terms(text)) for text in texts]))


@pytest.fixture(scope="session")
def empty_lite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty store in a local file of Milvus: to be copied, as pymilvus sleeps for seconds when it makes one."""
    place = tmp_path_factory.mktemp("milvus") / "empty.db"
    open_store(str(place), TOY, create=True).close()
    return place


@pytest.fixture(params=["folder", "milvus-lite"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stores]:
    """A place for a store of each kind."""
    local = request.param == "milvus-lite"
    place = tmp_path / ("archive.db" if local else "archive")
    uri = str(place)
    opened: list[VectorStore] = []

    def opening(encoder: EncoderIdentity = TOY, *, create: bool = True) -> VectorStore:
        if local and create and encoder == TOY and not place.exists():
            shutil.copytree(request.getfixturevalue("empty_lite"), place)
        opened.append(open_store(uri, encoder, create=create))
        return opened[-1]

    yield Stores(uri, opening, fixed_mean=local)
    for store in opened:
        store.close()


@pytest.fixture
def store(stores: Stores) -> VectorStore:
    """A store of each kind with nothing in it."""
    return stores.open()


def articles(**texts: str) -> list[StoredArticle]:
    """Articles as a store takes them, by their ids."""
    return embedded(texts)


def embedded(texts: dict[str, str], encoder: ToyEncoder | None = None) -> list[StoredArticle]:
    """The same for ids that are no names."""
    made = [article_from_text(text, id=article_id, title="A title") for article_id, text in texts.items()]
    return list(parts_of(build_index(made, encoder or ToyEncoder())))


def rows(stored: Sequence[StoredArticle], kind: Kind) -> list[tuple[str, int, str, np.ndarray]]:
    """Every row: article, number, text, vector; in the order in which equals rank."""
    return [
        (own.article.id, unit.id, own.article.text[unit.start : unit.end], vector)
        for own in sorted(stored, key=lambda own: own.article.id)
        for unit, vector in zip(
            own.sentences if kind == "sentence" else own.passages,
            own.sentence_vectors if kind == "sentence" else own.passage_vectors,
            strict=True,
        )
    ]


def nearest(stored: Sequence[StoredArticle], kind: Kind, vector: np.ndarray, k: int) -> list[tuple[str, int, float]]:
    """Brute force: each row's inner product."""
    found = [(home, number, float(np.dot(own, vector))) for home, number, _, own in rows(stored, kind)]
    return sorted(found, key=lambda one: -round(one[2], 6))[:k]


def matching(
    stored: Sequence[StoredArticle], kind: Kind, text: str, k: int, mean: float, among: Sequence[str] | None = None
) -> list[tuple[str, int, float]]:
    """Brute force: BM25 by its formula, over all rows; then those of `among`."""
    every = [(home, number, terms(words)) for home, number, words, _ in rows(stored, kind)]
    found = []
    for home, number, own in every:
        score = 0.0
        for term in terms(text):
            held = sum(term in other for _, _, other in every)
            rarity = np.log(1 + (len(every) - held + 0.5) / (held + 0.5))
            score += rarity * own.count(term) / (own.count(term) + K1 * (1 - B + B * len(own) / mean))
        if score > 0 and (among is None or home in among):
            found.append((home, number, score))
    return sorted(found, key=lambda one: -round(one[2], 5))[:k]
