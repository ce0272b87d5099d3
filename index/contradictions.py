"""Whether the parts of an index belong together."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from index.manifest import ArticleRecord
from index.units import Passage, Sentence

if TYPE_CHECKING:
    from index.store import Index


def contradictions(index: "Index") -> Iterator[str]:
    """What does not agree among the counts, dimensions and numbering of an index's parts, a line each."""
    manifest = index.manifest
    lengths: tuple[tuple[str, int, int], ...] = (
        ("articles", len(index.articles), len(manifest.articles)),
        ("passages", len(index.passages), manifest.passages),
        ("sentences", len(index.sentences), manifest.sentences),
        ("passage vectors", len(index.passage_vectors), manifest.passages),
        ("sentence vectors", len(index.sentence_vectors), manifest.sentences),
        ("rows of passage terms", len(index.passage_terms), manifest.passages),
        ("rows of sentence terms", len(index.sentence_terms), manifest.sentences),
        ("dimensions of passage vectors", index.passage_vectors.dimension, manifest.dimension),
        ("dimensions of sentence vectors", index.sentence_vectors.dimension, manifest.dimension),
    )
    for what, found, expected in lengths:
        if found != expected:
            yield f"found {found} {what}, expected {expected}"
    records = tuple(ArticleRecord(own.id, own.title, own.sha256, len(own.text)) for own in index.articles)
    if records != manifest.articles:
        yield "the articles are not those that the manifest names"
    if not {record.id for record in records}.issuperset(name for own in index.documents for name in own.articles):
        yield "a document is of an article that the index does not hold"
    kinds: tuple[tuple[str, Sequence[Passage | Sentence]], ...] = (
        ("passages", index.passages),
        ("sentences", index.sentences),
    )
    for what, units in kinds:
        numbers: dict[str, list[int]] = {article.id: [] for article in index.articles}
        for unit in units:
            numbers.setdefault(unit.article_id, []).append(unit.id)
        in_order = [(home, number) for home, own in numbers.items() for number in range(len(own))]
        if in_order != [(unit.article_id, unit.id) for unit in units] or not all(numbers.values()):
            yield f"the {what} are not numbered from 0 in each article, in the order of the articles"
