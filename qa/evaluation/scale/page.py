"""The figures as tables: on a terminal, in docs/scale.md and, shortened, in the README; a test compares the two with them."""

from collections.abc import Callable, Sequence
from typing import Final

from index.errors import SettingsError
from qa.evaluation.scale.figures import MOST, Figures, Size, growth
from qa.settings import PROJECT

PAGE: Final = PROJECT / "docs" / "scale.md"
README: Final = PROJECT / "README.md"
DRAWINGS: Final = PROJECT / "docs" / "scale"

KINDS: Final = {"exact": "exact", "hnsw": "HNSW", "ivf": "IVF"}
"""Kinds of search, as they are told."""

Row = tuple[str, Callable[[Size], float | str | None], Callable[[float], str] | None]
"""A name, its value of an archive, and how a number is told that may grow; None of what is only told."""


def seconds(value: float) -> str:
    return f"{value:,.0f} s" if value >= 10 else f"{value:.1f} s"


def milliseconds(value: float) -> str:
    return f"{value:,.0f} ms" if value >= 10 else f"{value:.1f} ms"


def megabytes(value: float) -> str:
    return f"{value / 2**10:,.1f} GB" if value >= 2**10 else f"{value:,.0f} MB" if value >= 10 else f"{value:.1f} MB"


def _real(size: Size) -> str:
    return "real" if size.copies == 1 else f"{size.copies} copies, perturbed"


_ROWS: Final[tuple[Row, ...]] = (
    ("texts and vectors", _real, None),
    ("articles", lambda size: f"{size.articles:,}", None),
    ("search of sentences", lambda size: KINDS[size.kind], None),
    ("search of passages", lambda size: KINDS[size.passage_kind], None),
    ("recall@10 of sentences", lambda size: f"{size.recall:.3f}", None),
    ("recall@10 of passages", lambda size: f"{size.passage_recall:.3f}", None),
    ("an answer, p50", lambda size: size.p50_ms, milliseconds),
    ("an answer, p95", lambda size: size.p95_ms, milliseconds),
    ("of it retrieval, p50", lambda size: size.retrieve_ms, milliseconds),
    ("its processor time, p50", lambda size: size.processor_ms, milliseconds),
    ("embedding", lambda size: size.embed_s, seconds),
    ("building without embedding", lambda size: size.build_s, seconds),
    ("of it approximate search", lambda size: size.near_s or None, seconds),
    ("of it writing", lambda size: size.save_s, seconds),
    ("memory of the build, at most", lambda size: size.build_mb, megabytes),
    ("on disk", lambda size: size.disk_mb, megabytes),
    ("loading", lambda size: size.load_s, seconds),
    ("memory, loaded", lambda size: size.loaded_mb, megabytes),
    ("memory, having answered", lambda size: size.answered_mb, megabytes),
    ("of it pages of files", lambda size: size.mapped_mb, megabytes),
)
_SHORT: Final = (
    "texts and vectors",
    "search of sentences",
    "recall@10 of sentences",
    "building without embedding",
    "on disk",
    "memory, having answered",
    "an answer, p50",
    "an answer, p95",
)


def lines(figures: Figures) -> list[str]:
    """For a terminal: a line for each row, columns aligned, and what became of the promise."""
    cells = [["sentences", *_heads(figures), "tenfold"], *_cells(figures)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    table = [
        "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        )
        for row in cells
    ]
    return [*table, "", promise(figures)]


def promise(figures: Figures) -> str:
    """What is promised, and what was found."""
    smallest, largest = figures.sizes[0], figures.sizes[-1]
    if smallest is largest:
        return f"An answer over {smallest.sentences:,} sentences took {milliseconds(smallest.p50_ms)} (p50)."
    return (
        f"An answer over {largest.sentences:,} sentences took {figures.ratio:.2f} times as long as one over "
        f"{smallest.sentences:,} (p50), and {figures.processor_ratio:.2f} times its processor time; "
        f"promised: less than {MOST:g} times as long."
    )


def page(text: str, figures: Figures) -> str:
    """docs/scale.md with what the figures give between its marks; what stands around them stays."""
    about = (
        f"{figures.questions} questions, the same of each archive, by turns; {figures.encoder} and {figures.reader} on "
        f"{figures.cores} cores. {promise(figures)}"
    )
    return _between(text, "scale", [about, "", *_table(figures, _cells(figures))])


def readme(text: str, figures: Figures) -> str:
    """The README, likewise."""
    cells = [row for row in _cells(figures) if row[0] in _SHORT]
    return _between(text, "scale", [*_table(figures, cells), "", promise(figures)])


def _table(figures: Figures, cells: Sequence[Sequence[str]]) -> list[str]:
    heads = ["sentences", *_heads(figures), "each tenfold"]
    rule = ["---", *("---:" for _ in heads[1:])]
    return [f"| {' | '.join(row)} |" for row in (heads, rule, *cells)]


def _heads(figures: Figures) -> list[str]:
    return [f"{size.sentences:,}" for size in figures.sizes]


def _cells(figures: Figures) -> list[list[str]]:
    return [
        [name, *(_cell(value(size), form) for size in figures.sizes), _grown(figures, value, form)]
        for name, value, form in _ROWS
    ]


def _cell(value: float | str | None, form: Callable[[float], str] | None) -> str:
    if isinstance(value, str):
        return value
    return "–" if value is None or form is None else form(value)


def _grown(figures: Figures, value: Callable[[Size], float | str | None], form: Callable[[float], str] | None) -> str:
    """How many times more in an archive ten times as large, from the smallest to the largest that tell."""
    known = [(size.sentences, found) for size in figures.sizes if isinstance(found := value(size), float) and found > 0]
    if form is None or len(known) < 2:
        return ""
    return f"× {growth(known[0], known[-1]):.2g}"


def _between(text: str, name: str, rows: Sequence[str]) -> str:
    """:raises SettingsError: the marks are not there."""
    opening, closing = f"<!-- {name}: written by python -m qa bench --page -->", f"<!-- /{name} -->"
    before, begin, rest = text.partition(opening)
    _, end, after = rest.partition(closing)
    if not begin or not end:
        raise SettingsError(f"found no {opening} and {closing} in the page; expected both; put them where its table goes")
    return "".join((before, begin, "\n\n", "\n".join(rows), "\n\n", end, after))
