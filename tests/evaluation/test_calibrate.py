"""Calibration: fitted decisions move towards what happened, no further; are judged held out; and live beside the index."""

import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from index.article import load_article
from index.errors import DataError, SettingsError
from index.generations import DECISION
from index.store import build_index, save_index
from qa.cli import main
from qa.cli.calibrate import _not_kept
from qa.decision import FEATURES, OUTCOMES, Decision, decision_for, load_decision
from qa.evaluation.calibrate import FIGURES, Calibration, _happened, calibrate, keep
from qa.evaluation.datasets import load_data
from qa.evaluation.fitting import STRENGTH, Examples, cross_validated, fit, log_loss
from qa.evaluation.outcome import RIGHT_F1
from qa.evaluation.questions import Dataset
from qa.settings import Settings
from qa.startup import build_at, load_articles
from qa.verifier import load_verifier
from tests.conftest import ROOT
from tests.evaluation.toy_run import DATA, SETTINGS, run
from tests.toy import ToyEncoder, ToyReader

WIDTH = len(FEATURES)


def flat_decision() -> Decision:
    """One that thinks every outcome equally likely, whatever the features."""
    zeros = (0.0,) * WIDTH
    return Decision("x", "y", "z", zeros, (1.0,) * WIDTH, (zeros,) * len(OUTCOMES), (0.0,) * len(OUTCOMES), "nothing")


def drawn(n: int, *, seed: int = 0, articles: int = 1) -> Examples:
    """Questions whose first feature tells silence, and whose second tells right from wrong."""
    draw = np.random.default_rng(seed)
    features = draw.normal(size=(n, WIDTH))
    logits = np.stack([2 * features[:, 0], 2 * features[:, 1], np.zeros(n)], axis=1)
    outcomes = (logits + draw.gumbel(size=logits.shape)).argmax(axis=1)
    return Examples(features, outcomes, np.array([f"article {row % articles}" for row in range(n)]))


def test_many_questions_replace_the_prior_and_few_adjust_it() -> None:
    prior = flat_decision()
    few, many = fit(prior, drawn(30)), fit(prior, drawn(200_000))
    learnt = [decision.weights[OUTCOMES.index("silent")][0] for decision in (few, many)]
    assert 0 < learnt[0] < 0.1
    # What is identified is the difference between two outcomes' weights: 2 in the world that was drawn from.
    assert many.weights[0][0] - many.weights[2][0] == pytest.approx(2, abs=0.08)
    assert max(abs(weight) for row in many.weights for weight in row[2:]) < 0.1


def test_fit_is_the_minimum_of_what_it_says_it_minimises() -> None:
    prior, examples = flat_decision(), drawn(300)

    def objective(decision: Decision) -> float:
        moved = np.array(decision.weights) ** 2
        biases = np.array(decision.bias) ** 2
        return log_loss(decision.judge(examples.features), examples) * 300 + STRENGTH / 2 * float(
            moved.sum() + biases.sum()
        )

    fitted = fit(prior, examples)
    best = objective(fitted)
    for row in range(len(OUTCOMES)):
        for step in (-0.01, 0.01):
            weights = [list(one) for one in fitted.weights]
            weights[row][row] += step
            assert objective(replace(fitted, weights=tuple(map(tuple, weights)))) > best


def test_held_out_questions_teach_nothing_about_themselves() -> None:
    examples = drawn(60)
    noise = Examples(examples.features, np.random.default_rng(1).permutation(examples.outcomes), examples.groups)
    prior = flat_decision()
    seen = log_loss(fit(prior, noise).judge(noise.features), noise)
    assert seen < log_loss(cross_validated(prior, noise, 0), noise)


@pytest.mark.parametrize("articles", [1, 4, 5, 9])
def test_whole_articles_are_held_out_where_there_are_five(articles: int) -> None:
    examples = drawn(90, articles=articles)
    assert examples.by_article == (articles >= 5)
    assert len(cross_validated(flat_decision(), examples, 0)) == 90


def test_log_loss_by_hand() -> None:
    examples = Examples(np.zeros((2, WIDTH)), np.array([0, 1]), np.array(["a", "a"]))
    assert log_loss(flat_decision().judge(examples.features), examples) == pytest.approx(np.log(3))


@pytest.fixture(scope="module")
def questions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small set, each question in four wordings: 112 answerable and 28 unanswerable."""
    document = json.loads(DATA.read_text(encoding="utf-8"))
    for article in document["data"]:
        for paragraph in article["paragraphs"]:
            paragraph["qas"] = [
                qa | {"id": f"{qa['id']}-{number}", "question": f"{opening}{qa['question']}"}
                for qa in paragraph["qas"]
                for number, opening in enumerate(("", "Tell me, ", "By the way: ", "According to this, "))
            ]
    path = tmp_path_factory.mktemp("data") / "mine.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def dataset(questions: Path) -> Dataset:
    return load_data([str(questions)])


def calibrated(dataset: Dataset, settings: Settings = SETTINGS, **options: Any) -> Calibration:
    """A calibration with the toy models."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("qa.evaluation.calibrate.load_reader", lambda name=None: ToyReader())
        return calibrate(dataset, settings, ToyEncoder(), **options)


@pytest.fixture(scope="module")
def calibration(dataset: Dataset) -> Calibration:
    return calibrated(dataset)


@pytest.fixture
def _toy_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever builds an index gets the toy reader."""
    monkeypatch.setattr("qa.reader.load_reader", lambda name=None: ToyReader())


def test_calibration_names_its_models_and_tells_before_and_after(calibration: Calibration) -> None:
    assert (calibration.n_answerable, calibration.n_unanswerable, calibration.articles) == (112, 28, 3)
    assert set(calibration.before) == set(calibration.after) == set(FIGURES)
    assert calibration.decision is not None
    assert calibration.decision.encoder_fingerprint == ToyEncoder.fingerprint
    assert calibration.decision.reader_fingerprint == ToyReader.fingerprint
    assert calibration.decision.verifier_fingerprint == load_verifier().fingerprint
    assert calibration.decision.fitted_on.startswith("140 questions of mine.json, from: ")
    assert (calibration.after["log_loss"] or 9) < (calibration.before["log_loss"] or 0)
    assert calibration.decision.weights != load_decision().weights


def test_calibration_is_the_same_every_time(dataset: Dataset, calibration: Calibration) -> None:
    told: list[tuple[int, int]] = []
    assert calibrated(dataset, progress=lambda done, total: told.append((done, total))) == calibration
    assert told[-1] == (140, 140)


def test_the_words_decide_whether_an_answer_was_right_not_their_sentence_alone(tmp_path: Path) -> None:
    found = {
        (_happened(outcome), outcome.scores.hit_1, (outcome.scores.has_ans_f1 or 0.0) >= RIGHT_F1)
        for outcome in run(tmp_path).asked.outcomes
    }
    silent, right, wrong = map(OUTCOMES.index, ("silent", "right", "wrong"))
    assert found == {(silent, None, False), (right, 1.0, True), (wrong, 1.0, False), (wrong, 0.0, False)}


def test_too_few_questions_are_refused_with_how_many_it_needs() -> None:
    with pytest.raises(DataError, match=r"found 28 answerable and 7 unanswerable questions.*add 13 unanswerable ones"):
        calibrate(load_data([str(DATA)]), SETTINGS, ToyEncoder())


@pytest.mark.usefixtures("_toy_reader")
def test_the_decision_is_kept_beside_the_index_and_outlives_a_rebuild(
    calibration: Calibration, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    article = ROOT / "seeds" / "article.md"
    directory, encoder = tmp_path / "index", ToyEncoder()
    save_index(build_index([load_article(article)], encoder), directory)
    assert keep(calibration, directory) == directory / DECISION
    assert decision_for(encoder.fingerprint, ToyReader.fingerprint, directory) == calibration.decision
    with caplog.at_level(logging.WARNING, logger="qa"):
        build_at(Settings(index=directory), [article], load_articles([article]), encoder, progress=False)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
    assert decision_for(encoder.fingerprint, ToyReader.fingerprint, directory) == calibration.decision


@pytest.mark.usefixtures("_toy_reader")
@pytest.mark.parametrize("part", [ToyEncoder, ToyReader])
def test_a_rebuild_with_other_models_says_that_the_decision_cannot_be_used(
    calibration: Calibration,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    part: type[ToyEncoder] | type[ToyReader],
) -> None:
    article = ROOT / "seeds" / "article.md"
    directory = tmp_path / "index"
    save_index(build_index([load_article(article)], ToyEncoder()), directory)
    keep(calibration, directory)
    monkeypatch.setattr(part, "fingerprint", "0" * 64)
    with caplog.at_level(logging.WARNING, logger="qa"):
        build_at(Settings(index=directory), [article], load_articles([article]), ToyEncoder(), progress=False)
    assert "fitted with other models; the packaged decision is used until `python -m qa calibrate`" in caplog.text
    assert decision_for(ToyEncoder.fingerprint, ToyReader.fingerprint, directory) == load_decision()


def test_a_damaged_decision_is_refused_not_half_read(calibration: Calibration, tmp_path: Path) -> None:
    path = tmp_path / DECISION
    assert calibration.decision is not None
    stored = json.dumps(calibration.decision.as_dict())
    for damaged in (stored[:-20], stored.replace("silent", "quiet"), "[]"):
        path.write_text(damaged, encoding="utf-8")
        with pytest.raises(SettingsError, match="python -m qa calibrate"):
            decision_for(ToyEncoder.fingerprint, ToyReader.fingerprint, tmp_path)


def test_the_command_writes_what_the_server_reads(
    real_index_dir: Path, tmp_path: Path, questions: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = tmp_path / "index"
    article = load_article(ROOT / "seeds" / "article.md")
    save_index(build_index([article], ToyEncoder()), directory)
    assert main(["calibrate", str(questions), "--index", str(directory)]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("112 answerable and 28 unanswerable questions over 3 articles; questions held out in turn")
    for name in FIGURES:
        assert name in printed
    if "Not kept" in printed:
        assert not (directory / DECISION).exists()
    else:
        assert f"Kept in {directory / DECISION}" in " ".join(printed.split())
        assert load_decision(directory / DECISION).fitted_on.startswith("140 questions of mine.json")


def test_before_is_the_decision_in_use_and_one_kept_earlier_stays_by_name(
    dataset: Dataset, calibration: Calibration, tmp_path: Path
) -> None:
    assert calibration.in_use == load_decision()
    assert "the packaged decision stays" in _not_kept(calibration, tmp_path)
    directory = tmp_path / "index"
    save_index(build_index([load_article(ROOT / "seeds" / "article.md")], ToyEncoder()), directory)
    keep(calibration, directory)
    again = calibrated(dataset, Settings(index=directory))
    assert again.in_use == calibration.decision
    assert again.before != calibration.before
    assert again.after == calibration.after  # fitted from the packaged one as ever: the questions count once
    words = _not_kept(again, directory)
    assert f"the earlier calibration in {directory / DECISION} stays" in words
    assert "packaged" not in words


def test_a_damaged_decision_does_not_keep_one_from_calibrating(dataset: Dataset, tmp_path: Path) -> None:
    (tmp_path / DECISION).write_text("{", encoding="utf-8")
    assert calibrated(dataset, Settings(index=tmp_path)).in_use == load_decision()


@pytest.mark.parametrize(
    ("data", "index", "words"),
    [
        (str(DATA), "{missing}", "there is no index in"),
        (str(DATA), "{index}", "add 13 unanswerable ones"),
        ("absent.json", "{index}", "found 1 problem in the data"),
    ],
)
def test_the_command_tells_what_it_cannot_use_in_a_line(
    real_index_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], data: str, index: str, words: str
) -> None:
    place = index.format(missing=tmp_path / "none", index=real_index_dir)
    assert main(["calibrate", data, "--index", place]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: ")
    assert words in err
