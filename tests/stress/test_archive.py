"""A short run over an archive, by the real command, server and browser; and that nothing that goes wrong passes unnoticed."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from index.sources.files import find_documents
from index.sources.reading import read_documents
from tests.stress import archive, archived
from tests.stress.archived import Asked, Built, Edited, Report, figures, missed, table
from tests.stress.corpus import Gold, Story, corpus_of
from tests.stress.documents import FORMS, NOTE, Library, pages_of
from tests.stress.promises import _KNOWN

GOLD = Gold("When did it sail?", "ship", ("in 1857",))
ASKED = Asked(GOLD, "md", 0.1, "in 1857", "ship", 3, right=True)
BUILT = Built(1.0, 40, 80, 400, 1_000, 0, {})
EDITED = Edited(
    built=replace(BUILT, changed={"added": 5, "changed": 3, "removed": 2, "unchanged": 37, "embedded": 60, "texts": 480}),
    edits=3,
    corrections=3,
    corrected=3,
    corrected_of_all=2,
    removed=2,
    still_there=0,
    added=5,
    added_right=5,
    heard_after=0.8,
    requests=90,
    failed=0,
    usual=0.1,
    false_quotes=(),
)
REPORT = Report(
    forms={"md": 40},
    built=BUILT,
    started=3.0,
    memory=400.0,
    asked=(ASKED,),
    own=(ASKED,),
    false=(),
    embedded={"id": True, "URL": True},
    edited=EDITED,
)


@pytest.mark.timeout(1_200)
def test_an_archive_is_built_served_asked_edited_and_embedded(tmp_path: Path) -> None:
    """Real models, real files, a real Chromium; some forty documents of every form."""
    report = archive.run(None, archive.SHORT, tmp_path)
    assert missed(report) == []
    assert set(report.forms) == set(FORMS) and all(report.forms.values())
    own = sum(one.right for one in report.own)
    assert own >= 0.6 * len(report.own) >= 0.6 * archive.SHORT.questions
    assert sum(one.right for one in report.asked) >= 0.8 * own
    assert 0 < report.edited.corrections == report.edited.corrected
    assert report.edited.edits == archive.SHORT.edits
    assert 0 < report.edited.added_right <= report.edited.added


def test_a_run_that_went_well_has_missed_nothing() -> None:
    assert missed(REPORT) == []
    told = figures(REPORT)
    assert "| built in | 1.0 s |" in table(told)
    assert ["a correction is answered after", "0.80 s"] in [*_KNOWN["archive"](told)]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"false": ("no slice of ship: x",)}, "no slice"),
        ({"forms": {"md": 41}}, "40 of 41 documents"),
        ({"edited": replace(EDITED, failed=1)}, "1 of 90 requests"),
        ({"edited": replace(EDITED, heard_after=archived.SOON + 0.1)}, "after 2.1 s"),
        ({"edited": replace(EDITED, heard_after=None)}, "after None s"),
        ({"edited": replace(EDITED, still_there=1)}, "still there"),
        ({"edited": replace(EDITED, corrected=EDITED.corrections - 1)}, "corrections are answered"),
        ({"asked": (replace(ASKED, right=False),)}, "0 are answered right of all, less than 80% of 1"),
        ({"asked": (), "own": (replace(ASKED, right=False),)}, "0 questions are answered right of their own article"),
        ({"edited": replace(EDITED, removed=3)}, "expected"),
        (
            {"edited": replace(EDITED, built=replace(BUILT, changed={**EDITED.built.changed, "embedded": 480}))},
            "480 texts were embedded",
        ),
        ({"embedded": {"id": True, "URL": False}}, "by URL"),
    ],
)
def test_what_is_not_as_promised_is_told(wrong: dict, words: str) -> None:
    (told,) = missed(replace(REPORT, **wrong))
    assert words in told


def test_every_document_can_be_read_and_none_loses_its_words(tmp_path: Path) -> None:
    corpus = corpus_of(None, 40)
    library = Library(tmp_path / "documents", corpus.stories)
    reading = read_documents(find_documents([library.folder]))
    assert not reading.problems and len(reading.articles) == len(corpus.stories)
    texts = {article.id: "".join(article.text.split()) for article in reading.articles}
    for story in corpus.stories:
        for paragraph in story.paragraphs:
            assert "".join(paragraph.split()) in texts[story.id], (library.forms[story.id], story.id)
    assert sum(bool(article.pages) for article in reading.articles) == library.counts["pdf"] > 0


def test_documents_are_corrected_removed_and_added_as_files(tmp_path: Path) -> None:
    stories = [Story(name, "A title", ("It sailed in 1857.", "It came back.")) for name in "abcde"]
    library = Library(tmp_path / "documents", stories)
    for story in stories:
        library.correct(story.id, "1857", "4180")
    library.note("b")
    library.remove("a")
    library.remove("e")
    library.put(Story("f", None, ("Another ship.",)))
    found = {one.id: one.text for one in read_documents(find_documents([library.folder])).articles}
    assert set(found) == {"b", "c", "d", "f"}
    assert all("4180" in found[name] and "1857" not in found[name] for name in "bcd")
    assert NOTE in found["b"] and NOTE not in found["c"]


def test_a_correction_is_of_a_number_that_stands_once_and_was_answered_right(tmp_path: Path) -> None:
    once, twice = Story("ship", None, ("It sailed in 1857.",)), Story("two", None, ("In 1857 and 1857.",))
    library = Library(tmp_path / "documents", [once, twice])
    wrong = replace(ASKED, right=False)
    other = replace(ASKED, gold=replace(GOLD, story="two"))
    assert archive.corrections(library, [wrong, other], 5) == []
    ((gold, old, new),) = archive.corrections(library, [wrong, other, ASKED, ASKED], 5)
    assert (gold, old) == (GOLD, "1857") and new != old and len(new) == 4


def test_a_long_story_is_printed_on_several_pages() -> None:
    story = Story("long", None, tuple("Words of a paragraph, " * 40 + "here." for _ in range(6)))
    assert len(pages_of(story)) > 2


def test_the_document_is_written_from_the_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archived, "DOCUMENT", tmp_path / "archive.md")
    archived.write_report(json.loads(json.dumps(figures(REPORT))))
    assert "| a correction is answered after | 0.80 s |" in (tmp_path / "archive.md").read_text(encoding="utf-8")
