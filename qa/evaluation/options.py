"""What a run is asked to do."""

import shlex
from dataclasses import dataclass, field
from pathlib import Path

from qa.evaluation.gates import Gate
from qa.settings import Settings, load_settings


@dataclass(frozen=True)
class Options:
    """What one run is asked to do; the command line's options, typed.

    :param data: files of questions, `-` for standard input.
    :param out: folder for the files of the run; made when it is not there.
    :param limit: a seeded uniform sample of so many questions; None asks all.
    :param seed: of the sample, the timed questions, the bootstrap and the tests.
    :param perturb: ask the questions as `qa/evaluation/perturb.py` changes them, by this kind; None asks them as they are.
    :param foreign_history: ask every question after a turn about another article (`qa/evaluation/foreign.py`).
    :param robustness: ask them in every kind, and report the kinds beside each other (`qa/evaluation/robustness.py`).
    :param archive: ask all articles of the data as one, and, without a baseline, each question of its own article too.
    :param oracle_passage: ask each question of its gold paragraph too.
    :param baseline: folder of an earlier run to compare with.
    :param junit: where to write the verdicts as JUnit XML.
    :param settings: those of the environment, with `overrides` (the `KEY=VALUE` of `--set`) in their place.
    """

    data: tuple[str, ...]
    out: Path
    limit: int | None = None
    seed: int = 0
    perturb: str | None = None
    foreign_history: bool = False
    robustness: bool = False
    archive: bool = False
    oracle_passage: bool = False
    baseline: Path | None = None
    gates: tuple[Gate, ...] = ()
    junit: Path | None = None
    settings: Settings = field(default_factory=load_settings)
    overrides: tuple[str, ...] = ()

    @property
    def command(self) -> str:
        """The command line of this run, as one would type it."""
        words = ["evaluate", *self.data, "--out", str(self.out)]
        words += ["--limit", str(self.limit)] if self.limit else []
        words += ["--seed", str(self.seed)] if self.seed else []
        words += ["--perturb", self.perturb] if self.perturb else []
        words += ["--foreign-history"] if self.foreign_history else []
        words += ["--robustness"] if self.robustness else []
        words += ["--archive"] if self.archive else []
        words += ["--oracle-passage"] if self.oracle_passage else []
        words += ["--baseline", str(self.baseline)] if self.baseline else []
        words += [word for gate in self.gates for word in str(gate).split(" ", 1)]
        words += ["--junit", str(self.junit)] if self.junit else []
        words += [word for text in self.overrides for word in ("--set", text)]
        return f"python -m qa {shlex.join(words)}"
