"""`/metrics`, for Prometheus on the same machine: what was counted, the crew just now, the index in use, the process."""

import os
import resource
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from qa.live import LivePipeline
from qa.web.exposition import MEDIA_TYPE, Labels, family, gauge
from qa.web.hosts import is_local
from qa.web.problems import nothing_at
from qa.web.workers import Workers

PATH: Final = "/metrics"

_PASSED_ON: Final = ("x-forwarded-for", "forwarded", "via", "x-real-ip")
"""Headers that only a proxy sends."""

_STARTED: Final = time.time()


def metrics_router(workers: Workers, live: LivePipeline) -> APIRouter:
    """The route that Prometheus scrapes, for this machine only."""
    router = APIRouter(include_in_schema=False)
    router.add_route(PATH, metrics_route(workers, live), include_in_schema=False)
    return router


def metrics_route(workers: Workers, live: LivePipeline) -> Callable[[Request], Awaitable[Response]]:
    """What answers it."""

    async def metrics(request: Request) -> Response:
        if not _of_this_machine(request):
            return nothing_at(PATH)
        lines = (*workers.metrics.lines(), *_crew(workers), *index_lines(live), *_process())
        return Response("\n".join((*lines, "")), media_type=MEDIA_TYPE)

    return metrics


def index_lines(live: LivePipeline) -> Iterator[str]:
    """The index in use, and what became of those that were built since, as Prometheus reads them."""
    index = live.current.index
    size = sum(record.bytes for record in index.manifest.files.values())  # 0 for one that was never saved
    age = None if live.built is None else max(0.0, time.time() - live.built)
    yield from gauge("article_qa_index_age_seconds", "Seconds since the index in use was built.", age)
    yield from gauge("article_qa_index_articles", "Articles of the index in use.", len(index.articles))
    yield from gauge("article_qa_index_sentences", "Sentences of the index in use.", len(index.sentences))
    yield from gauge("article_qa_index_bytes", "Bytes of the files of the index in use.", size)
    told = "Indexes built since the start: taken into use, or refused as none to answer from."
    ends = (({"end": "taken"}, live.taken), ({"end": "refused"}, live.refused))
    yield from family("article_qa_index_swaps_total", "counter", told, ends)


def _of_this_machine(request: Request) -> bool:
    """Whether it comes from a program here, for a name of here, and was not passed on by a proxy."""
    peer = request.client.host if request.client else ""
    return is_local(peer, request.headers) and not any(name in request.headers for name in _PASSED_ON)


def _crew(workers: Workers) -> Iterator[str]:
    load = workers.load
    yield from gauge("article_qa_workers", "Questions that are computed at a time, at most.", workers.size)
    yield from gauge("article_qa_running", "Questions that are being computed.", load.running)
    yield from gauge("article_qa_waiting", "Questions that wait for a worker.", load.waiting)
    ends = ("done", "refused", "late", "gone")
    told = "What became of what the workers were given: done, refused (the line was full), late (the time limit), gone."
    yield from family("article_qa_work_total", "counter", told, (({"end": end}, getattr(load, end)) for end in ends))


def _process() -> Iterator[str]:
    """Under the names that Prometheus' own clients use."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu: tuple[tuple[Labels, float], ...] = (({}, used.ru_utime + used.ru_stime),)
    yield from family("process_cpu_seconds_total", "counter", "Seconds of CPU used, the system's included.", cpu)
    yield from gauge("process_start_time_seconds", "When the process started, in seconds since 1970.", _STARTED)
    yield from gauge("process_resident_memory_bytes", "Memory in use, in bytes.", _resident(used.ru_maxrss))


def _resident(peak: int) -> int:
    """Bytes in memory now; where the system does not tell, the most that there were, `peak`, in its unit."""
    try:
        return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return peak if sys.platform == "darwin" else peak * 1_024
