"""What a terminal is sent: nothing that it would obey, no line wider than it, and colour only where it is wanted."""

import io
import itertools
import os
import pty
import unicodedata
from collections.abc import Iterator
from typing import TextIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.cli.terminal import MAX_WIDTH, Terminal, cells, printable, wrap

ANYTHING = st.text(st.characters(exclude_categories=()))


@pytest.fixture
def tty(monkeypatch: pytest.MonkeyPatch) -> Iterator[TextIO]:
    """A stream to a real terminal, of a kind that has colours."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    leader, follower = pty.openpty()
    with os.fdopen(follower, "w", encoding="utf-8") as stream:
        yield stream
    os.close(leader)


@given(ANYTHING)
def test_printable_keeps_offsets_and_lets_no_control_character_through(text: str) -> None:
    shown = printable(text)
    assert len(shown) == len(text)
    assert not any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in shown)
    assert not set("\u202d\u202e") & set(shown)


def test_printable_shows_what_it_disarms() -> None:
    assert printable("\x1b]0;owned\x07 \x7f\x9b") == "␛]0;owned␇ ␡\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize("text", ["מים על הירח", "cafe\u0301 \U0001f469\u200d\U0001f680", "10\u00a0km", "\u200fאב"])
def test_printable_leaves_other_scripts_and_signs_alone(text: str) -> None:
    assert printable(text) == text


@given(ANYTHING.map(printable), st.integers(2, 30))
def test_wrap_keeps_every_word_in_order_and_every_line_in_the_width(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert all(cells(text[start:end]) <= width for start, end in lines)
    assert "".join(text[start:end] for start, end in lines).replace(" ", "") == text.replace(" ", "")
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(lines))
    assert not any(text[start:end] != text[start:end].strip(" ") for start, end in lines)


def test_wrap_breaks_a_word_longer_than_a_line() -> None:
    assert [("abcdefgh ij")[start:end] for start, end in wrap("abcdefgh ij", 3)] == ["abc", "def", "gh", "ij"]


def test_wide_and_combining_characters_are_measured_as_terminals_draw_them() -> None:
    assert [cells(text) for text in ("火星", "e\u0301", "\U0001f680", "שלום")] == [4, 1, 2, 4]


def test_a_terminal_gets_styles_and_colours(tty: TextIO) -> None:
    terminal = Terminal.of(tty)
    assert terminal.mark("2029") == "\x1b[1;30;43m2029\x1b[0m"
    assert terminal.width <= MAX_WIDTH


def test_no_color_leaves_bold_and_underline(tty: TextIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert Terminal.of(tty).mark("2029") == "\x1b[1;4m2029\x1b[0m"


def test_a_dumb_terminal_gets_plain_text(tty: TextIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert Terminal.of(tty).mark("2029") == "2029"


def test_a_pipe_gets_plain_text() -> None:
    assert Terminal.of(io.StringIO()).mark("2029") == "2029"


@pytest.mark.parametrize(("columns", "width"), [("40", 40), ("300", MAX_WIDTH), ("3", 32)])
def test_width_follows_the_terminal_within_reason(columns: str, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert Terminal.of(io.StringIO()).width == width


@pytest.mark.parametrize(("encoding", "sign"), [("utf-8", "●"), ("ascii", "#"), ("iso-8859-1", "#")])
def test_signs_are_those_that_the_stream_can_carry(encoding: str, sign: str) -> None:
    assert Terminal.of(io.TextIOWrapper(io.BytesIO(), encoding=encoding)).sign("●", "#") == sign
