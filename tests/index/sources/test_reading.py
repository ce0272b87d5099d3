"""Documents of every kind become articles, each bad one a line; what is known is not read again."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from index.records import DocumentRecord
from index.sources import reading as module
from index.sources.files import find_documents
from index.sources.jsonl import Row
from index.sources.kept import Kept, Page
from index.sources.reading import Reading, changed_documents, known_articles, read_documents
from tests.index.sources.making import PAGE, pdf

TEXT = "Ice was found near the south pole. It is older than the oceans."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    home = tmp_path / "documents"
    home.mkdir()
    (home / "a.md").write_text(f"---\nid: ice\n---\n{TEXT}")
    (home / "b.html").write_text(PAGE)
    (home / "c.pdf").write_bytes(pdf([["One."], ["Two."]]))
    rows = [{"id": f"row-{n}", "text": f"{TEXT} {n}", "url": f"https://example.org/{n}"} for n in range(3)]
    (home / "d.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return home


def read(*sources: Path | str, **options: object) -> Reading:
    return read_documents(find_documents(sources), **options)  # type: ignore[arg-type]


def test_a_folder_of_every_kind_is_read_in_order(folder: Path) -> None:
    found = read(folder)
    assert [article.id for article in found.articles] == ["ice", "b", "c", "row-0", "row-1", "row-2"]
    assert [(article.title, article.pages) for article in found.articles[1:3]] == [("Mars: the plan", ()), ("c", (0, 5))]
    assert found.articles[5].url == "https://example.org/2"
    assert (found.problems, found.passed_over) == ((), 0)
    assert [record.articles for record in found.documents] == [("ice",), ("b",), ("c",), ("row-0", "row-1", "row-2")]


def test_each_bad_document_is_a_line_and_the_others_are_read(folder: Path) -> None:
    (folder / "bad.pdf").write_bytes(b"nothing")
    (folder / "bad.html").write_text("")
    (folder / "bad.md").write_bytes(b"\xff\xff")
    (folder / "locked.txt").write_text(TEXT)
    (folder / "x.jsonl").write_text('{"id": "x", "text": "Words."}\nno json\n')
    (folder / "y.jsonl").write_text("")
    found = read(folder, folder / "none.md")
    assert [article.id for article in found.articles] == [*("ice", "b", "c", "row-0", "row-1", "row-2", "locked", "x")]
    told = {problem.removeprefix(f"{folder}/").partition(":")[0] for problem in found.problems}
    assert told == {"bad.pdf", "bad.html", "bad.md", "x.jsonl, line 2", "y.jsonl", "none.md"}
    assert all("\n" not in problem for problem in found.problems)


def test_of_two_with_one_id_the_second_is_told(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "b.txt"
    other.write_text(TEXT)
    found = read(folder, other)
    (problem,) = found.problems
    assert problem.startswith(f"{other}: its id 'b' is that of a document before it")
    assert [article.id for article in found.articles].count("b") == 1


def test_what_is_known_is_not_read_again_and_what_has_changed_is(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = read(folder)
    known = known_articles(first.articles, first.documents)
    with monkeypatch.context() as patch:
        patch.setattr(module, "_article", None)  # reading anything would fail
        patch.setattr(module, "_rows", None)
        assert read(folder, known=known) == first
    (folder / "b.html").write_text(PAGE.replace("2029", "2031"))
    (folder / "a.md").unlink()
    again = read(folder, known=known)
    assert "2031" in again.articles[0].text
    assert again.articles[1:] == first.articles[2:]


def test_a_document_with_a_problem_is_read_again_and_told_again(folder: Path) -> None:
    (folder / "x.jsonl").write_text('{"id": "x", "text": "Words."}\nno json\n')
    first = read(folder)
    again = read(folder, known=known_articles(first.articles, first.documents))
    assert again == first
    assert len(again.problems) == 1


def test_a_document_that_moves_under_another_name_is_another(folder: Path) -> None:
    first = read(folder)
    (folder / "b.html").rename(folder / "mars.html")
    again = read(folder, known=known_articles(first.articles, first.documents))
    assert [article.id for article in again.articles][-1] == "mars"


def test_changed_and_new_documents_are_named_without_reading_any(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "bad.pdf").write_bytes(b"nothing")
    records = read(folder).documents
    monkeypatch.setattr(module, "_article", None)
    assert changed_documents(find_documents([folder]), records) == []
    (folder / "a.md").write_text(TEXT)
    (folder / "new.txt").write_text(TEXT)
    assert changed_documents(find_documents([folder]), records) == [str(folder / "a.md"), str(folder / "new.txt")]


@pytest.mark.parametrize("late", [False, True])
def test_rows_are_kept_under_the_bytes_that_they_were_read_from(
    folder: Path, monkeypatch: pytest.MonkeyPatch, late: bool
) -> None:
    """A file that is written before its rows are read, or right after, is not taken for what it was or will be."""
    path, real = folder / "d.jsonl", module.read_rows
    before = path.read_text()
    after = before.replace("Ice was found", "Gold was found")

    def written_meanwhile(*arguments: Any) -> Iterator[Row]:
        if not late:
            path.write_text(after)
        yield from real(*arguments)
        path.write_text(after)

    with monkeypatch.context() as patch:
        patch.setattr(module, "read_rows", written_meanwhile)
        found = read(path, known={"another": ()})
    assert found.articles[0].text.startswith("Ice" if late else "Gold")
    if not late:
        assert changed_documents(find_documents([path]), found.documents) == []
        path.write_text(before)
    assert changed_documents(find_documents([path]), found.documents) == [str(path)]
    again = read(path, known=known_articles(found.articles, found.documents))
    assert again.articles[0].text.startswith("Gold" if late else "Ice")


@pytest.mark.parametrize("content", ["no rows\nat all\n" * 9, '{"id": "x", "text": "Words."}\n\nno json', "", "\n"])
def test_a_file_of_rows_has_one_key_however_it_is_read(tmp_path: Path, content: str) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(content)
    assert changed_documents(find_documents([path]), read(path).documents) == []


def test_another_version_of_a_library_reads_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records = read(folder).documents
    module._rules.cache_clear()
    monkeypatch.setattr(module, "version", lambda name: "0" if name == "pypdf" else "1")
    try:
        assert str(folder / "c.pdf") in changed_documents(find_documents([folder]), records)
    finally:
        module._rules.cache_clear()


def test_large_files_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(module._LARGEST, "text", 2**20)
    (folder / "large.txt").write_bytes(b"word " * 300_000)
    (problem,) = read(folder).problems
    assert problem.startswith(f"{folder / 'large.txt'}: the file is larger than 1 MiB; expected")


def test_what_was_fetched_is_read_from_what_is_kept(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    pages = {
        "https://example.org/news/mars.html": Page("https://example.org/n/1", "html", "utf-8", None, None),
        "https://example.org/plain": Page("https://example.org/plain", "text", "windows-1252", None, None),
        "https://example.org/report.pdf": Page("https://example.org/report.pdf", "pdf", None, None, None),
    }
    bodies = [PAGE.encode(), "Grüße vom Mond. Es gibt Eis.".encode("cp1252"), pdf([["One."], ["Two."]])]
    for (url, page), body in zip(pages.items(), bodies, strict=True):
        kept.keep(url, page, body)
    found = read_documents(find_documents(list(pages), kept))
    assert [(one.id, one.url) for one in found.articles] == [
        ("example.org-news-mars", "https://example.org/n/1"),  # the page names another host's address as its own
        ("example.org-plain", "https://example.org/plain"),
        ("example.org-report", "https://example.org/report.pdf"),
    ]
    assert found.articles[1].text.startswith("Grüße")
    assert found.articles[2].pages == (0, 5)
    assert found.files == ()


def test_why_a_page_could_not_be_fetched_is_told_where_none_is_kept(tmp_path: Path) -> None:
    found = find_documents(
        ["https://example.org/a"], Kept(tmp_path), {"https://example.org/a": "the server answered 404"}
    )
    assert found.entries == ["https://example.org/a: the server answered 404"]


def test_progress_is_told_in_bytes_to_the_end(folder: Path) -> None:
    told: list[tuple[int, int]] = []
    read(folder, progress=lambda done, total: told.append((done, total)))
    size = sum(path.stat().st_size for path in folder.iterdir())
    assert told[-1] == (size, size)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_records_name_their_articles(folder: Path) -> None:
    assert all(isinstance(record, DocumentRecord) and len(record.key) == 64 for record in read(folder).documents)
