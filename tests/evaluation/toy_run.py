"""A small evaluation with the toy encoder and reader: the real pipeline, in a second."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from index.article import Article
from index.store import build_index
from qa.decision import FEATURES, Decision
from qa.evaluation.asking import OpenPipeline
from qa.evaluation.gates import Gate, parse_gates
from qa.evaluation.options import Options
from qa.evaluation.result import Result
from qa.evaluation.run import evaluate
from qa.pipeline import QAPipeline
from qa.prediction import Prediction
from qa.settings import Settings
from qa.verifier import load_verifier
from tests.toy import ToyEncoder, ToyReader

DATA = Path(__file__).parent / "data" / "small.json"
SETTINGS = Settings(index=Path("no index here"))

Change = Callable[[Prediction, QAPipeline], Prediction]


def coverage_decision() -> Decision:
    """Silent when the best sentence holds few of the question's terms: what suits the toy encoder's questions."""
    zeros = (0.0,) * len(FEATURES)
    weights = tuple(-8.0 if name == "coverage" else 0.0 for name in FEATURES)
    return Decision(
        encoder_fingerprint=ToyEncoder.fingerprint,
        reader_fingerprint=ToyReader.fingerprint,
        verifier_fingerprint=load_verifier().fingerprint,
        mean=zeros,
        scale=(1.0,) * len(FEATURES),
        weights=(weights, zeros, zeros),
        bias=(4.0, 0.0, -2.0),
        fitted_on="nothing, by hand",
    )


class ChangedPipeline(QAPipeline):
    """The pipeline, with one thing about each prediction changed."""

    change: Change

    def predict(self, questions: Sequence[str], *, article: str | None = None, depth: int = 10) -> list[Prediction]:
        return [self.change(one, self) for one in super().predict(questions, article=article, depth=depth)]


def opener(change: Change | None = None) -> OpenPipeline:
    def open_pipeline(articles: Sequence[Article]) -> QAPipeline:
        encoder, reader = ToyEncoder(), ToyReader()
        index = build_index(articles, encoder)
        if change is None:
            return QAPipeline(index, encoder, SETTINGS, reader=reader, decision=coverage_decision())
        pipeline = ChangedPipeline(index, encoder, SETTINGS, reader=reader, decision=coverage_decision())
        pipeline.change = change
        return pipeline

    return open_pipeline


def run(out: Path, *, open_pipeline: OpenPipeline | None = None, **options: object) -> Result:
    """An evaluation of the small set into `out`; `options` are those of `Options`."""
    chosen = replace(Options((str(DATA),), out, settings=SETTINGS), **options)  # type: ignore[arg-type]
    return evaluate(chosen, encoder=ToyEncoder(), open_pipeline=open_pipeline or opener())


def gates(*, under: Sequence[str] = (), drop: Sequence[str] = ()) -> tuple[Gate, ...]:
    return tuple(parse_gates(under, drop, oracle=False))
