"""Inputs that are the same in every run: seeds, altered as a fuzzer without coverage would alter them."""

import random
from collections.abc import Iterator, Sequence

TOKENS = (
    b"---\n",
    b"\n\n",
    b"\r\n",
    b"\x1e",
    b"\0",
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",  # half a surrogate pair, as no UTF-8 has it
    b"\xff\xfe",
    b"# ",
    b"![x](y)",
    b"(photo: X)",
    b"<script>canary()</script>",
    b"${canary()}",
    b"{{x}}",
    "\u202e".encode(),
    "\u2066".encode(),
    "\u200b".encode(),
    "\u00a0W. ".encode(),
    "\ufdfa".encode(),
    "e\u0301".encode(),
    "İ".encode(),
    "\U0001f468\u200d\U0001f680".encode(),
    b"[" * 60_000,
    b'{"a":' * 2_000,
    b"1e999",
    b"9" * 5_000,
    b"NaN",
    b'"\\ud800"',
    b"null",
    b"-1",
    b" he ",
    b" and ",
    b"what about it?",
)


def altered(seeds: Sequence[bytes], count: int, seed: int = 6) -> Iterator[bytes]:
    """`count` inputs, each a seed with one to four changes: bytes flipped, cut, repeated, a token or another seed put in."""
    chance = random.Random(seed)
    for _ in range(count):
        data = bytearray(chance.choice(seeds))
        for _ in range(chance.randint(1, 4)):
            start = chance.randint(0, len(data))
            end = min(len(data), start + chance.choice((0, 1, 1, 2, 8, 64)))
            match chance.randrange(5):
                case 0:
                    data[start:end] = bytes(byte ^ (1 << chance.randrange(8)) for byte in data[start:end])
                case 1:
                    del data[start:end]
                case 2:
                    data[start:start] = data[start:end] * chance.randint(1, 50)
                case 3:
                    data[start:end] = chance.choice(TOKENS)
                case _:
                    other = chance.choice(seeds)
                    data[start:end] = other[chance.randint(0, len(other)) :]
        yield bytes(data)
