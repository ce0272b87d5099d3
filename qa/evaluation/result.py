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
    :param asked: what the questions came to, asked of the whole articles, or of all of them together.
    :param alone: of an archive, the same questions asked of their own article in it; None when that was not done.
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
    alone: Asked | None = None

    @property
    def archive(self) -> bool:
        """Whether the questions were asked of all articles together."""
        return bool(self.config.get("archive"))

    @property
    def passed(self) -> bool:
        return all(verdict.passed for verdict in self.verdicts)
