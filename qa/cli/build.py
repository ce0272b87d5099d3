"""`python -m qa build`: read articles, embed them, save the index."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qa.cli.command import PROGRAM
from qa.cli.messages import waiting
from qa.cli.options import IndexOption
from qa.cli.terminal import printable

if TYPE_CHECKING:
    from index.manifest import Manifest


def build(
    articles: Annotated[list[Path] | None, typer.Argument(metavar="[ARTICLE ...]", hidden=True)] = None,
    index: IndexOption = None,
) -> None:
    """Build the index from article files.

    ARTICLE is a .md or .txt file; without any, those that the index was built from last time are read, at first
    seeds/article.md.
    """
    from index.generations import refuse_foreign
    from qa.settings import load_settings
    from qa.startup import article_paths, build_at, load_articles

    settings = load_settings(index=index, articles=articles or None)
    refuse_foreign(settings.index)
    paths = article_paths(settings)
    read = load_articles(paths)
    with waiting("Loading the encoder …"):
        from index.encoder import load_encoder
        from qa.suggestions import load_suggestions

        encoder = load_encoder(settings.encoder)
    built = build_at(settings, paths, read, encoder)
    print(f"{settings.index}: {counts(built.manifest)}, from {', '.join(printable(str(path)) for path in paths)}")
    where = "" if index is None else f" --index {shlex.quote(str(index))}"
    worth_asking = next(
        (found.question for own in load_suggestions(settings.index, built).values() for found in own), "your question"
    )
    print(f"Now ask: {PROGRAM} ask {printable(shlex.quote(worth_asking) + where)}")


def counts(manifest: "Manifest") -> str:
    """How much there is in an index: "1 article, 12 passages, 19 sentences"."""
    amounts = (("article", len(manifest.articles)), ("passage", manifest.passages), ("sentence", manifest.sentences))
    return ", ".join(f"{number:,} {noun}{'s' * (number != 1)}" for noun, number in amounts)
