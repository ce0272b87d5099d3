"""Hard negatives: near the question, without the answer."""

from dataclasses import replace

import numpy as np

from index.lexical import terms
from qa.training.reader.negatives import lacks, mine_negatives
from qa.training.reader.rows import Row
from tests.training.reader.toy import CONTEXTS, ROWS


def mined(rows: list[Row], seed: int = 1) -> dict[str, str]:
    return {rows[number].question: context for number, context in mine_negatives(rows, np.random.default_rng(seed))}


def test_negatives_are_other_passages_without_the_answer() -> None:
    rows = [*ROWS, Row("qed", "a", "Is it there?", CONTEXTS[0], (("1901", 76),))]
    found = mined(rows)
    assert "Who built the old mill on the river?" in found
    assert "Who painted the bridge of seven arches?" not in found  # it has no answer to lack
    assert "Is it there?" not in found  # any passage might answer it
    for row in rows:
        if row.question in found:
            assert found[row.question] != row.context
            assert set(terms(row.question)) & set(terms(found[row.question]))
            assert not any(text in found[row.question] for text, _ in row.answers)


def test_a_passage_that_holds_the_answer_is_no_negative() -> None:
    tempting = "Jane MARSH built nothing on the river, where the old mill was."
    rows = [*ROWS, Row("qed", "a", "What was on the river, mill or market?", tempting, (("mill", 47),))]
    assert all(mined(rows, seed)["Who built the old mill on the river?"] != tempting for seed in range(20))
    without = [*ROWS, replace(rows[-1], context=tempting.replace("Jane MARSH", "Tom Reed  "))]
    chosen = {mined(without, seed)["Who built the old mill on the river?"] for seed in range(20)}
    assert without[-1].context in chosen


def test_half_of_the_answers_words_are_too_many() -> None:
    def says(context: str) -> bool:
        return not lacks([("Jane Marsh", 0)], context, frozenset(terms(context)))

    assert says("It was Mrs Marsh.")
    assert says("the JANE MARSH mill")
    assert not says("a marshal came")
    assert lacks([("to be", 0)], "or not", frozenset())  # stop words alone: only the string counts
    assert not lacks([("To be", 0)], "TO BE or not", frozenset())


def test_small_articles_draw_on_their_source_and_generic_sources_on_nothing() -> None:
    apart = [replace(row, article=str(number)) for number, row in enumerate(ROWS)]
    assert mined(apart)
    assert not mined([replace(row, source=str(number)) for number, row in enumerate(apart)])
    assert not mined([replace(row, source="policyqa") for row in ROWS])


def test_negatives_are_seeded() -> None:
    assert mined(list(ROWS)) == mined(list(ROWS))
    assert len({tuple(mined(list(ROWS), seed).values()) for seed in range(9)}) > 1
