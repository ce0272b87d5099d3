"""How much one client may ask: a bucket of tokens each, and a share of the streams.

Both are kept by `client_key`, in memory of a fixed size, and say nothing of what was asked.
"""

import math
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from qa.settings import Settings
from qa.web.clients import client_address, client_key

MOST_CLIENTS: Final = 16_384
"""Clients whose buckets are kept: those that have asked within the minute or so that a bucket takes to fill."""

STREAM_SHARE: Final = 8
"""One client may hold one in so many of the streams, so that nobody can hold all of them."""


class TooMany(Exception):
    """One client asks more than its share.

    :ivar retry_after: whole seconds after which it may ask again.
    """

    def __init__(self, said: str, retry_after: int) -> None:
        super().__init__(said)
        self.retry_after = retry_after


class Buckets:
    """A bucket of `burst` tokens for each client, which fills by `rate` tokens a second; a question takes one of them.

    A full bucket is the same as none, so those can be forgotten. Where there are more clients than `most`, the one that has
    not asked for longest is forgotten though its bucket is not full; from then on a client that is not known starts with no
    more tokens than that one would have (and one at least). So nobody who comes back from having been forgotten has gained
    more than a token by it, however many addresses others, or he himself, have asked from meanwhile.
    """

    def __init__(
        self, rate: float, burst: float, most: int = MOST_CLIENTS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """:param clock: seconds, from any point on."""
        self._rate = rate
        self._burst = float(burst)
        self._most = most
        self._clock = clock
        self._kept: OrderedDict[str, tuple[float, float]] = OrderedDict()  # tokens, and when; asked longest ago first
        self._forgotten = (self._burst, clock())  # the emptiest of those that were forgotten before they were full

    def take(self, client: str, tokens: int = 1, *, of: int = 0) -> float:
        """Take the tokens, all or none.

        :param of: what the whole request costs, where the first of its tokens were taken before.
        :returns: 0, or the seconds after which all would be there, and nothing is taken.
        """
        now = self._clock()
        kept = self._kept.pop(client, None)
        have = self._filled(kept, now) if kept else max(1.0, self._filled(self._forgotten, now))
        missing = tokens - have
        if missing <= 0:
            have -= tokens
        self._kept[client] = (have, now)
        self._forget(now)
        return 0.0 if missing <= 0 else max(tokens, of) / self._rate - have / self._rate

    def __len__(self) -> int:
        """How many clients are kept."""
        return len(self._kept)

    def _filled(self, bucket: tuple[float, float], now: float) -> float:
        tokens, since = bucket
        return min(self._burst, tokens + (now - since) * self._rate)

    def _forget(self, now: float) -> None:
        """The longest unseen go: two at most that are full, so that the work is the same each time, and one too many."""
        for _ in range(2):
            oldest = next(iter(self._kept))
            if self._filled(self._kept[oldest], now) < self._burst:
                break
            del self._kept[oldest]
            if not self._kept:
                return
        if len(self._kept) > self._most:
            left = self._filled(self._kept.popitem(last=False)[1], now)
            self._forgotten = (min(left, self._filled(self._forgotten, now)), now)


class Streams:
    """The connections that wait for the chat page's answers: `most` of them, one client's at most its share."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._share = max(1, most // STREAM_SHARE)
        self._held: Counter[str] = Counter()
        self.open = 0

    def full(self, client: str) -> bool:
        """Whether this client may open no more."""
        return self.open >= self._most or self._held[client] >= self._share

    @contextmanager
    def held(self, client: str) -> Iterator[None]:
        """One of them, until the block ends."""
        self.open += 1
        self._held[client] += 1
        try:
            yield
        finally:
            self.open -= 1
            self._held[client] -= 1
            if not self._held[client]:
                del self._held[client]


@dataclass(frozen=True)
class Limits:
    """What every request is held to, beside what the settings say of its size."""

    settings: Settings
    buckets: Buckets
    streams: Streams

    @classmethod
    def of(cls, settings: Settings) -> "Limits":
        """As the settings have it, with nobody having asked yet."""
        return cls(settings, Buckets(settings.rate, settings.burst), Streams(settings.streams))

    def charge(self, questions: int = 1, *, of: int = 0) -> None:
        """Count questions of the client at hand; where there is none, as on standard input, nothing is counted.

        :param of: those of the whole request, where the first of them were counted before.
        :raises TooMany: it has asked too many.
        """
        address = client_address()
        if address is None or questions <= 0:
            return
        if wait := self.buckets.take(client_key(address), questions, of=of):
            pause = max(1, math.ceil(wait))
            raise TooMany(
                f"You are asking faster than this server allows, which is {self.settings.rate:g} questions a second, and "
                f"{self.settings.burst} at once. Please ask again in {pause} second{'s' * (pause != 1)}.",
                pause,
            )
