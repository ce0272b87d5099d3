"""Questions over articles that are silent on some: whole articles cut into short ones, every other paragraph withheld.

A question on a paragraph that was kept is answerable, one on a paragraph that was withheld is not, unless a gold answer's
words still stand in what was kept (such a question is left out). Both kinds are on topic, and the article really is silent.
The lengths vary, from a news item to a long encyclopaedia article, since scores depend on how much there is to compare.
"""

import gzip
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LENGTHS = (3, 5, 8, 12, 20, 40)
"""Paragraphs kept of one cut."""

_FEWEST_CONTEXTS = 8  # of an article that is worth cutting


@dataclass(frozen=True, slots=True)
class Question:
    """A question and where its gold answers start: (paragraph, code point in it); none when the article is silent."""

    text: str
    gold: tuple[tuple[int, int], ...]


@dataclass(slots=True)
class CutArticle:
    """Some paragraphs of the article named `source`, and questions on it."""

    source: str
    paragraphs: list[str]
    questions: list[Question] = field(default_factory=list)


def cut_articles(path: Path, *, seed: int, per_article: int) -> list[CutArticle]:
    """The articles of many paragraphs in a training file (JSON lines, gzip), cut.

    :param per_article: at most so many questions of one article, chosen by `seed`.
    """
    chooser = random.Random(seed)  # noqa: S311 - not for secrets
    cuts: list[CutArticle] = []
    for source, rows in _articles(path).items():
        contexts = list(dict.fromkeys(row["context"] for row in rows))
        if len(contexts) >= _FEWEST_CONTEXTS:
            chosen = chooser.sample(rows, min(per_article, len(rows)))
            cuts += (cut for cut in _cuts(source, contexts, chosen, chooser) if cut.questions)
    return cuts


def _articles(path: Path) -> dict[str, list[dict[str, Any]]]:
    articles: dict[str, list[dict[str, Any]]] = {}
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if row["source"].startswith("squad"):  # the sources whose articles have many paragraphs, in order
                articles.setdefault(f"{row['source']}/{row['article']}", []).append(row)
    return articles


def _cuts(
    source: str, contexts: list[str], rows: Sequence[dict[str, Any]], chooser: random.Random
) -> Iterator[CutArticle]:
    begin = 0
    while begin < len(contexts):
        end = begin + 2 * chooser.choice(LENGTHS)
        stretch = contexts[begin:end]
        kept = stretch[::2]
        cut = CutArticle(source, kept)
        place = {context: number for number, context in enumerate(kept)}
        words = "\n\n".join(kept).casefold()
        for row in rows:
            if row["context"] in place:
                gold = tuple((place[row["context"]], answer["start"]) for answer in row["answers"])
                cut.questions.append(Question(row["question"], gold))
            elif row["context"] in stretch and not any(answer["text"].casefold() in words for answer in row["answers"]):
                cut.questions.append(Question(row["question"], ()))
        if len(kept) > 1:
            yield cut
        begin = end
