"""What a page sends of its own conversation, which is taken as untrusted: what cannot be used of it is left out."""

import json
from typing import Any

from qa.question import askable
from qa.web.answer_html import sendable

MOST_MESSAGES = 60
"""Messages of a conversation that are kept; older ones leave the page."""

MOST_TURNS = 6
"""Turns before a question that it is understood with."""

MOST_HISTORY = 60_000
"""Most characters of the turns that a client sends; more are not looked at. The longest six fit."""

Message = dict[str, str]


def kept_messages(conversation: Any) -> list[Message]:
    """The text messages in what a client sent as its conversation, the last `MOST_MESSAGES`; anything else is dropped.

    What is kept goes back to the same client only, through the sanitiser.
    """
    kept: list[Message] = []
    for message in conversation if isinstance(conversation, list) else []:
        match message:
            case {"role": "user" | "assistant" as role, "content": [{"type": "text", "text": str(text)}]}:
                kept.append({"role": role, "content": sendable(text)})
            case _:
                continue
    return kept[-MOST_MESSAGES:]


def kept_history(before: Any) -> list[dict[str, str | None]]:
    """The turns in what a client sent as those before its question, the last `MOST_TURNS`; anything else is dropped.

    :param before: JSON, a list of `{"question": text, "answer": text or null, "interpreted_as": text or null}`.
    """
    if not isinstance(before, str) or len(before) > MOST_HISTORY:
        return []
    try:
        turns = json.loads(before)
    except (ValueError, RecursionError):
        return []
    kept: list[dict[str, str | None]] = []
    for turn in turns if isinstance(turns, list) else []:
        match turn:
            case {"question": str(question), "answer": str() | None as answer, "interpreted_as": str() | None as meant}:
                pass
            case _:
                continue
        if askable(question) and (meant is None or askable(meant)):
            kept.append({"question": question, "answer": answer, "interpreted_as": meant})
    return kept[-MOST_TURNS:]
