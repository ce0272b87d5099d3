"""Runs one target under atheris, which finds inputs that reach code no input has reached before.

    python -m tests.fuzz TARGET [libFuzzer's options and corpus folders]

Ends when an input breaks a promise, which is then in a file `crash-...`: mend the code and keep the file in `cases/`.
"""

import logging
import sys

import atheris

from tests.fuzz.harness import TARGETS, target


def main() -> None:
    """:raises SystemExit: no target was named."""
    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
        raise SystemExit(
            f"usage: python -m tests.fuzz {{{','.join(TARGETS)}}} [-max_total_time=SECONDS ...] [CORPUS ...]"
        )
    name = sys.argv.pop(1)
    logging.disable()  # what is passed over is logged, thousands of times
    with atheris.instrument_imports(include=["index", "qa"]):
        check = target(name).check
    atheris.Setup(sys.argv, check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
