"""The OpenAPI document, put right where FastAPI cannot know what the server sends."""

from hashlib import sha256
from typing import Any, Final

from fastapi import FastAPI
from pydantic.config import JsonDict

from qa.answer import SCHEMA_ORDER, Answer, AnswerText, Citation, Models, Span, Timings
from qa.web.problems import Problem

_REQUESTS: Final = ("AskRequest", "VoteRequest", "Turn")
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
    answer["example"] = answer_example()
