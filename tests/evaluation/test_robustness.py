"""The table of kinds: its figures are those of runs of each kind, its changes are paired, and nothing is lost or mixed."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import mean

import pytest

from index.article import Article
from qa.cli import main
from qa.evaluation import files, robustness
from qa.evaluation.asking import OpenPipeline
from qa.evaluation.options import Options
from qa.evaluation.outcome import Outcome
from qa.evaluation.perturb import KINDS
from qa.evaluation.resampling import Change
from qa.evaluation.robustness import HEADINGS, JSON, MARKDOWN, PREDICTIONS, Kind, Robustness, by_kind, markdown, measure
from qa.pipeline import QAPipeline
from tests.conftest import ROOT
from tests.evaluation.toy_run import DATA, SETTINGS, opener, run
from tests.toy import ToyEncoder

SEEDS = (str(ROOT / "seeds" / "questions.jsonl"), str(ROOT / "seeds" / "robustness.jsonl"))
WRITTEN = ("paraphrase", "german", "spanish", "hebrew", "chinese", "yes_no", "lookalike")


def measured(out: Path, *, open_pipeline: OpenPipeline | None = None, **options: object) -> Robustness:
    """The kinds with the toy encoder; `options` are those of `Options`, the data the small set unless they say."""
    chosen = replace(Options((str(DATA),), out, robustness=True, settings=SETTINGS), **options)  # type: ignore[arg-type]
    return measure(chosen, encoder=ToyEncoder(), open_pipeline=open_pipeline or opener())


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Robustness, Path]:
    out = tmp_path_factory.mktemp("small")
    return measured(out), out


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> tuple[Robustness, Path]:
    """The seed article with its written kinds; a sample of ten of its plain questions."""
    out = tmp_path_factory.mktemp("seeds")
    return measured(out, data=SEEDS, limit=10, seed=4), out


def kind_of(result: Robustness, name: str) -> Kind:
    return next(kind for kind in result.kinds if kind.name == name)


@pytest.mark.parametrize("name", ["clean", *KINDS])
def test_a_kind_s_figures_are_those_of_a_run_of_it(name: str, small: tuple[Robustness, Path], tmp_path: Path) -> None:
    alone = run(tmp_path, perturb=None if name == "clean" else name).metrics
    kind = kind_of(small[0], name)
    assert (kind.n, kind.n_answerable, kind.n_unanswerable) == (35, alone["n_answerable"], alone["n_unanswerable"])
    shared = [figure for figure in HEADINGS if figure in alone]
    assert len(shared) == len(HEADINGS) - 1
    assert [kind.figures[figure] for figure in shared] == [alone[figure] for figure in shared]


def test_refusals_of_answerable_questions_are_counted(small: tuple[Robustness, Path]) -> None:
    result, out = small
    plain = [one for one in files.read_outcomes(out / PREDICTIONS) if one.question.kind is None]
    refused = [one.scores.refused for one in plain if one.question.answerable]
    assert kind_of(result, "clean").figures["refused_answerable"] == pytest.approx(mean(refused))
    assert 0 < sum(refused) < len(refused)


def test_changes_are_against_the_same_questions_asked_clean(small: tuple[Robustness, Path]) -> None:
    result, _ = small
    clean = kind_of(result, "clean")
    assert clean.changes == {}
    for name in KINDS:
        kind = kind_of(result, name)
        assert kind.n_paired == 35
        for figure, change in kind.changes.items():
            assert (change.before, change.after) == (clean.figures[figure], kind.figures[figure])
            assert change.interval is not None
            assert change.difference is not None
            assert change.interval[0] <= change.difference <= change.interval[1]
    # White space is folded before anything is searched for, so pairing shows exactly nothing.
    assert {change.interval for change in kind_of(result, "spaced").changes.values()} == {(0.0, 0.0)}
    assert any(change.difference for change in kind_of(result, "typos").changes.values())


def test_one_index_serves_all_kinds_of_an_article(tmp_path: Path) -> None:
    opened: list[str] = []
    measured(tmp_path, open_pipeline=noting(opened))
    assert opened == ["Harbour_lighthouse", "Pepper_(spice)", "Night_trains"]


def test_written_kinds_are_asked_whole_and_held_against_what_they_reword(seeds: tuple[Robustness, Path]) -> None:
    result, out = seeds
    assert [kind.name for kind in result.kinds] == ["clean", *KINDS, *WRITTEN]
    assert [kind.n for kind in result.kinds] == [10] * (1 + len(KINDS)) + [24, 5, 5, 5, 5, 20, 16]
    asked = {one.question.id: one for one in files.read_outcomes(out / PREDICTIONS)}
    reworded = [one for one in asked.values() if one.question.kind == "paraphrase"]
    originals = [asked[str(one.question.of)] for one in reworded]  # drawn or not
    kind = kind_of(result, "paraphrase")
    assert kind.n_paired == 24
    assert kind.changes["has_ans_f1"].before == pytest.approx(average_f1(originals))
    assert kind.changes["has_ans_f1"].after == pytest.approx(average_f1(reworded))
    assert kind.figures["no_answer_recall"] is None
    for name in ("yes_no", "lookalike"):
        assert (kind_of(result, name).n_paired, kind_of(result, name).changes) == (0, {})
    assert kind_of(result, "lookalike").figures["hit@1"] is None
    assert kind_of(result, "lookalike").figures["no_answer_recall"] is not None


def average_f1(outcomes: Sequence[Outcome]) -> float:
    return mean(one.scores.has_ans_f1 or 0.0 for one in outcomes)


def test_rewordings_of_one_question_are_drawn_together(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Three paraphrases of one question are not three independent questions: the interval must know."""
    drawn: list[list[str]] = []
    compare = robustness.compare

    def noting_compare(*arguments: object, **options: object) -> dict[str, Change]:
        drawn.append(arguments[3])  # type: ignore[arg-type]
        return compare(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(robustness, "compare", noting_compare)
    result = measured(tmp_path, data=SEEDS, limit=1)
    clusters = drawn[[kind.name for kind in result.kinds if kind.changes].index("paraphrase")]
    assert len(clusters) == 24
    assert len(set(clusters)) == 8


def test_written_rows_alone_are_a_table_without_changes(tmp_path: Path) -> None:
    result = measured(tmp_path, data=SEEDS[1:])
    assert [kind.name for kind in result.kinds] == list(WRITTEN)
    assert all(kind.changes == {} for kind in result.kinds)


def test_made_questions_have_ids_of_their_own_and_name_the_one_they_are_of(small: tuple[Robustness, Path]) -> None:
    asked = [one.question for one in files.read_outcomes(small[1] / PREDICTIONS)]
    assert len({question.id for question in asked}) == len(asked) == 35 * (1 + len(KINDS))
    ids = [question.id for question in asked if question.kind is None]
    for kind in KINDS:
        assert [question.of for question in asked if question.kind == kind] == ids


def test_the_sample_is_of_plain_questions_and_the_same_in_every_kind() -> None:
    from qa.evaluation.datasets import load_data

    kinds = by_kind(load_data(SEEDS).questions, 7, 3)
    drawn = [question.id for question in kinds["clean"]]
    assert len(drawn) == 7
    assert all([question.of for question in kinds[kind]] == drawn for kind in KINDS)
    assert by_kind(load_data(SEEDS).questions, 7, 3) == kinds
    assert [question.id for question in by_kind(load_data(SEEDS).questions, 7, 4)["clean"]] != drawn


def test_the_files_agree_and_the_same_seed_writes_the_same_bytes(seeds: tuple[Robustness, Path], tmp_path: Path) -> None:
    result, out = seeds
    written = json.loads((out / JSON).read_text(encoding="utf-8"))
    assert [kind["name"] for kind in written["kinds"]] == [kind.name for kind in result.kinds]
    assert written["kinds"][1]["changes"]["right"]["difference"] == result.kinds[1].changes["right"].difference
    assert (written["config"]["robustness"], written["config"]["limit"]) == (True, 10)
    assert (out / MARKDOWN).read_text(encoding="utf-8").splitlines() == markdown(result)
    assert {path.name for path in out.iterdir()} == {JSON, MARKDOWN, PREDICTIONS}
    measured(tmp_path, data=SEEDS, limit=10, seed=4)
    for name in (MARKDOWN, PREDICTIONS):
        assert (tmp_path / name).read_bytes() == (out / name).read_bytes()


class InterruptedRunError(Exception):
    pass


def noting(opened: list[str], stop_at: str = "") -> OpenPipeline:
    """Opens the toy pipeline, notes the articles, and is interrupted at one of them."""

    def open_pipeline(articles: Sequence[Article]) -> QAPipeline:
        if articles[0].id == stop_at:
            raise InterruptedRunError
        opened.append(articles[0].id)
        return opener()(articles)

    return open_pipeline


def test_an_interrupted_table_goes_on_where_it_was(small: tuple[Robustness, Path], tmp_path: Path) -> None:
    with pytest.raises(InterruptedRunError):
        measured(tmp_path, open_pipeline=noting([], "Pepper_(spice)"))
    opened: list[str] = []
    measured(tmp_path, open_pipeline=noting(opened))
    assert opened == ["Pepper_(spice)", "Night_trains"]
    for name in (MARKDOWN, PREDICTIONS):
        assert (tmp_path / name).read_bytes() == (small[1] / name).read_bytes()


def test_an_interrupted_run_of_one_kind_is_not_taken_up_by_another(tmp_path: Path) -> None:
    with pytest.raises(InterruptedRunError):
        run(tmp_path, perturb="typos", open_pipeline=noting([], "Night_trains"))
    opened: list[str] = []
    run(tmp_path, perturb="lower", open_pipeline=noting(opened))
    assert opened == ["Harbour_lighthouse", "Pepper_(spice)", "Night_trains"]
    assert {one.question.kind for one in files.read_outcomes(tmp_path / files.PREDICTIONS)} == {"lower"}


def test_a_run_of_a_kind_records_it_and_compares_with_the_clean_one(tmp_path: Path) -> None:
    run(tmp_path / "clean")
    result = run(tmp_path / "capitals", perturb="capitals", baseline=tmp_path / "clean")
    assert json.loads((tmp_path / "capitals" / files.CONFIG).read_text())["perturb"] == "capitals"
    assert result.comparison is not None
    assert result.comparison.n_common == 35
    assert result.comparison.settings == {"perturb": (None, "capitals")}
    assert "--perturb capitals" in (tmp_path / "capitals" / files.REPORT).read_text(encoding="utf-8")


def test_the_table_as_it_is_written() -> None:
    figures = {"hit@1": 0.8, "has_ans_f1": 1.0, "right": 0.5, "sentence_right": 0.0, "refused_answerable": 0.25}
    changes = {
        "hit@1": Change(0.8314, 0.8, -0.0314, (-0.05, 0.0), 0.01),
        "has_ans_f1": Change(1.0, 1.0, -0.0, (-0.0001, 0.0), 1.0),
        "right": Change(0.4, 0.5, 0.1, (0.02, 1.0), 0.02),
        "sentence_right": Change(None, None, None, None, None),
    }
    kind = Kind("typos", 1_200, 1_200, 0, 1_200, {**figures, "no_answer_recall": None}, {}, changes)
    kinds = (replace(kind, name="clean", changes={}), kind, replace(kind, name="a|b\nc", changes={}))
    assert markdown(Robustness("", {}, kinds)) == [
        "| questions | n | `hit@1` | `has_ans_f1` | `right` | `sentence_right` | refused, answerable "
        "| refused, unanswerable |",
        "|---|---|---|---|---|---|---|---|",
        "| clean | 1,200 | .800 | 1.000 | .500 | .000 | .250 | – |",
        "| typos | 1,200 | .800 (-.031 [-.050, .000]) | 1.000 (.000 [.000, .000]) | .500 (+.100 [+.020, +1.000]) "
        "| .000 | .250 | – |",
        r"| a\|b c | 1,200 | .800 | 1.000 | .500 | .000 | .250 | – |",
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ["--perturb", "typo"],
            "--perturb typo: expected one of typos, no_mark, lower, capitals, keywords, long, spaced",
        ),
        (["--perturb", "typo", "--set", "depht=1"], "--set depht=1: expected KEY=VALUE"),
        (
            ["--robustness", "--perturb", "typos", "--oracle-passage", "--fail-under", "f1=.5", "--junit", "x"],
            "--robustness has no use for --perturb, --oracle-passage, --fail-under and --fail-drop, --junit; leave out",
        ),
        (["--robustness", "--baseline", "x"], "--robustness has no use for --baseline; leave out"),
    ],
)
def test_options_that_cannot_be_used_are_told(
    arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(DATA), "--out", str(tmp_path / "out"), *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err
    assert not (tmp_path / "out").exists()


def test_help_names_every_kind(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "--help"]) == 0
    told = " ".join(re.sub(r"[│|]", " ", capsys.readouterr().out).split())
    *most, last = KINDS
    assert f"{', '.join(most)} or {last}" in told


def test_the_command_prints_the_table_of_the_real_pipeline(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert main(["evaluate", *SEEDS, "--limit", "4", "--out", str(out), "--robustness"]) == 0
    printed, err = capsys.readouterr()
    table = (out / MARKDOWN).read_text(encoding="utf-8")
    assert printed == f"{table}\nWritten: {out / MARKDOWN} and {JSON}\n"
    assert [line.split(" | ")[0] for line in table.splitlines()[2:]] == [
        f"| {name}" for name in ("clean", *KINDS, *WRITTEN)
    ]
    assert err == ""
