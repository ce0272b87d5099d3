"""Pages fetched from addresses, by httpcore; only ever when somebody asked for it.

- http and https, without name and password in the address; certificates are checked, proxies of the environment not used.
- A name is resolved here, and the connection made to the address that was looked at: not to one that a second look-up gives
  (DNS rebinding). Addresses that are not public are refused unless allowed: loopback, private, link-local, shared, reserved,
  what tells a cloud's machines their secrets, those of IPv6 that hold such a one. That holds for every redirect, of which
  there are few.
- A page takes so many seconds, from the look-up to its last byte, and has so many bytes, whatever it says of itself. It comes
  as it is: compressed ones, which could unpack to anything, are not asked for and not taken.
- One page at a time of one host. Whatever a server answers, and whatever is no address, is a line about that page only.
"""

import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.message import Message
from functools import cache
from typing import Literal
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

import httpcore

from index.errors import ArticleError
from index.sources.kept import Kept, Page

USER_AGENT = "article-qa/1 (question answering over articles; fetches pages that its user named, one at a time of a host)"

MOST_REDIRECTS = 5
MOST_BYTES = 32 * 2**20
SECONDS = 60.0
HOSTS_AT_A_TIME = 8

LONGEST_URL = 8_000
"""Characters of an address: what servers are asked to take (RFC 9110, 4.1)."""

LONGEST_VALIDATOR = 1_000
"""Characters of an ETag or date that are kept: each later request sends them back, and servers refuse long headers."""

_LONGEST_TYPE = 1_000
"""Characters of a Content-Type that are looked at. Reading its parameters takes time that grows with their square."""

_KINDS: dict[str, Literal["text", "html", "pdf"]] = {
    "text/html": "html",
    "application/xhtml+xml": "html",
    "application/pdf": "pdf",
    "text/plain": "text",
    "text/markdown": "text",
}
_REDIRECTS = (301, 302, 303, 307, 308)
_GONE = (404, 410)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_ISATAP = (
    0x0000_5EFE,
    0x0200_5EFE,
)  # the third quarter of an address that holds one of IPv4 as its fourth (RFC 5214, 6.1)
_NOT_PUBLIC = tuple(
    map(
        ipaddress.ip_network,
        (
            "192.0.0.0/24",  # protocol assignments (RFC 6890), among them 192.0.0.192: a cloud's metadata
            "192.88.99.0/24",  # relays of 6to4 (RFC 7526)
            "168.63.129.16/32",  # a cloud's host, as its machines see it, metadata too
            "fec0::/10",  # site-local (RFC 3879)
            "3fff::/20",  # documentation (RFC 9637)
            "64:ff9b:1::/48",  # local NAT64 (RFC 8215)
        ),
    )
)
"""Networks that no page lies in, though `ipaddress`, by its version, calls some of them global."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a page may take, and where it may lie."""

    seconds: float = SECONDS
    size: int = MOST_BYTES
    redirects: int = MOST_REDIRECTS
    allow_private: bool = False


def fetch_pages(
    urls: Iterable[str], kept: Kept, limits: Limits | None = None, progress: Callable[[int, int], None] | None = None
) -> dict[str, str]:
    """Fetch the pages, and keep them; one that has not changed stays as it is.

    :param progress: called with how many pages are done, and how many there are.
    :returns: why a page could not be fetched, by its address. What was kept of it before stays, unless its server says that
        there is no such page any more (404 or 410).
    :raises IndexFault: a page cannot be kept, or not be removed.
    """
    by_host: dict[str, list[str]] = {}
    for url in dict.fromkeys(urls):
        by_host.setdefault(_host(url), []).append(url)
    total = sum(map(len, by_host.values()))
    failed: dict[str, str] = {}
    done: list[str] = []

    def fetch_host(own: Sequence[str]) -> None:
        for url in own:
            try:
                earlier = kept.page(url)
                page = fetch_page(url, limits or Limits(), earlier)
                if page is not None:
                    kept.keep(url, *page)
            except ArticleError as error:
                failed[url] = str(error)
                if isinstance(error, _PageGone):
                    kept.forget(url)
            done.append(url)
            if progress is not None:
                progress(len(done), total)

    with ThreadPoolExecutor(HOSTS_AT_A_TIME) as pool:
        list(pool.map(fetch_host, by_host.values()))
    return failed


class _PageGone(ArticleError):
    """The server says that there is no such page."""


def fetch_page(url: str, limits: Limits, earlier: Page | None = None) -> tuple[Page, bytes] | None:
    """The page of an address, and its bytes; None when the server says that it is still the `earlier` one.

    :raises ArticleError: it cannot be had within the limits, or is no page of text.
    """
    certificates = _certificates()  # loaded once; that is not the page's time
    backend = _CheckedBackend(time.monotonic() + limits.seconds, allow_private=limits.allow_private)
    seen: list[str] = []
    try:
        with httpcore.ConnectionPool(ssl_context=certificates, network_backend=backend) as pool:
            while url not in seen:
                seen.append(url)
                headers = _headers(earlier)
                with pool.stream("GET", _target(url), headers=headers) as response:
                    if response.status in _REDIRECTS and (place := _header(response, b"location")):
                        url = urljoin(url, place)
                        if len(seen) > limits.redirects:
                            raise ArticleError(f"it leads on more than {limits.redirects} times; give its last address")
                        continue
                    if response.status == 304 and earlier is not None:
                        return None
                    return _page(url, response, limits)
    except httpcore.TimeoutException as error:
        raise ArticleError(f"it took longer than {limits.seconds:.0f} s; try again") from error
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol, OSError, ValueError) as error:
        # A ValueError is an address, the owner's or a redirect's, that cannot be taken apart or written.
        raise ArticleError(f"cannot be fetched: {' '.join(str(error).split()) or type(error).__name__}") from error
    raise ArticleError("it leads on in a circle; give the page's own address")


def _page(url: str, response: httpcore.Response, limits: Limits) -> tuple[Page, bytes]:
    if response.status != 200:
        raise (_PageGone if response.status in _GONE else ArticleError)(
            f"the server answered {response.status}; expected 200"
        )
    coding = _header(response, b"content-encoding")
    if coding and coding.lower() != "identity":
        raise ArticleError(f"the server sent it compressed ({coding[:20]!r}), which was not asked for")
    said = Message()
    said["Content-Type"] = (_header(response, b"content-type") or "none")[:_LONGEST_TYPE]
    kind = _KINDS.get(said.get_content_type()) if said["Content-Type"] != "none" else None
    if kind is None:
        raise ArticleError(
            f"the server calls it {said['Content-Type'][:60]!r}; expected HTML, plain text or PDF ({', '.join(_KINDS)})"
        )
    body = bytearray()
    for chunk in response.iter_stream():
        body += chunk
        if len(body) > limits.size:
            raise ArticleError(f"it is larger than {limits.size / 2**20:,.0f} MiB; expected a page that people read")
    charset = said.get_content_charset() or None
    return Page(url, kind, charset, _validator(response, b"etag"), _validator(response, b"last-modified")), bytes(body)


def _headers(earlier: Page | None) -> list[tuple[bytes, bytes]]:
    headers = [("User-Agent", USER_AGENT), ("Accept", ", ".join(_KINDS)), ("Accept-Encoding", "identity")]
    if earlier is not None and earlier.etag:
        headers.append(("If-None-Match", earlier.etag))
    if earlier is not None and earlier.modified:
        headers.append(("If-Modified-Since", earlier.modified))
    # As bytes: httpcore takes text of ASCII only, and a server may have sent others. `_header` made text of them so.
    return [(name.encode(), value.encode("latin-1", "replace")) for name, value in headers]


def _validator(response: httpcore.Response, name: bytes) -> str | None:
    """A header that a later request sends back, None where it is too long for that."""
    value = _header(response, name)
    return None if value is None or len(value) > LONGEST_VALIDATOR else value


def _header(response: httpcore.Response, name: bytes) -> str | None:
    return next((value.decode("latin-1") for key, value in response.headers if key.lower() == name), None)


def _target(url: str) -> str:
    """The address as a request may hold it, in ASCII.

    :raises ArticleError: it is none that can be fetched.
    """
    if len(url) > LONGEST_URL:
        raise ArticleError(f"leads to {url[:80]!r}…, longer than {LONGEST_URL:,} characters; expected a shorter address")
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode()
        port = parts.port
    except ValueError as error:
        raise ArticleError(f"no address that can be fetched ({error}); expected https://…") from error
    if parts.scheme not in ("http", "https") or not host:
        raise ArticleError(f"leads to {url[:80]!r}; expected an address that begins with https:// or http://")
    if parts.username is not None or parts.password is not None:
        raise ArticleError("holds a name or password; expected an address that anyone may ask for")
    netloc = (f"[{host}]" if ":" in host else host) + (f":{port}" if port is not None else "")
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = quote(parts.query, safe="/?%:@!$&'()*+,;=~-._[]")
    return urlunsplit((parts.scheme, netloc, path, query, ""))


def _host(url: str) -> str:
    """Whose turn an address takes; what is none has one of its own, and `fetch_page` says what is wrong with it."""
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return ""


@cache
def _certificates() -> ssl.SSLContext:
    return httpcore.default_ssl_context()


def is_public(address: str) -> bool:
    """Whether an IP address is one of the Internet's own, and holds no other inside."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if any(ip in network for network in _NOT_PUBLIC):
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        held = [ip.ipv4_mapped, ip.sixtofour, *(ip.teredo or ())]
        if ip in _NAT64 or int(ip) >> 32 & 0xFFFFFFFF in _ISATAP:
            held.append(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF))
        if any(one is not None and not is_public(str(one)) for one in held):
            return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


class _CheckedBackend(httpcore.NetworkBackend):
    """Connects to addresses that were looked at, until a deadline."""

    def __init__(self, deadline: float, *, allow_private: bool) -> None:
        self._backend = httpcore.SyncBackend()
        self._deadline = deadline
        self._allow_private = allow_private

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """:raises ArticleError: none of the name's addresses is public."""
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise ArticleError(f"there is no host {host[:80]!r}, or it cannot be looked up; check the address") from error
        addresses = list(dict.fromkeys(str(place[4][0]) for place in found))
        usable = [one for one in addresses if self._allow_private or is_public(one)]
        if not usable:
            raise ArticleError(
                f"{host} is {addresses[0]}, which is no public address; if it is meant, allow it with --allow-private"
            )
        for place, address in enumerate(usable, start=1):
            try:
                stream = self._backend.connect_tcp(
                    address, port, _left(self._deadline, timeout), local_address, socket_options
                )
                return _TimedStream(stream, self._deadline)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if place == len(usable):
                    raise
        raise AssertionError  # the loop returns or raises


class _TimedStream(httpcore.NetworkStream):
    """A connection on which nothing waits beyond the deadline, however often a byte comes."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._deadline, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(self._deadline, timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        secured = self._stream.start_tls(ssl_context, server_hostname, _left(self._deadline, timeout))
        return _TimedStream(secured, self._deadline)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


def _left(deadline: float, most: float | None) -> float:
    """Seconds until the deadline, at most `most`.

    :raises httpcore.ReadTimeout: there are none.
    """
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout
    return left if most is None else min(left, most)
