"""What the pipeline thinks of one question, before anything is composed for a reader to see."""

from dataclasses import dataclass

from index.units import Passage, Sentence
from qa.answer import AnswerText, Span


@dataclass(frozen=True, slots=True)
class RankedSentence:
    """A sentence and the answer in it.

    :param score: in [0, 1]: how the ranking shares certainty out among the sentences, 1 in all.
    :param span: the words that answer; None where the reader holds it likelier that nothing in its window does.
    """

    sentence: Sentence
    score: float
    span: Span | None


@dataclass(frozen=True, slots=True)
class Prediction:
    """Ranking, best span and decision for one question.

    :param ranked: the best sentences, best first, whatever the decision; `ranked[0]` holds `best`.
    :param best: the span that would be the answer, whatever the decision.
    :param read: the passages that the reader read; a sentence outside them cannot be answered with.
    :param p_no_answer: calibrated probability that the article does not say.
    :param p_right: calibrated probability that `best` answers.
    :param answerable: the decision.
    :param articles: ids of the articles that retrieval found, by the best sentence of each.
    :param interpreted_as: what a follow-up was understood to ask: a question that means the same by itself; None when
        `question` was asked by itself, or is a row of questions.
    """

    question: str
    ranked: tuple[RankedSentence, ...]
    best: AnswerText
    read: tuple[Passage, ...]
    p_no_answer: float
    p_right: float
    answerable: bool
    articles: tuple[str, ...] = ()
    retrieve_ms: float = 0.0
    read_ms: float = 0.0
    interpreted_as: str | None = None
