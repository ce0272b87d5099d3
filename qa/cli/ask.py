"""`python -m qa ask`: one question, answered on the terminal or as JSON."""

import json
import re
import sys
from contextlib import redirect_stdout
from itertools import islice
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from index.errors import ArticleError, ArticleQAError, QuestionError, SettingsError
from qa.cli.messages import waiting
from qa.cli.options import IndexOption, StoreOption

if TYPE_CHECKING:
    from qa.pipeline import QAPipeline
    from qa.settings import Settings

MOST_NAMED = 10
"""Articles that are named where another was asked for."""


def ask(
    question: Annotated[list[str], typer.Argument(metavar="QUESTION", hidden=True)],
    as_json: Annotated[bool, typer.Option("--json", help="write the Answer as JSON, and nothing else")] = False,
    top_k: Annotated[int, typer.Option(metavar="K", min=1, max=10, help="most citations to give")] = 3,
    article: Annotated[
        str | None, typer.Option(metavar="ID", help="ask this article only, by its id or URL; without, all")
    ] = None,
    index: IndexOption = None,
    store: StoreOption = None,
) -> None:
    """Answer a question in the articles' own words.

    Where none of them says, that is the answer, with the nearest sentences beside it.
    """
    from qa.settings import load_settings

    settings = load_settings(index=index, store=store)
    asked = _checked(" ".join(question), article, settings)
    # Whatever a library prints while it loads must not end up in the JSON.
    with waiting("Reading …"), redirect_stdout(sys.stderr):
        pipeline = _pipeline(settings)
        answer = pipeline.answer(asked, article=article, top_k=top_k)
    if as_json:
        print(_json(answer.as_dict(), sys.stdout))
        return
    from qa.cli.render import render_answer
    from qa.cli.terminal import Terminal

    terminal = Terminal.of(sys.stdout)
    margin = "\n" if terminal.styled else ""  # room between what a person typed and types next
    several = article is None and len(pipeline.index.articles) > 1
    print(margin + render_answer(answer, pipeline.index.article, terminal, archive=several) + margin)


def _pipeline(settings: "Settings") -> "QAPipeline":
    if settings.store is not None:
        from qa.stored.opening import store_pipeline

        return store_pipeline(settings)
    from qa.pipeline import QAPipeline

    return QAPipeline.load(settings.index, settings)


def _checked(question: str, article: str | None, settings: "Settings") -> str:
    """The question, fit to be asked. Everything that can be told without the models is told before they are loaded.

    :raises SettingsError: more than one argument cannot be used; else the error of the one that cannot.
    """
    from index.addresses import is_address
    from index.generations import read_manifest
    from qa.question import check_question
    from qa.startup import refuse_changed

    if settings.store is not None:  # which is asked when the models are there
        return check_question(question, settings.question_length)
    directory = settings.index
    problems: list[ArticleQAError] = []
    try:
        question = check_question(question, settings.question_length)
    except QuestionError as error:
        problems.append(error)
    try:
        refuse_changed(directory)
        known = {record.id: None for record in read_manifest(directory).articles}
        # What has which URL only the index itself tells.
        if article is not None and article not in known and not is_address(article):
            some = ", ".join(islice(known, MOST_NAMED)) + (", ..." if len(known) > MOST_NAMED else "")
            raise ArticleError(f"there is no article {article!r} in {directory}; it holds: {some}")
    except ArticleQAError as error:
        problems.append(error)
    if len(problems) > 1:
        raise SettingsError("; ".join(str(problem).rstrip(".") for problem in problems))
    if problems:
        raise problems[0]
    return question


def _json(fields: dict[str, object], stream: TextIO) -> str:
    """`fields` as JSON: indented for a person, a line for a program; nothing that a terminal would obey."""
    beyond_ascii = (stream.encoding or "").lower().replace("-", "") == "utf8"
    text = json.dumps(fields, ensure_ascii=not beyond_ascii, indent=2 if stream.isatty() else None)
    # JSON escapes the control characters below U+0020 by itself.
    return re.sub("[\x7f-\x9f\u202d\u202e]", lambda found: f"\\u{ord(found[0]):04x}", text)
