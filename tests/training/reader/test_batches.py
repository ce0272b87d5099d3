"""Cropping and batching."""

import numpy as np
import pytest
from tokenizers import Tokenizer

from qa.training.reader import recipe
from qa.training.reader.batches import collate, cropped, epoch_batches
from qa.training.reader.examples import Examples, Kind, build_examples
from qa.training.reader.rows import Row
from tests.training.reader.test_examples import ids, said
from tests.training.reader.toy import CONTEXTS, ROWS


@pytest.fixture
def crop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipe, "CROP_TOKENS", (6, 12))


@pytest.mark.usefixtures("crop")
def test_a_crop_keeps_the_answers_and_the_layout(examples: Examples, tokenizer: Tokenizer) -> None:
    cuts = 0
    for epoch in range(30):
        cut = cropped(examples, seed=1, epoch=epoch)
        assert (cut.kinds == examples.kinds).all()
        assert (cut.context_starts == examples.context_starts).all()
        for number in range(len(examples)):
            before, after, start = ids(examples, number), ids(cut, number), int(examples.context_starts[number])
            assert said(cut, number, tokenizer) == said(examples, number, tokenizer)
            assert after[:start] == before[:start]  # [CLS] question [SEP]
            assert after[-1] == before[-1]
            inside, whole = after[start:-1], before[start:-1]
            assert any(inside == whole[at : at + len(inside)] for at in range(len(whole)))
            if len(inside) < len(whole):
                cuts += 1
                assert 6 <= len(inside) < 12
    assert cuts / (30 * len(examples)) == pytest.approx(recipe.CROP_SHARE, abs=0.07)


@pytest.mark.usefixtures("crop")
def test_crops_reach_everywhere_and_vary(examples: Examples) -> None:
    """Each token of an unanswerable context is in some crop, and each place around an answer is some crop's beginning."""
    crops = [cropped(examples, seed=1, epoch=epoch) for epoch in range(200)]
    unanswerable = int(np.flatnonzero(examples.kinds == Kind.UNANSWERABLE)[0])
    whole = ids(examples, unanswerable)
    beginnings = {tuple(ids(cut, unanswerable)[int(examples.context_starts[unanswerable]) :][:2]) for cut in crops}
    assert len(beginnings) >= len(whole) - int(examples.context_starts[unanswerable]) - 1 - 6
    first = {int(cut.spans[0, 0, 0]) - int(cut.context_starts[0]) for cut in crops}
    assert {0, 1, 2, 3} <= first


@pytest.mark.usefixtures("crop")
def test_a_crop_holds_every_occurrence_that_may_be_meant(tokenizer: Tokenizer) -> None:
    context = "The lake is deep. " + "Nobody swims far out there. " * 3 + "Boats cross the lake."
    row = Row("squad1", "a", "What do the boats cross?", context, (("lake", 4),))
    examples = build_examples([row], tokenizer, seed=1)
    for epoch in range(20):
        assert said(cropped(examples, seed=1, epoch=epoch), 0, tokenizer) == ["lake", "lake"]


def test_short_contexts_are_left_alone(examples: Examples) -> None:
    assert cropped(examples, seed=1, epoch=0).tokens.tolist() == examples.tokens.tolist()


@pytest.mark.usefixtures("crop")
def test_crops_and_batches_are_the_same_for_the_same_seed_and_epoch(examples: Examples) -> None:
    def drawn(seed: int, epoch: int) -> tuple[list[int], list[list[int]]]:
        shown = cropped(examples, seed=seed, epoch=epoch)
        return shown.tokens.tolist(), [batch.tolist() for batch in epoch_batches(shown, seed=seed, epoch=epoch)]

    assert drawn(1, 2) == drawn(1, 2)
    assert drawn(1, 2)[0] != drawn(1, 3)[0] != drawn(2, 3)[0]
    assert drawn(1, 2)[1] != drawn(1, 3)[1] or drawn(1, 2)[1] != drawn(2, 2)[1]


def test_batches_hold_every_example_once_within_the_limit(examples: Examples, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipe, "BATCH_TOKENS", 80)
    monkeypatch.setattr(recipe, "HARD_SHARE", 0.4)
    monkeypatch.setattr(recipe, "ALTERED_SHARE", 0.2)
    drawn: dict[Kind, set[int]] = {Kind.HARD: set(), Kind.ALTERED: set()}
    for epoch in range(9):
        batches = epoch_batches(examples, seed=1, epoch=epoch)
        seen = np.concatenate(batches)
        assert sorted(seen[examples.kinds[seen] < Kind.HARD]) == [0, 1, 2, 3, 4, 5]
        assert len(set(seen.tolist())) == len(seen) == 6 + round(0.4 * 6) + round(0.2 * 6)
        assert all(len(batch) * examples.lengths()[batch].max() <= 80 for batch in batches)
        for kind, numbers in drawn.items():
            numbers.update(seen[examples.kinds[seen] == kind].tolist())
    assert {kind: len(numbers) for kind, numbers in drawn.items()} == {Kind.HARD: 5, Kind.ALTERED: 2}  # others each epoch


def test_an_example_longer_than_a_batch_is_one(examples: Examples, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipe, "BATCH_TOKENS", 5)
    batches = epoch_batches(examples, seed=1, epoch=0)
    assert {len(batch) for batch in batches} == {1}
    assert len(batches) == 6 + round(recipe.HARD_SHARE * 6) + round(recipe.ALTERED_SHARE * 6)


def test_examples_of_like_length_share_a_batch(tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipe, "BATCH_TOKENS", 400)
    rows = [Row("qed", str(n), "Who?", f"{CONTEXTS[0]} " * (1 + n % 4), (("Jane Marsh", 41),)) for n in range(60)]
    examples = build_examples(rows, tokenizer, seed=1)
    spread = [np.ptp(examples.lengths()[batch]) for batch in epoch_batches(examples, seed=1, epoch=0)]
    assert sum(size == 0 for size in spread) >= len(spread) - 3  # one batch for each border between two lengths


def test_a_batch_marks_tokens_contexts_and_no_answer(examples: Examples) -> None:
    chosen = np.array([0, 4])
    batch = collate(examples, chosen)
    assert batch.ids.shape[1] % 8 == 0
    for row, number in enumerate(chosen):
        tokens, start = ids(examples, number), int(examples.context_starts[number])
        padding = batch.ids.shape[1] - len(tokens)
        assert batch.ids[row].tolist() == tokens + [0] * padding
        assert batch.attend[row].tolist() == [True] * len(tokens) + [False] * padding
        assert batch.types[row].tolist() == [0] * start + [1] * (len(tokens) - start) + [0] * padding
        context = [start <= at < len(tokens) - 1 for at in range(len(tokens))]
        assert batch.allowed[row].tolist() == [True, *context[1:]] + [False] * padding
    assert batch.spans[0, 0].tolist() == examples.spans[0, 0].tolist()
    assert batch.spans[1, :2].tolist() == [[0, 0], [-1, -1]]  # row 4 is unanswerable
    assert ROWS[4].answers == ()
