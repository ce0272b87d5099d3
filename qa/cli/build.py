"""`python -m qa build`: read documents, embed them, save the index."""

import logging
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from index.errors import ArticleError
from qa.cli.command import PROGRAM
from qa.cli.messages import waiting
from qa.cli.options import IndexOption, StoreOption
from qa.cli.terminal import printable

if TYPE_CHECKING:
    from index.manifest import Manifest
    from index.reuse import Changes
    from index.sources.files import Source
    from index.sources.reading import Reading
    from index.store import Index
    from qa.settings import Settings

logger = logging.getLogger(__name__)


def build(
    sources: Annotated[list[str] | None, typer.Argument(metavar="[SOURCE ...]", hidden=True)] = None,
    urls: Annotated[
        Path | None, typer.Option(metavar="FILE", help="a file of addresses, one a line, as more sources")
    ] = None,
    fetch: Annotated[bool, typer.Option("--fetch", help="ask the network for the pages of addresses")] = False,
    allow_private: Annotated[
        bool, typer.Option("--allow-private", help="fetch from this machine and its own networks too")
    ] = False,
    index: IndexOption = None,
    store: StoreOption = None,
) -> None:
    """Build the index from documents.

    SOURCE is a .txt, .md, .html or .pdf file, a .jsonl file with a document a line, a folder of such files, or, with --fetch,
    an http(s) address; without any, what the index was built from last time is read again, at first seeds/article.md. Only
    what has changed is embedded.
    """
    from index.generations import refuse_foreign
    from index.reuse import changes
    from qa.settings import load_settings
    from qa.startup import article_paths, build_at, listed, lost_sources, read_sources, stored_index

    addresses, bad = _addresses(urls) if urls else ([], [])
    named = [*(sources or []), *addresses]
    paths = [Path(source) for source in named if not _is_address(source)]
    settings = load_settings(index=index, articles=paths or None, store=store)
    if settings.store is not None and not named and "articles" not in settings.model_fields_set:
        raise ArticleError(
            "a store does not know what it was built from; name the files, folders or addresses of its articles"
        )
    refuse_foreign(settings.index)
    chosen: Sequence[Source] = (
        [source if _is_address(source) else Path(source) for source in named] if named else article_paths(settings)
    )
    failed = _fetched(chosen, settings, allow_private=allow_private) if fetch else {}
    if settings.store is not None:
        _into_store(settings, chosen, failed, bad)
        return
    if lost := lost_sources(settings, chosen, chosen=bool(named)):
        raise ArticleError(
            f"the index in {settings.index} is left as it is: {lost}; name what there is of the sources of its articles"
        )
    earlier = stored_index(settings.index)
    reading = read_sources(settings, chosen, earlier=earlier, failed=failed)
    with waiting("Loading the encoder …"):
        from index.encoder import load_encoder

        encoder = load_encoder(settings.encoder)
    built = build_at(settings, chosen, reading, encoder, earlier=earlier)
    if told := _documents(reading, bad):
        print(told)
    print(f"{settings.index}: {counts(built.manifest)}, from {printable(listed(chosen))}")
    if earlier is not None:
        print(_changed(changes(earlier, built, encoder)))
    where = "" if index is None else f" --index {shlex.quote(str(index))}"
    print(f"Now ask: {PROGRAM} ask {printable(shlex.quote(_worth_asking(settings, built)) + where)}")


def _into_store(settings: "Settings", chosen: "Sequence[Source]", failed: dict[str, str], bad: Sequence[str]) -> None:
    """Make the store hold what the sources hold, and nothing else."""
    from index.encoder import load_encoder
    from qa.startup import listed, progress_bar, read_sources
    from qa.stored.loading import load_into
    from qa.stored.opening import store_of

    with waiting("Loading the encoder …"):
        encoder = load_encoder(settings.encoder)
    store = store_of(settings, encoder, create=True)
    gone = [source for source in chosen if isinstance(source, Path) and not source.exists()]
    try:
        if gone and store.count().articles:
            raise ArticleError(
                f"the store is left as it is: {listed(gone)} is not there, and may be what it was built from"
            )
        reading = read_sources(settings, chosen, failed=failed)
        with progress_bar("Building", " characters") as report:
            found = load_into(store, reading.articles, encoder, report)
        held = store.count()
    finally:
        store.close()
    if told := _documents(reading, bad):
        print(told)
    amounts = (("article", held.articles), ("passage", held.passages), ("sentence", held.sentences))
    print(f"{printable(store.name)}: {_amounts(amounts)}, from {printable(listed(chosen))}")
    print(_changed(found))
    print(f'Now ask: {PROGRAM} ask "your question" --store {printable(shlex.quote(store.name))}')


def counts(manifest: "Manifest") -> str:
    """How much there is in an index: "1 article, 12 passages, 19 sentences"."""
    amounts = (("article", len(manifest.articles)), ("passage", manifest.passages), ("sentence", manifest.sentences))
    return _amounts(amounts)


def _amounts(amounts: "Sequence[tuple[str, int]]") -> str:
    return ", ".join(f"{number:,} {noun}{'s' * (number != 1)}" for noun, number in amounts)


def _is_address(source: str) -> bool:
    from index.addresses import is_address

    return is_address(source)


def _addresses(path: Path) -> tuple[list[str], list[str]]:
    """The addresses in a file, one a line, and what is wrong with lines that are none; blank lines and those that begin
    with # are passed over.

    :raises ArticleError: it cannot be read, or no line is an address.
    """
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines()]
    except OSError as error:
        raise ArticleError(f"{path}: cannot be read: {error.strerror}; give a file with an address a line") from error
    except UnicodeDecodeError as error:
        raise ArticleError(f"{path}: not UTF-8; give a text file with an address a line") from error
    found = [(number, line) for number, line in enumerate(lines, start=1) if line and not line.startswith("#")]
    addresses = [line for _, line in found if _is_address(line)]
    if not addresses:
        raise ArticleError(f"{path}: found no address; give a file with an address a line, as https://…")
    bad = [(number, line) for number, line in found if not _is_address(line)]
    problems = [
        f"{path}, line {number:,}: found {line[:60]!r}; expected an address, as https://…" for number, line in bad
    ]
    for problem in problems:
        logger.warning("Not read: %s", problem)
    return addresses, problems


def _fetched(chosen: "Sequence[Source]", settings: "Settings", *, allow_private: bool) -> dict[str, str]:
    """Fetch the pages among the sources; why some could not be, by address."""
    from index.sources.fetch import Limits, fetch_pages
    from index.sources.kept import Kept
    from qa.startup import progress_bar

    addresses = [source for source in chosen if isinstance(source, str)]
    with progress_bar("Fetching", " pages") as report:
        return fetch_pages(addresses, Kept(settings.index), Limits(allow_private=allow_private), report)


def _documents(reading: "Reading", bad: Sequence[str]) -> str:
    """How many documents were read and were not, `bad` lines of a list among them; nothing where it was one, which the next
    line tells.
    """
    unread = len(reading.problems) + len(bad)
    total = len(reading.articles) + unread
    told = f"{total:,} documents: {len(reading.articles):,} read"
    if unread:
        told += f", {unread:,} could not be (named above)"
    if reading.passed_over:
        files = (
            "1 file of another kind was"
            if reading.passed_over == 1
            else f"{reading.passed_over:,} files of other kinds were"
        )
        told += f"; {files} passed over"
    return told if total > 1 or reading.passed_over else ""


def _changed(found: "Changes") -> str:
    return (
        f"{found.added:,} added, {found.changed:,} changed, {found.removed:,} removed, {found.unchanged:,} unchanged; "
        f"{found.encoded:,} of {found.texts:,} texts embedded"
    )


def _worth_asking(settings: "Settings", built: "Index") -> str:
    from qa.suggestions import load_suggestions

    suggested = load_suggestions(settings.index, built).values()
    return next((found.question for own in suggested for found in own), "your question")
