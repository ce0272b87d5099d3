"""The decision's file, its arithmetic, and what it is computed from."""

import hashlib
import json
import math
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from index.article import article_from_paragraphs
from index.encoder import Encoder
from index.errors import SettingsError
from index.store import build_index
from qa.decision import (
    FEATURES,
    OF_FOLLOW_UPS,
    PACKAGED,
    Decision,
    OutdatedDecision,
    decision_for,
    features,
    follow_up_decision,
    label,
    load_decision,
)
from qa.ranking import RANKING, rank
from qa.reader import Reader, Reading
from qa.reading import PassageReader
from qa.retriever import Retriever
from qa.verifier import load_verifier
from tests.toy import ToyEncoder, ToyReader


def _decision(**changes: Any) -> Decision:
    zeros = (0.0,) * len(FEATURES)
    parts: dict[str, Any] = {
        "encoder_fingerprint": "f",
        "reader_fingerprint": "r",
        "verifier_fingerprint": load_verifier().fingerprint,
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


def test_a_decision_of_an_earlier_version_is_left_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    stored = json.loads(PACKAGED.read_text()) | {"schema_version": 2}
    del stored["verifier_fingerprint"]
    path = tmp_path / "decision.json"
    stored["sha256"] = hashlib.sha256(json.dumps(stored).encode()).hexdigest()
    path.write_text(json.dumps(stored))
    with pytest.raises(OutdatedDecision, match="earlier version; fit it again with `python -m qa calibrate`"):
        load_decision(path)
    assert decision_for(stored["encoder_fingerprint"], stored["reader_fingerprint"], tmp_path) == load_decision()
    assert "earlier version" in caplog.text


@pytest.mark.parametrize("content", [b"", b"[]", b"7", b"null", b"\xff\xfe", b'{"schema_version": 1'])
def test_a_file_that_is_no_decision_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "decision.json"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match="calibrate"):
        load_decision(path)


def test_the_decision_beside_the_index_is_used_only_with_its_own_models(tmp_path: Path) -> None:
    own = _decision(bias=(1.0, 2.0, 3.0))
    (tmp_path / "decision.json").write_text(json.dumps(own.as_dict()))
    assert decision_for("f", "r", tmp_path) == own
    assert decision_for("another", "r", tmp_path) == load_decision()
    assert decision_for("f", "another", tmp_path) == load_decision()
    assert decision_for("f", "r", tmp_path / "nowhere") == load_decision()
    (tmp_path / "decision.json").write_text(json.dumps(replace(own, verifier_fingerprint="another").as_dict()))
    assert decision_for("f", "r", tmp_path) == load_decision()


def test_the_packaged_decision_was_fitted_with_the_packaged_models(real_encoder: Encoder, real_reader: Reader) -> None:
    packaged = load_decision()
    assert packaged.encoder_fingerprint == real_encoder.fingerprint
    assert packaged.reader_fingerprint == real_reader.fingerprint
    assert packaged.verifier_fingerprint == load_verifier().fingerprint


def test_the_decision_on_follow_ups_goes_with_the_packaged_models_alone(
    real_encoder: Encoder, real_reader: Reader
) -> None:
    found = follow_up_decision(real_encoder.fingerprint, real_reader.fingerprint)
    assert found is not None
    assert found.features == OF_FOLLOW_UPS
    assert follow_up_decision(real_encoder.fingerprint, "another") is None
    assert follow_up_decision("another", real_reader.fingerprint) is None


@pytest.mark.parametrize("reader", ["real_reader", "toy_reader"])
def test_every_feature_is_finite_even_with_one_sentence_and_no_known_word(
    toy_encoder: ToyEncoder, reader: str, request: pytest.FixtureRequest
) -> None:
    index = build_index([article_from_paragraphs("one", "One", ["Ice."])], toy_encoder)
    passages = PassageReader(index, request.getfixturevalue(reader), 0)
    for retrieval in Retriever(index, toy_encoder).retrieve(["zzz", "the", "ice", "?"]):
        evidence = passages.read(retrieval)
        assert np.isfinite(features(evidence, rank(evidence, np.ones(len(RANKING))), 0.0)).all()


class ScriptedReader(ToyReader):
    """Sees the answer `says` wherever it stands, with logits that sum to `odds` over those of no answer, and little else."""

    def __init__(self, says: str, odds: float) -> None:
        self.says, self.odds = says, odds

    def read(self, question: str, texts: Sequence[str]) -> list[Reading]:
        return [
            Reading(one.text, one.offsets, *(self._logits(texts[one.text], one.offsets[:, end], end) for end in (0, 1)))
            for one in super().read(question, texts)
        ]

    def _logits(self, text: str, offsets: NDArray[np.int64], end: int) -> NDArray[np.float32]:
        seen = [match.span()[end] for match in re.finditer(re.escape(self.says), text)]
        return np.where(np.isin(offsets, seen), self.odds / 2, -30.0).astype(np.float32)


PARAGRAPHS = (
    "Ice was found near the south pole.",
    "Ice was found near the south pole by a probe, said Holt.",
    "The cafe opened near nothing in the long year of the war.",
)


@pytest.fixture(scope="module")
def scripted(toy_encoder: ToyEncoder) -> dict[str, float]:
    """The features of a question over `PARAGRAPHS`, by name, ranked by retrieval alone."""
    index = build_index([article_from_paragraphs("a", "A", PARAGRAPHS)], toy_encoder)
    retrieval = Retriever(index, toy_encoder).retrieve(["ice found south pole"])[0]
    assert retrieval.order[0] == 0
    evidence = PassageReader(index, ScriptedReader("the south pole", 4.0), 0).read(retrieval)
    ranking = rank(evidence, np.array([float(name == "retrieval") for name in RANKING]))
    values = dict(zip(FEATURES, features(evidence, ranking, 1.5), strict=True))
    return values | {f"fused {place}": float(score) for place, score in enumerate(retrieval.fused)}


def test_features_of_retrieval_by_hand(scripted: dict[str, float], toy_encoder: ToyEncoder) -> None:
    question, best = toy_encoder.encode(["ice found south pole", PARAGRAPHS[0]])
    assert scripted["coverage"] == scripted["passage_coverage"] == pytest.approx(1.0)
    assert [scripted["cosine"], scripted["cosine_best"]] == pytest.approx([float(question @ best)] * 2)
    assert scripted["fused"] == pytest.approx(scripted["fused 0"])
    others = max(scripted["fused 1"], scripted["fused 2"])
    ahead = scripted["fused 0"] - others
    assert [scripted["fused_margin"], scripted["margin"]] == pytest.approx([ahead, ahead], abs=1e-3)
    assert scripted["log_terms"] == pytest.approx(math.log(4))


def test_features_of_the_reader_by_hand(scripted: dict[str, float]) -> None:
    # All three stand in one window. Two of them hold the answer, at odds of e^4 each; nothing else is likely at all.
    assert scripted["reader"] == pytest.approx(4.0)
    assert [scripted["reader_mass"], scripted["reader_most"]] == pytest.approx([4.0, 4.0], abs=1e-3)
    assert scripted["reader_share"] == pytest.approx(math.log(1 / 2), abs=1e-3)
    assert scripted["concentration"] == pytest.approx(0.0, abs=1e-3)
    weights = [math.exp(scripted[f"fused {place}"]) for place in range(3)]
    assert scripted["certainty"] == pytest.approx(weights[0] / sum(weights), abs=1e-3)
    assert scripted["agreement"] == pytest.approx((weights[0] + weights[1]) / sum(weights), abs=1e-3)
    assert scripted["log_words"] == pytest.approx(math.log(2))  # "south pole"
    assert scripted["verified"] == 1.5  # as it was given


@pytest.mark.parametrize(
    ("question", "lacking"),
    [
        ("How many probes found ice at the south pole?", ["no_number"]),
        ("When was ice found at the south pole?", ["no_time"]),
        ("Who found ice at the south pole?", ["no_name"]),
        ("Where was ice found?", []),
    ],
)
def test_an_answer_of_another_kind_than_was_asked_for_is_a_feature(
    toy_encoder: ToyEncoder, question: str, lacking: list[str]
) -> None:
    index = build_index([article_from_paragraphs("a", "A", PARAGRAPHS)], toy_encoder)
    evidence = PassageReader(index, ScriptedReader("the south pole", 4.0), 0).read(
        Retriever(index, toy_encoder).retrieve([question])[0]
    )
    values = dict(zip(FEATURES, features(evidence, rank(evidence, np.ones(len(RANKING))), 0.0), strict=True))
    assert [name for name in FEATURES if name.startswith("no_") and values[name]] == lacking


@pytest.mark.parametrize(
    ("confidence", "word"), [(1.0, "high"), (0.8, "high"), (0.79, "medium"), (0.5, "medium"), (0.49, "low")]
)
def test_labels(confidence: float, word: str) -> None:
    assert label(confidence) == word
