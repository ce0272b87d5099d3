"""How much memory, disk and how many machines an archive takes: arithmetic over figures that were measured.

`docs/capacity.json` holds the figures, and `docs/scale.json` those of how memory grows; `docs/capacity.md` is the page, whose
tables are written by `python -m qa capacity --page` from them, and a test compares them.
"""

import json
import math
import re
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from index.errors import DataError, SettingsError
from index.lexical import terms
from index.manifest import Manifest
from index.stores import open_store
from index.stores.protocol import EncoderIdentity
from index.stores.rows import parts_of
from index.units import Passage, Sentence
from qa.evaluation.scale import figures as scale
from qa.pipeline import QAPipeline
from qa.settings import PROJECT
from qa.stored.pipeline import StorePipeline

FIGURES: Final = PROJECT / "docs" / "capacity.json"
PAGE: Final = PROJECT / "docs" / "capacity.md"
SIZES: Final = (10_000, 100_000, 1_000_000, 10_000_000, 100_000_000)

USABLE: Final = 0.7
"""Share of a machine's memory that is planned with: the rest is the system's."""
LINKS: Final = 2 * 16 * 4 + 16
"""Bytes of a row in the graph of HNSW: twice M links of four bytes, and those of the upper levels (M is 16)."""
KEYS: Final = 64 + 32 + 32 + 8
"""Bytes of a row's key, its article, its revision and its number, in Milvus."""
POSTING: Final = 8
"""Bytes of a term of a row, in Milvus: its number and its weight."""
COPIES: Final = 2
"""Replicas of a cluster that stays up when a machine is lost."""
EDITIONS: Final = 2
"""Of an index: while one is built, the old one stands on the disk, and while it is taken into use, in memory."""

_LARGE: Final = 100_000  # sentences of an archive whose growth is not that of a process with little in it

_VECTORS, _TERMS = re.compile(r"\.faiss$"), re.compile(r"\.bm25/")


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured, and of how much.

    :param vectors, terms, texts: bytes of the index's files for each sentence, its share of the passages' among them.
    :param terms_in_row: distinct terms of a row, sentences and passages together.
    :param process_mb: resident memory of a process that has answered, less its index.
    :param answer_ms: processor time of an answer, on one core, over an index in a folder.
    :param stored_answer_ms: the same over Milvus Lite, which works in the same process; None where it was not measured.
    """

    articles: int
    sentences: int
    passages: int
    dimension: int
    vectors: float
    terms: float
    texts: float
    terms_in_row: float
    process_mb: float
    answer_ms: float
    stored_answer_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Growth:
    """Bytes for each sentence more, as the benchmark of archives of several sizes found them.

    :param objects: resident in a process that answers, besides the files of the index.
    :param building: held by a process that builds, at most.
    """

    objects: float
    building: float

    @staticmethod
    def of(measured: scale.Figures) -> "Growth":
        """From the smallest archive to the one that takes most: a graph takes more while it is built than lists do."""
        small, *larger = measured.sizes

        def most(megabytes: Callable[[scale.Size], float]) -> float:
            return max(
                2**20 * (megabytes(size) - megabytes(small)) / (size.sentences - small.sentences)
                for size in larger
                if size.sentences >= _LARGE
            )

        return Growth(most(lambda size: size.answered_mb - size.mapped_mb), most(lambda size: size.build_mb))


@dataclass(frozen=True, slots=True)
class Plan:
    """What an archive of so many sentences takes. Bytes; machines and cores are whole.

    :param memory, disk: on one machine.
    :param renewing: memory while a server takes a new index into use, and holds both; `building` of a process that builds it.
    :param machines: of a cluster, for one replica, and so its shards; `replicas` times as many in all.
    """

    sentences: int
    memory: float
    renewing: float
    building: float
    disk: float
    fits_one: bool
    stored: float
    machines: int
    replicas: int
    cores: int


def plan(figures: Figures, growth: Growth, sentences: int, *, rate: float, machine_gb: float) -> Plan:
    """:param rate: answers a second at the busiest. :param machine_gb: memory of a machine."""
    rows = sentences * (1 + figures.passages / figures.sentences)
    index = sentences * (figures.vectors + figures.terms + figures.texts)
    stored = rows * (4 * figures.dimension + LINKS + KEYS + POSTING * figures.terms_in_row) + sentences * figures.texts
    process = figures.process_mb * 2**20
    held = index + sentences * growth.objects
    renewing, building = process + EDITIONS * held, process + sentences * growth.building
    usable = USABLE * machine_gb * 2**30
    return Plan(
        sentences=sentences,
        memory=process + held,
        renewing=renewing,
        building=building,
        disk=EDITIONS * index,
        fits_one=max(renewing, building) <= usable,
        stored=stored,
        machines=math.ceil(stored / usable),
        replicas=COPIES,
        cores=math.ceil(rate * (figures.stored_answer_ms or figures.answer_ms) / 1_000),
    )


def measure(pipeline: QAPipeline, manifest: Manifest, questions: Sequence[str]) -> Figures:
    """The figures of an index in a folder, and of answering over it with one worker; some seconds for every ten questions.

    :raises DataError: the index is in memory only, or the system does not tell how much memory a process holds.
    """
    if not manifest.files:
        raise DataError("the index was never saved; build one, and name its folder")
    index = pipeline.index
    size = {"vectors": 0, "terms": 0, "texts": 0}
    for name, record in manifest.files.items():
        size["vectors" if _VECTORS.search(name) else "terms" if _TERMS.search(name) else "texts"] += record.bytes
    some: list[Sentence | Passage] = [*index.sentences[:2_000], *index.passages[:500]]
    distinct = sum(len(set(terms(index.text(unit)))) for unit in some) / len(some)
    spent = _processor_ms(pipeline, questions)
    held = _resident_mb()
    sentences = manifest.sentences
    return Figures(
        articles=len(manifest.articles),
        sentences=sentences,
        passages=manifest.passages,
        dimension=manifest.dimension,
        vectors=round(size["vectors"] / sentences, 1),
        terms=round(size["terms"] / sentences, 1),
        texts=round(size["texts"] / sentences, 1),
        terms_in_row=round(distinct, 1),
        process_mb=round(max(0.0, held - sum(size.values()) / 2**20), 1),
        answer_ms=spent,
        stored_answer_ms=_over_milvus(pipeline, questions),
    )


def _over_milvus(pipeline: QAPipeline, questions: Sequence[str]) -> float | None:
    """The processor time of an answer over the same articles in a file of Milvus Lite; None without pymilvus."""
    if find_spec("pymilvus") is None:
        return None
    encoder = pipeline.encoder
    identity = EncoderIdentity(encoder.name, encoder.fingerprint, encoder.dimension)
    with tempfile.TemporaryDirectory(prefix="article-qa-capacity-") as folder:
        store = open_store(f"{folder}/archive.db", identity, create=True)
        try:
            store.upsert(parts_of(pipeline.index))
            stored = StorePipeline(store, encoder, pipeline.settings, reader=pipeline.reader, decision=pipeline.decision)
            return _processor_ms(stored, questions)
        finally:
            store.close()


def _processor_ms(pipeline: QAPipeline, questions: Sequence[str]) -> float:
    """Of an answer, on average, after what is computed once."""
    pipeline.answer(questions[0])
    begun = time.process_time()
    for question in questions:
        pipeline.answer(question)
    return round(1_000 * (time.process_time() - begun) / len(questions), 1)


def load_figures(path: Path = FIGURES) -> Figures:
    """:raises SettingsError: the file holds none."""
    try:
        return Figures(**json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise SettingsError(
            f"{path}: no figures to plan with ({error}); measure: python -m qa capacity --measure"
        ) from error


def save_figures(figures: Figures, path: Path = FIGURES) -> None:
    """Write them, readable."""
    path.write_text(json.dumps(asdict(figures), indent=1) + "\n", "utf-8")


def page(text: str, figures: Figures, growth: Growth, *, rate: float, machine_gb: float) -> str:
    """The page with its two tables as the figures give them; what stands around them stays."""
    plans = planned(figures, growth, SIZES, rate=rate, machine_gb=machine_gb)
    for name, rows in (("figures", _told(figures, growth)), ("plans", plans)):
        before, begin, rest = text.partition(f"<!-- {name}: written by python -m qa capacity --page -->")
        _, end, after = rest.partition(f"<!-- /{name} -->")
        text = "".join((before, begin, "\n\n", "\n".join(rows), "\n\n", end, after))
    return text


def planned(figures: Figures, growth: Growth, sizes: Iterable[int], *, rate: float, machine_gb: float) -> list[str]:
    """The plans as lines of a Markdown table."""
    lines = [
        f"| sentences | one machine: memory | while it takes a new index | to build it | disk | {machine_gb:g} GB do | "
        f"Milvus: memory of a replica | shards | machines of {machine_gb:g} GB, {COPIES} replicas | "
        f"cores that answer {rate:g}/s |",
        "|---:|---:|---:|---:|---:|---|---:|---:|---:|---:|",
    ]
    for size in sizes:
        one = plan(figures, growth, size, rate=rate, machine_gb=machine_gb)
        amounts = (one.memory, one.renewing, one.building, one.disk)
        lines.append(
            f"| {size:,} | {' | '.join(map(_bytes, amounts))} | {'yes' if one.fits_one else 'no'} | "
            f"{_bytes(one.stored)} | {one.machines:,} | {one.machines * one.replicas:,} | {one.cores:,} |"
        )
    return lines


def _told(figures: Figures, growth: Growth) -> list[str]:
    stored = "not measured" if figures.stored_answer_ms is None else f"{figures.stored_answer_ms:g} ms"
    rows = (
        (
            "measured over",
            f"{figures.articles:,} articles, {figures.sentences:,} sentences, {figures.passages:,} passages",
        ),
        ("vectors, a sentence", f"{figures.vectors:,.0f} B"),
        ("terms, a sentence", f"{figures.terms:,.0f} B"),
        ("texts and offsets, a sentence", f"{figures.texts:,.0f} B"),
        ("besides the files, in a process that answers, a sentence", f"{growth.objects:,.0f} B"),
        ("of a process that builds, a sentence", f"{growth.building:,.0f} B"),
        ("different terms of a row", f"{figures.terms_in_row:g}"),
        ("a process, without its index", f"{figures.process_mb:,.0f} MB"),
        ("processor time of an answer", f"{figures.answer_ms:g} ms"),
        ("the same over Milvus Lite, its search included", stored),
    )
    return ["| | |", "|---|---:|", *(f"| {name} | {value} |" for name, value in rows)]


def _bytes(number: float) -> str:
    return f"{number / 2**30:,.1f} GB" if number >= 2**30 else f"{number / 2**20:,.0f} MB"


def _resident_mb() -> float:
    """Resident memory of this process.

    :raises DataError: the system does not tell.
    """
    try:
        found = re.search(r"^VmRSS:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    except OSError:
        found = None
    if found is None:
        raise DataError("this system does not tell how much memory a process holds; measure on Linux")
    return int(found[1]) / 1_024
