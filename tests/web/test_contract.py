"""The API against its own OpenAPI document: whatever schemathesis sends, right or wrong, is answered as the document says.

Statuses, content types, bodies, headers; what does not fit is refused, what fits is not, and no error is unforeseen.
"""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from index.store import Index
from qa.pipeline import QAPipeline
from qa.settings import load_settings
from qa.web.server import create_app
from tests.toy import ToyEncoder, ToyReader
from tests.web.conftest import UNHURRIED, in_a_loop

BASE = "http://127.0.0.1:7860"
BATCH = "/api/v1/ask:batch"
OPERATIONS = [
    ("post", "/api/v1/ask"),
    ("post", BATCH),
    ("post", "/api/v1/feedback"),
    ("get", "/api/v1/articles"),
    ("get", "/api/v1/articles/{article_id}"),
    ("get", "/healthz"),
    ("get", "/readyz"),
]

load_all_checks()


@pytest.fixture(scope="module")
def described(toy_index: Index, toy_encoder: ToyEncoder, toy_reader: ToyReader) -> schemathesis.BaseSchema:
    """The document of the whole application, with models that need no time; schemathesis starts it for every request."""
    chosen = load_settings(**UNHURRIED)
    pipeline = QAPipeline(toy_index, toy_encoder, chosen, reader=toy_reader)
    app = in_a_loop(lambda: create_app(pipeline, chosen))
    return schemathesis.openapi.from_asgi("/openapi.json", app, headers={"host": "127.0.0.1"})


def test_every_operation_is_tried(described: schemathesis.BaseSchema) -> None:
    found = [(one.ok().method, one.ok().path) for one in described.get_all_operations()]
    assert sorted(found) == sorted(OPERATIONS)


@pytest.mark.parametrize(
    ("method", "path", "mode"),
    [
        (*operation, mode)
        for operation in OPERATIONS
        for mode in GenerationMode
        if mode is GenerationMode.POSITIVE or operation[0] == "post"  # the others are sent nothing that could be wrong
    ],
)
def test_what_is_sent_is_answered_as_the_document_says(
    described: schemathesis.BaseSchema, method: str, path: str, mode: GenerationMode
) -> None:
    operation = described[path][method.upper()]
    # A question of a batch that does not fit gets a problem in its place, so the batch as a whole is answered.
    excluded = [positive_data_acceptance, *([negative_data_rejection] if path == BATCH else [])]
    tried = 0

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=30,
        derandomize=True,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    def answered_as_described(case: schemathesis.Case) -> None:
        nonlocal tried
        tried += 1
        response = case.call_and_validate(base_url=BASE, excluded_checks=excluded)
        if mode is GenerationMode.POSITIVE and response.status_code != 200:
            # What fits may be refused for its words (an unknown article, a question without one), never for its form.
            assert response.status_code in (404, 422) and "errors" not in response.json(), response.text

    answered_as_described()
    assert tried > 0
