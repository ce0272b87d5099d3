"""`python -m qa mcp`: the articles as tools for assistants that speak the Model Context Protocol."""

import sys
from typing import Annotated

import typer

from index.errors import SettingsError
from qa.cli.options import IndexOption

PORT = 7861


def mcp(
    http: Annotated[bool, typer.Option("--http", help="serve over HTTP instead of standard input and output")] = False,
    host: Annotated[
        str | None, typer.Option(metavar="HOST", help="with --http: address it listens on (default: 127.0.0.1)")
    ] = None,
    port: Annotated[
        int | None, typer.Option(metavar="PORT", help=f"with --http: port; 0 takes a free one (default: {PORT})")
    ] = None,
    index: IndexOption = None,
) -> None:
    """Serve the articles as tools to assistants, over MCP.

    Its package is optional: python -m pip install -r requirements-mcp.txt
    """
    from qa.settings import load_settings
    from qa.web.serve import serve_mcp, serve_mcp_stdio

    if not http and (host is not None or port is not None):
        raise SettingsError("--host and --port are of no use over standard input and output; add --http.")
    # Not the page's address from the environment: the two may run side by side, and this one is opened only when told.
    settings = load_settings(index=index, host=host or "127.0.0.1", port=PORT if port is None else port)
    if http:
        serve_mcp(settings, announce=lambda address: print(f"MCP at {address}  (Ctrl-C stops)", file=sys.stderr))
    else:
        serve_mcp_stdio(settings)
