"""Builds, rebuilds and calibrations killed (SIGKILL) at random moments: each runs in a child process of its own, the command
as it is typed, on a real folder.
"""

import contextlib
import os
import random
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.stress.served import ROOT

SEEDS: Final = ROOT / "seeds"
QUESTION: Final = "When could humans first land on Mars?"
BUILD, REBUILD, CALIBRATE = "build", "rebuild", "calibrate"

MOST_ENTRIES: Final = 9
"""Entries of the folder after any kill: two generations, a folder and a file being written, the lock, the manifest, the two
files beside it, and one to spare. Killed builds in a row may not add up to more.
"""


def toys() -> None:
    """Let this process use the toy encoder and reader, which are there at once."""
    import index.encoder
    import qa.evaluation.calibrate
    import qa.pipeline
    import qa.reader
    from tests.toy import ToyEncoder, ToyReader

    for module in (index.encoder, qa.pipeline):
        module.load_encoder = lambda *_: ToyEncoder()  # type: ignore[attr-defined]
    for module in (qa.reader, qa.pipeline, qa.evaluation.calibrate):
        module.load_reader = lambda *_: ToyReader()  # type: ignore[attr-defined]


def in_child(work: Callable[[], object], log: Path, until: Callable[[int], None] | None = None) -> int:
    """Run `work` in a fork of this process; its exit status, or minus a signal.

    :param until: waits, given the fork's number; when it is done, the fork is killed.
    What it says goes to the end of `log`. This process must not have run a model: its threads would be missing in the fork.
    """
    child = os.fork()
    if child == 0:
        status = 99
        try:
            with log.open("ab") as file:
                os.dup2(file.fileno(), 1)
                os.dup2(file.fileno(), 2)
            status = int(work() or 0)  # type: ignore[call-overload]
            sys.stdout.flush()
        except BaseException:  # told in the log, and by the status
            import traceback

            traceback.print_exc()
            sys.stderr.flush()
        finally:
            os._exit(status)
    if until is not None:
        until(child)
        os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@dataclass
class Place:
    """A folder with two versions of an article, questions, and the index that is built of them."""

    home: Path
    toy: bool = False
    chooser: random.Random = field(default_factory=random.Random)
    kills: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    most_entries: int = 0

    def __post_init__(self) -> None:
        self.index, self.log = self.home / "index", self.home / "log"
        self._left = set[str]()
        text = (SEEDS / "article.md").read_text(encoding="utf-8")
        for version, written in (("old", text), ("new", text.replace("2029", "2039"))):
            (self.home / version).mkdir(parents=True)
            (self.home / version / "article.md").write_text(written, encoding="utf-8")
            shutil.copy(SEEDS / "questions.jsonl", self.home / version)

    def command(self, *arguments: object) -> Callable[[], int]:
        """`python -m qa ARGUMENTS`, as a child does it."""

        def run() -> int:
            from qa.cli import main

            if self.toy:
                toys()
            return main([*map(str, arguments), "--index", str(self.index)])

        return run

    def build(self, version: str) -> Callable[[], int]:
        return self.command("build", self.home / version / "article.md")

    def calibrate(self) -> Callable[[], int]:
        return self.command("calibrate", self.home / "old" / "questions.jsonl")

    def versions(self) -> dict[str, tuple[str, str]]:
        """The name and the text of each version, by its hash."""
        from index.article import load_article

        found = {version: load_article(self.home / version / "article.md") for version in ("old", "new")}
        return {article.sha256: (version, article.text) for version, article in found.items()}

    def answering(self) -> str:
        """Which version answers, every quote of it compared with its text; "missing", or what is wrong."""
        said = self.home / "said"
        said.unlink(missing_ok=True)

        def ask() -> None:
            from index.errors import IndexMissing
            from qa.pipeline import QAPipeline

            if self.toy:
                toys()
            versions = self.versions()
            try:
                answer = QAPipeline.load(self.index).answer(QUESTION)
            except IndexMissing as error:
                said.write_text("missing" if "python -m qa build" in str(error) else str(error))
                return
            shown = (*answer.citations, *answer.nearest)
            right = all(versions[one.article_sha256][1][one.start : one.end] == one.quote for one in shown)
            names = {versions[one.article_sha256][0] for one in shown}
            said.write_text(names.pop() if right and len(names) == 1 else f"wrong: {answer.as_dict()}")

        status = in_child(ask, self.log)
        return said.read_text() if status == 0 and said.exists() else f"no answer, status {status}: {self.tail()}"

    def _writing(self) -> bool:
        """Whether something new is being written; what killed builds left is known."""
        try:
            return any(path.name.startswith(".tmp-") and path.name not in self._left for path in self.index.iterdir())
        except FileNotFoundError:
            return False

    def tail(self) -> str:
        return self.log.read_text(errors="replace")[-1_500:] if self.log.exists() else ""

    def finish(self, version: str) -> None:
        """A build that nobody kills: it succeeds, its version answers, and nothing else is left in the folder."""
        from index.generations import BESIDE, MANIFEST_NAME, read_manifest

        if (status := in_child(self.build(version), self.log)) != 0:
            self.faults.append(f"the next build ended with {status}: {self.tail()}")
            return
        if (found := self.answering()) != version:
            self.faults.append(f"after a build of the {version} version: {found}")
        expected = {".lock", MANIFEST_NAME, read_manifest(self.index).generation, *BESIDE}
        if left := {path.name for path in self.index.iterdir()} - expected:
            self.faults.append(f"left behind by killed builds: {sorted(left)}")

    def kill(self, kind: str, work: Callable[[], int], seconds: float, may_answer: Sequence[str]) -> str:
        """Kill `work` at a random moment of its `seconds`, every other time within the few in which it writes; which version
        answers then, of those that may.
        """
        with contextlib.suppress(FileNotFoundError):
            self._left = {path.name for path in self.index.iterdir()}
        moment, writing = self.chooser.uniform(0, seconds * 1.05), self.chooser.random() < 0.5

        def until(child: int) -> None:
            if not writing:
                time.sleep(moment)
                return
            while not self._writing() and os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                time.sleep(0.0005)
            time.sleep(self.chooser.uniform(0, 0.05))

        status = in_child(work, self.log, until)
        if status == -signal.SIGKILL:
            self.kills[kind] += 1
        elif status != 0:
            self.faults.append(f"{kind} ended with {status}: {self.tail()}")
        if (found := self.answering()) not in may_answer:
            self.faults.append(f"after a killed {kind}: {found}, expected {' or '.join(may_answer)}")
        self.outcomes[f"{kind}: {found if found in ('old', 'new', 'missing') else 'fault'}"] += 1
        with contextlib.suppress(FileNotFoundError):
            self.most_entries = max(self.most_entries, sum(1 for _ in self.index.iterdir()))
        return found


def timed(work: Callable[[], object]) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started


def kill_all(place: Place, kills: int, tell: Callable[[str], None]) -> dict[str, object]:
    """Kill so many processes, a third of each kind, and finish a build now and then; what came of it."""
    seconds = timed(lambda: in_child(place.build("old"), place.log))
    tell(f"  a build takes {seconds:.1f} s")
    each = max(1, kills // 3)
    for _ in range(each):  # the first index of a folder: until it is there, there is none, and that is said
        shutil.rmtree(place.index, ignore_errors=True)
        place.kill(BUILD, place.build("old"), seconds, ("missing", "old"))
    place.finish("old")
    tell(f"  {place.kills[BUILD]} first builds killed")
    for number in range(each):
        now = place.answering()
        other = "new" if now == "old" else "old"
        place.kill(REBUILD, place.build(other), seconds, (now, other))
        if number % 5 == 4:
            place.finish(other)
    place.finish("old")
    tell(f"  {place.kills[REBUILD]} rebuilds killed")
    fitting = timed(lambda: in_child(place.calibrate(), place.log))
    for _ in range(each):
        place.kill(CALIBRATE, place.calibrate(), fitting, ("old",))
    place.finish("new")
    if place.most_entries > MOST_ENTRIES:
        place.faults.append(f"the folder grew to {place.most_entries} entries, expected {MOST_ENTRIES} at most")
    if "Traceback" in (said := place.log.read_text(errors="replace")):
        place.faults.append(f"a traceback: {said[said.index('Traceback') :][:1_500]}")
    return {
        "kills": dict(place.kills),
        "answered afterwards": dict(sorted(place.outcomes.items())),
        "most entries in the folder": place.most_entries,
        "build seconds": round(seconds, 2),
        "calibration seconds": round(fitting, 2),
    }
