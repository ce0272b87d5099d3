"""How a server writes its log: lines for a person, or an object of JSON each, for a machine.

Whatever a client sends may get into a log. So nothing in a line can end it, begin another, or have a terminal obey:
control characters, line separators, marks that turn the direction of text, and half surrogate pairs are written out.
"""

import json
import logging
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, TextIO

from qa.settings import Settings

_OURS: Final = ("index", "qa")
_OTHERS: Final = ("uvicorn", "uvicorn.error", "gradio")
"""Loggers that may have brought a handler of their own."""

_QUIET: Final = ("qa.web.recording", "qa.web.serve")
"""What tells of every request, of which a person reads those that were slow or failed; and of start and stop."""

_UNSEEN: Final = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))
"""Unicode's categories of what is written out."""


class TextLines(logging.Formatter):
    """The message, then its fields as `name=value`; a traceback on further lines, each indented."""

    def format(self, record: logging.LogRecord) -> str:
        """One record."""
        fields: dict[str, Any] = getattr(record, "fields", {})
        line = written_out(" ".join((record.getMessage(), *(f"{name}={_word(value)}" for name, value in fields.items()))))
        told = self._traceback(record)
        return "\n".join((line, *(f"    {written_out(one)}" for one in told.split("\n")))) if told else line

    def _traceback(self, record: logging.LogRecord) -> str:
        return self.formatException(record.exc_info) if record.exc_info else ""


class JSONLines(logging.Formatter):
    """One object: `time` (UTC), `level`, `logger`, `message`, the record's fields, and a `traceback` where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """One record, in ASCII, which is how JSON writes out all the rest."""
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        told: dict[str, Any] = {
            "time": f"{moment}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            told["traceback"] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=True, default=str)


@contextmanager
def written(settings: Settings, stream: TextIO | None = None) -> Iterator[None]:
    """While the block runs, everything that is logged goes to `stream`, by default stderr, as the settings have it.

    What libraries log is told from a warning on; in text, of the requests, those that were slow or failed.
    """
    handler = logging.StreamHandler(stream)
    as_json = settings.log_format == "json"
    handler.setFormatter(JSONLines() if as_json else TextLines())
    root, changed = logging.getLogger(), [logging.getLogger(name) for name in (*_OURS, *_OTHERS)]
    before = [(logger, logger.handlers, logger.propagate, logger.level) for logger in changed]
    for logger in changed:
        logger.handlers, logger.propagate = [], True
        logger.setLevel(logging.INFO if logger.name in _OURS else logging.WARNING)
    quiet = [logging.getLogger(name) for name in _QUIET]
    for logger in quiet:
        logger.setLevel(logging.INFO if as_json else logging.WARNING)
    root.addHandler(handler)
    logging.captureWarnings(capture=as_json)
    try:
        yield
    finally:
        logging.captureWarnings(capture=False)
        root.removeHandler(handler)
        for logger in quiet:
            logger.setLevel(logging.NOTSET)
        for logger, handlers, propagate, level in before:
            logger.handlers, logger.propagate = handlers, propagate
            logger.setLevel(level)


def written_out(text: str) -> str:
    r"""`text` on one line, with what cannot be seen, or is obeyed, written out.

    >>> written_out("a\nb\x1b[31m\u202e")
    'a\\nb\\x1b[31m\\u202e'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        one.encode("unicode_escape").decode("ascii") if unicodedata.category(one) in _UNSEEN else one for one in text
    )


def _word(value: object) -> str:
    """A field's value; in quotes where it has a space in it, or could be taken for two."""
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if not text or any(one in text for one in ' "=') else text
