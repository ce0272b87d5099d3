"""Coverage-guided fuzzing: what may be fed to the program, and what must hold whatever it is.

    python -m tests.fuzz article -max_total_time=600     one target under atheris (libFuzzer's options)
    python -m tests.stress.fuzz --seconds 600            all of them, with a table

A target is a module with `SEEDS`, inputs to start from, and `check(data)`, which raises when a promise is broken: an error
other than those of `index/errors.py`, an offset that leads elsewhere, too much time. Inputs that did so once are kept in
`cases/TARGET/`, one file each, and run with every `make test` (`test_cases.py`).
"""
