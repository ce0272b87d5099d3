"""What a run over an archive found: its figures, what is not as promised, and docs/archive.md."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from qa.evaluation.metrics import percentile
from tests.stress.corpus import ROOT, Gold
from tests.stress.documents import FORMS, Form

DOCUMENT: Final = ROOT / "docs" / "archive.md"
SOON: Final = 2.0
"""Seconds after a build of a thousand documents within which a correction is answered, by a machine that answers a question
in `USUAL`; by one that is busier, in as many times more."""
USUAL: Final = 0.2
LEAST_RIGHT: Final = 0.5
"""Share of the answerable questions that are answered right of their own article: about two in three are, alone, too."""
LEAST_KEPT: Final = 0.8
"""Of those, the share that is left where the article has to be found first."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of a question. `cited` is the document that its first citation is of; None for a refusal.

    :ivar right: the answer is one of those that are known, from the document that was meant; or a refusal where that does
        not say.
    """

    gold: Gold
    form: Form
    seconds: float
    text: str
    cited: str | None
    quotes: int
    right: bool


@dataclass(frozen=True, slots=True)
class Built:
    """What a build took and said. `size` in bytes; `changed` is empty for the first one."""

    seconds: float
    articles: int
    passages: int
    sentences: int
    size: int
    unread: int
    changed: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Edited:
    """What came of the edits.

    :ivar edits: documents that were edited, of which `corrections` got another answer to a question, the others a paragraph.
    :ivar corrected: corrections that are answered; and of those, asked of all documents.
    :ivar heard_after: seconds from the index's being published to the first answer from the edited text.
    :ivar usual: median seconds of a reply at that time.
    """

    built: Built
    edits: int
    corrections: int
    corrected: int
    corrected_of_all: int
    removed: int
    still_there: int
    added: int
    added_right: int
    heard_after: float | None
    requests: int
    failed: int
    usual: float
    false_quotes: Sequence[str]


@dataclass(frozen=True, slots=True)
class Report:
    """All of it. `embedded` holds what the page of another origin showed, by how the article was named."""

    forms: Mapping[str, int]
    built: Built
    started: float
    memory: float | None
    asked: Sequence[Asked]
    own: Sequence[Asked]
    false: Sequence[str]
    embedded: Mapping[str, bool]
    edited: Edited


def figures(report: Report) -> dict[str, Any]:
    """The figures as JSON has them."""
    return {
        "documents": dict(report.forms),
        "built": asdict(report.built),
        "started_seconds": round(report.started, 2),
        "memory_mb": report.memory and round(report.memory),
        "asked": {"all": _counted(report.asked), "own": _counted(report.own)},
        "by_form": {form: _of_form(report, form) for form in FORMS},
        "quotes": sum(one.quotes for one in (*report.asked, *report.own)),
        "false": len(report.false) + len(report.edited.false_quotes),
        "embedded": dict(report.embedded),
        "edited": asdict(report.edited),
        "missed": missed(report),
    }


def _counted(asked: Sequence[Asked]) -> dict[str, Any]:
    answerable = [one for one in asked if one.gold.answers]
    silent = [one for one in asked if not one.gold.answers]
    milliseconds = [one.seconds * 1_000 for one in asked]
    return {
        "answerable": len(answerable),
        "right": sum(one.right for one in answerable),
        "right_article": sum(one.cited == one.gold.story for one in answerable),
        "other_article": sum(one.cited not in (None, one.gold.story) for one in answerable),
        "refused": sum(one.cited is None for one in answerable),
        "unanswerable": len(silent),
        "unanswerable_refused": sum(one.right for one in silent),
        "p50_ms": round(percentile(milliseconds, 50), 1),
        "p95_ms": round(percentile(milliseconds, 95), 1),
    }


def _of_form(report: Report, form: Form) -> dict[str, int]:
    of = [[one for one in asked if one.form == form and one.gold.answers] for asked in (report.asked, report.own)]
    return {"asked": len(of[0]), "right_of_all": sum(map(_right, of[0])), "right_of_own": sum(map(_right, of[1]))}


def _right(one: Asked) -> bool:
    return one.right


def missed(report: Report) -> list[str]:
    """What is not as promised, in words; nothing when all is well."""
    edited = report.edited
    found = [*report.false, *edited.false_quotes]
    documents = sum(report.forms.values())
    if report.built.articles != documents or report.built.unread:
        found.append(f"{report.built.articles:,} of {documents:,} documents were read")
    expected = {"added": edited.added, "changed": edited.edits, "removed": edited.removed}
    if {name: edited.built.changed.get(name) for name in expected} != expected:
        found.append(f"the build told {dict(edited.built.changed)}, expected {expected}")
    if edited.built.changed.get("embedded", 0) * documents > 2 * edited.built.changed.get("texts", 0) * (
        edited.added + edited.edits
    ):
        found.append(
            f"{edited.built.changed['embedded']:,} texts were embedded for {edited.added + edited.edits} documents"
        )
    if edited.failed:
        found.append(f"{edited.failed:,} of {edited.requests:,} requests failed while it was built again")
    allowed = SOON * max(1.0, edited.usual / USUAL)
    if edited.heard_after is None or edited.heard_after > allowed:
        found.append(f"a correction was answered after {edited.heard_after} s, {allowed:.1f} s allowed")
    if edited.corrected < edited.corrections:
        found.append(f"{edited.corrected} of {edited.corrections} corrections are answered, of their own article")
    own, of_all = (sum(one.right for one in asked if one.gold.answers) for asked in (report.own, report.asked))
    if own < LEAST_RIGHT * sum(bool(one.gold.answers) for one in report.own):
        found.append(f"{own:,} questions are answered right of their own article, less than {LEAST_RIGHT:.0%}")
    if of_all < LEAST_KEPT * own:
        found.append(f"{of_all:,} are answered right of all, less than {LEAST_KEPT:.0%} of {own:,} of their own article")
    if edited.still_there:
        found.append(f"{edited.still_there} removed documents are still there")
    found += [f"no answer on another origin, by {named}" for named, shown in report.embedded.items() if not shown]
    return found


def table(found: Mapping[str, Any]) -> list[str]:
    """The figures as a table in Markdown, from what `figures` gave."""
    built, edited, asked = found["built"], found["edited"], found["asked"]
    again = edited["built"]
    forms = ", ".join(f"{count:,} {form}" for form, count in found["documents"].items())
    heard = edited["heard_after"]
    rows = [
        ("documents", f"{sum(found['documents'].values()):,}: {forms}"),
        (
            "their index",
            f"{built['passages']:,} passages, {built['sentences']:,} sentences, {built['size'] / 2**20:.1f} MB",
        ),
        ("built in", f"{built['seconds']:.1f} s"),
        ("server ready after, memory at the end", f"{found['started_seconds']:.1f} s, {found['memory_mb'] or 0:,} MB"),
        *_asked_rows(asked),
        *_form_rows(found["by_form"]),
        (
            "quotes held against their articles; false ones, and questions without a reply",
            f"{found['quotes']:,}, {found['false']:,}",
        ),
        (
            f"{edited['edits']} edited, {edited['removed']} removed, {edited['added']} added: built again in",
            f"{again['seconds']:.1f} s, {again['changed'].get('embedded', 0):,} of "
            f"{again['changed'].get('texts', 0):,} texts embedded",
        ),
        ("a correction is answered after", "never" if heard is None else f"{heard:.2f} s"),
        ("corrections answered, of their own article and of all", _corrections(edited)),
        ("questions about the added answered right", f"{edited['added_right']} of {edited['added']}"),
        ("requests meanwhile, failed", f"{edited['requests']:,}, {edited['failed']:,}"),
        ("widget on another origin", ", ".join(f"by {name}: {_told(told)}" for name, told in found["embedded"].items())),
    ]
    return ["| | |", "|---|---|", *(f"| {what} | {figure} |" for what, figure in rows)]


def _asked_rows(asked: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, str]]:
    rows = []
    for scope, words in (("own", "asked of their own article"), ("all", "asked of all")):
        of = asked[scope]
        told = f"{of['right']:,} of {of['answerable']:,} right, {of['refused']:,} refused"
        if scope == "all":
            told += f", {of['right_article']:,} cite the article that was meant, {of['other_article']:,} another"
        rows.append((f"questions {words}", told))
        if of["unanswerable"]:
            refused = f"{of['unanswerable_refused']:,} of {of['unanswerable']:,} refused"
            rows.append((f"unanswerable ones {words}", refused))
        rows.append((f"answer p50, p95, {words}", f"{of['p50_ms']:.0f} ms, {of['p95_ms']:.0f} ms"))
    return rows


def _form_rows(by_form: Mapping[str, Mapping[str, int]]) -> list[tuple[str, str]]:
    told = ", ".join(
        f"{form} {one['right_of_own']} / {one['right_of_all']} of {one['asked']}" for form, one in by_form.items()
    )
    return [("right by form, of their own article / of all", told)]


def _corrections(edited: Mapping[str, Any]) -> str:
    return f"{edited['corrected']} and {edited['corrected_of_all']} of {edited['corrections']}"


def _told(answered: bool) -> str:
    return "answered" if answered else "NO ANSWER"


def write_report(found: Mapping[str, Any]) -> None:
    """docs/archive.md: the table, and how it came about."""
    kept = [
        "# An archive of 1,000 documents",
        "",
        "Written by `python -m tests.stress.archive --report` from the figures of",
        "",
        "    QA_DATA=... make stress ARGS=archive",
        "",
        "Articles of the development sets and, to fill the archive up, of the training sets, as `.txt`, `.md`, `.html` (a",
        "publisher's page, with menus and footer), `.pdf` and lines of a `.jsonl`; built by the command, served by the",
        "server. Questions are of the development sets. Right is an answer with a token F1 of .5 or more from the article",
        "that was meant; an answer that another article gives counts as wrong.",
        "",
        *table(found),
        "",
        *(f"Not as promised: {one}" for one in found["missed"]),
    ]
    DOCUMENT.write_text("\n".join(kept).rstrip() + "\n", encoding="utf-8")
