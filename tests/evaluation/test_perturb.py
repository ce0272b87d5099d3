"""What a perturbation must not do: empty a question, outgrow the limit, change a figure, or differ from run to run."""

import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from index.errors import QuestionError, SettingsError
from qa.evaluation.perturb import KINDS, MISSPELT_LENGTH, perturb, perturbed
from qa.evaluation.questions import GoldAnswer, Question
from qa.question import MAX_QUESTION, check_question, search_text
from tests.conftest import ROOT

ASKED = "When could humans first land on Mars?"
LONGER = "In Musk's X post on human landings, which year did he call likelier than 2029, and was it 2031 or 2033-35?"

kinds = st.sampled_from(list(KINDS))
seeds = st.integers(0, 9)


@st.composite
def questions(draw: st.DrawFn) -> str:
    """Anything that can be asked; often of words, and up to the limit."""
    word = st.one_of(
        st.sampled_from([*LONGER.split(), "ß", "İstanbul", "_", "is", "what?", "3.5", "$9bn", "B2B"]), st.text()
    )
    text = draw(st.one_of(st.text(), st.lists(word, max_size=30).map(" ".join)))
    if draw(st.booleans()):
        text = (text * MAX_QUESTION)[: MAX_QUESTION - draw(st.integers(0, 30))]
    try:
        return check_question(text)
    except QuestionError:
        assume(False)
        raise


@given(questions(), kinds, seeds)
def test_what_can_be_asked_can_be_asked_in_every_kind(text: str, kind: str, seed: int) -> None:
    changed = perturb(text, kind, identity="q", seed=seed)
    assert check_question(changed) == changed
    assert len(changed) <= MAX_QUESTION


@given(questions(), kinds, seeds)
def test_figures_are_kept(text: str, kind: str, seed: int) -> None:
    assert re.findall(r"\d+", perturb(text, kind, identity="q", seed=seed)) == re.findall(r"\d+", text)


@given(questions(), kinds, seeds)
def test_the_same_id_and_seed_give_the_same_text(text: str, kind: str, seed: int) -> None:
    assert perturb(text, kind, identity="q", seed=seed) == perturb(text, kind, identity="q", seed=seed)


@pytest.mark.parametrize("kind", ["typos", "long", "spaced"])
def test_another_process_gives_the_same_text_and_another_id_or_seed_another(kind: str) -> None:
    script = (
        f"from qa.evaluation.perturb import perturb; print(repr(perturb({LONGER!r}, {kind!r}, identity='q', seed=1)))"
    )
    printed = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert printed.strip() == repr(perturb(LONGER, kind, identity="q", seed=1))
    assert len({perturb(LONGER, kind, identity="q", seed=seed) for seed in range(9)}) > 1
    assert len({perturb(LONGER, kind, identity=f"q{n}", seed=1) for n in range(9)}) > 1


def distance(one: str, other: str) -> int:
    """Optimal string alignment: insertions, deletions, substitutions, and swaps of neighbours."""
    rows = [[i + j if not i * j else 0 for j in range(len(other) + 1)] for i in range(len(one) + 1)]
    for i in range(1, len(one) + 1):
        for j in range(1, len(other) + 1):
            rows[i][j] = min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + (one[i - 1] != other[j - 1]))
            if one[i - 2 : i] == other[j - 2 : j][::-1] and i > 1 and j > 1:
                rows[i][j] = min(rows[i][j], rows[i - 2][j - 2] + 1)
    return rows[-1][-1]


@given(st.lists(st.sampled_from(LONGER.split()), min_size=1, max_size=40).map(" ".join), seeds)
def test_one_word_in_five_of_the_longer_ones_gets_one_error(text: str, seed: int) -> None:
    changed = perturb(text, "typos", identity="q", seed=seed)
    pairs = list(zip(re.findall(r"\w+", text), re.findall(r"\w+", changed), strict=True))
    longer = sum(len(word) >= MISSPELT_LENGTH and word.isalpha() for word, _ in pairs)
    wrong = [(word, typed) for word, typed in pairs if word != typed]
    assert len(wrong) == (max(1, round(longer / 5)) if longer else 0)
    for word, typed in wrong:
        assert len(word) >= MISSPELT_LENGTH
        assert distance(word, typed) == 1
        assert word[0] == typed[0]


def test_a_question_of_full_length_does_not_grow() -> None:
    full = (f"{LONGER} " * MAX_QUESTION)[:MAX_QUESTION].strip()
    full += "s" * (MAX_QUESTION - len(full))
    for kind in KINDS:
        assert max(len(perturb(full, kind, identity=str(n), seed=0)) for n in range(20)) <= MAX_QUESTION


def test_every_sort_of_error_is_made() -> None:
    typed = Counter(perturb("Mars", "typos", identity=str(n), seed=0) for n in range(400))
    assert {
        "Mrs",
        "Mas",
        "Mar",
        "Mras",
        "Masr",
        "Maars",
        "Marrs",
        "Marss",
        "Msrs",
        "Maes",
        "Mats",
        "Mara",
        "Mard",
    } == set(typed)


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("no_mark", ASKED, "When could humans first land on Mars"),
        ("no_mark", "Is it 2029?2031?", "Is it 2029 2031"),
        ("no_mark", "人类什么时候登陆火星？", "人类什么时候登陆火星"),
        ("no_mark", "moon reactor what year", "moon reactor what year"),
        ("lower", ASKED, "when could humans first land on mars?"),
        ("capitals", ASKED, "WHEN COULD HUMANS FIRST LAND ON MARS?"),
        ("capitals", "Wo ist die Straße?", "WO IST DIE STRAßE?"),
        ("keywords", ASKED, "humans first land mars"),
        (
            "keywords",
            "How much would Russia's 5% of the (old) fund cost in U.S. dollars?",
            "much russia's 5% old fund cost u.s dollars",
        ),
        ("keywords", "What is it?", "What is it?"),
        ("keywords", "Would they?", "Would they?"),
        ("keywords", "Is it _?", "Is it _?"),
        ("keywords", "Is it 1 or 2?", "1 2"),
    ],
)
def test_kinds_by_example(kind: str, text: str, expected: str) -> None:
    assert perturb(text, kind, identity="q", seed=0) == expected


@given(questions(), seeds)
def test_spacing_changes_nothing_that_is_searched_for(text: str, seed: int) -> None:
    assert search_text(perturb(text, "spaced", identity="q", seed=seed)) == search_text(text)


def test_spacing_holds_double_spaces_and_line_ends() -> None:
    spaced = perturb(LONGER, "spaced", identity="q", seed=0)
    assert "  " in spaced
    assert "\n" in spaced
    assert not re.search(r"\w \w", spaced)


@given(questions(), seeds)
def test_a_long_question_holds_the_question_whole_and_no_figure_or_other_question(text: str, seed: int) -> None:
    changed = perturb(text, "long", identity="q", seed=seed)
    before, found, after = changed.partition(text)
    assert found
    assert not re.search(r"[\d?]", before + after)


def test_long_questions_are_long_and_of_several_templates() -> None:
    wrapped = [perturb(ASKED, "long", identity=str(n), seed=0) for n in range(100)]
    assert min(map(len, wrapped)) > 500
    assert len(set(wrapped)) == 12
    assert all(len(before) > 250 and len(after) > 100 for before, after in (text.split(ASKED) for text in wrapped))
    nearly_full = "x" * (MAX_QUESTION - 150)
    assert MAX_QUESTION - 150 < len(perturb(nearly_full, "long", identity="q", seed=0)) <= MAX_QUESTION


def test_a_question_keeps_all_but_its_words_and_learns_its_kind() -> None:
    question = Question("q", ASKED, "a", (GoldAnswer("2029", 3),), None, None, "other")
    changed = perturbed(question, "capitals", seed=0)
    assert changed == replace(question, text=ASKED.upper(), kind="capitals")


def test_an_unknown_kind_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(SettingsError, match="--perturb capital: expected one of typos, no_mark, lower, capitals"):
        perturb(ASKED, "capital", identity="q", seed=0)
