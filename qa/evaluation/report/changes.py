"""What changed since the earlier run: the settings, and the questions that improved or broke, by name."""

from collections.abc import Sequence

from qa.evaluation.attribution import STAGES
from qa.evaluation.comparison import Comparison, Pair
from qa.evaluation.outcome import Outcome
from qa.evaluation.report.markup import Html, el, join

_MOST = 25
_LONGEST = 90


def changes_section(comparison: Comparison) -> Html:
    only = len(comparison.only_before) + len(comparison.only_after)
    words = (
        f"Against {comparison.baseline}, over the {comparison.n_common:,} questions that both runs asked: "
        f"{len(comparison.improved):,} improved and {len(comparison.broke):,} broke. A question improves when its answer "
        "becomes right or its first citation does, and neither becomes wrong. The p-values are by swapping the two runs "
        "article by article at random; changes with p below .05 are in colour."
    )
    if only:
        words += f" {only:,} questions that only one of them asked are left out here."
    asides = [
        (len(comparison.gold_changed), "have other gold answers now"),
        (len(comparison.question_changed), "have another wording now"),
    ]
    for count, what in asides:
        if count:
            words += f" Of the questions of both, {count:,} {what}: see comparison.json."
    if comparison.least_p > 0.05:
        words += f" With so few articles, no p-value can be less than {comparison.least_p:.3f}."
    return el(
        "section",
        el("h2", "Since the earlier run"),
        el("p", words),
        _settings(comparison),
        el("div", _side("Improved", comparison.improved), _side("Broke", comparison.broke), class_="pair changes"),
    )


def _settings(comparison: Comparison) -> Html | None:
    if not comparison.settings:
        return el("p", "Both runs were made of the same data, settings, models and program.")
    rows = [
        el("tr", el("th", name, scope="row"), el("td", _short(before)), el("td", _short(after)))
        for name, (before, after) in comparison.settings.items()
    ]
    head = el("tr", [el("th", name, scope="col") for name in ("what differs", "before", "now")])
    return el("div", el("table", el("thead", head), el("tbody", rows), class_="plain"), class_="scroll")


def _side(title: str, pairs: Sequence[Pair]) -> Html:
    more = len(pairs) - _MOST
    return el(
        "div",
        el("h3", f"{title}, {len(pairs):,}"),
        el("ul", [_pair(pair) for pair in pairs[:_MOST]], class_="pairs"),
        el("p", f"and {more:,} more, in comparison.json", class_="quiet") if more > 0 else None,
    )


def _pair(pair: Pair) -> Html:
    question = pair.after.question
    return el(
        "li",
        el("span", question.text.strip(), class_="question", dir="auto"),
        el("span", join(_came_to(pair.before), " → ", _came_to(pair.after)), class_="way"),
        el("code", question.id),
    )


def _came_to(outcome: Outcome) -> str:
    stage = outcome.scores.stage
    if stage is None:
        return "right"
    return STAGES[stage][0].lower() + STAGES[stage][1:]


def _short(value: object) -> str:
    text = "–" if value is None else str(value)
    return text if len(text) <= _LONGEST else f"{text[:12]}…{text[-8:]}"
