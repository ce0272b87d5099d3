"""How build time, size, memory and the time of an answer grow with an archive: `python -m qa bench --archive`.

texts.py      real articles and questions, and copies of them with some words altered
vectors.py    vectors for copies: those of what they are copies of, moved some way
building.py   a process that builds one archive, and says what that took
asking.py     a process that holds one archive, and is asked
measuring.py  the archives of all sizes, built one after another, then asked by turns
figures.py    what was measured, and what is promised of it
page.py       the figures as tables, here and in the README; plots.py as drawings
"""
