"""From settings to a pipeline that can answer: load the index, and build it again where it cannot be answered from.

Which articles: those of the settings when they were chosen there; else the files that the index was built from, so that
`build mine.md` and then `serve` serves `mine.md`; else the settings' default.
"""

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from index.article import Article, load_article
from index.errors import ArticleError, IndexDamaged, IndexFault, IndexForeign, IndexMissing, IndexStale
from index.generations import read_manifest, refuse_foreign
from index.manifest import MANIFEST_NAME, Manifest, mend
from index.records import read_articles
from qa.settings import Settings

if TYPE_CHECKING:
    from index.encoder import Encoder, Progress
    from index.store import Index
    from qa.pipeline import QAPipeline

logger = logging.getLogger(__name__)

_PATIENCE = 1.0
"""Seconds of building before a progress bar appears."""


def ensure_index(settings: Settings, *, progress: bool = True) -> "QAPipeline":
    """A pipeline on the index that `settings` describe; an index that is missing, stale or damaged is built anew first.

    What is done, and why, is logged. Takes the seconds that the encoder takes to load, and those of a build if need be.

    :param progress: show a bar on a terminal when building takes more than a second.
    :raises ArticleError: an article cannot be read; the message names each such file.
    :raises EncoderError: the encoder cannot be loaded.
    :raises IndexFault: the folder holds something else, which is left alone, or it cannot be read or written.
    """
    refuse_foreign(settings.index)
    paths = article_paths(settings)
    articles = load_articles(paths)
    from index.encoder import load_encoder
    from qa.pipeline import QAPipeline

    logger.info("Loading the encoder.")
    encoder = load_encoder(settings.encoder)
    try:
        index = _current(settings.index, articles, encoder)
    except (IndexMissing, IndexStale, IndexDamaged, IndexForeign) as error:
        logger.warning("%s. Building it from %s.", _why(error, settings.index), _listed(paths))
        index = build_at(settings, paths, articles, encoder, progress=progress)
    return QAPipeline.over(settings.index, index, encoder, settings)


def build_at(
    settings: Settings, paths: Sequence[Path], articles: Sequence[Article], encoder: "Encoder", *, progress: bool = True
) -> "Index":
    """Build the index of `articles`, read from `paths`, where `settings` say, and keep checked suggestions there.

    :raises ArticleError: two articles have the same id, or one has no sentence.
    :raises IndexFault: the folder holds something else, or cannot be written.
    :raises ReaderError: the reader, which checks the suggestions, cannot be loaded.
    """
    from index.store import build_index, save_index
    from qa.decision import decision_for
    from qa.feedback import answered_questions
    from qa.pipeline import QAPipeline
    from qa.reader import load_reader
    from qa.suggestions import checked_suggestions, save_suggestions

    with _bar(shown=progress) as report:
        index = build_index(articles, encoder, progress=report)
    directory = settings.index
    home = directory.resolve()
    # Relative, so that a project moved as a whole still finds them, and nobody is told the names of the folders above.
    sources = tuple(Path(os.path.relpath(path.resolve(), home)).as_posix() for path in paths)
    index = replace(index, manifest=replace(index.manifest, sources=sources))
    # A decision that was fitted to this place's questions outlives the build, or it is logged why it cannot be used.
    reader = load_reader(settings.reader)
    decision = decision_for(encoder.fingerprint, reader.fingerprint, directory)
    pipeline = QAPipeline(index, encoder, settings, reader=reader, decision=decision)
    readers = {one.id: answered_questions(settings.feedback, one.sha256) for one in articles} if settings.feedback else {}
    suggestions = checked_suggestions(pipeline, paths, readers)
    # Only now that nothing is left to do but write: a build that is killed or refused has changed nothing.
    save_index(index, directory)
    save_suggestions(directory, index, suggestions)
    return index


def article_paths(settings: Settings) -> tuple[Path, ...]:
    """The files of the articles to serve, as the module's first lines say.

    :raises IndexDamaged: the index is of others than the default ones, and can no longer say where their files are.
    """
    if "articles" in settings.model_fields_set:
        return settings.articles
    try:
        sources = source_paths(read_manifest(settings.index), settings.index)
    except IndexFault:
        _refuse_others(settings)
        return settings.articles
    if missing := [path for path in sources if not path.exists()]:
        logger.warning("The index was built from %s, which is gone.", _listed(missing))
        return settings.articles
    return sources or settings.articles


def _refuse_others(settings: Settings) -> None:
    """A manifest that cannot be read no longer names the articles' files. An index of the default ones is built again, but
    in place of somebody's own article the page must not come to serve another.

    :raises IndexDamaged: what is left of the index holds none of the default articles.
    """
    held: set[str] = set()
    for path in sorted(settings.index.glob("data-*/articles.jsonl")):  # `index.store.ARTICLES`; its module loads slowly
        with suppress(IndexDamaged, OSError):
            held.update(article.id for article in read_articles(path))
    if held and held.isdisjoint(article.id for article in load_articles(settings.articles)):
        raise IndexDamaged(
            f"the index in {settings.index} is damaged: {MANIFEST_NAME} cannot be read, which named the files of its articles"
            f" ({', '.join(sorted(held)[:3])}); name them: python -m qa build FILE ... --index {quote(str(settings.index))}"
        )


def source_paths(manifest: Manifest, directory: Path) -> tuple[Path, ...]:
    """The files that the index in `directory` was built from, as seen from here."""
    here = Path.cwd()
    paths = (Path(os.path.normpath(directory.resolve() / source)) for source in manifest.sources)
    return tuple(path.relative_to(here) if path.is_relative_to(here) else path for path in paths)


def load_articles(paths: Sequence[Path]) -> tuple[Article, ...]:
    """The articles in the files, in order.

    :raises ArticleError: a file cannot be read as an article; the message names every one that cannot.
    """
    articles: list[Article] = []
    problems: list[str] = []
    for path in paths:
        try:
            articles.append(load_article(path))
        except ArticleError as error:
            problems.append(str(error))
    if problems:
        raise ArticleError("; ".join(problems))
    return tuple(articles)


def refuse_changed(directory: Path) -> None:
    """Refuse an index whose articles have changed since, as far as their files can be found. Reads no model.

    :raises IndexStale: an article's file says something else now.
    :raises IndexFault: there is no index, or it cannot be read.
    """
    manifest = read_manifest(directory)
    built = {record.id: (record.title, record.sha256) for record in manifest.articles}
    for path in source_paths(manifest, directory):
        if not path.exists():
            continue  # an index outlives the file that it was built from: it holds the text
        article = load_article(path)
        if built.get(article.id) != (article.title, article.sha256):
            raise IndexStale(f"the index in {directory} is stale: {path} has changed since; {mend(directory)}")


def _current(directory: Path, articles: Sequence[Article], encoder: "Encoder") -> "Index":
    """The index in `directory`, if it is that of `articles` and `encoder`.

    :raises IndexFault: it is not, or cannot be used.
    """
    from index.store import is_stale, load_index

    index = load_index(directory, encoder.fingerprint)
    if reason := is_stale(index, articles, encoder.fingerprint):
        raise IndexStale(f"the index in {directory} is stale: {reason}; {mend(directory)}")
    return index


def _why(error: IndexFault, directory: Path) -> str:
    """What is wrong, without the command that mends it: that is what is being done."""
    if isinstance(error, IndexMissing):
        return f"There is no index in {directory} yet"
    reason = str(error).removesuffix(f"; {mend(directory)}")
    return reason[:1].upper() + reason[1:]


@contextmanager
def _bar(*, shown: bool) -> Iterator["Progress"]:
    from tqdm import tqdm

    # `disable=None` lets tqdm draw on terminals only.
    with tqdm(desc="Building", unit=" texts", delay=_PATIENCE, leave=False, disable=None if shown else True) as bar:

        def report(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield report


def _listed(paths: Sequence[Path]) -> str:
    return ", ".join(map(str, paths))
