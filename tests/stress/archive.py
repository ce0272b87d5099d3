"""An archive, as a reader and an editor meet it: `python -m tests.stress.archive [--data DIR] [--out DIR] [--short]`.

A folder of 1,000 real documents (.txt, .md, .html, .pdf and one .jsonl) is made of public data sets (`--data`, else
$QA_DATA), built by the real command and served by the real server. Then

    questions   whose answers are known are asked of all documents, and of their own; every quote is held against the
                article that the server gives, and every citation of a PDF must name a page
    edits       twenty documents get another number where an answer stood, five go, five come; it is built again while readers
                go on asking: only what changed may be embedded, no request may fail, the corrections must be answered
    elsewhere   a page on another origin embeds the widget by an article's id, and by its URL, and gets an answer in Chromium

Without data, and with `--short`, the documents are forty pieces of this repository's own articles.
`--report` runs nothing: it writes docs/archive.md from the figures in the folder.
"""

import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from index.manifest import MANIFEST_NAME
from tests.stress.archived import Asked, Built, Edited, Report, figures, table, write_report
from tests.stress.corpus import ROOT, Corpus, Gold, corpus_of
from tests.stress.documents import FORMS, Library
from tests.stress.elsewhere import Site
from tests.stress.questioning import PATIENCE, Questioner
from tests.stress.served import UNLIMITED, Served

_CHANGED: Final = re.compile(
    r"(?P<added>[\d,]+) added, (?P<changed>[\d,]+) changed, (?P<removed>[\d,]+) removed, (?P<unchanged>[\d,]+) unchanged; "
    r"(?P<embedded>[\d,]+) of (?P<texts>[\d,]+) texts embedded"
)
_COUNTED: Final = re.compile(r"([\d,]+) articles?, ([\d,]+) passages?, ([\d,]+) sentences?")
_NUMBER: Final = re.compile(r"(?<![\d.,])\d{2,4}(?![\d.,]*\d)")
_READERS: Final = 2
"""Who go on asking while it is built again."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much.

    :ivar documents: how many there are at first.
    :ivar questions: answerable ones, as many of each form of document; and as many unanswerable ones as of one form.
    """

    documents: int = 1_000
    questions: int = 200
    edits: int = 20
    removed: int = 5


SHORT: Final = Plan(documents=40, questions=15, edits=3, removed=2)


def chosen(corpus: Corpus, library: Library, plan: Plan) -> list[Gold]:
    """The questions that are asked: about documents of every form, and some that their document does not answer."""
    draw = random.Random(2)
    by_form: dict[str, list[Gold]] = {form: [] for form in FORMS}
    for gold in corpus.of(corpus.stories):
        if gold.answers:
            by_form[library.forms[gold.story]].append(gold)
    each = plan.questions // len(FORMS)
    found = [gold for golds in by_form.values() for gold in draw.sample(golds, min(each, len(golds)))]
    silent = [gold for gold in corpus.of(corpus.stories) if not gold.answers]
    return [*found, *draw.sample(silent, min(each, len(silent)))]


def build(library: Library, index: Path) -> Built:
    """`python -m qa build`, by the clock.

    :raises RuntimeError: it failed.
    """
    command = [sys.executable, "-m", "qa", "build", str(library.folder), "--index", str(index)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ARTICLE_QA_")}
    begun = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - begun
    counts = _COUNTED.search(done.stdout)
    if done.returncode or counts is None:
        raise RuntimeError(f"the build ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    changes = _CHANGED.search(done.stdout)
    changed = {name: _number(told) for name, told in changes.groupdict().items()} if changes else {}
    articles, passages, sentences = map(_number, counts.groups())
    size = sum(path.stat().st_size for path in index.rglob("*") if path.is_file())
    unread = sum(line.startswith("Not read") for line in done.stderr.splitlines())
    return Built(seconds, articles, passages, sentences, size, unread, changed)


def _number(told: str) -> int:
    return int(told.replace(",", ""))


def corrections(library: Library, asked: Sequence[Asked], most: int) -> list[tuple[Gold, str, str]]:
    """Questions that were answered right with a number, each of another document, with the number and another one."""
    found: dict[str, tuple[Gold, str, str]] = {}
    for one in asked:
        number = _NUMBER.search(one.text) if one.right and one.gold.answers else None
        if number is None or one.gold.story in found:
            continue
        words = "\n".join(library.stories[one.gold.story].paragraphs)
        other = "".join(str((int(digit) + 3) % 10 or 4) for digit in number[0])
        if other not in words and words.count(number[0]) == 1:
            found[one.gold.story] = one.gold, number[0], other
    return list(found.values())[:most]


class Readers:
    """Clients who ask without pause, and one of them always the same question, of whose article the edition is noted."""

    def __init__(self, address: str, golds: Sequence[Gold], watched: Gold) -> None:
        self._address = address
        self._golds = golds
        self._watched = watched
        self._enough = threading.Event()
        self.statuses: list[int] = []
        self.seconds: list[float] = []
        self.editions: list[tuple[str, float]] = []
        """Of the watched question's replies, the SHA-256 that is cited first, and when the reply came."""

    @contextmanager
    def asking(self) -> Any:
        """They ask within the block."""
        threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(_READERS)]
        threads.append(threading.Thread(target=self._watch))
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._enough.set()
            for thread in threads:
                thread.join(PATIENCE)

    def heard(self, edition: str) -> float | None:
        """When another edition than this was first cited."""
        return next((when for sha256, when in list(self.editions) if sha256 not in ("", edition)), None)

    def _ask(self, number: int) -> None:
        draw = random.Random(number)
        with httpx.Client(base_url=self._address, timeout=PATIENCE) as client:
            while not self._enough.is_set():
                self._one(client, {"question": draw.choice(self._golds).question})

    def _watch(self) -> None:
        body = {"question": self._watched.question, "article": self._watched.story}
        with httpx.Client(base_url=self._address, timeout=PATIENCE) as client:
            while not self._enough.is_set():
                told = self._one(client, body)
                sources = [*told.get("citations", ()), *told.get("nearest", ())]
                self.editions.append((sources[0]["article_sha256"] if sources else "", time.time()))

    def _one(self, client: httpx.Client, body: dict[str, str]) -> dict[str, Any]:
        begun = time.monotonic()
        try:
            reply = client.post("/api/v1/ask", json=body)
        except httpx.HTTPError:
            self.statuses.append(0)
            return {}
        self.statuses.append(reply.status_code)
        self.seconds.append(time.monotonic() - begun)
        told: dict[str, Any] = reply.json()
        return told


def edit(server: Served, library: Library, corpus: Corpus, asked: Sequence[Asked], index: Path, plan: Plan) -> Edited:
    """Edit, remove and add documents, build again beside readers, and ask for what has changed."""
    fixes = corrections(library, asked, plan.edits)
    touched = {gold.story for gold, _, _ in fixes}
    others = [gold for gold in corpus.of(corpus.stories) if gold.story not in touched]
    known = {gold.story for gold in others}
    gone = [story.id for story in corpus.stories if story.id not in known | touched][: plan.removed]
    gone += [story for story in sorted(known) if story not in gone][: plan.removed - len(gone)]
    noted = sorted(known - set(gone))[: plan.edits - len(fixes)]
    others = [gold for gold in others if gold.story not in gone]
    for gold, wrong, right in fixes:
        library.correct(gold.story, wrong, right)
    for story in noted:
        library.note(story)
    for story in gone:
        library.remove(story)
    for story in corpus.spare:
        library.put(story)
    watched = fixes[0][0]
    before = httpx.get(f"{server.address}/api/v1/articles/{watched.story}", timeout=PATIENCE).json()["sha256"]
    readers = Readers(server.address, others, watched)
    with readers.asking():
        built = build(library, index)
        published = (index / MANIFEST_NAME).stat().st_mtime
        until = time.monotonic() + PATIENCE
        while readers.heard(before) is None and time.monotonic() < until:
            time.sleep(0.02)
    heard = readers.heard(before)
    with Questioner(server.address, library) as questioner:
        corrected = sum(right in questioner.ask(gold, own=True).text for gold, _, right in fixes)
        of_all = sum(right in questioner.ask(gold).text for gold, _, right in fixes)
        firsts = {gold.story: gold for gold in corpus.of(corpus.spare) if gold.answers}
        added = sum(questioner.ask(gold, own=True).right for gold in firsts.values())
        still = sum(questioner.there(story) for story in gone)
        false = questioner.false
    return Edited(
        built=built,
        edits=len(fixes) + len(noted),
        corrections=len(fixes),
        corrected=corrected,
        corrected_of_all=of_all,
        removed=len(gone),
        still_there=still,
        added=len(corpus.spare),
        added_right=added,
        heard_after=None if heard is None else heard - published,
        requests=len(readers.statuses),
        failed=sum(status != 200 for status in readers.statuses),
        usual=sorted(readers.seconds)[len(readers.seconds) // 2],
        false_quotes=false,
    )


def run(data: Path | None, plan: Plan, folder: Path) -> Report:
    """All of it, in a folder that is empty."""
    _tell("Writing the documents …")
    corpus = corpus_of(data, plan.documents)
    library = Library(folder / "documents", corpus.stories)
    index, forms = folder / "index", library.counts
    _tell(f"Building the index of {len(library.stories):,} documents …")
    built = build(library, index)
    with Site() as site:
        settings = {**UNLIMITED, "ARTICLE_QA_ALLOWED_ORIGINS": site.origin}
        _tell("Starting the server …")
        with Served("--article", str(library.folder), "--index", str(index), environment=settings) as server:
            golds = chosen(corpus, library, plan)
            _tell(f"Asking {len(golds):,} questions, of all documents and of their own …")
            with Questioner(server.address, library) as questioner:
                asked = [questioner.ask(gold) for gold in golds]
                own = [questioner.ask(gold, own=True) for gold in golds]
                false = questioner.false
            _tell("Opening a page of another origin …")
            embedded = site.embed(server.address, library, own)
            _tell("Editing, building again beside readers …")
            edited = edit(server, library, corpus, own, index, plan)
            memory = server.memory()
    return Report(forms, built, server.started, memory, tuple(asked), tuple(own), false, embedded, edited)


def _tell(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write; 1 when something is not as promised."""
    given = os.environ.get("QA_DATA")
    parser = argparse.ArgumentParser(prog="python -m tests.stress.archive", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument(
        "--data", type=Path, default=Path(given) if given else None, help="folder of the public data sets"
    )
    parser.add_argument("--documents", type=int, default=Plan().documents, help="how many")
    parser.add_argument("--out", type=Path, default=ROOT / "stress", help="folder of archive.json")
    parser.add_argument("--short", action="store_true", help="forty documents of this repository, a minute")
    parser.add_argument("--report", action="store_true", help="write docs/archive.md from the figures in the folder")
    picked = parser.parse_args(arguments)
    written = picked.out / "archive.json"
    if picked.report:
        write_report(json.loads(written.read_text(encoding="utf-8")))
        return 0
    short = picked.short or picked.data is None
    plan = SHORT if short else Plan(documents=picked.documents)
    with tempfile.TemporaryDirectory() as folder:
        report = run(None if short else picked.data, plan, Path(folder))
    picked.out.mkdir(parents=True, exist_ok=True)
    found = figures(report)
    written.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print("\n".join([*table(found), "", *(f"NOT AS PROMISED: {one}" for one in found["missed"])]))
    print(f"Written to {written}.")
    return 1 if found["missed"] else 0


if __name__ == "__main__":
    sys.exit(main())
