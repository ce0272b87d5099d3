"""A folder of documents of every kind, made of stories, which can be edited as people edit their files."""

import html
import json
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Final, Literal

from tests.index.sources.making import pdf
from tests.stress.corpus import Story

Form = Literal["txt", "md", "html", "pdf", "jsonl"]
FORMS: Final[tuple[Form, ...]] = ("txt", "md", "html", "pdf", "jsonl")
SITE: Final = "https://archive.example.org"
JSONL: Final = "press.jsonl"
NOTE: Final = "This article was looked through again by its editors, who found nothing in it that had to be put right."

_FIRST: Final = date(2015, 1, 1)
_COLUMNS: Final = 88
_LINES: Final = 32
"""Lines of a PDF's page: few, so that most articles have several pages."""

_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title} | The Archive</title>
<meta property="og:title" content="{title}"><meta property="og:site_name" content="The Archive">
<link rel="canonical" href="{url}"><meta property="article:published_time" content="{published}T08:00:00Z">
<style>body {{ font: 1rem serif }}</style><script>window.loaded = true;</script></head>
<body><header><a href="/">The Archive</a><form action="/search"><input name="q"><button>Search</button></form></header>
<nav><ul><li><a href="/">Home</a></li><li><a href="/world">World</a></li><li><a href="/sport">Sport</a></li>
<li><a href="/culture">Culture</a></li></ul></nav>
<main><article><h1>{title}</h1>
{paragraphs}
</article><aside><h2>Most read</h2><ol><li><a href="/1">Ten things to do this weekend</a></li>
<li><a href="/2">The weather is turning</a></li></ol></aside></main>
<footer><p>Copyright The Archive. <a href="/privacy">Privacy</a> <a href="/terms">Terms</a></p></footer></body></html>
"""


class Library:
    """A folder with a file for each story, but for those that share one .jsonl."""

    def __init__(self, folder: Path, stories: Sequence[Story]) -> None:
        self.folder = folder
        self.stories = {story.id: story for story in stories}
        self.forms: dict[str, Form] = {}
        folder.mkdir(parents=True)
        for number, story in enumerate(stories):
            self.forms[story.id] = _form(story, number)
        for story in stories:
            if self.forms[story.id] != "jsonl":
                self._write(story)
        self._write_rows()

    @property
    def counts(self) -> dict[str, int]:
        """How many stories are of each form."""
        return {form: list(self.forms.values()).count(form) for form in FORMS}

    def url(self, story: str) -> str:
        """Where it is said to have been published."""
        return f"{SITE}/{story}"

    def put(self, story: Story, form: Form = "md") -> None:
        """Add a story, or save it as it is now, in the form that it has."""
        self.forms.setdefault(story.id, form)
        self.stories[story.id] = story
        self._save(story)

    def correct(self, story: str, wrong: str, right: str) -> None:
        """Put other words into its text wherever some stand."""
        old = self.stories[story]
        self.put(replace(old, paragraphs=tuple(one.replace(wrong, right) for one in old.paragraphs)))

    def note(self, story: str) -> None:
        """Add a paragraph at its end."""
        old = self.stories[story]
        self.put(replace(old, paragraphs=(*old.paragraphs, NOTE)))

    def remove(self, story: str) -> None:
        """Take it out of the archive."""
        form = self.forms.pop(story)
        del self.stories[story]
        if form == "jsonl":
            self._write_rows()
        else:
            self._path(story, form).unlink()

    def _save(self, story: Story) -> None:
        if self.forms[story.id] == "jsonl":
            self._write_rows()
        else:
            self._write(story)

    def _path(self, story: str, form: Form) -> Path:
        return self.folder / form / f"{story}.{form}"

    def _write(self, story: Story) -> None:
        form = self.forms[story.id]
        path = self._path(story.id, form)
        path.parent.mkdir(exist_ok=True)
        if form == "pdf":
            path.write_bytes(pdf(pages_of(story), title=story.title))
        else:
            written = {"txt": _txt, "md": self._md, "html": self._html}[form](story)
            path.write_text(written, encoding="utf-8")

    def _write_rows(self) -> None:
        rows = [self._row(story) for story in self.stories.values() if self.forms[story.id] == "jsonl"]
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (self.folder / JSONL).write_text(lines, encoding="utf-8")

    def _row(self, story: Story) -> Mapping[str, str | None]:
        told = {"url": self.url(story.id), "published": _published(story), "source": "The Archive"}
        return {"id": story.id, "title": story.title, "text": "\n\n".join(story.paragraphs), **told}

    def _md(self, story: Story) -> str:
        fields = {name: value for name, value in self._row(story).items() if name != "text" and value}
        head = "".join(f"{name}: {value}\n" for name, value in fields.items())
        title = f"# {story.title}\n\n" if story.title else ""
        return f"---\n{head}---\n{title}" + "\n\n".join(story.paragraphs) + "\n"

    def _html(self, story: Story) -> str:
        return _PAGE.format(
            title=html.escape(story.title or f"Report {story.id}"),
            url=self.url(story.id),
            published=_published(story),
            paragraphs="\n".join(f"<p>{html.escape(one)}</p>" for one in story.paragraphs),
        )


def pages_of(story: Story) -> list[list[str]]:
    """Its paragraphs as lines of print, a line's room between them, and a running header over each page."""
    lines: list[str] = []
    for paragraph in story.paragraphs:
        lines += [*textwrap.wrap(paragraph, _COLUMNS), ""]
    pages = [lines[first : first + _LINES] for first in range(0, len(lines), _LINES)]
    return [[f"The Archive, page {number}", "", *page] for number, page in enumerate(pages, start=1)]


def _form(story: Story, number: int) -> Form:
    """Each form in turn; what a PDF's plain font cannot print becomes a page of HTML."""
    form = FORMS[number % len(FORMS)]
    if form != "pdf":
        return form
    try:
        "".join(story.paragraphs).encode("cp1252")
    except UnicodeEncodeError:
        return "html"
    return "pdf"


def _txt(story: Story) -> str:
    return "\n\n".join([*([story.title] if story.title else []), *story.paragraphs]) + "\n"


def _published(story: Story) -> str:
    return (_FIRST + timedelta(days=sum(map(ord, story.id)) % 3_650)).isoformat()
