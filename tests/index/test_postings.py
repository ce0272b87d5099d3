"""Terms put in order row by row: what bm25s makes of all of them as lists, to the bit."""

import bm25s
import numpy as np
import pytest

import index.postings
from index.lexical import K1, METHOD, B, LexicalIndex, terms
from index.postings import postings
from tests.archive import archive

TEXTS = [sentence for article in archive(30) for sentence in article.text.split(". ")] + ["", "The.", "ice ice Ice café"]


@pytest.mark.parametrize("block", [2**24, 50, 1])
def test_postings_are_those_of_bm25s(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index.postings, "_BLOCK", block)
    rows = [terms(text) for text in TEXTS]
    vocabulary = {term: number for number, term in enumerate(sorted({term for row in rows for term in row} | {""}))}
    model = bm25s.BM25(k1=K1, b=B, method=METHOD)
    model.index(([[vocabulary[term] for term in row] for row in rows], vocabulary), False, show_progress=False)
    found = postings(iter(rows), K1, B, "")
    assert found.numbers == vocabulary and found.total == model.scores["num_docs"]
    for mine, name in ((found.data, "data"), (found.rows, "indices"), (found.starts, "indptr")):
        np.testing.assert_array_equal(mine, model.scores[name])
        assert mine.dtype == model.scores[name].dtype


@pytest.mark.parametrize("rows", [[], [[]], [[], ["a"], []]])
def test_rows_without_terms(rows: list[list[str]]) -> None:
    found = postings(rows, K1, B, "")
    assert found.total == len(rows) and found.starts[-1] == len(found.data) == sum(map(len, rows))


def test_texts_are_looked_at_once() -> None:
    once = LexicalIndex.build(text for text in TEXTS)
    assert once.agrees_with(LexicalIndex.build(TEXTS))
