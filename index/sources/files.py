"""Which documents there are: the files and addresses that were named, and those in the folders that were.

A folder is searched to its bottom, its files in the order of their paths. Passed over are hidden files and folders,
`questions.jsonl`, which holds questions, indexes, and, counted, files of other kinds. Links that lead out of it, and those to
folders, which could lead in circles, are not followed, and told.

What a document is called, its id, where it does not say so itself:

- a file: its name without the extension;
- a file in a folder: the same, while no other in that folder bears it. Of those that share a name, one that lies in the
  folder itself keeps it; those in folders below are called by their path in the folder without the extension, with `--` for
  each slash (`2024/may/report.html` is `2024--may--report`); and those that even so share one keep their extensions too
  (`report.md`, `report.pdf`). So an id depends on the names in the folder only: not on when files were added, nor on where
  the folder lies.
- an address: its host and path, with `-` for each slash and without a page's extension.
"""

import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from index.manifest import GENERATION, MANIFEST_NAME
from index.sources.kept import Kept

DocumentKind = Literal["text", "html", "pdf", "jsonl"]

KINDS: dict[str, DocumentKind] = {
    ".md": "text",
    ".txt": "text",
    ".html": "html",
    ".htm": "html",
    ".pdf": "pdf",
    ".jsonl": "jsonl",
}
"""The kind of a file by its extension, in any case."""

QUESTIONS = "questions.jsonl"
"""The file beside articles that holds questions about them."""

Source = Path | str
"""What was named: a file or folder, or, as a str, an http(s) address."""

_LONGEST_ID = 150


@dataclass(frozen=True, slots=True)
class Document:
    """A document that is yet to be read.

    :param name: how it was named, for messages.
    :param id: what its article is called unless it says so itself.
    :param skip: bytes at the head of the file that are not the document's, in what is kept of a fetched page.
    :param url: where it was fetched from; `charset` what the server said that it is written in.
    """

    name: str
    kind: DocumentKind
    id: str
    path: Path
    skip: int = 0
    url: str | None = None
    charset: str | None = None


@dataclass(slots=True)
class Found:
    """The documents that were found, in order, a line in the place of each that could not be, and how many files of other
    kinds were passed over.
    """

    entries: list[Document | str] = field(default_factory=list)
    passed_over: int = 0

    @property
    def documents(self) -> list[Document]:
        return [entry for entry in self.entries if isinstance(entry, Document)]


def find_documents(sources: Iterable[Source], kept: Kept | None = None, failed: Mapping[str, str] | None = None) -> Found:
    """The documents that `sources` name, in their order, each once.

    :param kept: what was fetched from addresses.
    :param failed: why an address could not be fetched just now, by address.
    """
    found = Found()
    for source in dict.fromkeys(sources):
        if isinstance(source, str):
            _add_page(found, source, kept, failed or {})
        elif source.is_dir():
            _add_folder(found, source)
        elif not source.suffix and not source.exists():
            found.entries.append(f"{source}: there is no such file or folder; give the path of articles")
        elif source.suffix.lower() not in KINDS:
            what = f"a {source.suffix} file" if source.suffix else "no extension"
            found.entries.append(f"{source}: found {what}; expected a folder or a file that ends in {' '.join(KINDS)}")
        elif not source.exists():
            found.entries.append(f"{source}: there is no such file; give the path of an article")
        elif not source.is_file():
            found.entries.append(f"{source}: is no file; give the path of an article")
        else:
            found.entries.append(Document(str(source), KINDS[source.suffix.lower()], source.stem, source))
    return found


def is_emptied(source: Path) -> bool:
    """Whether it is a folder without a document, as that is on which a disk is not mounted."""
    return source.is_dir() and not any(map(_is_document, _files(source, Found())))


def _is_document(path: Path) -> bool:
    """By its name."""
    return path.suffix.lower() in KINDS and path.name != QUESTIONS


def _add_page(found: Found, url: str, kept: Kept | None, failed: Mapping[str, str]) -> None:
    page = kept.page(url) if kept else None
    if page is None or kept is None:
        reason = failed.get(url, "it has not been fetched; add --fetch, which asks the network for it")
        found.entries.append(f"{url}: {reason}")
        return
    document = Document(url, page.kind, page_id(url), kept.path(url), page.skip, page.url, page.charset)
    found.entries.append(document)


def _add_folder(found: Found, folder: Path) -> None:
    paths: list[Path] = []
    for path in _files(folder, found):
        if _is_document(path):
            paths.append(path)
        else:
            found.passed_over += path.name != QUESTIONS
    for path, identity in zip(paths, folder_ids([path.relative_to(folder) for path in paths]), strict=True):
        found.entries.append(Document(str(path), KINDS[path.suffix.lower()], identity, path))


def _files(folder: Path, found: Found) -> Iterator[Path]:
    """The files in `folder`, by path; a folder that cannot be listed is told in `found`."""
    home = folder.resolve()

    def unlisted(error: OSError) -> None:
        found.entries.append(f"{error.filename}: cannot be listed: {error.strerror}")

    for place, folders, names in os.walk(folder, onerror=unlisted):
        here = Path(place)
        if MANIFEST_NAME in names and any(GENERATION.fullmatch(name) for name in folders):
            folders.clear()  # an index, ours or another: what is in it are no documents
            continue
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in folders:  # `os.walk` does not go into them
            if (here / name).is_symlink():
                found.entries.append(
                    f"{here / name}: is a link to a folder, which is not followed; name that folder itself"
                )
        for name in sorted(name for name in names if not name.startswith(".")):
            path = here / name
            if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(home):
                _tell(found, path, "is a link that leads out of the folder, which is not followed; name what it leads to")
            elif not path.is_file():
                _tell(found, path, "is no file" if path.exists() else "is a link that leads to nothing")
            else:
                yield path


def _tell(found: Found, path: Path, problem: str) -> None:
    """A problem with what by its name would be a document."""
    if path.suffix.lower() in KINDS:
        found.entries.append(f"{path}: {problem}")


def folder_ids(paths: Sequence[Path]) -> list[str]:
    """The ids of a folder's documents, by their paths in it; the module's first lines say how they are made.

    >>> folder_ids([Path("mars.md"), Path("2024/may/moon.md"), Path("2024/june/moon.md"), Path("x/mars.md")])
    ['mars', '2024--may--moon', '2024--june--moon', 'x--mars']
    """
    stems = Counter(path.stem for path in paths)
    ids = [path.stem if stems[path.stem] == 1 else "--".join((*path.parts[:-1], path.stem)) for path in paths]
    shared = Counter(ids)
    whole = [
        identity if shared[identity] == 1 else "--".join(path.parts) for identity, path in zip(ids, paths, strict=True)
    ]
    return [_shortened(identity) for identity in whole]


def page_id(url: str) -> str:
    """What the article of an address is called.

    >>> page_id("https://www.example.org/2025/mars-plan.html")
    'example.org-2025-mars-plan'
    """
    parts = urlsplit(url)
    path = re.sub(r"\.(html?|php|aspx?|pdf|txt|md)\Z", "", unquote(parts.path).strip("/"), flags=re.IGNORECASE)
    name = (parts.netloc.lower().removeprefix("www.") + "/" + path).strip("/")
    name = re.sub(r"[^\w.-]+", "-", name).strip("-.") or "page"
    # What follows a question mark may be what tells two pages apart, and may be long.
    return _shortened(f"{name}-{_digest(parts.query)}" if parts.query else name)


def _shortened(identity: str) -> str:
    return identity if len(identity) <= _LONGEST_ID else f"{identity[:_LONGEST_ID].rstrip()}-{_digest(identity)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
