"""Where questions are lost on their way through the pipeline, as bars that shrink stage by stage."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from qa.evaluation.attribution import STAGES, Stage
from qa.evaluation.outcome import Outcome
from qa.evaluation.report.markup import Html, el
from qa.evaluation.report.svg import Plot, percent

_HEIGHT = 30
_ANSWERABLE: tuple[Stage, ...] = (
    "article_missed",
    "passage_missed",
    "sentence_missed",
    "refused_answerable",
    "span_wrong",
)


@dataclass(frozen=True, slots=True)
class _Row:
    """A bar: how many questions are left, how many this stage lost (None for a bar that only counts), and what it says."""

    name: str
    left: int
    lost: int | None = None
    told: str = ""


def stages(outcomes: Sequence[Outcome], *, archive: bool = False) -> Html | None:
    """Answerable questions from all to right, less what each stage loses; then the unanswerable ones likewise.

    :param archive: the article had to be found, too.
    """
    if not outcomes:
        return None
    lost = Counter(outcome.scores.stage for outcome in outcomes)
    answerable = sum(outcome.question.answerable for outcome in outcomes)
    silent = len(outcomes) - answerable
    rows: list[_Row | None] = []
    if answerable:
        rows.append(_Row("Answerable questions", answerable, told=f"{answerable:,}"))
        left = answerable
        for stage in _ANSWERABLE if archive else _ANSWERABLE[1:]:
            left -= lost[stage]
            rows.append(_loss(stage, left, lost[stage], answerable))
        rows.append(_Row("Right", left, told=f"{left:,}  ({percent(left / answerable)})"))
    if silent:
        rows += [None] if answerable else []
        left = silent - lost["answered_unanswerable"]
        rows.append(_Row("Unanswerable questions", silent, told=f"{silent:,}"))
        rows.append(_loss("answered_unanswerable", left, lost["answered_unanswerable"], silent))
        rows.append(_Row("Refused, as is right", left, told=f"{left:,}  ({percent(left / silent)})"))
    return _drawn(rows, max(answerable, silent))


def _loss(stage: Stage, left: int, lost: int, total: int) -> _Row:
    told = f"−{lost:,}  ({percent(lost / total)})" if lost else "none"
    return _Row(STAGES[stage], left, lost, told)


def _drawn(rows: Sequence[_Row | None], most: int) -> Html:
    plot = Plot(
        "Errors by stage", (0, most), (len(rows), 0),
        width=940, height=_HEIGHT * len(rows) + 8, left=232, right=150, top=4, bottom=4,
    )  # fmt: skip
    for number, row in enumerate(rows):
        if row is None:
            continue
        sides = (number + 0.16, number + 0.84)
        plot.bar((0, row.left), sides, "bar pale sentence")
        plot.bar((row.left, row.left + (row.lost or 0)), sides, "bar words", f"{row.name}: {row.lost}")
        middle = plot.y(number + 0.5) + 4
        strong = "strong" if row.lost is None else None
        plot.text(plot.left - 12, middle, row.name, anchor="end", class_=strong)
        plot.text(plot.x(row.left + (row.lost or 0)) + 10, middle, row.told, class_=strong)
    return el("div", plot.drawn(), class_="scroll wide")
