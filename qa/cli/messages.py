"""What the command line says on stderr: complaints, what the libraries log, and what it is waiting for."""

import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from qa.cli.terminal import Terminal, printable


def complain(message: str, problems: Sequence[str] = ()) -> None:
    """One line on stderr that says what cannot be used; below it, a line each, all its `problems`, if it has such."""
    terminal = Terminal.of(sys.stderr)
    print(f"{terminal.bold('error:')} {printable(message)}", file=sys.stderr)
    for problem in problems:
        print(f"  {printable(problem)}", file=sys.stderr)


@contextmanager
def logged() -> Iterator[None]:
    """What `index` and `qa` log, as plain lines on stderr."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Printable("%(message)s"))
    loggers = [logging.getLogger(name) for name in ("index", "qa")]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(handler)


@contextmanager
def waiting(message: str) -> Iterator[None]:
    """On a terminal, `message` on stderr until the work is done, then nothing."""
    terminal = Terminal.of(sys.stderr)
    if not terminal.styled:
        yield
        return
    print(terminal.dim(message), end="", flush=True, file=sys.stderr)
    try:
        yield
    finally:
        print("\r\x1b[K", end="", flush=True, file=sys.stderr)


def drop_output() -> None:
    """Send what is still to be written to stdout nowhere: its reader is gone, and Python would complain at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Printable(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return printable(super().format(record))
