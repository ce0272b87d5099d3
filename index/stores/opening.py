"""Which store an address names: `http(s)://host:port` a Milvus server, a path that ends in `.db` a Milvus Lite file, any
other path a folder of this machine.
"""

from pathlib import Path

from index.addresses import store_address
from index.stores.protocol import EncoderIdentity, VectorStore


def open_store(
    uri: str, encoder: EncoderIdentity, *, token: str | None = None, create: bool = False, shards: int = 1
) -> VectorStore:
    """The store at an address.

    :param token: `user:password`, or a token, that a Milvus server asks for.
    :param create: make an archive where there is none, on a Milvus server of so many `shards`.
    :raises SettingsError: the address names no store.
    :raises IndexMissing: there is no archive, and none is to be made.
    :raises IndexStale: it is of another encoder.
    :raises IndexForeign: what is there is not of this program.
    :raises StoreUnavailable: it cannot be reached, or refuses.
    """
    if is_milvus(store_address(uri)):
        from index.stores.milvus import MilvusStore

        return MilvusStore(uri, encoder, token=token, create=create, shards=shards)
    from index.stores.embedded import EmbeddedStore

    return EmbeddedStore(encoder, Path(uri), create=create)


def is_milvus(uri: str) -> bool:
    """Whether it is an address of Milvus, or a file of Milvus Lite."""
    return "://" in uri or uri.endswith(".db")
