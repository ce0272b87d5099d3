"""What was fetched, kept beside the index, so that building it again needs no network.

    DIR/fetched/0123456789abcdef0123456789abcdef    a line of JSON about the page, then its bytes as they came

Named after the SHA-256 of its address. A page is replaced in one step.
"""

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from index.errors import IndexFault
from index.generations import FETCHED

_LONGEST_HEAD = 131_072
"""Bytes of the line about a page: more than the longest address takes when every character is written as an escape."""


@dataclass(frozen=True, slots=True)
class Page:
    """What the server said of a page.

    :param url: where it was in the end, after redirects.
    :param fetched: the day, in ISO form.
    :param skip: bytes of the kept file before the page's own.
    """

    url: str
    kind: Literal["text", "html", "pdf"]
    charset: str | None
    etag: str | None
    modified: str | None
    fetched: str = ""
    skip: int = 0


class Kept:
    """The fetched pages beside the index in a folder."""

    def __init__(self, directory: Path) -> None:
        self._folder = directory / FETCHED

    def path(self, url: str) -> Path:
        """The file that keeps the page of an address, or would."""
        return self._folder / hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()[:32]

    def page(self, url: str) -> Page | None:
        """What is known of the page that is kept of an address; None where none is, or its file is damaged."""
        try:
            with self.path(url).open("rb") as file:
                head = file.readline(_LONGEST_HEAD)
            page = Page(**json.loads(head) | {"skip": len(head)})
        except (OSError, ValueError, TypeError):
            return None
        told = all(one is None or isinstance(one, str) for one in (page.charset, page.etag, page.modified))
        return page if told and isinstance(page.url, str) and page.kind in ("text", "html", "pdf") else None

    def keep(self, url: str, page: Page, body: bytes) -> None:
        """Put a page in the place of what was kept of its address.

        :raises IndexFault: it cannot be written.
        """
        fields = asdict(page) | {"fetched": datetime.now(UTC).date().isoformat()}
        fields.pop("skip")
        path = self.path(url)
        beside = path.with_name(f".tmp-{path.name}")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with beside.open("wb") as file:
                file.write(json.dumps(fields).encode() + b"\n" + body)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        except OSError as error:
            raise IndexFault(
                f"cannot keep what was fetched in {self._folder}: {error.strerror}; free or choose another place"
            ) from error

    def forget(self, url: str) -> None:
        """Remove what was kept of an address, if anything was.

        :raises IndexFault: it cannot be removed.
        """
        _remove(self.path(url))

    def forget_others(self, urls: Iterable[str]) -> None:
        """Remove what was kept of any other address.

        :raises IndexFault: it cannot be removed.
        """
        wanted = {self.path(url).name for url in urls}
        try:
            for path in list(self._folder.iterdir()) if self._folder.is_dir() else ():
                if path.name not in wanted:
                    _remove(path)
        except OSError as error:
            raise IndexFault(f"cannot list {error.filename}: {error.strerror}; make it readable") from error


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise IndexFault(f"cannot remove {error.filename}: {error.strerror}; remove it") from error
