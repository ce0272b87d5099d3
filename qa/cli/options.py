"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="URI",
        help="where the articles are kept instead: http(s)://host:port of a Milvus server, or a file of Milvus Lite, FILE.db",
    ),
]

IndexOption = Annotated[
    Path | None,
    typer.Option("--index", metavar="DIR", help="folder of the built index (default: index/built)"),
]
