"""Whose requests are answered: those for a name of this server, and posts from its own pages.

Another site can let its own name point at this machine (DNS rebinding). To the browser its page is then of this server's
origin; only the Host header tells.
"""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from starlette.datastructures import Headers

from qa.settings import Settings

_ORIGIN: Final = re.compile(r"(https?)://(.+)", re.IGNORECASE)
_PLACE: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:@/\[\]]+)(?::(\d{0,5}))?")
_PORTS: Final = {"http": 80, "https": 443}

_LONGEST_SHOWN: Final = 100


@dataclass(frozen=True)
class Hosts:
    """The names that a request's Host may carry besides loopback's, in lower case; None accepts every name."""

    names: frozenset[str] | None

    @classmethod
    def of(cls, settings: Settings) -> "Hosts":
        """Those of the settings. A server that listens for other machines and lists no names is open to every name."""
        host = settings.host.lower()
        if not settings.hosts and not is_loopback(host):
            return cls(None)
        return cls(frozenset((host, *settings.hosts)))

    def misdirected(self, headers: Headers) -> str | None:
        """What is wrong with the request's Host, or None."""
        if self.names is None:
            return None
        given = headers.getlist("host")
        place = _place(given[0], "http") if len(given) == 1 else None
        if place is not None and (is_loopback(place[0]) or place[0] in self.names):
            return None
        said = repr(", ".join(given)[:_LONGEST_SHOWN]) if given else "no Host"
        return (
            f"The request names {said}; this server answers to localhost, and to the names listed in the environment's "
            'ARTICLE_QA_HOSTS, as in ["qa.example.org"]: open it at localhost, or list the name there.'
        )


def foreign(headers: Headers) -> str | None:
    """What makes the request one of another site's page, or None: its Origin is the request's Host, or it sends none."""
    origin = headers.get("origin")
    if origin is not None and not _same_place(origin, headers.get("host", "")):
        return (
            f"Another site's page may not ask this server: its Origin is {origin[:_LONGEST_SHOWN]!r}, the request's Host "
            f"{headers.get('host', '')[:_LONGEST_SHOWN]!r}. Ask from the server's own page; a proxy must pass the Host on."
        )
    if headers.get("sec-fetch-site", "same-origin") in ("cross-site", "same-site"):
        return "Another site's page may not ask this server; ask from the server's own page."
    return None  # its own page, or a program: browsers send an Origin with every post


def _same_place(origin: str, host: str) -> bool:
    """Whether they name the same host and port. The scheme alone may differ: a proxy ends TLS."""
    split = _ORIGIN.fullmatch(origin)
    if split is None:
        return False
    scheme = split[1].lower()
    place = _place(split[2], scheme)
    return place is not None and place == _place(host, scheme)


def is_local(peer: str, headers: Headers) -> bool:
    """Whether a request comes from this machine, `peer` being whoever connected, and is for a name of this machine."""
    place = _place(headers.get("host", ""), "http")
    return is_loopback(peer) and place is not None and is_loopback(place[0])


def is_loopback(name: str) -> bool:
    """Whether a host's name or address, in lower case, is this machine's own; nothing is looked up."""
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def _place(text: str, scheme: str) -> tuple[str, int] | None:
    """`name[:port]` as the name, in lower case without brackets, and the port; None when it is no such thing."""
    found = _PLACE.fullmatch(text)
    if found is None:
        return None
    return found[1].strip("[]").lower(), int(found[2] or _PORTS[scheme])
