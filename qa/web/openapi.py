"""The OpenAPI document, put right where FastAPI cannot know what the server sends."""

from hashlib import sha256
from typing import Any, Final

from fastapi import FastAPI
from pydantic.config import JsonDict

from qa.answer import SCHEMA_ORDER, Answer, AnswerText, Citation, Models, Span, Timings
from qa.web.problems import Problem

_REQUESTS: Final = ("AskRequest", "Turn")
"""Schemas of what is sent to the server: only there may a field that has a default be left out."""

ASK_EXAMPLE: Final[JsonDict] = {"question": "When could humans land on Mars?", "article": None, "top_k": 1, "history": []}


class DescribedAPI(FastAPI):
    """FastAPI, whose document lists problems as they are sent, and the fields that what is sent always has."""

    def openapi(self) -> dict[str, Any]:
        """The document, made once."""
        if self.openapi_schema is None:
            self.openapi_schema = super().openapi()
            _complete(self.openapi_schema["components"]["schemas"])
        return self.openapi_schema


def _complete(schemas: dict[str, Any]) -> None:
    schemas["Problem"] = Problem.model_json_schema()
    for name, schema in schemas.items():
        if name not in _REQUESTS:
            schema["required"] = list(schema["properties"])
    schemas["Problem"]["required"].remove("errors")
    answer = schemas["Answer"]
    answer["required"] = list(SCHEMA_ORDER)
    answer["properties"] = {name: answer["properties"][name] for name in SCHEMA_ORDER}
    answer["example"] = _answer_example().as_dict()


def _answer_example() -> Answer:
    """The answer to ASK_EXAMPLE from an article of one sentence."""
    text, words = "Humans could land as early as 2029, Musk said.", "as early as 2029"
    start = text.index(words)
    end = start + len(words)
    citation = Citation(
        number=1,
        article_id="article",
        article_sha256=sha256(text.encode()).hexdigest(),
        title="A mission to Mars",
        url=None,
        published="2025-03-27",
        passage_id=0,
        sentence_id=0,
        start=0,
        end=len(text),
        quote=text,
        prefix="",
        suffix="",
        spans=(Span(start, end),),
        score=0.91,
    )
    return Answer(
        kind="answer",
        question=str(ASK_EXAMPLE["question"]),
        answerable=True,
        answer=AnswerText(words, start, end, "article"),
        confidence=0.93,
        confidence_label="high",
        p_no_answer=0.04,
        citations=(citation,),
        nearest=(),
        models=Models(encoder="all-MiniLM-L6-v2", reader="article-qa-reader-1"),
        timings_ms=Timings(retrieve=9.1, read=14.2, total=23.4),
    )
