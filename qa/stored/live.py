"""The pipeline of a server over a store, renewed when somebody has built into the store."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Final

from index.errors import ArticleQAError
from qa.live import LONGEST_STOP, WARM_UP, LivePipeline
from qa.settings import Settings
from qa.stored.opening import store_pipeline
from qa.stored.pipeline import StorePipeline

log = logging.getLogger(__name__)

ASK_EVERY: Final = 0.5
"""Seconds between two looks at whether the store has changed: a row is read."""


class LiveStore(LivePipeline):
    """`LivePipeline` where a store holds the articles. What a store cannot give is told once, and the old list goes on."""

    def __init__(self, pipeline: StorePipeline) -> None:
        super().__init__(pipeline)
        self._over = pipeline
        self._failed = False

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Look at the store now and then, until left; then let it go."""
        thread = Thread(target=self._ask, name="store", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._ending.set()
            thread.join(LONGEST_STOP)
            self._over.store.close()

    def _ask(self) -> None:
        while not self._ending.wait(ASK_EVERY):
            self.look()

    def look(self) -> None:
        """Take the store's articles as they are now, if they have changed."""
        old = self._over
        try:
            if old.store.generation == old.index.manifest.generation:
                self._failed = False
                return
            new = StorePipeline(
                *(old.store, old.encoder, old.settings), reader=old.reader, decision=old.decision, shelf=old.shelf
            )
            new.predict([WARM_UP])
        except ArticleQAError as error:
            self._refuse_store(error)
        except Exception as error:  # what nobody has foreseen ends neither the looking nor the answers, and is logged
            self._refuse_store(error, unforeseen=True)
        else:
            self._over = self._current = new
            self._failed = False
            self.taken += 1
            log.info("The store was built into: %s articles now.", f"{len(new.index.heads):,}")

    def _refuse_store(self, error: Exception, *, unforeseen: bool = False) -> None:
        if not self._failed:
            log.warning("The store cannot be looked at: %s", error, exc_info=error if unforeseen else None)
            self.refused += 1
        self._failed = True


@contextmanager
def live_store(settings: Settings) -> Iterator[LiveStore]:
    """The pipeline over the store that `settings` name, until left.

    :raises ArticleQAError: there is no store, or no model, to answer from.
    """
    live = LiveStore(store_pipeline(settings))
    with live.asking():
        yield live
