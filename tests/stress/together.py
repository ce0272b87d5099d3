"""Micro-batching, measured: the windows of 2, 4 and 8 questions in one run of the reader's network against one after another.

The network that is shipped takes one window a run; here its first dimension is opened to several. It knows no padding, so
windows that run together have to be of one length: those that the questions are answered from are cut to the shortest among
them. That flatters running together: a padded window would cost as much as the longest (`padding` says how much more).
"""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from index.runtime import InferenceSession, session
from qa.onnx_reader import FOLDER, MODEL
from qa.pipeline import QAPipeline

SIZES: Final = (2, 4, 8)
"""Questions that are read together."""

_MOST_WORDS = 30  # tokens of an answer

Window = tuple[NDArray[np.int64], NDArray[np.int64]]
"""Tokens of `[CLS]`, question and `[SEP]`, and of the text."""
Inputs = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Together:
    """What came of reading so many questions together.

    :ivar ratio: windows a second, over those of one after another; the median of all that were run.
    :ivar processor: the same of this process's time on the cores, which other programs on the machine disturb less.
    :ivar windows: how many were read, each way.
    :ivar same: share of them in which the best answer is the same.
    :ivar moved: the most that a logit changed.
    :ivar padding: what padding to the longest would add to the tokens that are run, as a share of them.
    """

    questions: int
    ratio: float
    processor: float
    windows: int
    same: float
    moved: float
    padding: float


def opened() -> InferenceSession:
    """The reader's network, taking any number of windows of one length."""
    import onnx

    model = onnx.load(str(FOLDER / MODEL))
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "windows"
    return session(model.SerializeToString())


def windows_of(answering: QAPipeline, question: str) -> list[Window]:
    """The windows that the question is answered from, best first."""
    network: Any = answering.reader._network
    seen: list[Window] = []
    run = network.run

    def seeing(ids: NDArray[np.int64], segments: NDArray[np.int64]) -> NDArray[np.float32]:
        seen.append((ids[segments == 0], ids[segments == 1][:-1]))
        return run(ids, segments)

    network.run = seeing
    try:
        answering.predict([question])
    finally:
        del network.run
    return seen


def measured(answering: QAPipeline, questions: Sequence[str], rounds: int, places: int) -> list[Together]:
    """For each of `SIZES`: `rounds` sets of as many questions, of each the first `places` windows."""
    network = opened()
    read = [windows_of(answering, question) for question in questions]
    return [_together(network, answering, read, size, rounds, places) for size in SIZES]


def _together(
    network: InferenceSession, answering: QAPipeline, read: list[list[Window]], size: int, rounds: int, places: int
) -> Together:
    ratios, processor, same, moved, tokens, padded = list[float](), list[float](), list[bool](), 0.0, 0, 0
    for number in range(rounds):
        chosen = [read[(number * size + place) % len(read)] for place in range(size)]
        for place in range(min(places, *map(len, chosen))):
            windows = [one[place] for one in chosen]
            lengths = [len(head) + len(ids) + 1 for head, ids in windows]
            tokens, padded = tokens + sum(lengths), padded + size * max(lengths)
            inputs = [_inputs(answering, window, min(lengths)) for window in windows]
            batch = {name: np.concatenate([one[name] for one in inputs]) for name in inputs[0]}
            # By turns, and which comes first by turns as well.
            ways: list[Callable[[], list[NDArray[np.float32]]]] = [
                lambda inputs=inputs: [network.run(None, one)[0][0] for one in inputs],  # type: ignore[misc]
                lambda batch=batch: list(network.run(None, batch)[0]),  # type: ignore[misc]
            ]
            order = (0, 1) if (number + place) % 2 else (1, 0)
            taken = {way: _timed(ways[way]) for way in order}
            ratios.append(taken[0][0] / taken[1][0])
            processor.append(taken[0][1] / taken[1][1])
            for (head, _), alone, among in zip(windows, taken[0][2], taken[1][2], strict=True):
                same.append(best_span(alone, len(head)) == best_span(among, len(head)))
                moved = max(moved, float(np.abs(alone - among).max()))
    return Together(
        questions=size,
        ratio=statistics.median(ratios),
        processor=statistics.median(processor),
        windows=len(same),
        same=statistics.fmean(same),
        moved=round(moved, 3),
        padding=padded / tokens - 1,
    )


def _timed(work: Callable[[], list[NDArray[np.float32]]]) -> tuple[float, float, list[NDArray[np.float32]]]:
    started, used = time.perf_counter(), time.process_time()
    found = work()
    return time.perf_counter() - started, time.process_time() - used, found


def _inputs(answering: QAPipeline, window: Window, length: int) -> Inputs:
    """The network's inputs for a window, its text cut so that there are `length` tokens in all."""
    reader: Any = answering.reader
    head, ids = window
    whole = np.concatenate((head, ids[: length - len(head) - 1], reader._tokenizer.after))
    return {
        "embeddings": reader._network._words[whole][None],
        "segments": (np.arange(len(whole)) >= len(head))[None].astype(np.int64),
        "positions": np.arange(len(whole))[None],
    }


def best_span(logits: NDArray[np.float32], head: int) -> tuple[int, int] | None:
    """The tokens of the text that answer best, or None where the text's silence is likelier.

    :param logits: *Shape:* ``(t, 2)``, of the whole window. :param head: tokens before the text.
    """
    own = logits[head:-1] - logits[0]
    if not len(own):
        return None
    places = np.arange(len(own))
    words = places[None, :] - places[:, None]
    scores = np.where((words >= 0) & (words < _MOST_WORDS), own[:, None, 0] + own[None, :, 1], -np.inf)
    start, end = np.unravel_index(int(np.argmax(scores)), scores.shape)
    return (int(start), int(end)) if scores[start, end] > 0 else None
