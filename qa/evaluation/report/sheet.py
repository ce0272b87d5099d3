"""Drawings as one SVG file, light or dark as whoever looks at it has it."""

from collections.abc import Sequence
from typing import Final

from qa.evaluation.report.markup import Html, el
from qa.evaluation.report.svg import Plot

_STYLE: Final = """
svg {
  --paper: #fffefb; --ink: #1d1c1a; --soft: #6a665e; --hair: #dfdbd2; --blue: #28599a; --pale: #c2d2e7; --ochre: #ad5d13;
}
@media (prefers-color-scheme: dark) {
  svg {
    --paper: #16181b; --ink: #e9e6df; --soft: #a19d94; --hair: #35383d; --blue: #8bb8ee; --pale: #2d4768; --ochre: #e3a467;
  }
}
.paper { fill: var(--paper); }
text { fill: var(--soft); font: 11.5px system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
.title { fill: var(--ink); font-size: 19px; font-weight: 600; }
.label { fill: var(--ink); font-weight: 600; paint-order: stroke; stroke: var(--paper); stroke-width: 4px; }
.axis { stroke: var(--soft); }
.grid { stroke: var(--hair); }
.guide { stroke: var(--soft); stroke-dasharray: 3 4; }
.line { fill: none; stroke: var(--blue); stroke-width: 2.2; stroke-linejoin: round; }
.line.p95 { opacity: 0.65; }
.line.p99 { opacity: 0.4; }
.line.memory { stroke: var(--ochre); }
.dot { fill: var(--blue); stroke: var(--paper); }
.dot.memory { fill: var(--ochre); }
.dot.hollow { fill: var(--paper); stroke: var(--blue); stroke-width: 1.8; }
.dot.hollow.memory { stroke: var(--ochre); }
.bar { fill: var(--blue); }
.bar.pale { fill: var(--pale); }
"""


def sheet(title: str, plots: Sequence[Plot]) -> str:
    """Drawings of one size, two to a row, as one SVG that holds all it needs."""
    width, height, gap, head, columns = plots[0].width, plots[0].height, 28, 54, min(2, len(plots))
    places = [divmod(number, columns) for number in range(len(plots))]
    placed = [
        el("g", plot.marks, transform=f"translate({24 + column * (width + gap):g} {head + row * (height + 18):g})")
        for plot, (row, column) in zip(plots, places, strict=True)
    ]
    whole = (columns * (width + gap) - gap + 48, head + (places[-1][0] + 1) * (height + 18) - 2)
    return str(
        el(
            "svg",
            el("style", Html(_STYLE)),
            el("rect", class_="paper", width=whole[0], height=whole[1]),
            el("text", title, x=24, y=34, class_="title"),
            placed,
            xmlns="http://www.w3.org/2000/svg",
            viewBox=f"0 0 {whole[0]:g} {whole[1]:g}",
            role="img",
            aria_label=title,
        )
    )
