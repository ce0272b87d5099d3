"""`python -m qa bench`: how fast it is on this machine, each figure beside its floor."""

import json
import os
import platform
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated, Any

import typer

from index.errors import SettingsError
from qa.cli.messages import waiting
from qa.cli.options import IndexOption
from qa.cli.scale import measure_archives, write_pages
from qa.cli.terminal import printable


def bench(
    index: IndexOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="write the figures as JSON, and nothing else")] = False,
    archive: Annotated[
        bool, typer.Option("--archive", help="measure how all grows with an archive instead; takes up to an hour")
    ] = False,
    data: Annotated[
        Path | None,
        typer.Option(metavar="DIR", envvar="QA_DATA", help="the texts of --archive: dev/*.json and train.jsonl.gz"),
    ] = None,
    sizes: Annotated[
        str | None,
        typer.Option(metavar="N,N,..", help="sentences of the archives (default: 1000,10000,100000,1000000)"),
    ] = None,
    page: Annotated[
        bool,
        typer.Option("--page", help="write docs/scale.md and the README's table; with --archive of what it measures"),
    ] = False,
) -> None:
    """Measure speed and memory, beside their floors.

    With --archive, how they grow with the number of sentences.

    The floor of an answer is one encode of the question by sentence-transformers; of a build, encoding the sentences once;
    of starting and memory, loading that encoder; of the server and of what is installed, a bare Gradio page. Both are
    measured by turns, so the ratios hold on a busy machine too.
    """
    if archive:
        measure_archives(data, sizes, page=page, as_json=as_json)
        return
    if sizes is not None:
        raise SettingsError("--sizes is of archives; expected --archive with it")
    if page:
        write_pages()
        return
    from qa.settings import load_settings

    settings = load_settings(index=index)
    # Whatever a library prints while it loads must not end up in the JSON.
    with redirect_stdout(sys.stderr):
        from index.sources.files import find_documents
        from qa.evaluation.bench import bench as measure
        from qa.evaluation.bench import lines, questions_of
        from qa.startup import article_paths, ensure_index

        pipeline = ensure_index(settings)
        documents = find_documents(article_paths(settings)).documents
        questions = questions_of(pipeline, [document.path.parent for document in documents])

        with waiting("Measuring, for some minutes …"):
            measures = measure(pipeline, settings.index, questions)
    about = _about(
        len(pipeline.index.articles), len(pipeline.index.sentences), pipeline.models.encoder, pipeline.models.reader
    )
    if as_json:
        print(json.dumps(about | {"measures": [one.as_dict() for one in measures]}, indent=1))
        return
    print(printable(", ".join(f"{name} {value}" for name, value in about.items())), end="\n\n")
    print("\n".join(lines(measures)))


def _about(articles: int, sentences: int, encoder: str, reader: str) -> dict[str, Any]:
    return {
        "articles": articles,
        "sentences": sentences,
        "encoder": encoder,
        "reader": reader,
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "python": platform.python_version(),
    }
