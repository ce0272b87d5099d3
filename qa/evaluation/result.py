"""What a run came to."""

from dataclasses import dataclass
from typing import Any

from qa.evaluation.asking import Asked
from qa.evaluation.comparison import Comparison
from qa.evaluation.gates import Verdict
from qa.evaluation.summary import Value


@dataclass(frozen=True)
class Result:
    """Everything that the files, the table and the report are written from.

    :param metrics: the content of metrics.json.
    :param config: the content of config.json.
    :param asked: what the questions came to, asked of the whole articles.
    :param oracle: the same, asked of their gold paragraphs; None when that was not asked for.
    :param seconds: how long the run took, this time.
    """

    metrics: dict[str, Value]
    config: dict[str, Any]
    asked: Asked
    oracle: Asked | None
    comparison: Comparison | None
    verdicts: tuple[Verdict, ...]
    seconds: float

    @property
    def passed(self) -> bool:
        return all(verdict.passed for verdict in self.verdicts)
