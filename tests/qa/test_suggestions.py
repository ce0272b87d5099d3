"""Suggested questions: checked against the gold answers, kept beside the index, dropped with a changed article."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from index.article import article_from_text
from index.errors import IndexFault
from index.generations import SUGGESTIONS
from index.sources.reading import Reading
from index.store import Index, build_index, load_index, save_index
from qa.pipeline import QAPipeline
from qa.prediction import Prediction
from qa.settings import load_settings
from qa.startup import build_at
from qa.suggestions import (
    BY_NAME,
    MOST,
    NEXT,
    READERS,
    Checked,
    Suggestion,
    checked_suggestions,
    load_suggestions,
    next_questions,
    save_suggestions,
    stored_suggestions,
)
from tests.qa.test_pipeline import _always
from tests.toy import ToyEncoder, ToyReader

TEXT = (
    "Water on the Moon\n\nIce was found near the south pole by the probe of Anna Berg, who leads the survey.\n\n"
    "The crater had been named after Carl Sagan in the year before the probe came to its cold and dark rim."
)


@pytest.fixture
def pipeline(toy_encoder: ToyEncoder) -> QAPipeline:
    index = build_index([article_from_text(TEXT, id="moon")], toy_encoder)
    return QAPipeline(index, toy_encoder, decision=_always(answer=True))


def _checked(*arguments: Any) -> dict[str, tuple[Suggestion, ...]]:
    return {article_id: own.suggestions for article_id, own in checked_suggestions(*arguments).items()}


def _asked(suggestions: tuple[Suggestion, ...]) -> tuple[str, ...]:
    return tuple(one.question for one in suggestions)


def _write(folder: Path, *rows: object) -> Path:
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    (folder / "questions.jsonl").write_text("\n".join(lines))
    return folder / "moon.md"


def _row(question: str, gold: str | None, article: str = "moon", text: str = TEXT) -> dict[str, object]:
    return {
        "id": question,
        "question": question,
        "article": article,
        "answers": [] if gold is None else [{"text": gold, "start": text.index(gold)}],
    }


def test_only_questions_that_get_the_gold_sentence_are_suggested(pipeline: QAPipeline, tmp_path: Path) -> None:
    file = _write(
        tmp_path,
        _row("Where was the ice found?", "near the south pole"),
        _row("Where was ice found by the probe, near the pole?", "Carl Sagan"),  # gets the other sentence: wrong
        _row("Who owns the Moon?", None),
        _row("After whom was the crater named?", "Carl Sagan"),
        _row("What is this?", "Water", "other"),
        "no json",
        '{"question": "?"}',
    )
    assert _checked(pipeline, [file]) == {
        "moon": (Suggestion("Where was the ice found?", 1), Suggestion("After whom was the crater named?", 2))
    }


def test_an_article_without_questions_is_asked_about_its_names(pipeline: QAPipeline, tmp_path: Path) -> None:
    careless = QAPipeline(pipeline.index, pipeline.encoder, reader=ToyReader(), decision=_always(answer=True))
    found = _checked(careless, [tmp_path / "moon.md"])["moon"]
    assert _asked(found) == ("Who is Anna Berg?", "Who is Carl Sagan?")


def test_a_question_that_is_refused_is_not_suggested(
    toy_encoder: ToyEncoder, pipeline: QAPipeline, tmp_path: Path
) -> None:
    refusing = QAPipeline(pipeline.index, toy_encoder, decision=_always(answer=False))
    file = _write(tmp_path, _row("Where was the ice found?", "near the south pole"))
    assert _checked(refusing, [file]) == {"moon": ()}


def test_one_question_of_each_sentence_is_kept_and_none_that_is_long_or_no_question(
    pipeline: QAPipeline, tmp_path: Path
) -> None:
    questions = [
        "ice found south pole",
        f"Where {'really, ' * 10}was the ice found?",
        "Where was ice found?",
        "Where is the ice?",
    ]
    file = _write(tmp_path, *(_row(question, "near the south pole") for question in questions))
    assert _asked(_checked(pipeline, [file])["moon"]) == ("Where was ice found?",)


def test_the_right_answer_may_be_cut_otherwise_but_other_words_of_its_sentence_are_wrong(
    pipeline: QAPipeline, tmp_path: Path
) -> None:
    for gold, suggested in (
        ("found near the south", True),
        ("pole", True),
        ("Ice", False),
        ("the survey", False),
    ):
        file = _write(tmp_path, _row("Where was the ice found?", gold))
        assert bool(_checked(pipeline, [file])["moon"]) == suggested


def test_at_most_so_many_are_kept(toy_encoder: ToyEncoder, tmp_path: Path) -> None:
    names = [f"kind{chr(97 + number)}" for number in range(MOST + READERS)]
    text = "\n\n".join(
        f"The {name} was seen in the {number}th park by nobody at all, this summer or the last."
        for number, name in enumerate(names, start=4)
    )
    index = build_index([article_from_text(text, id="moon")], toy_encoder)
    rows = [
        _row(f"Where was the {name} seen?", f"in the {number}th", text=text) for number, name in enumerate(names, start=4)
    ]
    pipeline = QAPipeline(index, toy_encoder, reader=ToyReader(), decision=_always(answer=True))
    every = [row["question"] for row in rows]
    file = _write(tmp_path, *rows)
    assert _asked(_checked(pipeline, [file])["moon"]) == tuple(every[:MOST])
    fewer = _write(tmp_path, *rows[:-READERS])
    readers = {"moon": [str(question) for question in every[-READERS:]]}
    kept = (*every[: MOST - READERS], *every[-READERS:])
    assert _asked(_checked(pipeline, [fewer], readers)["moon"]) == kept


def test_readers_questions_are_checked_and_come_after_those_of_the_file(pipeline: QAPipeline, tmp_path: Path) -> None:
    file = _write(tmp_path, _row("Where was the ice found?", "near the south pole"))
    readers = {"moon": ["Where is the ice?", "And after whom was the crater named?", "After whom was it named?"]}
    assert _asked(_checked(pipeline, [file], readers)["moon"]) == ("Where was the ice found?",)
    readers["moon"].append("After whom was the crater named?")
    found = _checked(pipeline, [file], readers)["moon"]
    assert _asked(found) == ("Where was the ice found?", "After whom was the crater named?")
    assert _asked(_checked(pipeline, (), readers)["moon"])[:1] == ("Where is the ice?",)


@pytest.mark.parametrize(
    "question",
    [
        "When was ice found by her?",
        "What about the ice that was found?",
        "And where was ice found?",
        "Where was ice found before that?",
    ],
)
def test_a_readers_question_that_leans_on_earlier_turns_is_not_suggested(pipeline: QAPipeline, question: str) -> None:
    alone = "Where is the pole that ice was found near?"
    assert _asked(_checked(pipeline, (), {"moon": [question, alone]})["moon"]) == (alone,)


@pytest.mark.parametrize(("p_right", "suggested"), [(0.9, True), (0.1, False)])
def test_a_readers_question_that_is_answered_with_low_confidence_is_not_suggested(
    pipeline: QAPipeline, monkeypatch: pytest.MonkeyPatch, p_right: float, suggested: bool
) -> None:
    predict = pipeline.predict

    def told(questions: list[str], **how: str) -> list[Prediction]:
        return [replace(one, p_right=p_right) for one in predict(questions, **how)]  # type: ignore[arg-type]

    monkeypatch.setattr(pipeline, "predict", told)
    assert bool(_checked(pipeline, (), {"moon": ["Where was the ice found?"]})["moon"]) == suggested


SUGGESTED = (*(Suggestion(f"Where is {name}?", place) for place, name in enumerate("abcdefg")), Suggestion("Who?"))


def test_what_is_suggested_next_is_near_the_answer_and_neither_asked_nor_answered_by_it(pipeline: QAPipeline) -> None:
    answer = pipeline.answer("After whom was the crater named?")
    assert [cited.sentence_id for cited in answer.citations] == [2]
    assert next_questions(SUGGESTED, ["Where is B?!", None], answer) == ("Where is d?", "Where is a?", "Where is e?")


def test_after_an_overview_the_article_is_suggested_in_its_own_order(pipeline: QAPipeline) -> None:
    overview = pipeline.answer("What is this about?")
    assert overview.kind == "overview"
    assert next_questions(SUGGESTED[3::-1], ["where is c"], overview) == ("Where is d?", "Where is b?", "Where is a?")


def test_after_a_refusal_what_its_nearest_sentences_answer_is_suggested(
    pipeline: QAPipeline, toy_encoder: ToyEncoder
) -> None:
    refusing = QAPipeline(pipeline.index, toy_encoder, reader=ToyReader(), decision=_always(answer=False))
    refusal = refusing.answer("crater named Carl Sagan rim")
    assert refusal.nearest[0].sentence_id == 2
    assert next_questions(SUGGESTED, (), refusal) == ("Where is c?", "Where is b?", "Where is d?")


def test_the_pipeline_suggests_what_this_conversation_has_not_asked(
    pipeline: QAPipeline, toy_encoder: ToyEncoder
) -> None:
    asking = QAPipeline(
        pipeline.index,
        toy_encoder,
        reader=ToyReader(),
        decision=_always(answer=True),
        suggestions={"moon": ["Where?", "When?", "Who?", "Why?", "How?"]},
    )
    assert asking.answer("where").suggestions == ("When?", "Who?", "Why?")
    history = [
        {"question": "WHEN", "answer": None},
        {"question": "And?", "answer": None, "interpreted_as": "who?"},
    ]
    assert asking.answer("Hello!", history=history).suggestions == ("Where?", "Why?", "How?")
    assert asking.answer("Where? → Who? → Was ice found?").suggestions == ("When?", "Why?", "How?")
    assert asking.answer("Tell me about this", article="moon").suggestions == ("Where?", "When?", "Who?")
    assert len(asking.answer("Was ice found?").suggestions) == NEXT
    assert asking.compose(asking.predict(["where"])[0]).suggestions == ()


def test_suggestions_come_back_until_the_article_changes(
    pipeline: QAPipeline, toy_encoder: ToyEncoder, tmp_path: Path
) -> None:
    kept = {"moon": (Suggestion("Where?", 1), Suggestion("Who?"))}
    save_suggestions(tmp_path, pipeline.index, {name: Checked(own) for name, own in kept.items()})
    assert load_suggestions(tmp_path, pipeline.index) == kept
    changed: Index = build_index([article_from_text(TEXT + " More.", id="moon")], toy_encoder)
    assert load_suggestions(tmp_path, changed) == {}


def test_while_an_index_is_replaced_the_old_one_and_the_new_one_have_their_suggestions(
    toy_encoder: ToyEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server may take up the new one before the build has ended, or the old one again."""
    editions = [article_from_text(text, id="moon") for text in (TEXT, TEXT + " More.")]
    asked = [{"moon": Checked((Suggestion(question),))} for question in ("Where?", "Who?")]
    told: list[object] = []

    def saved(index: Index, directory: Path) -> None:
        for _ in range(2):  # before and after the real one
            told.append(load_suggestions(directory, load_index(directory, toy_encoder.fingerprint)))
            save_index(index, directory)

    settings = load_settings(index=tmp_path / "index")
    for number, (edition, own) in enumerate(zip(editions, asked, strict=True)):
        monkeypatch.setattr("qa.suggestions.checked_suggestions", lambda *_, own=own: own)
        if number:
            monkeypatch.setattr("index.store.save_index", saved)
        build_at(settings, [tmp_path], Reading((edition,)), toy_encoder, progress=False)
    assert told == [{"moon": (Suggestion("Where?"),)}, {"moon": (Suggestion("Who?"),)}]
    assert [*json.loads((tmp_path / "index" / SUGGESTIONS).read_text())] == ["moon"]


@pytest.mark.parametrize("content", ["", "[]", "7", '{"moon": 1}', '{"moon": {"sha256"', "QUESTIONS"])
def test_a_damaged_file_suggests_nothing_and_says_so(
    pipeline: QAPipeline, tmp_path: Path, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    old = json.dumps({"moon": {"sha256": pipeline.index.articles[0].sha256, "questions": ["Where?"]}})
    (tmp_path / "suggestions.json").write_text(content.replace("QUESTIONS", old))
    assert load_suggestions(tmp_path, pipeline.index) == {}
    if content != "[]":
        assert "cannot be read" in caplog.text


def test_suggestions_that_cannot_be_written_are_reported_in_a_line(pipeline: QAPipeline, tmp_path: Path) -> None:
    with pytest.raises(IndexFault, match="cannot write"):
        save_suggestions(tmp_path / "nowhere", pipeline.index, {})


class CountingReader(ToyReader):
    """Counts the questions that it reads for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def read(self, question: str, texts: Any) -> Any:
        self.asked.append(question)
        return super().read(question, texts)


def test_what_was_chosen_is_not_asked_again_until_article_questions_or_models_change(
    pipeline: QAPipeline, toy_encoder: ToyEncoder, tmp_path: Path
) -> None:
    reader = CountingReader()
    counting = QAPipeline(pipeline.index, toy_encoder, reader=reader, decision=_always(answer=True))
    file = _write(tmp_path, _row("Where was the ice found?", "near the south pole"))
    first = checked_suggestions(counting, [file])
    assert reader.asked
    save_suggestions(tmp_path, counting.index, first)
    reader.asked.clear()
    assert checked_suggestions(counting, [file], None, stored_suggestions(tmp_path)) == first
    assert reader.asked == []
    file = _write(tmp_path, _row("Where was the ice found, and by whom?", "near the south pole"))
    assert checked_suggestions(counting, [file], None, first) != first
    assert reader.asked
    reader.asked.clear()
    refusing = QAPipeline(pipeline.index, toy_encoder, reader=reader, decision=_always(answer=False))
    checked_suggestions(refusing, [file], None, first)
    assert reader.asked


def test_of_an_archive_only_the_first_articles_are_asked_about_the_names_in_them(toy_encoder: ToyEncoder) -> None:
    reader = CountingReader()
    articles = [article_from_text(TEXT + f" It was {n} years ago.", id=f"moon-{n}") for n in range(BY_NAME + 5)]
    index = build_index(articles, toy_encoder)
    found = checked_suggestions(QAPipeline(index, toy_encoder, reader=reader, decision=_always(answer=True)))
    assert list(found) == [article.id for article in articles[:BY_NAME]]
    assert 0 < len(reader.asked) <= BY_NAME * 2 * MOST
