"""Real documents and questions whose answers are known: of public data sets, or, for the short run, of this repository.

A story is an article without a form yet; `documents.py` makes files of stories.
"""

import gzip
import json
import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]
SEEDS: Final = ROOT / "seeds"

SETS: Final = ("squadshifts_wiki_dev", "squad2_dev_articles", "tydi_en_dev")
"""The development sets whose articles and questions are taken; the reader was not trained on them."""

SOURCES: Final = ("squad1", "squad2", "squad1-train-part", "tydi", "qed", "multispanqa", "quoref-contrast")
"""The training sets whose articles fill the archive up; nothing is asked of them, since the reader has seen them."""

_PIECE: Final = 110
"""Words from which a piece of one of this repository's articles is a document of its own."""
_TYDI: Final = 200
"""Articles of one paragraph that are taken of the third development set."""
_HASH: Final = re.compile(r"[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Story:
    """An article: what it is called and its paragraphs. `title` is None where the data has none."""

    id: str
    title: str | None
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Gold:
    """A question about a story, and the answers that are right; none: the story does not say."""

    question: str
    story: str
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Corpus:
    """Stories, each under an id of its own, and what is known of them.

    :ivar spare: stories that are not in the archive at first, each with a question.
    """

    stories: tuple[Story, ...]
    spare: tuple[Story, ...]
    golds: tuple[Gold, ...]

    def of(self, stories: Iterable[Story]) -> list[Gold]:
        """The questions about these."""
        ids = {story.id for story in stories}
        return [gold for gold in self.golds if gold.story in ids]


SPARE: Final = 5
"""Stories that are added later."""


def corpus_of(data: Path | None, documents: int, seed: int = 1) -> Corpus:
    """`documents` stories and `SPARE` more.

    :param data: the folder of the public data sets; None takes pieces of this repository's articles, of which there are
        some sixty.
    """
    stories, golds = _seeds(documents + SPARE) if data is None else _public(data, documents + SPARE, seed)
    asked = {gold.story for gold in golds if gold.answers}
    last = [story for story in stories if story.id in asked and len(story.paragraphs) <= 3][-SPARE:]
    kept = tuple(story for story in stories if story not in last)
    return Corpus(kept, tuple(last), tuple(golds))


def _public(data: Path, documents: int, seed: int) -> tuple[list[Story], list[Gold]]:
    stories: list[Story] = []
    golds: list[Gold] = []
    draw = random.Random(seed)
    for name in SETS:
        articles = json.loads((data / "dev" / f"{name}.json").read_text(encoding="utf-8"))["data"]
        if name == SETS[-1]:
            articles = draw.sample(articles, _TYDI)
        for article in articles:
            story = _story(article["title"], [one["context"] for one in article["paragraphs"]], stories)
            stories.append(story)
            golds += _squad(article, story)
    more: dict[str, dict[str, None]] = {}
    with gzip.open(data / "train.jsonl.gz", "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            if row["source"] in SOURCES:
                more.setdefault(row["article"], {})[row["context"]] = None
    titles = draw.sample(sorted(more), documents - len(stories))
    for title in titles:
        stories.append(_story(title.split("/", 1)[-1], list(more[title]), stories))
    draw.shuffle(stories)
    return stories, golds


def _squad(article: dict[str, Any], story: Story) -> Iterator[Gold]:
    for paragraph in article["paragraphs"]:
        for asked in paragraph["qas"]:
            answers = tuple(dict.fromkeys(one["text"] for one in asked["answers"]))
            yield Gold(asked["question"], story.id, () if asked.get("is_impossible") else answers)


def _story(name: str, paragraphs: list[str], before: list[Story]) -> Story:
    words = name.replace("_", " ").strip()
    number = len(before) + 1
    slug = re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")[:60]
    title = None if _HASH.fullmatch(name) else words
    return Story(f"{number:04d}-{slug}" if title else f"{number:04d}", title, tuple(paragraphs))


def _seeds(most: int) -> tuple[list[Story], list[Gold]]:
    """The articles of this repository, cut into pieces, and the first questions of the conversations about them."""
    stories: list[Story] = []
    golds: dict[tuple[str, str], Gold] = {}
    for path in sorted((SEEDS / "followups").glob("*.md")):
        fields, text = path.read_text(encoding="utf-8").split("---\n", 2)[1:]
        title = re.search(r"^title: (.*)$", fields, flags=re.MULTILINE)
        assert title is not None
        pieces: list[list[str]] = [[]]
        for paragraph in filter(None, map(str.strip, text.split("\n\n"))):
            if sum(len(one.split()) for one in pieces[-1]) >= _PIECE:
                pieces.append([])
            pieces[-1].append(paragraph)
        for number, piece in enumerate(pieces, start=1):
            stories.append(Story(f"{path.stem}-{number}", f"{title[1]}, part {number}", tuple(piece)))
    stories = stories[:most]
    texts = {story.id: "\n\n".join(story.paragraphs) for story in stories}
    for name in ("dev", "more", "held", "test"):
        for line in (SEEDS / "followups" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            first = row["history"][0]
            home = [one for one in texts if one.rsplit("-", 1)[0] == Path(row["article"]).stem]
            holding = [one for one in home if first["answer"] and first["answer"] in texts[one]]
            if len(holding) == 1:
                gold = Gold(first["question"], holding[0], (first["answer"],))
                golds.setdefault((gold.question, gold.story), gold)
    return stories, list(golds.values())
