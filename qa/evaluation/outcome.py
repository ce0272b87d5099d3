"""What one question came to: gold, the Answer as shown, the ranking behind it, and its scores. A row of predictions.jsonl.

A row holds enough to compute every metric again without the models; `from_row` gives back what `as_row` wrote.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from index.article import Article
from index.errors import DataError
from index.units import Sentence
from qa.answer import Answer, AnswerText, Span, Timings
from qa.evaluation import metrics
from qa.evaluation.attribution import Stage, stage_of
from qa.evaluation.questions import GoldAnswer, Question, Turn
from qa.prediction import Prediction

RIGHT_F1 = 0.5
"""F1 from which a shown answer counts as right."""


@dataclass(frozen=True, slots=True)
class GoldSentence:
    """A sentence in which a gold answer starts; `article.text[start:end] == text`."""

    id: int
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Ranked:
    """A sentence of the ranking, best first, and its score in [0, 1]."""

    sentence_id: int
    passage_id: int
    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class Scores:
    """One question's share in each metric; None where the metric is not about it.

    `hit_1` asks whether the best span's sentence is gold; `in_read` whether a gold sentence was read at all; `right` is
    "answered with F1 >= .5, or refused and unanswerable"; `sentence_right` the same with "cites a gold sentence first"
    for the F1. Gold answers that all normalise to nothing ("the", ".") are scored as SQuAD's script does, by which a
    refusal is their answer, F1 1.0: it is right in every one of these, and has no stage. `cited` counts citations and
    nearest sentences shown, `cited_exact` those that equal their slice of the article.
    """

    hit_1: float | None
    hit_3: float | None
    hit_5: float | None
    rr_10: float | None
    in_read: float | None
    has_ans_exact_match: float | None
    has_ans_f1: float | None
    exact_match: float
    f1: float
    refused: bool
    right: bool
    sentence_right: bool
    cited: int
    cited_exact: int
    stage: Stage | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """One question, asked and scored.

    `answer` is the public JSON object, its timings at zero, for they differ from run to run. `best_span` is what would be
    answered whatever the decision, `p_right` the probability that its sentence is a right one. `read` are the stretches of
    the article that the reader read. Offsets count code points of the whole article's text.
    """

    question: Question
    gold_sentences: tuple[GoldSentence, ...]
    answer: dict[str, Any]
    ranked: tuple[Ranked, ...]
    best_span: AnswerText
    read: tuple[Span, ...]
    p_no_answer: float
    p_right: float
    scores: Scores

    @property
    def shown_text(self) -> str:
        """The answer shown, "" for a refusal: what SQuAD's script is given."""
        return self.answer["answer"]["text"] if self.answer["answer"] else ""

    @property
    def confidence(self) -> float:
        """The probability shown with the answer; for one that shows none, the one behind it."""
        shown: float | None = self.answer["confidence"]
        return shown if shown is not None else self.p_no_answer if self.scores.refused else self.p_right

    def as_row(self) -> dict[str, Any]:
        question = self.question
        return {
            "id": question.id,
            "question": question.text,
            "article_id": question.article_id,
            "kind": question.kind,
            "of": question.of,
            "history": [asdict(turn) for turn in question.history],
            "gold": {
                "answers": [asdict(answer) for answer in question.answers],
                "sentences": [asdict(sentence) for sentence in self.gold_sentences],
                "paragraph": asdict(question.paragraph) if question.paragraph else None,
            },
            "answer": self.answer,
            "ranked": [asdict(sentence) for sentence in self.ranked],
            "best_span": asdict(self.best_span),
            "read": [[span.start, span.end] for span in self.read],
            "p_no_answer": self.p_no_answer,
            "p_right": self.p_right,
            "scores": asdict(self.scores),
        }

    @classmethod
    def from_row(cls, row: dict[str, Any], place: str) -> "Outcome":
        """The outcome that `as_row` made `row` of.

        :raises DataError: something is missing; the message begins with `place`.
        """
        try:
            gold = row["gold"]
            paragraph = Span(**gold["paragraph"]) if gold["paragraph"] else None
            answers = tuple(GoldAnswer(**answer) for answer in gold["answers"])
            scores = {field.name: row["scores"][field.name] for field in fields(Scores)}
            return cls(
                question=Question(
                    row["id"],
                    row["question"],
                    row["article_id"],
                    answers,
                    paragraph,
                    row.get("kind"),
                    row.get("of"),
                    tuple(Turn(**turn) for turn in row.get("history", ())),
                ),
                gold_sentences=tuple(GoldSentence(**sentence) for sentence in gold["sentences"]),
                answer=row["answer"],
                ranked=tuple(Ranked(**sentence) for sentence in row["ranked"]),
                best_span=AnswerText(**row["best_span"]),
                read=tuple(Span(start, end) for start, end in row["read"]),
                p_no_answer=row["p_no_answer"],
                p_right=row["p_right"],
                scores=Scores(**scores),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(
                f"{place}: no row of a run of this version ({type(error).__name__}: {error}); run that evaluation again"
            ) from error


def outcome_of(
    question: Question, article: Article, sentences: Sequence[Sentence], prediction: Prediction, answer: Answer
) -> Outcome:
    """Score what the pipeline predicted and showed for `question`.

    :param article: the article asked, with the text that the gold answers' offsets count in.
    :param sentences: the article's sentences, as the index cut them.
    """
    gold = gold_sentences(question, article, sentences)
    shown = replace(answer, timings_ms=Timings()).as_dict()
    return Outcome(
        question=question,
        gold_sentences=gold,
        answer=json.loads(json.dumps(shown)),  # tuples become lists, as they are read back
        ranked=tuple(
            Ranked(one.sentence.id, one.sentence.passage_id, one.sentence.start, one.sentence.end, one.score)
            for one in prediction.ranked[: metrics.RANKING_DEPTH]
        ),
        best_span=prediction.best,
        read=tuple(Span(passage.start, passage.end) for passage in prediction.read),
        p_no_answer=prediction.p_no_answer,
        p_right=prediction.p_right,
        scores=_scores(question, article, gold, prediction, answer),
    )


def gold_sentences(question: Question, article: Article, sentences: Sequence[Sentence]) -> tuple[GoldSentence, ...]:
    """The sentences in which a gold answer starts, in order; white space in front of an answer is not its start.

    There may be none: an answer in what the index leaves out (boilerplate) is in no sentence, and its question is missed.
    """
    starts = {
        answer.start + len(answer.text) - len(answer.text.lstrip()) for answer in question.answers if answer.text.strip()
    }
    return tuple(
        GoldSentence(one.id, one.start, one.end, article.text[one.start : one.end])
        for one in sentences
        if any(one.start <= start < one.end for start in starts)
    )


def _scores(
    question: Question, article: Article, gold: Sequence[GoldSentence], prediction: Prediction, answer: Answer
) -> Scores:
    texts = [one.text for one in question.answers]
    ids = {one.id for one in gold}
    ranked = [one.sentence.id for one in prediction.ranked]
    best = prediction.best
    hit = any(one.start <= best.start < one.end for one in gold)
    read = any(passage.start <= one.start and one.end <= passage.end for passage in prediction.read for one in gold)
    refused = not answer.answerable
    shown = answer.answer.text if answer.answer else ""
    f1 = metrics.token_f1(texts, shown)
    cited = (*answer.citations, *answer.nearest)
    about = question.answerable
    # No "not refused" here: a refusal's F1 is 0, or 1 where all the gold normalises to nothing.
    right = f1 >= RIGHT_F1 if about else refused
    first_cited = answer.citations[0].sentence_id in ids if answer.citations else False
    return Scores(
        hit_1=float(hit) if about else None,
        hit_3=metrics.hit_at(ranked, ids, 3) if about else None,
        hit_5=metrics.hit_at(ranked, ids, 5) if about else None,
        rr_10=metrics.reciprocal_rank(ranked, ids) if about else None,
        in_read=float(read) if about else None,
        has_ans_exact_match=metrics.exact_match(texts, best.text) if about else None,
        has_ans_f1=metrics.token_f1(texts, best.text) if about else None,
        exact_match=metrics.exact_match(texts, shown),
        f1=f1,
        refused=refused,
        right=right,
        sentence_right=right if refused else first_cited,
        cited=len(cited),
        cited_exact=sum(article.text[one.start : one.end] == one.quote for one in cited),
        stage=stage_of(answerable=about, refused=refused, in_read=read, sentence_hit=hit, right=right),
    )
