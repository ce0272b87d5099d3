"""Target: an article's file, from its bytes and name to passages, sentences, the index's records and the page's HTML."""

import json
import re
import tempfile
from functools import cache
from html import unescape
from pathlib import Path

from index.article import Article, load_article
from index.errors import ArticleError
from index.passages import segment
from index.records import articles_to_bytes, read_articles
from index.units import Passage, Sentence
from qa.web.article_html import article_html
from qa.web.models import Stretch
from tests.conftest import AWKWARD, ROOT
from tests.fuzz.harness import PART, within
from tests.toy import ToyEncoder

SEEDS = (
    (ROOT / "seeds" / "article.md").read_bytes(),
    AWKWARD.encode(),
    b"---\nid: a\ntitle: 'It''s'\nurl: https://example.org/?a=b\npublished: 2025-03\nlanguage: pt_BR\n---\nOne. Two.\n",
    b"Title\n=====\n\n- one item\n- two. Items\n\n1. first\n2. second\n\n> quoted\n\n---\n\n![words](address)\n"
    b"(photo credit: A/B)\n",
    f"name{PART}---\ntags:\n  - x\n---\nText “with (brackets” and quotes). Dr. Who? It is 5 p.m. Monday.".encode(),
    ("George\u00a0W. Bush said. " * 60 + "x" * 1_200 + "\u0301" * 40).encode(),
    "سافرت المركبة؟ نعم. 火星在哪里？在这里。 מים על הירח. Él dijo: «¿Qué?» \u202ereversed\u202c end.".encode(),
)

_TAG = re.compile(r"<[^<>]*>")


def check(data: bytes) -> None:
    """Load the article that `data` is, after its file's name if a `PART` is there, and hold what comes of it to its word."""
    name, parted, content = data.partition(PART.encode())
    stem = _stem(name) if parted else b"article"
    with within(2 + len(data) / 20_000):
        article = _loaded(stem, content if parted else data)
        if article is not None:
            passages, sentences = segment(article, ToyEncoder().count_tokens, ToyEncoder.max_tokens)
            _check_units(article, passages, sentences)
            _check_record(article)
            _check_html(article, sentences)


def _stem(name: bytes) -> bytes:
    return name.replace(b"/", b"").replace(b"\0", b"")[:200] or b"x"


def _loaded(stem: bytes, content: bytes) -> Article | None:
    path = Path((_folder().encode() + b"/" + stem + b".md").decode("utf-8", "surrogateescape"))
    try:
        path.write_bytes(content)
    except OSError:
        return None
    try:
        return load_article(path)
    except ArticleError as error:
        said = str(error).replace(
            str(path), ""
        )  # the file's name is its caller's, and made printable where it is printed
        assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", said), "an error is one line, and nothing obeys it"
        return None
    finally:
        path.unlink()


def _check_units(article: Article, passages: tuple[Passage, ...], sentences: tuple[Sentence, ...]) -> None:
    text, position = article.text, 0
    for block in article.blocks:
        assert position <= block.start < block.end <= len(text)
        assert text[block.start : block.end] == text[block.start : block.end].strip()
        position = block.end
    position = 0
    held = 0
    for number, sentence in enumerate(sentences):
        words = text[sentence.start : sentence.end]
        home = passages[sentence.passage_id]
        assert sentence.id == number and words and words == words.strip()
        assert position <= sentence.start and home.start <= sentence.start < sentence.end <= home.end
        position = sentence.end
        held += len("".join(words.split()))
    content = (text[block.start : block.end] for block in article.blocks if block.kind != "boilerplate")
    assert held == sum(len("".join(words.split())) for words in content), "a sentence holds every character of its block"


def _check_record(article: Article) -> None:
    path = Path(_folder()) / "articles.jsonl"
    path.write_bytes(articles_to_bytes([article]))
    assert read_articles(path) == (article,)
    for block in article.blocks:
        Stretch(kind=block.kind, start=block.start, end=block.end)
    json.dumps(article.title, ensure_ascii=False).encode()
    assert "\n" not in article.title and "\r" not in article.title


def _check_html(article: Article, sentences: tuple[Sentence, ...]) -> None:
    html = article_html(article, sentences)
    for tag in _TAG.findall(html):
        assert re.match(r"</?(article|header|h1|h2|p|span|a|time|details|summary|footer|code)\b", tag), tag
    shown = unescape(_TAG.sub("", html))
    for sentence in sentences:
        words = article.text[sentence.start : sentence.end]
        # HTML has no way to write some control characters, and one line end for all.
        assert re.search(r"[\x00-\x1f\x7f-\x9f]", words) or words in shown


@cache
def _folder() -> str:
    folder = tempfile.TemporaryDirectory(prefix="article-qa-fuzz-")
    _KEPT_UNTIL_THE_END.append(folder)
    return folder.name


_KEPT_UNTIL_THE_END: list[tempfile.TemporaryDirectory[str]] = []
