"""A follow-up question in full, from the turns before it, without a language model.

A question that stands alone is left alone, whatever was said before. One that does not is read in up to `MOST` ways, of
which retrieval, reader and decision choose: rewritten by rules, and as it was typed but looked for with the words of the
question before, near the sentence that answered that one. The second needs no rule to fit: a reader sees "she" beside a name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from index.store import Index
from index.units import Sentence
from qa.answer import AnswerText
from qa.courtesy import courtesy
from qa.followup.dependence import Dependence, dependence
from qa.followup.ellipsis import completed
from qa.followup.memory import DEPTH, Turn, cited
from qa.followup.pronouns import resolved
from qa.overview import focus_of
from qa.question import askable, search_text

MOST = 2
"""Ways of understanding a question that are asked."""

AS_TYPED = 1.0
"""Log odds of being answerable that a question as it was typed must have more than its rewriting."""

UNSURE = 4.0
"""The same for a rewriting of what may stand alone."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One way of understanding a question.

    :param question: what the reader is asked, and what people are told was asked.
    :param sought: what retrieval looks for.
    :param doubt: log odds of being answerable that it must have more than a reading without doubt.
    """

    question: str
    sought: str
    doubt: float = 0.0


@dataclass(frozen=True, slots=True)
class Understood:
    """What a follow-up question asks.

    :param readings: at most `MOST`, the likeliest first.
    :param told: the answers that were given before, which are not the answer again.
    :param near: the sentence that answered the last turn that had an answer; None when there is none.
    """

    readings: tuple[Reading, ...]
    told: tuple[AnswerText, ...]
    near: Sentence | None


def understood(
    question: str, history: Sequence[Mapping[str, Any]], index: Index, article: str | None = None
) -> Understood | None:
    """What `question` asks, given the turns before it; None when it stands alone or nothing before explains it.

    :param history: the earlier turns, oldest first; one with `interpreted_as` was understood so, one without is
        understood anew from those before it.
    :param article: id of the article that is asked; None when all of the index are.
    :raises ArticleError: there is no such article.
    """
    if not history:
        return None
    asked = dependence(search_text(question))
    if asked is None:
        return None
    turns: list[Turn] = []
    sentences: list[Sentence | None] = []
    for earlier in [one for one in history[-4 * DEPTH :] if _asks(str(one["question"]))][-2 * DEPTH :]:
        full = earlier.get("interpreted_as") or _first(str(earlier["question"]), turns)
        sentences.append(cited(index, article, full, earlier["answer"]))
        turns.append(_turn(full, earlier["answer"], sentences[-1], index, article))
    near = next((one for one in reversed(sentences) if one), None)
    readings = _readings(question, asked, turns, near is not None) if turns else ()
    if not readings:
        return None
    told = tuple(
        _place(turn.answer, sentence, index)
        for turn, sentence in zip(turns, sentences, strict=True)
        if turn.answer and sentence
    )
    return Understood(readings, told, near)


def _readings(question: str, asked: Dependence, turns: Sequence[Turn], near: bool) -> tuple[Reading, ...]:
    """:param near: whether there is a sentence that it may be answered near."""
    found = next((one for one in _rewritten(asked, turns) if one != question and askable(one)), None)
    if not asked.sure:
        return (Reading(question, question), Reading(found, found, UNSURE)) if found else ()
    typed = Reading(question, f"{question} {turns[-1].question}", AS_TYPED)
    return (*([Reading(found, found)] if found else []), *([typed] if near else []))


def _asks(question: str) -> bool:
    """Whether a follow-up may be about a turn: a greeting or "What is this about?" leaves nothing to point at."""
    return askable(question) and courtesy(question) is None and focus_of(question) is None


def _place(answer: str, sentence: Sentence, index: Index) -> AnswerText:
    start = sentence.start + index.text(sentence).index(answer)
    return AnswerText(answer, start, start + len(answer), sentence.article_id)


def _first(question: str, turns: Sequence[Turn]) -> str:
    """An earlier question in full, as far as the turns before it tell."""
    asked = dependence(search_text(question)) if turns else None
    found = _rewritten(asked, turns) if asked else []
    return found[0] if found else question


def _rewritten(asked: Dependence, turns: Sequence[Turn]) -> list[str]:
    return completed(asked, turns) if asked.fragment else resolved(asked, turns)


def _turn(question: str, answer: str | None, sentence: Sentence | None, index: Index, article: str | None) -> Turn:
    home = sentence.article_id if sentence else article
    asked = index.article(home) if home is not None else None
    return Turn(
        question,
        answer,
        sentence=index.text(sentence) if sentence else None,
        article=asked.text if asked else None,
        title=asked.title if asked else None,
    )
