"""Windows: the stretches of an article that are read as one. Neighbouring short passages share one, for their context."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from index.article import Article
from index.units import Passage


@dataclass(frozen=True, slots=True)
class Window:
    """`article.text[start:end]`, which holds the passages from `first` to `last`, both included."""

    article_id: str
    first: int
    last: int
    start: int
    end: int


def article_windows(
    article: Article, passages: Sequence[Passage], count_tokens: Callable[[Sequence[str]], list[int]], room: int
) -> tuple[Window, ...]:
    """All passages of an article in windows of at most `room` tokens, or of one passage that is longer.

    Only passages with nothing but white space between them share a window: what is boilerplate is not read.
    """
    lengths = count_tokens([article.text[passage.start : passage.end] for passage in passages])
    found: list[Window] = []
    tokens = 0
    for passage, length in zip(passages, lengths, strict=True):
        last = found[-1] if found else None
        tokens += length
        if last and tokens <= room and article.text[last.end : passage.start].isspace():
            found[-1] = Window(article.id, last.first, passage.id, last.start, passage.end)
        else:
            found.append(Window(article.id, passage.id, passage.id, passage.start, passage.end))
            tokens = length
    return tuple(found)
