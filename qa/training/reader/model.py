"""The reader: BERT with start and end logits, and its loss."""

from pathlib import Path

import torch
import transformers.utils.logging as transformers_log
from torch import Tensor
from transformers import AttentionInterface, BertForQuestionAnswering

from qa.training.reader.batches import Batch


class ByteDropout(torch.nn.Module):
    """Dropout at 26/256 (about .1) from one random byte a value.

    PyTorch's own draws a random number a value on one core, which took 8 % of a training step.
    """

    DROPPED = 26

    def forward(self, values: Tensor) -> Tensor:
        """Values, each 0 with probability 26/256 and else scaled up, in training mode; unchanged otherwise."""
        if not self.training:
            return values
        words = torch.empty(-(-values.numel() // 8), dtype=torch.int64).random_(-(2**63), None)
        kept = words.view(torch.uint8)[: values.numel()].view(values.shape) >= self.DROPPED
        return values * (kept.to(values.dtype) * (256 / (256 - self.DROPPED)))


def product_attention(
    _module: torch.nn.Module, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor, **_: object
) -> tuple[Tensor, None]:
    """Attention as two batched matrix products, scale and mask folded into the first; no attention dropout.

    PyTorch's fused kernel is 2.5 to 7 times as slow on a CPU in bfloat16 with these 32-wide heads, nearly all of it in
    its backward pass; transformers' eager one passes over the scores twice more. *Shapes:* query, key, value
    (b, h, t, d); attention_mask (b, 1, 1, t), additive, in their dtype; returns (b, t, h, d).
    """
    b, heads, t, width = query.shape
    folded = (b * heads, t, width)
    mask = attention_mask.expand(b, heads, 1, t).reshape(b * heads, 1, t)
    scores = torch.baddbmm(mask, query.reshape(folded), key.reshape(folded).transpose(1, 2), alpha=width**-0.5)
    return torch.bmm(scores.softmax(-1), value.reshape(folded)).view(b, heads, t, width).transpose(1, 2), None


AttentionInterface.register("product", product_attention)


def load_reader(folder: Path) -> BertForQuestionAnswering:
    """The reader on a BERT encoder's weights, in training mode: a fresh head unless the folder has one.

    Word embeddings are frozen, because the runtime has them in its encoder: the reader is shipped without them. Dropout
    on hidden states, none on attention weights.
    """
    # The library would list the head as missing and the encoder's pooler as not expected: both are meant.
    transformers_log.set_verbosity_error()  # type: ignore[no-untyped-call]
    transformers_log.disable_progress_bar()  # type: ignore[no-untyped-call]
    model: BertForQuestionAnswering = BertForQuestionAnswering.from_pretrained(
        folder,
        attn_implementation="product",
        attention_probs_dropout_prob=0.0,
        dtype=torch.float32,
        local_files_only=True,
    )
    model.bert.embeddings.word_embeddings.weight.requires_grad_(False)
    for module in list(model.modules()):
        for name, child in module.named_children():
            if isinstance(child, torch.nn.Dropout) and child.p > 0:
                setattr(module, name, ByteDropout())
    model.train()
    return model


def span_logits(model: BertForQuestionAnswering, batch: Batch) -> tuple[Tensor, Tensor]:
    """Start and end logits in float32, -inf where no answer may start or end. *Shapes:* (b, t) each."""
    start, end = token_logits(model, batch.ids, batch.types, batch.attend)
    blocked = ~batch.allowed
    return start.masked_fill(blocked, -torch.inf), end.masked_fill(blocked, -torch.inf)


def token_logits(model: BertForQuestionAnswering, ids: Tensor, segments: Tensor, attend: Tensor) -> tuple[Tensor, Tensor]:
    """Both logits of every token, in float32. *Shapes:* (b, t) each.

    Runs in bfloat16 where that is safe: about 2.5 times as fast as float32 on a CPU with avx512_bf16.
    """
    # Additive and bfloat16: a float32 mask would turn the scores, and the softmax over them, into float32.
    mask = torch.zeros(attend.shape, dtype=torch.bfloat16).masked_fill_(~attend, -1e4)[:, None, None, :]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        out = model(input_ids=ids, token_type_ids=segments, attention_mask=mask)
    return out.start_logits.float(), out.end_logits.float()


def span_loss(start: Tensor, end: Tensor, spans: Tensor) -> Tensor:
    """Mean over examples of -log of the summed probability of the right spans, p(first) x p(last) each.

    The summed objective of Clark and Gardner (2018), over whole spans: a start of one occurrence with the end of another
    earns nothing. *Shapes:* start, end (b, t), spans (b, k, 2), (-1, -1) where there is none; returns a scalar.
    """
    known = spans[..., 0] >= 0
    at = spans.clamp(min=0)
    log_start = start.log_softmax(-1).gather(1, at[..., 0])
    log_end = end.log_softmax(-1).gather(1, at[..., 1])
    return -(log_start + log_end).masked_fill(~known, -torch.inf).logsumexp(-1).mean()
