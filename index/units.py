"""The units that are retrieved: sentences, and the passages they lie in."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of an article; `article.text[start:end]` is its text, without white space at either end.

    `id` counts from 0 in reading order within the article; `passage_id` is the passage that it belongs to.
    """

    article_id: str
    id: int
    passage_id: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Passage:
    """A contiguous run of sentences that the reader reads as one; `article.text[start:end]` is its text.

    Windows of a long paragraph overlap by a sentence: `[start, end)` may reach over a sentence whose `passage_id` is
    the passage before. `id` counts from 0 in reading order within the article.
    """

    article_id: str
    id: int
    start: int
    end: int
