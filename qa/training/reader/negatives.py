"""Hard negatives: passages near a question that do not hold its answer."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from index.lexical import LexicalIndex, terms
from qa.training.reader import recipe
from qa.training.reader.rows import Row


def mine_negatives(rows: Sequence[Row], rng: np.random.Generator) -> Iterator[tuple[int, str]]:
    """(row number, context) pairs: for an answerable row, a passage near its question (BM25) that lacks all its answers.

    Passages come from the row's article, or from its whole source when the article has fewer than MIN_GROUP of them. A
    row has none when its question is too vague, or no passage that shares a word with it lacks the answer.
    """
    for contexts, members in _groups(rows):
        index = LexicalIndex.build(contexts)
        words = [frozenset(terms(context)) for context in contexts]
        for number in members:
            row = rows[number]
            if len(set(terms(row.question))) < recipe.MIN_QUESTION_TERMS:
                continue
            scores = index.scores([row.question])[0]
            best = np.argsort(-scores, kind="stable")[: recipe.HARD_CANDIDATES]
            near = [int(place) for place in best if scores[place] > 0]
            lacking = [place for place in near if lacks(row.answers, contexts[place], words[place])][: recipe.HARD_POOL]
            if lacking:
                yield number, contexts[lacking[int(rng.integers(len(lacking)))]]


def lacks(answers: Sequence[tuple[str, int]], context: str, words: frozenset[str]) -> bool:
    """Whether a passage holds none of the answers: neither the string nor half of the answer's content words.

    :param words: the passage's terms.
    """
    folded = context.casefold()
    for text, _ in answers:
        said = frozenset(terms(text))
        if text.casefold() in folded or (said and len(said & words) * 2 >= len(said)):
            return False
    return True


def _groups(rows: Sequence[Row]) -> Iterator[tuple[list[str], list[int]]]:
    """(distinct contexts, numbers of the rows to find negatives for), by article, or by source where articles are small."""
    contexts: dict[tuple[str, ...], dict[str, None]] = defaultdict(dict)
    for row in rows:
        contexts[row.source, row.article][row.context] = None
        contexts[row.source,][row.context] = None
    members: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        if row.answers and row.source not in recipe.GENERIC_SOURCES:
            large = len(contexts[row.source, row.article]) >= recipe.MIN_GROUP
            members[(row.source, row.article) if large else (row.source,)].append(number)
    for key, numbers in members.items():
        if len(contexts[key]) >= recipe.MIN_GROUP:
            yield list(contexts[key]), numbers
