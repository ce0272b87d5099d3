"""What a document says, before it is an article: its text, and what it tells of itself."""

from dataclasses import dataclass, replace
from typing import Any

from index.article import Article, article_from_text
from index.blocks import BlockKind
from index.errors import ArticleError


@dataclass(frozen=True, slots=True)
class Extracted:
    """The text that was taken from a document, and what its metadata says; None where it says nothing usable.

    :param pages: offsets into `text` at which pages begin, for a PDF.
    :param kinds: stretches of `text` whose kind the document's own markup tells, as `(kind, start, end)`.
    """

    text: str
    title: str | None = None
    source: str | None = None
    url: str | None = None
    published: str | None = None
    language: str | None = None
    pages: tuple[int, ...] = ()
    kinds: tuple[tuple[BlockKind, int, int], ...] = ()

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> "Extracted":
        """The same again from its fields as JSON has them, where tuples are lists.

        :raises KeyError, TypeError, ValueError: these are other fields.
        """
        pages = tuple(int(start) for start in fields.pop("pages"))
        kinds = tuple((kind, int(start), int(end)) for kind, start, end in fields.pop("kinds"))
        return cls(pages=pages, kinds=kinds, **fields)

    def article(self, id: str, url: str | None = None) -> Article:
        """The article that this is, with the blocks of `index/blocks.py`; of a line on its own the document's markup, where
        it has such, and not its looks, tells a subheading from a paragraph.

        :param url: where the document was fetched from, for one that does not say where it belongs.
        :raises ArticleError: the text says nothing, or the id cannot be used.
        """
        article = article_from_text(
            self.text,
            id=id,
            title=self.title,
            source=self.source,
            url=self.url or url,
            published=self.published,
            language=self.language or "en",
        )
        known = {(start, end): kind for kind, start, end in self.kinds}
        blocks = tuple(
            replace(block, kind=known.get((block.start, block.end), block.kind))
            if block.kind in ("paragraph", "subheading")
            else block
            for block in article.blocks
        )
        return replace(article, blocks=blocks, pages=self.pages)


def refuse_larger(size: int, limit: int, what: str) -> None:
    """:raises ArticleError: `size` bytes are more than `limit`; `what` names what has them, as "the file"."""
    if size > limit:
        raise ArticleError(
            f"{what} is larger than {limit // 2**20:,} MiB; expected a document at most as large; split it into several"
        )
