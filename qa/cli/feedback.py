"""`python -m qa feedback export|report`: what readers asked and how they voted, as data, and as a report for the author."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from index.errors import FeedbackError, SettingsError
from qa.cli.command import Command
from qa.cli.options import IndexOption
from qa.cli.terminal import Terminal, printable

if TYPE_CHECKING:
    from qa.feedback.report import ArticleReport, Group
    from qa.settings import Settings

FileOption = Annotated[
    Path | None,
    typer.Option("--feedback", metavar="FILE", help="the feedback file (default: that of ARTICLE_QA_FEEDBACK)"),
]

feedback = typer.Typer(
    name="feedback",
    help="Report what readers asked, or export their votes.",
    rich_markup_mode=None,
)


@feedback.command(cls=Command)
def export(
    feedback: FileOption = None,
    index: IndexOption = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="write the rows to a file (default: stdout)")] = None,
) -> None:
    """Write what readers' votes settle, as data for evaluate.

    An answer voted up is gold; a refusal voted up is a question that the article does not answer. What no vote settles is
    left out, and counted on stderr. The rows have the form of seeds/questions.jsonl, and calibrate takes them too; they name
    the articles' files as seen from FILE's folder, or from here.
    """
    settings = _settings(feedback, index)
    from index.sources.files import find_documents
    from qa.evaluation.files import write_text
    from qa.feedback.export import export as rows_of
    from qa.feedback.reading import read_rows
    from qa.startup import article_paths

    # The rows name files that evaluate can read: of other kinds of documents there is none to name.
    documents = find_documents(article_paths(settings)).documents
    files = [document.path for document in documents if document.kind == "text" and document.url is None]
    found = rows_of(read_rows(_file(settings)), files, (out.parent if out is not None else Path()).resolve())
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in found.rows)
    if out is not None:
        write_text(out, lines)
    else:
        print(lines, end="")
    unanswerable = sum(not row["answers"] for row in found.rows)
    told = f"{_counted(len(found.rows), 'question')}, {unanswerable} of them not answered by the article"
    typer.echo(told + (f", in {printable(str(out))}" if out is not None else ""), err=True)
    for reason, count in found.left_out.items():
        typer.echo(f"left out: {_counted(count, 'question')} {reason}", err=True)


@feedback.command(cls=Command)
def report(
    feedback: FileOption = None,
    top: Annotated[int, typer.Option(metavar="N", min=1, help="questions of each list that are shown")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="write all of it as JSON, and nothing else")] = False,
) -> None:
    """Tell what readers asked in vain, and what they voted down.

    What the article does not answer comes first, the most asked at the top; questions in nearly the same words are one.
    """
    settings = _settings(feedback, None)
    from qa.feedback.reading import read_rows
    from qa.feedback.report import report as reports_of

    file = _file(settings)
    reports = reports_of(read_rows(file))
    if as_json:
        print(json.dumps({"articles": [one.as_dict() for one in reports]}, ensure_ascii=False, indent=1))
        return
    if not reports:
        print(f"{printable(str(file))}: nothing has been asked yet")
    for one in reports:
        print("\n".join(_lines(one, top)), end="\n\n")


def _settings(feedback: Path | None, index: Path | None) -> "Settings":
    from qa.settings import load_settings

    return load_settings(feedback=feedback, index=index)


def _file(settings: "Settings") -> Path:
    """:raises SettingsError: no file is named."""
    if settings.feedback is None:
        raise SettingsError("no feedback file is named; name one with --feedback FILE, or in ARTICLE_QA_FEEDBACK")
    if not settings.feedback.is_file():
        raise FeedbackError(
            f"{settings.feedback}: there is no such file; a server makes it, and keeps what it is asked there"
        )
    return settings.feedback


def _lines(report: "ArticleReport", top: int) -> Iterator[str]:
    import sys

    terminal = Terminal.of(sys.stdout)
    yield terminal.bold(printable(report.article_id))
    days = f"{report.first_asked[:10]} to {report.last_asked[:10]}"
    yield (
        f"  {_counted(report.questions, 'question')}, asked {_counted(report.asked, 'time')} from {days}; answered "
        f"{report.answered}, refused {report.asked - report.answered}; {_counted(report.up, 'vote')} up, {report.down} down"
    )
    for heading, groups in (
        ("Asked, and not answered by the article", report.unanswered),
        ("Refused, though readers say that the article answers it", report.wrongly_refused),
        ("Answered, and voted down", report.wrong),
    ):
        if groups:
            yield ""
            yield f"  {terminal.bold(heading)}"
            yield from _listed(groups, top, terminal)


def _listed(groups: "Sequence[Group]", top: int, terminal: Terminal) -> Iterator[str]:
    width = len(str(max(group.count for group in groups)))
    for group in groups[:top]:
        votes = [f"{number} {name}" for name, number in (("up", group.up), ("down", group.down)) if number]
        notes = [*([f"and {len(group.others)} alike"] if group.others else []), *votes]
        aside = terminal.dim(f"  ({', '.join(notes)})") if notes else ""
        yield f"  {group.count:>{width + 2}} {terminal.sign('×', 'x')}  {printable(group.question)}{aside}"
        for answer in group.answers:
            yield f"  {'':>{width + 6}}{terminal.dim('shown:')} {printable(answer)}"
    if len(groups) > top:
        yield terminal.dim(f"  {'':>{width + 6}}{len(groups) - top} more; --top shows them")


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' * (number != 1)}"
