"""What attackers type, by what it is for. Each is put wherever text from outside goes; `canary()` is what they want run."""

from index.article import Article, article_from_text

CANARY = "canary()"

PAYLOADS = {
    "script": f"<script>{CANARY}</script>",
    "image": f'"><img src=x onerror={CANARY}>',
    "svg": f"<svg/onload={CANARY}><style>*{{background:url(//evil.example/x)}}</style>",
    "attribute": f'" onmouseover="{CANARY}" autofocus onfocus={CANARY} x=\'',
    "closing": f"--></script></style></textarea></title></details></blockquote></article><script>{CANARY}</script>",
    "base": '<base href="//evil.example/"><meta http-equiv=refresh content="0;url=//evil.example">',
    "template literal": "${" + CANARY + "} `${" + CANARY + "}` \\${" + CANARY + "}",
    "handlebars": '{{constructor.constructor("' + CANARY + '")()}} {{{x}}} {{#each this}}{{/each}}',
    "jinja": "{{7*7}} {% for x in () %} {# x #}",
    "python": "$title ${id} {0.__class__} %(x)s %n",
    "markdown link": f"[x](javascript:{CANARY}) ![i](//evil.example/i.png) <javascript:{CANARY}> [a]: //evil.example",
    "markdown blocks": f"\n\n<details open ontoggle={CANARY}>\n\n# head\n\n```html\n<b>\n```\n\n---\n",
    "latex": f"$$\\href{{javascript:{CANARY}}}{{x}}$$ \\(x\\)",
    "traversal": "../../../../../../etc/passwd",
    "traversal encoded": "..%2f..%2f%2e%2e/%252e%252e/etc/passwd",
    "traversal windows": "..\\..\\..\\windows\\win.ini",
    "absolute": "/etc/passwd",
    "terminal": "\x1b]0;owned\x07\x1b[2Jx\x08\x7f\x9b31m",
    "log": 'x\r\nERROR forged line\n{"level": "error", "forged": true}\u2028forged\x85forged',
    "bidi": "\u202egnp.exe \u2066x \u2067y \u061c\u200f",
    "half a pair": "who \ud800 and \udfff",
    "nul": "who\0?",
    "invisible": "M\u200bu\u2060s\ufeffk\u00ad? \U000e0068\U000e0069",
    "normalised": f"＜script＞{CANARY}＜/script＞ ﬁ Å K Å ﷺ ﷽",
    "clusters": "e" + "\u0301" * 300 + "\U0001f468\u200d\U0001f680" * 50,
    "sql": "'; DROP TABLE asked; --",
    "long": "w" * 3_000,
}
"""None is a question that the article answers; most hold a word, so that they are asked."""

LINE = "x" * 2_000_000
"""A line that no limit lets through."""

FRONT_MATTER = {"title", "source"}
"""Fields of an article's head that hold any words."""

_UNREADABLE = ("half a pair", "nul")
"""What no article can hold: it is refused before."""


def hostile_articles() -> list[Article]:
    """An article for each payload that one can hold: the payload is its title, its source, and in three of its sentences."""
    return [_article(name, payload) for name, payload in PAYLOADS.items() if name not in _UNREADABLE]


def _article(name: str, payload: str) -> Article:
    line = " ".join("".join(one for one in payload if one.isprintable() or one.isspace() or one > "\x9f").split())
    text = (
        f"Water on the Moon\n\nThe harbour of Skerrow {payload} was built in 1847 by Agnes Tolmie. "
        f"Then {payload} said nobody came.\n\n- {payload}\n\n![{payload}](x)\n\nThe end of it was seen by Kirill in 2031."
    )
    identity = name.replace(" ", "-")
    return article_from_text(text, id=identity, title=f"T {line}", source=line, url="https://example.org/?<script>&'\"")
