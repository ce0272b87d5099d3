"""A question with its gold answers, the set of them, and how one row of a file becomes one, or is reported."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from index.article import Article, load_article
from index.errors import QuestionError
from qa.answer import Span
from qa.question import check_question


@dataclass(frozen=True, slots=True)
class GoldAnswer:
    """One acceptable answer: `article.text[start : start + len(text)] == text`."""

    text: str
    start: int


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier question of the same conversation, and its answer; None where it was refused."""

    question: str
    answer: str | None


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its gold answers; none means that the article does not say.

    `paragraph` is the gold paragraph in the article's text: the one a SQuAD question stands under, or the block in which
    the first gold answer of a JSONL row starts. None where there is none, that is, for an unanswerable JSONL row.
    `history` are the turns before it, oldest first, where it is a turn of a conversation. `kind` is what sort of question
    it is, if its row says so or it was made of another; `of` the id of that other one, which it asks in other words.
    Neither has a part in any score.
    """

    id: str
    text: str
    article_id: str
    answers: tuple[GoldAnswer, ...]
    paragraph: Span | None
    kind: str | None = None
    of: str | None = None
    history: tuple[Turn, ...] = ()

    @property
    def answerable(self) -> bool:
        return bool(self.answers)


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file of questions as it was read; `sha256` is that of its bytes, before any unzipping."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Dataset:
    """Articles and the questions asked of them, both in the order of the files."""

    articles: tuple[Article, ...]
    questions: tuple[Question, ...]
    files: tuple[DataFile, ...]


@dataclass(slots=True)
class Collector:
    """What has been read so far, over all files; the two readers (`squad_json.py`, `jsonl.py`) add to it."""

    articles: list[Article] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    _seen: dict[str, str] = field(default_factory=dict)
    _article_ids: set[str] = field(default_factory=set)
    _by_path: dict[Path, Article] = field(default_factory=dict)

    def problem(self, place: str, reason: str) -> None:
        self.problems.append(f"{place}: {reason}")

    def add_article(self, article: Article) -> Article:
        """`article` under an id of its own: a second "Wound healing" becomes "Wound healing (2)"."""
        article_id, number = article.id, 1
        while article_id in self._article_ids:
            number += 1
            article_id = f"{article.id} ({number})"
        self._article_ids.add(article_id)
        numbered = replace(article, id=article_id)
        self.articles.append(numbered)
        return numbered

    def add_article_file(self, path: Path) -> Article:
        """The article in `path`, which is one article however many rows of however many files name it.

        :raises ArticleError: it cannot be read, or is no article.
        """
        path = path.resolve()
        if path not in self._by_path:
            self._by_path[path] = self.add_article(load_article(path))
        return self._by_path[path]

    def add_question(
        self, place: str, row: dict[str, Any], article: Article | None, start_key: str, paragraph: Span | None = None
    ) -> None:
        """Add the question of `row`, or report everything that is wrong with it.

        :param article: the article it is asked of; None when that has been reported, so that the rest still is.
        :param start_key: what the row calls an answer's offset, which counts from the start of `paragraph`, if given.
        """
        answers, reasons = _gold_answers(row, start_key, paragraph.start if paragraph else 0)
        reasons += [reason for reason in (self._id_problem(row.get("id"), place), _question_problem(row)) if reason]
        history, faults = _history(row)
        reasons += faults
        impossible = row.get("is_impossible")
        if isinstance(impossible, bool) and impossible == bool(row.get("answers")):
            reasons.append(f"is_impossible: found {impossible} and {len(answers)} answers; expected them to agree")
        if article:
            whole = paragraph or Span(0, len(article.text))
            reasons += [reason for answer in answers if (reason := _mismatch(answer, article.text, whole))]
        for reason in reasons:
            self.problem(place, reason)
        if article and not reasons:
            home = paragraph or _block_of(article, answers)
            kind, of = (row[key] if isinstance(row.get(key), str) else None for key in ("kind", "of"))
            self.questions.append(
                Question(row["id"], row["question"], article.id, tuple(answers), home, kind, of, history)
            )

    def _id_problem(self, identity: object, place: str) -> str | None:
        if not isinstance(identity, str) or not identity.strip():
            return f"id: found {shown(identity)}; expected text"
        if not identity.isprintable():
            return f"id: found {shown(identity)}; expected no control character and no line end"
        if identity in self._seen:
            return f"id: {shown(identity)} was used before, at {self._seen[identity]}; expected an id of its own"
        self._seen[identity] = place
        return None


def _question_problem(row: dict[str, object]) -> str | None:
    """Why the row's question cannot be asked, or None."""
    try:
        check_question(row.get("question"))
    except QuestionError as error:
        return f"question: {error}"
    return None


def _history(row: dict[str, object]) -> tuple[tuple[Turn, ...], list[str]]:
    """The turns before a row's question, none where it names none, and what is wrong with their form."""
    listed = row.get("history", [])
    if not isinstance(listed, list):
        return (), [f"history: found {shown(listed)}; expected a list of turns, oldest first"]
    turns, reasons = [], []
    for number, turn in enumerate(listed):
        match turn:
            case {"question": str(question), "answer": str() | None as answer} if question.strip():
                turns.append(Turn(question, answer))
            case _:
                reasons.append(
                    f'history[{number}]: found {shown(turn)}; expected {{"question": text, "answer": text or null}}'
                )
    return tuple(turns), reasons


def _gold_answers(row: dict[str, object], start_key: str, offset: int) -> tuple[list[GoldAnswer], list[str]]:
    """The answers of a row, moved by `offset` code points, and what is wrong with their form."""
    listed = row.get("answers")
    if not isinstance(listed, list):
        return [], [
            f"answers: found {shown(listed)}; expected a list, [] for a question that the article does not answer"
        ]
    answers, reasons = [], []
    for number, answer in enumerate(listed):
        text = answer.get("text") if isinstance(answer, dict) else None
        start = answer.get(start_key) if isinstance(answer, dict) else None
        if not isinstance(text, str) or not text.strip():
            reasons.append(f"answers[{number}]: found the text {shown(text)}; expected words of the article")
        elif not isinstance(start, int) or isinstance(start, bool) or start < 0:
            reasons.append(f"answers[{number}]: found {start_key} {shown(start)}; expected an offset in code points")
        else:
            answers.append(GoldAnswer(text, start + offset))
    return answers, reasons


def shown(value: object) -> str:
    """A value in a message, cut short."""
    form = "nothing" if value is None else repr(value)
    return form if len(form) <= 60 else f"{form[:57]}..."


def _mismatch(answer: GoldAnswer, text: str, within: Span) -> str | None:
    """Why `answer` is not where it says it is, or None; offsets in the message count from the start of `within`."""
    found = text[answer.start : min(answer.start + len(answer.text), within.end)]
    if found == answer.text:
        return None
    place = text.find(answer.text, within.start, within.end)
    hint = "and the text does not hold it" if place < 0 else f"it first stands at {place - within.start}"
    return f"answer {shown(answer.text)}: found {shown(found)} at {answer.start - within.start}; {hint}"


def _block_of(article: Article, answers: Sequence[GoldAnswer]) -> Span | None:
    if not answers:
        return None
    block = next((block for block in article.blocks if block.start <= answers[0].start < block.end), None)
    return Span(block.start, block.end) if block else None
