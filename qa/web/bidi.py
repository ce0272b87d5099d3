"""Text that turns direction, kept from turning what stands behind it: a citation must not read as something that it is not.

A span with `unicode-bidi: isolate` is not enough: what the text opens and leaves open, the browser's own mark does not close.
"""

from typing import Final

_POP, _POP_ISOLATE = "\u202c", "\u2069"
_CLOSES: Final = dict.fromkeys("\u202a\u202b\u202d\u202e", _POP) | dict.fromkeys("\u2066\u2067\u2068", _POP_ISOLATE)


def closing(text: str) -> str:
    """The marks that close what `text` opens of embeddings, overrides and isolates (UAX #9, 3.1); mostly none.

    >>> [f"{ord(mark):04X}" for mark in closing("a \\u202eb \\u2066c")]
    ['2069', '202C']
    """
    opened: list[str] = []
    for char in text:
        if char in _CLOSES:
            opened.append(_CLOSES[char])
        elif char == _POP and opened[-1:] == [_POP]:
            opened.pop()
        elif char == _POP_ISOLATE and _POP_ISOLATE in opened:
            while opened.pop() != _POP_ISOLATE:  # with it goes what was opened inside
                pass
    return "".join(reversed(opened))
