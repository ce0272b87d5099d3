"""Ask the questions: an index in memory for each article, the questions in batches, what is done kept as it is done.

A batch is always the same questions in the same order, so that a run that was interrupted and taken up again writes the
same bytes as one that was not.
"""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain

from index.article import Article, article_from_paragraphs
from index.encoder import Encoder, Progress
from index.store import build_index
from qa.answer import Span
from qa.decision import Decision
from qa.evaluation.checkpoint import Checkpoint
from qa.evaluation.outcome import Outcome, outcome_of
from qa.evaluation.questions import Dataset, GoldAnswer, Question
from qa.pipeline import QAPipeline
from qa.prediction import Prediction
from qa.question import check_question
from qa.reader import Reader
from qa.settings import Settings

TOP_K = 3
"""Citations shown: as many as a reader sees."""

BATCH = 128

MOST_SCORES = 2_000_000
"""Scores of sentences, a question's together with those of the questions retrieved with it, that are held at once; each takes
some hundred bytes.
"""

OpenPipeline = Callable[[Sequence[Article]], QAPipeline]
"""A pipeline over an index of these articles, in memory."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Questions that are asked together of one article."""

    article: Article
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Sitting:
    """What is asked of one index: of a batch's article, or, of an `archive`, of all articles at once."""

    articles: tuple[Article, ...]
    batches: tuple[Batch, ...]
    archive: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """The outcomes, in the order of the questions, and the milliseconds of those that were timed, by id."""

    outcomes: tuple[Outcome, ...]
    milliseconds: dict[str, float]


def opener(settings: Settings, encoder: Encoder, reader: Reader, decision: Decision) -> OpenPipeline:
    """Opens the pipeline that a reader's questions go through, over an index in memory."""

    def open_pipeline(articles: Sequence[Article]) -> QAPipeline:
        return QAPipeline(build_index(articles, encoder), encoder, settings, reader=reader, decision=decision)

    return open_pipeline


def whole_articles(dataset: Dataset, questions: Sequence[Question]) -> list[Sitting]:
    """Every question asked of its whole article; an article that nothing is asked of is left out."""
    return [
        Sitting((article,), tuple(_batches(article, asked)))
        for article in dataset.articles
        if (asked := [question for question in questions if question.article_id == article.id])
    ]


def one_archive(dataset: Dataset, questions: Sequence[Question], *, alone: bool = False) -> list[Sitting]:
    """Every question asked of one index of all the articles, those too that nothing is asked of.

    :param alone: ask each of its own article in that index.
    """
    batches = (batch for sitting in whole_articles(dataset, questions) for batch in sitting.batches)
    return [Sitting(dataset.articles, tuple(batches), archive=not alone)]


def opened_once(open_pipeline: OpenPipeline) -> OpenPipeline:
    """Opens a pipeline once for the same articles in a row, so that an archive that is asked twice is encoded once."""
    last: list[tuple[Sequence[Article], QAPipeline]] = []

    def opened(articles: Sequence[Article]) -> QAPipeline:
        if not last or last[0][0] is not articles:
            last[:] = [(articles, open_pipeline(articles))]
        return last[0][1]

    return opened


def gold_paragraphs(dataset: Dataset, questions: Sequence[Question]) -> list[Sitting]:
    """Every question asked of its gold paragraph alone, which is an article then, so offsets count in the paragraph.

    The question of an unanswerable JSONL row has no such paragraph and is asked of the whole article: none is dropped.
    """
    sittings: list[Sitting] = []
    for article in dataset.articles:
        by_paragraph: dict[Span, list[Question]] = {}
        for question in questions:
            if question.article_id == article.id:
                whole = Span(0, len(article.text))
                by_paragraph.setdefault(question.paragraph or whole, []).append(question)
        batches: list[Batch] = []
        for number, (span, asked) in enumerate(by_paragraph.items()):
            name = f"paragraph {number + 1}"
            paragraph = article_from_paragraphs(name, article.title, [article.text[span.start : span.end]])
            batches += _batches(paragraph, [_moved(question, name, span) for question in asked])
        if batches:
            unique = {batch.article.id: batch.article for batch in batches}
            sittings.append(Sitting(tuple(unique.values()), tuple(batches)))
    return sittings


def ask(
    sittings: Sequence[Sitting],
    open_pipeline: OpenPipeline,
    *,
    order: Sequence[Question],
    timed: Collection[str] = (),
    checkpoint: Checkpoint | None = None,
    progress: Progress | None = None,
) -> Asked:
    """Ask everything that `checkpoint` does not have yet.

    :param order: the questions in the order in which their outcomes are given back.
    :param timed: ids of the questions that are asked a second time, each alone, with a clock running.
    :param progress: told how many questions of how many are done, at the start too.
    :raises ArticleError: an article cannot be indexed.
    """
    done: dict[str, Outcome] = {}
    milliseconds: dict[str, float] = {}
    kept = iter(checkpoint.kept if checkpoint else ())
    for sitting in sittings:
        pipeline: QAPipeline | None = None
        for batch in sitting.batches:
            finished = next(kept, None)
            if finished is None:
                pipeline = pipeline or open_pipeline(sitting.articles)
                outcomes = _ask_batch(pipeline, batch, archive=sitting.archive)
                times = _time(pipeline, batch, timed, archive=sitting.archive)
                if checkpoint:
                    checkpoint.add(outcomes, times)
            else:
                outcomes, times = finished
            done |= {outcome.question.id: outcome for outcome in outcomes}
            milliseconds |= times
            if progress:
                progress(len(done), len(order))
    ordered = tuple(done[question.id] for question in order)
    return Asked(ordered, {one.id: milliseconds[one.id] for one in order if one.id in milliseconds})


def _batches(article: Article, questions: Sequence[Question]) -> Iterator[Batch]:
    for begin in range(0, len(questions), BATCH):
        yield Batch(article, tuple(questions[begin : begin + BATCH]))


def _moved(question: Question, article_id: str, span: Span) -> Question:
    """`question` with offsets that count from the start of `span`; an answer elsewhere keeps its words, in no sentence."""
    answers = tuple(GoldAnswer(answer.text, answer.start - span.start) for answer in question.answers)
    return replace(question, article_id=article_id, answers=answers, paragraph=Span(0, span.end - span.start))


def _ask_batch(pipeline: QAPipeline, batch: Batch, *, archive: bool) -> list[Outcome]:
    predictions = _predict(pipeline, batch, None if archive else batch.article.id)
    return [
        outcome_of(question, pipeline.index, prediction, pipeline.compose(prediction, top_k=TOP_K), archive=archive)
        for question, prediction in zip(batch.questions, predictions, strict=True)
    ]


def _predict(pipeline: QAPipeline, batch: Batch, article: str | None) -> list[Prediction]:
    """In the order of the questions; those without history are retrieved together, as many at a time as memory allows."""
    texts = [check_question(question.text) for question in batch.questions]
    alone = [text for text, question in zip(texts, batch.questions, strict=True) if not question.history]
    low, high = pipeline.index.sentence_rows(article)
    step = max(1, MOST_SCORES // (high - low))
    parts = (alone[begin : begin + step] for begin in range(0, len(alone), step))
    asked = chain.from_iterable(pipeline.predict(part, article=article) for part in parts)
    return [
        pipeline.predict_turn(text, history_of(question), article=article) if question.history else next(asked)
        for text, question in zip(texts, batch.questions, strict=True)
    ]


def history_of(question: Question) -> list[dict[str, str | None]]:
    """The turns before a question, as the pipeline takes them."""
    return [asdict(turn) for turn in question.history]


def _time(pipeline: QAPipeline, batch: Batch, timed: Collection[str], *, archive: bool) -> dict[str, float]:
    times = {}
    article = None if archive else batch.article.id
    for question in batch.questions:
        if question.id in timed:
            started = time.perf_counter()
            pipeline.answer(question.text, article=article, top_k=TOP_K, history=history_of(question))
            times[question.id] = (time.perf_counter() - started) * 1_000
    return times
