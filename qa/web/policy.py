"""The headers that tell a browser what a response may do and where it may be shown."""

import re
from typing import Final

from qa.web.origins import Origins

_CHAT: Final = (
    "default-src 'self'",
    "script-src 'self' 'unsafe-inline' 'unsafe-eval'",  # gr.HTML evaluates its template; Gradio's page is inline
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
)
"""Everything that is Gradio's, and everything not named below."""

_OWN: Final = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "frame-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
)
"""The pages that are written here: nothing inline, nothing evaluated, no markup from text."""

_OWN_PAGES: Final = re.compile(r"/docs|/widget|/embed/.+")
_FRAMED: Final = "/embed/"
_ANYWHERE: Final = "/widget.js"
"""Loaded by other sites' pages, whether they may ask or not: it is what tells them that they may not."""

_ALWAYS: Final = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",  # an address holds the reader's question
    "X-Content-Type-Options": "nosniff",
}


def security_headers(path: str, origins: Origins) -> dict[str, str]:
    """The headers of whatever is answered at `path`."""
    framed = path.startswith(_FRAMED)
    ancestors = origins.framing() if framed else "'self'"
    policy = _OWN if _OWN_PAGES.fullmatch(path) else _CHAT
    headers = {
        **_ALWAYS,
        "Content-Security-Policy": "; ".join((*policy, f"frame-ancestors {ancestors}")),
        "Cross-Origin-Resource-Policy": "cross-origin" if path == _ANYWHERE else "same-origin",
    }
    if path == _ANYWHERE:
        headers["Access-Control-Allow-Origin"] = "*"  # for `crossorigin` and `integrity` in the tag
    if not (framed and origins.allowed):
        headers["X-Frame-Options"] = "SAMEORIGIN"  # it knows no list, so it would contradict the other's
    return headers
