"""Ask an article a question; get the exact words that answer it, with citations, or a plain "the article does not say".

    from qa import QAPipeline

    answer = QAPipeline.load("index/built").answer("When could humans first land on Mars?")
    answer.citations[0].quote

Each name is imported when it is first used: `import qa` is instant, the models' libraries take seconds.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from index.errors import ArticleQAError
    from qa.answer import Answer, AnswerText, Citation, Span
    from qa.pipeline import QAPipeline
    from qa.settings import Settings, load_settings

__all__ = [
    "Answer",
    "AnswerText",
    "ArticleQAError",
    "Citation",
    "QAPipeline",
    "Settings",
    "Span",
    "load_settings",
]

_HOMES = {
    "Answer": "qa.answer",
    "AnswerText": "qa.answer",
    "ArticleQAError": "index.errors",
    "Citation": "qa.answer",
    "QAPipeline": "qa.pipeline",
    "Settings": "qa.settings",
    "Span": "qa.answer",
    "load_settings": "qa.settings",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(_HOMES[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
