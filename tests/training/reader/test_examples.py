"""Rows become model inputs whose spans are the answers."""

from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from index.errors import DataError
from index.model_folder import packaged_folder
from qa.training.reader import examples as module
from qa.training.reader import recipe
from qa.training.reader.examples import CLS, SEP, Examples, Kind, build_examples, load_examples
from qa.training.reader.rows import Row, train_file
from tests.training.reader.toy import ANSWERED, ROWS, write_written


def ids(examples: Examples, number: int) -> list[int]:
    return examples.tokens[examples.bounds[number] : examples.bounds[number + 1]].tolist()  # type: ignore[no-any-return]


def said(examples: Examples, number: int, tokenizer: Tokenizer) -> list[str]:
    spans = [(first, last) for first, last in examples.spans[number].tolist() if first >= 0]
    return [tokenizer.decode(ids(examples, number)[first : last + 1]) for first, last in spans]


def test_spans_are_the_answers(examples: Examples, tokenizer: Tokenizer) -> None:
    found = [text for number in range(len(examples)) for text in said(examples, number, tokenizer)]
    assert found == [*(text.lower() for _, _, text in ANSWERED), "the north"]
    has = (examples.spans[:, 0, 0] >= 0).tolist()
    assert has == (examples.kinds == Kind.POSITIVE).tolist()
    assert np.bincount(examples.kinds).tolist() == [5, 1, 0, 5, 2]


def test_an_input_is_cls_question_sep_context_sep(examples: Examples, tokenizer: Tokenizer) -> None:
    for number, row in enumerate(ROWS):
        tokens, start = ids(examples, number), int(examples.context_starts[number])
        assert (tokens[0], tokens[start - 1], tokens[-1]) == (CLS, SEP, SEP)
        assert tokens.count(SEP) == 2
        assert tokens[1 : start - 1] == tokenizer.encode(row.question, add_special_tokens=False).ids
        assert tokens[start:-1] == tokenizer.encode(row.context, add_special_tokens=False).ids
    assert [tokenizer.token_to_id(name) for name in ("[CLS]", "[SEP]")] == [CLS, SEP]


def test_hard_negatives_lack_the_answer_of_their_question(examples: Examples, tokenizer: Tokenizer) -> None:
    answers = {question.lower(): text.lower() for question, _, text in ANSWERED}
    checked = 0
    for number in np.flatnonzero(examples.kinds == Kind.HARD).tolist():
        start = int(examples.context_starts[number])
        question = tokenizer.decode(ids(examples, number)[1 : start - 1])
        if question in answers:
            assert answers[question] not in tokenizer.decode(ids(examples, number)[start:])
            checked += 1
    assert checked == 4


def test_altered_rows_are_asked_of_their_own_context(examples: Examples, tokenizer: Tokenizer) -> None:
    texts = [tokenizer.decode(ids(examples, n)) for n in np.flatnonzero(examples.kinds == Kind.ALTERED).tolist()]
    assert [text.split("?")[0] for text in texts] == [
        "who demolished the old mill on the river",
        "how many pupils does the school beside the bridge learn",
    ]
    assert "jane marsh" in texts[0]


def test_a_long_context_gives_windows_with_the_answer_and_one_without(tokenizer: Tokenizer) -> None:
    context = "filler words go here. " * 200 + "Jane Marsh built it. " + "more words follow here. " * 200
    row = Row("qed", "a", "Who made the mill?", context, (("Jane Marsh", context.index("Jane")),))
    found = build_examples([row], tokenizer, seed=1)
    assert found.kinds.tolist() in ([Kind.POSITIVE, Kind.WINDOW], [Kind.POSITIVE, Kind.POSITIVE, Kind.WINDOW])
    assert found.lengths().max() == recipe.MAX_TOKENS
    for number, kind in enumerate(found.kinds):
        assert ("jane marsh" in tokenizer.decode(ids(found, number))) == (kind == Kind.POSITIVE)
        assert said(found, number, tokenizer) == (["jane marsh"] if kind == Kind.POSITIVE else [])


def test_a_window_that_holds_the_answers_words_elsewhere_is_no_negative(tokenizer: Tokenizer) -> None:
    context = "Jane Marsh built it. " + "Many years later came JANE MARSH again. " * 120
    row = Row("qed", "a", "Who made the mill?", context, (("Jane Marsh", 0),))
    assert build_examples([row], tokenizer, seed=1).kinds.tolist() == [Kind.POSITIVE]


def test_rows_without_an_example_are_counted(tokenizer: Tokenizer, caplog: pytest.LogCaptureFixture) -> None:
    unseen = Row("qed", "a", "Who?", "Nobody \u200b came.", (("\u200b", 7),))
    with caplog.at_level("INFO"):
        assert len(build_examples([*ROWS, unseen], tokenizer, seed=1)) == len(build_examples(ROWS, tokenizer, seed=1))
    assert "1 of 7 rows give no example" in caplog.text
    with pytest.raises(DataError, match="none of 1 rows"):
        build_examples([unseen], tokenizer, seed=1)


def test_examples_are_kept_and_made_again_when_anything_changes(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(seed: int = 1, written: Path | None = None) -> Examples:
        vocabulary = packaged_folder() / "tokenizer.json"
        return load_examples(train_file(data), written, tmp_path / "cache", vocabulary, fraction=1.0, seed=seed)

    made = load()
    (path,) = (tmp_path / "cache").iterdir()
    with monkeypatch.context() as once:
        once.setattr(module, "build_examples", None)  # not called again
        again = load()
    for name in ("tokens", "bounds", "context_starts", "spans", "kinds"):
        assert np.array_equal(getattr(made, name), getattr(again, name))
        assert getattr(made, name).dtype == getattr(again, name).dtype
    load(seed=2)
    assert len(load(written=write_written(tmp_path))) > len(made)
    monkeypatch.setattr(recipe, "MAX_SPANS", 3)
    assert load().spans.shape[1] == 3
    assert len(list((tmp_path / "cache").iterdir())) == 4
    path.write_bytes(path.read_bytes()[:-100])
    monkeypatch.undo()
    with pytest.raises(DataError, match="delete it"):
        load()


def test_follow_ups_are_examples_behind_their_history(tokenizer: Tokenizer) -> None:
    context = "Jane Marsh built the mill in 1820."
    row = Row("qed", "a", "Who built the mill?", context, (("Jane Marsh", 0),))
    said = "Who built the mill? | Jane Marsh | When?"
    talks = [Row("written", "a", asked, context, (("1820", 29),)) for asked in (said, f"{'mill ' * 200}| {said}")]
    found = build_examples([row], tokenizer, seed=1, talks=talks)
    asked = [
        tokenizer.decode(ids(found, number)[1 : int(found.context_starts[number]) - 1]) for number in range(len(found))
    ]
    assert asked[:2] == ["who built the mill?", said.lower()]
    assert not any("| when?" in one for one in asked[2:])  # of the longer one the end, its question, would be cut off
