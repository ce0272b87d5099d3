"""Readers' votes as questions with gold answers, for `evaluate` and `calibrate`.

What a vote says is taken for no more than that. An answer voted up by more readers than down is gold; a refusal likewise
is a question that the article does not answer. Of a question voted down nothing is known but that what was shown is wrong:
it makes no row. Nor does one that was never voted on, one that got both an answer and a refusal voted up, one of a text
that has changed since, nor questions in a row, whose last was asked behind answers that are not kept. Such questions were
answered right when they were asked, so figures on them flatter whatever answered them: they show what a change breaks, not
how good it is.
"""

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from index.article import Article, load_article
from index.errors import ArticleError
from qa.conversation import in_a_row
from qa.feedback.reading import Row

UNVOTED: Final = "without a vote"
DOWN: Final = "voted down, so the right answer is not known"
TIED: Final = "voted up as often as down"
BOTH: Final = "with an answer and a refusal both voted up"
ROW: Final = "in a row, of which the last was asked in a conversation"
CHANGED: Final = "asked of a text that is no longer there or has changed"


@dataclass(frozen=True, slots=True)
class Export:
    """Rows in the form of `seeds/questions.jsonl`, and how many questions make none, by the reason."""

    rows: tuple[dict[str, Any], ...]
    left_out: dict[str, int]


def export(rows: Iterable[Row], articles: Sequence[Path], folder: Path) -> Export:
    """The questions of `rows` that are known to be answered right, the most asked first.

    :param articles: files of the articles that may have been asked; those that cannot be read count as gone.
    :param folder: where the rows will be kept: each names its article's file as seen from there.
    """
    files = _by_sha256(articles)
    asked: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        asked.setdefault((row.article_sha256, row.question), []).append(row)
    exported: list[dict[str, Any]] = []
    left_out: Counter[str] = Counter()
    for (sha256, question), outcomes in asked.items():
        liked = [row for row in outcomes if row.up > row.down]
        reason = _unusable(question, outcomes, liked) or (CHANGED if sha256 not in files else None)
        if reason is not None:
            left_out[reason] += 1
            continue
        path, article = files[sha256]
        gold = [row for row in liked if row.outcome == "answer"]
        if any(not article.text.startswith(row.answer, row.start) for row in gold):
            left_out[CHANGED] += 1  # only a file altered by hand: the hash says that it is the same text
            continue
        exported.append(
            {
                "id": f"feedback-{hashlib.sha256(f'{sha256} {question}'.encode()).hexdigest()[:12]}",
                "question": question,
                "article": Path(os.path.relpath(path, folder)).as_posix(),
                "answers": [{"text": row.answer, "start": row.start} for row in gold],
            }
        )
    return Export(tuple(exported), dict(left_out))


def _unusable(question: str, outcomes: Sequence[Row], liked: Sequence[Row]) -> str | None:
    """Why nothing is known of a question that got these outcomes, None when its gold answer is."""
    if in_a_row(question):
        return ROW
    if len({row.outcome for row in liked}) > 1:
        return BOTH
    if liked:
        return None
    if any(row.down > row.up for row in outcomes):
        return DOWN
    return TIED if any(row.up for row in outcomes) else UNVOTED


def _by_sha256(paths: Iterable[Path]) -> dict[str, tuple[Path, Article]]:
    found: dict[str, tuple[Path, Article]] = {}
    for path in paths:
        try:
            article = load_article(path)
        except ArticleError:
            continue  # its questions are counted as those of a text that is gone
        found.setdefault(article.sha256, (path.resolve(), article))
    return found
