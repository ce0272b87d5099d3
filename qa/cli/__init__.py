"""The command line: `python -m qa build|ask|evaluate|calibrate|bench|capacity|verify|settings|mcp|serve|feedback`.

Exit status: 0 done (a refusal is an answer), 1 a check failed, 2 unusable input, 130 interrupted, 141 when whatever read
the output went away. Each command imports what it needs when it runs, so that help and complaints come at once.
"""

import sys
from collections.abc import Sequence

import typer

from index.errors import ArticleQAError
from qa.cli.ask import ask
from qa.cli.bench import bench
from qa.cli.build import build
from qa.cli.calibrate import calibrate
from qa.cli.capacity import capacity
from qa.cli.command import PROGRAM, Command, usage_error
from qa.cli.evaluate import evaluate
from qa.cli.feedback import feedback
from qa.cli.mcp import mcp
from qa.cli.messages import complain, drop_output, logged
from qa.cli.serve import ServeCommand, serve
from qa.cli.settings import settings
from qa.cli.verify import verify

READER_GONE = 141
"""Exit status when whatever read stdout has closed it: that of a program ended by SIGPIPE, 128 + 13."""

app = typer.Typer(
    help="Ask an article a question; get the exact words that answer it, cited, or a plain refusal.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for _command in (build, ask, evaluate, calibrate, bench, capacity, verify, settings, mcp):
    app.command(cls=Command)(_command)
app.command(cls=ServeCommand)(serve)
app.add_typer(feedback)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command, `sys.argv`'s by default; its exit status. What it cannot use is told in a line on stderr."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        with logged():
            status = app(args=arguments, prog_name=PROGRAM, standalone_mode=False)
            sys.stdout.flush()
            return int(status or 0)
    except (BrokenPipeError, SystemExit) as error:
        if isinstance(error, SystemExit) and not isinstance(error.__context__, BrokenPipeError):
            raise
        drop_output()
        return READER_GONE
    except ArticleQAError as error:
        complain(str(error), getattr(error, "problems", ()))
    except typer.TyperException as error:
        complain(usage_error(error))
    except OSError as error:
        drop_output()  # where it was standard output that failed, it would fail again when Python closes it
        complain(
            f"{error.filename or 'output'}: {error.strerror or error}; free or choose another place and run it again"
        )
    return 2
