"""The collections in Milvus, and what is asked of them. The only file that imports pymilvus.

No text of anybody's becomes part of a filter expression: rows are found by keys that are made here, of hexadecimal digits.
"""

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from index.errors import IndexForeign, StoreUnavailable
from index.stores.protocol import FloatArray, Kind

INSTALL = "python -m pip install -r requirements-milvus.txt"
PREFIX = "article_qa_"
ARTICLES, TERMS = f"{PREFIX}articles", f"{PREFIX}terms"
UNITS: Mapping[Kind, str] = {"sentence": f"{PREFIX}sentences", "passage": f"{PREFIX}passages"}

MOST_CHARACTERS = 60_000
"""ASCII characters of a body's part; Milvus takes 65,535 bytes."""
_WIDEST_SEARCH = 16_384
"""Rows that Milvus gives at most."""
_IDS = 1_000
"""Rows that are asked for by key, or written, in one go: some megabytes, where Milvus takes 64."""

_SECONDS = 5.0
_SECONDS_TO_WRITE = 120.0
_QUIET: dict[str, int] = {"grpc.keepalive_time_ms": 300_000, "grpc.keepalive_permit_without_calls": 0}
"""pymilvus pings every ten seconds, which servers of gRPC, Milvus Lite's too, take for an attack and hang up on."""
_KEY = re.compile(r"[0-9a-f]+")

Row = dict[str, Any]


class Tables:
    """A connection to the collections of one archive."""

    def __init__(self, uri: str, token: str | None, dimension: int, shards: int = 1) -> None:
        """:param shards: of the collections that are searched, where they are yet to be made.

        :raises StoreUnavailable: pymilvus is not installed, or the server cannot be reached or refuses.
        """
        try:
            import grpc
            import pymilvus
        except ImportError as error:
            raise StoreUnavailable(f"a store in Milvus needs the package pymilvus; install it: {INSTALL}") from error
        for name in ("pymilvus", "milvus_lite"):
            logging.getLogger(name).setLevel(logging.CRITICAL)  # they log with a traceback what they raise
        self.uri = uri
        self.dimension = dimension
        self.shards = shards
        self.local = not uri.startswith(("http://", "https://"))
        # gRPC's own is what pymilvus lets through where a server is slow.
        self._errors = (pymilvus.MilvusException, grpc.RpcError, OSError)
        self._token = token
        # A file's server is in this process: no proxy leads to it.
        options = _QUIET | {"grpc.enable_http_proxy": 0} if self.local else _QUIET
        with self._told():
            self._client = pymilvus.MilvusClient(uri, token=token or "", timeout=_SECONDS, grpc_options=options)

    def close(self) -> None:
        """Let the connection go, and of a local file its lock: what was written is then in the file."""
        self._client.close()
        if self.local:
            from milvus_lite.server_manager import server_manager_instance

            server_manager_instance.release_server(self.uri)

    # Collections

    def exists(self) -> bool:
        """Whether there is an archive, or at least what one is called by."""
        with self._told():
            return bool(self._client.has_collection(ARTICLES, timeout=_SECONDS))

    def create(self) -> None:
        """Make the collections that there are not; that of the articles last, by which an archive is known."""
        for name in (*UNITS.values(), TERMS, ARTICLES):
            with self._told():
                if self._client.has_collection(name, timeout=_SECONDS):
                    continue
                schema, indexes = self._schema(name)
                self._client.create_collection(
                    name,
                    schema=schema,
                    index_params=indexes,
                    consistency_level="Strong",
                    num_shards=self.shards if name in UNITS.values() else 1,
                    timeout=_SECONDS_TO_WRITE,
                )

    def load(self) -> None:
        """Have Milvus hold the collections ready to be searched, in as many replicas as it is set to.

        :raises IndexForeign: one is not as this program makes it.
        """
        for name in (*UNITS.values(), TERMS, ARTICLES):
            with self._told():
                if not self._client.has_collection(name, timeout=_SECONDS):
                    raise self._foreign(f"there is no collection {name}")
                found = {own["name"]: own for own in self._client.describe_collection(name, timeout=_SECONDS)["fields"]}
            expected = {own.name for own in self._schema(name)[0].fields}
            if found.keys() != expected:
                raise self._foreign(f"{name} has the fields {', '.join(sorted(found))}")
            dimension = found["vector"]["params"].get("dim")
            if name in UNITS.values() and int(dimension) != self.dimension:
                raise self._foreign(
                    f"{name} has vectors of dimension {dimension}, and the encoder's have {self.dimension}"
                )
            with self._told():
                self._client.load_collection(name, timeout=_SECONDS_TO_WRITE)

    def settle(self) -> None:
        """Have what was written indexed."""
        for name in (*UNITS.values(), TERMS, ARTICLES):
            with self._told():
                self._client.flush(name, timeout=_SECONDS_TO_WRITE)

    # Rows

    def rows(self, name: str, keys: Sequence[str] | Sequence[int], fields: Sequence[str]) -> list[Row]:
        """Those of the rows with these keys that there are, in no order."""
        found: list[Row] = []
        for start in range(0, len(keys), _IDS):
            with self._told():
                found += self._client.query(
                    name, ids=list(keys[start : start + _IDS]), output_fields=list(fields), timeout=_SECONDS
                )
        return found

    def every(self, name: str, where: str, fields: Sequence[str]) -> Iterator[Row]:
        """All rows of a collection for which `where` holds, in no order."""
        with self._told():
            pages = self._client.query_iterator(
                name, batch_size=_IDS, filter=where, output_fields=list(fields), timeout=_SECONDS_TO_WRITE
            )
            try:
                while page := pages.next():
                    yield from page
            finally:
                pages.close()

    def write(self, name: str, rows: Sequence[Row]) -> None:
        """Write rows, each in the place of the one with its key."""
        for start in range(0, len(rows), _IDS):
            with self._told():
                self._client.upsert(name, list(rows[start : start + _IDS]), timeout=_SECONDS_TO_WRITE)

    def remove(self, name: str, where: str) -> None:
        """Remove the rows for which `where` holds."""
        with self._told():
            self._client.delete(name, filter=where, timeout=_SECONDS_TO_WRITE)

    def search(
        self, name: str, field: str, query: FloatArray | Mapping[int, float], limit: int, where: str
    ) -> list[tuple[float, str, str, int]]:
        """The rows with the greatest inner products, best first: score, article's key, revision, number."""
        ef = {"ef": max(limit, 128)} if field == "vector" and not self.local else {}
        with self._told():
            (hits,) = self._client.search(
                name,
                data=[dict(query) if isinstance(query, Mapping) else query.tolist()],
                anns_field=field,
                limit=min(limit, _WIDEST_SEARCH),
                filter=where,
                output_fields=["article", "revision", "number"],
                search_params={"metric_type": "IP", "params": ef},
                timeout=_SECONDS,
            )
        return [
            (float(hit["distance"]), hit["entity"]["article"], hit["entity"]["revision"], int(hit["entity"]["number"]))
            for hit in hits
        ]

    # Inside

    def _schema(self, name: str) -> tuple[Any, Any]:
        """Fields and indexes of a collection. Milvus has none without a vector, so that the others have one of no meaning."""
        from pymilvus import DataType

        schema = self._client.create_schema(auto_id=False, enable_dynamic_field=False)
        indexes = self._client.prepare_index_params()
        if name == TERMS:
            schema.add_field("key", DataType.INT64, is_primary=True)
            for kind in UNITS:
                schema.add_field(f"{kind}s", DataType.INT64)
        else:
            schema.add_field("key", DataType.VARCHAR, is_primary=True, max_length=128)
            schema.add_field("article", DataType.VARCHAR, max_length=64)
            schema.add_field("revision", DataType.VARCHAR, max_length=64)
            schema.add_field("number", DataType.INT64)
            indexes.add_index("article", index_type="INVERTED")
        if name in UNITS.values():
            schema.add_field("vector", DataType.FLOAT_VECTOR, dim=self.dimension)
            schema.add_field("terms", DataType.SPARSE_FLOAT_VECTOR)
            graph = {} if self.local else {"params": {"M": 16, "efConstruction": 200}}
            indexes.add_index("vector", index_type="FLAT" if self.local else "HNSW", metric_type="IP", **graph)
            indexes.add_index("terms", index_type="SPARSE_INVERTED_INDEX", metric_type="IP")
        else:
            if name == ARTICLES:
                schema.add_field("kind", DataType.VARCHAR, max_length=16)
                schema.add_field("body", DataType.VARCHAR, max_length=65_535)
            schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
            indexes.add_index("vector", index_type="FLAT", metric_type="IP")
        return schema, indexes

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What pymilvus raises, as one line of this program, without the token."""
        try:
            yield
        except self._errors as error:
            words = error.details() if hasattr(error, "details") else getattr(error, "message", "")
            said = " ".join(str(words or error).split())[:300]
            if self._token:
                said = said.replace(self._token, "***")
            raise StoreUnavailable(
                f"the store {self.uri} cannot be used: {said}; start it, or name another with --store"
            ) from error

    def _foreign(self, found: str) -> IndexForeign:
        return IndexForeign(
            f"the store {self.uri} is not of this program, or of another encoder: {found}; "
            "name another store or another database of it"
        )


def among(keys: Sequence[str], field: str = "article", *, none: bool = False) -> str:
    """The expression for the rows of the articles with these keys, or with one of them, or with `none`, in another field.

    >>> among(["0a", "1b"])
    'article in ["0a","1b"]'
    """
    if not all(_KEY.fullmatch(key) for key in keys):
        raise ValueError("a key of an article holds something else than hexadecimal digits")
    return f"{field} {'not ' if none else ''}in [{','.join(f'{chr(34)}{key}{chr(34)}' for key in keys)}]"
