"""Every row of a file of questions is either asked or reported with its place and reason."""

import gzip
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import DataError
from qa.evaluation.datasets import load_data, sample

CONTEXTS = ["Tea came to Europe in 1610.\n", "  Émile drank 🍵 tea. The Dutch sold it."]


def squad(*qas: dict[str, Any], title: str = "Tea", contexts: list[str] | None = None) -> dict[str, Any]:
    """One article; all questions stand under its last paragraph."""
    paragraphs: list[dict[str, Any]] = [{"context": text, "qas": []} for text in (contexts or CONTEXTS)]
    paragraphs[-1]["qas"] = list(qas)
    return {"title": title, "paragraphs": paragraphs}


def asked(identity: str = "q1", **changes: Any) -> dict[str, Any]:
    row = {"id": identity, "question": "Who sold tea?", "answers": [{"text": "The Dutch", "answer_start": 21}]}
    return row | changes


def write(path: Path, *articles: dict[str, Any]) -> str:
    path.write_text(json.dumps({"version": "x", "data": articles}), encoding="utf-8")
    return str(path)


def write_rows(path: Path, *rows: Any) -> str:
    path.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return str(path)


def problems(*sources: str) -> tuple[str, ...]:
    with pytest.raises(DataError) as caught:
        load_data(sources)
    return caught.value.problems


def test_squad_article_is_its_contexts_verbatim_joined_by_a_blank_line(tmp_path: Path) -> None:
    data = load_data([write(tmp_path / "a.json", squad(asked()))])
    article, question = data.articles[0], data.questions[0]
    assert article.text == "Tea came to Europe in 1610.\n\n\n  Émile drank 🍵 tea. The Dutch sold it."
    assert question.answers[0].start == article.text.index("The Dutch")
    assert question.paragraph is not None
    assert article.text[question.paragraph.start : question.paragraph.end] == CONTEXTS[1]


def test_squad_title_names_the_article_and_a_repeated_one_is_numbered(tmp_path: Path) -> None:
    first = write(tmp_path / "a.json", squad(asked("1"), title="AC/DC"), squad(asked("2"), title="AC/DC"))
    second = write(tmp_path / "b.json", squad(asked("3"), title="AC/DC"))
    data = load_data([first, second])
    assert [article.id for article in data.articles] == ["AC_DC", "AC_DC (2)", "AC_DC (3)"]
    assert [question.article_id for question in data.questions] == ["AC_DC", "AC_DC (2)", "AC_DC (3)"]


@pytest.mark.parametrize("title", ["", ".hidden", "x" * 500, "a\nb", " - "])
def test_any_title_becomes_a_usable_id(tmp_path: Path, title: str) -> None:
    assert load_data([write(tmp_path / "a.json", squad(asked(), title=title))]).articles[0].id


def test_question_without_answers_is_unanswerable_and_keeps_its_paragraph(tmp_path: Path) -> None:
    row = asked(answers=[], is_impossible=True, plausible_answers=[{"text": "Émile", "answer_start": 2}])
    question = load_data([write(tmp_path / "a.json", squad(row))]).questions[0]
    assert not question.answerable
    assert question.paragraph is not None


def test_all_bad_rows_are_reported_at_once_with_place_and_reason(tmp_path: Path) -> None:
    rows: list[Any] = [
        asked("moved", answers=[{"text": "The Dutch", "answer_start": 20}]),
        asked("absent", answers=[{"text": "The French", "answer_start": 21}]),
        asked("ok"),
        asked("ok"),
        asked("", question="  "),
        asked("long", question="x" * 1001),
        asked("shape", answers="The Dutch"),
        asked("offset", answers=[{"text": "tea", "answer_start": "4"}]),
        asked("void", answers=[{"text": "", "answer_start": 0}]),
        asked("torn", is_impossible=True),
        asked("gap", answers=[], is_impossible=False),
        asked("none", answers=None),
        "no object",
    ]
    found = problems(write(tmp_path / "a.json", squad(*rows)))
    place = f"{tmp_path / 'a.json'}: data[0].paragraphs[1].qas"
    expected = [
        (0, "answer 'The Dutch': found ' The Dutc' at 20; it first stands at 21"),
        (1, "and the text does not hold it"),
        (3, "id: 'ok' was used before, at"),
        (4, "id: found ''"),
        (4, "question: The question is empty"),
        (5, "at most 1,000"),
        (6, "answers: found 'The Dutch'; expected a list"),
        (7, "found answer_start '4'"),
        (8, "found the text ''"),
        (9, "is_impossible: found True"),
        (10, "is_impossible: found False"),
        (11, "answers: found nothing; expected a list"),
        (12, "found 'no object'; expected an object"),
    ]
    assert len(found) == len(expected)
    for line, (number, reason) in zip(found, expected, strict=True):
        assert line.startswith(f"{place}[{number}]: ")
        assert reason in line


def test_answer_may_not_reach_into_the_next_paragraph(tmp_path: Path) -> None:
    article = squad(contexts=["one two", "three"])
    article["paragraphs"][0]["qas"] = [asked(answers=[{"text": "two\n\nthree", "answer_start": 4}])]
    assert "found 'two' at 4" in problems(write(tmp_path / "a.json", article))[0]


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"version": "2.0"}, "no `data`"),
        ([], "no `data`"),
        ({"data": {}}, "data: {}"),
        ({"data": [{"title": "x"}]}, "data[0]: paragraphs: found nothing"),
        ({"data": [{"title": 3, "paragraphs": []}]}, "data[0].title: found 3"),
        ({"data": [{"title": "x", "paragraphs": [{"context": None}]}]}, "paragraphs[0].context: found nothing"),
        ({"data": [{"title": "x", "paragraphs": [{"context": "a\u0000"}]}]}, "NUL"),
        ({"data": [{"title": "x", "paragraphs": [{"context": "a", "qas": {}}]}]}, "paragraphs[0].qas: found {}"),
    ],
)
def test_wrong_shape_is_reported(tmp_path: Path, document: Any, reason: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(document))
    assert reason in problems(str(path))[0]


@pytest.mark.parametrize("context", ["", " \n\t", "\u200b"])
def test_questions_about_an_empty_paragraph_are_reported_with_all_else(tmp_path: Path, context: str) -> None:
    article = squad(asked("ok"), asked("ok"))
    article["paragraphs"].insert(0, {"context": context, "qas": [asked("void", answers=[])]})
    only = {"title": "Void", "paragraphs": [{"context": context, "qas": [asked("alone", answers=[])]}]}
    path = write(tmp_path / "a.json", article, only)
    found = [line.removeprefix(f"{path}: ") for line in problems(path)]
    assert [line.split(": ")[0] for line in found] == [
        "data[0].paragraphs[0].context",
        "data[0].paragraphs[2].qas[1]",
        "data[1] ('Void')",
    ]
    assert "expected a paragraph that says something" in found[0]


def test_an_empty_paragraph_that_nothing_is_asked_of_moves_no_answer(tmp_path: Path) -> None:
    article = squad(asked(), contexts=["Tea came to Europe in 1610.", "", CONTEXTS[1]])
    data = load_data([write(tmp_path / "a.json", article)])
    answer = data.questions[0].answers[0]
    assert data.articles[0].text[answer.start :].startswith("The Dutch")


def test_cut_off_json_is_one_problem_not_one_a_line(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"data": [squad(asked())]}, indent=1)[:-40])
    assert len(problems(str(path))) == 1


def test_gzip_several_files_and_standard_input_are_one_dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = write(tmp_path / "a.json", squad(asked("1")))
    zipped = tmp_path / "b"
    zipped.write_bytes(gzip.compress(json.dumps({"data": [squad(asked("2"))]}).encode()))
    piped = io.TextIOWrapper(io.BytesIO(b"\xef\xbb\xbf" + json.dumps({"data": [squad(asked("3"))]}).encode()))
    monkeypatch.setattr(sys, "stdin", piped)
    data = load_data([plain, str(zipped), "-"])
    assert [question.id for question in data.questions] == ["1", "2", "3"]
    assert [file.name for file in data.files] == [plain, str(zipped), "-"]
    assert len({file.sha256 for file in data.files}) == 3


def test_unreadable_files_are_all_reported(tmp_path: Path) -> None:
    torn, latin = tmp_path / "torn.json.gz", tmp_path / "latin.jsonl"
    torn.write_bytes(gzip.compress(b"{}")[:-6])
    latin.write_bytes("é".encode("latin-1"))
    found = problems(str(torn), str(latin), str(tmp_path / "absent.json"), str(tmp_path))
    assert ["gzip" in found[0], "UTF-8" in found[1], "no such file" in found[2], "directory" in found[3]] == [True] * 4


def test_no_question_at_all_is_refused(tmp_path: Path) -> None:
    empty = tmp_path / "a.jsonl"
    empty.write_text("\n")
    with pytest.raises(DataError, match="no question"):
        load_data([str(empty)])


def test_the_same_file_twice_repeats_its_ids(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", squad(asked()))
    assert "used before" in problems(path, path)[0]


def jsonl_row(**changes: Any) -> dict[str, Any]:
    row = {"id": "1", "question": "Who?", "article": "tea", "answers": [{"text": "Émile", "start": 0}]}
    return row | changes


@pytest.mark.parametrize("name", ["tea", "tea.md", "beverage"])
def test_jsonl_names_an_article_by_stem_file_or_id(tmp_path: Path, name: str) -> None:
    (tmp_path / "tea.md").write_text("---\nid: beverage\n---\nÉmile drank tea.\n", encoding="utf-8")
    data = load_data([write_rows(tmp_path / "q.jsonl", jsonl_row(article=name), jsonl_row(id="2", answers=[]))])
    assert [article.id for article in data.articles] == ["beverage"]
    assert [question.article_id for question in data.questions] == ["beverage", "beverage"]
    assert data.questions[0].paragraph is not None
    assert data.questions[1].paragraph is None


def test_jsonl_reports_every_line_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "tea.md").write_text("Émile drank tea.\n", encoding="utf-8")
    (tmp_path / "binary.txt").write_bytes(b"\0")
    path = write_rows(
        tmp_path / "q.jsonl",
        jsonl_row(),
        "",
        "{",
        [1],
        jsonl_row(id="2", article="coffee", question=""),
        jsonl_row(id="3", article="coffee"),
        jsonl_row(id="4", article="binary"),
        jsonl_row(id="5", article=None),
        jsonl_row(id="6", answers=[{"text": "tea", "start": 3}]),
        jsonl_row(id="7\n"),
    )
    found = [line.removeprefix(path) for line in problems(path)]
    starts = [
        ":3: found no JSON",
        ":4: found [1]",
        ":5: article: there is no 'coffee' beside the questions; articles there: binary.txt, tea.md",
        ":5: question: The question is empty",
        ":6: article: there is no 'coffee'",
        ":7: article:",
        ":8: article: found nothing",
        ":9: answer 'tea': found 'le ' at 3; it first stands at 12",
        ":10: id: found '7\\n'",
    ]
    assert len(found) == len(starts)
    assert all(line.startswith(start) for line, start in zip(found, starts, strict=True))


def test_an_article_that_two_files_name_is_one_article(tmp_path: Path) -> None:
    (tmp_path / "tea.md").write_text("Émile drank tea.\n", encoding="utf-8")
    first = write_rows(tmp_path / "q1.jsonl", jsonl_row())
    second = write_rows(tmp_path / "q2.jsonl", jsonl_row(id="2", article="tea.md"))
    data = load_data([first, second])
    assert [article.id for article in data.articles] == ["tea"]
    assert [question.article_id for question in data.questions] == ["tea", "tea"]


def test_an_overlong_article_name_hides_no_other_row(tmp_path: Path) -> None:
    (tmp_path / "tea.md").write_text("Émile drank tea.\n", encoding="utf-8")
    path = write_rows(tmp_path / "q.jsonl", jsonl_row(article="x" * 300), jsonl_row(id="2", question=""))
    found = [line.removeprefix(path) for line in problems(path)]
    assert len(found) == 2
    assert found[0].startswith(":1: article: there is no 'xxx")
    assert found[1].startswith(":2: question")


def test_an_id_too_long_for_a_file_name_still_names_its_article(tmp_path: Path) -> None:
    (tmp_path / "tea.md").write_text(f"---\nid: {'é' * 200}\n---\nÉmile drank tea.\n", encoding="utf-8")
    data = load_data([write_rows(tmp_path / "q.jsonl", jsonl_row(article="é" * 200))])
    assert data.questions[0].article_id == "é" * 200


def test_an_article_that_cannot_be_looked_for_is_a_problem_of_its_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tea.md").write_text("Émile drank tea.\n", encoding="utf-8")
    path = write_rows(tmp_path / "q.jsonl", jsonl_row(article="coffee"), jsonl_row(id="2", question=""))

    def refuse(folder: Path) -> None:  # as a folder does that may be entered but not listed; root may list every one
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr(Path, "iterdir", refuse)
    found = [line.removeprefix(path) for line in problems(path)]
    assert found[0].startswith(":1: article: 'coffee' cannot be looked for: Permission denied")
    assert found[1].startswith(":2: question")


def test_a_single_jsonl_row_is_not_taken_for_squad(tmp_path: Path) -> None:
    (tmp_path / "tea.md").write_text("Émile drank tea.\n", encoding="utf-8")
    assert len(load_data([write_rows(tmp_path / "q.json", jsonl_row())]).questions) == 1


def test_the_question_file_that_the_project_ships_is_usable() -> None:
    data = load_data([str(Path(__file__).parents[2] / "seeds" / "questions.jsonl")])
    assert len(data.questions) == 60
    assert sum(question.answerable for question in data.questions) == 40


QUESTIONS = tuple(range(50))


@given(limit=st.integers(1, 60), seed=st.integers(0, 9))
def test_sample_is_seeded_ordered_and_of_the_size_asked(limit: int, seed: int) -> None:
    drawn = sample(QUESTIONS, limit, seed)
    assert len(drawn) == min(limit, 50)
    assert list(drawn) == sorted(set(drawn))
    assert drawn == sample(QUESTIONS, limit, seed)


def test_sample_depends_on_the_seed_and_refuses_less_than_one() -> None:
    assert sample(QUESTIONS, 10, 0) != sample(QUESTIONS, 10, 1)
    with pytest.raises(DataError, match="--limit 0"):
        sample(QUESTIONS, 0, 0)
