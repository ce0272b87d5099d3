"""Which store an address names: `http(s)://host:port` a Milvus server, a path that ends in `.db` a Milvus Lite file, any
other path a folder of this machine.
"""

from pathlib import Path
from urllib.parse import urlsplit

from index.errors import SettingsError
from index.stores.protocol import EncoderIdentity, VectorStore

_SCHEMES = ("http", "https")


def open_store(uri: str, encoder: EncoderIdentity, *, token: str | None = None, create: bool = False) -> VectorStore:
    """The store at an address.

    :param token: `user:password`, or a token, that a Milvus server asks for.
    :param create: make an archive where there is none.
    :raises SettingsError: the address names no store.
    :raises IndexMissing: there is no archive, and none is to be made.
    :raises IndexStale: it is of another encoder.
    :raises IndexForeign: what is there is not of this program.
    :raises StoreUnavailable: it cannot be reached, or refuses.
    """
    if is_milvus(checked_uri(uri)):
        from index.stores.milvus import MilvusStore

        return MilvusStore(uri, encoder, token=token, create=create)
    from index.stores.embedded import EmbeddedStore

    return EmbeddedStore(encoder, Path(uri), create=create)


def is_milvus(uri: str) -> bool:
    """Whether it is an address of Milvus, or a file of Milvus Lite."""
    return "://" in uri or uri.endswith(".db")


def checked_uri(uri: str) -> str:
    """:raises SettingsError: it names no store, or holds a password, which would be logged."""
    if "://" not in uri:
        if not uri.strip():
            raise SettingsError("the store is empty; expected http(s)://host:port, a file that ends in .db, or a folder")
        return uri
    try:
        parts = urlsplit(uri)
        known = parts.scheme in _SCHEMES and parts.hostname and (parts.port is None or parts.port > 0)
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
