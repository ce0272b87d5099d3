"""The decision's file, its arithmetic, and what it is computed from."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from index.article import article_from_paragraphs
from index.errors import SettingsError
from index.store import Index, build_index
from qa.decision import FEATURES, PACKAGED, Decision, decision_for, features, label, load_decision
from qa.retriever import Retriever
from tests.toy import ToyEncoder


def _decision(**changes: Any) -> Decision:
    zeros = (0.0,) * len(FEATURES)
    parts: dict[str, Any] = {
        "encoder_fingerprint": "f",
        "reader": "sentence",
        "mean": zeros,
        "scale": (1.0,) * len(FEATURES),
        "weights": (zeros, zeros, zeros),
        "bias": (0.0, 0.0, 0.0),
        "fitted_on": "nothing",
    }
    return Decision(**(parts | changes))


def test_probabilities_are_a_softmax_over_three_outcomes() -> None:
    judged = _decision(bias=(math.log(2), math.log(1), math.log(1))).judge(np.zeros((1, len(FEATURES))))[0]
    assert judged.p_no_answer == pytest.approx(0.5)
    assert judged.p_right == pytest.approx(0.25)
    assert not judged.answerable


def test_an_answer_is_shown_when_right_is_likelier_than_silent() -> None:
    weights = ((0.0,) * len(FEATURES), (2.0, *(0.0,) * (len(FEATURES) - 1)), (0.0,) * len(FEATURES))
    table = np.zeros((2, len(FEATURES)))
    table[:, 0] = (1.0, -1.0)
    assert [judged.answerable for judged in _decision(weights=weights).judge(table)] == [True, False]


def test_features_are_levelled_by_mean_and_scale() -> None:
    weights = ((1.0,) * len(FEATURES), (0.0,) * len(FEATURES), (0.0,) * len(FEATURES))
    decision = _decision(weights=weights, mean=(3.0,) * len(FEATURES), scale=(2.0,) * len(FEATURES))
    judged = decision.judge(np.full((1, len(FEATURES)), 3.0))[0]
    assert judged.p_no_answer == pytest.approx(1 / 3)


def test_a_decision_comes_back_from_its_file(tmp_path: Path) -> None:
    packaged = load_decision()
    path = tmp_path / "decision.json"
    path.write_text(json.dumps(packaged.as_dict()))
    assert load_decision(path) == packaged


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda stored: stored.pop("bias"), "bias"),
        (lambda stored: stored.pop("features"), "features"),
        (lambda stored: stored.update(features=["cosine"]), "other features"),
        (lambda stored: stored.update(schema_version=99), "another version"),
        (lambda stored: stored.update(bias=[float("nan"), 0, 0]), "numbers"),
        (lambda stored: stored.update(weights=[[1.0]]), "no-answer decision|numbers"),
        (lambda stored: stored.update(surprise=1), "surprise"),
    ],
)
def test_a_damaged_decision_is_refused(tmp_path: Path, damage: Any, said: str) -> None:
    stored = json.loads(PACKAGED.read_text())
    damage(stored)
    path = tmp_path / "decision.json"
    path.write_text(json.dumps(stored))
    with pytest.raises(SettingsError, match=said) as caught:
        load_decision(path)
    assert "calibrate" in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"[]", b"7", b"null", b"\xff\xfe", b'{"schema_version": 1'])
def test_a_file_that_is_no_decision_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "decision.json"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match="calibrate"):
        load_decision(path)


def test_the_decision_beside_the_index_is_used_only_with_its_own_models(tmp_path: Path) -> None:
    own = _decision(bias=(1.0, 2.0, 3.0))
    (tmp_path / "decision.json").write_text(json.dumps(own.as_dict()))
    assert decision_for("f", "sentence", tmp_path) == own
    assert decision_for("another", "sentence", tmp_path) == load_decision()
    assert decision_for("f", "sentence", tmp_path / "nowhere") == load_decision()


def test_every_feature_is_finite_even_with_one_sentence_and_no_known_word(toy_encoder: ToyEncoder) -> None:
    index = build_index([article_from_paragraphs("one", "One", ["Ice."])], toy_encoder)
    for retrieval in Retriever(index, toy_encoder).retrieve(["zzz", "the", "ice", "?"]):
        assert np.isfinite(features(retrieval)).all()


def test_features_by_hand(toy_index: Index, toy_encoder: ToyEncoder) -> None:
    retrieval = Retriever(toy_index, toy_encoder).retrieve(["ice found south pole"], "moon")[0]
    values = dict(zip(FEATURES, features(retrieval), strict=True))
    assert values["coverage"] == pytest.approx(1.0)
    assert values["passage_coverage"] == pytest.approx(1.0)
    assert values["cosine"] == pytest.approx(retrieval.raw[0][retrieval.order[0]])
    assert values["margin"] == pytest.approx(
        retrieval.fused[retrieval.order[0]] - retrieval.fused[retrieval.order[1]], abs=1e-6
    )
    assert values["log_sentences"] == pytest.approx(math.log(len(retrieval.order)))
    assert values["log_terms"] == pytest.approx(math.log(4))


@pytest.mark.parametrize(
    ("confidence", "word"), [(1.0, "high"), (0.8, "high"), (0.79, "medium"), (0.5, "medium"), (0.49, "low")]
)
def test_labels(confidence: float, word: str) -> None:
    assert label(confidence) == word
