"""What kind of words a question asks for, as far as its own first words tell: a number, a time, a name. English only."""

import re

_ASKS = {
    "number": r"\bhow (?:many|much|old|tall|high|big|large|fast|far|heavy|wide|deep)\b(?! larger| smaller)"
    r"|\b(?:what|which) (?:percentage|number|amount|age)\b",
    "time": r"(?:^|, )(?:(?:since|until|from|by) )?when (?:did|was|were|is|are|will|do|does|could|can|would|has|have|had)\b"
    r"|\b(?:what|which) (?:year|date|day|month|century|decade)\b|\bhow (?:long|soon|late)\b",
    "name": r"(?:^|, )(?:(?:by|to|from|for|with|of) )?(?:who|whom|whose)\b",
}
_NUMBERS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million billion trillion "
    "dozen half third quarter once twice thrice double triple none no single both several few many most all majority "
    "first second"
)
_TIMES = (
    "january february march april may june july august september october november december monday tuesday wednesday "
    "thursday friday saturday sunday today yesterday tomorrow now day days week weeks month months year years decade "
    "decades century centuries hour hours minute minutes morning noon afternoon evening night midnight spring summer "
    "autumn fall winter age ages era period war before after until during since early late soon later immediately when"
)
_SAYS = {
    "number": re.compile(rf"\d|\b(?:{'|'.join(_NUMBERS.split())})(?:s|th)?\b", re.IGNORECASE),
    "time": re.compile(rf"\d|\b(?:{'|'.join((_TIMES + ' ' + _NUMBERS).split())})\b", re.IGNORECASE),
    "name": re.compile(r"\b[^\W\d_a-z]|\b(?:he|she|they|his|her|their)\b|\b\w+(?:s|er|or|ist|ian|man|men)\b"),
}
KINDS = tuple(_ASKS)
_ASKED = {kind: re.compile(pattern, re.IGNORECASE) for kind, pattern in _ASKS.items()}


def asked_for(question: str) -> str | None:
    """The kind of `KINDS` that the question asks for, by the question word that comes first in it; None when none tells.

    >>> asked_for("In what year did the ship leave, and who steered?")
    'time'
    """
    found = {kind: match.start() for kind, pattern in _ASKED.items() if (match := pattern.search(question))}
    return min(found, key=found.__getitem__) if found else None


def says(kind: str, text: str) -> bool:
    """Whether some word in the text could be of that kind; generous, so that a no means something.

    >>> says("number", "small-sized"), says("number", "a dozen")
    (False, True)
    """
    return bool(_SAYS[kind].search(text))
