"""Archives of several sizes, built one after another, then asked the same questions by turns, so that what else the machine
does weighs on all of them alike.
"""

import json
import logging
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any, Final

import qa
from index.cores import available_cores
from index.errors import ArticleQAError, SettingsError
from index.records import articles_to_bytes
from index.shortcuts import EXACT_TO
from qa.evaluation import metrics
from qa.evaluation.scale.asking import Answered, Done, Loaded
from qa.evaluation.scale.building import Built, Order
from qa.evaluation.scale.figures import Figures, Size
from qa.evaluation.scale.texts import first, questions_on, read_texts, sentences_in

SIZES: Final = (1_000, 10_000, 100_000, 1_000_000)
REAL: Final = 10_000
"""Sentences up to which an archive is of real texts that are embedded; a larger one is of copies of so many."""
ASKED: Final = 100
"""Questions that each archive is asked."""

_WARM_UP: Final = 5
_HOME: Final = Path(qa.__path__[0]).parent

logger = logging.getLogger(__name__)


def measure(
    data: Path, sizes: Sequence[int] = SIZES, *, real: int = REAL, asked: int = ASKED, exact_to: int = EXACT_TO
) -> Figures:
    """The figures of archives of so many sentences; tells in the log how far it is. A million takes ten minutes to
    an hour, and 6 GB.

    :param data: a folder as `texts.py` tells.
    :raises SettingsError: there is no size, or one is not above 0.
    :raises DataError: the data cannot be used, or has no question on the smallest archive.
    :raises ArticleQAError: an archive cannot be built or asked; the message names its size.
    """
    if not sizes or min(sizes) < 1:
        raise SettingsError(f"sizes: found {', '.join(map(str, sizes)) or 'none'}; expected numbers of sentences above 0")
    sizes = sorted(set(sizes))
    texts = read_texts(data)
    articles = first(texts.articles, real)
    real = min(real, sum(map(sentences_in, articles)))
    questions = questions_on(texts, first(articles, sizes[0]), asked)
    with tempfile.TemporaryDirectory(prefix="article-qa-scale-") as folder:
        file = Path(folder) / "articles.jsonl"
        file.write_bytes(articles_to_bytes(articles))
        del texts, articles
        built = _build(Path(folder), file, sizes, real, exact_to)
        logger.info("Asking %d questions of each, by turns …", len(questions))
        return _asked(Path(folder), built, questions)


def _build(folder: Path, articles: Path, sizes: Sequence[int], real: int, exact_to: int) -> dict[int, Built]:
    """What was built for each size, in a folder of that name."""
    built: dict[int, Built] = {}
    originals = {real} if sizes[-1] > real else set()
    for size in sorted({*sizes, *originals}):
        copied = str(folder / str(real)) if size > real else None
        order = Order(str(articles), size, copied, str(folder / str(size)), exact_to)
        built[size] = Built(**_told(["building", json.dumps(asdict(order))], size))
        logger.info("%s sentences: built in %.0f s", f"{built[size].sentences:,}", _seconds(built[size]))
    return {size: built[size] for size in sizes}


def _seconds(built: Built) -> float:
    return (built.embed_s or 0.0) + built.index_s + built.near_s + built.save_s


def _asked(folder: Path, built: dict[int, Built], questions: Sequence[str]) -> Figures:
    with ExitStack() as stack:
        askers: list[_Asker] = []
        loaded: list[Loaded] = []
        for size in built:  # one after the other, or loading one would slow down loading another
            askers.append(stack.enter_context(_asker(folder / str(size), size)))
            loaded.append(Loaded(**askers[-1].heard()))
        for question in questions[:_WARM_UP]:
            for asker in askers:
                asker.ask(question)
        turns = [[asker.ask(question) for asker in askers] for question in questions]
        answers = list(zip(*turns, strict=True))
        done = [asker.done() for asker in askers]
    rows = zip(built.values(), loaded, answers, done, strict=True)
    return Figures(
        questions=len(questions),
        encoder=loaded[0].encoder,
        reader=loaded[0].reader,
        cores=available_cores(),
        sizes=tuple(_size(*row) for row in rows),
    )


def _size(built: Built, loaded: Loaded, answers: Sequence[Answered], done: Done) -> Size:
    clock = [one.ms for one in answers]
    found: dict[str, Any] = asdict(built) | asdict(done) | {"load_s": loaded.load_s, "loaded_mb": loaded.loaded_mb}
    found |= {"p50_ms": metrics.percentile(clock, 50), "p95_ms": metrics.percentile(clock, 95)}
    found["retrieve_ms"] = statistics.median(one.retrieve_ms for one in answers)
    found["processor_ms"] = statistics.median(one.processor_ms for one in answers)
    rounded: dict[str, Any] = {
        name: round(value, 4) if isinstance(value, float) else value for name, value in found.items()
    }
    return Size(**rounded)


class _Asker:
    """A process that holds an archive."""

    def __init__(self, process: subprocess.Popen[str], complaints: IO[str], size: int) -> None:
        self._process = process
        self._complaints = complaints
        self._size = size

    def say(self, question: str) -> None:
        """:raises ArticleQAError: the process has ended."""
        assert self._process.stdin is not None  # noqa: S101 (as asked for; for the type checker)
        try:
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError as error:
            with suppress(BrokenPipeError):  # it holds what could not be written
                self._process.stdin.close()
            self._process.wait()
            raise _failed(self._size, self._complaints) from error

    def ask(self, question: str) -> Answered:
        """:raises ArticleQAError: the process has ended."""
        self.say(question)
        return Answered(**self.heard())

    def heard(self) -> dict[str, Any]:
        """:raises ArticleQAError: the process has ended."""
        assert self._process.stdout is not None  # noqa: S101 (likewise)
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            raise _failed(self._size, self._complaints)
        return dict(json.loads(line))

    def done(self) -> Done:
        assert self._process.stdin is not None  # noqa: S101 (likewise)
        self._process.stdin.close()
        return Done(**self.heard())


@contextmanager
def _asker(directory: Path, size: int) -> Iterator[_Asker]:
    with (
        tempfile.TemporaryFile("w+") as complaints,
        subprocess.Popen(  # noqa: S603 (our own)
            _command("asking", str(directory)),
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
        ) as process,
    ):
        try:
            yield _Asker(process, complaints, size)
        finally:
            process.kill()


def _told(arguments: Sequence[str], size: int) -> dict[str, Any]:
    """What a process says at its end."""
    with tempfile.TemporaryFile("w+") as complaints:
        done = subprocess.run(  # noqa: S603 (our own)
            _command(*arguments), env=_environment(), stdout=subprocess.PIPE, stderr=complaints, text=True, check=False
        )
        if done.returncode:
            raise _failed(size, complaints)
    return dict(json.loads(done.stdout))


def _command(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", f"qa.evaluation.scale.{module}", *arguments]


def _environment() -> dict[str, str]:
    """Ours, in which this program is found from any folder."""
    paths = (str(_HOME), os.environ.get("PYTHONPATH"))
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}


def _failed(size: int, complaints: IO[str]) -> ArticleQAError:
    complaints.seek(0)
    last = complaints.read().strip().splitlines()[-1:] or ["it said nothing, as where the system ended it for memory"]
    return ArticleQAError(f"the archive of {size:,} sentences could not be measured: {last[0]}")
