"""What a web page says around an article, in a line of its own: "Subscribe to The Jerusalem Post Newsletter".

A line is boilerplate only when the *whole* line is one of the set phrases below, which are English. A sentence that
mentions them ("Netflix asked users to subscribe to its newsletter.") goes on before or after the phrase, and speech
(`"Subscribe to our newsletter!"`) has its quotation marks, so neither matches: an answer lost is worse than a stray line.
"""

import re

CREDIT = re.compile(
    r"[(\[]\s*(?:(?:photo|photograph|image|picture|illustration|graphic|video)s?\s*"
    r"(?:credits?|courtesy(?:\s+of)?|by|source)?|credits?)\s*(?::|\bby\b|\bcourtesy\b)[^()\[\]]{0,150}[)\]]\s*\Z",
    re.IGNORECASE,
)
"""A credit as photographs have it: "(photo credit: X)", "(Image: X)", "[Photo by X]"; at the end of a line."""

_MAX_LENGTH = 120
_MAX_LINE = 1000  # with the addresses of its links
# A name of up to six words without punctuation that ends a clause: "The Jerusalem Post", "Ha'aretz & Co.".
_NAME = r"(?:[\w&'.-]+ ){0,6}"
_NETWORK = r"(?:facebook|twitter|x|instagram|linkedin|youtube|tiktok|telegram|whatsapp|bluesky|threads|mastodon)"

_PHRASES = (
    # newsletters and accounts
    rf"(?:subscribe|sign up|signup|register)(?: (?:now|today|here))? (?:to|for) {_NAME}"
    r"(?:newsletters?|news letters?|mailing list|(?:e-?mail|news) (?:alerts?|updates?))(?: (?:now|today|here|for free))?",
    r"(?:subscribe|sign up|signup|sign in|log in|register|join)(?: (?:now|today|here|for free))?",
    r"already a (?:subscriber|member)(?:\? ?(?:log|sign) in(?: here)?)?",
    r"get (?:our|the) (?:daily |weekly |free |morning )*newsletters?",
    r"(?:stay|keep) (?:updated|up to date|informed|tuned|connected)"
    r"(?: with (?:the |our |all the )?(?:latest|breaking|daily)(?: (?:news|updates|headlines|stories))?)?",
    # advertising
    r"advertisements?|sponsored(?: content)?|paid content|promoted content",
    r"(?:the )?(?:story|article) continues (?:below|after)(?: (?:this |the )?(?:advertisement|ad))?",
    r"scroll (?:down )?to continue(?: reading)?",
    # onward links
    r"(?:continue|keep) reading(?: below)?|(?:read|learn|see|show) more(?: here)?|(?:click|tap) here(?: for more)?",
    r"(?:read more|read also|also read|read next|see also|more on this|related (?:articles?|stories|story))\s*: .+",
    r"(?:related|recommended|popular|trending|more|top)(?: (?:articles?|content|stories|news|topics|posts|videos))"
    r"(?: for you)?",
    r"(?:recommended for you|you (?:may|might)(?: also)? like(?: this)?|trending now|most (?:read|popular|viewed))",
    # sharing, comments, applications
    rf"share(?: this)?(?: (?:article|story|post|page))?(?: (?:on|via) {_NETWORK})?",
    rf"follow us(?: (?:on|at) {_NETWORK}(?:(?:, | and |, and ){_NETWORK})*)?",
    r"(?:post|leave|write|add) a comment|(?:show|view|see)(?: all)? comments|comments? \(\d+\)",
    r"download (?:our|the) (?:free |mobile )*app(?: (?:now|today|here))?",
    r"(?:skip to (?:main )?content|back to top)",
    r"(?:copyright )?© ?(?:copyright )?\d{4}\b[^.!?]{0,60}(?:\. ?all rights reserved)?|all rights reserved",
)
_BOILERPLATE = re.compile("|".join(f"(?:{phrase})" for phrase in _PHRASES), re.IGNORECASE)
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()]*\)")
_AROUND = " \t*_#>|·•→»›-–—.!…:"


def is_boilerplate(line: str) -> bool:
    """Whether this line, alone in its block, is a set phrase of a web page and no part of the article."""
    if len(line) > _MAX_LINE:
        return False
    core = " ".join(_LINK.sub(r"\1", line).replace("’", "'").strip(_AROUND).split())
    return len(core) <= _MAX_LENGTH and _BOILERPLATE.fullmatch(core) is not None
