"""What one question came to: gold, the Answer as shown, the ranking behind it, and its scores. A row of predictions.jsonl.

A row holds enough to compute every metric again without the models; `from_row` gives back what `as_row` wrote.
"""

import json
from collections.abc import Sequence
from dataclasses import MISSING, asdict, dataclass, fields, replace
from typing import Any

from index.article import Article
from index.errors import DataError
from index.store import Index
from index.units import Passage, Sentence
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
    """A sentence of the ranking, best first, and its score in [0, 1]. Runs before there were archives named no article."""

    sentence_id: int
    passage_id: int
    start: int
    end: int
    score: float
    article_id: str | None = None


@dataclass(frozen=True, slots=True)
class Scores:
    """One question's share in each metric; None where the metric is not about it.

    `hit_1` asks whether the best span's sentence is gold; `in_read` whether a gold sentence was read at all; `right` is
    "answered with F1 >= .5, or refused and unanswerable"; `sentence_right` the same with "cites a gold sentence first"
    for the F1. Gold answers that all normalise to nothing ("the", ".") are scored as SQuAD's script does, by which a
    refusal is their answer, F1 1.0: it is right in every one of these, and has no stage. `cited` counts citations and
    nearest sentences shown, `cited_exact` those that equal their slice of the article. `article_1`, `_5` and `_10` say
    whether the question's article was the first, or among the first five or ten, that retrieval found in an archive.
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
    article_1: float | None = None
    article_5: float | None = None
    article_10: float | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """One question, asked and scored.

    `answer` is the public JSON object, its timings at zero, for they differ from run to run. `best_span` is what would be
    answered whatever the decision, `p_right` the probability that its sentence is a right one. `read` are the stretches of
    the question's article that the reader read. `articles` are those that retrieval found in an archive, by the best
    sentence of each, at most ten; none where the question was asked of its article alone. Offsets count code points of the
    whole article's text.
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
    articles: tuple[str, ...] = ()

    @property
    def shown_text(self) -> str:
        """The answer shown, "" for a refusal: what SQuAD's script is given."""
        return self.answer["answer"]["text"] if self.answer["answer"] else ""

    @property
    def confidence(self) -> float:
        """The probability shown with the answer; for one that shows none, the one behind it."""
        shown: float | None = self.answer["confidence"]
        return shown if shown is not None else self.p_no_answer if self.scores.refused else self.p_right

    @property
    def gold_rank(self) -> int | None:
        """The rank of the first gold sentence, from 1; None where it is below the ranking's depth."""
        gold, home = {one.id for one in self.gold_sentences}, (None, self.question.article_id)
        ranks = (n for n, one in enumerate(self.ranked, 1) if one.sentence_id in gold and one.article_id in home)
        return next(ranks, None)

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
            "articles": list(self.articles),
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
            needed = {field.name for field in fields(Scores) if field.default is MISSING}
            scores = {name: row["scores"][name] for name in {*needed, *row["scores"]}}
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
                articles=tuple(row.get("articles", ())),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(
                f"{place}: no row of a run of this version ({type(error).__name__}: {error}); run that evaluation again"
            ) from error


def outcome_of(
    question: Question, index: Index, prediction: Prediction, answer: Answer, *, archive: bool = False
) -> Outcome:
    """Score what the pipeline predicted and showed for `question`.

    :param index: holds the question's article, with the text that the gold answers' offsets count in.
    :param archive: the question was asked of the whole index.
    """
    article = index.article(question.article_id)
    low, high = index.sentence_rows(article.id)
    gold = gold_sentences(question, article, index.sentences[low:high])
    shown = replace(answer, timings_ms=Timings()).as_dict()
    return Outcome(
        question=question,
        gold_sentences=gold,
        answer=json.loads(json.dumps(shown)),  # tuples become lists, as they are read back
        ranked=tuple(
            Ranked(*_place(one.sentence), one.score, one.sentence.article_id)
            for one in prediction.ranked[: metrics.RANKING_DEPTH]
        ),
        best_span=prediction.best,
        read=tuple(Span(passage.start, passage.end) for passage in _own(prediction, article)),
        p_no_answer=prediction.p_no_answer,
        p_right=prediction.p_right,
        scores=_scores(question, index, gold, prediction, answer, archive=archive),
        articles=prediction.articles[: metrics.RANKING_DEPTH] if archive else (),
    )


def _place(sentence: Sentence) -> tuple[int, int, int, int]:
    return sentence.id, sentence.passage_id, sentence.start, sentence.end


def _own(prediction: Prediction, article: Article) -> list[Passage]:
    """The passages of the article among those that were read."""
    return [passage for passage in prediction.read if passage.article_id == article.id]


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
    question: Question,
    index: Index,
    gold: Sequence[GoldSentence],
    prediction: Prediction,
    answer: Answer,
    *,
    archive: bool,
) -> Scores:
    article = index.article(question.article_id)
    texts = [one.text for one in question.answers]
    ids = {(article.id, one.id) for one in gold}
    ranked = [(one.sentence.article_id, one.sentence.id) for one in prediction.ranked]
    best, own = prediction.best, _own(prediction, article)
    hit = best.article_id == article.id and any(one.start <= best.start < one.end for one in gold)
    read = any(passage.start <= one.start and one.end <= passage.end for passage in own for one in gold)
    refused = not answer.answerable
    shown = answer.answer.text if answer.answer else ""
    f1 = metrics.token_f1(texts, shown)
    cited = (*answer.citations, *answer.nearest)
    about = question.answerable
    # No "not refused" here: a refusal's F1 is 0, or 1 where all the gold normalises to nothing.
    right = f1 >= RIGHT_F1 if about else refused
    first = answer.citations[0] if answer.citations else None
    found = {k: metrics.hit_at(prediction.articles, {article.id}, k) if about and archive else None for k in (1, 5, 10)}
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
        sentence_right=right if refused else first is not None and (first.article_id, first.sentence_id) in ids,
        cited=len(cited),
        cited_exact=sum(index.article(one.article_id).text[one.start : one.end] == one.quote for one in cited),
        stage=stage_of(
            answerable=about, refused=refused, in_read=read, sentence_hit=hit, right=right, article_read=bool(own)
        ),
        article_1=found[1],
        article_5=found[5],
        article_10=found[10],
    )
