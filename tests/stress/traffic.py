"""Mixed traffic, as a public server gets it: each thing that is done has one right outcome, the one that it had alone."""

import asyncio
import hashlib
import json
import random
import re
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

import httpx

PATIENCE: Final = 120.0
"""Seconds after which a reply that has not come is lost."""

_DIFFERENT: Final = ("timings_ms", "instance")
"""What differs each time: how long an answer took, and the id of a request."""

_BUSY: Final = "please ask again in a moment"
"""How the chat page words a refusal, whose status is always 200."""

_MESSAGE_ID: Final = re.compile(r"\bt[0-9a-f]{12}\b")
"""Each message on the page has an id of its own."""

_HANG_UP: Final = 0.03
"""Seconds after which an impatient client hangs up: mostly before its answer."""

WEIGHTS: Final[Mapping[str, int]] = {
    "question": 46,
    "follow-up": 14,
    "batch": 4,
    "chat turn": 10,
    "article": 5,
    "page": 5,
    "widget": 4,
    "vote": 5,
    "hang-up": 4,
    "bad request": 3,
}
"""How often each is done, of a hundred."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a client saw of a reply, without what differs each time.

    :ivar parts: what came, a part for each question; None for one that was refused for want of room.
    """

    status: int
    parts: tuple[str | None, ...]
    retry_after: str | None = None

    def against(self, alone: "Seen") -> str:
        """ "answered", "refused" as documented, or what is wrong, in words."""
        if self.status in (429, 503) and (self.retry_after or "").isdecimal():
            return "refused"
        if self.status != alone.status or len(self.parts) != len(alone.parts):
            return f"got {self.status}, alone {alone.status}: {self.parts}"[:300]
        for part, wanted in zip(self.parts, alone.parts, strict=True):
            if part is not None and part != wanted:
                at = next((n for n, (a, b) in enumerate(zip(part, wanted, strict=False)) if a != b), len(wanted))
                return f"got another reply than alone: … {part[max(0, at - 40) : at + 120]} …"
        return "refused" if None in self.parts else "answered"


@dataclass(frozen=True, slots=True)
class Action:
    """Something that a client does."""

    kind: str
    name: str
    do: Callable[[httpx.AsyncClient], Awaitable[Seen]]


@dataclass
class Kind:
    """What came of one kind of action; milliseconds of those that were answered."""

    answered: list[float] = field(default_factory=list)
    refused: int = 0


@dataclass
class Mixed:
    """What came of a stretch of mixed traffic.

    :ivar faults: a wrong reply, or none: what may never be.
    """

    kinds: dict[str, Kind] = field(default_factory=lambda: {name: Kind() for name in WEIGHTS})
    faults: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def done(self) -> int:
        """Actions that got their reply."""
        return sum(len(kind.answered) for kind in self.kinds.values())

    @property
    def refused(self) -> int:
        return sum(kind.refused for kind in self.kinds.values())


class Traffic:
    """Clients of one server that do all of `actions`, once each has been done alone."""

    def __init__(self, client: httpx.AsyncClient, actions: Sequence[Action]) -> None:
        self._client = client
        self._by_kind = {kind: [one for one in actions if one.kind == kind] for kind in WEIGHTS}
        self._alone: dict[str, dict[str, Seen]] = {}

    async def alone(self, edition: str = "") -> list[str]:
        """Do each by itself, and keep what is seen as what is right; when done again, what has changed since, in words.

        :param edition: of the article that is served; what is right of any of them is right while they take turns.
        """
        changed = []
        for action in (one for several in self._by_kind.values() for one in several):
            seen = await action.do(self._client)
            known = self._alone.setdefault(action.name, {}).setdefault(edition, seen)
            if (outcome := seen.against(known)) != "answered":
                changed.append(f"{action.kind}, alone: {action.name}: {outcome}")
        return changed

    async def closed(self, clients: int, seconds: float, seed: int = 0) -> Mixed:
        """`clients` who do one thing after another."""
        mixed, until = Mixed(), time.monotonic() + seconds

        async def client(number: int) -> None:
            choose = random.Random(f"{seed} {number}")
            while time.monotonic() < until:
                await self._do(self._chosen(choose), mixed)

        started = time.monotonic()
        await asyncio.gather(*map(client, range(clients)))
        mixed.seconds = time.monotonic() - started
        return mixed

    async def arriving(self, rate: float, seconds: float, seed: int = 0) -> Mixed:
        """Things done at random moments, `rate` a second, whatever becomes of those before."""
        mixed, choose, tasks = Mixed(), random.Random(seed), set[asyncio.Task[None]]()
        started = moment = time.monotonic()
        while (moment := moment + choose.expovariate(rate)) < started + seconds:
            await asyncio.sleep(max(0.0, moment - time.monotonic()))
            task = asyncio.create_task(self._do(self._chosen(choose), mixed))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        await asyncio.gather(*tasks)
        mixed.seconds = time.monotonic() - started
        return mixed

    def _outcome(self, action: Action, seen: Seen) -> str:
        """As `Seen.against`, of the edition that it is the reply of, whole."""
        outcomes = [seen.against(alone) for alone in self._alone[action.name].values()]
        return next((one for one in outcomes if one in ("answered", "refused")), outcomes[-1])

    def _chosen(self, choose: random.Random) -> Action:
        return choose.choice(self._by_kind[choose.choices([*WEIGHTS], [*WEIGHTS.values()])[0]])

    async def _do(self, action: Action, mixed: Mixed) -> None:
        started = time.perf_counter()
        try:
            async with asyncio.timeout(PATIENCE):
                seen = await action.do(self._client)
        except (httpx.HTTPError, TimeoutError, ValueError, KeyError, StopIteration) as error:
            mixed.faults.append(f"{action.kind}, lost: {action.name}: {type(error).__name__}: {error}")
            return
        outcome = self._outcome(action, seen)
        if outcome == "answered":
            mixed.kinds[action.kind].answered.append((time.perf_counter() - started) * 1_000)
        elif outcome == "refused":
            mixed.kinds[action.kind].refused += 1
        else:
            mixed.faults.append(f"{action.kind}, wrong: {action.name}: {outcome}")


def actions(questions: Sequence[str], article: str, converse: int) -> Iterator[Action]:
    """All that is done with these questions.

    :param article: id of the one that is served.
    :param converse: number of the page's event that asks, as its /config has it.
    """
    for question in questions:
        yield _ask("question", question, {"question": question})
        yield _ask("follow-up", question, {"question": "When was that?", "history": [_turn(question)]})
        yield _ask("follow-up", f"{question} again", {"question": question, "history": [_turn("Who said so?")]})
        yield _chat(question, article, converse)
        yield _vote(question, article)
        yield _hang_up(question)
    for first in range(0, len(questions) - 3, 4):
        yield _batch(questions[first : first + 4])
    yield _get("article", f"/api/v1/articles/{article}")
    yield _get("article", "/api/v1/articles")
    yield _get("page", "/", whole=False)
    yield _get("widget", "/widget.js")
    yield from _bad()


def _turn(question: str) -> dict[str, Any]:
    return {"question": question, "answer": None}


def _ask(kind: str, name: str, body: Mapping[str, Any]) -> Action:
    async def do(client: httpx.AsyncClient) -> Seen:
        return _seen(await client.post("/api/v1/ask", json=body))

    return Action(kind, f"{kind}: {name}", do)


def _batch(questions: Sequence[str]) -> Action:
    body = {"questions": [{"question": question} for question in questions]}

    async def do(client: httpx.AsyncClient) -> Seen:
        reply = await client.post("/api/v1/ask:batch", json=body)
        if reply.status_code != 200:
            return _seen(reply)
        told = reply.json()["answers"]
        return Seen(200, tuple(None if one.get("status") in (429, 503) else _lasting(one) for one in told))

    return Action("batch", f"batch from {questions[0]}", do)


def _chat(question: str, article: str, converse: int) -> Action:
    async def do(client: httpx.AsyncClient) -> Seen:
        session = uuid4().hex
        body = {"data": [question, article, "[]", [], ""], "fn_index": converse, "session_hash": session}
        joined = await client.post("/gradio_api/queue/join", json=body)
        if joined.status_code != 200:
            return _seen(joined)
        heard = await client.get("/gradio_api/queue/data", params={"session_hash": session})
        told = [json.loads(line[5:]) for line in heard.text.splitlines() if line.startswith("data:")]
        done = next(one for one in told if one["msg"] == "process_completed")
        shown = _MESSAGE_ID.sub("", json.dumps(done["output"]["data"][0][-1]))
        return Seen(heard.status_code, (None if _BUSY in shown else shown,))

    return Action("chat turn", f"chat: {question}", do)


def _vote(question: str, article: str) -> Action:
    body = {"question": question, "article": article, "vote": "up"}

    async def do(client: httpx.AsyncClient) -> Seen:
        return _seen(await client.post("/api/v1/feedback", json=body))

    return Action("vote", f"vote: {question}", do)


def _hang_up(question: str) -> Action:
    async def do(client: httpx.AsyncClient) -> Seen:
        with suppress(TimeoutError):
            async with asyncio.timeout(_HANG_UP):
                await client.post("/api/v1/ask", json={"question": question})
        return Seen(0, ())

    return Action("hang-up", f"hang-up: {question}", do)


def _get(kind: str, path: str, *, whole: bool = True) -> Action:
    async def do(client: httpx.AsyncClient) -> Seen:
        reply = await client.get(path)
        # Gradio writes an id of its own into the page each time; its title is enough to tell it from an error.
        part = hashlib.sha256(reply.content).hexdigest() if whole else reply.text.partition("</title>")[0][-200:]
        return Seen(reply.status_code, (part,), reply.headers.get("retry-after"))

    return Action(kind, path, do)


def _bad() -> Iterator[Action]:
    """Requests that are refused, each in its own words."""
    for name, method, path, body in (
        ("broken JSON", "POST", "/api/v1/ask", b'{"question": '),
        ("no question", "POST", "/api/v1/ask", b'{"question": ""}'),
        ("unknown article", "POST", "/api/v1/ask", b'{"question": "Who?", "article": "none"}'),
        ("too long", "POST", "/api/v1/ask", json.dumps({"question": "why " * 1_000}).encode()),
        ("too large", "POST", "/api/v1/ask", b" " * 100_000),
        ("no such path", "GET", "/wp-login.php", b""),
        ("wrong method", "DELETE", "/api/v1/ask", b""),
    ):

        async def do(client: httpx.AsyncClient, asked: tuple[str, str, bytes] = (method, path, body)) -> Seen:
            json_type = {"content-type": "application/json"}
            return _seen(await client.request(asked[0], asked[1], content=asked[2], headers=json_type))

        yield Action("bad request", f"bad: {name}", do)


def _seen(reply: httpx.Response) -> Seen:
    told = reply.json() if "json" in reply.headers.get("content-type", "") else reply.text
    return Seen(reply.status_code, (_lasting(told),), reply.headers.get("retry-after"))


def _lasting(told: Any) -> str:
    if isinstance(told, Mapping):
        told = {name: value for name, value in told.items() if name not in _DIFFERENT}
    return json.dumps(told, sort_keys=True, ensure_ascii=False)
