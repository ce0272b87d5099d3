"""Which documents there are, and what they are called."""

import os
import random
from pathlib import Path

import pytest

from index.generations import MANIFEST_NAME
from index.sources.files import find_documents, folder_ids, page_id


def fill(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("Words.")
    return folder


def names(folder: Path) -> list[str]:
    return [str(document.path.relative_to(folder)) for document in find_documents([folder]).documents]


def test_a_folder_is_searched_to_its_bottom_in_order(tmp_path: Path) -> None:
    fill(tmp_path, "b/deep/er/x.txt", "b/a.html", "a.md", "B.HTM", "c.pdf", "d.jsonl")
    assert names(tmp_path) == ["B.HTM", "a.md", "c.pdf", "d.jsonl", "b/a.html", "b/deep/er/x.txt"]


def test_hidden_files_questions_and_indexes_are_no_documents_and_others_are_counted(tmp_path: Path) -> None:
    fill(tmp_path, "a.md", ".b.md", ".git/c.md", "questions.jsonl", "photo.jpg", "x/style.css")
    fill(tmp_path / "built", MANIFEST_NAME, "data-0123456789abcdef/articles.jsonl", "fetched/0123.html")
    found = find_documents([tmp_path])
    assert [entry if isinstance(entry, str) else entry.path.name for entry in found.entries] == ["a.md"]
    assert found.passed_over == 2


def test_links_that_lead_out_or_in_circles_are_not_followed_and_told(tmp_path: Path) -> None:
    secret = fill(tmp_path / "elsewhere", "secret.md") / "secret.md"
    folder = fill(tmp_path / "folder", "a.md", "x/b.md")
    (folder / "out.md").symlink_to(secret)
    (folder / "outside").symlink_to(secret.parent)
    (folder / "x" / "again").symlink_to(folder)
    (folder / "broken.md").symlink_to(folder / "nothing")
    (folder / "circle.md").symlink_to(folder / "circle.md")
    (folder / "inside.md").symlink_to(folder / "a.md")
    (folder / "style.css").symlink_to(secret)  # no document in any case
    assert names(folder) == ["a.md", "inside.md", "x/b.md"]
    told = [entry.removeprefix(f"{folder}/") for entry in find_documents([folder]).entries if isinstance(entry, str)]
    assert told == [
        "outside: is a link to a folder, which is not followed; name that folder itself",
        "broken.md: is a link that leads to nothing",
        "circle.md: is a link that leads to nothing",
        "out.md: is a link that leads out of the folder, which is not followed; name what it leads to",
        "x/again: is a link to a folder, which is not followed; name that folder itself",
    ]


def test_what_is_no_file_is_left_alone(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    assert names(tmp_path) == []
    for source in (tmp_path, tmp_path / "pipe.md"):
        (problem,) = find_documents([source]).entries
        assert "is no file" in str(problem)


def test_a_name_shared_by_several_gives_way_to_their_paths() -> None:
    paths = ["mars.md", "x/mars.md", "2024/may/moon.md", "2024/june/moon.html", "sun.md", "y/z/earth.md", "r.md", "r.pdf"]
    ids = ["mars", "x--mars", "2024--may--moon", "2024--june--moon", "sun", "earth", "r.md", "r.pdf"]
    assert folder_ids(list(map(Path, paths))) == ids
    shuffled = list(zip(paths, ids, strict=True))
    random.Random(1).shuffle(shuffled)
    assert folder_ids([Path(path) for path, _ in shuffled]) == [identity for _, identity in shuffled]


def test_a_long_path_makes_an_id_that_can_be_used() -> None:
    deep = Path(*["folder-with-a-long-name"] * 20)
    one, other = folder_ids([deep / "a.md", deep / "b" / "a.md"])
    assert one != other
    assert max(len(one), len(other)) < 200


@pytest.mark.parametrize(
    ("url", "identity"),
    [
        ("https://www.example.org/2025/mars-plan.html", "example.org-2025-mars-plan"),
        ("http://127.0.0.1:8000/a", "127.0.0.1-8000-a"),
        ("https://example.org/", "example.org"),
        ("https://example.org/%E2%80%AE/../x", "example.org-..-x"),
    ],
)
def test_an_address_makes_an_id(url: str, identity: str) -> None:
    assert page_id(url) == identity


def test_two_addresses_that_differ_in_their_query_are_two() -> None:
    assert page_id("https://example.org/?p=1") != page_id("https://example.org/?p=2")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("none.md", "there is no such file"),
        ("mars.docx", "found a .docx file; expected a folder or a file that ends in .md .txt .html .htm .pdf .jsonl"),
        ("mars", "found no extension"),
    ],
)
def test_a_source_that_is_none_is_told_in_its_place(tmp_path: Path, name: str, said: str) -> None:
    fill(tmp_path, "a.md", "b.md", "mars.docx", "mars")
    first, problem, last = find_documents([tmp_path / "a.md", tmp_path / name, tmp_path / "b.md"]).entries
    assert str(problem).startswith(f"{tmp_path / name}: {said}")
    assert [not isinstance(entry, str) and entry.id for entry in (first, last)] == ["a", "b"]


def test_what_is_named_twice_is_read_once(tmp_path: Path) -> None:
    fill(tmp_path, "a.md")
    assert len(find_documents([tmp_path / "a.md", tmp_path / "a.md"]).documents) == 1


def test_an_address_that_was_not_fetched_says_how(tmp_path: Path) -> None:
    (problem,) = find_documents(["https://example.org/a"]).entries
    assert "https://example.org/a: it has not been fetched; add --fetch" in str(problem)
