"""What an overview is asked of: the article as a whole, its people, organisations, places, countries, numbers or dates.

Only a message that is nothing but such a wish is taken, in English or Hebrew, the languages of the interface: "What is this
about?" is one, "What is the mission about?" a question. A wish names the article ("this", "the text") or nothing at all.
"""

import re
from typing import Literal

from qa.question import folded

Focus = Literal["gist", "people", "organisations", "places", "countries", "numbers", "dates"]

# "The report" may be one that the article is about; "this report" is the article.
_ARTICLE = (
    r"(?:(?:this|that|your)(?: (?:whole|entire|full|news))? (?:article|text|story|piece|page|report|post|document|write up)"
    r"|the(?: (?:whole|entire|full|news))? (?:article|text|story|piece)|this|it|here)"
)
_OF_IT = rf"(?: (?:(?:in|of|from|for|by|about|on) )?{_ARTICLE})"
_WISH = (
    r"(?:(?:ok|okay|so|well|hi|hello|hey|please|just|quickly|briefly) )*"
    r"(?:(?:can|could|would|will) you (?:please |quickly |briefly |just )?)?"
    r"(?:i (?:want|need|would like|d like) (?:to (?:know|see|have|get) )?)?"
)
_GIVE = r"(?:(?:give|tell|show|get|list|name|find|extract|write|provide|make)(?: me| us)?(?: all)?(?: of)? )"
_LENGTH = (
    r"(?:(?:a |one |two |three |four |five |\d+ |a few |a couple of |short |simple |bullet |plain )*"
    r"(?:sentences?|words?|lines?|bullets|points?|paragraphs?|terms|brief|short|nutshell|english|general))"
)
_TAIL = rf"(?: (?:please|thanks|thank you|for me|for us|briefly|quickly|shortly|again|in {_LENGTH}))*"
_MAIN = (
    r"(?:(?:main|key|most important|important|central|principal|major|essential|core|relevant|big|short|brief|quick|concise|"
    r"general|simple) )*"
)
_POINTS = (
    r"(?:points?|ideas?|facts?|takeaways?|take aways?|findings?|messages?|highlights?|topics?|details?|"
    r"arguments?|claims?)"
)
_SUMMARY = (
    r"(?:summary|overview|gist|outline|recap|synopsis|rundown|tl dr|tldr|digest|short version|long story short|"
    r"(?:big|main|central|key|core) (?:picture|idea|message|point|topic|theme|subject))"
)
_MENTIONED = (
    r"(?: (?:mentioned|named|featured|discussed|cited|listed|referred to|talked about|that (?:it|this|the article) mentions)|"
    r" (?:that|which) (?:are|is) (?:mentioned|named|in it))"
)
_APPEARS = rf"(?:{_MENTIONED}{_OF_IT}?|(?: (?:involved|included|quoted|present|given))?{_OF_IT})"
_MENTIONS = r"(?:mention|name|list|feature|discuss|talk about|refer to|give|contain|include|cite|cover|speak of)"

_GIST = (
    rf"(?:what(?: is|s| s| was) )?{_ARTICLE} (?:is )?(?:all |mainly |basically |mostly |actually |really )*about",
    rf"what (?:does|do|did) {_ARTICLE} (?:say|tell(?: me| us)?|talk about|discuss|cover|describe|explain|deal with|report)",
    rf"what (?:is|s)(?: being)? (?:said|discussed|reported|described|covered){_OF_IT}",
    rf"(?:summari[sz]e|sum up|recap|outline|condense|explain)(?: {_ARTICLE}| the {_MAIN}{_POINTS}{_OF_IT}?)",
    rf"(?:summari[sz]e|sum(?: it| this)? up|recap)(?: {_ARTICLE})?",
    rf"(?:{_GIVE}|what (?:is|s) )?(?:a |an |the |your )?{_MAIN}{_SUMMARY}{_OF_IT}?",
    rf"what (?:is|s) the (?:topic|subject|theme|point|message|idea|story){_OF_IT}",
    rf"(?:what (?:are|is|were|s) |{_GIVE})(?:the |some |its )?{_MAIN}(?:{_POINTS}{_OF_IT}|(?:takeaways?|highlights))",
    rf"(?:what (?:are|is|s) |{_GIVE})?(?:the |its )?"
    rf"(?:(?:main|key|most important|important|central|principal|major) )+{_POINTS}",
    rf"(?:{_MAIN}{_POINTS}{_OF_IT}|takeaways?|highlights|(?:what are |just )?the facts)",
    rf"what (?:should|do|must) (?:i|we) (?:need to |have to )?know(?: about {_ARTICLE})?",
    rf"tell (?:me|us) (?:more )?about {_ARTICLE}|tell (?:me|us) what {_ARTICLE} (?:is (?:all )?about|says)",
    rf"in {_LENGTH}",
    r"(?:(?:על )?מה (?:ה(?:כתבה|מאמר|טקסט|סיפור)|זה|זאת)(?: (?:הזאת|הזו|הזה|עוסקת|עוסק|אומרת|אומר))?"
    r"|על מה (?:מדובר|מדברת הכתבה))",
    r"(?:במה|על מה) (?:עוסקת|עוסק|מדברת|מדבר) ה(?:כתבה|מאמר|טקסט)(?: הזאת| הזו| הזה)?",
    r"(?:אפשר |תן לי |תני לי )?(?:סכם|סכמי|תסכם|תסכמי|לסכם|סיכום|תקציר|תמצית|תמצת)(?: לי)?"
    r"(?: (?:את|של))?(?: ה(?:כתבה|מאמר|טקסט))?(?: בקצרה)?",
    r"(?:מהם? |מה |תן לי )?(?:ה?עיקר(?:י הדברים|י ה(?:כתבה|מאמר))|ה?נקודות ה(?:עיקריות|מרכזיות|חשובות))"
    r"(?: (?:של|ב)? ?ה?(?:כתבה|מאמר))?",
)


def _listing(nouns: str, *, bare: str = "") -> tuple[str, ...]:
    """The ways to ask for the `nouns` of an article; those of `bare` ask so by themselves ("dates")."""
    named = rf"{_MAIN}(?:{nouns})"
    return (
        rf"(?:what|which)(?: are| were)?(?: the| all the)? {named}(?: (?:is|are|was|were|do|does|did|get|gets))?{_APPEARS}",
        rf"(?:what|which) {named} (?:does|do|did|is|are) {_ARTICLE} {_MENTIONS}",
        rf"{_GIVE}(?:the |some |any |a |all the |its )?{named}{_APPEARS}?",
        rf"(?:any |all |all the |the )?{named}{_APPEARS}",
        rf"(?:(?:are|is) there|does {_ARTICLE} {_MENTIONS}) (?:any |some ){named}{_APPEARS}?",
        *((rf"(?:the |any )?{_MAIN}(?:{bare})",) if bare else ()),
    )


_PATTERNS: dict[Focus, tuple[str, ...]] = {
    "gist": _GIST,
    "people": (
        *_listing(
            r"(?:people|persons|names|individuals|personalities|characters|protagonists|names of (?:the )?people|players)"
            r"(?: (?:and )?(?:organi[sz]ations|companies|places|countries))*|who s who",
            bare=r"people|persons|names|who s who",
        ),
        rf"who (?:all )?(?:is|are|s|gets?) (?:all )?(?:mentioned|named|discussed|featured|talked about){_OF_IT}?",
        rf"who (?:all )?(?:is|are|s|was|were|appears) (?:all )?(?:mentioned|named|discussed|featured|involved|talked about)?"
        rf" ?{_OF_IT.replace('(?: ', '(?:', 1)}",
        rf"who (?:all )?(?:does|do|did) {_ARTICLE} {_MENTIONS}|who (?:is|are|s) {_ARTICLE} about",
        rf"who are (?:all )?the {_MAIN}(?:people|persons|characters|players|protagonists|individuals)(?:{_APPEARS})?",
        r"(?:את )?(?:מי|אילו אנשים|איזה אנשים|מיהם האנשים ה?|אילו שמות) ?(?:מוזכרים|מוזכר|מוזכרת|נזכר|נזכרים|מופיע|מופיעים)"
        r"(?: ב(?:כתבה|מאמר|טקסט))?",
        r"מי האנשים(?: ב(?:כתבה|מאמר|טקסט))?",
    ),
    "organisations": (
        *_listing(
            r"organi[sz]ations?|companies|institutions|agencies|firms|businesses|corporations|organi[sz]ations and companies",
            bare=r"organi[sz]ations|companies|institutions|agencies",
        ),
        r"(?:אילו|איזה) (?:ארגונים|חברות|גופים|מוסדות)"
        r"(?: (?:מוזכרים|מוזכרות|נזכרים|נזכרות|מופיעים|מופיעות))?(?: ב(?:כתבה|מאמר|טקסט))?",
    ),
    "countries": (
        *_listing(r"countries|nations", bare=r"countries"),
        r"(?:אילו|איזה) (?:מדינות|ארצות)(?: (?:מוזכרות|נזכרות|מופיעות))?(?: ב(?:כתבה|מאמר|טקסט))?",
    ),
    "places": (
        *_listing(r"places|locations|geographical names", bare=r"places|locations"),
        r"(?:אילו|איזה) (?:מקומות|ערים)(?: (?:מוזכרים|מוזכרות|נזכרים|נזכרות|מופיעים|מופיעות))?(?: ב(?:כתבה|מאמר|טקסט))?",
    ),
    "numbers": (
        *_listing(
            r"(?:numbers|figures|statistics|stats|amounts|percentages|sums|data)"
            r"(?: and (?:numbers|figures|statistics|data))?",
            bare=r"numbers|figures|statistics|stats|numbers and figures|facts and figures",
        ),
        rf"what (?:are|were) (?:all )?the {_MAIN}(?:numbers|figures|statistics|stats)",
        r"(?:תן לי |תני לי |מה |מהם |אילו )?(?:את )?ה?(?:מספרים|נתונים)(?: (?:מוזכרים|מופיעים))?(?: ב(?:כתבה|מאמר|טקסט))?",
    ),
    "dates": (
        *_listing(
            r"dates(?: and times)?|timeline(?: of (?:the )?events)?|time line|chronology|dates and events",
            bare=r"dates|timeline(?: of (?:the )?events)?|time line|chronology",
        ),
        rf"what (?:is|s|are|were) (?:all )?the {_MAIN}(?:dates|timeline|time line|chronology)(?: of (?:the )?events)?",
        r"(?:תן לי |תני לי |מה |מהם |אילו )?(?:את )?ה?(?:תאריכים|ציר הזמן)(?: (?:מוזכרים|מופיעים))?(?: ב(?:כתבה|מאמר|טקסט))?",
    ),
}
_WISHES = {
    focus: re.compile(rf"{_WISH}(?:{'|'.join(patterns)}){_TAIL}(?: (?:בבקשה|תודה))?")
    for focus, patterns in _PATTERNS.items()
}
_LONGEST = 120
"""Code points; a longer message says more than such a wish, and is not searched for one."""


def focus_of(question: str) -> Focus | None:
    """What the whole message asks an overview of, or None for anything that may be a question.

    >>> focus_of("Who is mentioned in this article?"), focus_of("What is the mission about?")
    ('people', None)
    """
    message = folded(question)
    if len(message) > _LONGEST:
        return None
    return next((focus for focus, wish in _WISHES.items() if wish.fullmatch(message)), None)
