"""What readers asked and how they voted, in one SQLite file, when the owner of a server turns it on.

`store.py` is the file, `writer.py` the one thread of a server that writes to it, `reading.py` what is read from it,
`export.py` makes evaluation data of it and `report.py` a report for the author.

Kept of a question: its words, what it got (the article's words, or a refusal), the article's id and SHA-256, how often it
was asked, its votes, and when it was first and last asked, in UTC to the minute. Nothing else: no address, no cookie, no
session, no request's id, so nothing tells whether two questions came from one reader.
"""

from qa.feedback.reading import answered_questions, texts_asked

__all__ = ["answered_questions", "texts_asked"]
