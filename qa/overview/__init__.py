"""Overviews: what an article is about, whom it names, its figures or dates, in cited sentences of its own.

focus.py       what a message asks an overview of, if anything
choosing.py    the sentences: `Overviews`; archive.py what is said of more articles than that has sentences
telling.py     how well a sentence stands alone; names.py and figures.py what is marked in it; words.py word lists
"""

from qa.overview.archive import ArchiveOverviews
from qa.overview.choosing import Overviews, overview_reply
from qa.overview.focus import Focus, focus_of

__all__ = ["ArchiveOverviews", "Focus", "Overviews", "focus_of", "overview_reply"]
