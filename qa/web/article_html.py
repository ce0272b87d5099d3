"""An article as HTML for reading: every sentence is an element `#s<id>` that a citation can point at.

Everything that comes from the article is escaped, and goes into the page as the value of a `gr.HTML`, which inserts it
once; never as a template, which Gradio would evaluate.
"""

import hashlib
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import date
from html import escape
from itertools import groupby, takewhile
from operator import attrgetter

from index.article import Article, Block, BlockKind
from index.units import Sentence
from qa.web.bidi import closing

_TAGS: dict[BlockKind, str] = {
    "title": '<h1 id="qa-title" class="qa-headline" dir="auto">{}</h1>',
    "standfirst": '<p class="qa-standfirst" dir="auto">{}</p>',
    "caption": '<p class="qa-caption" dir="auto">{}</p>',
    "subheading": '<h2 class="qa-subheading" dir="auto">{}</h2>',
    "paragraph": '<p class="qa-paragraph" dir="auto">{}</p>',
    "boilerplate": '<p dir="auto">{}</p>',
}


def article_html(article: Article, sentences: Sequence[Sentence]) -> str:
    """`article` set for reading; `sentences` are its own, in reading order.

    Boilerplate stays, folded away: it is part of the text, and never quoted.
    """
    blocks = list(article.blocks)
    head: list[str] = []
    if not any(block.kind == "title" for block in blocks):
        head.append(_TAGS["title"].format(escape(article.title)))
    opening = 0
    while opening < len(blocks) and blocks[opening].kind in ("title", "standfirst"):
        head.append(_block(article, blocks[opening], sentences))
        opening += 1
    body = "".join(_stretches(article, blocks[opening:], sentences))
    return (
        f'<article class="qa-article" lang="{escape(article.language)}" aria-labelledby="qa-title"'
        f' data-article="{escape(article.id)}" data-title="{escape(article.title)}" data-sha256="{article.sha256}">'
        f"<header>{_kicker(article)}{''.join(head)}{_dateline(article)}</header>{body}{_colophon(article)}</article>"
    )


def edition(article: Article) -> str:
    """What names all that is shown of an article, its text and what stands above it: another as soon as any of it changes."""
    above = (article.id, article.title, article.source, article.url, article.published, article.language)
    return hashlib.sha256(repr((*above, article.sha256)).encode()).hexdigest()[:16]


def readable_date(published: str | None) -> str | None:
    """An ISO date, whole or without its day, as a reader writes it; anything else as it is.

    >>> readable_date("2025-03-27"), readable_date("2025-03"), readable_date("2025")
    ('27 March 2025', 'March 2025', '2025')
    """
    if published is None:
        return None
    try:
        day = date.fromisoformat(published[:10] if len(published) > 7 else f"{published}-01")
    except ValueError:
        return published
    return f"{day.day} {day:%B %Y}" if len(published) > 7 else f"{day:%B %Y}"


def _stretches(article: Article, blocks: Sequence[Block], sentences: Sequence[Sentence]) -> Iterator[str]:
    for boilerplate, group in groupby(blocks, key=lambda block: block.kind == "boilerplate"):
        pieces = [_block(article, block, sentences) for block in group]
        if boilerplate:
            words = "".join(pieces)
            yield f'<details class="qa-boilerplate"><summary>Boilerplate, never quoted</summary>{words}</details>'
        else:
            yield from pieces


def _block(article: Article, block: Block, sentences: Sequence[Sentence]) -> str:
    """One block, its sentences wrapped; what lies between them stays as it is."""
    pieces: list[str] = []
    position = block.start
    first = bisect_left(sentences, block.start, key=attrgetter("start"))  # a book has as many blocks as sentences
    for sentence in takewhile(lambda one: one.end <= block.end, (sentences[n] for n in range(first, len(sentences)))):
        pieces.append(escape(article.text[position : sentence.start]))
        said = article.text[sentence.start : sentence.end]
        words = escape(said) + closing(said)
        pieces.append(f'<span class="qa-sentence" id="s{sentence.id}">{words}</span>')
        position = sentence.end
    pieces.append(escape(article.text[position : block.end]))
    return _TAGS[block.kind].format("".join(pieces))


def _kicker(article: Article) -> str:
    if article.source is None:
        return ""
    source = escape(article.source)
    if article.url is not None and article.url.startswith(("https://", "http://")):
        source = f'<a href="{escape(article.url)}" rel="noopener noreferrer" target="_blank">{source}</a>'
    return f'<p class="qa-kicker">{source}</p>'


def _dateline(article: Article) -> str:
    words = len(article.text.split())
    parts = [f"{words:,} words"]
    if (day := readable_date(article.published)) is not None:
        parts.insert(0, f'<time datetime="{escape(article.published or "")}">{escape(day)}</time>')
    return f'<p class="qa-dateline">{" · ".join(parts)}</p>'


def _colophon(article: Article) -> str:
    return (
        '<footer class="qa-colophon"><p>Every quotation is a slice of this text, which has the SHA-256 '
        f"<code>{article.sha256[:16]}…</code></p></footer>"
    )
