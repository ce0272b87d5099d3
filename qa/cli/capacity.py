"""`python -m qa capacity`: memory, disk and machines for an archive, from measured figures."""

import json
import sys
from contextlib import redirect_stdout
from dataclasses import asdict
from typing import Annotated

import typer

from qa.cli.messages import waiting
from qa.cli.options import IndexOption


def capacity(
    sentences: Annotated[
        list[int] | None,
        typer.Option("--sentences", metavar="N", min=1, help="of an archive of so many; may be repeated"),
    ] = None,
    rate: Annotated[float, typer.Option(metavar="N", min=0.01, help="answers a second at the busiest")] = 10.0,
    machine: Annotated[float, typer.Option(metavar="GB", min=1, help="memory of a machine")] = 64.0,
    measure: Annotated[
        bool, typer.Option("--measure", help="measure this machine and the built index first, and keep the figures")
    ] = False,
    page: Annotated[bool, typer.Option("--page", help="write the tables of docs/capacity.md")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="write the plans as JSON, and nothing else")] = False,
    index: IndexOption = None,
) -> None:
    """Plan an archive: memory, disk, machines and cores.

    The figures are those of docs/capacity.json, which --measure writes; docs/capacity.md tells what they mean.
    """
    from qa.evaluation import capacity as planning
    from qa.evaluation.scale.figures import load_figures as load_scale

    if measure:
        _measure(index)
    figures, growth = planning.load_figures(), planning.Growth.of(load_scale())
    sizes = sentences or planning.SIZES
    if page:
        told = planning.page(planning.PAGE.read_text("utf-8"), figures, growth, rate=rate, machine_gb=machine)
        planning.PAGE.write_text(told, "utf-8")
    if as_json:
        plans = [asdict(planning.plan(figures, growth, size, rate=rate, machine_gb=machine)) for size in sizes]
        print(json.dumps({"figures": asdict(figures), "plans": plans}, indent=1))
        return
    print("\n".join(planning.planned(figures, growth, sizes, rate=rate, machine_gb=machine)))


def _measure(index: IndexOption) -> None:
    from index.sources.files import find_documents
    from qa.evaluation.bench import questions_of
    from qa.evaluation.capacity import measure, save_figures
    from qa.pipeline import QAPipeline
    from qa.settings import load_settings
    from qa.startup import article_paths

    settings = load_settings(index=index)
    with waiting("Measuring …"), redirect_stdout(sys.stderr):
        pipeline = QAPipeline.load(settings.index, settings)
        documents = find_documents(article_paths(settings)).documents
        questions = questions_of(pipeline, [document.path.parent for document in documents])
        save_figures(measure(pipeline, pipeline.index.manifest, questions))
