"""Several questions in one request: each is answered as it would be alone, and a bad one gets a problem in its place.

They are answered one by one, as many at a time as the workers allow: retrieving sixty of them as one batch was no faster
than one after another (7 ms a question either way, of about 60), and an answer cannot differ from that of the question
asked alone.
"""

import time
from collections.abc import Iterator
from typing import Any, Final

import anyio
from pydantic import ValidationError

from qa.pipeline import QAPipeline
from qa.web.asking import answered
from qa.web.metrics import Door
from qa.web.models import AskRequest
from qa.web.problems import FORESEEN, explained
from qa.web.workers import Busy, Workers

LONGEST: Final = 4
"""Times the time limit of one question that a batch may take: what has not been begun by then is refused."""


async def answer_one(asked: AskRequest, pipeline: QAPipeline, workers: Workers, door: Door = "api") -> dict[str, Any]:
    """The Answer as JSON.

    :raises QuestionError: the question cannot be asked.
    :raises ArticleError: there is no such article.
    :raises Busy: too many questions are waiting.
    """
    answer = await answered(
        workers,
        door,
        pipeline,
        asked.question,
        article=asked.article,
        top_k=asked.top_k,
        history=[turn.model_dump(exclude_none=True) | {"answer": turn.answer} for turn in asked.history],
    )
    return answer.as_dict()


async def answer_each(questions: list[Any], pipeline: QAPipeline, workers: Workers) -> list[dict[str, Any]]:
    """An Answer or a Problem for each, in their order.

    One batch has at most as many questions in line as there are workers, so that others' questions come between. None is
    begun later than `LONGEST` says.
    """
    longest = LONGEST * pipeline.settings.time_limit
    until = time.monotonic() + longest
    answers: list[dict[str, Any]] = [{}] * len(questions)
    left: Iterator[tuple[int, Any]] = iter(enumerate(questions))

    async def work() -> None:
        for place, asked in left:
            try:
                if time.monotonic() > until:
                    raise Busy(f"The batch has taken longer than {longest:g} seconds; please ask this one again.")
                answers[place] = await answer_one(AskRequest.model_validate(asked), pipeline, workers, "batch")
            except (ValidationError, *FORESEEN) as error:
                answers[place] = explained(error).document()

    async with anyio.create_task_group() as group:
        for _ in range(min(workers.size, len(questions))):
            group.start_soon(work)
    return answers
