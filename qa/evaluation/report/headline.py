"""The top of the page: what was asked, the figures that matter in one row, and the gates."""

from collections.abc import Mapping

from qa.evaluation.report.markup import Html, el, join
from qa.evaluation.result import Result
from qa.evaluation.summary import LATENCY, Value, figure

_TILES = (
    ("article_hit@1", "right article first"),
    ("hit@1", "right sentence first"),
    ("has_ans_f1", "F1 of the words"),
    ("no_answer_auroc", "no-answer AUROC"),
    ("f1", "F1 as shown"),
    ("ece", "calibration error"),
    ("latency_p50_ms", "ms, median answer"),
)


def headline(result: Result, names: str) -> Html:
    metrics = result.metrics
    tiles = [_tile(name, label, metrics) for name, label in _TILES if metrics[name] is not None]
    return el(
        "header",
        el("p", "Article QA · evaluation", class_="kicker"),
        el("h1", names),
        el("p", _in_words(result), class_="lead"),
        el("div", tiles, class_="tiles"),
        _gates(result),
    )


def _tile(name: str, label: str, metrics: Mapping[str, Value]) -> Html:
    interval = metrics[f"{name}_ci95"]
    span = f"{short(name, interval[0])} – {short(name, interval[1])}" if isinstance(interval, list) else ""
    return el(
        "div",
        el("span", short(name, metrics[name]), class_="number"),
        el("span", label, class_="what"),
        el("span", span, class_="interval"),
        class_="tile",
    )


def short(name: str, value: object) -> str:
    """A figure without its leading zero, as print sets shares: .781."""
    text = figure(name, value)
    return text if name in LATENCY else text.removeprefix("0") if text.startswith("0.") else text


def _in_words(result: Result) -> Html:
    metrics = result.metrics
    asked = {outcome.question.article_id for outcome in result.asked.outcomes}
    articles = len(result.config["articles"] if result.archive else asked)
    of = "an archive of " if result.archive else ""
    whole = "" if result.archive else "whole "
    sentences = [f"{metrics['n']:,} questions were asked of {of}{articles:,} {whole}article{'s' * (articles != 1)}."]
    if metrics["article_hit@1"] is not None:
        found = f"{_percent(metrics['article_hit@1'])}, and among the first ten for {_percent(metrics['article_hit@10'])}"
        sentences.append(f"The article that answers was found first for {found}.")
    if metrics["n_answerable"]:
        hit = f"a sentence with an answer came first for {_percent(metrics['hit@1'])}"
        near = f"among the first three for {_percent(metrics['hit@3'])}"
        of = f"of the {metrics['n_answerable']:,} that the articles answer, " if metrics["n_unanswerable"] else ""
        sentence = f"{of}{hit}, {near}."
        sentences.append(sentence[0].upper() + sentence[1:])
    if metrics["n_unanswerable"]:
        sentences.append(
            f"Of the {metrics['n_unanswerable']:,} that they do not, {_percent(metrics['no_answer_recall'])} were refused."
        )
    return join(" ".join(sentences))


def _percent(value: Value) -> str:
    return f"{100 * value:.1f} %" if isinstance(value, float) else "–"


def _gates(result: Result) -> Html:
    return el(
        "ul",
        [
            el(
                "li",
                el("b", "held" if verdict.passed else "failed"),
                f" {verdict.message}",
                class_="held" if verdict.passed else "failed",
            )
            for verdict in result.verdicts
        ],
        class_="gates",
    )
