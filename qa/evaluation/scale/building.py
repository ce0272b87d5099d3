"""Builds an archive of one size and saves it: a process of its own, so that the memory that it takes is this size's.

python -m qa.evaluation.scale.building ORDER      an `Order` as JSON; says what `Built` holds, as JSON
"""

import json
import sys
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from index.encoder import load_encoder
from index.generations import read_manifest
from index.records import read_articles
from index.shortcuts import EXACT_TO
from index.store import Index, build_index, load_index, save_index, with_shortcuts
from qa.evaluation.scale.memory import peak_mb
from qa.evaluation.scale.texts import copies, first
from qa.evaluation.scale.vectors import Copying, Timed
from qa.settings import load_settings


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be built.

    :param articles: a file of the real articles (`index/records.py`).
    :param sentences: how many the archive is to hold.
    :param originals: the folder of the index of all the real articles, where there have to be copies of them.
    :param index: the folder to build into.
    :param exact_to: sentences up to which every one is scored for a question.
    """

    articles: str
    sentences: int
    originals: str | None
    index: str
    exact_to: int = EXACT_TO


@dataclass(frozen=True, slots=True)
class Built:
    """As in `figures.Size`."""

    sentences: int
    passages: int
    articles: int
    copies: int
    embed_s: float | None
    index_s: float
    near_s: float
    save_s: float
    build_mb: float
    disk_mb: float
    kind: str
    recall: float
    passage_kind: str
    passage_recall: float


def build(order: Order) -> Built:
    """Build and save what is asked for; the real encoder embeds what is real.

    :raises ArticleQAError: it cannot be built, or written.
    """
    real = read_articles(Path(order.articles))
    encoder = load_encoder(load_settings().encoder)
    originals = load_index(Path(order.originals)) if order.originals else None
    if originals is None:
        articles, timed, times = first(real, order.sentences), Timed(encoder), 1
    else:
        sizes = {article.id: len(range(*originals.sentence_rows(article.id))) for article in real}
        articles = list(copies(real, sizes, order.sentences))
        timed, times = Timed(Copying(encoder, originals)), -(-len(articles) // len(real))
    started = time.perf_counter()
    index = build_index(articles, timed, exact_to=sys.maxsize)
    indexed = time.perf_counter()
    index = with_shortcuts(index, order.exact_to)
    searchable = time.perf_counter()
    save_index(index, Path(order.index))
    saved = time.perf_counter()
    return replace(
        _described(index, Path(order.index), times),
        embed_s=timed.seconds if originals is None else None,
        index_s=indexed - started - timed.seconds,
        near_s=searchable - indexed if index.shortcuts is not None else 0.0,
        save_s=saved - searchable,
    )


def _described(index: Index, folder: Path, times: int) -> Built:
    near = index.manifest.near
    kinds = {name: (near[name].kind, near[name].recall_at_10) if near else ("exact", 1.0) for name in _KINDS}
    return Built(
        sentences=len(index.sentences),
        passages=len(index.passages),
        articles=len(index.articles),
        copies=times,
        embed_s=None,
        index_s=0.0,
        near_s=0.0,
        save_s=0.0,
        build_mb=peak_mb(),
        disk_mb=sum(record.bytes for record in read_manifest(folder).files.values()) / 2**20,
        kind=kinds["sentences"][0],
        recall=kinds["sentences"][1],
        passage_kind=kinds["passages"][0],
        passage_recall=kinds["passages"][1],
    )


_KINDS = ("sentences", "passages")

if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(build(Order(**json.loads(sys.argv[1]))))) + "\n")
