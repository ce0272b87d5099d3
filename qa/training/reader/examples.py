"""Training examples: rows become token windows, hard negatives are added, and all of it is cached as one .npz file.

An example is one model input, `[CLS] question [SEP] window of the context [SEP]`, with the spans in it that answer.
"""

import hashlib
import json
import logging
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import IntEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from index.errors import DataError
from index.lexical import ANALYZER
from qa.followup.history import ANSWER_WORDS, QUESTION_WORDS, TURNS
from qa.training.reader import recipe
from qa.training.reader.altered import altered_rows
from qa.training.reader.negatives import mine_negatives
from qa.training.reader.rows import Row, read_rows, sample_rows
from qa.training.reader.spans import Tokens, answer_spans, room, token_spans, tokenize, windows
from qa.training.reader.talks import followed_rows
from qa.training.reader.written import written_rows

log = logging.getLogger(__name__)

CLS, SEP = 101, 102
"""Of BERT's uncased vocabulary, which the packaged encoder has."""

_FORMAT = 7  # raise when examples are made in another way: an older cache is then not read
_DECIDING = (
    *("MAX_TOKENS", "MAX_QUESTION_TOKENS", "STRIDE_TOKENS", "MAX_SPANS", "FIRST_OCCURRENCE_SOURCES", "MIN_GROUP"),
    *("GENERIC_SOURCES", "MIN_QUESTION_TERMS", "HARD_CANDIDATES", "HARD_POOL"),
    *("MIN_SENTENCES", "LOOSELY_CAPITAL_SOURCES", "WRITTEN_TIMES"),
    *("WHOLE_SHARE", "LOWER_SHARE", "EARLIER_SHARE"),
)
"""What of the recipe decides the examples."""


class Kind(IntEnum):
    """Why an example is there."""

    POSITIVE = 0  # it holds an answer
    UNANSWERABLE = 1  # of a row without answers
    WINDOW = 2  # of an answerable row's long context, a window without its answers
    HARD = 3  # another passage, near the question
    ALTERED = 4  # of an answerable row that was changed so that nothing answers


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """n examples, flat: example i's tokens are `tokens[bounds[i]:bounds[i + 1]]`.

    *Shapes:* tokens (total,) uint16; bounds (n + 1,) int64; context_starts (n,) int16, position of the context's first
    token; spans (n, MAX_SPANS, 2) int16, positions (first, last) of the right spans, both inclusive, (-1, -1) where there
    is none; kinds (n,) int8, of `Kind`.
    """

    tokens: NDArray[np.uint16]
    bounds: NDArray[np.int64]
    context_starts: NDArray[np.int16]
    spans: NDArray[np.int16]
    kinds: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.kinds)

    def lengths(self) -> NDArray[np.int64]:
        """Tokens of every example. *Shape:* (n,)"""
        return np.diff(self.bounds)


_ARRAYS = tuple(field.name for field in fields(Examples))


class ExamplesBuilder:
    """Collects examples and turns them into arrays."""

    def __init__(self) -> None:
        self._tokens: list[NDArray[np.uint16]] = []
        self._context_starts: list[int] = []
        self._spans: list[list[tuple[int, int]]] = []
        self._kinds: list[Kind] = []

    def add(self, question: Tokens, context: NDArray[np.uint16], spans: list[tuple[int, int]], kind: Kind) -> None:
        """Add one window of a context; spans are positions in it."""
        head = np.array([CLS, *question.ids[: recipe.MAX_QUESTION_TOKENS], SEP], dtype=np.uint16)
        self._tokens.append(np.concatenate((head, context, np.array([SEP], dtype=np.uint16))))
        self._context_starts.append(len(head))
        self._spans.append([(first + len(head), last + len(head)) for first, last in spans])
        self._kinds.append(kind)

    def __len__(self) -> int:
        return len(self._kinds)

    def build(self) -> Examples:
        """Everything added so far, in the order of adding; at least one example."""
        spans = np.full((len(self._kinds), recipe.MAX_SPANS, 2), -1, dtype=np.int16)
        for place, found in enumerate(self._spans):
            if found:
                spans[place, : len(found)] = found
        return Examples(
            tokens=np.concatenate(self._tokens),
            bounds=np.cumsum([0, *map(len, self._tokens)], dtype=np.int64),
            context_starts=np.array(self._context_starts, dtype=np.int16),
            spans=spans,
            kinds=np.array(self._kinds, dtype=np.int8),
        )


def build_examples(rows: Sequence[Row], tokenizer: Tokenizer, seed: int, talks: Sequence[Row] = ()) -> Examples:
    """Examples of all rows and of follow-ups behind their history, those of `talks` and those made of neighbours; then of the
    rows a hard negative and an altered row for each that has one; an epoch draws from those.

    :raises DataError: no row gives an example.
    """
    rng = np.random.default_rng(seed)
    talks = [*talks, *followed_rows(rows, rng)]
    questions = tokenize(tokenizer, [row.question for row in rows])
    distinct = list(dict.fromkeys(row.context for row in (*rows, *talks)))
    contexts = dict(zip(distinct, tokenize(tokenizer, distinct), strict=True))
    builder = ExamplesBuilder()
    without = sum(
        not _add_row(builder, row, question, contexts[row.context], rng)
        for row, question in zip(rows, questions, strict=True)
    )
    asked = tokenize(tokenizer, [talk.question for talk in talks])
    for talk, question in zip(talks, asked, strict=True):
        if len(question.ids) <= recipe.MAX_QUESTION_TOKENS:  # a longer one would lose its end, which is the question
            _add_row(builder, talk, question, contexts[talk.context], rng)
    if without == len(rows):
        raise DataError(
            f"none of {without} rows gives an example: no answer is in a window of {recipe.MAX_TOKENS} tokens"
        )
    if without:
        log.info(
            "%d of %d rows give no example: their answers are longer than a window, or no tokens", without, len(rows)
        )
    for number, context in mine_negatives(rows, rng):
        _add_window(builder, questions[number], contexts[context], Kind.HARD, rng)
    altered = list(altered_rows(rows, rng))
    texts = tokenize(tokenizer, [text for row in altered for text in (row.question, row.context)])
    for question, tokens in zip(texts[::2], texts[1::2], strict=True):
        _add_window(builder, question, tokens, Kind.ALTERED, rng)
    return builder.build()


def _add_window(
    builder: ExamplesBuilder, question: Tokens, context: Tokens, kind: Kind, rng: np.random.Generator
) -> None:
    """One window of a context that does not answer, at random."""
    places = windows(len(context.ids), room(question))
    start, end = places[int(rng.integers(len(places)))]
    builder.add(question, context.ids[start:end], [], kind)


def _add_row(builder: ExamplesBuilder, row: Row, question: Tokens, context: Tokens, rng: np.random.Generator) -> bool:
    """Every window with a whole answer (at most two), and one without when the context is longer than a window.

    :returns: whether there was such a window.
    """
    spans = token_spans(context, answer_spans(row))
    holding, empty = [], []
    for start, end in windows(len(context.ids), room(question)):
        inside = [(first - start, last - start) for first, last in spans if start <= first and last < end]
        text = row.context[context.offsets[start, 0] : context.offsets[end - 1, 1]].casefold() if end > start else ""
        if inside:
            holding.append((start, end, inside))
        elif not any(answer.casefold() in text for answer, _ in row.answers):
            empty.append((start, end))
    for start, end, inside in holding[:2]:
        builder.add(question, context.ids[start:end], inside, Kind.POSITIVE)
    if empty and (holding or not row.answers):
        start, end = empty[int(rng.integers(len(empty)))]
        builder.add(question, context.ids[start:end], [], Kind.WINDOW if row.answers else Kind.UNANSWERABLE)
    return bool(holding or (empty and not row.answers))


def examples_name(source: Path, written: Path | None, tokenizer_file: Path, *, fraction: float, seed: int) -> str:
    """A name for the examples of training files: the same for the same files, tokenizer, recipe and arguments."""
    digest = hashlib.sha256(source.read_bytes() + tokenizer_file.read_bytes())
    if written:
        digest.update(written.read_bytes())
    numbers = recipe.in_force()
    told = [TURNS, QUESTION_WORDS, ANSWER_WORDS]
    digest.update(json.dumps([_FORMAT, ANALYZER, told, fraction, seed, *(numbers[name] for name in _DECIDING)]).encode())
    return digest.hexdigest()[:16]


def load_examples(
    source: Path, written: Path | None, cache: Path, tokenizer_file: Path, *, fraction: float, seed: int
) -> Examples:
    """Examples of a training file and the written rows, from the cache folder, made there first if need be (about a minute).

    :raises DataError: the training file or the cached one cannot be used.
    """
    path = cache / f"examples-{examples_name(source, written, tokenizer_file, fraction=fraction, seed=seed)}.npz"
    if not path.is_file():
        rows, talks = read_rows(source), []
        if written:
            alone, talks = (found * recipe.WRITTEN_TIMES for found in written_rows(rows, written))
            rows += alone
        rows, talks = (sample_rows(found, fraction, seed) if found else found for found in (rows, talks))
        log.info("making the examples of %d rows and %d follow-ups", len(rows), len(talks))
        examples = build_examples(rows, Tokenizer.from_file(str(tokenizer_file)), seed, talks)
        cache.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".new.npz")
        np.savez_compressed(unfinished, **{name: getattr(examples, name) for name in _ARRAYS})
        unfinished.replace(path)
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            return Examples(**{name: stored[name] for name in _ARRAYS})
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} is damaged ({error}); delete it, and it is made again") from error
