"""Reading the best passages of an article: from a retrieval to what the reader says of each sentence."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from index.store import Index
from index.units import Passage
from qa.answer import AnswerText, Span
from qa.question import search_text
from qa.reader import QUESTION_TOKENS, WINDOW_TOKENS, Reader, Reading
from qa.retriever import Retrieval
from qa.spans import SentenceSpans
from qa.windows import Window, article_windows

WORDLESS = -30.0
"""Scores of a sentence that was read and has no token of its own, being of characters that the reader drops: lower than any
that has. Its span is all of it, so that an article of nothing else can be asked, too."""

_NUMBER = re.compile(r"\W*\d[\d.,–-]*(?!\w)")

Readings = dict[Window, list[Reading]]
"""What a reader said of windows of text, for one question."""

_ARTICLES = 256  # articles whose windows are kept


@dataclass(frozen=True, eq=False)
class Evidence:
    """What was found for one question, before anything is ranked or decided.

    :param read: the passages that were read, in the order of their windows, best first.
    :param spans: for every sentence of the retrieval, what the reader says of it.
    :param window: *Shape:* ``(n,)``, int64: place of the window in which the sentence was read; -1 when it was not.
    """

    retrieval: Retrieval
    read: tuple[Passage, ...]
    spans: SentenceSpans
    window: NDArray[np.int64]


class PassageReader:
    """Reads the windows in which a retrieval's best passages stand. Safe to use from several threads."""

    def __init__(self, index: Index, reader: Reader, depth: int) -> None:
        """:param depth: how many windows are read; 0 = all."""
        self._index = index
        self._reader = reader
        self._depth = depth
        self._windows = lru_cache(maxsize=_ARTICLES)(self._article_windows)

    def has_room_for(self, question: str) -> bool:
        """Whether a reader takes in all of the question."""
        return self._reader.count_tokens([search_text(question)])[0] <= QUESTION_TOKENS

    def read(
        self,
        retrieval: Retrieval,
        told: Sequence[AnswerText] = (),
        known: Readings | None = None,
        asked: str | None = None,
    ) -> Evidence:
        """Read the best windows, a window being as good as the best sentence in it.

        :param told: earlier answers of the conversation; the same words are not the answer again.
        :param known: windows that were read with this question, which are not read again; those that are read are added.
        :param asked: what the reader is asked, None for the retrieval's question.
        """
        index = self._index
        chosen = self._best_windows(retrieval)
        stretches = [self._rows(window) for window in chosen]
        retrieval = retrieval.with_rows(stretches)
        readings = self._readings(search_text(asked or retrieval.question), chosen, {} if known is None else known)
        spans = SentenceSpans.unread(len(retrieval.order))
        place = np.full(len(retrieval.order), -1)
        rows = [retrieval.positions(own) for own in stretches]
        for number, own in enumerate(rows):
            place[own] = number
        bounds = [np.array([(one.start, one.end) for one in map(retrieval.sentence, own)]) for own in rows]
        for number, window in enumerate(chosen):
            given = [span for one in told if one.article_id == window.article_id for span in _given(one)]
            for reading in readings[window]:
                spans.take(reading, window.start, bounds[number], rows[number], given)
        for position in np.flatnonzero((place >= 0) & ~np.isfinite(spans.best)).tolist():
            sentence = retrieval.sentence(position)
            spans.best[position] = spans.mass[position] = WORDLESS
            spans.spans[position] = sentence.start, sentence.end
        read = tuple(
            index.passage(window.article_id, number)
            for window in chosen
            for number in range(window.first, window.last + 1)
        )
        return Evidence(retrieval, read, spans, place)

    def _readings(self, question: str, windows: Sequence[Window], known: Readings) -> Readings:
        """What the reader says of the windows; `known`, with what it had not."""
        fresh = [window for window in windows if window not in known]
        texts = [self._index.article(window.article_id).text[window.start : window.end] for window in fresh]
        known |= {window: [] for window in fresh}
        for reading in self._reader.read(question, texts) if fresh else ():
            known[fresh[reading.text]].append(reading)
        return known

    def _best_windows(self, retrieval: Retrieval) -> list[Window]:
        found: dict[Window, None] = {}
        for position in retrieval.order:
            sentence = retrieval.sentence(position)
            found[self._windows(sentence.article_id)[sentence.passage_id]] = None
            if len(found) == self._depth:
                break
        return list(found)

    def _rows(self, window: Window) -> tuple[int, int]:
        """Rows in the index of the window's sentences: those that belong to its passages."""
        low = self._index.passage_rows(window.article_id)[0]
        homes = self._index.passage_of
        first, last = np.searchsorted(homes, (low + window.first, low + window.last + 1))
        return int(first), int(last)

    def _article_windows(self, article_id: str) -> tuple[Window, ...]:
        """The window of each passage of the article, by the passage's id."""
        low, high = self._index.passage_rows(article_id)
        passages = self._index.passages[low:high]
        article = self._index.article(article_id)
        windows = article_windows(article, passages, self._reader.count_tokens, WINDOW_TOKENS)
        return tuple(window for window in windows for _ in range(window.first, window.last + 1))


def _given(told: AnswerText) -> list[Span]:
    """Where an earlier answer stands, and the number that it begins with, whole and in parts: of "31,400 bikes" neither
    "31,400" nor "31" is an answer of its own.
    """
    number = _NUMBER.match(told.text)
    parts = [number, *re.finditer(r"\d+", number[0])] if number else []
    return [Span(told.start, told.end), *(Span(told.start + part.start(), told.start + part.end()) for part in parts)]
