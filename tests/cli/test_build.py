"""`python -m qa build`: documents of every kind, what is said of them, and building again."""

import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from index.generations import FETCHED, read_manifest
from index.store import load_index
from qa.cli import main
from qa.settings import load_settings
from qa.startup import article_paths, ensure_index
from tests.index.sources.making import PAGE, pdf
from tests.index.sources.serving import Served, reply, serving
from tests.toy import ToyEncoder, ToyReader

TEXT = "Ice was found near the south pole. It is older than the oceans.\n\nA crater holds ten tons of it.\n"


@pytest.fixture(autouse=True)
def toys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.encoder.load_encoder", lambda name=None: ToyEncoder())
    monkeypatch.setattr("qa.reader.load_reader", lambda name=None: ToyReader())
    monkeypatch.setattr("qa.pipeline.load_reader", lambda name=None: ToyReader())


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "a.md").write_text(TEXT)
    (folder / "b.html").write_text(PAGE)
    (folder / "c.pdf").write_bytes(pdf([["Gold was found near the north pole."], ["Nobody went there."]]))
    (folder / "photo.jpg").write_bytes(b"\xff")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def build(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> tuple[list[str], list[str]]:
    """The lines of stdout and stderr of a build into `index`."""
    assert main(["build", *arguments, "--index", "index"]) == status
    out, err = capsys.readouterr()
    return out.splitlines(), err.splitlines()


def test_a_folder_is_built_and_built_again(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, err = build(capsys, "documents")
    assert err == []
    assert out[0] == "3 documents: 3 read; 1 file of another kind was passed over"
    assert out[1].startswith("index: 3 articles, ")
    assert out[1].endswith(", from documents")
    assert out[2].startswith("Now ask: python -m qa ask ")

    (home / "documents" / "a.md").write_text(TEXT.replace("ten", "nine"))
    (home / "documents" / "b.html").unlink()
    (home / "documents" / "new.txt").write_text("Nothing new was found in the year after that.")
    (home / "documents" / "scan.pdf").write_bytes(pdf([[]]))
    out, err = build(capsys)
    (problem,) = err
    assert problem.startswith("Not read: documents/scan.pdf: its pages (1) hold no text")
    assert out[0] == "4 documents: 3 read, 1 could not be (named above); 1 file of another kind was passed over"
    assert out[2].startswith("1 added, 1 changed, 1 removed, 1 unchanged; ")
    assert [article.id for article in load_index(Path("index")).articles] == ["a", "c", "new"]

    out, _ = build(capsys)
    assert "0 added, 0 changed, 0 removed, 3 unchanged; 0 of " in out[2]


def test_a_citation_of_a_pdf_has_its_page(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build(capsys, "documents/c.pdf")
    pipeline = ensure_index(load_settings(index=Path("index")))
    shown = pipeline.answer("Who went there?")
    assert {"Nobody went there.": 2}.items() <= {
        one.quote: one.page for one in (*shown.citations, *shown.nearest)
    }.items()


def test_a_server_takes_a_folder_again_with_what_has_come_into_it(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build(capsys, "documents")
    settings = load_settings(index=Path("index"))
    assert article_paths(settings) == (Path("documents"),)
    before = read_manifest(Path("index"))
    ensure_index(settings)
    assert read_manifest(Path("index")) == before
    (home / "documents" / "new.txt").write_text("Nothing new was found in the year after that.")
    (home / "documents" / "bad.pdf").write_bytes(b"nothing")
    assert [one.id for one in ensure_index(settings).index.articles] == ["a", "b", "c", "new"]


def test_asking_notices_what_has_changed_in_a_folder(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build(capsys, "documents")
    (home / "documents" / "new.txt").write_text("Nothing new was found in the year after that.")
    assert main(["ask", "Where?", "--index", "index"]) == 2
    assert "documents/new.txt has changed since; rebuild it: python -m qa build --index index" in capsys.readouterr().err


def test_nothing_to_read_is_told_in_one_line(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "empty").mkdir()
    _, err = build(capsys, "empty", status=2)
    assert err == ["error: empty: found no document; expected files that end in .md .txt .html .htm .pdf .jsonl"]
    shutil.copy(home / "documents" / "photo.jpg", home / "empty" / "x.pdf")
    _, err = build(capsys, "empty", status=2)
    (problem,) = err
    assert "x.pdf: it is no PDF, or damaged" in problem
    assert not Path("index").exists()


def test_many_bad_documents_make_one_line_that_counts_the_rest(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "bad").mkdir()
    for n in range(15):
        (home / "bad" / f"{n:02}.md").touch()
    _, (problem,) = build(capsys, "bad", status=2)
    assert problem.count("found an empty file") == 10
    assert problem.endswith("; and 5 more")


def test_rows_are_documents(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [json.dumps({"id": f"row-{n}", "text": f"Number {n} was found near the south pole."}) for n in range(4)]
    (home / "rows.jsonl").write_text("\n".join([*rows, "{}"]))
    out, err = build(capsys, "rows.jsonl")
    assert err == ['Not read: rows.jsonl, line 5: found neither "id" nor "text"; expected both']
    assert out[0] == "5 documents: 4 read, 1 could not be (named above)"


@pytest.fixture
def served() -> Iterator[Served]:
    with serving() as found:
        yield found


def test_pages_are_fetched_once_and_kept(home: Path, capsys: pytest.CaptureFixture[str], served: Served) -> None:
    served.replies["/mars"] = reply(PAGE.encode())
    served.replies["/gold.pdf"] = reply(pdf([["Gold was found."]]), kind="application/pdf")
    (home / "urls.txt").write_text(f"# ours\n\n{served.url('/mars')}\n{served.url('/gone')}\n", encoding="utf-8-sig")
    arguments = ("documents/a.md", served.url("/gold.pdf"), "--urls", "urls.txt")

    _, err = build(capsys, *arguments)  # nothing is asked without --fetch
    assert sum("has not been fetched; add --fetch" in line for line in err) == 3
    _, err = build(capsys, *arguments, "--fetch")  # nor of this machine
    assert sum("no public address" in line for line in err) == 3
    assert served.asked == []

    out, err = build(capsys, *arguments, "--fetch", "--allow-private")
    assert err == [f"Not read: {served.url('/gone')}: the server answered 404; expected 200"]
    assert out[0] == "4 documents: 3 read, 1 could not be (named above)"
    host = served.address.replace(":", "-")
    assert [one.id for one in load_index(Path("index")).articles] == ["a", f"{host}-gold", f"{host}-mars"]
    asked = len(served.asked)
    out, _ = build(capsys)
    assert "3 unchanged" in out[2]
    assert len(ensure_index(load_settings(index=Path("index"))).index.articles) == 3
    assert len(served.asked) == asked

    build(capsys, "documents/a.md")
    assert list((Path("index") / FETCHED).iterdir()) == []


def test_a_page_that_cannot_be_fetched_again_stays_and_is_told(
    home: Path, capsys: pytest.CaptureFixture[str], served: Served
) -> None:
    served.replies["/mars"] = reply(PAGE.encode())
    build(capsys, served.url("/mars"), "--fetch", "--allow-private")
    served.replies["/mars"] = reply(b"", "500 Oh")
    out, err = build(capsys, "--fetch", "--allow-private")
    assert "1 unchanged" in out[1]
    (told,) = err
    assert "the server answered 500; expected 200; what was kept of it" in told


@pytest.mark.parametrize("status", ["404 Not Found", "410 Gone"])
def test_a_page_that_its_server_no_longer_has_goes(
    home: Path, capsys: pytest.CaptureFixture[str], served: Served, status: str
) -> None:
    served.replies["/mars"] = reply(PAGE.encode())
    fetch = ("--fetch", "--allow-private")
    build(capsys, "documents/a.md", served.url("/mars"), *fetch)
    served.replies["/mars"] = reply(b"", status)
    out, err = build(capsys, *fetch)
    assert err == [f"Not read: {served.url('/mars')}: the server answered {status[:3]}; expected 200"]
    assert "1 removed" in out[2]
    build(capsys)  # nor does it come back without the network
    assert [one.id for one in load_index(Path("index")).articles] == ["a"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
@pytest.mark.parametrize("named", ["folder", "link", "missing"])
def test_a_name_that_is_no_utf_8_is_told_before_anything_is_written(
    home: Path, capsys: pytest.CaptureFixture[str], named: str
) -> None:
    odd = Path(os.fsdecode(b"d\xfe"))
    if named == "missing":
        odd = odd.with_suffix(".md")
    else:
        (home / "documents").rename(odd)
    source = Path("link") if named == "link" else odd
    if named == "link":
        source.symlink_to(odd)
    (home / "good.md").write_text(TEXT)
    out, (line,) = build(capsys, str(source), "good.md", status=2)
    assert out == []
    assert line.startswith("error: ") and "its name is not UTF-8" in line and line.isprintable()
    assert not (home / "index").exists()


def test_an_address_of_the_list_that_is_none_costs_no_other(
    home: Path, capsys: pytest.CaptureFixture[str], served: Served
) -> None:
    served.replies["/good"] = reply(TEXT.encode(), kind="text/plain")
    (home / "urls").write_text(f"http://[\nhttp://ex\u2100mple.org/\n{served.url('/good')}\n", encoding="utf-8")
    out, err = build(capsys, "--urls", "urls", "--fetch", "--allow-private")
    assert out[0] == "3 documents: 1 read, 2 could not be (named above)"
    assert len(err) == 2 and all("no address that can be fetched" in line for line in err)
    assert build(capsys)[0][-2].startswith("0 added, 0 changed, 0 removed, 1 unchanged; ")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"file:///etc/passwd\ndocuments\n", "no address"),
        (b"\xff", "not UTF-8"),
        (b"# none\n", "no address"),
    ],
)
def test_a_list_of_something_else_than_addresses_is_refused(
    home: Path, capsys: pytest.CaptureFixture[str], content: bytes, said: str
) -> None:
    (home / "urls.txt").write_bytes(content)
    _, (problem,) = build(capsys, "--urls", "urls.txt", status=2)
    assert said in problem


def test_a_line_that_is_no_address_is_told_and_counted(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "urls.txt").write_text("documents/b.txt\nhttps://example.org/\nfile:///etc/passwd\n", encoding="utf-8")
    out, err = build(capsys, "documents/a.md", "--urls", "urls.txt")
    assert err[0] == "Not read: urls.txt, line 1: found 'documents/b.txt'; expected an address, as https://…"
    assert err[1].startswith("Not read: urls.txt, line 3: found 'file:///etc/passwd'")
    assert out[0] == "4 documents: 1 read, 3 could not be (named above)"
    assert [one.id for one in load_index(Path("index")).articles] == ["a"]


def test_a_server_is_given_no_addresses(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("ARTICLE_QA_ARTICLES", "https://example.org/mars")
    assert main(["build", "--index", "index"]) == 2
    assert "python -m qa build --fetch" in capsys.readouterr().err
