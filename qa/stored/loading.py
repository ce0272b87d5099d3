"""Articles into a store: what has changed is embedded and sent, what is gone goes."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from index.article import Article
from index.encoder import Encoder, Progress
from index.reuse import Changes, changes
from index.store import build_index
from index.stores import StoredArticle, VectorStore
from index.stores.rows import assembled, parts_of, revision_of

_AT_ONCE = 32
"""Articles that are embedded in one go, and then sent: a bulk load needs no more memory than these."""


def load_into(
    store: VectorStore, articles: Sequence[Article], encoder: Encoder, progress: Progress | None = None
) -> Changes:
    """Make the store hold these articles and no others; rows of what is as it was are left alone. What comes back counts the
    articles, and the texts of those that were added or changed.

    An article that is no different but for a few sentences costs the encoding of these: the vectors of the others come from
    the store. Ended midway, the next call goes on from there.

    :param progress: called with how many characters of the changed articles are done, and how many there are.
    :raises ArticleError: an article has no sentence.
    :raises IndexFault: the store cannot be reached or written.
    """
    before = {head.id: head.revision for head in store.heads()}
    changed = [own for own in articles if before.get(own.id) != revision_of(own, encoder.fingerprint)]
    counted = Changes(added=0, changed=0, removed=0, unchanged=len(articles) - len(changed), texts=0, encoded=0)

    def coming() -> Iterator[StoredArticle]:
        nonlocal counted
        done, total = 0, sum(len(own.text) for own in changed)
        for start in range(0, len(changed), _AT_ONCE):
            batch = changed[start : start + _AT_ONCE]
            old = store.fetch([own.id for own in batch if own.id in before])
            earlier = assembled(old, store.encoder) if old else None
            index = build_index(batch, encoder, earlier=earlier)
            found = changes(earlier, index, encoder)
            counted = replace(
                counted,
                added=counted.added + found.added,
                changed=counted.changed + found.changed + found.unchanged,
                texts=counted.texts + found.texts,
                encoded=counted.encoded + found.encoded,
            )
            yield from parts_of(index)
            done += sum(len(own.text) for own in batch)
            if progress is not None:
                progress(done, total)

    store.upsert(coming())
    gone = before.keys() - {own.id for own in articles}
    return replace(counted, removed=store.delete(sorted(gone)) if gone else 0)
