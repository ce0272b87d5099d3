"""What the OpenAPI document and the documentation page show: requests, an answer, a refusal, and what problems say."""

from hashlib import sha256
from typing import Any, Final

from pydantic.config import JsonDict

from qa.answer import Answer, AnswerText, Citation, Models, Span, Timings

ASK_EXAMPLE: Final[JsonDict] = {"question": "When could humans land on Mars?", "top_k": 1, "history": []}
BATCH_EXAMPLE: Final[JsonDict] = {"questions": [{"question": "When could humans land on Mars?"}, {"question": " "}]}

IDENTITY: Final = "0b9a4dd2-4c1c-4f39-9a57-2f6f0c8b6a11"
"""A request's id."""

PROBLEM_EXAMPLES: Final[dict[int, str]] = {
    400: (
        "The body is not JSON (Expecting property name enclosed in double quotes: line 1 column 2 (char 1)); "
        'expected an object like {"question": "When?"}, as /openapi.json describes.'
    ),
    403: (
        "Another site's page may not ask this server: its Origin is 'https://blog.example.org', the request's Host "
        "'127.0.0.1:7860'. Ask from the server's own page; a proxy must pass the Host on. The server's owner can allow a "
        "site by listing its exact origin in ARTICLE_QA_ALLOWED_ORIGINS."
    ),
    404: "there is no article 'nope' in the index; it holds: article",
    409: "The article's text has changed since this was answered. Ask again, then vote on what its new text gives.",
    411: "The request has no Content-Length; send the body in one piece.",
    413: "The request's body is 70,016 bytes; at most 65,536 are read.",
    415: "The body is declared as text/plain; send JSON, with Content-Type: application/json.",
    421: (
        "The request names 'evil.example'; this server answers to localhost, and to the names listed in the environment's "
        'ARTICLE_QA_HOSTS, as in ["qa.example.org"]: open it at localhost, or list the name there.'
    ),
    422: "The question is empty. Type a question about the article.",
    429: (
        "You are asking faster than this server allows, which is 2 questions a second, and 120 at once. Please ask again in "
        "1 second."
    ),
    503: "Too many questions are waiting; please ask again in a moment.",
}
"""The details of problems, by status; a test gets each of them from the server."""

_TEXT: Final = "Humans could land as early as 2029, Musk said."
_WORDS: Final = "as early as 2029"


def answer_example() -> dict[str, Any]:
    """The answer to ASK_EXAMPLE from an article of one sentence."""
    start = _TEXT.index(_WORDS)
    end = start + len(_WORDS)
    return Answer(
        kind="answer",
        question=str(ASK_EXAMPLE["question"]),
        answerable=True,
        answer=AnswerText(_WORDS, start, end, "article"),
        confidence=0.93,
        confidence_label="high",
        p_no_answer=0.04,
        citations=(_citation(1, 0.91, (Span(start, end),)),),
        nearest=(),
        models=_MODELS,
        timings_ms=Timings(retrieve=9.1, read=14.2, total=23.4),
    ).as_dict()


def refusal_example() -> dict[str, Any]:
    """A refusal by the same article: not an error, but an Answer that says so."""
    return Answer(
        kind="no_answer",
        question="What does the rocket cost?",
        answerable=False,
        answer=None,
        confidence=0.88,
        confidence_label="high",
        p_no_answer=0.88,
        citations=(),
        nearest=(_citation(None, 0.12, ()),),
        models=_MODELS,
        timings_ms=Timings(retrieve=9.0, read=13.8, total=22.9),
    ).as_dict()


_MODELS: Final = Models(encoder="all-MiniLM-L6-v2", reader="article-qa-reader-1")


def _citation(number: int | None, score: float, spans: tuple[Span, ...]) -> Citation:
    return Citation(
        number=number,
        article_id="article",
        article_sha256=sha256(_TEXT.encode()).hexdigest(),
        title="A mission to Mars",
        url=None,
        published="2025-03-27",
        passage_id=0,
        sentence_id=0,
        start=0,
        end=len(_TEXT),
        quote=_TEXT,
        prefix="",
        suffix="",
        spans=spans,
        score=score,
    )
