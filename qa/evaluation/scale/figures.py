"""What was measured of archives of several sizes, how it grows, and what is promised of it."""

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from index.errors import SettingsError
from qa.evaluation.files import write_text
from qa.settings import PROJECT

FIGURES: Final = PROJECT / "docs" / "scale.json"

MOST: Final = 3.0
"""An answer over the largest archive takes less than so many times as long as one over the smallest (p50)."""


@dataclass(frozen=True, slots=True)
class Size:
    """One archive. Seconds (`_s`), milliseconds (`_ms`) and units of 2**20 bytes (`_mb`).

    :param copies: how often the real texts stand in it, all but once with words altered and vectors perturbed; 1: all of it
        is real, and was embedded.
    :param embed_s: None where there are copies.
    :param index_s: the rest of building: cutting into passages and sentences, terms, vectors in rows.
    :param near_s: approximate search and the moments of the vectors, where so many sentences have them.
    :param build_mb: the most memory that the building process held.
    :param loaded_mb, answered_mb: resident memory of a process that has loaded it, and that has answered.
    :param mapped_mb: of the latter, pages of files, which the system takes back when it must.
    :param p50_ms, p95_ms: of an answer, by the clock; `retrieve_ms` of its search and `processor_ms` of processor time, p50.
    :param kind: how sentences are searched; `passage_kind` the passages.
    :param recall: the share of the ten nearest that this finds, as the manifest tells; exact search finds all.
    """

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
    load_s: float
    loaded_mb: float
    answered_mb: float
    mapped_mb: float
    p50_ms: float
    p95_ms: float
    retrieve_ms: float
    processor_ms: float
    kind: str
    recall: float
    passage_kind: str
    passage_recall: float

    @property
    def build_s(self) -> float:
        """Building and writing, embedding left out."""
        return self.index_s + self.near_s + self.save_s


@dataclass(frozen=True, slots=True)
class Figures:
    """:param questions: how many were asked of each archive, the same ones. :param sizes: the smallest first."""

    questions: int
    encoder: str
    reader: str
    cores: int
    sizes: tuple[Size, ...]

    @property
    def ratio(self) -> float:
        """The time of an answer (p50) over the largest archive, by that over the smallest."""
        return self.sizes[-1].p50_ms / self.sizes[0].p50_ms

    @property
    def processor_ratio(self) -> float:
        """The same by processor time, on which what else the machine does weighs little."""
        return self.sizes[-1].processor_ms / self.sizes[0].processor_ms

    @property
    def kept(self) -> bool:
        """Whether the promise is."""
        return self.ratio < MOST

    def as_dict(self) -> dict[str, Any]:
        ratios = {"ratio": round(self.ratio, 3), "processor_ratio": round(self.processor_ratio, 3)}
        return asdict(self) | ratios | {"promised": MOST}


def growth(smaller: tuple[float, float], larger: tuple[float, float]) -> float:
    """How many times more of something there is in an archive ten times as large.

    :param smaller, larger: sentences, and how much there is of it.

    >>> round(growth((1_000, 5.0), (100_000, 45.0)), 3)
    3.0
    """
    tenfold = math.log10(larger[0] / smaller[0])
    return float((larger[1] / smaller[1]) ** (1 / tenfold))


def save_figures(figures: Figures, path: Path | None = None) -> None:
    """Write them, readable, to `FIGURES` unless told otherwise."""
    write_text(path or FIGURES, json.dumps(figures.as_dict(), indent=1) + "\n")


def load_figures(path: Path | None = None) -> Figures:
    """What `save_figures` wrote.

    :raises SettingsError: the file holds none.
    """
    path = path or FIGURES
    try:
        stored = json.loads(path.read_text("utf-8"))
        sizes = tuple(Size(**size) for size in stored["sizes"])
        names = ("questions", "encoder", "reader", "cores")
        return Figures(**{name: stored[name] for name in names}, sizes=sizes)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise SettingsError(
            f"{path}: no figures of archives ({error}); measure: python -m qa bench --archive --page"
        ) from error
