"""The Answer: the one result that the chat page, widget, JSON API, Python API, command line and evaluation share.

Its JSON form (`Answer.as_dict`) is the public schema, version 1. Offsets are `[start, end)` in Unicode code points of the
article's text, and `article.text[start:end]` equals the quote for every citation and span: a citation is a slice, never a
copy that could drift.
"""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

SCHEMA_VERSION = 1

Kind = Literal["answer", "no_answer", "overview", "help"]
ConfidenceLabel = Literal["high", "medium", "low"]


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of an article's text, in code points."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class AnswerText:
    """The exact words that answer; `article.text[start:end] == text`."""

    text: str
    start: int
    end: int
    article_id: str


@dataclass(frozen=True, slots=True)
class Citation:
    """One sentence of an article, quoted, with what is needed to find it again.

    `prefix`, `quote`, `suffix` form a W3C TextQuoteSelector, `start`, `end` a TextPositionSelector. `number` is the [n]
    shown to the reader, None for a nearest sentence, which is no evidence. `spans` lie inside `[start, end)`.
    `score` is the probability-like ranking score in [0, 1] of the sentence; it orders citations and means nothing else.
    `page` is the page of the PDF on which the sentence begins, from 1; None for an article without pages.
    """

    number: int | None
    article_id: str
    article_sha256: str
    title: str
    url: str | None
    published: str | None
    passage_id: int
    sentence_id: int
    start: int
    end: int
    quote: str
    prefix: str
    suffix: str
    spans: tuple[Span, ...]
    score: float
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Timings:
    """Wall-clock milliseconds of the parts of one answer."""

    retrieve: float = 0.0
    read: float = 0.0
    total: float = 0.0


@dataclass(frozen=True, slots=True)
class Models:
    """The names of the models that made an answer."""

    encoder: str
    reader: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What one question got.

    `kind` says which of the fields speak: `answer` and `overview` have citations, `no_answer` has `nearest`, `help` has
    `message`. `citations[0]` holds the answer span. `p_no_answer` is the calibrated probability that the article does not
    say; `confidence` the calibrated probability that what is shown is right. Both are None for `help` and `overview`.
    `interpreted_as` is what a follow-up was understood to ask, which means the same without the turns before it; None of a
    question that was asked by itself, or is a row of questions.

    An `overview` is `answerable`, its `answer` None: up to five sentences that were chosen, not found. They are numbered as
    they are read, in the article's order, or, of names, the most mentioned first; `score` is then a sentence's share of the
    best one's weight, and `spans` the names, figures or dates that were asked for, if any. `suggestions` are up to three
    questions that were found answerable and that neither this question nor the history has asked.
    """

    kind: Kind
    question: str
    answerable: bool
    answer: AnswerText | None
    confidence: float | None
    confidence_label: ConfidenceLabel | None
    p_no_answer: float | None
    citations: tuple[Citation, ...]
    nearest: tuple[Citation, ...]
    models: Models
    interpreted_as: str | None = None
    message: str | None = None
    suggestions: tuple[str, ...] = ()
    timings_ms: Timings = field(default_factory=Timings)
    schema_version: int = SCHEMA_VERSION

    def as_dict(self) -> dict[str, Any]:
        """The answer as the public JSON object, fields in the schema's order."""
        fields = asdict(self)
        return {name: fields[name] for name in SCHEMA_ORDER}


SCHEMA_ORDER = (
    "schema_version",
    "kind",
    "question",
    "interpreted_as",
    "answerable",
    "message",
    "answer",
    "confidence",
    "confidence_label",
    "p_no_answer",
    "citations",
    "nearest",
    "suggestions",
    "timings_ms",
    "models",
)
