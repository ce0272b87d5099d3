"""An article: its exact text, its identity, and its typed blocks.

Offsets everywhere in this program are `[start, end)` in Unicode code points of `Article.text`.
"""

import hashlib
from dataclasses import dataclass, field
from typing import Literal

BlockKind = Literal["title", "standfirst", "caption", "subheading", "paragraph", "boilerplate"]


@dataclass(frozen=True, slots=True)
class Block:
    """A typed stretch of an article's text, without the white space around it."""

    kind: BlockKind
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Article:
    """What was read from one file: text, metadata and blocks, in reading order.

    `text` is the file decoded as UTF-8, less a BOM and front matter, otherwise untouched, line ends included.
    """

    id: str
    text: str
    blocks: tuple[Block, ...]
    title: str
    source: str | None = None
    url: str | None = None
    published: str | None = None
    language: str = "en"
    sha256: str = field(default="")

    def __post_init__(self) -> None:
        object.__setattr__(self, "sha256", hashlib.sha256(self.text.encode()).hexdigest())
