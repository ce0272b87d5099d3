"""The report: one file that asks for nothing, says what the files say, and shows hostile text as text."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from qa.evaluation.report import breakdown, plots
from qa.evaluation.report.failures import SHOWN, instructive, marked
from qa.evaluation.report.markup import Html, el, join
from qa.evaluation.report.page import report
from qa.evaluation.report.svg import ticks
from qa.evaluation.result import Result
from qa.evaluation.summary import stages_of
from tests.browser import chromium
from tests.evaluation.toy_run import DATA, gates, run

HOSTILE = "<script>alert(1)</script> & \"quotes' ]]> <b>bold</b> &amp; \u202e אבג"


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("earlier")
    run(folder, limit=30)
    return folder


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory, earlier: Path) -> Result:
    """A run with everything that a report can show: gold paragraphs, an earlier run, gates that held and failed."""
    asked = gates(under=["hit@1=0.1", "f1=0.99"])
    return run(tmp_path_factory.mktemp("run") / "out", oracle_passage=True, baseline=earlier, gates=asked)


class Page(HTMLParser):
    """Checks that tags are balanced; collects text, attributes and tags."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in ("meta", "br", "hr"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] != "style":
            self.text.append(data)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())


def test_the_page_is_balanced_and_refers_to_nothing_outside(result: Result) -> None:
    page = report(result, "python -m qa evaluate x")
    parsed = Page(page)
    assert {"svg", "table", "h1", "h2", "figure"} <= set(parsed.tags)
    assert not {"script", "link", "img", "iframe", "object", "base", "form", "a"} & set(parsed.tags)
    assert not {"src", "href", "xlink:href", "srcset", "action", "style"} & {name for name, _ in parsed.attributes}
    assert "url(" not in page
    assert "@import" not in page
    assert not re.search(r"https?:", page)


def test_the_page_shows_the_figures_that_the_files_hold(result: Result) -> None:
    words = Page(report(result, "python -m qa evaluate x --limit 3")).words
    for name, told in (("hit@1", "hit@1"), ("sentence_ece", "sentence_ece"), ("f1", "SQuAD 2.0 F1")):
        value = result.metrics[name]
        assert isinstance(value, float)
        assert told in words
        assert f"{value:.3f}".removeprefix("0") in words
    assert "python -m qa evaluate x --limit 3" in words
    assert [verdict.message in words for verdict in result.verdicts] == [True] * 3
    assert "failed" in words
    for stage, label in stages_of(result.metrics).items():
        lost = result.metrics[f"n_{stage}"]
        assert f"{label} {f'−{lost:,}' if lost else 'none'}" in words


def test_the_page_says_what_changed_by_name(result: Result) -> None:
    assert result.comparison is not None
    words = Page(report(result, "")).words
    assert "Since the earlier run" in words
    assert f"over the {result.comparison.n_common:,} questions that both runs asked" in words
    assert "limit" in words  # what differs between the two


def test_hostile_text_stays_text(result: Result) -> None:
    outcomes = []
    for outcome in result.asked.outcomes:
        answer = json.loads(json.dumps(outcome.answer).replace("tower", json.dumps(HOSTILE)[1:-1]))
        question = replace(outcome.question, text=HOSTILE, article_id=HOSTILE, id=HOSTILE)
        gold = tuple(replace(one, text=HOSTILE + one.text) for one in outcome.gold_sentences)
        outcomes.append(replace(outcome, question=question, answer=answer, gold_sentences=gold))
    asked = replace(result.asked, outcomes=tuple(outcomes))
    config = result.config | {"data": [{"name": HOSTILE, "sha256": HOSTILE}]}
    page = report(replace(result, asked=asked, config=config), HOSTILE)
    parsed = Page(page)
    assert "script" not in parsed.tags
    assert page.count("<script") == 0
    assert " ".join(HOSTILE.split()) in parsed.words


def test_a_run_of_one_class_one_article_or_one_question_has_a_page(tmp_path: Path) -> None:
    one = run(tmp_path / "one", limit=1)
    assert "1 questions" in Page(report(one, "")).words
    silent = [outcome for outcome in one.asked.outcomes if not outcome.question.answerable]
    lone = replace(one, asked=replace(one.asked, outcomes=tuple(silent), milliseconds={}))
    Page(report(lone, ""))
    spoken = run(tmp_path / "spoken", data=(str(answerable_only(tmp_path)),))
    assert "–" in Page(report(spoken, "")).words  # undefined figures are a dash


def answerable_only(folder: Path) -> Path:
    document = json.loads(DATA.read_text(encoding="utf-8"))
    document["data"] = document["data"][:1]
    for paragraph in document["data"][0]["paragraphs"]:
        paragraph["qas"] = [qa for qa in paragraph["qas"] if qa["answers"]]
    path = folder / "answerable.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def test_failures_are_wrong_varied_and_the_same_every_time(result: Result) -> None:
    outcomes = result.asked.outcomes
    chosen = instructive(outcomes)
    wrong = [outcome for outcome in outcomes if outcome.scores.stage]
    assert len(chosen) == min(SHOWN, len(wrong)) > 0
    assert len({outcome.question.id for outcome in chosen}) == len(chosen)
    assert all(outcome.scores.stage for outcome in chosen)
    assert {outcome.scores.stage for outcome in chosen} == {outcome.scores.stage for outcome in wrong}
    assert instructive(outcomes) == chosen
    assert instructive(outcomes, 2)[0].scores.stage != instructive(outcomes, 2)[1].scores.stage


@pytest.mark.parametrize(
    ("gold", "given", "expected"),
    [
        ([], [], "a &lt; b &amp; c"),
        ([(0, 1)], [], "<mark>a</mark> &lt; b &amp; c"),
        ([(0, 5), (4, 7)], [], "<mark>a &lt; b &amp;</mark> c"),
        ([(0, 3)], [(2, 5)], "<mark>a <u>&lt;</u></mark><u> b</u> &amp; c"),
        ([(0, 9)], [], "<mark>a &lt; b &amp; c</mark>"),
    ],
)
def test_marks_keep_the_text(gold: list[tuple[int, int]], given: list[tuple[int, int]], expected: str) -> None:
    assert marked("a < b & c", gold, given) == expected


def test_markup_escapes_text_and_attributes_but_not_markup() -> None:
    assert el("p", "<&>", el("b", "x"), None, ["y", Html("<i>")], title="\"<&'") == (
        '<p title="&quot;&lt;&amp;&#x27;">&lt;&amp;&gt;<b>x</b>y<i></p>'
    )
    assert join("<", Html("<")) == "&lt;<"
    assert (
        el("line", x1=1.0, x2=0.333333, class_="a", text_anchor=None, hidden=False)
        == '<line x1="1" x2="0.33" class="a"></line>'
    )


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (0, 0.42, [0, 0.1, 0.2, 0.3, 0.4]),
        (0, 37, [0, 10, 20, 30]),
        (-1, 1, [-1, -0.5, 0, 0.5, 1]),
    ],
)
def test_ticks_are_round(low: float, high: float, expected: list[float]) -> None:
    assert ticks(low, high) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("What year was it built?", "when, what year"),
        ("In which year did it open?", "when, what year"),
        ("How many masons worked there?", "how many, how much"),
        ("How was it built?", "how"),
        ("To whom was it sold?", "who"),
        ("The tower was built by whom and when?", "who"),
        ("Did it open?", "yes or no"),
        ("Name the keeper.", "other"),
        ("Somewhat odd", "other"),
    ],
)
def test_question_kinds(question: str, kind: str) -> None:
    assert breakdown.question_kind(question) == kind


def test_breakdowns_hold_every_answerable_question_once(result: Result) -> None:
    answerable = result.metrics["n_answerable"]
    for rows in (breakdown.by_kind(result.asked.outcomes), breakdown.by_length(result.asked.outcomes)):
        assert sum(hits.size for _, hits, _ in rows) == answerable
    assert sum(hits.size for _, hits, _ in breakdown.by_article(result.asked.outcomes)) == answerable


def test_the_risk_curve_is_drawn_from_the_questions(result: Result) -> None:
    drawn = plots.risk_coverage(result.asked.outcomes)
    assert drawn is not None
    answered = 1 - sum(one.scores.refused for one in result.asked.outcomes) / len(result.asked.outcomes)
    assert f"as decided: {100 * answered:.0f} % answered" in drawn
    assert plots.risk_coverage([]) is plots.reliability([]) is plots.decision_scores([]) is plots.latency({}) is None


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = chromium.find()
    assert path, f"no Chromium; run {chromium.COMMAND}"
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path)
        yield launched
        launched.close()


def test_in_a_browser_it_opens_from_disk_without_a_request_in_light_dark_and_on_a_phone(
    browser: Browser, result: Result, tmp_path: Path
) -> None:
    path = tmp_path / "report.html"
    path.write_text(report(result, "python -m qa evaluate x"), encoding="utf-8")
    papers = set()
    for scheme, width in (("light", 1180), ("dark", 1180), ("light", 390)):
        page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
        asked: list[str] = []
        complaints: list[str] = []
        page.on("request", lambda request, asked=asked: asked.append(request.url))
        page.on("console", lambda message, complaints=complaints: complaints.append(message.text))
        page.goto(path.as_uri())
        assert asked == [path.as_uri()]
        assert complaints == []
        assert page.evaluate("document.documentElement.scrollWidth") == width  # nothing sticks out
        papers.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        assert page.locator("svg.plot").count() >= 8
        page.close()
    assert len(papers) == 2


@pytest.mark.parametrize("width", [390, 1180])
def test_a_word_of_any_length_is_broken_and_wide_drawings_scroll_at_a_size_that_can_be_read(
    browser: Browser, result: Result, tmp_path: Path, width: int
) -> None:
    word = "unbreakable" * 30
    outcomes = tuple(
        replace(one, question=replace(one.question, text=word, article_id=word)) for one in result.asked.outcomes
    )
    assert result.comparison is not None
    path = tmp_path / "report.html"
    path.write_text(report(replace(result, asked=replace(result.asked, outcomes=outcomes)), word), encoding="utf-8")
    page = browser.new_page(viewport={"width": width, "height": 800})
    page.goto(path.as_uri())
    assert word in page.content()
    assert page.evaluate("document.documentElement.scrollWidth") == width
    heights = page.locator(".wide svg text").evaluate_all("all => all.map(one => one.getBoundingClientRect().height)")
    assert heights
    assert min(heights) >= 9  # line boxes, in CSS pixels
    page.close()
