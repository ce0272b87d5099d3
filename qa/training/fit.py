"""Fit what retrieval and the no-answer decision need, from training data to two readable results.

    python -m qa.training.fit $QA_DATA/train.jsonl.gz

prints the fusion weights (a conditional logit; they are the defaults of `qa/settings.py`) and writes
`qa/models/decision/config.json`, with figures cross-validated by article on standard output. Seeded; takes minutes.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import logsumexp, softmax
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import StandardScaler
from tqdm import tqdm

from index.article import article_from_paragraphs
from index.encoder import Encoder, load_encoder
from index.store import build_index
from qa.decision import OUTCOMES, PACKAGED, Decision, Judgement, features
from qa.reader import SentenceReader
from qa.retriever import MEASURES, Retrieval, Retriever, fuse, levelled
from qa.training.cut_articles import CutArticle, cut_articles

SEED = 13
QUESTIONS_PER_ARTICLE = 100
FOLDS = 8
SILENT = 0.5
"""Share of questions that the article is silent on, in the world that probabilities are calibrated for: one half, since
nothing is known of who will ask. Cut articles have more, so both kinds are weighted to equal shares."""


@dataclass(frozen=True, eq=False)
class Asked:
    """A question that was asked of a cut article: its retrieval, the positions of its gold sentences, and its group."""

    retrieval: Retrieval
    gold: frozenset[int]
    source: str


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Fit retrieval's weights and the no-answer decision.")
    parser.add_argument("data", type=Path, help="train.jsonl.gz")
    parser.add_argument("--out", type=Path, default=PACKAGED)
    given = parser.parse_args(arguments)
    encoder = load_encoder()
    cuts = cut_articles(given.data, seed=SEED, per_article=QUESTIONS_PER_ARTICLE)
    asked = [question for cut in tqdm(cuts, unit="cut") for question in ask(cut, encoder)]
    weights = fit_fusion(asked)
    ranked = [rank(question, weights) for question in asked]
    decision, figures = fit_decision(
        ranked,
        encoder_fingerprint=encoder.fingerprint,
        fitted_on=f"{len(asked)} questions over {len(cuts)} cut articles of {given.data.name}, seed {SEED}",
    )
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(decision.as_dict(), indent=1) + "\n", encoding="utf-8")
    print(
        json.dumps(
            {"weights": {name: round(float(weight), 2) for name, weight in zip(MEASURES, weights, strict=True)}}
            | figures,
            indent=1,
        )
    )


def ask(cut: CutArticle, encoder: Encoder) -> list[Asked]:
    """Every question of a cut article, asked of it; one whose gold answer starts in no sentence is an error."""
    article = article_from_paragraphs("cut", "cut", cut.paragraphs)
    index = build_index([article], encoder)
    starts = np.array([sentence.start for sentence in index.sentences])
    retrievals = Retriever(index, encoder).retrieve([question.text for question in cut.questions])
    return [
        Asked(
            retrieval,
            frozenset(
                int(np.searchsorted(starts, article.blocks[paragraph].start + start, side="right")) - 1
                for paragraph, start in question.gold
            ),
            cut.source,
        )
        for question, retrieval in zip(cut.questions, retrievals, strict=True)
    ]


def fit_fusion(asked: Sequence[Asked]) -> NDArray[np.float32]:
    """Weights, 0 or more, that make the gold sentences of the answerable questions most likely: a conditional logit."""
    answerable = [question for question in asked if question.gold]
    tables = [levelled(question.retrieval.raw).astype(np.float64) for question in answerable]

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        total, gradient = 0.0, np.zeros_like(weights)
        for question, table in zip(answerable, tables, strict=True):
            scores = weights @ table
            gold = sorted(question.gold)
            gold_scores = scores[gold]
            total += float(logsumexp(scores) - logsumexp(gold_scores))
            gradient += table @ _softmax(scores) - table[:, gold] @ _softmax(gold_scores)
        return total / len(answerable), gradient / len(answerable)

    bounds = [(0, None)] * len(MEASURES)
    found = minimize(loss, np.ones(len(MEASURES)), jac=True, method="L-BFGS-B", bounds=bounds)
    return np.array([round(weight, 2) for weight in found.x], dtype=np.float32)


def rank(question: Asked, weights: NDArray[np.float32]) -> Asked:
    """The question with its sentences fused by other weights."""
    fused = fuse(question.retrieval.raw[None], weights)[0]
    return replace(question, retrieval=replace(question.retrieval, fused=fused))


def fit_decision(
    asked: Sequence[Asked], *, encoder_fingerprint: str, fitted_on: str
) -> tuple[Decision, dict[str, float | int]]:
    """The decision fitted on all questions, and how well it does on articles that it was not fitted on."""
    table = np.array([features(question.retrieval) for question in asked])
    outcomes = np.array([_outcome(question) for question in asked])
    groups = np.array([question.source for question in asked])
    held_out: list[Judgement] = [Judgement(0.0, 0.0)] * len(asked)
    for fitted, left in GroupKFold(FOLDS).split(table, outcomes, groups):
        judged = _fitted(table[fitted], outcomes[fitted], encoder_fingerprint, fitted_on).judge(table[left])
        for place, judgement in zip(left, judged, strict=True):
            held_out[place] = judgement
    silent = outcomes == OUTCOMES.index("silent")
    right = outcomes == OUTCOMES.index("right")
    answered = np.array([judgement.answerable for judgement in held_out])
    figures: dict[str, float | int] = {
        "questions": len(asked),
        "articles": len(set(groups)),
        "silent": round(float(silent.mean()), 4),
        "hit@1": round(float(right[~silent].mean()), 4),
        "auroc": round(float(roc_auc_score(silent, [judgement.p_no_answer for judgement in held_out])), 4),
        "right_and_answered": round(float((right & answered)[~silent].mean()), 4),
        "silent_and_refused": round(float((~answered)[silent].mean()), 4),
    }
    return _fitted(table, outcomes, encoder_fingerprint, fitted_on), figures


def _fitted(
    table: NDArray[np.float64], outcomes: NDArray[np.int64], encoder_fingerprint: str, fitted_on: str
) -> Decision:
    # One average question of each outcome more, so that an outcome that was never seen is rare, and not impossible.
    table = np.vstack([table, *[table.mean(axis=0)] * len(OUTCOMES)])
    outcomes = np.concatenate([outcomes, np.arange(len(OUTCOMES))])
    silent = outcomes == OUTCOMES.index("silent")
    share = np.where(silent, SILENT / silent.mean(), (1 - SILENT) / (~silent).mean())
    scaler = StandardScaler().fit(table)
    model = LogisticRegression(max_iter=1_000).fit(scaler.transform(table), outcomes, sample_weight=share)
    return Decision(
        encoder_fingerprint=encoder_fingerprint,
        reader=SentenceReader.name,
        mean=_numbers(scaler.mean_),
        scale=_numbers(scaler.scale_),
        weights=tuple(_numbers(row) for row in model.coef_),
        bias=_numbers(model.intercept_),
        fitted_on=fitted_on,
    )


def _outcome(question: Asked) -> int:
    if not question.gold:
        return OUTCOMES.index("silent")
    return OUTCOMES.index("right" if int(question.retrieval.order[0]) in question.gold else "wrong")


def _softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(softmax(scores), dtype=np.float64)


def _numbers(values: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(round(float(value), 6) for value in values)


if __name__ == "__main__":
    main()
