"""From settings to a server that answers: claim the port, get an index, build the application, run it."""

import errno
import logging
import os
import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack, redirect_stdout, suppress
from typing import TYPE_CHECKING, Any

from index.errors import SettingsError
from qa.settings import Settings
from qa.web.logs import written

if TYPE_CHECKING:
    import uvicorn
    from starlette.types import ASGIApp

    from qa.web.limits import Limits
    from qa.web.metrics import Metrics
    from qa.web.workers import Workers

log = logging.getLogger(__name__)


def serve(settings: Settings, announce: Callable[[str], None] | None = None) -> None:
    """Serve until interrupted; `announce` is called with the page's address once it can be opened.

    :raises SettingsError: the address cannot be listened on.
    :raises ArticleQAError: there is no article, encoder or index to answer from.
    """

    with written(settings), ExitStack() as watching:

        def made(workers: "Workers", limits: "Limits") -> "ASGIApp":
            from qa.live import live_pipeline
            from qa.web.server import create_app

            return create_app(watching.enter_context(live_pipeline(settings)), settings, workers, limits)

        run_server(settings, made, announce)


def serve_mcp(settings: Settings, announce: Callable[[str], None] | None = None) -> None:
    """The same with the Model Context Protocol server; its address ends in its path.

    :raises SettingsError: its package is not installed, or the address cannot be listened on.
    :raises ArticleQAError: there is no article, encoder or index to answer from.
    """
    from qa.web.mcp_server import MCP_PATH, mcp_app, mcp_server, refuse_without_mcp

    refuse_without_mcp()

    def made(workers: "Workers", limits: "Limits") -> "ASGIApp":
        from qa.live import live_pipeline

        live = watching.enter_context(live_pipeline(settings, progress=False))
        return mcp_app(mcp_server(live, workers, limits), settings, workers, live)

    with written(settings), ExitStack() as watching:
        run_server(settings, made, None if announce is None else lambda place: announce(place + MCP_PATH))


def serve_mcp_stdio(settings: Settings) -> None:
    """Serve the program that started this one, over standard input and output, until it closes them.

    :raises SettingsError: the package is not installed.
    :raises ArticleQAError: there is no article, encoder or index to answer from.
    """
    from qa.web.mcp_server import mcp_server, refuse_without_mcp

    refuse_without_mcp()
    from qa.live import live_pipeline
    from qa.web.limits import Limits
    from qa.web.workers import Workers

    with ExitStack() as watching:
        with redirect_stdout(sys.stderr):  # what a library prints while it loads is no message of the protocol
            live = watching.enter_context(live_pipeline(settings, progress=False))
            server = mcp_server(live, Workers.of(settings), Limits.of(settings))
        with suppress(KeyboardInterrupt):
            server.run("stdio")


def run_server(
    settings: Settings, make: Callable[["Workers", "Limits"], "ASGIApp"], announce: Callable[[str], None] | None
) -> None:
    """Serve what `make` makes until the process is told to end (`qa/web/stopping.py`).

    The port is claimed before anything heavy is imported, so a taken one is told at once.
    """
    listener = claim_port(settings.host, settings.port)
    try:
        from qa.web.limits import Limits
        from qa.web.stopping import StoppableServer
        from qa.web.workers import Workers

        workers, limits = Workers.of(settings), Limits.of(settings)
        config = server_config(make(workers, limits), settings, workers.metrics)
        listener.listen(128)
        if announce is not None:
            announce(address(settings.host, listener))
        told = {"address": address(settings.host, listener), "process": os.getpid(), "workers": workers.size}
        log.info("start", extra={"fields": told})
        StoppableServer(config, workers, limits).run(sockets=[listener])
        log.info("stop", extra={"fields": told})
    finally:
        listener.close()


def server_config(app: "ASGIApp", settings: Settings, metrics: "Metrics | None" = None, **more: Any) -> "uvicorn.Config":
    """How uvicorn serves `app`: over connections that are bounded, and without believing anybody's X-Forwarded-For.

    :param metrics: count what connections refuse. :param more: of uvicorn's own settings.
    """
    import uvicorn

    from qa.web.connections import bounded_protocol
    from qa.web.metrics import Metrics
    from qa.web.stopping import GRACE

    told = {"log_level": "warning", "access_log": False, "timeout_graceful_shutdown": GRACE, **more}
    return uvicorn.Config(
        app,
        http=bounded_protocol(settings, metrics or Metrics()),
        ws="none",
        log_config=None,  # qa/web/logs.py says how, for all that is logged
        h11_max_incomplete_event_size=settings.header_bytes,
        proxy_headers=False,  # qa/web/clients.py reads them, of proxies that are trusted
        server_header=False,
        **told,
    )


def claim_port(host: str, port: int) -> socket.socket:
    """A socket bound to the address, not yet listening; port 0 takes a free one.

    :raises SettingsError: the port is taken or not allowed, or the host is not this machine's.
    """
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        raise SettingsError(f"The host {host!r} is not an address of this machine; try --host 127.0.0.1.") from error
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(place)
    except OSError as error:
        listener.close()
        raise SettingsError(_why_not(error, host, port)) from error
    return listener


def address(host: str, listener: socket.socket) -> str:
    """The page's address as a person types it; a wildcard host is named by loopback."""
    port = listener.getsockname()[1]
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104 (a name, not bound)
    return f"http://{name}:{port}"


def _why_not(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is in use; stop what uses it or choose another with --port."
    if error.errno == errno.EACCES:
        return f"Port {port} is reserved for the system's administrator; choose one above 1023 with --port."
    return f"Cannot listen on {host} port {port}: {error.strerror}; try --host 127.0.0.1."
