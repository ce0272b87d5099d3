"""Articles and index files made by attackers: refused in words, or read exactly; in bounded time and memory."""

import hashlib
import json
import os
import re
import resource
import struct
import sys
import time
from pathlib import Path

import pytest

from index.article import article_from_text, load_article
from index.errors import ArticleError, IndexDamaged
from index.manifest import parse_manifest
from index.passages import segment
from index.store import build_index, load_index, save_index
from index.vectors import VectorIndex
from index.verify import verify_index
from tests.fuzz.payloads import PAYLOADS
from tests.index.saved import stored
from tests.toy import ToyEncoder

READABLE = [name for name in PAYLOADS if name not in ("half a pair", "nul")]


@pytest.mark.parametrize("name", PAYLOADS)
def test_hostile_text_is_kept_exactly_or_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "article.md"
    text = f"The harbour {PAYLOADS[name]} was built.\n\nNobody came.\n"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    if name not in READABLE:
        with pytest.raises(ArticleError, match=r"not UTF-8|NUL"):
            load_article(path)
        return
    article = load_article(path)
    assert article.text == text
    save_index(build_index([article], ToyEncoder()), tmp_path / "index")
    assert load_index(tmp_path / "index").articles == (article,)
    assert verify_index(tmp_path / "index") == []


@pytest.mark.parametrize("name", PAYLOADS)
@pytest.mark.parametrize("field", ["id", "title", "source", "url", "published", "language"])
def test_hostile_front_matter_is_one_line_or_refused_in_one(tmp_path: Path, field: str, name: str) -> None:
    path = tmp_path / "article.md"
    value = " ".join(PAYLOADS[name].splitlines())
    path.write_bytes(f"---\n{field}: {value}\n---\nThe harbour was built.\n".encode("utf-8", "surrogatepass"))
    try:
        article = load_article(path)
    except ArticleError as error:
        assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e]", str(error))
        return
    shown = (
        article.id,
        article.title,
        article.source or "",
        article.url or "",
        article.language,
        article.published or "",
    )
    assert not any(re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", one) for one in shown)
    assert not re.search(r"[/\\\u202a-\u202e\u2066-\u2069]|^\.", article.id)
    assert article.url is None or article.url.startswith(("https://", "http://"))
    assert re.fullmatch(r"[A-Za-z0-9-]+", article.language)


@pytest.mark.parametrize("name", [*PAYLOADS, "no UTF-8"])
def test_a_hostile_file_name_is_an_id_or_refused(tmp_path: Path, name: str) -> None:
    payload = b"\xff\xfe\x1b[2J" if name == "no UTF-8" else PAYLOADS[name].encode("utf-8", "surrogatepass")
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + payload.replace(b"/", b"").replace(b"\0", b"")[:200] + b".md"))
    path.write_text("The harbour was built in 1847.")
    try:
        article = load_article(path)
    except ArticleError as error:
        assert "\n" not in str(error).replace(str(path), "")
        return
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069/\\]", article.id)


def test_ids_that_look_alike_are_one() -> None:
    composed, decomposed = (article_from_text("Words.", id=one) for one in ("caf\u00e9", "cafe\u0301"))
    assert composed.id == decomposed.id
    with pytest.raises(ArticleError, match="two articles have the id"):
        build_index([composed, decomposed], ToyEncoder())


@pytest.mark.parametrize(
    "line", ["x" * 2_000_000, "x " * 1_000_000, '"' * 500_000, "(" * 500_000, "e" + "\u0301" * 1_000_000, "a.b" * 300_000]
)
def test_a_line_of_megabytes_takes_seconds_and_little_memory(line: str) -> None:
    started, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    article = article_from_text(line, id="a")
    _, sentences = segment(article, lambda texts: [max(1, len(text) // 4) for text in texts], 256)
    assert "".join(line.split()) == "".join("".join(line[one.start : one.end].split()) for one in sentences)
    assert time.process_time() - started < 30
    kibibytes = 1 if sys.platform != "darwin" else 1_024
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / kibibytes < 512 * 1_024


def test_vectors_that_claim_to_fill_all_memory_are_refused_unread(tmp_path: Path) -> None:
    """FAISS would take what the header asks for, zero it, and only then miss the numbers."""
    path = tmp_path / "a.faiss"
    header = struct.pack("<4siqqq?iQ", b"IxFI", 64, 2**33, 2**20, 2**20, True, 0, 2**39)
    path.write_bytes(header + bytes(1_000))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(IndexDamaged, match="its header says otherwise"):
        VectorIndex.load(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1_024


@pytest.mark.parametrize(
    "changes",
    [
        {"generation": "../../../../etc"},
        {"generation": "/etc"},
        {"generation": 5},
        {"files": {"../../../../etc/passwd": {"bytes": 1, "sha256": "x"}}},
        {"files": {"/etc/passwd": {"bytes": 1, "sha256": "x"}}},
        {"sources": [5]},
        {"dimension": "64"},
        {"articles": [{"id": 1, "title": [], "sha256": None, "characters": "x"}]},
    ],
)
def test_a_manifest_that_leads_elsewhere_is_refused_though_its_checksum_is_right(
    index_dir: Path, changes: dict[str, object]
) -> None:
    path = index_dir / "manifest.json"
    fields = json.loads(path.read_bytes())
    del fields["sha256"]
    fields |= changes
    body = (json.dumps(fields, ensure_ascii=False, indent=2) + "\n").encode()
    signed = fields | {"sha256": hashlib.sha256(body).hexdigest()}
    with pytest.raises(IndexDamaged, match="cut or altered"):
        parse_manifest((json.dumps(signed, ensure_ascii=False, indent=2) + "\n").encode(), index_dir)


@pytest.mark.parametrize("name", ["sentences.bm25/indptr.csc.index.npy", "sentences.bm25/data.csc.index.npy"])
@pytest.mark.parametrize(
    "content", [b"", b"\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'shape': (", b"\x93NUMPY" + b"\xff" * 200]
)
def test_verify_says_what_is_wrong_with_terms_that_no_reader_takes(index_dir: Path, name: str, content: bytes) -> None:
    stored(index_dir, name).write_bytes(content)
    problems = verify_index(index_dir)
    assert any("is no BM25 index" in problem for problem in problems)
