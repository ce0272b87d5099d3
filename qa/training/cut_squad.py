"""Short articles that are silent on half of their questions, made from the long ones of a file in SQuAD's form.

    python -m qa.training.cut_squad $QA_DATA/dev/squadshifts_wiki_dev.json OUT.json

Each article is cut into stretches, and every other paragraph of a stretch is withheld. Questions on a paragraph that was kept
stay as they are; those on one that was withheld become unanswerable, and are left out where a gold answer's words still stand
in what was kept. News items are as short as these cuts; the development sets' articles are ten times as long.
"""

import argparse
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from index.errors import DataError

SEED = 13
LENGTHS = (3, 4, 6, 9)
"""Paragraphs kept of one stretch."""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Cut long articles into short ones, with unanswerable questions.")
    parser.add_argument("data", type=Path, help="a file in SQuAD's form")
    parser.add_argument("out", type=Path)
    given = parser.parse_args(arguments)
    try:
        articles = json.loads(given.data.read_text(encoding="utf-8"))["data"]
        cut = {"version": "cut", "data": list(cut_articles(articles, seed=SEED))}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{given.data} is no file in SQuAD's form ({type(error).__name__}: {error})") from error
    given.out.write_text(json.dumps(cut, ensure_ascii=False) + "\n", encoding="utf-8")


def cut_articles(articles: Sequence[dict[str, Any]], *, seed: int) -> Iterator[dict[str, Any]]:
    """The cuts of SQuAD's articles, in the same form; a cut has its article's title."""
    chooser = random.Random(seed)  # noqa: S311 - not for secrets
    for article in articles:
        paragraphs = article["paragraphs"]
        begin = 0
        while begin < len(paragraphs):
            stretch = paragraphs[begin : begin + 2 * chooser.choice(LENGTHS)]
            begin += len(stretch)
            if len(stretch) > 1:
                yield {"title": article["title"], "paragraphs": _cut(stretch[::2], stretch[1::2])}


def _cut(kept: Sequence[dict[str, Any]], withheld: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """`kept` with the questions of `withheld` that it is silent on under its first paragraph."""
    words = "\n".join(paragraph["context"] for paragraph in kept).casefold()
    silent = [
        {"id": asked["id"], "question": asked["question"], "answers": [], "is_impossible": True}
        for paragraph in withheld
        for asked in paragraph["qas"]
        if not any(answer["text"].casefold() in words for answer in asked["answers"])
    ]
    first, *others = kept
    return [{**first, "qas": [*first["qas"], *silent]}, *others]


if __name__ == "__main__":
    main()
