"""The fitting of the decision on follow-ups: it finds what was put in, and writes what the program loads."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from qa.decision import OF_FOLLOW_UPS, OUTCOMES, load_decision
from qa.training import fit_follow_ups
from qa.training.fit_follow_ups import Turn, cross_validated, fit_turns, main
from qa.verifier import load_verifier
from tests.conftest import ROOT
from tests.toy import ToyEncoder, ToyReader

NEAR = OF_FOLLOW_UPS.index("near")
N, ARTICLES = 300, 6


@pytest.fixture(scope="module")
def turns() -> list[Turn]:
    """Turns read in two ways, right where the best sentence is near, and silent where it is not."""
    random, packaged = np.random.default_rng(5), load_decision()
    made = []
    for number in range(N):
        table = np.tile([*packaged.mean, 0.0], (2, 1))
        near = bool(random.integers(2))
        table[:, NEAR] = near
        outcome = OUTCOMES.index("right" if near else "silent")
        made.append(Turn(f"article {number % ARTICLES}", table, np.array([outcome, outcome])))
    return made


def test_the_decision_finds_what_tells_an_answer(turns: list[Turn]) -> None:
    decision = fit_turns(turns, "all")
    weights = dict(zip(OUTCOMES, decision.weights, strict=True))
    assert weights["right"][NEAR] > 0.3 > -0.3 > weights["silent"][NEAR]
    assert decision.features == OF_FOLLOW_UPS
    assert decision.fitted_on.startswith("all, from: ")


def test_figures_are_of_turns_that_were_left_out(turns: list[Turn]) -> None:
    assert cross_validated(turns) == {
        "turns": N,
        "right": 1.0,
        "right_and_answered": 1.0,
        "silent_and_refused": 1.0,
    }


def test_the_command_writes_a_decision_that_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(fit_follow_ups, "load_encoder", ToyEncoder)
    monkeypatch.setattr(fit_follow_ups, "load_reader", ToyReader)
    before = replace(load_decision(), verifier_fingerprint="of another")
    monkeypatch.setattr(fit_follow_ups, "load_decision", lambda: before)
    out = tmp_path / "followups.json"
    main([str(ROOT / "seeds" / "followups" / "dev.jsonl"), "--out", str(out)])
    decision = load_decision(out, OF_FOLLOW_UPS)
    assert "follow-ups of dev.jsonl" in decision.fitted_on
    assert (decision.encoder_fingerprint, decision.reader_fingerprint) == (ToyEncoder.fingerprint, ToyReader.fingerprint)
    assert decision.verifier_fingerprint == load_verifier().fingerprint
    figures = json.loads(capsys.readouterr().out)["cross-validated by article"]
    assert figures["turns"] > 60
    assert 0 < figures["right"] < 1
