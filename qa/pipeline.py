"""The pipeline: question -> retrieve -> read -> verify -> decide -> cite -> Answer. Start reading here.

Everything that answers (chat page, API, command line, evaluation) goes through `QAPipeline`.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.encoder import Encoder, load_encoder
from index.errors import IndexDamaged
from index.store import Index, load_index
from qa.answer import Answer, AnswerText, Citation, Models, Span, Timings
from qa.citations import cite, distinct, holds, is_subheading
from qa.conversation import Reading, Understood, in_a_row, leans, understood
from qa.courtesy import courtesy, courtesy_reply
from qa.decision import (
    Decision,
    Judgement,
    decision_for,
    features,
    follow_up_decision,
    label,
    log_odds,
)
from qa.home import Found
from qa.overview import ArchiveOverviews, Overviews, focus_of, overview_reply
from qa.prediction import Prediction
from qa.question import MAX_TOP_K, check_question, checked_history
from qa.ranking import RANKING, is_near, rank
from qa.reader import Reader, load_reader
from qa.reading import PassageReader, Readings
from qa.retriever import Retrieval, Retriever
from qa.settings import Settings, load_settings
from qa.suggestions import Suggestion, load_suggestions, next_questions
from qa.verifier import load_verifier

NEAREST = 3
"""Sentences shown beside a refusal."""

_OF_ALL = 120
"""Suggested questions, at most, that are looked at where no article is named: there are some for each of an archive's."""

CLOSE = 0.5
"""A further sentence in which the reader finds an answer is cited when its score is at least this share of the best one's."""

SILENCE = 0.3
"""Odds of the article's silence on a follow-up, over those on the questions that the decision was fitted on: who asks more
about what was just told mostly asks what is told. For those that may stand alone, and with a reader that no decision on
follow-ups was fitted to. Chosen on seeds/followups/dev.jsonl and more.jsonl."""


class QAPipeline:
    """Answers questions over the articles of one index. Safe to use from several threads.

    >>> pipeline = QAPipeline.load("index/built")                                   # doctest: +SKIP
    >>> pipeline.answer("When could humans first land on Mars?").citations[0].quote  # doctest: +SKIP
    """

    def __init__(
        self,
        index: Index,
        encoder: Encoder,
        settings: Settings | None = None,
        *,
        reader: Reader | None = None,
        decision: Decision | None = None,
        suggestions: Mapping[str, Sequence[Suggestion | str]] | None = None,
    ) -> None:
        """:param reader: None loads the one that the settings name.
        :param decision: on questions that stand alone; None takes the one fitted for these models.
        :param suggestions: questions worth asking, by article id.
        """
        self.index = index
        self.encoder = encoder
        self.settings = settings or load_settings()
        self.retriever = Retriever(index, encoder, self.settings)
        self.reader = reader or load_reader(self.settings.reader)
        self.verifier = load_verifier()
        self.passages = PassageReader(index, self.reader, self.settings.depth)
        self.decision = decision or decision_for(encoder.fingerprint, self.reader.fingerprint)
        self.models = Models(encoder=encoder.name, reader=self.reader.name)
        self._weights = np.array([getattr(self.settings, name) for name in RANKING])
        self.overviews = Overviews(index)
        self.archive_overviews = ArchiveOverviews(index, self.overviews)
        self._suggestions = {
            article_id: tuple(one if isinstance(one, Suggestion) else Suggestion(one) for one in several)
            for article_id, several in (suggestions or {}).items()
        }

    @classmethod
    def load(cls, index_dir: str | Path, settings: Settings | None = None) -> "QAPipeline":
        """The pipeline over a built index.

        :raises IndexFault: the index is missing, stale, foreign or damaged; the message names the command that mends it.
        :raises EncoderError: the encoder cannot be loaded.
        :raises ReaderError: the reader cannot be loaded.
        """
        settings = settings or load_settings()
        encoder = load_encoder(settings.encoder)
        return cls.over(Path(index_dir), load_index(Path(index_dir), encoder.fingerprint), encoder, settings)

    @classmethod
    def over(
        cls,
        directory: Path,
        index: Index,
        encoder: Encoder,
        settings: Settings,
        reader: Reader | None = None,
        *,
        before: "QAPipeline | None" = None,
    ) -> "QAPipeline":
        """The pipeline over an index that is at hand, with the decision and suggestions kept beside it in `directory`.

        :param reader: None loads the one that the settings name.
        :param before: a pipeline over the same index, whose suggestions stay where the file of them is gone or damaged.
        """
        reader = reader or load_reader(settings.reader)
        decision = decision_for(encoder.fingerprint, reader.fingerprint, directory)
        suggestions = load_suggestions(directory, index) or (before._suggestions if before else {})
        return cls(index, encoder, settings, reader=reader, decision=decision, suggestions=suggestions)

    @cached_property
    def _follow_ups(self) -> Decision | None:
        return follow_up_decision(self.encoder.fingerprint, self.reader.fingerprint)

    def answer(
        self,
        question: str,
        *,
        article: str | None = None,
        top_k: int = 3,
        history: Sequence[Mapping[str, Any]] = (),
    ) -> Answer:
        """The exact words that answer, cited, or a refusal with the nearest sentences; to "What is this about?" and its like
        an overview in sentences of the article; and up to three questions that may be asked next.

        :param article: id or URL of the article to ask; None asks all of the index.
        :param top_k: at most so many citations, from 1 to `MAX_TOP_K`; an overview has a size of its own, up to 5.
        :param history: earlier turns, oldest first, `{"question": str, "answer": str | None}` each, and `interpreted_as`
            where the answer had one; a question that stands alone is answered the same without.
        :raises QuestionError: the question is empty, too long or holds control characters, or an argument is out of range;
            the settings say how long a question and a history may be.
        :raises ArticleError: there is no such article, or its URL is that of several.
        """
        question = check_question(question, self.settings.question_length)
        history = checked_history(history, self.settings.history_turns, top_k)
        article = self.index.article(article).id if article is not None else None
        started = time.perf_counter()
        if (kind := courtesy(question)) is not None:
            answer = courtesy_reply(question, kind, self.models)
        elif (focus := focus_of(question)) and article is None and self.archive_overviews.needed:
            answer = self.archive_overviews.reply(question, focus, self.models, _milliseconds(started))
        elif focus and (chosen := self.overviews.citations(focus, article)):
            answer = overview_reply(question, chosen, self.models, _milliseconds(started))
        else:
            prediction = self.predict_turn(question, history, article=article, depth=max(MAX_TOP_K, top_k))
            answer = self.compose(prediction, top_k=top_k, total_ms=_milliseconds(started))
        return self._suggesting(answer, history, article)

    def predict_turn(
        self,
        question: str,
        history: Sequence[Mapping[str, Any]] = (),
        *,
        article: str | None = None,
        depth: int = 10,
    ) -> Prediction:
        """What `predict` gives for one question, understood from the turns before it: of its readings, the one that is most
        probably answered right. It was understood as a rewriting where that finds the same words, by itself, too; else as the
        questions in a row.
        """
        if row := in_a_row(question):
            return replace(self._predict_row(row, article, depth, history if leans(question) else ()), question=question)
        turn = understood(question, history, self.index, article, behind=self._follow_ups is not None)
        if turn is None:
            return self.predict([question], article=article, depth=depth)[0]
        readings = turn.readings
        found = self._predict(readings, article, depth, turn)
        if turn.alone:
            readings = (Reading(question, question), *readings)
            found = [*self.predict([question], article=article, depth=depth), *found]
        chosen = max(range(len(found)), key=lambda place: log_odds(found[place]) - readings[place].doubt)
        meant = readings[chosen].meant
        if turn.sure and meant != question:
            same = [one for one, its in zip(readings, found, strict=True) if its.best == found[chosen].best]
            by_itself, asked = self._by_itself(same, question, found[chosen], article)
            meant = by_itself or next((one.row for one in readings if one.row), meant)
            found = [*found, *asked]
        return replace(
            found[chosen],
            question=question,
            interpreted_as=meant if meant != question else None,
            retrieve_ms=sum(one.retrieve_ms for one in found),
            read_ms=sum(one.read_ms for one in found),
        )

    def _by_itself(
        self, readings: Sequence[Reading], typed: str, given: Prediction, article: str | None
    ) -> tuple[str | None, list[Prediction]]:
        """The rewriting that gets what is `given`, if only a refusal, without the turns before it, or None; and all that
        rewritings got.
        """
        rewritten = [Reading(one.question, one.question) for one in readings if not one.row and one.question != typed]
        found = self._predict(rewritten, article, 10) if rewritten else []
        for one, its in zip(rewritten, found, strict=True):
            if (its.answerable, its.best) == (given.answerable, given.best):
                return one.question, found
        return None, found

    def predict(self, questions: Sequence[str], *, article: str | None = None, depth: int = 10) -> list[Prediction]:
        """Ranking, best span and decision for each question, in order; all are retrieved as one batch, but those in a row,
        which are asked one after the other.

        :param depth: how many ranked sentences are kept.
        """
        rows = [in_a_row(question) for question in questions]
        single = [Reading(one, one) for one, row in zip(questions, rows, strict=True) if not row]
        found = iter(self._predict(single, article, depth) if single else ())
        return [
            replace(self._predict_row(row, article, depth), question=question) if row else next(found)
            for question, row in zip(questions, rows, strict=True)
        ]

    def _predict_row(
        self, questions: Sequence[str], article: str | None, depth: int, history: Sequence[Mapping[str, Any]] = ()
    ) -> Prediction:
        """The last question's, understood from those before it."""
        history = list(history)
        found: list[Prediction] = []
        for question in questions:
            found.append(self.predict_turn(question, history, article=article, depth=depth))
            answer = found[-1].best.text if found[-1].answerable else None
            history.append({"question": question, "answer": answer, "interpreted_as": found[-1].interpreted_as})
        meant = found[-1].interpreted_as
        return replace(
            found[-1],
            interpreted_as=None if in_a_row(meant or "") == tuple(questions) else meant,
            retrieve_ms=sum(one.retrieve_ms for one in found),
            read_ms=sum(one.read_ms for one in found),
        )

    def _predict(
        self, readings: Sequence[Reading], article: str | None, depth: int, turn: Understood | None = None
    ) -> list[Prediction]:
        """:param turn: of a conversation, what the readings are of."""
        started = time.perf_counter()
        found, retrieved = self.find(readings, article, turn)
        judgements = self._judged(found, turn)
        read_ms = _milliseconds(retrieved) / len(readings)
        return [
            self._prediction(one, judgement, depth, (retrieved - started) * 1_000 / len(readings), read_ms)
            for one, judgement in zip(found, judgements, strict=True)
        ]

    def find(
        self, readings: Sequence[Reading], article: str | None, turn: Understood | None = None
    ) -> tuple[list[Found], float]:
        """What is found for each reading, before anything is decided, and when retrieval was done (`time.perf_counter`).

        :param turn: of a conversation, what the readings are of.
        """
        sought = [reading.sought for reading in readings]
        vectors = self.retriever.encode(sought)
        retrievals = self.retriever.retrieve(sought, article, vectors)
        retrieved = time.perf_counter()
        archive = article is None and len(self.index.articles) > 1
        found = []
        for reading, vector, retrieval in zip(readings, vectors, retrievals, strict=True):
            known: Readings = {}
            asked = reading.asked(self.passages.has_room_for)
            one = self._found(reading, asked, retrieval, turn, known)
            if archive:
                (alone,) = self.retriever.retrieve([reading.sought], one.home, vector[None])
                one = replace(self._found(reading, asked, alone, turn, known), among=one)
            verified = self.verifier.of(one.evidence, int(one.ranking.positions[0]), asked)
            found.append(replace(one, verified=verified))
        return found, retrieved

    def _judged(self, found: Sequence[Found], turn: Understood | None) -> list[Judgement]:
        if turn is not None and turn.sure and self._follow_ups is not None:
            return self._follow_ups.judge(features_of(turn, found))
        judgements = self.decision.judge(np.array([features(one.evidence, one.ranking, one.verified) for one in found]))
        return judgements if turn is None else [judgement.with_silence(SILENCE) for judgement in judgements]

    def _found(
        self, reading: Reading, asked: str, retrieval: Retrieval, turn: Understood | None, known: Readings
    ) -> Found:
        told = turn.told if turn else ()
        evidence = self.passages.read(replace(retrieval, question=reading.question), told, known, asked)
        return Found(evidence, rank(evidence, self._weights, turn.near if turn else None))

    def _prediction(
        self, found: Found, judgement: Judgement, depth: int, retrieve_ms: float, read_ms: float
    ) -> Prediction:
        ranked = found.ranked(depth)
        article = self.index.article(ranked[0].sentence.article_id)
        start, end = map(int, found.evidence.spans.spans[found.ranking.positions[0]])
        return Prediction(
            question=found.evidence.retrieval.question,
            ranked=ranked,
            best=AnswerText(article.text[start:end], start, end, article.id),
            read=found.read,
            p_no_answer=judgement.p_no_answer,
            p_right=judgement.p_right,
            answerable=judgement.answerable,
            articles=found.articles,
            retrieve_ms=retrieve_ms,
            read_ms=read_ms,
        )

    def compose(self, prediction: Prediction, *, top_k: int = 3, total_ms: float | None = None) -> Answer:
        """The Answer that a reader sees for a prediction.

        :raises IndexDamaged: a citation would not be a slice of its article; nothing is shown rather than a false quote.
        """
        confidence = prediction.p_right if prediction.answerable else prediction.p_no_answer
        citations: tuple[Citation, ...] = ()
        nearest: tuple[Citation, ...] = ()
        if prediction.answerable:
            first, *others = prediction.ranked
            first = replace(first, span=Span(prediction.best.start, prediction.best.end))
            close = [found for found in others if found.span and found.score >= CLOSE * first.score]
            citations = tuple(
                cite(self.index, found, number=number)
                for number, found in enumerate(distinct(self.index, [first, *close], top_k), start=1)
            )
        else:
            telling = [found for found in prediction.ranked if not is_subheading(self.index, found)] or prediction.ranked
            nearest = tuple(
                cite(self.index, replace(found, span=None), number=None)
                for found in distinct(self.index, telling, NEAREST)
            )
        answer = prediction.best if prediction.answerable else None
        exact = answer is None or self.index.article(answer.article_id).text[answer.start : answer.end] == answer.text
        if not exact or not all(holds(self.index.article(one.article_id), one) for one in (*citations, *nearest)):
            raise IndexDamaged("a quote is not in its article; rebuild the index with `python -m qa build`")
        timings = Timings(
            retrieve=round(prediction.retrieve_ms, 3),
            read=round(prediction.read_ms, 3),
            total=round(prediction.retrieve_ms + prediction.read_ms if total_ms is None else total_ms, 3),
        )
        return Answer(
            kind="answer" if prediction.answerable else "no_answer",
            question=prediction.question,
            interpreted_as=prediction.interpreted_as,
            answerable=prediction.answerable,
            answer=answer,
            confidence=round(confidence, 4),
            confidence_label=label(confidence),
            p_no_answer=round(prediction.p_no_answer, 4),
            citations=citations,
            nearest=nearest,
            timings_ms=timings,
            models=self.models,
        )

    def suggestions(self, article: str | None = None) -> tuple[str, ...]:
        """Questions worth asking of an article, or of all (then the first), that were found answerable when the index was
        built.

        :raises ArticleError: there is no such article.
        """
        return tuple(one.question for one in self._suggested(article))

    def _suggested(self, article: str | None) -> tuple[Suggestion, ...]:
        if article is not None:
            return self._suggestions.get(self.index.id_of(article), ())
        return tuple(islice(chain.from_iterable(self._suggestions.values()), _OF_ALL))

    def _suggesting(self, answer: Answer, history: Sequence[Mapping[str, Any]], article: str | None) -> Answer:
        """`answer` with questions that may be asked next."""
        shown = next((one.article_id for one in (*answer.citations, *answer.nearest)), None)
        told = [answer.question, answer.interpreted_as]
        told += [turn.get(name) for turn in history for name in ("question", "interpreted_as")]
        asked = [part for one in told if one for part in (one, *in_a_row(one))]
        return replace(answer, suggestions=next_questions(self._suggested(article or shown), asked, answer))


def features_of(turn: Understood, found: Sequence[Found]) -> NDArray[np.float64]:
    """What the decision on follow-ups goes by. *Shape:* ``(len(found), len(OF_FOLLOW_UPS))``."""
    rows = [
        np.append(features(one.evidence, one.ranking, one.verified), is_near(one.evidence, one.ranking, turn.near))
        for one in found
    ]
    return np.array(rows)


def _milliseconds(started: float) -> float:
    return (time.perf_counter() - started) * 1_000
