"""The OpenAPI document, put right where FastAPI cannot know what the server sends."""

from typing import Any, Final

from fastapi import FastAPI

from qa.answer import SCHEMA_ORDER
from qa.settings import Settings
from qa.web.examples import answer_example, refusal_example
from qa.web.problems import Problem, problem_example
from qa.web.request_ids import HEADER

_REQUESTS: Final = ("AskRequest", "BatchRequest", "VoteRequest", "Turn")
"""Schemas of what is sent to the server: only there may a field that has a default be left out."""

_HEADERS: Final[dict[str, dict[str, Any]]] = {
    HEADER: {
        "description": "the request's id: the UUID that the client sent under this name, else a new one",
        "schema": {"type": "string", "format": "uuid"},
        "required": True,
    },
    "ETag": {
        "description": "names what was sent; given back as If-None-Match, it gets 304 until that has changed",
        "schema": {"type": "string"},
        "required": True,
    },
    "Retry-After": {
        "description": "seconds after which asking again is worth it",
        "schema": {"type": "integer", "minimum": 1},
        "required": True,
    },
}


class DescribedAPI(FastAPI):
    """FastAPI, whose document lists problems as they are sent, the fields that what is sent always has, and the limits."""

    def __init__(self, *, settings: Settings, **options: Any) -> None:
        super().__init__(**options)
        self.settings = settings

    def openapi(self) -> dict[str, Any]:
        """The document, made once."""
        if self.openapi_schema is None:
            document = super().openapi()
            _complete(document["components"]["schemas"])
            _limit(document["components"]["schemas"], self.settings)
            document["components"]["headers"] = _HEADERS
            for operations in document["paths"].values():
                for operation in operations.values():
                    _complete_operation(operation)
            self.openapi_schema = document
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
    schemas["BatchAnswers"]["example"] = {"answers": [answer_example(), problem_example(422)]}


def _limit(schemas: dict[str, Any], settings: Settings) -> None:
    """Say how long what is sent may be."""
    asked, batch = schemas["AskRequest"]["properties"], schemas["BatchRequest"]["properties"]
    asked["question"]["description"] += f", at most {settings.question_length:,} characters"
    asked["history"]["maxItems"] = settings.history_turns
    batch["questions"]["maxItems"] = settings.batch


def _complete_operation(operation: dict[str, Any]) -> None:
    """Name the headers of each response, and give the routes that answer one question an answer and a refusal to show."""
    for status, response in operation["responses"].items():
        names = [HEADER]
        if "304" in operation["responses"] and status in ("200", "304"):
            names.append("ETag")
        if status in ("429", "503"):
            names.append("Retry-After")
        response["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
    for kind in operation["responses"].get("200", {}).get("content", {}).values():
        if kind["schema"].get("$ref", "").endswith("/Answer"):
            kind["examples"] = {
                "answer": {"summary": "The article says", "value": answer_example()},
                "no_answer": {"summary": "The article does not say", "value": refusal_example()},
            }
