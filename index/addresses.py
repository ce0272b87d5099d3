"""Addresses: of web pages in one form, so that an article is known by its address however that is written; of stores."""

import re
from urllib.parse import quote, urlsplit, urlunsplit

from index.errors import SettingsError

_ADDRESS = re.compile(r"(https?):/+", re.IGNORECASE)
_DEFAULT_PORTS = {"http": 80, "https": 443}
_ESCAPE = re.compile(r"%[0-9a-fA-F]{2}")
_LITERAL = "%/?:@!$&'()*+,;=~"
"""What may stand in a path or query besides letters, digits and "-._": a sign that is escaped already stays as it is."""


def is_address(key: str) -> bool:
    """Whether `key` is meant as an address; no article's id is, as ids hold no slash."""
    return _ADDRESS.match(key) is not None


def canonical(address: str) -> str:
    """`address` without what makes no difference to the page that it names; what cannot be parsed comes back as it is.

    The scheme and the host lose their capitals, the default port goes, the fragment and the slashes at the path's end too;
    what an address may hold only escaped is escaped, a name in another script becomes ASCII, as browsers write both
    (RFC 3986, 6.2.2 and 6.2.3). One slash behind the scheme counts as two: proxies merge slashes in a path. The query stays:
    it may be all that tells two articles apart.

    >>> canonical("HTTPS://Blog.Example.org:443/moon/?p=1#top")
    'https://blog.example.org/moon?p=1'
    """
    try:
        parts = urlsplit(_ADDRESS.sub(r"\1://", address.strip(), count=1))
        scheme, host, port = parts.scheme.lower(), parts.hostname or "", parts.port
    except ValueError:
        return address
    if scheme not in _DEFAULT_PORTS or not host:
        return address
    home = f"[{host}]" if ":" in host else _ascii(host)
    if port is not None and port != _DEFAULT_PORTS[scheme]:
        home = f"{home}:{port}"
    return urlunsplit((scheme, home, _escaped(parts.path).rstrip("/"), _escaped(parts.query), ""))


def store_address(uri: str) -> str:
    """`uri` as it is, the address of a store (`index/stores/opening.py`).

    :raises SettingsError: it names none, or holds a password, which would be logged.
    """
    if "://" not in uri:
        if not uri.strip():
            raise SettingsError("the store is empty; expected http(s)://host:port, a file that ends in .db, or a folder")
        return uri
    try:
        parts = urlsplit(uri)
        known = parts.scheme in _DEFAULT_PORTS and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError as error:
        raise SettingsError(f"the store {uri[:200]!r} is no address ({error}); expected http(s)://host:port") from error
    if parts.username is not None or parts.password is not None:
        raise SettingsError(
            f"the store at {parts.hostname!r} is named with a password; put user:password into ARTICLE_QA_STORE_TOKEN instead"
        )
    if not known:
        raise SettingsError(
            f"found the store {uri[:200]!r}; expected http(s)://host:port, a file that ends in .db, or a folder"
        )
    return uri


def _ascii(host: str) -> str:
    try:
        return host if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        return host


def _escaped(part: str) -> str:
    try:
        return _ESCAPE.sub(lambda found: found[0].upper(), quote(part, safe=_LITERAL))
    except UnicodeEncodeError:  # half a surrogate pair, which no address holds
        return part
