"""What is Milvus' own: its faults, killed writers, what it refuses, and a server that is reached by its address."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from index.errors import ArticleError, ArticleQAError, IndexDamaged, IndexForeign, StoreUnavailable
from index.stores import Counts, Head, open_store
from index.stores.milvus import MilvusStore
from index.stores.milvus_rows import key_of, row_key
from index.stores.milvus_tables import ARTICLES, TERMS, UNITS, Row, Tables, among
from index.stores.rows import packed, revision_of, unpacked
from tests.index.stores.conftest import TOY, articles
from tests.index.stores.test_conformance import ASKED, THREE, told, vector

TOKEN = "root:a-secret-that-no-log-tells"


@pytest.fixture
def store(tmp_path: Path, empty_lite: Path) -> Iterator[MilvusStore]:
    shutil.copytree(empty_lite, tmp_path / "archive.db")
    opened = MilvusStore(str(tmp_path / "archive.db"), TOY, create=True)
    yield opened
    opened.close()


class Killed(Exception):
    """What ends a writer where a test wants it ended."""


@pytest.mark.parametrize("step", range(5))
def test_a_writer_that_is_killed_leaves_the_old_article_and_the_next_one_mends_it(
    store: MilvusStore, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    store.upsert(THREE)
    before = (store.heads(), store.search(vector(ASKED), 20), store.fetch(["mars"])[0].article.text)
    edited = articles(mars="Rockets fly to Venus now.", new="A new article tells of whales.")
    write, writes = Tables.write, []

    def killed(self: Tables, name: str, rows: list[Row]) -> None:
        writes.append(name)
        if len(writes) > step + 1:  # the first says that something is being changed
            raise Killed
        write(self, name, rows)

    monkeypatch.setattr(Tables, "write", killed)
    with pytest.raises(Killed):
        store.upsert(edited)
    monkeypatch.undo()
    if step < 4:  # the heads were not reached
        assert (store.heads(), store.search(vector(ASKED), 20), store.fetch(["mars"])[0].article.text) == before
    assert store.upsert([edited[0]]) == (1 if step < 4 else 0)
    store.delete(["new"])
    store.upsert([*THREE[1:], edited[0]])
    store.upsert(articles(last="Nothing else."))
    assert told(store.search_terms(["Venus"], 5)[0]) == [("mars", 0)]
    assert store.search_terms(["whales tell"], 20)[0][0].article_id == "sea"
    assert store.count() == Counts(4, 4, 8)
    held = {row["key"]: row["sentences"] for row in store._tables.every(TERMS, "key >= 0", ["key", "sentences"])}
    assert held[1] == 8  # what every row holds
    keys = {key_of(name) for name in ("mars", "moon", "sea", "last")}
    for name in UNITS.values():
        assert {row["article"] for row in store._tables.every(name, 'article != ""', ["article"])} == keys


def test_a_text_that_was_altered_or_lost_is_refused_and_never_cited(store: MilvusStore) -> None:
    store.upsert(THREE)
    own = THREE[0]
    revision = revision_of(own.article, TOY.fingerprint)
    key = row_key(key_of("mars"), revision, 0)
    (row,) = store._tables.rows(ARTICLES, [key], ["key", "article", "revision", "number", "kind", "body", "vector"])
    for body in ("", "%%%", row["body"][:-8], row["body"][::-1]):
        store._tables.write(ARTICLES, [row | {"body": body}])
        with pytest.raises(IndexDamaged, match="build into it again"):
            store.fetch(["mars"])
    store._tables.write(ARTICLES, [row])
    store.fetch(["mars"])
    store._tables.remove(UNITS["sentence"], f"{among([key_of('mars')])} and number == 1")
    with pytest.raises(IndexDamaged, match="lacks sentences of article 'mars'"):
        store.fetch(["mars"])


@pytest.mark.parametrize(
    "wrong", [{"title": 5}, {"source": []}, {"sentences": "2"}, {"passages": -1}, {"characters": 2**60}, {"more": 1}]
)
def test_a_head_that_was_altered_is_refused(store: MilvusStore, wrong: dict[str, object]) -> None:
    store.upsert(THREE)
    (row,) = store._tables.rows(
        ARTICLES, [key_of("mars")], ["key", "article", "revision", "number", "kind", "body", "vector"]
    )
    store._tables.write(ARTICLES, [row | {"body": json.dumps(json.loads(row["body"]) | wrong)}])
    for ask in (store.heads, lambda: store.fetch(["mars"])):
        with pytest.raises(IndexDamaged, match="build into it again"):
            ask()


def test_an_article_whose_particulars_are_no_text_is_refused() -> None:
    own = THREE[0]
    altered = replace(own.article, title=5)  # type: ignore[arg-type]
    body = packed(replace(own, article=altered))
    with pytest.raises(IndexDamaged, match="particulars are no text"):
        unpacked(body, own.passage_vectors, own.sentence_vectors)


def test_an_article_that_is_removed_while_it_is_fetched_is_gone_and_not_damaged(
    store: MilvusStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.upsert(THREE)
    heads = store._heads

    def removed_after(keys: list[str]) -> dict[str, Head]:
        found = heads(keys)
        if found:
            monkeypatch.setattr(store, "_heads", heads)
            store.delete(["mars"])
        return found

    monkeypatch.setattr(store, "_heads", removed_after)
    with pytest.raises(ArticleError, match="there is no article 'mars'") as raised:
        store.fetch(["mars"])
    assert store.name not in str(raised.value)


def test_an_article_that_is_damaged_does_not_keep_a_build_from_mending_it(store: MilvusStore) -> None:
    store.upsert(THREE)
    revision = revision_of(THREE[0].article, TOY.fingerprint)
    store._tables.remove(ARTICLES, f'{among([key_of("mars")])} and kind == "part"')
    with pytest.raises(IndexDamaged, match="holds no text of article 'mars'"):
        store.fetch(["mars"])
    edited = articles(mars="Rockets fly to Venus now.")
    assert store.upsert(edited) == 1
    assert store.fetch(["mars"])[0].article.text == edited[0].article.text != revision
    assert store.count() == Counts(3, 3, 7)


def test_collections_of_somebody_else_are_refused_and_left_alone(tmp_path: Path) -> None:
    from pymilvus import MilvusClient

    uri = str(tmp_path / "theirs.db")
    client = MilvusClient(uri)
    client.create_collection(ARTICLES, dimension=8)
    client.insert(ARTICLES, [{"id": 1, "vector": [1.0] * 8}])
    for create in (False, True):
        with pytest.raises(IndexForeign, match="not of this program"):
            open_store(uri, TOY, create=create)
    client = MilvusClient(uri)
    client.load_collection(ARTICLES)
    assert client.query(ARTICLES, ids=[1])


def test_an_archive_of_another_format_or_dimension_is_refused(store: MilvusStore) -> None:
    from dataclasses import replace

    with pytest.raises(IndexForeign, match="dimension 64"):
        Tables(store.name, None, 32).load()
    store._tell(replace(store._about(), format=99))
    with pytest.raises(IndexForeign, match="format 99, expected 1"):
        store.count()
    store._tables.remove(ARTICLES, 'kind == "about"')
    with pytest.raises(IndexForeign, match="does not say what it holds"):
        store.count()


def test_a_server_that_is_not_there_is_told_in_one_line_without_the_token() -> None:
    with pytest.raises(StoreUnavailable) as told_of:
        open_store("http://127.0.0.1:9", TOY, token=TOKEN)
    said = str(told_of.value)
    assert "\n" not in said and "127.0.0.1:9" in said and "--store" in said
    assert "secret" not in said and "secret" not in repr(told_of.value.__cause__)


def test_a_file_that_is_in_use_by_another_process_is_told_in_one_line(store: MilvusStore) -> None:
    code = (
        "import sys\nfrom index.errors import StoreUnavailable\nfrom index.stores import open_store\n"
        "from tests.index.stores.conftest import TOY\n"
        "try:\n    open_store(sys.argv[1], TOY)\nexcept StoreUnavailable as error:\n    print(error)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, store.name], capture_output=True, text=True, check=True, timeout=120
    )
    assert "cannot be used" in ran.stdout and ran.stdout.count("\n") == 1


def test_a_server_is_used_by_its_address(tmp_path: Path) -> None:
    from milvus_lite.adapter.grpc.server import start_server_in_thread

    server, database, port = start_server_in_thread(str(tmp_path / "server.db"))
    try:
        store = open_store(f"http://127.0.0.1:{port}", TOY, token=TOKEN, create=True)
        assert store.upsert(THREE) == 3
        reader = open_store(f"http://127.0.0.1:{port}", TOY, token=TOKEN)
        assert told(reader.search_terms(["seven months to Mars"], 1)[0]) == [("mars", 1)]
        assert told(reader.search(vector("The journey takes three days."), 1)[0]) == [("moon", 1)]
        assert TOKEN not in reader.name
        assert np.array_equal(reader.fetch(["sea"])[0].sentence_vectors, THREE[2].sentence_vectors)
        server.stop(grace=0).wait()
        with pytest.raises(StoreUnavailable):
            reader.search(vector(ASKED), 1)
    finally:
        server.stop(grace=0).wait()
        database.close()


def test_without_its_package_the_command_that_installs_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pymilvus", None)
    with pytest.raises(StoreUnavailable, match=r"pip install -r requirements-milvus\.txt"):
        open_store(str(tmp_path / "archive.db"), TOY, create=True)


@pytest.mark.parametrize("hostile", ['a" or key != "', "", "0a'", "%", "0A", "é"])
def test_no_expression_is_made_of_anything_but_our_own_keys(hostile: str) -> None:
    with pytest.raises(ValueError, match="hexadecimal"):
        among(["0a", hostile])


@pytest.mark.parametrize(
    "uri", ["ftp://host:1", "http://", "http://host:99999999", "milvus://h", "", "  ", "http://me:secret@host:19530"]
)
def test_addresses_that_name_no_store_are_refused_and_a_password_is_not_repeated(uri: str) -> None:
    with pytest.raises(ArticleQAError) as told_of:
        open_store(uri, TOY, create=True)
    assert "secret" not in str(told_of.value)


def test_a_server_that_is_slow_is_told_in_one_line(store: MilvusStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.upsert(THREE)
    monkeypatch.setattr("index.stores.milvus_tables._SECONDS", -1.0)  # which are over before any answer comes
    for call in (lambda: store.search(vector(ASKED), 5), lambda: store.fetch(["mars"]), lambda: store.generation):
        with pytest.raises(StoreUnavailable, match=r"^the store [^\n]* cannot be used: [^\n]*$"):
            call()


def test_a_file_that_is_no_store_is_told_in_one_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "junk.db").write_text("junk")
    with pytest.raises(ArticleQAError) as caught:
        open_store(str(tmp_path / "junk.db"), TOY, create=True)
    assert "\n" not in str(caught.value)
    assert "Traceback" not in capfd.readouterr().err
