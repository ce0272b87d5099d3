"""Real articles and questions, from a folder of public data sets, and copies of articles with some words altered.

The folder is laid out like this project's `$QA_DATA`: `dev/*.json` in SQuAD's form, and `train.jsonl.gz`, a row a question
with its `context`, of which those of one `article` are one document.
"""

import gzip
import itertools
import json
import random
import re
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from index.article import Article, article_from_paragraphs
from index.errors import ArticleError, DataError
from index.sentences import split_sentences
from qa.evaluation.datasets import load_data

ALTERED: Final = 0.2
"""Share of a copy's long words in lower case that are other ones; where there are none, a copy is a duplicate."""
TRAIN: Final = "train.jsonl.gz"
_LONG: Final = re.compile(r"(?<!\w)[a-z]{5,}(?!\w)")


@dataclass(frozen=True, slots=True)
class Texts:
    """:param questions: those on each article, by its id; there are none on many."""

    articles: tuple[Article, ...]
    questions: Mapping[str, tuple[str, ...]]


def read_texts(data: Path, seed: int = 0) -> Texts:
    """Every article of `data`, those with questions first, in an order by chance; an article of which a paragraph has been
    seen before is left out.

    :raises DataError: there are no such files, or they hold something else.
    """
    asked = [pair for path in sorted((data / "dev").glob("*.json")) for pair in _with_questions(path)]
    told: list[tuple[Article, tuple[str, ...]]] = [(article, ()) for article in _without(data / TRAIN)]
    if not asked:
        raise DataError(
            f"found no questions in {data / 'dev'}; expected files in SQuAD's form, *.json; name another --data"
        )
    chance = random.Random(seed)  # noqa: S311 (a sample, not a secret)
    chance.shuffle(asked)
    chance.shuffle(told)
    seen: set[str] = set()
    kept = {}
    for article, questions in (*asked, *told):
        paragraphs = {article.text[block.start : block.end] for block in article.blocks}
        if seen.isdisjoint(paragraphs):
            kept[article] = questions
        seen |= paragraphs
    return Texts(tuple(kept), {article.id: questions for article, questions in kept.items() if questions})


def sentences_in(article: Article, blocks: int | None = None) -> int:
    """How many sentences an article has, or its first so many blocks."""
    own = article.blocks[:blocks]
    return sum(len(split_sentences(article.text, block.start, block.end, article.language)) for block in own)


def first(articles: Iterable[Article], sentences: int) -> list[Article]:
    """The first articles that make so many sentences together, the last one cut after the paragraph that reaches them; all
    where there are fewer.
    """
    found: list[Article] = []
    left = sentences
    for article in articles:
        if left <= 0:
            break
        own = sentences_in(article)
        if own > left:
            found.append(_cut(article, left))
            break
        found.append(article)
        left -= own
    return found


def copies(articles: Sequence[Article], sizes: Mapping[str, int], sentences: int) -> Iterator[Article]:
    """`articles`, then one copy of all after the other, each with other words altered, until there are so many sentences.

    :param sizes: how many sentences each article has, by its id.
    """
    words = words_by_length(articles)
    left = sentences
    for number in itertools.count():
        for article in articles:
            if left <= 0:
                return
            yield article if number == 0 else copy_of(article, number, words)
            left -= sizes[article.id]


def copy_of(article: Article, number: int, words: Mapping[int, Sequence[str]]) -> Article:
    """`article` with some words altered, the same for the same number; lengths, and so all offsets, stay as they are.

    :param words: those that may take another's place, by length; the more often one is there, the likelier.
    """
    chance = random.Random(zlib.crc32(f"{article.id} {number}".encode()))  # noqa: S311 (a sample, not a secret)

    def other(found: re.Match[str]) -> str:
        return chance.choice(words[len(found[0])]) if chance.random() < ALTERED else found[0]

    return replace(article, id=f"{article.id}.{number}", text=_LONG.sub(other, article.text))


def words_by_length(articles: Iterable[Article]) -> dict[int, list[str]]:
    """All words of the articles that a copy may alter, as often as they occur."""
    words: dict[int, list[str]] = defaultdict(list)
    for article in articles:
        for word in _LONG.findall(article.text):
            words[len(word)].append(word)
    return words


def outline(text: str) -> str:
    """What a text has in common with its copies.

    >>> outline("Its winters are mild.")
    'Its aaaaaaa are mild.'
    """
    return _LONG.sub(lambda found: "a" * len(found[0]), text)


def questions_on(texts: Texts, articles: Iterable[Article], count: int, seed: int = 0) -> list[str]:
    """A sample of the questions on those of `articles` that are whole, in an order by chance.

    :raises DataError: there are none.
    """
    whole = set(texts.articles)
    found = [one for article in articles if article in whole for one in texts.questions.get(article.id, ())]
    if not found:
        raise DataError("found no question on the smallest archive's articles; name a larger first size in --sizes")
    return random.Random(seed).sample(found, min(count, len(found)))  # noqa: S311 (a sample, not a secret)


def _cut(article: Article, sentences: int) -> Article:
    blocks = next(number for number in itertools.count(1) if sentences_in(article, number) >= sentences)
    paragraphs = [article.text[block.start : block.end] for block in article.blocks[:blocks]]
    return article_from_paragraphs(article.id, article.title, paragraphs)


def _with_questions(path: Path) -> Iterator[tuple[Article, tuple[str, ...]]]:
    dataset = load_data([str(path)])
    asked = defaultdict(list)
    for question in dataset.questions:
        asked[question.article_id].append(question.text)
    for number, article in enumerate(dataset.articles):
        yield replace(article, id=f"{path.stem}-{number}"), tuple(asked[article.id])


def _without(path: Path) -> Iterator[Article]:
    """:raises DataError: there is no such file, or a line is no row."""
    documents: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                documents[row["source"], row["article"]][row["context"]] = None
        for number, ((_, title), contexts) in enumerate(documents.items()):
            yield article_from_paragraphs(f"train-{number}", " ".join(title.split("_")), list(contexts))
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError, AttributeError, ArticleError) as error:
        raise DataError(
            f"{path}: cannot be used ({type(error).__name__}: {error}); expected gzipped lines of JSON with source, article "
            "and context; name another --data"
        ) from error
