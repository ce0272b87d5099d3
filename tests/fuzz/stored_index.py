"""Target: the files of a saved index, altered as a disk, a stranger or a faulty program would alter them.

The first byte of an input names the file, the second what is done to it: its content replaced by the rest of the input, or
the rest put over a stretch that two bytes choose. With the second byte's highest bit set the altered file is signed: what
the manifest says of it is made true again, so that it is read and not refused for its checksum.
"""

import contextlib
import hashlib
import json
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from index.article import article_from_text
from index.errors import ArticleQAError, IndexFault, SettingsError
from index.generations import DECISION, SUGGESTIONS, checksums, generation_name
from index.manifest import parse_manifest
from index.store import Index, build_index, load_index, save_index
from index.verify import verify_index
from qa.decision import PACKAGED, load_decision
from qa.pipeline import QAPipeline
from qa.settings import load_settings
from qa.suggestions import load_suggestions
from qa.web.article_html import article_html
from tests.fuzz.harness import within
from tests.index.saved import FILES
from tests.toy import ToyEncoder, ToyReader

BESIDE = (DECISION, SUGGESTIONS)
NAMES = (*FILES, *BESIDE)
SIGNED = 0x80
REPLACED = 0x01
TEXT = (
    "Water on the Moon\n\nIce was found near the south pole. It is older than the oceans.\n\nNobody came in 2031. Ever."
)


def check(data: bytes) -> None:
    """Damage the index as `data` says; it is refused in words, or what it answers is true."""
    name = NAMES[data[0] % len(NAMES)] if data else NAMES[0]
    how = data[1] if len(data) > 1 else 0
    with tempfile.TemporaryDirectory(prefix="article-qa-fuzz-") as folder, within(3 + len(data) / 10_000):
        directory = Path(shutil.copytree(_saved(), Path(folder) / "index"))
        generation = parse_manifest((directory / "manifest.json").read_bytes(), directory).generation
        path = directory / name if "." in name and "/" not in name and name in ("manifest.json", *BESIDE) else None
        path = path or directory / generation / name
        before = path.read_bytes()
        after = _altered(before, how, data[2:])
        path.write_bytes(after)
        if name in BESIDE:
            _check_beside(directory, path)
            return
        signed = bool(how & SIGNED) and _sign(directory, directory / generation)
        _check_index(directory, refused=after != before and not signed)


def _altered(before: bytes, how: int, rest: bytes) -> bytes:
    if how & REPLACED:
        return rest
    place = int.from_bytes(rest[:2], "big") % (len(before) + 1)
    return before[:place] + rest[2:] + before[place + len(rest[2:]) :] if rest[2:] else before[:place]


def _sign(directory: Path, folder: Path) -> bool:
    """Make the manifest true of the files as they are, or, when itself altered, of itself; whether that was possible."""
    path = directory / "manifest.json"
    try:
        fields: Any = json.loads(path.read_bytes())
        fields.pop("sha256", None)
        files = checksums(folder)
        home = folder.rename(directory / generation_name(files))
        if fields.get("generation") == folder.name:
            fields["generation"] = home.name
            fields["files"] = {one: {"bytes": own.bytes, "sha256": own.sha256} for one, own in files.items()}
        dumped = _dumped(fields)
        path.write_bytes(_dumped(fields | {"sha256": hashlib.sha256(dumped).hexdigest()}))
    except (ValueError, AttributeError, TypeError, RecursionError):
        return False
    return True


def _dumped(fields: dict[str, Any]) -> bytes:
    return (json.dumps(fields, ensure_ascii=False, indent=2) + "\n").encode()


def _check_index(directory: Path, *, refused: bool) -> None:
    verify_index(directory)
    try:
        index = load_index(directory, ToyEncoder.fingerprint)
    except IndexFault as error:
        assert "\n" not in str(error)
        return
    assert not refused, "an altered file was read"
    _check_read(index)


def _check_read(index: Index) -> None:
    """What was read is an index: its units lie in its articles, and what it answers is true or refused in words."""
    for unit in (*index.passages, *index.sentences):
        assert 0 <= unit.start <= unit.end <= len(index.article(unit.article_id).text)
    for article in index.articles:
        low, high = index.sentence_rows(article.id)
        article_html(article, index.sentences[low:high]).encode()
    with contextlib.suppress(ArticleQAError):
        pipeline = QAPipeline(index, ToyEncoder(), load_settings(), reader=ToyReader())
        answer = pipeline.answer("What was found near the south pole?")
        for citation in (*answer.citations, *answer.nearest):
            assert index.article(citation.article_id).text[citation.start : citation.end] == citation.quote
        json.dumps(answer.as_dict(), ensure_ascii=False, allow_nan=False).encode()


def _check_beside(directory: Path, path: Path) -> None:
    if path.name == DECISION:
        with contextlib.suppress(SettingsError):
            load_decision(path)
    else:
        for questions in load_suggestions(directory, _index()).values():
            for one in questions:
                json.dumps(one.question, ensure_ascii=False).encode()


@cache
def _index() -> Index:
    return build_index([article_from_text(TEXT, id="moon", title="Water on the Moon")], ToyEncoder())


@cache
def _saved() -> Path:
    """A small index on disk, with the files beside it."""
    folder = tempfile.TemporaryDirectory(prefix="article-qa-fuzz-")
    _KEPT_UNTIL_THE_END.append(folder)
    directory = Path(folder.name) / "index"
    index = _index()
    save_index(index, directory)
    shutil.copy(PACKAGED, directory / DECISION)
    suggested = {"moon": {"sha256": index.articles[0].sha256, "questions": [{"question": "Who came?", "sentence_id": 2}]}}
    (directory / SUGGESTIONS).write_text(json.dumps(suggested))
    return directory


_KEPT_UNTIL_THE_END: list[tempfile.TemporaryDirectory[str]] = []


def _seeds() -> tuple[bytes, ...]:
    directory = _saved()
    generation = parse_manifest((directory / "manifest.json").read_bytes(), directory).generation
    seeds = []
    for number, name in enumerate(NAMES):
        home = directory if name in ("manifest.json", *BESIDE) else directory / generation
        content = (home / name).read_bytes()
        seeds.append(bytes((number, SIGNED | REPLACED)) + content)
        seeds.append(bytes((number, SIGNED, 0, 40)) + b"\x00\x01")
        seeds.append(bytes((number, 0, 0, 9)) + b"x")
    return tuple(seeds)


SEEDS = _seeds()
