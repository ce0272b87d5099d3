"""Who asks: the client's address, which proxies tell where the settings trust them, and nobody else does.

A proxy appends the address that it was asked from to X-Forwarded-For. Whatever stands to the left of what trusted proxies
wrote is the client's own word, and is not read. `Forwarded` (RFC 7239) is not read at all.
"""

import logging
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from starlette.datastructures import Headers
from starlette.types import Scope

from qa.settings import Settings

log = logging.getLogger(__name__)

UNKNOWN: Final = "unknown"
"""The address of a client that the server cannot tell, as on a Unix socket."""

NETWORK_BITS: Final = 64
"""Of an IPv6 address, those that are one client's: whoever has an address has all of its /64 (RFC 6177)."""

_LONGEST: Final = 64
_MOST_HOPS: Final = 32
_OF_PROXIES: Final = (b"x-forwarded-host", b"x-forwarded-proto", b"x-forwarded-port", b"x-forwarded-prefix")
"""Headers that Gradio believes of everybody, and writes addresses from."""
_OF_NOBODY: Final = b"x-gradio-server"
"""A header that it believes likewise, and that no proxy of ours sends: one of Gradio's own in front of the server would."""

_CURRENT: ContextVar[str | None] = ContextVar("client", default=None)


def client_address() -> str | None:
    """The address of the client at hand, in its threads too; None where no client is, as over standard input."""
    return _CURRENT.get()


def resume_client(scope: Scope) -> None:
    """Let the client at hand, in a task that its request did not start, be the one of this scope, as `begin` left it."""
    _CURRENT.set(_peer(scope))


@dataclass(frozen=True)
class Clients:
    """Which proxies are trusted to name their clients."""

    proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    _wondered: list[str] = field(default_factory=list, compare=False)

    @classmethod
    def of(cls, settings: Settings) -> "Clients":
        """Those of the settings."""
        return cls(tuple(ip_network(proxy) for proxy in settings.trusted_proxies))

    def begin(self, scope: Scope) -> Scope:
        """The request as its client sent it, and `client_address()` its address until the next one.

        Where a trusted proxy passed it on, `client` and `scheme` are what the proxy tells; from others the headers that only
        proxies may send are left out. X-Forwarded-For stays, to show that a request was passed on.
        """
        address = self.address(scope)
        _CURRENT.set(address)
        headers, told = [pair for pair in scope["headers"] if pair[0] != _OF_NOBODY], {}
        if not self._trusted(_peer(scope)):
            self._wonder(scope)
            headers = [pair for pair in headers if pair[0] not in _OF_PROXIES]
        elif (scheme := Headers(scope=scope).get("x-forwarded-proto", "").strip()) in ("http", "https"):
            told = {"scheme": scheme}
        port = scope["client"][1] if scope.get("client") and address == _peer(scope) else 0
        return {**scope, **told, "client": (address, port), "headers": headers}

    def _wonder(self, scope: Scope) -> None:
        """Tell the log, once, of what looks like a proxy that nobody has named: all its clients count as one."""
        peer = _peer(scope)
        if self._wondered or not _nearby(peer) or "x-forwarded-for" not in Headers(scope=scope):
            return
        self._wondered.append(peer)
        log.warning(
            "%s passes requests on (it sends X-Forwarded-For), and all that come by it count as one client's; if it is your "
            "proxy, name it: ARTICLE_QA_TRUSTED_PROXIES=%s",
            *(peer, peer),
        )

    def address(self, scope: Scope) -> str:
        """The client's address: of those that X-Forwarded-For lists, from the right, the first that is no trusted proxy's.

        An IPv4 address within IPv6 is written as IPv4. What is no address ends the list: its proxy does not know better.
        """
        found = _peer(scope)
        for hop in _hops(scope):
            if not self._trusted(found) or (address := _normal(hop)) is None:
                break
            found = address
        return found

    def _trusted(self, address: str) -> bool:
        if not self.proxies or address == UNKNOWN:
            return False
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self.proxies)


def client_key(address: str) -> str:
    """What counts as one client: an IPv4 address, an IPv6 network of 64 bits.

    >>> client_key("192.0.2.7"), client_key("2001:db8:0:1::7")
    ('192.0.2.7', '2001:db8:0:1::')
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return address[:_LONGEST]
    if not isinstance(parsed, IPv6Address):
        return address
    return str(ip_network((parsed, NETWORK_BITS), strict=False).network_address)


def _peer(scope: Scope) -> str:
    """Whoever connected."""
    client: Sequence[object] | None = scope.get("client")
    host = str(client[0]) if client else UNKNOWN
    return _normal(host) or host[:_LONGEST]


def _nearby(address: str) -> bool:
    """Whether it is of this machine or a private network, as proxies are."""
    try:
        return ip_address(address).is_private
    except ValueError:
        return False


def _hops(scope: Scope) -> list[str]:
    """X-Forwarded-For from the right, the headers of that name taken together."""
    listed = ",".join(Headers(scope=scope).getlist("x-forwarded-for"))
    return [hop.strip() for hop in reversed(listed.rsplit(",", _MOST_HOPS)[-_MOST_HOPS:])] if listed else []


def _normal(text: str) -> str | None:
    """An address, as some proxies write it with a port or in brackets, in its shortest form; None where it is none."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        parsed = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return str(mapped or parsed)
