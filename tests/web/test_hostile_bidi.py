"""What turns direction is closed where it ends."""

import pytest

from qa.web.bidi import closing


@pytest.mark.parametrize(
    ("text", "closed"),
    [
        ("plain, עברית too", ""),
        ("\u202eover\u202c", ""),
        ("\u202eover", "\u202c"),
        ("\u2066one \u2067two", "\u2069\u2069"),
        ("\u2066one \u202etwo\u2069", ""),
        ("\u202eone \u2066two\u202c", "\u2069\u202c"),  # inside an isolate nothing closes what was opened before it
        ("\u2069\u202c\u202b", "\u202c"),
    ],
)
def test_what_is_left_open_is_closed_in_order(text: str, closed: str) -> None:
    assert closing(text) == closed
    assert closing(text + closed) == ""
