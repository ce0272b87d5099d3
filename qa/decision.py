"""No-answer: from what was found and read to calibrated probabilities, and to a decision.

A multinomial logistic regression over the `FEATURES` of a question gives three probabilities that sum to 1:

    silent   the article does not say                       -> p_no_answer
    right    it does, and the best span says it              -> p_right
    wrong    it does, but other words do

An answer is shown when it is likelier right than the article silent, which is what makes the most questions end well:
right answers shown plus silences told. No threshold is chosen by hand; `qa/training/fit_decision.py` fits the weights, which
are kept in a file that can be read.
"""

import hashlib
import json
import logging
import math
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from index.errors import SettingsError
from index.generations import DECISION
from index.lexical import terms
from qa.answer import ConfidenceLabel
from qa.answer_type import KINDS, asked_for, says
from qa.question import search_text
from qa.ranking import Ranking, span_text, words
from qa.reading import Evidence
from qa.retriever import MEASURES, Retrieval
from qa.verifier import load_verifier

OUTCOMES = ("silent", "right", "wrong")
FEATURES = (
    "reader",  # of the best-ranked sentence: log odds of its best span against no answer in its window
    "reader_mass",  # the same of all its spans together
    "reader_most",  # highest mass of any sentence: one window's "no answer" does not count against another's answer
    "reader_share",  # log of its share of all answers in its window
    "concentration",  # log of its best span's share of all its spans
    "certainty",  # share of the best-ranked sentence in the softmax over the ranking's scores
    "margin",  # score of the best-ranked sentence over the second
    "agreement",  # shares of all sentences whose best span says the same
    "no_number",  # the question asks for a number, and nothing in the span could be one
    "no_time",
    "no_name",
    "cosine",  # of the best-ranked sentence with the question
    "cosine_best",  # highest of any sentence
    "passage_cosine",
    "bm25",  # of the best-ranked sentence, a term of the question
    "passage_bm25",
    "coverage",  # share of the question's terms, weighted by rarity, that the best-ranked sentence holds
    "passage_coverage",
    "fused",
    "fused_margin",  # fused score of the best-ranked sentence over the best other one
    "log_terms",  # of the question
    "log_words",  # of the span
    "verified",  # the verifier's log odds that the best span answers
)
OF_FOLLOW_UPS = (
    *FEATURES,
    "near",  # the best-ranked sentence is the one that answered the turn before, or the next
)
"""Features of a follow-up question."""

HIGH, MEDIUM = 0.8, 0.5
"""Confidence from which the label is high, medium; the words stand for these probabilities."""

PACKAGED = Path(__file__).parent / "models" / "decision" / "config.json"
FOLLOW_UPS = PACKAGED.with_name("followups.json")
"""The decision on follow-up questions, fitted by `qa/training/fit_follow_ups.py`."""

SCHEMA_VERSION = 3

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is thought of the best span, as calibrated probabilities."""

    p_no_answer: float
    p_right: float

    @property
    def answerable(self) -> bool:
        return self.p_right > self.p_no_answer

    def with_silence(self, odds: float) -> "Judgement":
        """The same evidence where an article is silent `odds` times as often as where the decision was fitted (Bayes)."""
        whole = 1 - self.p_no_answer + odds * self.p_no_answer
        return Judgement(odds * self.p_no_answer / whole, self.p_right / whole)


_TINY = 1e-9


class Judged(Protocol):
    """What has these calibrated probabilities."""

    @property
    def p_right(self) -> float: ...

    @property
    def p_no_answer(self) -> float: ...


def log_odds(judged: Judged) -> float:
    """How much likelier an answer is right than that there is none: by this the ways of reading a question are compared."""
    return math.log(max(judged.p_right, _TINY)) - math.log(max(judged.p_no_answer, _TINY))


@dataclass(frozen=True, slots=True)
class Decision:
    """A fitted decision: ``softmax(weights @ ((features - mean) / scale) + bias)`` over `OUTCOMES`.

    :param weights: one row an outcome, one column a feature.
    :param fitted_on: what it was fitted on, for people.
    :param features: their names, in order.
    """

    encoder_fingerprint: str
    reader_fingerprint: str
    verifier_fingerprint: str
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[tuple[float, ...], ...]
    bias: tuple[float, ...]
    fitted_on: str
    features: tuple[str, ...] = FEATURES

    def judge(self, features: NDArray[np.float64]) -> list[Judgement]:
        """One judgement a row of `features`. *Shape:* ``(m, len(self.features))``."""
        logits = (features - np.array(self.mean)) / np.array(self.scale) @ np.array(self.weights).T + np.array(self.bias)
        exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares = exponents / exponents.sum(axis=1, keepdims=True)
        return [Judgement(p_no_answer=float(silent), p_right=float(right)) for silent, right, _ in shares]

    def fitted_with(self, encoder_fingerprint: str, reader_fingerprint: str) -> bool:
        """Whether it was fitted with these models, and the packaged verifier."""
        fingerprints = (encoder_fingerprint, reader_fingerprint, load_verifier().fingerprint)
        return (self.encoder_fingerprint, self.reader_fingerprint, self.verifier_fingerprint) == fingerprints

    def as_dict(self) -> dict[str, Any]:
        """The decision as the JSON object that `load_decision` reads."""
        head = {"schema_version": SCHEMA_VERSION, "outcomes": OUTCOMES, "features": self.features}
        return head | asdict(self)

    def to_bytes(self) -> bytes:
        """The same as the bytes of a file, closed by a checksum: one altered digit would decide otherwise, and look sound."""
        fields = self.as_dict()
        return (json.dumps(fields | {"sha256": _checksum(fields)}, indent=1) + "\n").encode()


class OutdatedDecision(SettingsError):
    """A decision that an earlier version of this program wrote."""


def load_decision(path: Path = PACKAGED, expected: tuple[str, ...] = FEATURES) -> Decision:
    """The decision stored in `path`, which decides by the features `expected`.

    :raises OutdatedDecision: an earlier version wrote it.
    :raises SettingsError: the file is missing, is not a decision, or is one of other features.
    """
    mend = (
        "restore it from the repository"
        if path.parent == PACKAGED.parent
        else "restore it, or fit it again with `python -m qa calibrate`, or delete it to decide by the packaged one"
    )
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        if stored.pop("sha256", None) not in (None, _checksum(stored)):  # the packaged one has none
            raise SettingsError(f"{path} was altered: its checksum is another; {mend}")
        version = stored.pop("schema_version")
        if isinstance(version, int) and version < SCHEMA_VERSION:
            raise OutdatedDecision(f"{path} is of an earlier version; fit it again with `python -m qa calibrate`")
        if version != SCHEMA_VERSION or tuple(stored.pop("outcomes")) != OUTCOMES:
            raise SettingsError(f"{path} is a no-answer decision of another version; {mend}")
        if tuple(stored["features"]) != expected:
            raise SettingsError(f"{path} decides by other features than this program computes; {mend}")
        decision = Decision(**{name: _frozen(value) for name, value in stored.items()})
        numbers = np.concatenate([np.ravel(getattr(decision, name)) for name in ("mean", "scale", "weights", "bias")])
        if not np.isfinite(numbers.astype(float)).all() or np.shape(decision.weights) != (len(OUTCOMES), len(expected)):
            raise SettingsError(f"{path} holds numbers that cannot be used; {mend}")
    except (OSError, ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        raise SettingsError(f"{path} is no no-answer decision ({type(error).__name__}: {error}); {mend}") from error
    return decision


def decision_for(encoder_fingerprint: str, reader_fingerprint: str, index_dir: Path | None = None) -> Decision:
    """The decision to use with these models and the packaged verifier: the one kept beside the index if it was fitted with
    them, else the packaged one.

    :raises SettingsError: the file beside the index cannot be used.
    :raises ReaderError: the packaged verifier cannot be loaded.
    """
    beside = index_dir / DECISION if index_dir else None
    if beside is not None and beside.exists():
        try:
            own = load_decision(beside)
        except OutdatedDecision as error:
            _log.warning("%s; the packaged decision is used until then", error)
            return load_decision()
        if own.fitted_with(encoder_fingerprint, reader_fingerprint):
            return own
        _log.warning(
            "%s was fitted with other models; the packaged decision is used until `python -m qa calibrate`", beside
        )
    return load_decision()


@cache
def follow_up_decision(encoder_fingerprint: str, reader_fingerprint: str) -> Decision | None:
    """The packaged decision on follow-ups; None with other models than it was fitted with: another reader was not taught to
    read a question behind the turns before it.
    """
    found = load_decision(FOLLOW_UPS, OF_FOLLOW_UPS)
    return found if found.fitted_with(encoder_fingerprint, reader_fingerprint) else None


def label(confidence: float) -> ConfidenceLabel:
    """The word for a probability."""
    return "high" if confidence >= HIGH else "medium" if confidence >= MEDIUM else "low"


def features(evidence: Evidence, ranking: Ranking, verified: float) -> NDArray[np.float64]:
    """The `FEATURES` of one question. *Shape:* ``(len(FEATURES),)``.

    :param verified: the verifier's log odds that the span of the best-ranked sentence answers.
    """
    retrieval, spans = evidence.retrieval, evidence.spans
    best = int(ranking.positions[0])
    length = max(1, len(terms(search_text(retrieval.question))))
    span, kind = span_text(evidence, best), asked_for(search_text(retrieval.question))
    said = [words(evidence, int(position)) for position in ranking.positions]
    values = _of_retrieval(retrieval, best, length) | {
        "reader": spans.best[best],
        "reader_mass": spans.mass[best],
        "reader_most": spans.mass[ranking.positions].max(),
        "reader_share": spans.mass[best] - np.logaddexp.reduce(spans.mass[evidence.window == evidence.window[best]]),
        "concentration": spans.best[best] - spans.mass[best],
        "certainty": ranking.shares[0],
        "margin": ranking.scores[0] - ranking.scores[1] if len(said) > 1 else 0.0,
        "agreement": ranking.shares[[own == said[0] for own in said]].sum(),
        **{f"no_{one}": float(one == kind and not says(one, span)) for one in KINDS},
        "log_words": math.log(max(1, len(said[0].split()))),
        "verified": verified,
    }
    return np.array([values[name] for name in FEATURES], dtype=np.float64)


def _of_retrieval(retrieval: Retrieval, best: int, length: int) -> dict[str, float]:
    """Features of the sentence at `best` that need no reader. :param length: terms of the question."""
    measured = dict(zip(MEASURES, retrieval.raw.astype(np.float64), strict=True))
    index, fused = retrieval.index, retrieval.fused
    passage = int(index.passage_of[retrieval.row(best)])
    others = np.delete(fused, best)
    return {
        "cosine": measured["dense_sentence"][best],
        "cosine_best": measured["dense_sentence"].max(),
        "passage_cosine": measured["dense_passage"][best],
        "bm25": measured["bm25_sentence"][best] / length,
        "passage_bm25": measured["bm25_passage"][best] / length,
        "coverage": measured["coverage"][best],
        "passage_coverage": index.passage_terms.coverage(
            [search_text(retrieval.question)], (passage, passage + 1), retrieval.passages
        )[0, 0],
        "fused": fused[best],
        "fused_margin": fused[best] - others.max() if len(others) else 0.0,
        "log_terms": math.log(length),
    }


def _checksum(fields: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(fields).encode()).hexdigest()


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
