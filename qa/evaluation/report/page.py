"""The page: headline, figures, plots, failures, and what the run was made of. Nothing in it comes from anywhere else."""

from pathlib import Path

from qa.evaluation.report import breakdown, figures_table, plots
from qa.evaluation.report.changes import changes_section
from qa.evaluation.report.failures import HOW_CHOSEN, failure_cards
from qa.evaluation.report.headline import headline
from qa.evaluation.report.making import making_section
from qa.evaluation.report.markup import Html, el, join
from qa.evaluation.report.stages import stages
from qa.evaluation.result import Result

_STYLE = (Path(__file__).parent / "report.css").read_text(encoding="utf-8")
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""The browser itself is told to load nothing, so a mistake in this file could not reach out either."""


def report(result: Result, command: str) -> str:
    """The whole page as HTML.

    :param command: the command that made it, to be shown.
    """
    names = " + ".join(Path(file["name"]).name for file in result.config["data"])
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        el("meta", name="color-scheme", content="light dark"),
        el("title", f"Evaluation: {names}"),
        el("style", Html(_STYLE)),
    )
    return f"<!doctype html>\n{el('html', head, el('body', el('main', _body(result, names, command))), lang='en')}\n"


def _body(result: Result, names: str, command: str) -> Html:
    outcomes = result.asked.outcomes
    return join(
        headline(result, names),
        figures_table.section(result),
        changes_section(result.comparison) if result.comparison else None,
        _section(
            "Where answers are lost",
            "Every question that did not end well is counted once, at the first stage after which it could no longer end "
            "well. Right means: answered with a token F1 of at least one half, or refused where the article does not say.",
            _figure(stages(outcomes, archive=result.archive), None),
            _figure(
                stages(result.alone.outcomes), join("The same questions, each asked of its own article in the index.")
            )
            if result.alone
            else None,
        ),
        _section("How far the scores can be trusted", None, el("div", _trust(result), class_="pair")),
        _section("What is asked", None, el("div", _groups(result), class_="pair")),
        _section("Failures to learn from", HOW_CHOSEN, failure_cards(outcomes) or el("p", "There is none.")),
        making_section(result, command),
    )


def _trust(result: Result) -> list[Html | None]:
    outcomes = result.asked.outcomes
    both = _key(sentence="first cited sentence", words="words of the answer")
    return [
        _figure(
            plots.risk_coverage(outcomes),
            join(
                "Wrong answers as more questions are answered, for the ",
                both,
                ". The rings mark where the decision stands.",
            ),
        ),
        _figure(
            plots.reliability(outcomes),
            join(
                "Share right against the confidence shown, in fifteen groups of equal size, by the ",
                both,
                ". On the dashed line the two agree.",
            ),
        ),
        _figure(
            plots.decision_scores(outcomes),
            join(
                "Scores of ",
                _key(**_kinds(result)),
                " questions; in full colour, those decided wrongly.",
            ),
        ),
        _figure(
            plots.latency(result.asked.milliseconds), join("Time of an answer; the slowest are counted in the last bar.")
        ),
    ]


def _kinds(result: Result) -> dict[str, str]:
    """The kinds of question that there are, by the colour that they are drawn in."""
    kinds = {"sentence": ("answerable", "n_answerable"), "words": ("unanswerable", "n_unanswerable")}
    return {colour: name for colour, (name, count) in kinds.items() if result.metrics[count]}


def _groups(result: Result) -> list[Html | None]:
    outcomes = result.asked.outcomes
    both = _key(sentence="first sentence right", words="mean F1 of the words")
    found = [
        _figure(
            plots.dot_rows("By question word", breakdown.by_kind(outcomes)),
            join("By question word, answerable questions: ", both, "."),
        ),
        _figure(
            plots.dot_rows("By length of the question", breakdown.by_length(outcomes)),
            join("By length of the question, in words: ", both, "."),
        ),
    ]
    articles = breakdown.by_article(outcomes)
    if len(articles) > 1:
        half = (len(articles) + 1) // 2
        note = "By article, the hardest first: "
        found.append(_figure(plots.dot_rows("By article", articles[:half]), join(note, both, ".")))
        found.append(_figure(plots.dot_rows("By article, continued", articles[half:]), join("By article, continued.")))
    return found


def _section(title: str, words: str | None, *content: Html | None) -> Html:
    return el("section", el("h2", title), el("p", words) if words else None, content)


def _figure(drawing: Html | None, caption: Html | None) -> Html | None:
    if drawing is None:
        return None
    return el("figure", drawing, el("figcaption", caption) if caption else None)


def _key(**names: str) -> Html:
    """Names in words, each behind a swatch of its colour."""
    pieces: list[str] = []
    for number, (class_, name) in enumerate(names.items()):
        pieces += [" and " if number else "", el("span", name, class_=f"key {class_}")]
    return join(*pieces)
