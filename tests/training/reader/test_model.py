"""The model, its loss against brute force, and the probe's decoding."""

import itertools
import math

import numpy as np
import pytest
import torch
from transformers import BertForQuestionAnswering

from index.model_folder import packaged_folder
from qa.training.reader import recipe
from qa.training.reader.batches import collate
from qa.training.reader.examples import Examples
from qa.training.reader.model import ByteDropout, load_reader, span_logits, span_loss
from qa.training.reader.probe import best_spans


@pytest.fixture(scope="module")
def reader() -> BertForQuestionAnswering:
    torch.manual_seed(0)
    return load_reader(packaged_folder())


def test_loss_is_that_of_the_joint_distribution_over_spans() -> None:
    torch.manual_seed(1)
    start, end = torch.randn(2, 5) * 3, torch.randn(2, 5) * 3
    start[0, 1] = end[0, 1] = -torch.inf  # a question's token
    spans = torch.tensor([[[2, 3], [4, 4], [-1, -1]], [[0, 0], [-1, -1], [-1, -1]]])
    expected = 0.0
    for row, right in enumerate([{(2, 3), (4, 4)}, {(0, 0)}]):
        weights = {
            (first, last): math.exp(float(start[row, first]) + float(end[row, last]))
            for first, last in itertools.product(range(5), range(5))
        }
        expected -= math.log(sum(weights[span] for span in right) / sum(weights.values())) / 2
    assert float(span_loss(start, end, spans)) == pytest.approx(expected, rel=1e-5)


def test_loss_has_a_gradient_where_tokens_are_not_allowed() -> None:
    logits = torch.randn(1, 5, requires_grad=True)
    start = logits.masked_fill(torch.tensor([[False, True, False, False, True]]), -torch.inf)
    torch.autograd.backward(span_loss(start, start, torch.tensor([[[2, 3], [-1, -1]]])))
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()
    assert logits.grad[0, [1, 4]].tolist() == [0.0, 0.0]


def test_best_spans_agree_with_brute_force(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipe, "MAX_ANSWER_TOKENS", 3)
    torch.manual_seed(2)
    for _ in range(50):
        start, end = torch.randn(1, 8), torch.randn(1, 8)
        start[0, 1:3] = end[0, 1:3] = -torch.inf
        legal = [(a, b) for a, b in itertools.product(range(3, 8), repeat=2) if a <= b < a + 3]
        best = max(legal, key=lambda span: float(start[0, span[0]] + end[0, span[1]]))
        first, last, score = best_spans(start, end)[0]
        assert (first, last) == best
        null = float(start[0, 0] + end[0, 0])
        assert score == pytest.approx(float(start[0, first] + end[0, last]) - null, abs=1e-5)


def test_logits_agree_with_transformers_in_float32(reader: BertForQuestionAnswering, examples: Examples) -> None:
    batch = collate(examples, np.arange(6))
    theirs = BertForQuestionAnswering.from_pretrained(packaged_folder(), attn_implementation="eager")
    theirs.load_state_dict(reader.state_dict())
    reader.train(False)
    theirs.train(False)
    with torch.no_grad():
        start, end = span_logits(reader, batch)
        plain = theirs(input_ids=batch.ids, token_type_ids=batch.types, attention_mask=batch.attend.long())
    reader.train()
    assert torch.allclose(start[batch.allowed], plain.start_logits[batch.allowed], atol=0.03)
    assert torch.allclose(end[batch.allowed], plain.end_logits[batch.allowed], atol=0.03)
    assert float(plain.start_logits.std()) > 0.1  # or 0.03 would prove nothing
    assert torch.isinf(start[~batch.allowed]).all()


def test_dropout_drops_a_tenth_keeps_the_mean_and_stops_outside_training() -> None:
    torch.manual_seed(0)
    dropout = ByteDropout()
    dropped = dropout(torch.ones(1000, 381))
    assert float((dropped == 0).float().mean()) == pytest.approx(26 / 256, abs=0.003)
    assert float(dropped.mean()) == pytest.approx(1.0, abs=0.003)
    assert dropout.train(False)(torch.ones(3)).tolist() == [1.0, 1.0, 1.0]


def test_only_word_embeddings_are_frozen_and_dropout_is_in_place(reader: BertForQuestionAnswering) -> None:
    frozen = [name for name, weight in reader.named_parameters() if not weight.requires_grad]
    assert frozen == ["bert.embeddings.word_embeddings.weight"]
    kinds = [type(module) for module in reader.modules()]
    assert kinds.count(ByteDropout) == 1 + 2 * 6  # embeddings, and two in each of six layers
    assert all(module.p == 0 for module in reader.modules() if isinstance(module, torch.nn.Dropout))
