"""What is said to "What is this about?" and its like of an archive, which no few sentences can stand for.

Of the whole: how many articles there are, from when to when, and a sentence of each of the newest. Of the people, figures or
dates in all of them nothing can be said in five sentences: whoever asks is told to choose an article.
"""

from dataclasses import replace
from functools import cached_property

from index.article import Article
from index.store import Index
from qa.answer import Answer, Citation, Models
from qa.overview.choosing import MOST, Overviews, overview_reply
from qa.overview.focus import Focus


class ArchiveOverviews:
    """Overviews of all articles of one index at once, where they are more than an overview has sentences."""

    def __init__(self, index: Index, overviews: Overviews) -> None:
        self._index = index
        self._overviews = overviews

    @property
    def needed(self) -> bool:
        """Whether there are so many articles."""
        return len(self._index.articles) > MOST

    def reply(self, question: str, focus: Focus, models: Models, total_ms: float) -> Answer:
        """The answer to a wish for an overview of all."""
        several = f"There are {len(self._index.articles):,} articles here"
        if focus != "gist":
            told = overview_reply(question, (), models, total_ms)
            message = f"{several}, and this can be told of one at a time: choose one, and ask again."
            return replace(told, kind="help", answerable=False, message=message)
        first, last = self._dates
        when = "" if first is None else f", published in {first}" if first == last else f", from {first} to {last}"
        which = "five of them" if first is None else "the newest"
        message = f"{several}{when}. Below is a sentence of each of {which}; choose an article to hear more about it."
        return replace(overview_reply(question, self._sentences(), models, total_ms), message=message)

    def _sentences(self) -> tuple[Citation, ...]:
        """The sentence that says most of each of the newest articles; of one without any, or that is gone, none."""
        there = (article for article in self.newest if self._overviews.hold(article.id))
        found = (self._overviews.citations("gist", article.id) for article in there)
        best = (max(cited, key=lambda one: one.score) for cited in found if cited)
        return tuple(replace(one, number=number) for number, one in enumerate(best, start=1))

    @cached_property
    def _dated(self) -> list[Article]:
        return [article for article in self._index.articles if article.published is not None]

    @cached_property
    def newest(self) -> list[Article]:
        """The newest first; those without a date in the order of the index, behind those with one."""
        newest = sorted(self._dated, key=lambda article: article.published or "", reverse=True)[:MOST]
        undated = (article for article in self._index.articles if article.published is None)
        return [*newest, *(article for article, _ in zip(undated, range(MOST - len(newest)), strict=False))]

    @cached_property
    def _dates(self) -> tuple[str | None, str | None]:
        """The years of the first and the last article that has a date."""
        dates = [article.published or "" for article in self._dated]
        return (min(dates)[:4], max(dates)[:4]) if dates else (None, None)
