"""JSONL: an article a line, and a line about each that is none."""

import io
import json

import pytest

from index.article import Article
from index.sources import jsonl
from index.sources.jsonl import Row, read_rows

ROW = {"id": "moon", "text": "Ice was found near the south pole. It is old."}


def rows(*lines: object) -> list[Row]:
    raw = b"".join((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n" for line in lines)
    return list(read_rows(io.BytesIO(raw), lambda _: None))


def test_a_row_is_an_article_with_all_that_it_says() -> None:
    fields = {"title": "Ice", "url": "https://example.org/ice", "published": "2031-02-03", "source": "The Post"}
    ((number, article),) = rows(ROW | fields | {"language": "en-GB", "author": "nobody asked"})
    assert number == 1 and isinstance(article, Article)
    assert (article.id, article.text, article.title, article.url) == ("moon", ROW["text"], "Ice", fields["url"])
    assert (article.published, article.source, article.language) == ("2031-02-03", "The Post", "en-GB")


def test_null_is_as_good_as_leaving_out_and_a_number_is_an_id() -> None:
    ((_, article),) = rows(ROW | {"id": 17, "title": None, "language": None})
    assert isinstance(article, Article)
    assert (article.id, article.title, article.language) == ("17", "17", "en")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"{", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b'{"id": "\xff"}', "no JSON"),
        ([1], "found no object"),
        ({"id": "x"}, 'found no "text"'),
        ({"text": "Words."}, 'found no "id"'),
        ({"id": True, "text": "Words."}, 'found no "id"'),
        (ROW | {"title": 3}, 'something else than text as "title"'),
        (ROW | {"published": "soon"}, "expected an ISO date"),
        (ROW | {"url": "javascript:alert(1)"}, "expected an address"),
        (ROW | {"id": "../etc"}, "expected no slash"),
        (ROW | {"text": " "}, "white space"),
        (ROW | {"text": "\ud800"}, "half a surrogate pair"),
    ],
)
def test_a_bad_line_is_told_and_the_next_is_read(line: object, said: str) -> None:
    first, (number, problem), last = rows(ROW, line, ROW)
    assert isinstance(first[1], Article) and isinstance(last[1], Article)
    assert number == 2 and isinstance(problem, str) and said in problem


def test_a_line_that_is_too_long_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonl, "LONGEST_LINE", 2**20)
    read: list[int] = []
    raw = json.dumps(ROW | {"text": "word " * 10**6}).encode() + b"\n\n" + json.dumps(ROW).encode()
    (one, two) = read_rows(io.BytesIO(raw), read.append)
    assert one == (1, "the line is longer than 1 MiB; expected a shorter document")
    assert two[0] == 3 and isinstance(two[1], Article)
    assert sum(read) == len(raw)


def test_a_file_of_something_else_is_not_read_to_its_end() -> None:
    problems = [problem for _, problem in rows(*[{"question": "?"}] * 9)]
    assert problems[0] == 'found neither "id" nor "text"; expected both'
    assert len(problems) == 5
    assert str(problems[-1]).endswith("expected both; no line before is a document, so the rest is not looked at")
    for near in (ROW, ROW | {"published": "soon"}, ROW | {"text": None}):  # a document, and two with a fault
        assert len(rows({"comment": "ours"}, near, *[{"question": "?"}] * 9)) == 11
