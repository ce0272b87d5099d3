"""`/docs` and `/openapi.json`: the API described for people and for programs, both from the one document.

The page is made here, on the server, and needs no script: nothing is fetched from elsewhere, and its policy allows nothing
inline.
"""

import json
import shlex
from html import escape
from http import HTTPStatus
from string import Template
from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import Response

from qa.web.docs_html import code_html, fields_html, json_html, prose_html, table_html, type_html
from qa.web.examples import PROBLEM_EXAMPLES
from qa.web.head import ICON, STATIC, versioned
from qa.web.problems import problem_example
from qa.web.revalidated import revalidated

_SENT: Final = ("AskRequest", "BatchRequest", "VoteRequest", "Turn")
"""Objects that clients send, in which fields may be left out."""

_BODIES: Final = ("AskRequest", "BatchRequest", "VoteRequest")
"""Objects that stand beside their route, and not among the others."""

PROBLEM_STATUSES: Final = {str(status) for status in PROBLEM_EXAMPLES}

_ORIGIN: Final = "https://blog.example.org"


def docs_router(app: FastAPI, root_path: str | None = None) -> APIRouter:
    """The routes; `app` describes itself when the first of them is asked for, its routes being complete by then.

    :param root_path: what a proxy has put the server under.
    """
    router = APIRouter(include_in_schema=False)

    @router.get("/openapi.json")
    async def openapi(request: Request) -> Response:
        return revalidated(request, json.dumps(app.openapi(), ensure_ascii=False).encode(), "application/json")

    @router.get("/docs")
    async def docs(request: Request) -> Response:
        page = docs_html(app.openapi(), str(request.base_url).rstrip("/") + (root_path or ""))
        return revalidated(request, page.encode(), "text/html; charset=utf-8")

    return router


def docs_html(document: dict[str, Any], base: str) -> str:
    """The page for one OpenAPI document; commands in it ask the server at `base`."""
    schemas = document["components"]["schemas"]
    routes = [
        (path, method, operation)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    ]
    objects = [name for name in schemas if name not in _BODIES]
    ask = next(operation for path, _, operation in routes if path == "/api/v1/ask")
    return Template((STATIC / "docs.html").read_text("utf-8")).substitute(
        icon=versioned(ICON),
        tokens_css=versioned("tokens.css"),
        plain_css=versioned("plain.css"),
        docs_css=versioned("docs.css"),
        route_links="".join(
            f'<li><a href="#{escape(operation["operationId"])}">{escape(_short(path))}</a></li>'
            for path, _, operation in routes
        ),
        schema_links="".join(f'<li><a href="#object-{escape(name)}">{escape(name)}</a></li>' for name in objects),
        quick_start=code_html(_curl(base, "/api/v1/ask", "post", _example(ask, schemas))),
        routes="".join(_route(base, *route, schemas) for route in routes),
        schemas="".join(_object(name, schemas[name]) for name in objects),
        problems=_problems(),
        follow_up=code_html(_curl(base, "/api/v1/ask", "post", _FOLLOW_UP)),
        allow=code_html(f"ARTICLE_QA_ALLOWED_ORIGINS='[\"{_ORIGIN}\"]' python app.py"),
        keeping=code_html(f"curl -i {shlex.quote(f'{base}/api/v1/articles')} -H 'If-None-Match: \"…\"'"),
        python=code_html(_PYTHON),
        gradio=code_html(_GRADIO.replace("BASE", base)),
    )


_FOLLOW_UP: Final = {
    "question": "And when is it likelier?",
    "history": [{"question": "When could humans land on Mars?", "answer": "as early as 2029"}],
}

_PYTHON: Final = """from qa import QAPipeline

pipeline = QAPipeline.load("index/built")
answer = pipeline.answer("When could humans first land on Mars?")
print(answer.citations[0].quote)"""

_GRADIO: Final = """from gradio_client import Client

client = Client("BASE")
answer = client.predict("When could humans first land on Mars?", api_name="/ask")
print(answer["citations"][0]["quote"])"""


def _route(base: str, path: str, method: str, operation: dict[str, Any], schemas: dict[str, Any]) -> str:
    """The section of one route: what it is for, how it is asked, what it answers."""
    name = escape(operation["operationId"])
    body = _body(operation)
    parts = [
        f'<section aria-labelledby="{name}"><h2 class="route" id="{name}">',
        f'<span class="method {method}">{method.upper()}</span> {escape(path)}</h2>',
        prose_html(operation["description"]),
        code_html(_curl(base, path.replace("{article_id}", "article"), method, _example(operation, schemas))),
    ]
    if body is not None:
        parts += [f'<h3 id="object-{escape(body)}">{escape(body)}</h3>', fields_html(schemas[body], request=True)]
    parts += [*_query(operation), f"<h3>Responses</h3>{_responses(operation)}"]
    for example in _shown(operation, schemas):
        parts.append(f"<details><summary>{escape(example[0])}</summary>{json_html(example[1])}</details>")
    return "".join((*parts, "</section>"))


def _query(operation: dict[str, Any]) -> list[str]:
    """What may stand behind the question mark, as a table."""
    rows = [
        (f"<code>{escape(one['name'])}</code>", type_html(one["schema"]), escape(one["description"]))
        for one in operation.get("parameters", ())
        if one["in"] == "query"
    ]
    return ["<h3>Query</h3>", table_html(("Name", "Type", "Meaning"), rows)] if rows else []


def _responses(operation: dict[str, Any]) -> str:
    """What comes when all is well, with its headers; then the problems, each a link to what it says."""
    fine, wrong = [], []
    for status, told in operation["responses"].items():
        if status in PROBLEM_STATUSES:
            wrong.append(f'<a href="#problem-{status}">{status}</a>')
        elif status != "default":
            names = ", ".join(f"<code>{escape(header)}</code>" for header in told["headers"])
            fine.append((escape(status), escape(told["description"]), names))
    table = table_html(("Status", "Meaning", "Headers"), fine)
    return f'{table}<p class="wrong">Problems: {" ".join(wrong)}</p>'


def _object(name: str, schema: dict[str, Any]) -> str:
    return (
        f'<h3 id="object-{escape(name)}">{escape(name)}</h3>'
        f"{prose_html(schema.get('description', ''))}{fields_html(schema, request=name in _SENT)}"
    )


def _problems() -> str:
    rows = [
        (f'<span id="problem-{status}">{status}</span>', escape(HTTPStatus(status).phrase), escape(detail))
        for status, detail in PROBLEM_EXAMPLES.items()
    ]
    return f"{json_html(problem_example(422))}{table_html(('Status', 'Title', 'Detail, for one'), rows)}"


def _body(operation: dict[str, Any]) -> str | None:
    """The name of the object that the route takes."""
    if "requestBody" not in operation:
        return None
    reference: str = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    return reference.rpartition("/")[2]


def _example(operation: dict[str, Any], schemas: dict[str, Any]) -> Any:
    """A body for the route, its fields in the schema's order; None when it takes none."""
    body = _body(operation)
    if body is None:
        return None
    schema = schemas[body]
    return {name: schema["example"][name] for name in schema["properties"] if name in schema["example"]}


def _shown(operation: dict[str, Any], schemas: dict[str, Any]) -> list[tuple[str, Any]]:
    """What the route answers, each with a title."""
    content = operation["responses"].get("200", {}).get("content", {}).get("application/json", {})
    if "examples" in content:
        return [(one["summary"], one["value"]) for one in content["examples"].values()]
    schema = schemas.get(content.get("schema", {}).get("$ref", "").rpartition("/")[2], {})
    return [("Example", schema["example"])] if "example" in schema else []


def _curl(base: str, path: str, method: str, body: Any) -> str:
    """The command that asks the route, as one types it into a shell."""
    command = f"curl {shlex.quote(base + path)}"
    if method == "get":
        return command
    return f"{command} \\\n  -H 'Content-Type: application/json' \\\n  -d {shlex.quote(json.dumps(body, ensure_ascii=False))}"


def _short(path: str) -> str:
    return path.removeprefix("/api/v1").replace("{article_id}", "ID")
