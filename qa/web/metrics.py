"""What is counted for Prometheus: questions and what became of them, how long each stage took, responses.

Nothing of what was asked, nor by whom; every label has a few values, fixed here or in qa/web/routes.py.
"""

from collections.abc import Iterator
from typing import Final, Literal

from qa.answer import Answer
from qa.web.exposition import Counts, Histogram

Door = Literal["page", "api", "batch", "gradio", "mcp"]
"""Where a question came in: the chat page, `/api/v1/ask` (the widget too), `ask:batch`, Gradio's endpoint, MCP."""

Outcome = Literal["answer", "no_answer", "overview", "help", "refused", "invalid", "gone", "failed"]
"""An Answer's kind, or why there is none: too busy or too late, not to be asked so, nobody left to hear, a fault."""

BOUNDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
"""Seconds: the upper bounds of the histograms' buckets."""


class Metrics:
    """What is counted as it happens, of one crew of workers."""

    def __init__(self) -> None:
        self._questions = Counts(
            "article_qa_questions_total", "Questions, by where they came in and what became of them.", ("door", "outcome")
        )
        self._stages = Histogram(
            "article_qa_stage_seconds",
            "Seconds of an answer: wait (for a worker), retrieve, read, and total, waiting included.",
            "stage",
            BOUNDS,
        )
        self._responses = Counts(
            "article_qa_http_responses_total",
            "Responses, by route, method and status; 0 where the client left before.",
            ("route", "method", "status"),
        )

    def question(self, door: Door, outcome: Outcome) -> None:
        """Count a question."""
        self._questions.add(door, outcome)

    def stages(self, answer: Answer, *, wait: float, total: float) -> None:
        """Count the seconds of an answer."""
        observe, timings = self._stages.observe, answer.timings_ms
        observe("wait", wait)
        observe("retrieve", timings.retrieve / 1_000)
        observe("read", timings.read / 1_000)
        observe("total", total)

    def response(self, route: str, method: str, status: int) -> None:
        """Count a response; see qa/web/routes.py for the first two."""
        self._responses.add(route, method, str(status))

    def lines(self) -> Iterator[str]:
        """As Prometheus reads them."""
        for one in (self._questions, self._stages, self._responses):
            yield from one.lines()
