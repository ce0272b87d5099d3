"""How the cores are shared out, and what reading waiting questions together would bring:
`python -m tests.stress.layouts [--out DIR] [--json FILE] [--short]`.

Answers are computed by as many workers as there are cores, who share one set of as many threads inside the models. This
compares that with one worker, and with workers whose models have one thread each: answers a second with four questions
always waiting, the time of a question alone, and the processor's time of an answer, which other programs on the machine
disturb least. All are measured by turns in one process; what counts is their ratios.

Reading waiting questions together (micro-batching) is measured as tests/stress/together.py says. It can save at most what a
run of the reader costs beside its windows' own tokens, since int8 products do a batch's windows' work as they would each
window's; that part is found too, by running windows of many lengths and fitting a line: its value at no tokens. And it
changes answers: int8 products take one scale for everything in a run. Hence each window is run by itself
(qa/networks.py).

Exit status 1 when, in the long form, a choice that was made no longer holds: another layout answers a good part more, or
reading together pays and changes no answer.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np

import index.runtime
import qa.onnx_reader
import qa.verifier
from index.article import load_article
from index.cores import available_cores
from index.encoder import load_encoder
from index.store import build_index
from qa.pipeline import QAPipeline
from tests.stress.load import questions
from tests.stress.served import ROOT
from tests.stress.together import measured

BETTER: Final = 1.2
"""Times as many answers a second with which another way would be worth its while; less is within what a machine's own
restlessness makes of two equals."""
WAITING: Final = 4
"""Questions that are always waiting, while throughput is measured."""
LENGTHS: Final = (16, 64, 128, 192, 256, 320, 384)
"""Tokens of the windows that are run."""


def pipeline(threads: int) -> QAPipeline:
    """A pipeline over the seed article whose models run on so many threads each."""
    cores = index.runtime.available_cores
    index.runtime.available_cores = lambda: threads
    _forget_models()
    try:
        encoder = load_encoder()
        article = load_article(ROOT / "seeds" / "article.md")
        made = QAPipeline(build_index([article], encoder), encoder)
    finally:
        index.runtime.available_cores = cores
        _forget_models()
    return made


def _forget_models() -> None:
    qa.onnx_reader.load_packaged.cache_clear()
    qa.verifier.load_verifier.cache_clear()


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds that passed, and milliseconds of this process's time on the cores."""
    started, used = time.perf_counter(), time.process_time()
    work()
    return (time.perf_counter() - started) * 1_000, (time.process_time() - used) * 1_000


def layouts(rounds: int, asked: int) -> dict[str, dict[str, float]]:
    """For each layout the medians over the rounds."""
    cores, texts = available_cores(), questions()
    made = {threads: pipeline(threads) for threads in {1, cores}}
    shapes = dict.fromkeys([(cores, cores), (1, cores), (cores, 1), (1, 1)])
    found: dict[tuple[int, int], list[tuple[float, float, float]]] = {shape: [] for shape in shapes}
    for answering in made.values():
        answering.answer(texts[0])
    for number in range(rounds):
        chosen = [texts[(number * asked + place) % len(texts)] for place in range(asked)]
        for workers, threads in shapes:
            answer = made[threads].answer
            with ThreadPoolExecutor(workers) as pool:
                passed, used = timed(lambda pool=pool, answer=answer, chosen=chosen: list(pool.map(answer, chosen)))
            alone = statistics.median(timed(lambda one=one, answer=answer: answer(one))[0] for one in chosen[:WAITING])
            found[workers, threads].append((1_000 * asked / passed, used / asked, alone))
    return {
        f"{workers} x {threads}": dict(
            zip(("per_second", "processor_ms", "alone_ms"), map(statistics.median, zip(*rows, strict=True)), strict=True)
        )
        for (workers, threads), rows in found.items()
    }


def run_costs(rounds: int) -> dict[str, float]:
    """Of a run of the reader's network on one thread, the part that does not depend on the window's length, and a mean
    window's whole, in milliseconds of processor time: a batch could save no more than the first of the second.
    """
    network: Any = pipeline(1).reader._network
    draw = np.random.default_rng(0)
    times: dict[int, list[float]] = {length: [] for length in LENGTHS}
    for _ in range(rounds + 1):
        for length in LENGTHS:
            given = {
                "embeddings": network._words[draw.integers(1_000, 20_000, length)][None],
                "segments": (np.arange(length) >= min(12, length))[None].astype(np.int64),
                "positions": np.arange(length)[None],
            }
            times[length].append(timed(lambda given=given: network._network.run(None, given))[1])
    least = [min(times[length][1:]) for length in LENGTHS]  # the least disturbed
    # Attention's work grows with the square of the length, everything else with the length.
    fixed = float(np.polynomial.Polynomial.fit(LENGTHS, least, 2).convert().coef[0])
    typical = float(np.interp(160, LENGTHS, least))
    return {"fixed_ms": fixed, "typical_ms": typical, "most_saved": max(0.0, fixed) / typical}


def lines(report: dict[str, Any]) -> list[str]:
    """For a terminal."""
    told = [f"{'workers x threads':>18}{'answers/s':>11}{'processor ms':>14}{'alone, ms':>11}"]
    for name, one in report["layouts"].items():
        told.append(f"{name:>18}{one['per_second']:>11.1f}{one['processor_ms']:>14.1f}{one['alone_ms']:>11.1f}")
    told += [
        f"{one['questions']} read together: {one['ratio']:.2f} times as fast ({one['processor']:.2f} by processor) and "
        f"another best answer in {1 - one['same']:.1%} of {one['windows']} windows, logits by up to {one['moved']:.2f}; "
        f"padding would add {one['padding']:.0%}."
        for one in report["together"]
    ]
    run = report["run"]
    told.append(
        f"A run of the reader costs {run['fixed_ms']:.2f} ms beside its tokens' {run['typical_ms']:.1f} ms: reading together "
        f"could save {run['most_saved']:.0%} at most."
    )
    return told


def missed(report: dict[str, Any]) -> list[str]:
    """Choices that no longer hold, in words."""
    cores, found = available_cores(), list[str]()
    used = report["layouts"][f"{cores} x {cores}"]
    for name, one in report["layouts"].items():
        if one["per_second"] > BETTER * used["per_second"] and one["alone_ms"] < BETTER * used["alone_ms"]:
            found.append(f"{name} answers {one['per_second']:.1f} a second, the layout in use {used['per_second']:.1f}")
    for one in report["together"]:
        if min(one["ratio"], one["processor"]) > BETTER and one["same"] == 1:
            found.append(f"{one['questions']} read together: {one['ratio']:.2f} times as fast, no answer changed")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write; 1 when a choice no longer holds."""
    parser = argparse.ArgumentParser(prog="python -m tests.stress.layouts", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--out", type=Path, default=ROOT / "stress", help="folder of layouts.json")
    parser.add_argument("--json", type=Path, help="file of the figures, instead of the one in the folder")
    parser.add_argument("--short", action="store_true", help="seconds instead of some minutes")
    chosen = parser.parse_args(arguments)
    rounds, asked, places = (2, 6, 1) if chosen.short else (10, 12, 4)
    answering = pipeline(available_cores())
    report: dict[str, Any] = {
        "layouts": layouts(rounds, asked),
        "together": [asdict(one) for one in measured(answering, questions(8 * rounds), rounds, places)],
        "run": run_costs(3 * rounds),
    }
    report["missed"] = [] if chosen.short else missed(report)  # seconds on a busy machine cannot tell
    chosen.out.mkdir(parents=True, exist_ok=True)
    (chosen.json or chosen.out / "layouts.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print("\n".join([*lines(report), *(f"NOT AS PROMISED: {one}" for one in report["missed"])]))
    return 1 if report["missed"] else 0


if __name__ == "__main__":
    sys.exit(main())
