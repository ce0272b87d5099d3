"""`python -m qa calibrate`: fit the no-answer decision to questions of one's own."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qa.cli.evaluate import DataArgument, progress_bars
from qa.cli.messages import waiting
from qa.cli.options import IndexOption
from qa.cli.terminal import printable

if TYPE_CHECKING:
    from qa.evaluation.calibrate import Calibration


def calibrate(
    data: DataArgument,
    index: IndexOption = None,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="seed of the cross-validation")] = 0,
) -> None:
    """Fit the no-answer decision to questions of your own.

    The figures are of questions that were held out. The decision is kept beside the index, where `ask`, `serve` and
    `evaluate` find it; delete it there to return to the packaged one.
    """
    from index.generations import read_manifest
    from qa.settings import load_settings

    settings = load_settings(index=index)
    read_manifest(settings.index)  # the decision needs a place, and an index that is missing is told before the work
    from qa.evaluation.datasets import load_data

    dataset = load_data(data)
    from qa.evaluation.calibrate import calibrate as fit
    from qa.evaluation.calibrate import keep, refuse_too_few

    refuse_too_few(dataset.questions)
    with waiting("Loading the encoder …"):
        from index.encoder import load_encoder

        encoder = load_encoder(settings.encoder)
    with progress_bars() as start_progress:
        result = fit(dataset, settings, encoder, seed=seed, progress=start_progress("questions"))
    print("\n".join(_table(result)), end="\n\n")
    if result.decision is None:
        print(printable(_not_kept(result, settings.index)))
        return
    print(printable(f"Kept in {keep(result, settings.index)}, for this encoder, reader and verifier."))


def _not_kept(result: "Calibration", directory: Path) -> str:
    from index.generations import DECISION
    from qa.decision import load_decision

    packaged = result.in_use == load_decision()
    stays = "the packaged decision" if packaged else f"that of the earlier calibration in {directory / DECISION}"
    return f"Not kept: on questions that it was not fitted to, it is no better than what is in use; {stays} stays."


def _table(result: "Calibration") -> list[str]:
    from qa.evaluation.calibrate import FIGURES

    articles = f"{result.articles:,} article{'s' * (result.articles != 1)}"
    held_out = "whole articles" if result.by_article else "questions"
    lines = [
        f"{result.n_answerable:,} answerable and {result.n_unanswerable:,} unanswerable questions over {articles}; "
        f"{held_out} held out in turn",
        "",
        f"{'':<37}{'before':>8}{'after':>8}",
    ]
    for name in FIGURES:
        cells = ("–" if value is None else f"{value:.3f}" for value in (result.before[name], result.after[name]))
        lines.append(f"  {name:<35}{''.join(f'{cell:>8}' for cell in cells)}")
    return lines
