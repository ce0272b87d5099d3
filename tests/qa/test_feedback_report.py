"""What is made of readers' votes: rows for evaluation that say no more than the votes do, and a report for the author."""

import json
from pathlib import Path

import pytest

from index.article import load_article
from qa.evaluation.datasets import load_data
from qa.feedback import export as exporting
from qa.feedback.export import export
from qa.feedback.reading import Row
from qa.feedback.report import report

TEXT = "---\nid: moon\n---\nWater on the Moon\n\nIce was found near the south pole. It is older than the oceans.\n"


@pytest.fixture
def article(tmp_path: Path) -> Path:
    path = tmp_path / "articles" / "moon.md"
    path.parent.mkdir()
    path.write_text(TEXT)
    return path


def row(
    article: Path | None, question: str, words: str | None = None, *, count=1, up=0, down=0, day=1, start=None
) -> Row:
    found = load_article(article) if article else None
    place = -1 if words is None else found.text.index(words) if start is None else start
    return Row(
        "moon",
        found.sha256 if found else "b" * 64,
        question,
        "no_answer" if words is None else "answer",
        words or "",
        place,
        count,
        up,
        down,
        "2026-11-01T08:30Z",
        f"2026-11-{day:02}T08:30Z",
    )


def test_votes_up_make_rows_that_evaluation_loads(article: Path, tmp_path: Path) -> None:
    rows = [
        row(article, "Where was ice found?", "near the south pole", up=2, down=1),
        row(article, "Where was ice found?", "the south pole", up=1),
        row(article, "Who found it?", up=1),
    ]
    folder = tmp_path / "elsewhere" / "deep"
    folder.mkdir(parents=True)
    found = export(rows, [article], folder)
    assert found.left_out == {}
    file = folder / "feedback.jsonl"
    file.write_text("".join(json.dumps(one) + "\n" for one in found.rows))
    loaded = load_data([str(file)])
    assert [(q.text, sorted(a.text for a in q.answers)) for q in loaded.questions] == [
        ("Where was ice found?", ["near the south pole", "the south pole"]),
        ("Who found it?", []),
    ]
    assert found.rows[0]["article"] == "../../articles/moon.md"


def test_what_no_vote_settles_is_left_out_and_counted(article: Path, tmp_path: Path) -> None:
    rows = [
        row(article, "Unvoted?", "Ice"),
        row(article, "Down?", "Ice", up=1, down=2),
        row(article, "Refusal down?", down=1),
        row(article, "Tied?", "Ice", up=1, down=1),
        row(article, "Both?", "Ice", up=1),
        row(article, "Both?", up=1),
        row(None, "Changed?", up=1),
        row(article, "By hand?", "Ice", up=1, start=3),
        row(article, "Where was ice found? → And by whom?", "Ice", up=1),
    ]
    found = export(rows, [article, tmp_path / "gone.md"], tmp_path)
    assert found.rows == ()
    assert found.left_out == {
        exporting.UNVOTED: 1,
        exporting.DOWN: 2,
        exporting.TIED: 1,
        exporting.BOTH: 1,
        exporting.CHANGED: 2,
        exporting.ROW: 1,
    }


def test_an_answer_voted_up_counts_beside_another_voted_down(article: Path, tmp_path: Path) -> None:
    rows = [row(article, "What?", "Ice", up=1), row(article, "What?", "oceans", down=3)]
    assert [one["answers"] for one in export(rows, [article], tmp_path).rows] == [[{"text": "Ice", "start": 19}]]


def test_a_rows_id_stays_and_differs_from_others(article: Path, tmp_path: Path) -> None:
    rows = [row(article, "What?", "Ice", up=1), row(article, "Who?", up=1)]
    first, second = export(rows, [article], tmp_path).rows
    assert first["id"] != second["id"]
    assert export(rows[:1], [article], tmp_path).rows[0]["id"] == first["id"]


def test_the_report_tells_what_is_asked_in_vain_the_most_asked_first_and_alike_ones_as_one() -> None:
    rows = [
        row(None, "Who paid for the probe?", count=2),
        row(None, "who paid for probe", count=3, day=9),
        row(None, "How old is the Moon?", count=4),
        row(None, "How old is the Moon really?"),
    ]
    (found,) = report(rows)
    assert [(group.question, group.others, group.count) for group in found.unanswered] == [
        ("How old is the Moon?", ("How old is the Moon really?",), 5),
        ("who paid for probe", ("Who paid for the probe?",), 5),
    ]
    assert (found.questions, found.asked, found.answered, found.last_asked) == (4, 10, 0, "2026-11-09T08:30Z")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Who of the crew of the ship landed there in 2029?", "Who of the crew of the ship landed there in 2031?"),
        ("When did the probe land?", "Where did the probe land?"),
        ("Who is he?", "Who is she?"),
        (
            "When did Musk say that ice is on the Moon near the pole?",
            "When did Putin say that ice is on the Moon near the pole?",
        ),
        ("Which of the old craters near the pole hold ice?", "Which of the old craters near the pole hold ice in 2031?"),
        ("How old is the Moon?", "How cold is the Moon?"),
    ],
)
def test_questions_that_ask_for_something_else_are_not_folded(one: str, other: str) -> None:
    (found,) = report([row(None, one), row(None, other)])
    assert len(found.unanswered) == 2


def test_what_was_answered_later_is_no_longer_told_as_unanswered(article: Path) -> None:
    rows = [row(None, "Where is ice?", count=9, day=1), row(article, "Where is ice?", "Ice", day=2)]
    (found,) = report(rows)
    assert found.unanswered == ()
    (again,) = report([row(None, "Where is ice?", day=3), row(article, "Where is ice?", "Ice", count=9, day=2)])
    assert [group.count for group in again.unanswered] == [1]


def test_what_was_voted_down_is_told_by_kind(article: Path) -> None:
    rows = [
        row(article, "Where is ice?", "Ice", down=1),
        row(article, "What is old?", "oceans", up=1, down=4),
        row(article, "Who is there?", "pole", up=2, down=1),
        row(article, "Is it old?", down=2, up=1),
        row(article, "Who paid?", up=1),
    ]
    (found,) = report(rows)
    assert [(group.question, group.answers) for group in found.wrong] == [
        ("What is old?", ("oceans",)),
        ("Where is ice?", ("Ice",)),
    ]
    assert [group.question for group in found.wrongly_refused] == ["Is it old?"]
    assert [group.question for group in found.unanswered] == ["Who paid?"]
    assert (found.up, found.down) == (5, 8)
    json.dumps(found.as_dict())


def test_nothing_asked_makes_no_report() -> None:
    assert report([]) == ()
