"""What is wrong with a store: its owner reads it in the log, whoever asks is told neither where the store is nor why."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from index.errors import IndexFault, StoreUnavailable

AGAIN: Final = 60.0
"""Seconds after which the same words go to the log again: every question may run into them."""

_MOST_WORDS: Final = 1_000
"""Faults that are remembered: each damaged article has its own."""

log = logging.getLogger(__name__)


class ArticlesAway(StoreUnavailable):
    """The articles cannot be had just now; the log says why, and these words are for readers."""

    def __init__(self) -> None:
        super().__init__("The articles cannot be reached just now. Please ask again in a moment.")


_said: dict[str, float] = {}  # what was logged, and when


@contextmanager
def told() -> Iterator[None]:
    """What a store cannot give, or gave damaged, is told in the log, once in `AGAIN` seconds.

    :raises ArticlesAway: so it was.
    """
    try:
        yield
    except ArticlesAway:  # told already
        raise
    except IndexFault as error:
        _tell(str(error))
        raise ArticlesAway from error


def _tell(words: str) -> None:
    now = time.monotonic()
    if now - _said.get(words, -AGAIN) < AGAIN:
        return
    if len(_said) >= _MOST_WORDS:
        _said.clear()
    _said[words] = now
    log.warning("%s", words)
