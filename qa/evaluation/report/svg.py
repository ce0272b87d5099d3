"""The pieces that the plots are drawn with: scales, axes, marks. Colours and type come from the page's style sheet."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from qa.evaluation.report.markup import Html, el

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Scale:
    """A linear map from `low..high` to `begin..end` in the drawing."""

    low: float
    high: float
    begin: float
    end: float

    def __call__(self, value: float) -> float:
        return self.begin + (value - self.low) / (self.high - self.low) * (self.end - self.begin)


def percent(value: float) -> str:
    """A share as a label.

    >>> percent(0.25)
    '25 %'
    """
    return f"{100 * value:.0f} %"


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round numbers from `low` to `high`, about so many, a step of 1, 2 or 5 times a power of ten apart.

    >>> ticks(0, 0.42)
    [0.0, 0.1, 0.2, 0.3, 0.4]
    """
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = power * next(factor for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(number * step, 10) for number in range(first, math.floor(high / step + 1e-9) + 1)]


def decades(low: float, high: float, factors: Sequence[int] = (1, 2, 5)) -> list[float]:
    """The factors times powers of ten that are not below `low` nor above `high`, for a logarithmic axis.

    >>> decades(15, 200)
    [20.0, 50.0, 100.0, 200.0]
    """
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return [factor * 10.0**power for power in powers for factor in factors if low <= factor * 10.0**power <= high]


@dataclass
class Plot:
    """A drawing with an x and a y axis, collected mark by mark, later ones on top.

    The drawing is `width` by `height` units, each a CSS pixel when the page is wide; `x` and `y` map data to it.
    """

    title: str
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    width: float = 460
    height: float = 310
    left: float = 46
    right: float = 14
    top: float = 28
    bottom: float = 44
    marks: list[Html] = field(default_factory=list)

    @property
    def x(self) -> Scale:
        return Scale(*self.x_range, self.left, self.width - self.right)

    @property
    def y(self) -> Scale:
        return Scale(*self.y_range, self.height - self.bottom, self.top)

    def x_axis(self, label: str, values: Sequence[float], form: Callable[[float], str] = percent) -> None:
        base = self.height - self.bottom
        self.marks.append(el("line", class_="axis", x1=self.left, x2=self.width - self.right, y1=base, y2=base))
        for value in values:
            place = self.x(value)
            self.marks.append(el("line", class_="axis", x1=place, x2=place, y1=base, y2=base + 4))
            self.text(place, base + 17, form(value), anchor="middle")
        if label:
            self.text(self.width - self.right, self.height - 6, label, anchor="end", class_="label")

    def y_axis(self, label: str, values: Sequence[float], form: Callable[[float], str] = percent) -> None:
        for value in values:
            place = self.y(value)
            self.marks.append(el("line", class_="grid", x1=self.left, x2=self.width - self.right, y1=place, y2=place))
            self.text(self.left - 7, place + 4, form(value), anchor="end")
        if label:
            self.text(0, self.top - 14, label, class_="label")

    def line(self, points: Sequence[Point], class_: str) -> None:
        self.marks.append(el("path", class_=f"line {class_}", d=path(self._placed(points))))

    def steps(self, points: Sequence[Point], class_: str) -> None:
        """A line that keeps each value until the next one."""
        placed = self._placed(points)
        corners = [corner for here, after in pairwise(placed) for corner in (here, (after[0], here[1]))]
        self.marks.append(el("path", class_=f"line {class_}", d=path([*corners, placed[-1]])))

    def dot(self, x: float, y: float, class_: str, radius: float = 3.5, title: str | None = None) -> None:
        self.marks.append(
            el("circle", el("title", title) if title else None, class_=class_, cx=self.x(x), cy=self.y(y), r=radius)
        )

    def whisker(self, x: float, low: float, high: float, class_: str) -> None:
        place = self.x(x)
        self.marks.append(el("line", class_=class_, x1=place, x2=place, y1=self.y(low), y2=self.y(high)))

    def bar(self, x: Point, y: Point, class_: str, title: str | None = None) -> None:
        """A rectangle from ``x[0], y[0]`` to ``x[1], y[1]`` in data; one without area is left out."""
        left, right = sorted((self.x(x[0]), self.x(x[1])))
        top, bottom = sorted((self.y(y[0]), self.y(y[1])))
        if right > left and bottom > top:
            self.marks.append(
                el(
                    "rect",
                    el("title", title) if title else None,
                    class_=class_,
                    x=left,
                    y=top,
                    width=right - left,
                    height=bottom - top,
                )
            )

    def guide(self, start: Point, end: Point, class_: str = "guide") -> None:
        (x1, y1), (x2, y2) = self._placed([start, end])
        self.marks.append(el("line", class_=class_, x1=x1, x2=x2, y1=y1, y2=y2))

    def text(self, x: float, y: float, text: str, *, anchor: str = "start", class_: str | None = None) -> None:
        """Text at a place in the drawing, not in the data."""
        self.marks.append(el("text", text, x=x, y=y, text_anchor=anchor, class_=class_))

    def note(self, x: float, y: float, text: str, *, anchor: str = "start", class_: str | None = None) -> None:
        """Text at a place in the data."""
        self.text(self.x(x), self.y(y), text, anchor=anchor, class_=class_)

    def drawn(self) -> Html:
        return drawing(self.width, self.height, self.title, self.marks)

    def _placed(self, points: Sequence[Point]) -> list[Point]:
        return [(self.x(x), self.y(y)) for x, y in points]


def drawing(width: float, height: float, title: str, marks: Sequence[Html], class_: str = "plot") -> Html:
    """An SVG element that a screen reader reads as `title`."""
    return el("svg", marks, class_=class_, viewBox=f"0 0 {width:g} {height:g}", role="img", aria_label=title)


def path(points: Sequence[Point]) -> str:
    """SVG path data through the points.

    >>> path([(1, 2), (3.456, 4)])
    'M1 2L3.46 4'
    """
    return "M" + "L".join(f"{round(x, 2):g} {round(y, 2):g}" for x, y in points)
