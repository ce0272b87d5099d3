"""`manifest.json`: what an index is made of, and the checksums of its files.

Replacing this one small file is what makes a new index take the place of the old one: it names the folder that holds the
rest (`index/generations.py`).
"""

import hashlib
import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from shlex import quote
from typing import Any

from index.errors import IndexDamaged, IndexForeign

MANIFEST_NAME = "manifest.json"
SCHEMA_VERSION = 1
"""Raised whenever files of an index change their meaning; an index of another version is refused."""

GENERATION = re.compile(r"data-[0-9a-f]{16}")
"""The names of the folders that hold an index's other files."""

_FORMAT = "article-qa index"
_WIDEST = 100_000  # of approximate search: beyond that an index would only be slow


@dataclass(frozen=True, slots=True)
class ArticleRecord:
    """Which article was indexed: enough to tell whether it has changed."""

    id: str
    title: str
    sha256: str
    characters: int


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What a file of the index must be, byte for byte."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class NearRecord:
    """How the nearest of many rows are searched for, and how well that was found to go when the index was built.

    :param kind: `exact`, `hnsw` or `ivf` (`index/vectors.py`).
    :param width: how far is looked; 0 of `exact`.
    :param recall_at_10: the share of the ten nearest rows that the search finds.
    :param queries: by how many that was measured; 0 of `exact`.
    """

    kind: str
    width: int
    recall_at_10: float
    queries: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything that decides what an index answers. `generation` and `files` are empty until it is saved.

    `near` tells how sentences and passages are searched in an index where not every row is scored; else it is empty, and
    not in the file.

    `sources` are the articles' files, relative to the index's folder, for whoever rebuilds it; none when it was built of
    articles that were no files.
    """

    encoder_name: str
    encoder_fingerprint: str
    dimension: int
    segmenter: str
    analyzer: str
    articles: tuple[ArticleRecord, ...]
    passages: int
    sentences: int
    libraries: dict[str, str]
    metric: str = "inner product"
    schema_version: int = SCHEMA_VERSION
    sources: tuple[str, ...] = ()
    generation: str = ""
    files: dict[str, FileRecord] = field(default_factory=dict)
    near: dict[str, NearRecord] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """The manifest as its file holds it: readable JSON, closed by a checksum over all the rest."""
        body = {"format": _FORMAT, "schema_version": self.schema_version} | asdict(self)
        if not self.near:
            del body["near"]
        return _dumped(body | {"sha256": hashlib.sha256(_dumped(body)).hexdigest()})


def mend(directory: Path) -> str:
    """The next step for whoever met an index that cannot be used."""
    return f"rebuild it: python -m qa build --index {quote(str(directory))}"


def parse_manifest(stored: bytes, directory: Path) -> Manifest:
    """The manifest in the bytes of its file; `directory` is for the messages.

    :raises IndexForeign: the bytes are no manifest of this program, or of another schema version.
    :raises IndexDamaged: they were cut or altered.
    """
    altered = IndexDamaged(f"the index in {directory} is damaged: {MANIFEST_NAME} was cut or altered; {mend(directory)}")
    try:
        fields = json.loads(stored)
    except (ValueError, RecursionError) as error:
        raise altered from error
    if not isinstance(fields, dict) or fields.pop("format", None) != _FORMAT:
        raise IndexForeign(
            f"{directory / MANIFEST_NAME} is not of this program; expected a folder with an index; choose another --index"
        )
    if fields.get("schema_version") != SCHEMA_VERSION:
        raise IndexForeign(
            f"the index in {directory} has schema version {fields.get('schema_version')!r}, expected {SCHEMA_VERSION}; "
            f"{mend(directory)}"
        )
    try:
        fields.pop("sha256")
        fields["articles"] = tuple(ArticleRecord(**record) for record in fields["articles"])
        fields["sources"] = tuple(fields["sources"])
        fields["files"] = {name: FileRecord(**record) for name, record in fields["files"].items()}
        fields["near"] = {name: NearRecord(**record) for name, record in fields.get("near", {}).items()}
        manifest = Manifest(**fields)
        # One comparison covers every byte: fields, checksum, even white space.
        if manifest.to_bytes() != stored or not _sound(manifest):
            raise altered
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise altered from error
    return manifest


def _sound(manifest: Manifest) -> bool:
    """Whether every field is of its type, and no name leads out of the folder: a checksum can be made by anybody."""
    texts = (
        *(manifest.encoder_name, manifest.encoder_fingerprint, manifest.segmenter, manifest.analyzer, manifest.metric),
        *(text for record in manifest.articles for text in (record.id, record.title, record.sha256)),
        *manifest.libraries.values(),
        *manifest.sources,
        *(record.sha256 for record in manifest.files.values()),
        *(record.kind for record in manifest.near.values()),
    )
    numbers = (
        *(manifest.dimension, manifest.passages, manifest.sentences),
        *(record.characters for record in manifest.articles),
        *(record.bytes for record in manifest.files.values()),
        *(number for record in manifest.near.values() for number in (record.width, record.queries)),
    )
    paths = [part for name in manifest.files for part in name.split("/")]
    return (
        all(isinstance(text, str) for text in texts)
        and all(type(number) is int for number in numbers)
        and all(type(record.recall_at_10) is float for record in manifest.near.values())
        and all(0 <= record.width <= _WIDEST for record in manifest.near.values())
        and set(manifest.near) in (set(), {"sentences", "passages"})
        and GENERATION.fullmatch(manifest.generation) is not None
        and not {"", ".", ".."}.intersection(paths)
    )


def _dumped(fields: dict[str, Any]) -> bytes:
    return (json.dumps(fields, ensure_ascii=False, indent=2) + "\n").encode()
