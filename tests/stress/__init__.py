"""Long runs against the real server: what it does under load, faults and rebuilds. `make stress` runs them all.

Each program writes its figures to `stress/NAME.json` and prints them; short versions of them are tests.
"""
