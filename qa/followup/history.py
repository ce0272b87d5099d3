"""A follow-up question as the reader is asked it: behind the turns before it."""

from collections.abc import Callable, Sequence

from qa.question import search_text

TURNS = 2
"""Earlier turns that the reader sees."""

QUESTION_WORDS, ANSWER_WORDS = 16, 10
"""Words that are kept of an earlier question and of its answer."""

UNANSWERED = "unknown"


def with_history(
    question: str, turns: Sequence[tuple[str, str | None]], fits: Callable[[str], bool] = lambda _: True
) -> str:
    """`question` behind the last turns, (question, answer or None) each, oldest first.

    :param fits: whether a reader has room for so long a question. Turns for which it has none are left out, the oldest first:
        the question comes last, and would be cut off.

    >>> with_history("And now?", [("Where did it start?", "in Lowen"), ("Who paid?", None)])
    'Where did it start? | in Lowen | Who paid? | unknown | And now?'
    """
    for told in range(min(TURNS, len(turns)), 0, -1):
        parts = [
            " ".join(search_text(text or "").replace("|", " ").split()[:most]) or UNANSWERED
            for turn in turns[-told:]
            for text, most in zip(turn, (QUESTION_WORDS, ANSWER_WORDS), strict=True)
        ]
        whole = " | ".join([*parts, question])
        if fits(whole):
            return whole
    return question
