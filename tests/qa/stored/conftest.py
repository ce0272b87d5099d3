"""An archive in a store of each kind, and pipelines over it with the toy models."""

from collections.abc import Iterator

import pytest

from index.article import Article, article_from_text
from index.store import build_index
from index.stores import VectorStore
from index.stores.rows import parts_of
from qa.decision import load_decision
from qa.settings import load_settings
from qa.stored.pipeline import StorePipeline
from tests.index.stores.conftest import Stores, empty_lite, stores
from tests.toy import ToyEncoder, ToyReader

__all__ = ["empty_lite", "stores"]

PLACES = ("Mars", "Venus", "Saturn", "Pluto", "Ceres", "Titan", "Europa", "Vesta", "Eros", "Triton")


def archive(edited: str = "") -> list[Article]:
    """Ten articles that differ in a name and in figures."""
    return [
        article_from_text(
            f"News from {place}\n\nThe crew of {place} found {number + 11} tons of ice in the year {2030 + number}. "
            f"{edited}It was led by Captain {place}son.\n\nNobody on {place} has seen rain for {number + 3} months.",
            id=f"{place.lower()}?'\"%",
            title=f"News from {place}",
            url=f"https://example.org/{place.lower()}",
            published=f"20{30 + number}-01-01",
        )
        for number, place in enumerate(PLACES)
    ]


@pytest.fixture
def store(stores: Stores) -> VectorStore:
    """A store of each kind that holds them."""
    opened = stores.open()
    opened.upsert(parts_of(build_index(archive(), ToyEncoder())))
    return opened


@pytest.fixture
def pipeline(store: VectorStore) -> Iterator[StorePipeline]:
    yield over(store)


def over(store: VectorStore) -> StorePipeline:
    return StorePipeline(store, ToyEncoder(), load_settings(), reader=ToyReader(), decision=load_decision())
