"""What the author of an article learns from its readers: what they asked that it does not answer, and what was voted down."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from qa.feedback.reading import Row, key

ALIKE: Final = 0.75
"""Questions are folded into one when at least this share of the words that count (`reading.key`) in either are in both."""


@dataclass(frozen=True, slots=True)
class Group:
    """Questions that ask the same in nearly the same words: the most asked one, and the others.

    `answers` are the article's words that were shown, none for refusals.
    """

    question: str
    others: tuple[str, ...]
    count: int
    up: int
    down: int
    answers: tuple[str, ...]
    last_asked: str


@dataclass(frozen=True, slots=True)
class ArticleReport:
    """What readers asked of one article; times as `2026-11-23T08:30Z`.

    `unanswered`: refused when last asked, the most asked first, those aside of which most readers say that the article does
    answer them. `wrongly_refused`: these. `wrong`: answers more often voted down than up, the most often first.
    """

    article_id: str
    questions: int
    asked: int
    answered: int
    up: int
    down: int
    first_asked: str
    last_asked: str
    unanswered: tuple[Group, ...]
    wrongly_refused: tuple[Group, ...]
    wrong: tuple[Group, ...]

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON."""
        return asdict(self)


def report(rows: Iterable[Row]) -> tuple[ArticleReport, ...]:
    """A report on each article that was asked, the most asked first. A text that has changed is the same article."""
    by_article: dict[str, list[Row]] = {}
    for row in rows:
        by_article.setdefault(row.article_id, []).append(row)
    reports = [_report(article_id, asked) for article_id, asked in by_article.items()]
    return tuple(sorted(reports, key=lambda one: (-one.asked, one.article_id)))


def _report(article_id: str, rows: Sequence[Row]) -> ArticleReport:
    latest = {row.question: row for row in sorted(rows, key=lambda row: row.last_asked)}
    refused = [row for row in rows if row.outcome == "no_answer" and latest[row.question].outcome == "no_answer"]
    wrong = [row for row in rows if row.outcome == "answer" and row.down > row.up]
    return ArticleReport(
        article_id=article_id,
        questions=len(latest),
        asked=sum(row.count for row in rows),
        answered=sum(row.count for row in rows if row.outcome == "answer"),
        up=sum(row.up for row in rows),
        down=sum(row.down for row in rows),
        first_asked=min(row.first_asked for row in rows),
        last_asked=max(row.last_asked for row in rows),
        unanswered=_by_count(_folded(row for row in refused if row.down <= row.up)),
        wrongly_refused=_by_votes(_folded(row for row in refused if row.down > row.up)),
        wrong=_by_votes(_folded(wrong)),
    )


def _folded(rows: Iterable[Row]) -> list[Group]:
    """The rows in groups; each joins the first group that its question is alike to, the most asked first."""
    groups: list[list[Row]] = []
    of_word: dict[str, list[int]] = {}  # the groups whose first question has the word, so that few are compared
    keys: list[frozenset[str]] = []
    for row in sorted(rows, key=lambda row: (-row.count, row.question)):
        words = frozenset(key(row.question))
        near = sorted({number for word in words for number in of_word.get(word, ())})
        home = next((number for number in near if _alike(words, keys[number])), None)
        if home is not None:
            groups[home].append(row)
            continue
        for word in words:
            of_word.setdefault(word, []).append(len(groups))
        keys.append(words)
        groups.append([row])
    return [_group(group) for group in groups]


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two questions ask nearly the same: one has the other's words and a few more, no number among them.

    Each with a word that the other lacks may ask of someone else, however much they share.

    >>> _alike(frozenset(("how", "old", "moon")), frozenset(("how", "old", "moon", "really")))
    True
    >>> _alike(frozenset(("when", "did", "musk", "land")), frozenset(("when", "did", "putin", "land")))
    False
    """
    if not (one <= other or other <= one):
        return False
    added = one ^ other
    return len(one & other) >= ALIKE * len(one | other) and not any(map(_holds_digit, added))


def _holds_digit(word: str) -> bool:
    return any(map(str.isdecimal, word))


def _group(rows: Sequence[Row]) -> Group:
    questions = tuple(dict.fromkeys(row.question for row in rows))
    return Group(
        question=questions[0],
        others=questions[1:],
        count=sum(row.count for row in rows),
        up=sum(row.up for row in rows),
        down=sum(row.down for row in rows),
        answers=tuple(dict.fromkeys(row.answer for row in rows if row.outcome == "answer")),
        last_asked=max(row.last_asked for row in rows),
    )


def _by_count(groups: Iterable[Group]) -> tuple[Group, ...]:
    return tuple(sorted(groups, key=lambda group: (-group.count, group.question)))


def _by_votes(groups: Iterable[Group]) -> tuple[Group, ...]:
    return tuple(sorted(groups, key=lambda group: (group.up - group.down, -group.count, group.question)))
