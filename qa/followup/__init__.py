"""Follow-up questions: which ones need the turns before them (`dependence.py`), and what they ask in full.

words.py, phrases.py  a question cut into words, noun phrases, question word + auxiliary + clause
memory.py             the turns before, the sentences that answered them, and who and what they were about
pronouns.py           "When was he born?" -> "When was Elon Musk born?"
ellipsis.py           "And China?", "Why?", "By when?" -> the question before, with the new part in its place

All of it is rules over words, for English; no model. `qa/conversation.py` puts it together.
"""
