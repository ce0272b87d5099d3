"""Readers' feedback over HTTP, where the owner has turned it on: the route for votes, and the record of what was asked."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Any, Final

from fastapi import APIRouter, FastAPI, HTTPException
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from index.errors import FeedbackError
from qa.answer import Answer
from qa.feedback.store import Ballot, Vote, one_line
from qa.feedback.writer import FeedbackWriter
from qa.live import Pipelines
from qa.pipeline import QAPipeline
from qa.prediction import Prediction
from qa.question import check_question
from qa.settings import Settings
from qa.web.problems import problem_responses

PATIENCE: Final = 10.0
"""Seconds that a vote waits to be written, before its voter is told that it could not be."""

CHANGED: Final = (
    "The article's text has changed since this was answered. Ask again, then vote on what its new text gives."
)

NOT_ASKED: Final = (
    "This question has not been asked of the article as its text is now. Ask it, then vote on what it gets."
)

OFF: Final = "This server keeps no feedback; its owner turns it on with ARTICLE_QA_FEEDBACK."


class VoteRequest(BaseModel):
    """A reader's vote on what a question got. It says nothing of the reader."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "question": "When could humans land on Mars?",
                "article": "article",
                "vote": "up",
                "replaces": "none",
            }
        },
    )

    question: Annotated[
        str, Field(description="the question as it was understood: the Answer's `interpreted_as`, else its `question`")
    ]
    article: Annotated[str | None, Field(description="the article's id; null is the one that it was answered from")] = (
        None
    )
    article_sha256: Annotated[
        str | None,
        Field(
            pattern=r"^[0-9a-f]{12,64}$",
            description="a citation's `article_sha256`, or how it begins: tells a text that has changed since",
        ),
    ] = None
    vote: Annotated[Vote, Field(description='"none" takes back what `replaces` names')]
    replaces: Annotated[Vote, Field(description="the same reader's earlier vote, which this one takes the place of")] = (
        "none"
    )


class RecordedPipeline(QAPipeline):
    """Another pipeline, whose answers are counted as readers' questions: what page, API and widget ask, all ask this one."""

    def __init__(self, pipeline: QAPipeline, writer: FeedbackWriter) -> None:
        vars(self).update(vars(pipeline))  # the same parts: nothing is loaded twice
        self.asked = pipeline
        self._writer = writer

    def answer(self, question: str, **how: Any) -> Answer:
        """As the other pipeline's; the answer waits for no disk."""
        answer = self.asked.answer(question, **how)
        self._writer.record(answer)
        return answer

    def predict_turn(self, question: str, history: Sequence[Mapping[str, Any]] = (), **how: Any) -> Prediction:
        """As the other pipeline's, which may find articles in a store first."""
        return self.asked.predict_turn(question, history, **how)

    def predict(self, questions: Sequence[str], **how: Any) -> list[Prediction]:
        """Likewise."""
        return self.asked.predict(questions, **how)

    def compose(self, prediction: Prediction, **how: Any) -> Answer:
        """Likewise."""
        return self.asked.compose(prediction, **how)


class RecordedPipelines:
    """Other pipelines, each recorded while it is the one in use."""

    def __init__(self, pipelines: Pipelines, writer: FeedbackWriter) -> None:
        self._pipelines = pipelines
        self._writer = writer
        self._recorded = RecordedPipeline(pipelines.current, writer)

    @property
    def current(self) -> QAPipeline:
        """The pipeline to use for a request that begins now."""
        asked = self._pipelines.current
        if self._recorded.asked is not asked:
            self._recorded = RecordedPipeline(asked, self._writer)
        return self._recorded


def open_feedback(settings: Settings) -> FeedbackWriter | None:
    """What writes to the file that the settings name; None where they name none."""
    return FeedbackWriter(settings.feedback, settings.feedback_days) if settings.feedback is not None else None


def recorded(pipelines: Pipelines, writer: FeedbackWriter | None) -> Pipelines:
    """`pipelines`, recorded when there is a writer."""
    return pipelines if writer is None else RecordedPipelines(pipelines, writer)


def feedback_router(pipelines: Pipelines, writer: FeedbackWriter | None) -> APIRouter:
    """The route for votes; when the application ends, what waits is written."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        if writer is not None:
            await asyncio.to_thread(writer.close)

    router = APIRouter(lifespan=lifespan)

    @router.post(
        "/api/v1/feedback",
        status_code=204,
        response_class=Response,
        response_description="the vote is kept",
        responses=problem_responses(400, 403, 404, 409, 411, 413, 415, 422, 429, 503),
        tags=["feedback"],
    )
    async def feedback(request: VoteRequest) -> Response:
        """Say whether what a question got helped; it has to have been asked first, and the server to keep feedback."""
        if writer is None:
            raise HTTPException(404, OFF)
        pipeline = pipelines.current
        sha256 = None
        if request.article is not None:  # a store may be slow to give it
            sha256 = (await asyncio.to_thread(pipeline.index.article, request.article)).sha256
        if sha256 is not None and not sha256.startswith(request.article_sha256 or ""):
            raise HTTPException(409, CHANGED)
        asked = one_line(check_question(request.question, pipeline.settings.question_length))
        ballot = Ballot(sha256, asked, request.vote, request.replaces)
        try:
            counted = await asyncio.wait_for(asyncio.wrap_future(writer.vote(ballot)), PATIENCE)
        except (FeedbackError, TimeoutError) as error:
            raise HTTPException(
                503,
                "The vote could not be kept; the server's log says why. Please try again later.",
                {"Retry-After": "60"},
            ) from error
        if not counted:
            raise HTTPException(404, NOT_ASKED)
        return Response(status_code=204)

    return router
