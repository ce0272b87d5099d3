"""Fit the ranking of what was read, and the no-answer decision, on questions that the reader was not trained on.

    python -m qa.training.fit_decision $QA_DATA/dev/*.json

prints the ranking's weights (a conditional logit; they are the defaults of `qa/settings.py`) and writes
`qa/models/decision/config.json`, with figures cross-validated by article on standard output. Every question is asked of its
whole article, as in an evaluation.
"""

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import logsumexp, softmax
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import StandardScaler
from tqdm import tqdm

from index.encoder import Encoder, load_encoder
from index.errors import DataError
from index.store import build_index
from qa.answer import Span
from qa.decision import FEATURES, OUTCOMES, PACKAGED, Decision, Judgement, features
from qa.evaluation.asking import Sitting, whole_articles
from qa.evaluation.datasets import load_data, sample
from qa.evaluation.metrics import auroc, expected_calibration_error, mean, token_f1
from qa.evaluation.outcome import RIGHT_F1, gold_sentences
from qa.evaluation.questions import Question
from qa.ranking import RANKING, Ranking, measures, rank
from qa.reader import Reader, load_reader
from qa.reading import Evidence, PassageReader
from qa.retriever import Retriever
from qa.settings import load_settings
from qa.verifier import load_verifier

SEED = 13
FOLDS = 8
SILENT = 0.4
"""Share of questions that the article is silent on, in the world that probabilities are calibrated for. Nothing is known of
who will ask; with one half, four right answers in ten were kept back on squadshifts_wiki_dev (cross-validated), with this a
third, at 2 refusals in 100 less on the half-articles: see the decision's card."""


@dataclass(frozen=True, eq=False)
class Asked:
    """A question with what was found for it; `gold` are positions in the retrieval, `f1` each read sentence's best span's,
    and `verified` what the verifier says of them, as it is asked for; `without` is a feature that is 0 for all.
    """

    evidence: Evidence
    gold: frozenset[int]
    f1: dict[int, float]
    article: str
    data: str
    verified: Callable[[int], float]
    without: str = ""

    def features(self, ranking: Ranking) -> NDArray[np.float64]:
        """*Shape:* ``(len(FEATURES),)``."""
        found = features(self.evidence, ranking, self.verified(int(ranking.positions[0])))
        return np.where([name == self.without for name in FEATURES], 0.0, found)


@dataclass(frozen=True, eq=False)
class Fitted:
    weights: NDArray[np.float64]
    decision: Decision


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Fit the ranking of what was read and the no-answer decision.")
    parser.add_argument("data", type=Path, nargs="+", help="files of questions, as `python -m qa evaluate` takes them")
    parser.add_argument("--limit", type=int, help="so many questions of each file, a seeded sample")
    parser.add_argument("--out", type=Path, default=PACKAGED)
    parser.add_argument("--without", choices=FEATURES, help="also the figures without this feature: what it gives")
    given = parser.parse_args(arguments)
    encoder, reader = load_encoder(), load_reader()
    asked = [question for path in given.data for question in ask(path, encoder, reader, given.limit)]
    names = ", ".join(path.name for path in given.data)
    about = f"{len(asked)} questions of {names}"
    fitted = fit(asked, encoder.fingerprint, reader.fingerprint, about)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(fitted.decision.as_dict(), indent=1) + "\n", encoding="utf-8")
    weights = {name: round(float(weight), 2) for name, weight in zip(RANKING, fitted.weights, strict=True)}
    figures = {"weights": weights, "cross-validated by article": cross_validated(asked)}
    if given.without:
        lacking = [replace(one, without=given.without) for one in asked]
        figures[f"without {given.without}"] = cross_validated(lacking)
    print(json.dumps(figures, indent=1))


def ask(path: Path, encoder: Encoder, reader: Reader, limit: int | None = None) -> Iterator[Asked]:
    """The questions of a file, or a sample of so many, each asked of its whole article."""
    dataset = load_data([str(path)])
    questions = sample(dataset.questions, limit, SEED)
    sittings = whole_articles(dataset, questions)
    with tqdm(total=len(questions), desc=path.stem, unit="q", file=sys.stderr) as bar:
        for sitting in sittings:
            yield from _ask_sitting(sitting, encoder, reader, path.stem, bar)


def _ask_sitting(sitting: Sitting, encoder: Encoder, reader: Reader, data: str, bar: "tqdm[None]") -> Iterator[Asked]:
    settings = load_settings()
    index = build_index(sitting.articles, encoder)
    retriever, passages = Retriever(index, encoder, settings), PassageReader(index, reader, settings.depth)
    for batch in sitting.batches:
        low, high = index.sentence_rows(batch.article.id)
        sentences = index.sentences[low:high]
        for question, retrieval in zip(
            batch.questions, retriever.retrieve([one.text for one in batch.questions], batch.article.id), strict=True
        ):
            evidence = passages.read(retrieval)
            gold = frozenset(one.id for one in gold_sentences(question, batch.article, sentences))
            verified = cache(partial(load_verifier().of, evidence))
            yield Asked(evidence, gold, _f1(question, evidence, batch.article.text), batch.article.id, data, verified)
            bar.update()


def _f1(question: Question, evidence: Evidence, text: str) -> dict[int, float]:
    golds = [answer.text for answer in question.answers]
    read = np.flatnonzero(np.isfinite(evidence.spans.best))
    spans = {int(position): Span(*map(int, evidence.spans.spans[position])) for position in read}
    return {place: token_f1(golds, text[span.start : span.end]) for place, span in spans.items()} if golds else {}


def fit(asked: Sequence[Asked], encoder_fingerprint: str = "", reader_fingerprint: str = "", about: str = "") -> Fitted:
    """The ranking's weights, and with them the decision.

    :raises DataError: an outcome did not come up, so nothing can be told from it.
    """
    weights = fit_ranking(asked)
    # Files of one kind only would teach the decision to tell files apart, not silences.
    both = {one.data for one in asked if one.f1} & {one.data for one in asked if not one.f1}
    asked = [one for one in asked if one.data in both]
    table, outcomes = _table(asked, weights)
    if lacking := [name for place, name in enumerate(OUTCOMES) if place not in outcomes]:
        raise DataError(
            f"none of {len(asked)} questions in files with both answerable and silent ones turned out "
            f"{' or '.join(lacking)}; give more questions"
        )
    # Each kind of question in a file weighs as the square root of their number: large ones count for more, and do not
    # drown the others.
    names = np.array([one.data for one in asked])
    silent = outcomes == OUTCOMES.index("silent")
    share = np.zeros(len(asked))
    for name in set(names):
        for kind in (silent, ~silent):
            members = (names == name) & kind
            if members.any():
                share[members] = 1 / np.sqrt(members.sum())
    for kind, wanted in ((silent, SILENT), (~silent, 1 - SILENT)):
        share[kind] *= wanted * len(asked) / share[kind].sum()
    scaler = StandardScaler().fit(table)
    model = LogisticRegression(max_iter=2_000).fit(scaler.transform(table), outcomes, sample_weight=share)
    decision = Decision(
        encoder_fingerprint=encoder_fingerprint,
        reader_fingerprint=reader_fingerprint,
        verifier_fingerprint=load_verifier().fingerprint,
        mean=_numbers(scaler.mean_),
        scale=_numbers(scaler.scale_),
        weights=tuple(_numbers(row) for row in model.coef_),
        bias=_numbers(model.intercept_),
        fitted_on=about,
    )
    return Fitted(weights, decision)


def fit_ranking(asked: Sequence[Asked]) -> NDArray[np.float64]:
    """Weights, 0 or more, that make the gold sentences most likely among those that were read: a conditional logit.

    :raises DataError: no gold sentence was read.
    """
    tables: list[tuple[NDArray[np.float64], NDArray[np.bool_]]] = []
    for question in asked:
        read = np.flatnonzero(np.isfinite(question.evidence.spans.best))
        gold = np.isin(read, list(question.gold))
        if gold.any():
            tables.append((measures(question.evidence, read), gold))
    if not tables:
        raise DataError(f"no gold sentence was read for any of {len(asked)} questions; give answerable questions")

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        total, gradient = 0.0, np.zeros_like(weights)
        for table, gold in tables:
            scores = weights @ table
            total += float(logsumexp(scores) - logsumexp(scores[gold]))
            gradient += table @ softmax(scores) - table[:, gold] @ softmax(scores[gold])
        return total / len(tables), gradient / len(tables)

    start = np.full(len(RANKING), 0.3)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(0, None)] * len(RANKING))
    return np.asarray(np.round(found.x, 2), dtype=np.float64)


def cross_validated(asked: Sequence[Asked]) -> dict[str, dict[str, float | None]]:
    """Figures for each file, each question judged by weights that were fitted without its article."""
    groups = np.array([re.sub(r" \(\d+\)$", "", one.article) for one in asked])
    figures: dict[str, list[tuple[bool, bool, bool, float, float, Judgement]]] = {}
    for fitted_on, left in GroupKFold(FOLDS).split(groups, groups=groups):
        fitted = fit([asked[place] for place in fitted_on])
        for place in left:
            question = asked[place]
            ranking = rank(question.evidence, fitted.weights)
            judgement = fitted.decision.judge(question.features(ranking)[None])[0]
            best = int(ranking.positions[0])
            answerable = bool(question.f1)
            hits = [int(position) in question.gold for position in ranking.positions[:10]]
            reciprocal = next((1 / rank_ for rank_, hit in enumerate(hits, 1) if hit), 0.0)
            row = (answerable, hits[0], question.f1.get(best, 0.0) >= RIGHT_F1, question.f1.get(best, 0.0), reciprocal)
            figures.setdefault(question.data, []).append((*row, judgement))
    return {name: _summary(rows) for name, rows in figures.items()}


def _summary(rows: Sequence[tuple[bool, bool, bool, float, float, Judgement]]) -> dict[str, float | None]:
    answerable, hit, right, f1, reciprocal = (np.array([row[place] for row in rows]) for place in range(5))
    judgements = [row[5] for row in rows]
    refused = np.array([not one.answerable for one in judgements])
    silent = np.array([one.p_no_answer for one in judgements])
    confidence = np.where(refused, silent, [one.p_right for one in judgements])
    ended_well = np.where(refused, ~answerable, answerable & right)
    figures = {
        "hit@1": mean(hit[answerable]),
        "mrr@10": mean(reciprocal[answerable]),
        "has_ans_f1": mean(f1[answerable]),
        "f1": mean(np.where(answerable, np.where(refused, 0, f1), refused)),
        "no_answer_auroc": auroc(silent, ~answerable),
        "ece": expected_calibration_error(confidence, ended_well),
        "right_and_answered": mean((right & ~refused)[answerable]),
        "silent_and_refused": mean(refused[~answerable]),
    }
    return {name: None if value is None else round(float(value), 4) for name, value in figures.items()}


def _table(asked: Sequence[Asked], weights: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Features and outcomes. *Shapes:* ``(n, len(FEATURES))``, ``(n,)``."""
    table, outcomes = np.zeros((len(asked), len(FEATURES))), np.zeros(len(asked), dtype=np.int64)
    for place, question in enumerate(asked):
        ranking = rank(question.evidence, weights)
        table[place] = question.features(ranking)
        f1 = question.f1.get(int(ranking.positions[0]))
        outcomes[place] = OUTCOMES.index("silent" if f1 is None else "right" if f1 >= RIGHT_F1 else "wrong")
    return table, outcomes


def _numbers(values: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(round(float(value), 6) for value in values)


if __name__ == "__main__":
    main()
