"""BM25 over the rows of an index, and the terms that it counts. The only file that imports bm25s."""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import bm25s
import numpy as np
import Stemmer
from bm25s.stopwords import STOPWORDS_EN_PLUS
from numpy.typing import NDArray

from index.errors import IndexDamaged
from index.mapping import is_mapped

ANALYZER = f"folded words, NLTK's English stop words, Snowball English {Stemmer.version()}"
"""How a text becomes terms. An index by another analyzer is stale: its terms would meet other terms in questions."""

K1 = 1.2
B = 0.75
METHOD = "lucene"
"""A term that f of a row's l terms are, and that df of the N rows hold, adds

    log(1 + (N - df + .5) / (df + .5)) * f / (f + K1 * (1 - B + B * l / mean l))

to the row's score: "Lucene (accurate)" of Kamphuis et al., Which BM25 Do You Mean? (ECIR 2020), as bm25s computes it."""

Rows = tuple[int, int]
Among = Sequence[Rows]

_WORD = re.compile(r"\w+")
_STOP_WORDS = frozenset(STOPWORDS_EN_PLUS)
_ARRAYS = ("data", "indices", "indptr")  # a sparse matrix of what each term adds to each row's score, by term
_PARAMETERS = ("method", "idf_method", "k1", "b", "delta", "dtype", "int_dtype", "backend", "csc_backend")
_EMPTY = ""  # never a term; keeps the vocabulary of an index without any term from being empty, which bm25s cannot do


def terms(text: str) -> list[str]:
    """The content words of a text in order, repeated as often as they occur: stemmed, without case and accents.

    With these stop words (179, question words among them) BM25 puts the gold sentence first for two questions in a
    hundred more than with Lucene's 33.

    >>> terms("The Curies' DISCOVERIES, in a café")
    ['curi', 'discoveri', 'cafe']
    """
    words = [word for word in _WORD.findall(_folded(text)) if word not in _STOP_WORDS]
    # One stemmer a call (0.3 us): PyStemmer's objects are not made for use by several threads.
    stems: list[str] = Stemmer.Stemmer("english").stemWords(words)
    return stems


class LexicalIndex:
    """BM25 scores of n rows."""

    def __init__(self, model: bm25s.BM25) -> None:
        """:param model: an indexed bm25s model; use `build` or `load`."""
        self._model = model
        self._term_ids: dict[str, int] = model.vocab_dict

    def __len__(self) -> int:
        return int(self._model.scores["num_docs"])

    @classmethod
    def build(cls, texts: Sequence[str]) -> "LexicalIndex":
        """An index of `texts`, one a row; a text without any term scores 0 for every query."""
        rows = [terms(text) for text in texts]
        vocabulary = sorted({term for row in rows for term in row} | {_EMPTY})  # sorted: the same texts, the same files
        term_ids = {term: number for number, term in enumerate(vocabulary)}
        numbered = [[term_ids[term] for term in row] for row in rows]
        model = bm25s.BM25(k1=K1, b=B, method=METHOD)
        with np.errstate(invalid="ignore"):  # 0 / 0 for the mean length when no row holds a term; it is not used
            model.index((numbered, term_ids), create_empty_token=False, show_progress=False)
        return cls(model)

    def scores(self, queries: Sequence[str], rows: Rows | None = None, of: Among | None = None) -> NDArray[np.float32]:
        """BM25 scores of the rows `[lo, hi)` (all when None), in row order.

        A term that a query repeats counts as often; a query without a known term scores 0 everywhere.

        :param of: stretches of rows whose document frequencies count, as if there were no others, but for the mean length;
            None: all rows.
        :returns: *Shape:* ``(m, hi - lo)``, float32, 0 or more.
        """
        low, high = rows if rows is not None else (0, len(self))
        if not 0 <= low <= high <= len(self):
            raise IndexError(f"rows [{low}, {high}) lie outside [0, {len(self)})")
        found = np.zeros((len(queries), high - low), dtype=np.float32)
        for row, query in enumerate(queries):
            known = [self._term_ids[term] for term in terms(query) if term in self._term_ids]
            if of is None or list(of) == [(0, len(self))]:
                found[row] = self._model.get_scores_from_ids(known)[low:high]
                continue
            for number, times in Counter(known).items():
                held, added = self._of_term(number)
                inside = (held >= low) & (held < high)
                rarer = _rarity(held, of) / _rarity(held, [(0, len(self))])
                found[row, held[inside] - low] += added[inside] * np.float32(times * rarer)
        return found

    def _of_term(self, number: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The rows that hold a term, and what it adds to the score of each."""
        start, end = self._model.scores["indptr"][number : number + 2]
        return self._model.scores["indices"][start:end], self._model.scores["data"][start:end]

    def agrees_with(self, other: "LexicalIndex") -> bool:
        """Whether both give the same scores for every query, but for rounding."""
        same = self._term_ids == other._term_ids and len(self) == len(other)
        return same and all(
            mine.shape == theirs.shape and np.allclose(mine, theirs, atol=1e-5)
            for mine, theirs in ((self._model.scores[part], other._model.scores[part]) for part in _ARRAYS)
        )

    def coverage(self, queries: Sequence[str], rows: Rows | None = None, of: Among | None = None) -> NDArray[np.float32]:
        """How much of each query the rows `[lo, hi)` hold: the share of its distinct terms, weighted by inverse document
        frequency (the logarithm in `METHOD`; a term that no row holds weighs most). A query without terms is covered 0.

        :param of: as in `scores`.
        :returns: *Shape:* ``(m, hi - lo)``, float32, in [0, 1].
        """
        low, high = rows if rows is not None else (0, len(self))
        if not 0 <= low <= high <= len(self):
            raise IndexError(f"rows [{low}, {high}) lie outside [0, {len(self)})")
        of = of if of is not None else [(0, len(self))]
        found = np.zeros((len(queries), high - low), dtype=np.float32)
        for row, query in enumerate(queries):
            whole = 0.0
            for term in sorted(set(terms(query))):
                number = self._term_ids.get(term)
                held = self._of_term(number)[0] if number is not None else np.empty(0, dtype=np.int64)
                weight = _rarity(held, of)
                whole += weight
                found[row, held[(held >= low) & (held < high)] - low] += weight
            if whole:
                found[row] /= whole
        return found

    def save(self, folder: Path) -> None:
        """Write the index into `folder`, as .npy arrays without pickles and JSON; the same texts give the same bytes."""
        self._model.save(folder, allow_pickle=False, show_progress=False)

    @classmethod
    def load(cls, folder: Path) -> "LexicalIndex":
        """Read or map what `save` wrote, as `VectorIndex.load` does.

        :raises IndexDamaged: a file is missing, cut or altered.
        """
        try:
            large = any(is_mapped(path) for path in folder.glob("*.npy"))
            model = bm25s.BM25.load(folder, allow_pickle=False, load_corpus=False, mmap=large, show_progress=False)
            model.scores |= {part: np.asarray(model.scores[part]) for part in _ARRAYS}  # plain arrays, over the maps
            _refuse_unsound(model)
            return cls(model)
        # Damaged bytes make numpy's readers raise TokenError, EOFError, MemoryError and others.
        except Exception as error:
            reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
            raise IndexDamaged(f"{folder.name} is no BM25 index: a file is missing, cut or altered ({reason})") from error


def _refuse_unsound(model: bm25s.BM25) -> None:
    """:raises ValueError: the parts do not fit each other; bm25s would look beyond an array's end only when it is asked."""
    data, holders, starts = (model.scores[part] for part in _ARRAYS)
    rows, numbers = model.scores["num_docs"], model.vocab_dict.values()
    shaped = [(array.ndim, array.dtype.kind) for array in (data, holders, starts)]
    if shaped != [(1, "f"), (1, "i"), (1, "i")] or not len(starts):
        raise ValueError(f"found arrays of {shaped}")
    expected = bm25s.BM25(k1=K1, b=B, method=METHOD)
    differ = [name for name in _PARAMETERS if getattr(model, name) != getattr(expected, name)]
    if type(rows) is not int or rows < 0 or differ:
        raise ValueError(
            f"found {rows!r:.40} rows by {model.method!r:.40}, with another {' and '.join(differ) or 'count'}"
        )
    whole = len(data) == len(holders) and starts[0] == 0 and starts[-1] == len(data) and (np.diff(starts) >= 0).all()
    if not whole or (len(holders) and not 0 <= holders.min() <= holders.max() < rows):
        raise ValueError("the arrays do not fit each other")
    most = math.log(2 * rows + 2)  # a term that is in no row, and all of a row; NaN is not below it
    if len(data) and not 0 <= data.min() <= data.max() <= most:
        raise ValueError(f"found a score beyond [0, {most:.1f}]")
    if not all(type(number) is int and 0 <= number < len(starts) - 1 for number in numbers):
        raise ValueError("the vocabulary does not fit the arrays")


def _rarity(held: NDArray[np.int64], of: Among) -> float:
    """The logarithm in `METHOD`, of a term that the rows `held` hold, among the rows of some stretches."""
    rows = sum(high - low for low, high in of)
    holding = sum(int(np.count_nonzero((held >= low) & (held < high))) for low, high in of)
    return math.log(1 + (rows - holding + 0.5) / (holding + 0.5))


def _folded(text: str) -> str:
    """Lower case, compatibility forms and accents taken off, so that "Beyoncé", "Beyonce" and their NFD forms agree."""
    lowered = text.lower()
    if lowered.isascii():
        return lowered
    return "".join(mark for mark in unicodedata.normalize("NFKD", lowered) if not unicodedata.combining(mark))
