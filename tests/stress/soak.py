"""Half an hour of mixed traffic with rebuilds going on: `python -m tests.stress.soak [--minutes 30] [--out DIR] [--short]`.

Clients do what clients of a public server do (`traffic.py` has the list: questions, follow-ups, batches, turns on the chat
page, articles, votes, hang-ups, bad requests) while `python -m qa build` replaces the index again and again in another
process, by turns with two editions of an article, which the server then serves by turns. Everything is first done alone,
of each edition, which says what is right. Then the capacity is measured, beside the builds; then things arrive at 80 % of it.

It passes when at the end

    nothing was wrong    each reply is the one that was got alone, all of it of one edition, but for timings, and afterwards
                         still is
    nothing was lost     each request got its reply, or a refusal with a time to come back (429, 503)
    memory is flat       over the last two thirds it grew by less than `GROWTH` MB an hour, with 95 % confidence; a run
                         that is too short for that states the figure and does not judge it
    nothing piles up     open files and threads are at the end about as many as before
    each build succeeded, and the index that the last one left is sound
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx

from index.article import load_article
from tests.stress.load import questions
from tests.stress.served import ROOT, UNLIMITED, Served
from tests.stress.soaked import ROOM_FILES, Rebuilds, Report, chart, figures, svg, table
from tests.stress.traffic import PATIENCE, Traffic, actions
from tests.stress.watch import Sample, sample, watch

ARTICLE: Final = ROOT / "seeds" / "article.md"
LOAD: Final = 0.8
"""The share of its capacity that the server is asked for."""

_LONGER: Final = (
    "\n\nA paragraph that only the other index knows: the moon landing of 2044 was cancelled by the weather.\n"
)
_SETTLE: Final = 60.0
"""Seconds that the server has, after the last request, to close what belonged to clients."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How long, in seconds, and how much.

    :ivar clients: at once, while the capacity is measured.
    :ivar pause: between two builds.
    :ivar every: between two looks at the memory.
    """

    seconds: float = 1_800.0
    capacity: float = 60.0
    clients: int = 16
    pause: float = 5.0
    every: float = 1.0
    questions: int | None = None


SHORT: Final = Plan(seconds=20.0, capacity=6.0, clients=8, pause=1.0, every=0.2, questions=8)


async def soak(server: Served, place: "Place", plan: Plan, tell: Callable[[str], None]) -> Report:
    """All of it, over a server that is up and serves the first edition of `place`."""
    limits = httpx.Limits(max_connections=256, keepalive_expiry=2)  # before the server closes an idle one
    async with httpx.AsyncClient(base_url=server.address, timeout=PATIENCE, limits=limits) as client:
        functions = (await client.get("/config")).json()["dependencies"]
        converse = next(one["id"] for one in functions if one["api_name"] == "converse")
        served = (await client.get("/api/v1/articles")).json()["articles"][0]["id"]
        traffic = Traffic(client, [*actions(questions(plan.questions), served, converse)])
        tell("Doing everything alone …")
        faults = []
        for article in (*place.articles[1:], place.articles[0]):  # the served one last, so that it is served again
            edition = await _publish(place, article, client)
            faults += await traffic.alone(edition)
            faults += await traffic.alone(edition)  # what differs by itself is found out before it counts
        before = sample(server.process.pid, time.monotonic())
        rebuilds, stop = Rebuilds(), asyncio.Event()
        building = asyncio.create_task(_build(place, plan.pause, stop, rebuilds))
        tell(f"Measuring the capacity, for {plan.capacity:.0f} seconds …")
        warm = await traffic.closed(plan.clients, plan.capacity)
        samples = list[Sample]()
        watching = asyncio.create_task(watch(server.process.pid, plan.every, samples))
        capacity = warm.done / warm.seconds
        tell(f"{capacity:.1f} a second. Soaking at {LOAD:.0%} of that, for {plan.seconds / 60:.1f} minutes …")
        mixed = await traffic.arriving(LOAD * capacity, plan.seconds)
        watching.cancel()
        stop.set()
        tell("Waiting for the last build, and doing everything alone again …")
        await building
        edition = await _publish(place, place.articles[0], client)
        faults += [*warm.faults, *mixed.faults, *await traffic.alone(edition)]
    after = await _settled(server, before)
    sound = await _run(place, "verify") is None
    return Report(capacity, LOAD * capacity, mixed, faults, rebuilds, sound, samples, before, after)


async def _publish(place: "Place", article: Path, client: httpx.AsyncClient) -> str:
    """Build the index of an edition, and wait until it is served.

    :returns: the SHA-256 of its text.
    :raises RuntimeError: it cannot be built. :raises TimeoutError: it is not served.
    """
    if (problem := await _run(place, "build", str(article))) is not None:
        raise RuntimeError(f"a build failed with {problem}")
    edition = load_article(article).sha256
    async with asyncio.timeout(PATIENCE):
        while (await client.get("/api/v1/articles")).json()["articles"][0]["sha256"] != edition:
            await asyncio.sleep(0.1)
    return edition


async def _build(place: "Place", pause: float, stop: asyncio.Event, rebuilds: Rebuilds) -> None:
    """Build the index anew, of the other article each time, until told to stop."""
    begun = time.monotonic()
    while not stop.is_set():
        article = place.articles[(len(rebuilds.ended) + 1) % len(place.articles)]
        problem = await _run(place, "build", str(article))
        rebuilds.ended.append(time.monotonic() - begun)
        if problem is not None:
            rebuilds.failures.append(problem)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause)


async def _run(place: "Place", *arguments: str) -> str | None:
    """A command of the program over the index; its last words when it failed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "qa", *arguments, "--index", str(place.index)),
        cwd=ROOT,
        # Without the votes, of which a build makes suggestions: an answer's would be others than those got alone.
        env={name: value for name, value in os.environ.items() if not name.startswith("ARTICLE_QA_")},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said = (await process.communicate())[0].decode(errors="replace")
    return None if process.returncode == 0 else f"{process.returncode}: {said.strip()[-300:]}"


async def _settled(server: Served, before: Sample) -> Sample:
    """What the server holds once it has closed what belonged to its clients, or has not in time."""
    begun = time.monotonic()
    while True:
        now = sample(server.process.pid, begun)
        if now.files <= before.files + ROOM_FILES or now.at > _SETTLE:
            return now
        await asyncio.sleep(0.2)


@dataclass
class Place:
    """A folder of its own, with the articles, the index and the readers' votes."""

    folder: Path
    articles: tuple[Path, Path] = field(init=False)

    def __post_init__(self) -> None:
        text = ARTICLE.read_text(encoding="utf-8")
        self.articles = self.folder / "article.md", self.folder / "longer" / "article.md"
        self.articles[1].parent.mkdir()
        self.articles[0].write_text(text, encoding="utf-8")
        self.articles[1].write_text(text + _LONGER, encoding="utf-8")

    @property
    def index(self) -> Path:
        return self.folder / "index"

    @property
    def environment(self) -> dict[str, str]:
        """Settings of the server: votes are kept."""
        return {**UNLIMITED, "ARTICLE_QA_FEEDBACK": str(self.folder / "feedback.db")}

    def served(self) -> Served:
        """The server over the first article."""
        index = str(self.index)
        return Served("--article", str(self.articles[0]), "--index", index, environment=self.environment)


def run(plan: Plan, tell: Callable[[str], None] = lambda _: None) -> Report:
    """Start the server, soak it, end it."""
    tell("Starting the server …")
    with tempfile.TemporaryDirectory() as folder:
        place = Place(Path(folder))
        with place.served() as server:
            return asyncio.run(soak(server, place, plan, tell))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write; 1 when something is not as promised."""
    parser = argparse.ArgumentParser(prog="python -m tests.stress.soak", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--minutes", type=float, default=Plan().seconds / 60, help="how long traffic arrives")
    parser.add_argument("--out", type=Path, default=ROOT / "stress", help="folder of soak.json and soak.svg")
    parser.add_argument("--json", type=Path, help="file of the figures, instead of the one in the folder")
    parser.add_argument("--short", action="store_true", help="20 seconds instead of half an hour")
    chosen = parser.parse_args(arguments)
    report = run(
        SHORT if chosen.short else Plan(seconds=60 * chosen.minutes),
        lambda words: print(words, file=sys.stderr, flush=True),
    )
    chosen.out.mkdir(parents=True, exist_ok=True)
    written = chosen.json or chosen.out / "soak.json"
    written.write_text(json.dumps(figures(report), indent=1) + "\n", encoding="utf-8")
    (chosen.out / "soak.svg").write_text(svg(report), encoding="utf-8")
    print("\n".join([*table(report), "", *chart(report), "", *(f"NOT AS PROMISED: {one}" for one in report.missed())]))
    print(f"Written to {written} and {chosen.out / 'soak.svg'}.")
    return 1 if report.missed() else 0


if __name__ == "__main__":
    sys.exit(main())
