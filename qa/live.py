"""The pipeline of a running server: when a build publishes another index, that takes the place of the one in use.

    look      a thread looks at the index's folder many times a second, three `stat` each
    load      what has changed is read beside what is in use, every byte checked, with the same models
    warm      a question is put to it, so that no reader waits for what is computed once
    swap      one reference: whoever took `current` before goes on with that, whoever takes it from then on has the new one

An index that cannot be answered from (damaged, stale, of another encoder or schema) is told once, and not taken.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread
from typing import Final, Protocol

from index.errors import ArticleQAError
from index.generations import BESIDE, read_manifest
from index.manifest import MANIFEST_NAME, Manifest
from index.store import load_index
from qa.pipeline import QAPipeline
from qa.settings import Settings
from qa.startup import ensure_index

log = logging.getLogger(__name__)

LOOK_EVERY: Final = 0.05
"""Seconds between two looks. The second that finds the same loads it: with that, an article's index is in use within half a
second, and one of a thousand articles within a second."""

LONGEST_STOP: Final = 5.0
"""Seconds that the end of a server waits for an index that is just being loaded."""

WARM_UP: Final = "What is this article about?"

_NEEDED: Final = (MANIFEST_NAME, *BESIDE)

Mark = tuple[int, ...]
"""What tells that a file was replaced: its time, its number and its size; empty where there is none."""


class Pipelines(Protocol):
    """Where each door of a server finds the pipeline of the moment. A door takes it once for each request, and uses that
    for all of it: the article that it shows beside an Answer is then the one that the Answer cites.
    """

    @property
    def current(self) -> QAPipeline:
        """The pipeline to use for a request that begins now."""


class LivePipeline:
    """Holds the pipeline in use; where nobody watches the index's folder, the same for ever. Safe to use from any thread.

    :ivar built: when the index in use was built, in seconds since 1970, where its folder tells.
    :ivar taken: how many rebuilt indexes have taken the place of another.
    :ivar refused: how many could not be answered from.
    """

    def __init__(self, pipeline: QAPipeline, directory: Path | None = None) -> None:
        """:param directory: the folder that the pipeline's index was loaded from; None: it was never saved."""
        self._current = pipeline
        self.built = _built(directory, pipeline.index.manifest) if directory else None
        self.taken = 0
        self.refused = 0
        self._told: Mark | None = None  # the manifest of the index that was refused last, while there is no better one
        self._ending = Event()

    @property
    def current(self) -> QAPipeline:
        """The pipeline to use for a request that begins now."""
        return self._current

    @contextmanager
    def watching(self, directory: Path, seen: tuple[Mark, ...]) -> Iterator[None]:
        """Renews the pipeline as `directory` changes, until left.

        :param seen: what `look` gave before the pipeline in use was loaded.
        """
        thread = Thread(target=self._watch, args=(directory, seen), name="index", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._ending.set()
            thread.join(LONGEST_STOP)

    def _watch(self, directory: Path, seen: tuple[Mark, ...]) -> None:
        changed = False
        while not self._ending.wait(LOOK_EVERY):
            # While one is refused its other files are looked at too: a copy of an index may come manifest first.
            found = look(directory, whole=self._told is not None)
            if found != seen:  # the manifest comes before the questions to suggest: not before all is there
                seen, changed = found, True
            elif changed:
                changed = False
                self.renew(directory)

    def renew(self, directory: Path) -> None:
        """Take what is in `directory` now, if it is another index, and can be answered from."""
        try:
            self._take(directory)
        except ArticleQAError as error:
            self._refuse(directory, error)
        except Exception as error:  # what nobody has foreseen ends neither the watching nor the answers, and is logged
            self._refuse(directory, error, unforeseen=True)

    def _take(self, directory: Path) -> None:
        old = self._current
        manifest = read_manifest(directory)
        same = manifest == old.index.manifest
        index = old.index if same else load_index(directory, old.encoder.fingerprint)
        known = old if same else None
        pipeline = QAPipeline.over(directory, index, old.encoder, old.settings, old.reader, before=known)
        pipeline.predict([WARM_UP])
        self._current = pipeline
        self._told = None
        if not same:
            self.built = _built(directory, index.manifest)
        # What this process has itself built and saved is only mapped from now on.
        own = not old.index.manifest.generation and replace(manifest, generation="", files={}) == old.index.manifest
        if not same and not own:
            self.taken += 1
            log.info("Answers come from the index built anew in %s: %s", directory, _held(index.manifest))

    def _refuse(self, directory: Path, error: Exception, *, unforeseen: bool = False) -> None:
        manifest = _mark(directory / MANIFEST_NAME)
        if manifest == self._told:
            return
        self._told = manifest
        log.warning("Answers still come from the index of before: %s", error, exc_info=error if unforeseen else None)
        self.refused += 1


@contextmanager
def live_pipeline(settings: Settings, *, progress: bool = True) -> Iterator[LivePipeline]:
    """The pipeline on the index that `settings` describe, built first if need be, and renewed until left; or
    on the store that they name, which only `build --store` fills.

    :param progress: show a bar on a terminal when building takes more than a second.
    :raises ArticleQAError: there is no article, model or index to answer from; see `ensure_index`.
    """
    if settings.store is not None:
        from qa.stored.live import live_store

        with live_store(settings) as stored:
            yield stored
        return
    seen = look(settings.index)
    live = LivePipeline(ensure_index(settings, progress=progress), settings.index)
    with live.watching(settings.index, seen):
        yield live


def look(directory: Path, *, whole: bool = False) -> tuple[Mark, ...]:
    """What changes when a build, or a calibration, has published something in `directory`; reads no file.

    :param whole: look at every file of an index in it.
    """
    marks = [_mark(directory / name) for name in _NEEDED]
    if whole:
        with suppress(OSError):  # a folder that is removed meanwhile
            marks += [_mark(path) for path in sorted(directory.glob("data-*/**/*"))]
    return tuple(marks)


def _mark(path: Path) -> Mark:
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_mtime_ns, found.st_ino, found.st_size


def _built(directory: Path, manifest: Manifest) -> float | None:
    try:
        return (directory / manifest.generation).stat().st_mtime if manifest.generation else None
    except OSError:
        return None  # replaced by another since it was loaded


def _held(manifest: Manifest) -> str:
    return f"{len(manifest.articles):,} articles, {manifest.sentences:,} sentences."
