"""No-answer: from what retrieval found to calibrated probabilities, and to a decision.

A multinomial logistic regression over the `FEATURES` of a question gives three probabilities that sum to 1:

    silent   the article does not say                       -> p_no_answer
    right    it does, and the best-ranked sentence says it   -> p_right
    wrong    it does, but another sentence says it

An answer is shown when it is likelier right than the article silent, which is what makes the most questions end well:
right answers shown plus silences told. No threshold is chosen by hand; `qa/training/fit.py` fits the weights, which are kept
in a file that can be read.
"""

import json
import logging
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.errors import SettingsError
from index.generations import DECISION
from index.lexical import terms
from qa.answer import ConfidenceLabel
from qa.question import search_text
from qa.retriever import MEASURES, Retrieval

OUTCOMES = ("silent", "right", "wrong")
FEATURES = (
    "cosine",  # of the best-ranked sentence with the question
    "cosine_second",
    "cosine_best",  # highest of any sentence
    "passage_cosine",
    "bm25",  # of the best-ranked sentence, a term of the question
    "passage_bm25",
    "coverage",  # share of the question's terms, weighted by rarity, that the best-ranked sentence holds
    "passage_coverage",
    "fused",
    "margin",  # fused score of the best-ranked sentence over the second
    "certainty",  # share of the best-ranked sentence in the softmax over fused scores
    "log_sentences",
    "log_terms",
)
HIGH, MEDIUM = 0.8, 0.5
"""Confidence from which the label is high, medium; the words stand for these probabilities."""

PACKAGED = Path(__file__).parent / "models" / "decision" / "config.json"
SCHEMA_VERSION = 1

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is thought of the best-ranked sentence; probabilities, calibrated on questions over articles not fitted on."""

    p_no_answer: float
    p_right: float

    @property
    def answerable(self) -> bool:
        return self.p_right > self.p_no_answer


@dataclass(frozen=True, slots=True)
class Decision:
    """A fitted decision: ``softmax(weights @ ((features - mean) / scale) + bias)`` over `OUTCOMES`.

    :param weights: one row an outcome, one column a feature.
    :param fitted_on: what it was fitted on, for people.
    """

    encoder_fingerprint: str
    reader: str
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[tuple[float, ...], ...]
    bias: tuple[float, ...]
    fitted_on: str

    def judge(self, features: NDArray[np.float64]) -> list[Judgement]:
        """One judgement a row of `features`. *Shape:* ``(m, len(FEATURES))``."""
        logits = (features - np.array(self.mean)) / np.array(self.scale) @ np.array(self.weights).T + np.array(self.bias)
        exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares = exponents / exponents.sum(axis=1, keepdims=True)
        return [Judgement(p_no_answer=float(silent), p_right=float(right)) for silent, right, _ in shares]

    def as_dict(self) -> dict[str, Any]:
        """The decision as the JSON object that `load_decision` reads."""
        return {"schema_version": SCHEMA_VERSION, "outcomes": OUTCOMES, "features": FEATURES} | asdict(self)


def load_decision(path: Path = PACKAGED) -> Decision:
    """The decision stored in `path`.

    :raises SettingsError: the file is missing, is not a decision, or is one of other features.
    """
    mend = "restore it, or fit it again with `python -m qa calibrate`"
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        if stored.pop("schema_version") != SCHEMA_VERSION or tuple(stored.pop("outcomes")) != OUTCOMES:
            raise SettingsError(f"{path} is a no-answer decision of another version; {mend}")
        if tuple(stored.pop("features")) != FEATURES:
            raise SettingsError(f"{path} decides by other features than this program computes; {mend}")
        decision = Decision(**{name: _frozen(value) for name, value in stored.items()})
        numbers = np.concatenate([np.ravel(getattr(decision, name)) for name in ("mean", "scale", "weights", "bias")])
        if not np.isfinite(numbers.astype(float)).all() or np.shape(decision.weights) != (len(OUTCOMES), len(FEATURES)):
            raise SettingsError(f"{path} holds numbers that cannot be used; {mend}")
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise SettingsError(f"{path} is no no-answer decision ({type(error).__name__}: {error}); {mend}") from error
    return decision


def decision_for(encoder_fingerprint: str, reader: str, index_dir: Path | None = None) -> Decision:
    """The decision to use with these models: the one kept beside the index if it was fitted with them, else the packaged one.

    :raises SettingsError: the file beside the index cannot be used.
    """
    beside = index_dir / DECISION if index_dir else None
    if beside is not None and beside.exists():
        own = load_decision(beside)
        if (own.encoder_fingerprint, own.reader) == (encoder_fingerprint, reader):
            return own
        _log.warning(
            "%s was fitted with other models; the packaged decision is used until `python -m qa calibrate`", beside
        )
    return load_decision()


def label(confidence: float) -> ConfidenceLabel:
    """The word for a probability."""
    return "high" if confidence >= HIGH else "medium" if confidence >= MEDIUM else "low"


def features(retrieval: Retrieval) -> NDArray[np.float64]:
    """The `FEATURES` of one question. *Shape:* ``(len(FEATURES),)``."""
    measures = dict(zip(MEASURES, retrieval.raw.astype(np.float64), strict=True))
    best = retrieval.order[0]
    second = retrieval.order[1] if len(retrieval.order) > 1 else best
    question = search_text(retrieval.question)
    index = retrieval.index
    length = max(1, len(terms(question)))
    passage = int(index.passage_of[retrieval.first_row + best])
    shares = np.exp(retrieval.fused - retrieval.fused.max())
    values = {
        "cosine": measures["dense_sentence"][best],
        "cosine_second": measures["dense_sentence"][second],
        "cosine_best": measures["dense_sentence"].max(),
        "passage_cosine": measures["dense_passage"][best],
        "bm25": measures["bm25_sentence"][best] / length,
        "passage_bm25": measures["bm25_passage"][best] / length,
        "coverage": measures["coverage"][best],
        "passage_coverage": index.passage_terms.coverage([question], (passage, passage + 1))[0, 0],
        "fused": retrieval.fused[best],
        "margin": retrieval.fused[best] - retrieval.fused[second],
        "certainty": shares[best] / shares.sum(),
        "log_sentences": math.log(len(retrieval.order)),
        "log_terms": math.log(length),
    }
    return np.array([values[name] for name in FEATURES], dtype=np.float64)


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
