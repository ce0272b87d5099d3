"""`python -m qa serve`: the page, the widget and the API, as `app.py` serves them."""

from pathlib import Path
from typing import Annotated, Any

import typer

from qa.cli.command import Command
from qa.cli.options import IndexOption, StoreOption
from qa.cli.settings import shown


class ServeCommand(Command):
    """Its help closes with every setting of the environment, from the table of settings itself."""

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the names, meanings and defaults."""
        from qa.settings import ENV_PREFIX, Settings

        super().format_epilog(ctx, formatter)
        with formatter.section("Environment"):
            formatter.write_dl(
                (
                    f"{ENV_PREFIX}{name.upper()}",
                    f"{field.description} (default: {shown(field.get_default(call_default_factory=True))})",
                )
                for name, field in Settings.model_fields.items()
            )


def serve(
    more: Annotated[list[Path] | None, typer.Argument(metavar="", hidden=True)] = None,
    article: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE ...", help="articles to serve (default: those of the index, at first seeds/article.md)"
        ),
    ] = None,
    index: IndexOption = None,
    store: StoreOption = None,
    host: Annotated[
        str | None, typer.Option(metavar="HOST", help="address the server listens on (default: 127.0.0.1)")
    ] = None,
    port: Annotated[
        int | None, typer.Option(metavar="PORT", help="port the server listens on; 0 takes a free one (default: 7860)")
    ] = None,
) -> None:
    """Serve the page and the API.

    The index is built first where there is none, or its articles have changed; what a store holds is served as it is.
    """
    from qa.settings import load_settings
    from qa.web.serve import serve as run

    # `--article a.md b.md` as well as `--article a.md --article b.md`: what follows the option's value is an argument.
    articles = [*(article or []), *(more or [])] or None
    settings = load_settings(index=index, articles=articles, store=store, host=host, port=port)
    run(settings, announce=lambda address: print(f"Ask at {address}  (Ctrl-C stops)", flush=True))
