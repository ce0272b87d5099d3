"""Questions worth asking, kept beside the index: each was asked when the index was built, and got the right answer.

They come from `questions.jsonl` beside the article's file, in its order, one of each sentence that answers, so that they
show what there is to know. An article without such a file is asked "Who or what is ...?" of the names that it mentions most.
"""

import json
import logging
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from index.article import Article
from index.generations import SUGGESTIONS, write_beside
from index.store import Index
from qa.answer import AnswerText, Span

if TYPE_CHECKING:
    from qa.pipeline import QAPipeline

MOST = 6
"""Suggestions kept of one article."""

LONGEST = 70
"""Code points of a question that is suggested; a longer one does not fit a button."""

QUESTIONS = "questions.jsonl"

_NAME = re.compile(r"(?<![.!?\"“] )(?<!^)\b[A-Z][a-z]+(?: [A-Z][a-z]+)+", re.MULTILINE)

_log = logging.getLogger(__name__)


def checked_suggestions(pipeline: "QAPipeline", paths: Iterable[Path] = ()) -> dict[str, tuple[str, ...]]:
    """At most `MOST` questions an article that the pipeline answers, by article id.

    :param paths: the files that the articles were read from; a question file is looked for beside each.
    """
    gold = _gold([path.parent / QUESTIONS for path in dict.fromkeys(paths)])
    found: dict[str, tuple[str, ...]] = {}
    for article in pipeline.index.articles:
        asked = gold.get(article.id) or {f"Who or what is {name}?": () for name in _names(article)}
        right: dict[int, str] = {}
        for prediction in pipeline.predict(
            [question for question in asked if _presentable(question)], article=article.id
        ):
            if prediction.answerable and _is_gold(prediction.best, asked[prediction.question]):
                right.setdefault(prediction.ranked[0].sentence.id, prediction.question)
        found[article.id] = tuple(right.values())[:MOST]
    return found


def save_suggestions(directory: Path, index: Index, suggestions: Mapping[str, Sequence[str]]) -> None:
    """Write the suggestions beside the index in `directory`, in one step.

    :raises IndexFault: they cannot be written.
    """
    stored = {
        article.id: {"sha256": article.sha256, "questions": list(suggestions.get(article.id, ()))}
        for article in index.articles
    }
    content = json.dumps(stored, ensure_ascii=False, indent=1) + "\n"
    write_beside(directory, SUGGESTIONS, content.encode())


def load_suggestions(directory: Path, index: Index) -> dict[str, tuple[str, ...]]:
    """The suggestions beside the index; those of an article that has changed since are left out, as is a damaged file."""
    path = directory / SUGGESTIONS
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        return {
            article.id: tuple(map(str, stored[article.id]["questions"]))
            for article in index.articles
            if article.id in stored and stored[article.id]["sha256"] == article.sha256
        }
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, KeyError) as error:
        _log.warning("%s cannot be read (%s); no questions are suggested until `python -m qa build`", path, error)
        return {}


def _gold(files: Iterable[Path]) -> dict[str, dict[str, tuple[Span, ...]]]:
    """Answerable questions and where their answers stand, by article id; rows of any other form are passed over."""
    found: dict[str, dict[str, tuple[Span, ...]]] = {}
    for path in files:
        for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
            try:
                row = json.loads(line)
                answers = tuple(
                    Span(int(answer["start"]), int(answer["start"]) + len(answer["text"])) for answer in row["answers"]
                )
                article, question = str(row["article"]), str(row["question"])
            except (ValueError, TypeError, KeyError):
                _log.warning("%s holds a line that is no question: %.80s", path, line)
                continue
            if answers:
                found.setdefault(article, {})[question] = answers
    return found


def _presentable(question: str) -> bool:
    return len(question) <= LONGEST and question.rstrip().endswith(("?", "؟", "？"))


def _is_gold(found: AnswerText, gold: Sequence[Span]) -> bool:
    """Whether the words have some in common with a gold answer, or there is none: the same answer may be cut otherwise."""
    return not gold or any(found.start < one.end and one.start < found.end for one in gold)


def _names(article: Article) -> list[str]:
    """Names of two words or more, the most frequent first, then in reading order."""
    text = "\n".join(article.text[block.start : block.end] for block in article.blocks if block.kind == "paragraph")
    return [name for name, _ in Counter(_NAME.findall(text)).most_common(2 * MOST)]
