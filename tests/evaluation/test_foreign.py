"""Histories of other conversations, and rows that carry their own."""

import json
from pathlib import Path

import pytest

from index.errors import DataError
from qa.evaluation.datasets import load_data
from qa.evaluation.foreign import with_foreign_history
from qa.evaluation.questions import GoldAnswer, Question, Turn


def _question(number: int, article: str) -> Question:
    return Question(f"q{number}", f"What is {number}?", article, (GoldAnswer(str(number), 0),), None)


def test_a_foreign_turn_is_about_another_article_and_drawn_by_the_seed() -> None:
    questions = [_question(number, "ab"[number % 2]) for number in range(8)]
    drawn = with_foreign_history(questions, questions, 0)
    by_text = {question.text: question for question in questions}
    for question, before in zip(drawn, questions, strict=True):
        (turn,) = question.history
        assert by_text[turn.question].article_id != question.article_id
        assert turn.answer == by_text[turn.question].answers[0].text
        assert question.text == before.text
    assert drawn == with_foreign_history(questions, questions, 0) != with_foreign_history(questions, questions, 1)


def test_with_one_article_the_turn_is_another_of_its_questions() -> None:
    questions = [_question(number, "a") for number in range(3)]
    for question in with_foreign_history(questions, questions, 0):
        assert question.history[0].question != question.text
    assert with_foreign_history(questions[:1], questions[:1], 0)[0].history == ()


def test_a_row_carries_the_turns_before_it(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("Water\n\nIce is cold.\n", encoding="utf-8")
    row = {"id": "1", "question": "Why?", "article": "a", "answers": []}
    turns = [{"question": "What is ice?", "answer": "cold"}, {"question": "And fire?", "answer": None}]
    file = tmp_path / "rows.jsonl"
    file.write_text(json.dumps(row | {"history": turns}), encoding="utf-8")
    (question,) = load_data([str(file)]).questions
    assert question.history == (Turn("What is ice?", "cold"), Turn("And fire?", None))


@pytest.mark.parametrize("history", ["Why?", [{"question": "Why?"}], [{"question": "", "answer": None}], [7]])
def test_a_row_with_another_history_is_reported(history: object, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("Water\n\nIce is cold.\n", encoding="utf-8")
    file = tmp_path / "rows.jsonl"
    row = {"id": "1", "question": "Why?", "article": "a", "answers": [], "history": history}
    file.write_text(json.dumps(row), encoding="utf-8")
    with pytest.raises(DataError) as raised:
        load_data([str(file)])
    assert "history" in raised.value.problems[0]
