"""Stand-ins for a pipeline that wait, fail or answer at once on demand, which the real one does not."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from qa.answer import Answer, Models
from qa.courtesy import courtesy_reply
from qa.settings import load_settings


def answering(answer: Callable[..., Answer], **more: Any) -> SimpleNamespace:
    """What the doors ask of a pipeline, with `answer` in its place."""
    return SimpleNamespace(answer=answer, settings=load_settings(), **more)


def reply(question: str) -> Answer:
    """An Answer to anything, at no cost; its question tells whose it is."""
    return courtesy_reply(question, "greeting", Models(encoder="none", reader="none"))
