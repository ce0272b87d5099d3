"""A follow-up question in full, from the turns before it, without a language model.

A question that stands alone is left alone, whatever was said before; only a short one without a name or a number ("Any places
left?") that rules take for one is read behind the turns before it, too, where they were answered, and that counts only where
it is much surer. One that does not stand alone is read in up to `MOST` ways, of which retrieval, reader and decision choose:
rewritten by rules, and as it was typed, which is looked for with the words of the question before. Both are read behind the
turns before; the second needs no rule to fit: the reader learned to read so. What it then was taken to ask is told as both
questions in a row ("When did it open? → And why then?"), and such a row is asked as the conversation that it tells.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from index.store import Index
from index.units import Sentence
from qa.answer import AnswerText
from qa.courtesy import courtesy
from qa.followup.dependence import Dependence, dependence
from qa.followup.ellipsis import completed
from qa.followup.history import TURNS, with_history
from qa.followup.memory import DEPTH, Turn, cited
from qa.followup.pronouns import resolved
from qa.overview import focus_of
from qa.question import askable, search_text

MOST = 2
"""Ways of understanding a question that are asked."""

AS_TYPED = 1.0
"""Log odds of being answerable that a question as it was typed must have more than its rewriting, with a reader that was not
taught to read what was said before: it is then asked the question alone."""

SHORT, MUCH_SURER = 7, 4.0
"""Words, at most, of a question that may lean on what was said though no rule says so; and log odds of being answerable that
it must have more behind the turns before it than alone. Of the 64 follow-ups of `seeds/followups` (dev, more, held) that are
so, .703 end well, .781 with 2.0, .641 if asked alone only. Behind a turn of the same article that they do not lean on, .736,
.656 and .748 of 163 questions of squad2_dev_articles do, .641, .661 and .638 of 516 of squadshifts_wiki_dev.
"""

THEN = "→"
"""Between the questions of a row: people do not type it, so nothing else is taken for one."""

MOST_IN_A_ROW = 4
"""Questions of a row: each is asked, and costs up to three readings."""

_NAMED = re.compile(r"\s[\"“(]?[A-Z\d]")

UNSURE = 4.0
"""Log odds of being answerable that a rewriting of what may stand alone must have more than the question as it was typed."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One way of understanding a question.

    :param question: what the reader is asked.
    :param sought: what retrieval looks for.
    :param doubt: log odds of being answerable that it must have more than a reading without doubt.
    :param behind: what was said before, (question, answer) each, that the reader is told with the question.
    :param row: the question, as typed, in a row with those that it leans on; "" of one that is in full words, or where the
        row would be too long to be asked.
    """

    question: str
    sought: str
    doubt: float = 0.0
    behind: tuple[tuple[str, str | None], ...] = ()
    row: str = ""

    @property
    def meant(self) -> str:
        """What people are told was asked: means the same without the turns before it."""
        return self.row or self.question

    def asked(self, fits: Callable[[str], bool]) -> str:
        """What a reader is asked that has room for the questions that fit."""
        return with_history(self.question, self.behind, fits)


@dataclass(frozen=True, slots=True)
class Understood:
    """What a follow-up question asks.

    :param readings: at most `MOST`, the likeliest first.
    :param sure: whether it does not stand alone, or is read behind what was said.
    :param alone: whether it is asked alone, too.
    :param told: the answers that were given before, which are not the answer again.
    :param near: the sentence that answered the last turn that had an answer; None when there is none.
    """

    readings: tuple[Reading, ...]
    sure: bool
    told: tuple[AnswerText, ...]
    near: Sentence | None
    alone: bool = False


def understood(
    question: str,
    history: Sequence[Mapping[str, Any]],
    index: Index,
    article: str | None = None,
    *,
    behind: bool = True,
) -> Understood | None:
    """What `question` asks, given the turns before it; None when it stands alone or nothing before explains it.

    :param history: the earlier turns, oldest first; one with `interpreted_as` was understood so, one without is
        understood anew from those before it.
    :param article: id of the article that is asked; None when all of the index are.
    :param behind: whether the reader can be told what was said before.
    :raises ArticleError: there is no such article.
    """
    if not history:
        return None
    asked = dependence(search_text(question))
    if asked is None and not (behind and _may_lean(question)):
        return None
    turns: list[Turn] = []
    sentences: list[Sentence | None] = []
    whole = ""
    for typed, answer, meant in _single(history):
        told_in_a_row = bool(in_a_row(meant or ""))
        full = meant if meant and not told_in_a_row else _first(typed, turns)
        whole = meant or full
        sentences.append(cited(index, article, full, answer))
        turns.append(_turn(full, answer, sentences[-1], index, article))
    near = next((one for one in reversed(sentences) if one), None)
    readings: tuple[Reading, ...]
    if asked is None:
        readings = (_behind(question, turns, whole, MUCH_SURER),) if near else ()
    else:
        readings = _readings(question, asked, turns, whole, near is not None, behind) if turns else ()
    if not readings:
        return None
    told = tuple(
        _place(turn.answer, sentence, index)
        for turn, sentence in zip(turns, sentences, strict=True)
        if turn.answer and sentence
    )
    return Understood(readings, asked is None or asked.sure, told, near, alone=asked is None)


def leans(question: str) -> bool:
    """Whether a question means nothing without turns before it."""
    asked = dependence(search_text(next(iter(in_a_row(question)), question)))
    return asked is not None and asked.sure


def in_a_row(question: str) -> tuple[str, ...]:
    """The questions of a row, which are asked one after the other; none of any other question.

    >>> in_a_row("When did the bridge open? → And why then?")
    ('When did the bridge open?', 'And why then?')
    >>> in_a_row("When did the bridge open? And why then?")
    ()
    """
    parts = tuple(part.strip() for part in question.split(THEN))
    return parts if 1 < len(parts) <= MOST_IN_A_ROW and all(map(_asks, parts)) else ()


def _row(before: str, question: str) -> str:
    """`question` behind those it leans on, of more than can be asked again the first and the last; "" if that is too long."""
    parts = in_a_row(before) or (before,)
    row = f" {THEN} ".join([*parts[:1], *parts[1:][2 - MOST_IN_A_ROW :], question])
    return row if askable(row) and in_a_row(row) else ""


def _single(history: Sequence[Mapping[str, Any]]) -> list[tuple[str, str | None, str | None]]:
    """The last turns that ask something, (question, answer, what it was understood as) each: of a row, a turn for each."""
    turns: list[tuple[str, str | None, str | None]] = []
    for one in [one for one in history[-4 * DEPTH :] if _asks(str(one["question"]))][-2 * DEPTH :]:
        typed, meant = str(one["question"]), one.get("interpreted_as")
        *before, last = in_a_row(typed) or (not turns and in_a_row(meant or "")) or (typed,)
        turns += [(part, None, None) for part in before]
        turns.append((last, one["answer"], meant or (typed if before else None)))
    return turns


def _readings(
    question: str, asked: Dependence, turns: Sequence[Turn], whole: str, near: bool, behind: bool
) -> tuple[Reading, ...]:
    """:param whole: the question before, as it means the same without turns before it.
    :param near: whether there is a sentence that it may be answered near.
    """
    rewritten = (one for one in _rewritten(asked, turns) if one != question and THEN not in one)
    found = next(filter(askable, rewritten), None)
    if not asked.sure:
        return (Reading(question, question), Reading(found, found, UNSURE)) if found else ()
    if behind:
        return (*([Reading(found, found, behind=_told(turns))] if found else []), _behind(question, turns, whole))
    typed = [Reading(question, _sought(question, turns), AS_TYPED, row=_row(whole, question))] if near else []
    return (*([Reading(found, found)] if found else []), *typed)


def _may_lean(question: str) -> bool:
    return len(question.split()) <= SHORT and not _NAMED.search(question)


def _behind(question: str, turns: Sequence[Turn], whole: str, doubt: float = 0.0) -> Reading:
    return Reading(question, _sought(question, turns), doubt, _told(turns), _row(whole, question))


def _told(turns: Sequence[Turn]) -> tuple[tuple[str, str | None], ...]:
    return tuple((turn.question, turn.answer) for turn in turns[-TURNS:])


def _sought(question: str, turns: Sequence[Turn]) -> str:
    return f"{question} {turns[-1].question}"


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
