"""`python -m qa bench --archive` and `--page`: how everything grows with an archive."""

import json
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path

import typer

from index.errors import SettingsError
from qa.cli.messages import waiting


def measure_archives(data: Path | None, sizes: str | None, *, page: bool, as_json: bool) -> None:
    """Measure and tell; with `page` keep the figures and write the pages. Exit status 1 where the promise is not kept.

    :raises SettingsError: no data is named, or a size is no number.
    """
    from qa.evaluation.scale.figures import save_figures
    from qa.evaluation.scale.measuring import SIZES, measure
    from qa.evaluation.scale.page import lines

    if data is None:
        raise SettingsError("found no data; expected a folder with dev/*.json and train.jsonl.gz; name it: --data DIR")
    wanted = SIZES if sizes is None else _numbers(sizes)
    with redirect_stdout(sys.stderr), waiting("Building archives and asking them, for up to an hour …"):
        figures = measure(data, wanted)
    if page:
        save_figures(figures)
        write_pages()
    if as_json:
        print(json.dumps(figures.as_dict(), indent=1))
    else:
        print("\n".join(lines(figures)))
    if not figures.kept:
        raise typer.Exit(1)


def write_pages() -> None:
    """docs/scale.md, its drawings, and the README's table, as the kept figures give them.

    :raises SettingsError: there are none, or a page lacks the marks between which they go.
    """
    from qa.evaluation.files import write_text
    from qa.evaluation.scale.figures import load_figures
    from qa.evaluation.scale.page import DRAWINGS, PAGE, README, page, readme
    from qa.evaluation.scale.plots import drawings

    figures = load_figures()
    for path, written in ((PAGE, page), (README, readme)):
        write_text(path, written(path.read_text("utf-8"), figures))
    DRAWINGS.mkdir(exist_ok=True)
    for name, drawing in drawings(figures).items():
        write_text(DRAWINGS / name, drawing + "\n")


def _numbers(sizes: str) -> Sequence[int]:
    try:
        return [int(size.strip().replace("_", "")) for size in sizes.split(",")]
    except ValueError as error:
        raise SettingsError(f"--sizes {sizes}: found no number; expected numbers of sentences, as 1000,10000") from error
