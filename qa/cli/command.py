"""How every command reads its arguments: all bad ones are reported at once."""

from collections.abc import Iterator
from typing import Any

import typer
from typer.core import TyperCommand

from index.errors import SettingsError

PROGRAM = "python -m qa"


class Command(TyperCommand):
    """A command whose complaint names every bad argument, where typer's names the first."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the signature is typer's
        """`[OPTIONS] QUESTION`: arguments by their metavars, as typer would, but without its braces."""
        arguments = [param.metavar for param in self.params if param.param_type_name == "argument"]
        return [name for name in (self.options_metavar, *arguments) if name]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """:raises SettingsError: an argument cannot be used; the message names each."""
        problems = [problem.rstrip(".") for problem in self._problems(ctx, list(args))]
        if problems:
            raise SettingsError("; ".join(problems) + _see_help(ctx.command_path))
        return super().parse_args(ctx, args)

    def _problems(self, ctx: Any, args: list[str]) -> Iterator[str]:
        """What typer would say about each bad argument; it prints the help and ends when `args` ask for it."""
        parser = self.make_parser(ctx)
        unknown = False
        while True:
            try:
                values, extra, _ = parser.parse_args(args=list(args))
                break
            except typer.TyperException as error:
                yield error.format_message()
                unknown = True
                wrong = [arg for arg in args if arg.partition("=")[0] == getattr(error, "option_name", None)]
                if not wrong:
                    return  # as in "-xyz", of which the error names "-y": the next call tells the rest
                args.remove(wrong[0])
        for param in sorted(self.get_params(ctx), key=lambda param: not param.is_eager):
            try:
                _, extra = param.handle_parse_result(ctx, values, extra)
            except typer.TyperException as error:
                found = values.get(param.name)
                yield error.format_message() if found is None else f"{param.opts[0]} {found}: {error.message}"
        if extra and not unknown:  # the word behind an unknown option may have been its value
            yield f"unexpected {' '.join(extra)}"


def usage_error(error: typer.TyperException) -> str:
    """What is wrong with how a command was called, and where to look, in one line."""
    context = getattr(error, "ctx", None)
    return error.format_message().rstrip(".") + _see_help(context.command_path if context else PROGRAM)


def _see_help(command: str) -> str:
    return f"; see {command} --help"
