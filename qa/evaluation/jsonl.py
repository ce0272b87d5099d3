"""Our own form: a JSON object a line, `{"id", "question", "article": id or file, "answers": [{"text", "start"}]}`.

`article` names a file beside the JSONL (`article.md`), or the id of one (`article`). `answers: []` says that the article
does not say. Offsets count code points of the article's text, which begins after its front matter.
"""

import errno
import json
from pathlib import Path

from index.article import SUFFIXES, Article, load_article
from index.errors import ArticleError
from qa.evaluation.questions import Collector, shown


def read_jsonl(source: str, text: str, folder: Path, collector: Collector) -> None:
    """Add every question of the lines of `text`, and the articles they name; report every line that cannot be used."""
    articles = _Articles(folder, collector)
    # Not str.splitlines: JSON text may hold U+2028 and the like unescaped.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        place = f"{source}:{number}"
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            collector.problem(place, f"found no JSON ({error}); expected one JSON object a line")
            continue
        if not isinstance(row, dict):
            collector.problem(place, f"found {shown(row)}; expected a JSON object")
            continue
        name = row.get("article")
        try:
            article = articles.named(name) if isinstance(name, str) and name.strip() else None
            if article is None:
                collector.problem(place, f"article: found {shown(name)}; expected an article's id or the file it is in")
        except ArticleError as error:
            article = None
            collector.problem(place, f"article: {error}")
        collector.add_question(place, row, article, "start")


class _Articles:
    """The article files beside a JSONL, each looked for once, however many rows name it."""

    def __init__(self, folder: Path, collector: Collector) -> None:
        self._folder = folder
        self._collector = collector
        self._by_name: dict[str, Article | ArticleError] = {}

    def named(self, name: str) -> Article:
        """The article called `name`: the file of that name, else the `.md` or `.txt` that has it as stem or as id.

        :raises ArticleError: there is none, or it cannot be read; again for every row that names it.
        """
        if name not in self._by_name:
            try:
                self._by_name[name] = self._load(name)
            except ArticleError as error:
                self._by_name[name] = error
            except OSError as error:
                self._by_name[name] = ArticleError(f"{shown(name)} cannot be looked for: {error.strerror or error}")
        found = self._by_name[name]
        if isinstance(found, ArticleError):
            raise found
        return found

    def _load(self, name: str) -> Article:
        candidates = [self._folder / name, *(self._folder / f"{name}{suffix}" for suffix in SUFFIXES)]
        path = next((candidate for candidate in candidates if _is_file(candidate)), None) or self._with_id(name)
        if path is None:
            known = ", ".join(found.name for found in self._files()) or "none"
            raise ArticleError(f"there is no {shown(name)} beside the questions; articles there: {known}")
        return self._collector.add_article_file(path)

    def _with_id(self, identity: str) -> Path | None:
        for path in self._files():
            try:
                if load_article(path).id == identity:
                    return path
            except ArticleError:
                continue  # No article (a README in another encoding, say), so it cannot be the one that is meant.
        return None

    def _files(self) -> list[Path]:
        return sorted(path for path in self._folder.iterdir() if path.suffix.lower() in SUFFIXES and path.is_file())


def _is_file(path: Path) -> bool:
    """Whether `path` is a file; one whose name is longer than a file's may be is none, though an id may be that long.

    :raises OSError: it cannot be told.
    """
    try:
        return path.is_file()
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            return False
        raise
