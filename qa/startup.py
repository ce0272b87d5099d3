"""From settings to a pipeline that can answer: load the index, and build it again where it cannot be answered from.

Which articles: those of the settings when they were chosen there; else what the index was built from, so that `build mine.md`
and then `serve` serves `mine.md`; else the settings' default. What cannot be read is logged, a line each, and left out. An
index some of whose files or folders are gone, as a disk that is not there, is served as it was built: it holds their text,
and building it again would lose that.
"""

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from index.addresses import is_address
from index.errors import ArticleError, IndexDamaged, IndexFault, IndexForeign, IndexMissing, IndexStale
from index.generations import DOCUMENTS, read_manifest, refuse_foreign
from index.manifest import MANIFEST_NAME, Manifest, mend
from index.records import read_articles, read_records
from index.sources.files import KINDS, Source, find_documents, is_emptied
from index.sources.kept import Kept
from index.sources.reading import Reading, changed_documents, known_articles, read_documents
from qa.settings import Settings

if TYPE_CHECKING:
    from index.encoder import Encoder, Progress
    from index.store import Index
    from qa.pipeline import QAPipeline

logger = logging.getLogger(__name__)

_PATIENCE = 1.0
"""Seconds of work before a progress bar appears."""

_TOLD = 10
"""Documents that are named in the error when none can be read."""

_FEW = 3
"""Sources that are named in other messages."""


def ensure_index(settings: Settings, *, progress: bool = True) -> "QAPipeline":
    """A pipeline on the index that `settings` describe; an index that is missing, stale or damaged is built anew first.

    What is done, and why, is logged. Takes the seconds that the encoder takes to load, and those of a build if need be.

    :param progress: show a bar on a terminal when reading or building takes more than a second.
    :raises ArticleError: no article can be read; the message says why.
    :raises EncoderError: the encoder cannot be loaded.
    :raises IndexFault: the folder holds something else, which is left alone, or it cannot be read or written.
    """
    refuse_foreign(settings.index)
    sources = article_paths(settings)
    if lost := lost_sources(settings, sources):
        return _as_built(settings, lost)
    index, fault = _stored(settings.index)
    reading = read_sources(settings, sources, earlier=index, progress=progress)
    from index.encoder import load_encoder
    from qa.pipeline import QAPipeline

    logger.info("Loading the encoder.")
    encoder = load_encoder(settings.encoder)
    fault = fault or _staleness(index, reading, encoder, settings.index)
    if index is None or fault is not None:
        logger.warning("%s. Building it from %s.", _why(fault, settings.index), listed(sources))
        index = build_at(settings, sources, reading, encoder, earlier=index, progress=progress)
    return QAPipeline.over(settings.index, index, encoder, settings)


def _as_built(settings: Settings, lost: str) -> "QAPipeline":
    """A pipeline on an index that cannot be built again, because of what `lost` says.

    :raises IndexFault: nor can it be answered from.
    """
    from index.encoder import load_encoder
    from index.store import load_index, refuse_stale
    from qa.pipeline import QAPipeline

    try:
        index = load_index(settings.index)
        encoder = load_encoder(settings.encoder)
        refuse_stale(index.manifest, settings.index, encoder.fingerprint)
    except (IndexStale, IndexDamaged) as error:
        reason = str(error).removesuffix(f"; {mend(settings.index)}")
        name_them = f"name its articles: python -m qa build FILE ... --index {quote(str(settings.index))}"
        raise type(error)(f"{reason}; it cannot be built again, for {lost}; {name_them}") from error
    logger.warning("The index in %s is served as it was built: %s.", settings.index, lost)
    return QAPipeline.over(settings.index, index, encoder, settings)


def _staleness(index: "Index | None", reading: Reading, encoder: "Encoder", directory: Path) -> IndexStale | None:
    """Why an index that can be read is not that of what was read and the encoder, if it is not."""
    from index.store import is_stale, refuse_stale

    if index is None:
        return None
    try:
        refuse_stale(index.manifest, directory, encoder.fingerprint)
    except IndexStale as error:
        return error
    reason = is_stale(index, reading.articles, encoder.fingerprint)
    return IndexStale(f"the index in {directory} is stale: {reason}; {mend(directory)}") if reason else None


def stored_index(directory: Path) -> "Index | None":
    """The index in `directory`, to take over what has not changed; None where there is none for that."""
    return _stored(directory)[0]


def _stored(directory: Path) -> "tuple[Index | None, IndexFault | None]":
    """The index in `directory`, if there is one, and why it cannot be asked."""
    from index.store import load_index

    try:
        return load_index(directory), None
    except (IndexMissing, IndexStale, IndexDamaged, IndexForeign) as error:
        if isinstance(error, IndexStale):  # built by other rules: the vectors of its texts are good still
            with suppress(IndexFault):
                return load_index(directory, to_ask=False), error
        return None, error


def read_sources(
    settings: Settings,
    sources: Sequence[Source],
    *,
    earlier: "Index | None" = None,
    failed: Mapping[str, str] | None = None,
    progress: bool = True,
) -> Reading:
    """The articles of the files, folders and addresses, in order; what cannot be read is logged, a line each.

    :param earlier: the index of before: documents that it holds as they are now are not read again.
    :param failed: why an address could not be fetched just now.
    :raises ArticleError: none can be read, or the index cannot keep what one is called; the message says why.
    """
    _from_there(sources, settings.index)  # before hours of reading and embedding, not after them
    kept = Kept(settings.index)
    found = find_documents(sources, kept, failed)
    known = known_articles(earlier.articles, earlier.documents) if earlier else {}
    with progress_bar("Reading", "B", shown=progress) as report:
        reading = read_documents(found, known=known, progress=report)
    if not reading.articles:
        raise _nothing(sources, reading)
    for problem in reading.problems:
        logger.warning("Not read: %s", problem)
    for url, reason in (failed or {}).items():
        if page := kept.page(url):
            logger.warning("%s: %s; what was kept of it on %s stands", url, reason, page.fetched)
    return reading


def load_articles(sources: Sequence[Source]) -> Reading:
    """The articles of files and folders, in order, every one of them.

    :raises ArticleError: one cannot be read; the message names every one that cannot.
    """
    reading = read_documents(find_documents(sources))
    if reading.problems or not reading.articles:
        raise _nothing(sources, reading)
    return reading


def _nothing(sources: Sequence[Source], reading: Reading) -> ArticleError:
    if not reading.problems:
        return ArticleError(f"{listed(sources)}: found no document; expected files that end in {' '.join(KINDS)}")
    more = len(reading.problems) - _TOLD
    return ArticleError("; ".join(reading.problems[:_TOLD]) + (f"; and {more:,} more" if more > 0 else ""))


def build_at(
    settings: Settings,
    sources: Sequence[Source],
    reading: Reading,
    encoder: "Encoder",
    *,
    earlier: "Index | None" = None,
    progress: bool = True,
) -> "Index":
    """Build the index of what was read from `sources`, where `settings` say, and keep checked suggestions there.

    :param earlier: the index of before, whose vectors are taken over for the texts that it holds.
    :raises ArticleError: an article has no sentence.
    :raises IndexFault: the folder holds something else, or cannot be written.
    :raises ReaderError: the reader, which checks the suggestions, cannot be loaded.
    """
    from index.resuming import ResumableEncoder
    from index.store import build_index, save_index
    from qa.decision import decision_for
    from qa.feedback import answered_questions, texts_asked
    from qa.pipeline import QAPipeline
    from qa.reader import load_reader
    from qa.suggestions import checked_suggestions, save_suggestions, stored_suggestions

    with progress_bar("Building", " texts", shown=progress) as report:
        index = build_index(
            reading.articles,
            ResumableEncoder(encoder, settings.index),
            documents=reading.documents,
            earlier=earlier,
            progress=report,
        )
    directory = settings.index
    index = replace(index, manifest=replace(index.manifest, sources=_from_there(sources, directory)))
    # A decision that was fitted to this place's questions outlives the build, or it is logged why it cannot be used.
    reader = load_reader(settings.reader)
    decision = decision_for(encoder.fingerprint, reader.fingerprint, directory)
    pipeline = QAPipeline(index, encoder, settings, reader=reader, decision=decision)
    readers: dict[str, list[str]] = {}
    if settings.feedback is not None:
        asked = texts_asked(settings.feedback)
        readers = {
            one.id: answered_questions(settings.feedback, one.sha256) for one in index.articles if one.sha256 in asked
        }
    suggestions = checked_suggestions(pipeline, reading.files, readers, stored_suggestions(directory))
    # Only now that nothing is left to do but write: a build that is killed or refused has changed nothing.
    with suppress(IndexFault):  # there is none yet, or none that anybody answers from
        save_suggestions(directory, index, suggestions, replaced=read_manifest(directory))
    save_index(index, directory)
    save_suggestions(directory, index, suggestions)
    Kept(directory).forget_others(source for source in sources if isinstance(source, str))
    return index


def _from_there(sources: Sequence[Source], directory: Path) -> tuple[str, ...]:
    """The sources as the manifest keeps them: relative to the index, so that a project moved as a whole still finds them, and
    nobody is told the names of the folders above.

    :raises ArticleError: a name is not UTF-8, in which the manifest is written.
    """
    home = directory.resolve()
    names: list[str] = []
    for source in sources:
        name = source if isinstance(source, str) else Path(os.path.relpath(source.resolve(), home)).as_posix()
        try:
            name.encode()
        except UnicodeEncodeError as error:
            raise ArticleError(f"{source}: its name is not UTF-8, in which the index keeps it; rename it") from error
        names.append(name)
    return tuple(names)


def article_paths(settings: Settings) -> tuple[Source, ...]:
    """The files, folders and addresses of the articles to serve, as the module's first lines say; some may be gone. None
    where there is an index that was not built from files, as one of a `VectorStore`.

    :raises IndexDamaged: the index is of others than the default ones, and can no longer say where their files are.
    """
    if "articles" in settings.model_fields_set:
        return settings.articles
    try:
        return source_paths(read_manifest(settings.index), settings.index)
    except IndexFault:
        _refuse_others(settings)
        return settings.articles


def lost_sources(settings: Settings, sources: Sequence[Source], *, chosen: bool = False) -> str | None:
    """Why the index would lose what it holds if it were built of `sources`, those of `article_paths`, if it would.

    :param chosen: somebody has just named them: then a folder that holds nothing any more is meant to.
    """
    try:
        built_from = source_paths(read_manifest(settings.index), settings.index)
    except IndexFault:
        return None
    if not built_from and not chosen and "articles" not in settings.model_fields_set:
        return "it does not say what it was built from"
    held = {source.resolve() for source in built_from if isinstance(source, Path)}
    here = [source for source in sources if isinstance(source, Path) and source.resolve() in held]
    gone: Sequence[Source] = [source for source in here if not source.exists() or (not chosen and is_emptied(source))]
    return f"it was built from {listed(gone)}, which is gone" if gone else None


def _refuse_others(settings: Settings) -> None:
    """A manifest that cannot be read no longer names the articles' files. An index of the default ones is built again, but
    in place of somebody's own article the page must not come to serve another.

    :raises IndexDamaged: what is left of the index holds none of the default articles.
    """
    held: set[str] = set()
    for path in sorted(settings.index.glob("data-*/articles.jsonl")):  # `index.store.ARTICLES`; its module loads slowly
        with suppress(IndexDamaged, OSError):
            held.update(article.id for article in read_articles(path))
    if held and held.isdisjoint(article.id for article in load_articles(settings.articles).articles):
        raise IndexDamaged(
            f"the index in {settings.index} is damaged: {MANIFEST_NAME} cannot be read, which named the files of its articles"
            f" ({', '.join(sorted(held)[:3])}); name them: python -m qa build FILE ... --index {quote(str(settings.index))}"
        )


def source_paths(manifest: Manifest, directory: Path) -> tuple[Source, ...]:
    """What the index in `directory` was built from, files and folders as seen from here."""
    here, home = Path.cwd(), directory.resolve()
    sources: list[Source] = []
    for source in manifest.sources:
        if is_address(source):
            sources.append(source)
        else:
            path = Path(os.path.normpath(home / source))
            sources.append(path.relative_to(here) if path.is_relative_to(here) else path)
    return tuple(sources)


def refuse_changed(directory: Path) -> None:
    """Refuse an index whose documents have changed since, as far as they can be found. Reads no model, and of a document no
    more than its bytes.

    :raises IndexStale: a document says something else now, or is new.
    :raises IndexFault: there is no index, or it cannot be read.
    """
    manifest = read_manifest(directory)
    if DOCUMENTS not in manifest.files:
        return  # built of articles that were no documents
    try:
        records = read_records(directory / manifest.generation / DOCUMENTS)
    except (IndexDamaged, OSError):
        return  # replaced or damaged, which whoever reads the rest will tell
    # An index outlives the files that it was built from: it holds the text.
    sources = [one for one in source_paths(manifest, directory) if not isinstance(one, Path) or one.exists()]
    changed = changed_documents(find_documents(sources, Kept(directory)), records)
    if changed:
        raise IndexStale(f"the index in {directory} is stale: {listed(changed)} has changed since; {mend(directory)}")


def _why(error: IndexFault | None, directory: Path) -> str:
    """What is wrong, without the command that mends it: that is what is being done."""
    if error is None or isinstance(error, IndexMissing):
        return f"There is no index in {directory} yet"
    reason = str(error).removesuffix(f"; {mend(directory)}")
    return reason[:1].upper() + reason[1:]


@contextmanager
def progress_bar(doing: str, unit: str, *, shown: bool = True) -> Iterator["Progress"]:
    """A bar with rate and time left, on terminals."""
    from tqdm import tqdm

    # `disable=None` lets tqdm draw on terminals only.
    with tqdm(
        desc=doing, unit=unit, unit_scale=unit == "B", delay=_PATIENCE, leave=False, disable=None if shown else True
    ) as bar:

        def report(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield report


def listed(sources: Sequence[Source]) -> str:
    """The sources for a message: some by name, the others counted."""
    some = ", ".join(map(str, sources[:_FEW]))
    return some if len(sources) <= _FEW else f"{some} and {len(sources) - _FEW:,} more"
