"""A pipeline that says what a test asks it to: kinds of answer that no question brings about for certain.

Only the ranking is scripted; citing and composing are the real pipeline's, over a real index, so every quote is exact.
"""

import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from index.encoder import Encoder
from index.store import Index
from index.units import Sentence
from qa.answer import Answer, AnswerText, Span
from qa.pipeline import QAPipeline
from qa.prediction import Prediction, RankedSentence
from qa.web.workers import Busy

SCRIPTS = ("several", "overview", "pronoun", "low", "words", "pair", "slow", "further", "broken")
FOLLOW_UP = "and again?"
MARKED = "as early as 2029"
ALSO_MARKED = "about 20 years"


class ScriptedPipeline(QAPipeline):
    """Answers each of `SCRIPTS` as its name says, greetings for real, and refuses anything else.

    `FOLLOW_UP` asks what the turn before it asked. `histories` holds the turns that came with each question.
    """

    def __init__(self, index: Index, encoder: Encoder) -> None:
        suggestions = {"article": ("several", "overview"), "moon": ("several",)}
        super().__init__(index, encoder, suggestions=suggestions)
        self.release = threading.Event()
        """`slow` waits for it."""
        self.refusals = 0
        """So many of the next questions find the server too busy."""
        self.histories: list[list[dict[str, str | None]]] = []

    def predict(self, questions: Sequence[str], *, article: str | None = None, depth: int = 10) -> list[Prediction]:
        """The script's ranking."""
        return [self._predicted(question, article or "article") for question in questions]

    def predict_turn(self, question: str, *_: object, article: str | None = None, **__: object) -> Prediction:
        """The script's ranking, whatever was said before."""
        return self._predicted(question, article or "article")

    def answer(self, question: str, *, article: str | None = None, **how: Any) -> Answer:
        """The real composition of the scripted ranking."""
        if self.refusals:
            self.refusals -= 1
            raise Busy("Too many questions are waiting; please ask again in a moment.")
        before = list(how.get("history", ()))
        self.histories.append(before)
        if question == FOLLOW_UP and before:
            meant = before[-1]["interpreted_as"] or before[-1]["question"]
            return replace(self.answer(meant, article=article), question=question, interpreted_as=meant)
        if question not in SCRIPTS:
            return super().answer(question, article=article, **how)
        if question == "broken":
            raise RuntimeError("broken by script")
        if question == "slow":
            self.release.wait(60)
        answer = self.compose(self.predict([question], article=article)[0])
        if question == "overview":
            return replace(answer, kind="overview", answer=None)
        return replace(answer, suggestions=("several", "overview")) if question == "further" else answer

    def _predicted(self, question: str, article: str) -> Prediction:
        low, high = self.index.sentence_rows(article)
        sentences = self.index.sentences[low:high]
        chosen = sentences[:3]
        words = {"words": [MARKED], "slow": [MARKED], "further": [MARKED], "pair": [MARKED, ALSO_MARKED]}.get(
            question, []
        )
        if question == "pronoun":
            chosen = self._that_say("It was the second time", sentences)
        elif words:
            chosen = [self._that_say(one, sentences)[0] for one in words]
        elif question in ("several", "overview"):
            chosen = sentences[-3:]
        text = self.index.article(article).text
        spans = [Span(one.start, one.end) for one in chosen]
        for place, one in enumerate(words):
            start = text.index(one, chosen[place].start)
            spans[place] = Span(start, start + len(one))
        best = spans[0]
        p_right = {"low": 0.4}.get(question, 0.9) if question in SCRIPTS else 0.05
        return Prediction(
            question=question,
            ranked=tuple(RankedSentence(one, 0.5, span) for one, span in zip(chosen, spans, strict=True)),
            best=AnswerText(text[best.start : best.end], best.start, best.end, article),
            read=(),
            p_no_answer=1 - p_right,
            p_right=p_right,
            answerable=question in SCRIPTS,
        )

    def _that_say(self, words: str, sentences: Sequence[Sentence]) -> list[Sentence]:
        return [sentence for sentence in sentences if words in self.index.text(sentence)]
