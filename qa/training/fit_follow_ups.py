"""Fit the decision on follow-up questions, with the packaged decision as its prior.

    python -m qa.training.fit_follow_ups seeds/followups/dev.jsonl seeds/followups/more.jsonl seeds/followups/held.jsonl

writes `qa/models/decision/followups.json`, with figures cross-validated by article on standard output. Every way of reading a
question that does not stand alone is an example.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.encoder import Encoder, load_encoder
from index.store import build_index
from qa.conversation import understood
from qa.decision import (
    FOLLOW_UPS,
    OF_FOLLOW_UPS,
    OUTCOMES,
    Decision,
    load_decision,
    log_odds,
)
from qa.evaluation.asking import history_of, whole_articles
from qa.evaluation.datasets import load_data
from qa.evaluation.fitting import Examples, fit
from qa.evaluation.metrics import mean, token_f1
from qa.evaluation.outcome import RIGHT_F1
from qa.home import Found
from qa.pipeline import QAPipeline, features_of
from qa.ranking import span_text
from qa.reader import Reader, load_reader
from qa.verifier import load_verifier


@dataclass(frozen=True, eq=False)
class Turn:
    """A follow-up, read in several ways.

    :param features: *Shape:* ``(ways, len(OF_FOLLOW_UPS))``.
    :param outcomes: of each way, its place in `OUTCOMES`.
    """

    article: str
    features: NDArray[np.float64]
    outcomes: NDArray[np.int64]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m qa.training.fit_follow_ups", description=__doc__)
    parser.add_argument(
        "data", type=Path, nargs="+", help="files of conversations, as `python -m qa evaluate` takes them"
    )
    parser.add_argument("--out", type=Path, default=FOLLOW_UPS)
    given = parser.parse_args(arguments)
    encoder, reader = load_encoder(), load_reader()
    turns = [turn for path in given.data for turn in ask(path, encoder, reader)]
    about = f"{len(turns)} follow-ups of {', '.join(path.name for path in given.data)}"
    decision = replace(
        fit_turns(turns, about),
        encoder_fingerprint=encoder.fingerprint,
        reader_fingerprint=reader.fingerprint,
        verifier_fingerprint=load_verifier().fingerprint,
    )
    given.out.write_text(json.dumps(decision.as_dict(), indent=1) + "\n", encoding="utf-8")
    print(json.dumps({"cross-validated by article": cross_validated(turns)}, indent=1))


def ask(path: Path, encoder: Encoder, reader: Reader) -> Iterator[Turn]:
    """The questions of a file that do not stand alone."""
    dataset = load_data([str(path)])
    for sitting in whole_articles(dataset, dataset.questions):
        pipeline = QAPipeline(build_index(sitting.articles, encoder), encoder, reader=reader)
        for batch in sitting.batches:
            for question in batch.questions:
                turn = understood(question.text, history_of(question), pipeline.index, batch.article.id)
                if turn is None or turn.alone or not turn.sure:
                    continue
                found, _ = pipeline.find(turn.readings, batch.article.id, turn)
                outcomes = [_outcome(one, [answer.text for answer in question.answers]) for one in found]
                yield Turn(batch.article.id, features_of(turn, found), np.array(outcomes))


def _outcome(found: Found, golds: Sequence[str]) -> int:
    span = span_text(found.evidence, int(found.ranking.positions[0]))
    right = bool(golds) and token_f1(golds, span) >= RIGHT_F1
    return OUTCOMES.index("right" if right else "wrong" if golds else "silent")


def fit_turns(turns: Sequence[Turn], about: str = "") -> Decision:
    """The most probable decision given the turns and the packaged decision, which knows nothing of the feature added."""
    packaged = load_decision()
    prior = replace(
        packaged,
        features=OF_FOLLOW_UPS,
        mean=(*packaged.mean, 0.0),
        scale=(*packaged.scale, 1.0),
        weights=tuple((*row, 0.0) for row in packaged.weights),
        fitted_on=f"{about}, from: {packaged.fitted_on}",
    )
    table = np.concatenate([turn.features for turn in turns])
    outcomes = np.concatenate([turn.outcomes for turn in turns])
    articles = np.array([turn.article for turn in turns for _ in turn.outcomes])
    return fit(prior, Examples(table, outcomes, articles))


def cross_validated(turns: Sequence[Turn]) -> dict[str, float | None]:
    """Figures of turns that are each judged by a decision fitted without their article; the likeliest way counts."""
    ended_well: list[bool] = []
    answered: list[bool] = []
    refused: list[bool] = []
    for article in sorted({turn.article for turn in turns}):
        decision = fit_turns([turn for turn in turns if turn.article != article])
        for turn in (turn for turn in turns if turn.article == article):
            judgements = decision.judge(turn.features)
            best = max(range(len(judgements)), key=lambda way: log_odds(judgements[way]))
            shown = judgements[best].answerable
            silent = bool(turn.outcomes[best] == OUTCOMES.index("silent"))
            right = bool(turn.outcomes[best] == OUTCOMES.index("right"))
            ended_well.append(silent if not shown else right)
            (refused if silent else answered).append(silent != shown if silent else shown and right)
    return {
        "turns": float(len(turns)),
        "right": mean(np.array(ended_well, dtype=float)),
        "right_and_answered": mean(np.array(answered, dtype=float)),
        "silent_and_refused": mean(np.array(refused, dtype=float)),
    }


if __name__ == "__main__":
    main()
