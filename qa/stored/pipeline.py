"""`QAPipeline` over a store: for each question the articles that may answer it are fetched, and asked as a small index.

What the store's rows are good for is finding articles. All that is shown is taken from the articles' texts, whose checksums
were looked at when they were fetched, by the same code as everywhere; so the same promises hold.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from threading import Lock
from types import SimpleNamespace
from typing import Any, Final, cast

from index.encoder import Encoder
from index.errors import IndexMissing, StoreUnavailable
from index.store import Index
from index.stores import StoredArticle, VectorStore
from index.stores.rows import assembled, revision_of
from qa.answer import Answer
from qa.courtesy import courtesy
from qa.decision import Decision
from qa.overview import ArchiveOverviews, Overviews, focus_of
from qa.overview.choosing import MOST
from qa.pipeline import QAPipeline
from qa.prediction import Prediction
from qa.question import check_question, checked_history, search_text
from qa.reader import Reader
from qa.settings import Settings
from qa.stored.archive import Shelf, StoredIndex
from qa.stored.finding import MOST_ARTICLES, articles_for
from qa.stored.telling import told

_EARLIER: Final = 2
"""Turns, counted back, whose articles are asked too."""
_ITS_ARTICLES: Final = 2
"""Articles that are fetched for each of them."""
_SMALL: Final = 32
"""Small pipelines that are kept: an article that is read is asked again and again."""


class StorePipeline(QAPipeline):
    """Answers questions over the articles of a store. Suggests no questions: none were checked when it was built.

    :ivar index: the articles as they were when this was made; a question finds those of now.
    """

    index: StoredIndex

    def __init__(
        self,
        store: VectorStore,
        encoder: Encoder,
        settings: Settings,
        *,
        reader: Reader,
        decision: Decision,
        shelf: Shelf | None = None,
    ) -> None:
        """:param shelf: the articles that another pipeline over the same store has fetched.
        :raises IndexMissing: the store is empty.
        """
        self.store = store
        self.shelf = shelf or Shelf(store)
        super().__init__(StoredIndex(store, self.shelf), encoder, settings, reader=reader, decision=decision)
        if not self.index.heads:
            raise IndexMissing(
                f"the store {store.name} holds no article; build into it: python -m qa build SOURCE ... --store {store.name}"
            )
        self._small: OrderedDict[tuple[tuple[str, str], ...], QAPipeline] = OrderedDict()
        self._lock = Lock()

    def answer(
        self,
        question: str,
        *,
        article: str | None = None,
        top_k: int = 3,
        history: Sequence[Mapping[str, Any]] = (),
    ) -> Answer:
        """See `QAPipeline.answer`.

        :raises StoreUnavailable: the store cannot be reached; the log says why.
        """
        question = check_question(question, self.settings.question_length)
        history = checked_history(history, self.settings.history_turns, top_k)
        with told():
            if article is None and courtesy(question) is None and focus_of(question) and len(self.index.heads) > MOST:
                return self._overview.answer(question, top_k=top_k, history=history)
            small, article = self._for(question, history, article)
            return small.answer(question, article=article, top_k=top_k, history=history)

    def predict_turn(
        self,
        question: str,
        history: Sequence[Mapping[str, Any]] = (),
        *,
        article: str | None = None,
        depth: int = 10,
    ) -> Prediction:
        """See `QAPipeline.predict_turn`."""
        with told():
            small, article = self._for(question, history, article)
            return small.predict_turn(question, history, article=article, depth=depth)

    def predict(self, questions: Sequence[str], *, article: str | None = None, depth: int = 10) -> list[Prediction]:
        """See `QAPipeline.predict`; each question has articles of its own."""
        return [self.predict_turn(question, article=article, depth=depth) for question in questions]

    def compose(self, prediction: Prediction, *, top_k: int = 3, total_ms: float | None = None) -> Answer:
        """See `QAPipeline.compose`."""
        with told():
            ids = list(dict.fromkeys(found.sentence.article_id for found in prediction.ranked))
            return self._over(ids).compose(prediction, top_k=top_k, total_ms=total_ms)

    def _for(
        self, question: str, history: Sequence[Mapping[str, Any]], article: str | None
    ) -> tuple[QAPipeline, str | None]:
        """The small pipeline for a question, and which article of it is asked.

        :raises ArticleError: there is no such article.
        """
        if article is not None:
            article_id = self.index.id_of(article)
            return self._pipeline(self.shelf.get([self.index.head_of[article_id]])), article_id
        if courtesy(question) is not None or (focus_of(question) and len(self.index.heads) <= MOST):
            return self._over([head.id for head in self.index.heads[:MOST]]), None
        found, *earlier = articles_for(self.store, self.encoder, [search_text(question), *_before(history)])
        known = [
            one for ids in (found, *(ids[:_ITS_ARTICLES] for ids in earlier)) for one in ids if one in self.index.head_of
        ]
        return self._over(list(dict.fromkeys(known)) or [head.id for head in self.index.heads[:MOST_ARTICLES]]), None

    def _over(self, ids: Sequence[str]) -> QAPipeline:
        """A pipeline over those of these articles that there still are. They stand by id, as everywhere in the store: equals
        rank by place.

        :raises StoreUnavailable: all of them are gone, so that the list is about to be read again.
        """
        stored = list(self.shelf.present([self.index.head_of[article_id] for article_id in sorted(ids)]))
        if not stored:
            raise StoreUnavailable(f"all articles that were to be read are gone from the store {self.store.name}")
        return self._pipeline(stored)

    def _pipeline(self, stored: Sequence[StoredArticle]) -> QAPipeline:
        key = tuple((own.article.id, revision_of(own.article, self.encoder.fingerprint)) for own in stored)
        with self._lock:
            if (kept := self._small.get(key)) is not None:
                self._small.move_to_end(key)
                return kept
        index = assembled(stored, self.store.encoder)
        small = QAPipeline(index, self.encoder, self.settings, reader=self.reader, decision=self.decision)
        with self._lock:
            self._small[key] = small
            if len(self._small) > _SMALL:
                self._small.popitem(last=False)
        return small

    @property
    def _overview(self) -> QAPipeline:
        """A pipeline that speaks of all articles: of their heads, and of the texts of the newest."""
        heads = self.index.heads
        archive = ArchiveOverviews(cast(Index, SimpleNamespace(articles=heads)), self.overviews)
        small = self._over([newest.id for newest in archive.newest])
        pipeline = QAPipeline(small.index, self.encoder, self.settings, reader=self.reader, decision=self.decision)
        pipeline.archive_overviews = ArchiveOverviews(
            cast(Index, SimpleNamespace(articles=heads)), Overviews(small.index)
        )
        return pipeline


def _before(history: Sequence[Mapping[str, Any]]) -> list[str]:
    """The last turns, each as what was asked and answered."""
    texts = [" ".join(turn.get(name) or "" for name in ("question", "answer")) for turn in history[-_EARLIER:]]
    return [text for text in texts if text.strip()]
