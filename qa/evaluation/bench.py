"""How fast it is, each figure beside its floor measured in the same run: what sentence-transformers takes to encode.

The floor of an answer is one encode of the question by sentence-transformers, on PyTorch; that of a build, encoding the
sentences once; of starting, loading that encoder; of memory, holding it. A figure below its floor is what was gained by
leaving PyTorch out. The floor of a server is a bare Gradio page on FastAPI: see bench_server.py. Machines differ and are
busy, ratios much less so: ours and its floor are measured by turns.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import qa
from index.encoder import Encoder
from index.errors import ArticleQAError, DataError
from index.sentence_encoder import SentenceEncoder, load_sentence_encoder
from index.sources.files import QUESTIONS
from index.store import build_index
from qa.answer import Timings
from qa.evaluation import metrics
from qa.evaluation.bench_server import Started, install_sizes, start_floor, start_ours
from qa.evaluation.datasets import load_data
from qa.pipeline import QAPipeline
from qa.settings import Settings

ASKED = 100
"""Questions that are timed one by one."""

ASKERS = (1, 4, 16)
_WARM_UP = 5
_STARTS = 3
_BUILDS = 3
_ASKED_TOGETHER = 96
_ASKED_SERVED = 64
_WORDS = 10
"""Words of a sentence that are asked where there is no file of questions."""

# On Linux a process is told at birth that its peak is at least its parent's (getrusage), but its memory's own peak is kept.
_CHILD = """
import json, sys
{work}
print("ready", flush=True)
def peak():
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) / 2**10
    except OSError:
        pass
    try:
        import resource
    except ImportError:
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
print(json.dumps(peak()))
"""
_OURS = """
from qa import QAPipeline
from qa.settings import load_settings
QAPipeline.load(sys.argv[1], load_settings(encoder=sys.argv[3] or None)).answer(sys.argv[2])
"""
_FLOOR = """
from index.sentence_encoder import load_sentence_encoder
load_sentence_encoder(sys.argv[3] or None).encode([sys.argv[2]])
"""

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure: ours, its floor, and ours over the floor. `more_is_better` for throughput only."""

    name: str
    unit: str
    ours: float
    floor: float | None
    more_is_better: bool = False

    @property
    def ratio(self) -> float | None:
        return self.ours / self.floor if self.floor else None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"ratio": self.ratio}


def bench(
    pipeline: QAPipeline, directory: Path, questions: Sequence[str], *, report: Report | None = None
) -> list[Measure]:
    """Every figure of the pipeline over the index in `directory`, in the order in which they are told.

    Takes some minutes. :param report: told what is being measured.

    :raises ArticleQAError: the index cannot be loaded by a process of its own.
    """
    tell = report or (lambda _: None)
    tell("Loading the floor …")
    floor = pipeline.encoder if isinstance(pipeline.encoder, SentenceEncoder) else load_sentence_encoder()
    tell("Answering …")
    measures = _answers(pipeline, floor, questions)
    tell("Answering many at once …")
    measures += [_throughput(pipeline, floor, questions, askers) for askers in ASKERS]
    tell("Building …")
    measures.append(_build(pipeline, floor))
    tell("Starting …")
    measures += _starts(directory, questions[0], pipeline.settings.encoder)
    tell("Serving …")
    return measures + _servers(directory, questions[:_ASKED_SERVED], pipeline.settings)


def questions_of(pipeline: QAPipeline, folders: Sequence[Path]) -> list[str]:
    """Questions to ask: of the question files in `folders` that ask the indexed articles, else openings of sentences."""
    known = {article.id for article in pipeline.index.articles}
    found: list[str] = []
    for path in dict.fromkeys(folder / QUESTIONS for folder in folders):
        try:
            dataset = load_data([str(path)])
        except DataError:
            continue  # there is none, or it is of no use here
        found += [question.text for question in dataset.questions if question.article_id in known]
    if not found:
        index = pipeline.index
        found = [" ".join(index.text(sentence).split()[:_WORDS]) for sentence in index.sentences]
    return list(islice(cycle(found), ASKED))


def _answers(pipeline: QAPipeline, floor: Encoder, questions: Sequence[str]) -> list[Measure]:
    for question in questions[:_WARM_UP]:
        floor.encode([question])
        pipeline.answer(question)
    floors: list[float] = []
    totals: list[float] = []
    parts: list[Timings] = []
    for question in questions:
        floors.append(_milliseconds(floor.encode, [question]))
        started = time.perf_counter()
        answer = pipeline.answer(question)
        totals.append((time.perf_counter() - started) * 1_000)
        parts.append(answer.timings_ms)
    return [
        *(
            Measure(f"answer, {name}", "ms", _percentile(totals, share), _percentile(floors, share))
            for name, share in (("p50", 50), ("p95", 95))
        ),
        *(
            Measure(f"  {part}, {name}", "ms", _percentile([getattr(one, part) for one in parts], share), None)
            for part in ("retrieve", "read")
            for name, share in (("p50", 50), ("p95", 95))
        ),
    ]


def _throughput(pipeline: QAPipeline, floor: Encoder, questions: Sequence[str], askers: int) -> Measure:
    asked = list(islice(cycle(questions), _ASKED_TOGETHER))
    encoded = _per_second(askers, asked, lambda question: floor.encode([question]))
    answered = _per_second(askers, asked, pipeline.answer)
    return Measure(f"answers, {askers} asking", "/s", answered, encoded, more_is_better=True)


def _build(pipeline: QAPipeline, floor: Encoder) -> Measure:
    index, encoder = pipeline.index, pipeline.encoder
    texts = [index.text(sentence) for sentence in index.sentences]
    floors, builds = [], []
    for _ in range(_BUILDS):
        floors.append(_milliseconds(floor.encode, texts))
        builds.append(_milliseconds(build_index, index.articles, encoder))
    n = len(texts)
    return Measure("build, a sentence", "ms", statistics.median(builds) / n, statistics.median(floors) / n)


def _starts(directory: Path, question: str, encoder: str | None) -> list[Measure]:
    """Start-up to the first answer, and peak memory, each in a process of its own, with the same model."""
    ours: list[tuple[float, float | None]] = []
    floors: list[tuple[float, float | None]] = []
    for _ in range(_STARTS):
        floors.append(_child(_FLOOR, directory, question, encoder))
        ours.append(_child(_OURS, directory, question, encoder))
    middles = [statistics.median(seconds for seconds, _ in runs) for runs in (ours, floors)]
    measures = [Measure("start, to the first answer", "s", middles[0], middles[1])]
    peaks = [[peak for _, peak in runs if peak is not None] for runs in (ours, floors)]
    if all(peaks):
        measures.append(Measure("peak memory", "MB", max(peaks[0]), max(peaks[1])))
    return measures


def _servers(directory: Path, questions: Sequence[str], settings: Settings) -> list[Measure]:
    """Start-up and memory of the server, and what is installed for it, beside a bare Gradio page."""
    ours: list[Started] = []
    floors: list[Started] = []
    for _ in range(_STARTS):
        floors.append(start_floor(len(questions)))
        ours.append(start_ours(directory, questions, settings))
    floor = statistics.median(one.page for one in floors)
    measures = [
        Measure("server, to the page", "s", statistics.median(one.page for one in ours), floor),
        Measure("server, to the first answer", "s", statistics.median(one.answer or 0.0 for one in ours), floor),
    ]
    for name, part in (("server, memory at rest", "at_rest"), ("server, memory under load", "under_load")):
        held = [[value for one in runs if (value := getattr(one, part)) is not None] for runs in (ours, floors)]
        if all(held):
            measures.append(Measure(name, "MB", statistics.median(held[0]), statistics.median(held[1])))
    return [*measures, Measure("installed", "MB", *install_sizes())]


def _child(work: str, directory: Path, question: str, encoder: str | None) -> tuple[float, float | None]:
    """Seconds until a new process is done with `work`, and its peak memory in MB where the system tells.

    :param encoder: name or folder of the encoder that it loads; None for the packaged one.
    """
    home = Path(qa.__path__[0]).parent
    folder = Path(encoder).expanduser() if encoder else None
    loaded = str(folder.resolve()) if folder and folder.exists() else encoder or ""  # the process starts elsewhere
    command = [sys.executable, "-c", _CHILD.format(work=work), str(directory.resolve()), question, loaded]
    with tempfile.TemporaryFile("w+") as complaints:
        started = time.perf_counter()
        with subprocess.Popen(command, cwd=home, stdout=subprocess.PIPE, stderr=complaints, text=True) as process:  # noqa: S603 (our own)
            assert process.stdout is not None  # noqa: S101 (as asked for above; for the type checker)
            ready = process.stdout.readline()
            seconds = time.perf_counter() - started
            peak = process.stdout.read()
        if ready != "ready\n" or process.returncode:
            complaints.seek(0)
            last = complaints.read().strip().splitlines()[-1:] or ["it said nothing"]
            raise ArticleQAError(f"a new process could not answer from {directory}: {last[0]}")
    return seconds, json.loads(peak)


def _per_second(askers: int, questions: Sequence[str], work: Callable[[str], object]) -> float:
    with ThreadPoolExecutor(askers) as pool:
        list(pool.map(work, questions[:askers]))  # every thread has begun
        milliseconds = _milliseconds(lambda: list(pool.map(work, questions)))
    return 1_000 * len(questions) / milliseconds


def _milliseconds(work: Callable[..., object], *arguments: object) -> float:
    started = time.perf_counter()
    work(*arguments)
    return (time.perf_counter() - started) * 1_000


def _percentile(values: Sequence[float], share: float) -> float:
    found = metrics.percentile(values, share)
    assert found is not None  # noqa: S101 (there are values; for the type checker)
    return found


def lines(measures: Sequence[Measure]) -> Iterator[str]:
    """The figures for a terminal, ratios first."""
    yield f"{'× floor':>8}{'ours':>12}{'floor':>12}"
    for one in measures:
        ratio = "" if one.ratio is None else f"{one.ratio:.2f}"
        floor = "" if one.floor is None else f"{_number(one.floor)} {one.unit}"
        yield f"{ratio:>8}{_number(one.ours) + ' ' + one.unit:>12}{floor:>12}  {one.name}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
