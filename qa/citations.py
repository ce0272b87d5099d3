"""Citations: sentences of an article, quoted by slicing it, with what is needed to find them again."""

from collections.abc import Sequence

from index.article import Article
from index.lexical import terms
from index.store import Index
from qa.answer import Citation
from qa.prediction import RankedSentence

CONTEXT = 32
"""Code points of text kept before and after a quote, so that it is found again where its words occur twice."""

SAME = 0.8
"""Share of terms in common (Jaccard) from which two sentences with the same figures say the same: a standfirst that repeats
a paragraph's quote with "the envoy" for "him" is the same evidence; another figure never is."""


def cite(index: Index, ranked: RankedSentence, *, number: int | None) -> Citation:
    """The citation of one ranked sentence; `number` is None for a nearest sentence, which is no evidence."""
    sentence = ranked.sentence
    article = index.article(sentence.article_id)
    return Citation(
        number=number,
        article_id=article.id,
        article_sha256=article.sha256,
        title=article.title,
        url=article.url,
        published=article.published,
        passage_id=sentence.passage_id,
        sentence_id=sentence.id,
        start=sentence.start,
        end=sentence.end,
        quote=article.text[sentence.start : sentence.end],
        prefix=article.text[max(0, sentence.start - CONTEXT) : sentence.start],
        suffix=article.text[sentence.end : sentence.end + CONTEXT],
        spans=() if ranked.span is None else (ranked.span,),
        score=round(ranked.score, 4),
        page=article.page(sentence.start),
    )


def distinct(index: Index, ranked: Sequence[RankedSentence], most: int) -> list[RankedSentence]:
    """The first `most` of `ranked` that say something different: of sentences that repeat each other, the best ranked."""
    kept: list[RankedSentence] = []
    seen: list[set[str]] = []
    for candidate in ranked:
        if len(kept) == most:
            break
        words = set(terms(index.text(candidate.sentence)))
        if not any(_same(words, other) for other in seen):
            kept.append(candidate)
            seen.append(words)
    return kept


def is_subheading(index: Index, ranked: RankedSentence) -> bool:
    """Whether the sentence only names what follows it: no help to somebody whose question was not answered."""
    sentence = ranked.sentence
    blocks = index.article(sentence.article_id).blocks
    return any(block.kind == "subheading" and block.start <= sentence.start < block.end for block in blocks)


def holds(article: Article, citation: Citation) -> bool:
    """Whether the citation is still a slice of the article: the first invariant, checked before anything is shown."""
    return (
        citation.article_sha256 == article.sha256
        and article.text[citation.start : citation.end] == citation.quote
        and all(citation.start <= span.start < span.end <= citation.end for span in citation.spans)
    )


def _same(one: set[str], other: set[str]) -> bool:
    figures = {term for term in one ^ other if any(map(str.isdigit, term))}
    return not figures and len(one & other) >= SAME * len(one | other) > 0
