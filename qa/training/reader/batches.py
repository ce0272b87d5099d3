"""An epoch's batches: contexts cropped while the rate is constant, examples of like length together."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from qa.training.reader import recipe
from qa.training.reader.examples import Examples, Kind


def cropped(examples: Examples, *, seed: int, epoch: int) -> Examples:
    """The examples, CROP_SHARE of the long contexts cut to CROP_TOKENS, drawn anew each epoch; the same for the same numbers.

    A cut holds all the right spans, and is longer where they need it: which of several occurrences was meant is not known,
    so cutting around one alone would now and then teach a wrong place.
    """
    rng = np.random.default_rng([seed, epoch, 1])
    n, low, high = len(examples), *recipe.CROP_TOKENS
    drawn, wanted, placed = rng.random(n) < recipe.CROP_SHARE, rng.integers(low, high, n), rng.random(n)
    begin, end = examples.context_starts.astype(np.int64), examples.lengths() - 1
    known = examples.spans[..., 0] >= 0
    # Without a span the cut may lie anywhere: as if one of no token stood at either end.
    first = np.where(known, examples.spans[..., 0], end[:, None]).min(axis=1)
    last = np.where(known, examples.spans[..., 1], begin[:, None] - 1).max(axis=1)
    length = np.maximum(wanted, last - first + 1)
    earliest, latest = np.maximum(begin, last + 1 - length), np.minimum(first, end - length)
    cut = drawn & (end - begin > high)
    starts = np.where(cut, earliest + (placed * (latest - earliest + 1)).astype(np.int64), begin)
    ends = np.where(cut, starts + length, end)
    pieces: list[NDArray[np.uint16]] = []
    places = zip(examples.bounds[:-1].tolist(), begin.tolist(), starts.tolist(), ends.tolist(), end.tolist(), strict=True)
    for at, head, start, stop, last_token in places:
        pieces += (examples.tokens[at : at + head], examples.tokens[at + start : at + stop])
        pieces.append(examples.tokens[at + last_token : at + last_token + 1])
    moved = examples.spans - (starts - begin)[:, None, None]
    return replace(
        examples,
        tokens=np.concatenate(pieces),
        bounds=np.concatenate(([0], np.cumsum(begin + ends - starts + 1))),
        spans=np.where(known[..., None], moved, -1).astype(np.int16),
    )


def epoch_batches(examples: Examples, *, seed: int, epoch: int) -> list[NDArray[np.int64]]:
    """The epoch's batches of example numbers, the same for the same arguments.

    All examples of the rows, plus HARD_SHARE of their number of hard negatives and ALTERED_SHARE of altered rows, drawn anew
    each epoch.
    """
    rng = np.random.default_rng([seed, epoch])
    plain = np.flatnonzero(~np.isin(examples.kinds, (Kind.HARD, Kind.ALTERED)))
    drawn = [
        rng.permutation(np.flatnonzero(examples.kinds == kind))[: round(len(plain) * share)]
        for kind, share in ((Kind.HARD, recipe.HARD_SHARE), (Kind.ALTERED, recipe.ALTERED_SHARE))
    ]
    return packed(examples, rng.permutation(np.concatenate((plain, *drawn))), rng)


def packed(examples: Examples, order: NDArray[np.int64], rng: np.random.Generator) -> list[NDArray[np.int64]]:
    """The examples in `order` as batches in random order, those of like length together. A batch has at most BATCH_TOKENS
    tokens when padded to its longest example, or is that one example.
    """
    lengths = examples.lengths()
    batches: list[NDArray[np.int64]] = []
    for at in range(0, len(order), recipe.SORTED_TOGETHER):
        chunk = order[at : at + recipe.SORTED_TOGETHER]
        chunk = chunk[np.argsort(lengths[chunk], kind="stable")]
        start = 0
        for end in range(1, len(chunk) + 1):
            if end == len(chunk) or (end + 1 - start) * lengths[chunk[end]] > recipe.BATCH_TOKENS:
                batches.append(chunk[start:end])
                start = end
    return [batches[place] for place in rng.permutation(len(batches))]


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """b model inputs, padded to t tokens. *Shapes:* ids, types int64, attend, allowed bool (b, t); spans int64 (b, k, 2).

    attend: True where there is a token. allowed: True where an answer may start or end: [CLS], which says that there is
    none, and the context's tokens. spans: (first, last) token positions, (-1, -1) where there is none; an example
    without an answer has the one span (0, 0).
    """

    ids: Tensor
    types: Tensor
    attend: Tensor
    allowed: Tensor
    spans: Tensor


def collate(examples: Examples, chosen: NDArray[np.int64]) -> Batch:
    """The chosen examples as one batch, padded to a multiple of 8, which the matrix kernels like."""
    lengths = examples.lengths()[chosen]
    width = -(-int(lengths.max()) // 8) * 8
    ids = np.zeros((len(chosen), width), dtype=np.int64)
    for row, number in enumerate(chosen):
        ids[row, : lengths[row]] = examples.tokens[examples.bounds[number] : examples.bounds[number + 1]]
    at = np.arange(width)[None, :]
    context = examples.context_starts[chosen].astype(np.int64)[:, None]
    attend = at < lengths[:, None]
    in_context = (at >= context) & (at < lengths[:, None] - 1)  # the last token is [SEP]
    spans = examples.spans[chosen].astype(np.int64)
    spans[spans[:, 0, 0] < 0, 0] = 0
    return Batch(
        ids=torch.from_numpy(ids),
        types=torch.from_numpy(((at >= context) & attend).astype(np.int64)),
        attend=torch.from_numpy(attend),
        allowed=torch.from_numpy(in_context | (at == 0)),
        spans=torch.from_numpy(spans),
    )
