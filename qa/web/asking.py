"""The one way from any door of the server to an answer: through the workers, counted, timed and noted for the log."""

import asyncio
import time
from typing import Any

from index.errors import ArticleError, QuestionError
from qa.answer import Answer
from qa.pipeline import QAPipeline
from qa.web.metrics import Door, Outcome
from qa.web.recording import Asked, note
from qa.web.workers import Busy, Workers


async def answered(workers: Workers, door: Door, pipeline: QAPipeline, question: str, **how: Any) -> Answer:
    """`pipeline.answer(question, **how)`, computed by `workers`.

    :raises Busy: too many others are waiting, or it has taken too long.
    :raises QuestionError: the question cannot be asked.
    :raises ArticleError: there is no such article.
    """
    begun = time.perf_counter()
    wait = 0.0

    def work() -> Answer:
        nonlocal wait
        wait = time.perf_counter() - begun
        return pipeline.answer(question, **how)

    outcome: Outcome = "failed"
    answer: Answer | None = None
    try:
        answer = await workers.run(work)
        outcome = answer.kind
    except Busy:
        outcome = "refused"
        raise
    except asyncio.CancelledError:
        outcome = "gone"
        raise
    except (QuestionError, ArticleError):
        outcome = "invalid"
        raise
    finally:
        seconds = time.perf_counter() - begun
        workers.metrics.question(door, outcome)
        if answer is not None:
            workers.metrics.stages(answer, wait=wait, total=seconds)
        p_no_answer = None if answer is None else answer.p_no_answer
        kept = question if pipeline.settings.log_questions and isinstance(question, str) else None
        note(Asked(door, outcome, seconds, wait, p_no_answer, kept), pipeline.settings)
    return answer
