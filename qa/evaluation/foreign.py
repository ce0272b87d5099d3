"""Questions after a turn of another conversation: what stands alone must be answered as if nothing had been said."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from qa.evaluation.questions import Question, Turn


def with_foreign_history(questions: Sequence[Question], others: Sequence[Question], seed: int) -> tuple[Question, ...]:
    """`questions`, each after one turn in place of what it had: a question about another article and its first gold answer.

    Where `others` are of one article the turn is another of its questions. The same seed draws the same turns.
    """
    random = Random(f"{seed} foreign history")  # noqa: S311 (no secret)
    several = len({other.article_id for other in others}) > 1
    return tuple(replace(question, history=_turn(question, others, random, several=several)) for question in questions)


def _turn(question: Question, others: Sequence[Question], random: Random, *, several: bool) -> tuple[Turn, ...]:
    foreign = [
        other for other in others if (other.article_id != question.article_id if several else other.id != question.id)
    ]
    if not foreign:
        return ()
    drawn = random.choice(foreign)
    return (Turn(drawn.text, drawn.answers[0].text if drawn.answers else None),)
