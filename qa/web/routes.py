"""The route of a request's path, as logs and metrics name it: one of a few, whatever a client may ask for."""

import re
from typing import Final

OTHER: Final = "other"
"""Whatever is served nowhere."""

CONNECTION: Final = "connection"
"""What a connection refused before there was a request, so that no path is known; no path is named so."""

_EXACT: Final = frozenset(
    (
        *("/", "/api/v1/ask", "/api/v1/ask:batch", "/api/v1/feedback", "/api/v1/articles"),
        *("/healthz", "/readyz", "/metrics", "/openapi.json", "/docs", "/widget.js", "/widget", "/favicon.ico"),
        *("/config", "/theme.css", "/gradio_api/info", "/gradio_api/app_id", "/gradio_api/queue/join"),
        *("/gradio_api/queue/data", "/gradio_api/call/ask", "/gradio_api/call/v2/ask", "/mcp"),
    )
)

_BELOW: Final = (
    (re.compile(r"/api/v1/articles/.*", re.DOTALL), "/api/v1/articles/{id}"),
    (re.compile(r"/(embed|reading)/.+", re.DOTALL), r"/\1/{id}"),
    (re.compile(r"/(ui|assets|static)/.*", re.DOTALL), r"/\1/{file}"),
    (re.compile(r"/gradio_api/call/(v2/)?ask/\w+"), r"/gradio_api/call/\1ask/{event}"),
)

METHODS: Final = frozenset(("GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"))


def route_of(path: str) -> str:
    """The route's template.

    >>> route_of("/api/v1/articles/moon"), route_of("/ui/tokens.css"), route_of("/wp-login.php")
    ('/api/v1/articles/{id}', '/ui/{file}', 'other')
    """
    if path in _EXACT:
        return path
    for pattern, template in _BELOW:
        if (found := pattern.fullmatch(path)) is not None:
            return found.expand(template)
    return OTHER


def method_of(method: str) -> str:
    """The method, or `other`: clients may make up their own."""
    return method if method in METHODS else OTHER
