"""What the server does when many ask at once: `python -m tests.stress.load [--out DIR] [--json FILE] [--short]`.

First it drives 1, 2, 4 … 64 askers, each of whom asks again as soon as it is answered, and draws throughput, latency,
refusals and memory. The highest throughput is the peak. Then it asks four times as much as the server can answer, in two
ways: clients that obey Retry-After, four times as many as the server holds; and questions that arrive at four times the
peak's rate, whoever was refused before. Both are measured by turns with the peak, as machines are busy by fits: goodput,
the right answers a second, has to stay within `SLACK` of the peak's.

Every reply is compared: an answer with the one that the question gets alone, a refusal with what a refusal has to say. Each
question carries an id of its own, which has to come back. The questions are the seed's, the server is `python app.py` with
its own settings, but for the limit of one client's rate; how many wait, how many are answered at a time and how long are
its defaults.
"""

import argparse
import asyncio
import json
import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from qa.settings import Settings, load_settings
from qa.web.workers import Workers
from tests.stress.askers import Crowd, Tally, answers_alone
from tests.stress.charts import chart, svg, table
from tests.stress.figures import Report, Stretch, stretch
from tests.stress.served import ROOT, UNLIMITED, Served

QUESTIONS: Final = ROOT / "seeds" / "questions.jsonl"

ASKERS: Final = (1, 2, 4, 8, 16, 32, 64)
OVERLOAD: Final = 4
"""How many times what the server can answer it is asked under overload."""
_EVERY = 0.25
"""Seconds between looks at the server's memory."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured.

    :ivar seconds: of each stretch.
    :ivar rounds: of peak and overload by turns.
    :ivar questions: how many different ones are asked; None for all.
    :ivar queue: how many wait at most; None for the default.
    """

    askers: tuple[int, ...] = ASKERS
    seconds: float = 12.0
    rounds: int = 11
    questions: int | None = None
    queue: int | None = None

    @property
    def settings(self) -> Settings:
        """Those of the server."""
        return load_settings(queue=self.queue)

    @property
    def environment(self) -> dict[str, str]:
        """What tells them to the server."""
        return {**UNLIMITED} | ({} if self.queue is None else {"ARTICLE_QA_QUEUE": str(self.queue)})


SHORT: Final = Plan((1, 4, 16), seconds=3.0, rounds=1, questions=20, queue=16)


def measure(server: Served, plan: Plan, tell: Callable[[str], None] = lambda _: None) -> Report:
    """Everything, over a server that is up.

    :raises Lost: a question that was asked alone got no answer.
    """
    settings = plan.settings
    tell("Asking each question alone …")
    expected = asyncio.run(answers_alone(server.address, questions(plan.questions)))
    crowd, at_rest, steps = Crowd(server.address, expected), server.memory(), list[Stretch]()
    for askers in plan.askers:
        tell(f"{askers} asking …")
        tally, memory = asyncio.run(_watched(server, crowd.closed(askers, plan.seconds)))
        steps.append(stretch(f"{askers} asking", tally, memory, askers))
    peak = max(steps, key=lambda step: step.per_second)
    rounds = tuple(asyncio.run(_round(server, crowd, peak, plan, number, tell)) for number in range(plan.rounds))
    workers = Workers.of(settings)
    return Report(workers.size, settings.queue, server.started, at_rest, tuple(steps), rounds)


async def _round(
    server: Served, crowd: Crowd, peak: Stretch, plan: Plan, number: int, tell: Callable[[str], None]
) -> dict[str, Stretch]:
    """The peak once more, and each way of overloading the server, in an order that changes with the round."""
    tell(f"Overload, round {number + 1} of {plan.rounds} …")
    many, rate = OVERLOAD * Workers.of(plan.settings).room, OVERLOAD * peak.per_second
    ways: list[tuple[str, int | None, Callable[[], Any]]] = [
        ("peak", peak.askers, lambda: crowd.closed(peak.askers or 1, plan.seconds)),
        ("obeying Retry-After", many, lambda: crowd.closed(many, plan.seconds)),
        ("not obeying", None, lambda: crowd.arriving(rate, plan.seconds, seed=number)),
    ]
    found = dict[str, Stretch]()
    for name, askers, ask in random.Random(number).sample(ways, len(ways)):
        tally, memory = await _watched(server, ask())
        found[name] = stretch(name, tally, memory, askers)
    return found


async def _watched(server: Served, asking: Any) -> tuple[Tally, float | None]:
    """What comes of `asking`, and the most memory that the server held meanwhile."""
    most = [0.0]

    async def look() -> None:
        while True:
            most.append(server.memory() or 0.0)
            await asyncio.sleep(_EVERY)

    watching = asyncio.create_task(look())
    tally = await asking
    watching.cancel()
    return tally, max(most) or None


def questions(most: int | None = None) -> list[str]:
    """The seed's, no two alike; the first `most`."""
    rows = QUESTIONS.read_text(encoding="utf-8").splitlines()
    return list(dict.fromkeys(json.loads(row)["question"] for row in rows))[:most]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write; 1 when something is not as promised."""
    parser = argparse.ArgumentParser(prog="python -m tests.stress.load", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--out", type=Path, default=ROOT / "stress", help="folder of load.json and load.svg")
    parser.add_argument("--json", type=Path, help="file of the figures, instead of the one in the folder")
    parser.add_argument("--short", action="store_true", help="half a minute instead of some minutes")
    chosen = parser.parse_args(arguments)

    def tell(words: str) -> None:
        print(words, file=sys.stderr, flush=True)

    tell("Starting the server …")
    plan = SHORT if chosen.short else Plan()
    with Served(environment=plan.environment) as server:
        report = measure(server, plan, tell)
    chosen.out.mkdir(parents=True, exist_ok=True)
    figures = chosen.json or chosen.out / "load.json"
    figures.write_text(json.dumps(report.as_dict(), indent=1) + "\n", encoding="utf-8")
    (chosen.out / "load.svg").write_text(svg(report), encoding="utf-8")
    print("\n".join([*table(report), "", *chart(report), "", *(f"NOT AS PROMISED: {one}" for one in report.missed())]))
    print(f"Written to {figures} and {chosen.out / 'load.svg'}.")
    return 1 if report.missed() else 0


if __name__ == "__main__":
    sys.exit(main())
