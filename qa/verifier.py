"""Verifying: the question, some sentences and the span in them are read together once more, to tell whether it answers.

A reader says where an answer would stand, in one pass over all spans; a verifier is shown the one that was found (Hu et al.
2019, "Read + Verify"). It is a feature of the decision, and decides nothing by itself; see qa/models/verifier/MODEL_CARD.md.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qa.answer import Span
from qa.networks import Network, PackagedTokenizer, load_network, packaged_tokenizer
from qa.question import search_text
from qa.reader import QUESTION_TOKENS
from qa.reading import WORDLESS, Evidence

FOLDER = Path(__file__).parent / "models" / "verifier"
MODEL = "verifier.onnx"

ROOM = 56
"""Tokens of text that are read: the span's sentence, and as many whole sentences around it as fit."""

QUESTION, TEXT, SPAN = 0, 1, 2
"""Segments of an input: the question, the text, and the words of it that are asked about."""


class Verifier:
    """Tells how likely a span answers a question; several threads may use one at a time."""

    def __init__(self, network: Network, tokenizer: PackagedTokenizer) -> None:
        self.name = network.name
        self.fingerprint = network.fingerprint
        self._network = network
        self._tokenizer = tokenizer

    def odds(self, question: str, text: str, sentences: Sequence[tuple[int, int]], span: Span) -> float:
        """Log odds that just the span answers; `WORDLESS` of one without a token.

        :param sentences: `[start, end)` in code points of the text, in order; what may be read beside the span.
        :param span: likewise; of more than `ROOM` tokens those in the middle are read.
        """
        origin = sentences[0][0]
        ids, offsets = self._tokenizer.tokens(text[origin : sentences[-1][1]])
        start, end, inside = crop(offsets + origin, sentences, span, ROOM)
        if not inside.any():
            return WORDLESS
        asked = self._tokenizer.tokens(question)[0][:QUESTION_TOKENS]
        before, after = self._tokenizer.before, self._tokenizer.after
        segments = np.concatenate((np.full(len(asked) + 2, QUESTION), np.where(inside, SPAN, TEXT), np.full(1, TEXT)))
        logits = self._network.run(np.concatenate((before, asked, after, ids[start:end], after)), segments)
        return float(logits[0, 1] - logits[0, 0])

    def of(self, evidence: Evidence, position: int, asked: str | None = None) -> float:
        """The same of the best span of the sentence at `position`, which was read.

        :param asked: what the reader was asked, None for the retrieval's question.
        """
        retrieval = evidence.retrieval
        together = np.flatnonzero(evidence.window == evidence.window[position])
        found = sorted((retrieval.sentence(int(place)) for place in together), key=lambda one: one.start)
        text = retrieval.index.article(found[0].article_id).text
        span = Span(*map(int, evidence.spans.spans[position]))
        return self.odds(search_text(asked or retrieval.question), text, [(one.start, one.end) for one in found], span)


def around(sentences: Sequence[tuple[int, int]], lengths: Sequence[int], span: Span, room: int) -> tuple[int, int]:
    """The first and the last of the sentences that are read: that of the span, and by turns those before and after it while
    they fit.

    >>> around([(0, 9), (10, 19), (20, 29)], [5, 5, 5], Span(12, 15), 10)
    (0, 1)
    """
    first = last = next((place for place, (_, end) in enumerate(sentences) if span.start < end), len(sentences) - 1)
    left = room - lengths[first]
    grown = True
    while grown:
        grown = False
        if first and lengths[first - 1] <= left:
            first, grown = first - 1, True
            left -= lengths[first]
        if last + 1 < len(sentences) and lengths[last + 1] <= left:
            last, grown = last + 1, True
            left -= lengths[last]
    return first, last


def crop(
    offsets: NDArray[np.int64], sentences: Sequence[tuple[int, int]], span: Span, room: int
) -> tuple[int, int, NDArray[np.bool_]]:
    """`[start, end)` of the tokens that are read, and which of them are the span's. Of a sentence that is longer than the
    room those around the middle of the span are read.

    :param offsets: *Shape:* ``(t, 2)``: where the tokens stand; all in the same code points.
    """
    heads = np.searchsorted(offsets[:, 1], [start for start, _ in sentences], side="right")
    tails = np.searchsorted(offsets[:, 0], [end for _, end in sentences])
    first, last = around(sentences, (tails - heads).tolist(), span, room)
    start, end = int(heads[first]), int(max(tails[last], heads[first]))
    inside = (offsets[:, 1] > span.start) & (offsets[:, 0] < span.end)
    if end - start > room:
        own = np.flatnonzero(inside[start:end])
        middle = start + (int(own[0] + own[-1] + 1) // 2 if len(own) else 0)
        start = max(start, min(middle - room // 2, end - room))
        end = start + room
    return start, end, np.asarray(inside[start:end])


@cache
def load_verifier(folder: Path = FOLDER) -> Verifier:
    """The verifier in `folder`, loaded once, its files checked against the checksum in its config.

    :raises ReaderError: a file is missing, altered or of another version.
    :raises EncoderError: the packaged encoder, which has the word embeddings, is not installed.
    """
    return Verifier(load_network(folder, MODEL), packaged_tokenizer())
