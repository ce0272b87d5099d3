"""Loads one archive and answers over it: a process of its own, so that the memory that it holds is this archive's.

    python -m qa.evaluation.scale.asking DIR

A question a line, as JSON, on standard input; a line of JSON on standard output when it has loaded, for each answer, and at
the end.
"""

import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from qa.evaluation.scale.memory import mapped_mb, resident_mb
from qa.pipeline import QAPipeline


@dataclass(frozen=True, slots=True)
class Loaded:
    """`load_s` are the seconds of loading, models among it, `loaded_mb` what is then resident."""

    load_s: float
    loaded_mb: float
    encoder: str
    reader: str


@dataclass(frozen=True, slots=True)
class Answered:
    """Milliseconds: by the clock, of these of retrieval; and of processor time."""

    ms: float
    retrieve_ms: float
    processor_ms: float


@dataclass(frozen=True, slots=True)
class Done:
    """What is resident at the end, and of that, pages of files."""

    answered_mb: float
    mapped_mb: float


def serve(directory: Path) -> None:
    """Answer what comes until nothing more does.

    :raises ArticleQAError: the index cannot be loaded.
    """
    started = time.perf_counter()
    pipeline = QAPipeline.load(directory)
    seconds = time.perf_counter() - started
    _say(Loaded(seconds, resident_mb(), pipeline.models.encoder, pipeline.models.reader))
    for line in sys.stdin:
        question = json.loads(line)
        began, spent = time.perf_counter(), time.process_time()
        answer = pipeline.answer(question)
        ended, used = time.perf_counter(), time.process_time()
        _say(Answered((ended - began) * 1_000, answer.timings_ms.retrieve, (used - spent) * 1_000))
    _say(Done(resident_mb(), mapped_mb()))


def _say(what: Loaded | Answered | Done) -> None:
    sys.stdout.write(json.dumps(asdict(what)) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
