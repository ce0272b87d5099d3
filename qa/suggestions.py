"""Questions worth asking, kept beside the index: each was asked when the index was built, and got the right answer.

They come from `questions.jsonl` beside the article's file, in its order, then from what readers asked and got answered, one
of each sentence that answers, so that they show what there is to know. An article with neither is asked "Who is ...?" and
"What is ...?" of the persons and organisations that it names most; of an archive, the first few of them.
"""

import hashlib
import json
import logging
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.article import Article
from index.generations import SUGGESTIONS, write_beside
from index.manifest import Manifest
from index.sources.files import QUESTIONS
from index.store import Index
from qa.answer import Answer, AnswerText, Span
from qa.conversation import in_a_row
from qa.decision import label
from qa.overview.names import find_names
from qa.overview.telling import leans, telling
from qa.question import folded

if TYPE_CHECKING:
    from qa.pipeline import QAPipeline

MOST = 12
"""Suggestions kept of one article: enough for some turns of a conversation."""

READERS = 4
"""Places among them that are kept for questions of readers, when there are any."""

NEXT = 3
"""Questions that are suggested after an answer."""

BY_NAME = 20
"""Articles without such questions that are asked about the names in them, the first of an index: each takes a second."""

LONGEST = 70
"""Code points of a question that is suggested; a longer one does not fit a button."""

_ELLIPSIS = re.compile(r"(?:what|how) about\b|why\W*\Z|(?:\S+ ){1,6}that\W*\Z", re.IGNORECASE)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A question worth asking, and the sentence of the article that answers it; None where that is not known."""

    question: str
    sentence_id: int | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """The suggestions of one article, and what they were chosen from.

    :param chosen_from: SHA-256 over the article, the questions that it could be asked, and the models; where it is the same,
        so are the suggestions.
    """

    suggestions: tuple[Suggestion, ...]
    chosen_from: str = ""


def checked_suggestions(
    pipeline: "QAPipeline",
    paths: Iterable[Path] = (),
    readers: Mapping[str, Sequence[str]] | None = None,
    before: Mapping[str, Checked] | None = None,
) -> dict[str, Checked]:
    """At most `MOST` questions an article that the pipeline answers, by article id.

    :param paths: the files that the articles were read from; a question file is looked for beside each.
    :param readers: what readers asked and got answered, by article id, the best first; without gold answers, so only
        those are kept that are not answered with low confidence.
    :param before: what an earlier call gave, which is not asked again.
    """
    gold = _gold(dict.fromkeys(path.parent / QUESTIONS for path in paths))
    models = f"{pipeline.encoder.fingerprint} {pipeline.reader.fingerprint} {pipeline.decision!r}"
    by_name = 0
    found: dict[str, Checked] = {}
    for article in pipeline.index.articles:
        theirs = [asked for asked in (readers or {}).get(article.id, ()) if _stands_alone(asked)]
        listed: Mapping[str, Sequence[Span]] = gold.get(article.id, {})
        if not listed and not theirs:
            by_name += 1
            if by_name > BY_NAME:
                continue
            listed = dict.fromkeys(_about_names(pipeline.index, article), ())
        chosen_from = hashlib.sha256(f"{models} {article.sha256} {listed} {theirs}".encode()).hexdigest()
        known_before = (before or {}).get(article.id)
        if known_before is not None and known_before.chosen_from == chosen_from:
            found[article.id] = known_before
            continue
        known = _answered(pipeline, article, listed)
        fresh = _answered(pipeline, article, dict.fromkeys(theirs, ()), sure=True)
        told = {suggestion.sentence_id for suggestion in known}
        fresh = [suggestion for suggestion in fresh if suggestion.sentence_id not in told][:READERS]
        found[article.id] = Checked((*known[: MOST - len(fresh)], *fresh), chosen_from)
    return found


def next_questions(suggested: Sequence[Suggestion], asked: Iterable[str | None], answer: Answer) -> tuple[str, ...]:
    """Up to `NEXT` of the questions that nobody has asked yet, those about what stands nearest to the answer first.

    :param suggested: of the article that `answer` is from.
    :param asked: the questions so far, this one among them; None is passed over.
    """
    done = {folded(question) for question in asked if question is not None}
    told = {cited.sentence_id for cited in answer.citations} if answer.kind == "answer" else set()
    fresh = [one for one in suggested if folded(one.question) not in done and one.sentence_id not in told]
    here = next((near.sentence_id for near in (*answer.citations, *answer.nearest)), None)
    if here is not None and answer.kind != "overview":
        fresh.sort(key=lambda one: math.inf if one.sentence_id is None else abs(one.sentence_id - here))
    return tuple(one.question for one in fresh[:NEXT])


def save_suggestions(
    directory: Path, index: Index, suggestions: Mapping[str, Checked], *, replaced: Manifest | None = None
) -> None:
    """Write the suggestions beside the index in `directory`, in one step.

    :param replaced: the index that is still there; what is suggested of its articles is kept, so that whoever takes up the
        one or the other at this moment finds its own.
    :raises IndexFault: they cannot be written.
    """
    stored = {}
    mine = {(article.id, article.sha256) for article in index.articles}
    theirs = {(record.id, record.sha256) for record in replaced.articles} - mine if replaced else set()
    for name, sha256, checked in _stored(directory) if theirs else ():
        if (name, sha256) in theirs:
            stored[f"{name} {sha256}"] = _row(name, sha256, checked)
    for article in index.articles:
        if (own := suggestions.get(article.id)) is not None:
            stored[article.id] = _row(article.id, article.sha256, own)
    content = json.dumps(stored, ensure_ascii=False, indent=1) + "\n"
    write_beside(directory, SUGGESTIONS, content.encode())


def _row(article: str, sha256: str, checked: Checked) -> dict[str, object]:
    questions = [asdict(one) for one in checked.suggestions]
    return {
        "article": article,
        "sha256": sha256,
        "questions": questions,
        "checksum": _checksum(questions),
        "chosen_from": checked.chosen_from,
    }


def load_suggestions(directory: Path, index: Index) -> dict[str, tuple[Suggestion, ...]]:
    """The suggestions beside the index; those of an article that has changed since are left out, as is a damaged file."""
    now = {article.id: article.sha256 for article in index.articles}
    return {name: own.suggestions for name, sha256, own in _stored(directory) if now.get(name) == sha256}


def stored_suggestions(directory: Path) -> dict[str, Checked]:
    """The suggestions beside whatever index there is or was, for `checked_suggestions`; none where they cannot be read."""
    return {name: own for name, _, own in _stored(directory)}


def _stored(directory: Path) -> list[tuple[str, str, Checked]]:
    """The suggestions, each with the id and the SHA-256 of the article that they are about; those of the last build last."""
    path = directory / SUGGESTIONS
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        return [
            (
                str(own.get("article", key)),
                str(own["sha256"]),
                Checked(_unaltered(own), str(own.get("chosen_from", ""))),
            )
            for key, own in stored.items()
        ]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        _log.warning("%s cannot be read (%s); no questions are suggested until `python -m qa build`", path, error)
        return []


def _unaltered(stored: Mapping[str, Any]) -> tuple[Suggestion, ...]:
    """:raises KeyError, TypeError, ValueError: these are no suggestions, or not those that were stored."""
    questions = stored["questions"]
    if stored.get("checksum", expected := _checksum(questions)) != expected:
        raise ValueError("the questions were altered")
    return tuple(_suggestion(row) for row in questions)


def _checksum(questions: Sequence[Mapping[str, object]]) -> str:
    return hashlib.sha256(json.dumps(questions).encode()).hexdigest()


def _suggestion(row: Mapping[str, object]) -> Suggestion:
    """:raises TypeError, ValueError: it is none."""
    match row:
        case {"question": str(question), "sentence_id": int() | None as sentence_id}:
            question.encode()  # no lone surrogates, which JSON can hold
            return Suggestion(question, sentence_id)
        case _:
            raise ValueError(f"found {row!r:.80} where a question was expected")


def _answered(
    pipeline: "QAPipeline", article: Article, asked: Mapping[str, Sequence[Span]], *, sure: bool = False
) -> list[Suggestion]:
    """Those of the questions that are presentable and get an answer, and the gold one where there is one; one a sentence.

    :param sure: leave out what is answered with low confidence.
    """
    right: dict[int, str] = {}
    for prediction in pipeline.predict([question for question in asked if _presentable(question)], article=article.id):
        doubtful = sure and label(prediction.p_right) == "low"
        if prediction.answerable and not doubtful and _is_gold(prediction.best, asked[prediction.question]):
            right.setdefault(prediction.ranked[0].sentence.id, prediction.question)
    return [Suggestion(question, sentence_id) for sentence_id, question in right.items()]


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


def _stands_alone(question: str) -> bool:
    """Whether somebody who has not seen the turns before it understands the question."""
    return not leans(question) and _ELLIPSIS.match(question) is None and not in_a_row(question)


def _is_gold(found: AnswerText, gold: Sequence[Span]) -> bool:
    """Whether the words have some in common with a gold answer, or there is none: the same answer may be cut otherwise."""
    return not gold or any(found.start < one.end and one.start < found.end for one in gold)


def _about_names(index: Index, article: Article) -> list[str]:
    """Who or what those are that the article names most."""
    names = find_names(article.text, [(own.start, own.end) for own in telling(index, article)])
    words = {"people": "Who", "organisations": "What"}
    return [f"{words[name.kind]} is {name.text}?" for name in names if name.kind in words][: 2 * MOST]
