"""Fit the weights with which retrieval's measures are summed, on cut-up articles of the training data.

    python -m qa.training.fit_retrieval $QA_DATA/train.jsonl.gz

prints them (a conditional logit); they are the defaults of `qa/settings.py`. Seeded; takes minutes.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import logsumexp, softmax
from tqdm import tqdm

from index.article import article_from_paragraphs
from index.encoder import Encoder, load_encoder
from index.store import build_index
from qa.retriever import MEASURES, Retrieval, Retriever, levelled
from qa.training.cut_articles import CutArticle, cut_articles

SEED = 13
QUESTIONS_PER_ARTICLE = 100


@dataclass(frozen=True, eq=False)
class Asked:
    """A question that was asked of a cut article: its retrieval, and the positions of its gold sentences."""

    retrieval: Retrieval
    gold: frozenset[int]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Fit the weights with which retrieval's measures are summed.")
    parser.add_argument("data", type=Path, help="train.jsonl.gz")
    given = parser.parse_args(arguments)
    encoder = load_encoder()
    cuts = cut_articles(given.data, seed=SEED, per_article=QUESTIONS_PER_ARTICLE)
    asked = [question for cut in tqdm(cuts, unit="cut") for question in ask(cut, encoder)]
    weights = fit_fusion(asked)
    print(json.dumps({name: round(float(weight), 2) for name, weight in zip(MEASURES, weights, strict=True)}, indent=1))


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


def _softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(softmax(scores), dtype=np.float64)


if __name__ == "__main__":
    main()
