"""Every number of the recipe, and why it is that. Nothing else holds a copy, so that a number is changed here alone."""

from typing import Any

# What the model sees

MAX_TOKENS = 320
"""Of a question and a window of context together: nine contexts in ten fit whole, half of them have 139 tokens or fewer."""

MAX_QUESTION_TOKENS = 96
"""What is beyond is cut off, so that the context has room. One training question in a hundred has more than 23."""

STRIDE_TOKENS = 96
"""Shared by neighbouring windows of a long context, so that an answer on one window's edge is whole in the next."""

MAX_SPANS = 8
"""Right spans kept of an example, which is how wide the arrays are; one example in a thousand has as many."""

MAX_ANSWER_TOKENS = 40
"""Longest span that the probe considers; 99.5 % of the gold answers are as short."""

# Which spans are right

FIRST_OCCURRENCE_SOURCES = frozenset({"squad1", "squad1-train-part", "squad2", "tweetqa", "written"})
"""Their `start` is the string's first occurrence, whichever was meant, so every occurrence is a target. Found by counting:
of the answers that occur several times, 98 to 100 % start at the first in these sources, 58 to 90 % in the others."""

# Which passages teach that there is no answer

HARD_SHARE = 0.22
"""Hard negatives of an epoch, as a share of its other examples: nearly one example in four then has no answer."""

MIN_GROUP = 3
"""Contexts that an article needs for hard negatives to be taken from it; else they are taken from all of its source."""

GENERIC_SOURCES = frozenset({"policyqa"})
"""Any privacy policy answers their questions: another passage is no negative."""

MIN_QUESTION_TERMS = 2
"""Content words that a question needs for a negative: one with fewer ("Was it good?") may be answered by any passage."""

HARD_CANDIDATES = 40
"""Passages ranked by BM25 that are looked through for negatives: further down they are no longer hard."""

HARD_POOL = 4
"""A negative is drawn from so many of the best: always taking the first would teach its quirks."""

ALTERED_SHARE = 0.15
"""Altered rows of an epoch, as a share of its other examples but the hard negatives: tempting questions without an answer
are what the reader was worst at, and likely what its readers ask."""

MIN_SENTENCES = 2
"""Sentences of a context that have to be left when the answer's is taken out of it."""

LOOSELY_CAPITAL_SOURCES = frozenset({"reddit", "amazon", "tweetqa"})
"""A capital makes no name in forum posts, reviews and tweets, so no name is exchanged there."""

WRITTEN_TIMES = 2
"""Times an epoch shows each written row: they are few beside the others, and most like what readers ask."""

# Follow-ups made of neighbours

WHOLE_SHARE = 0.2
"""Of them keep the name that the turn before said: who asks on does so at times."""

LOWER_SHARE = 0.3
"""Of them are typed carelessly: no capital, no question mark."""

EARLIER_SHARE = 0.4
"""Of them, where the context has a third question, have it as a turn before the one that they lean on."""

# Cropping, while the rate is constant

CROP_SHARE = 0.7
"""Of the contexts longer than a crop. What a question has to do with its answer is learned as well from the sentences near
it: an epoch has 28 % fewer tokens. The rest stays whole, and so does everything while the rate decays."""

CROP_TOKENS = (48, 128)
"""Lengths [low, high) are drawn from these; contexts of up to `high` tokens are left alone."""

# Batches

BATCH_TOKENS = 6144
"""Of a batch, padding included: about 31 whole examples or 47 cropped ones, near the usual batch of 32."""

SORTED_TOGETHER = 16384
"""Examples that are sorted by length at a time: a fifth of an epoch, so that batches vary. 2 to 3 % of them is padding; with
a chunk of 2,048 it was 4 to 6 %."""

# Optimiser

PEAK_RATE = 1.5e-4
"""Of the encoder. High for fine-tuning, as the encoder is small and was trained for sentence similarity, not for reading."""

HEAD_RATE = 5.0
"""The head's rate in times the encoder's: it starts from nothing."""

WEIGHT_DECAY = 0.01
"""On matrices only: as BERT's authors have it (Devlin et al. 2019)."""

WARMUP_STEPS = 250
"""Steps until the full rate, a seventh of an epoch: Adam's first moments and the new head are noise."""

CLIP = 1.0
"""Largest norm of a step's gradient, BERT's authors' choice."""

# Schedule

EPOCHS = 2.0
"""Length of a run that is not told otherwise: 22 million tokens, two hours at 3,000 a second."""

DECAY_SHARE = 0.3
"""Last part of a run, in which the rate falls linearly to 0, and the only one in which all contexts are whole."""

DECAYED = 0.01
"""Share of the peak rate below which a decay counts as over: what is left would change nothing."""

# Keeping

LOG_STEPS = 20
"""Steps between two lines of the log: about half a minute."""

CHECKPOINT_SECONDS = 600.0
"""Between two checkpoints, each followed by a probe: what a kill can lose."""

CHECKPOINTS_KEPT = 2
"""Of the rotating ones: the newest, and one more should it turn out bad."""

CLOSING_SECONDS = 45.0
"""Kept back from a wall-clock end for the last probe and for writing the model."""

LONGEST_HOURS = 12
"""A wall-clock end further ahead than this has passed today, and was not meant for tomorrow."""

PROBES = {"squadshifts_wiki_dev": 200, "squad2_dev_articles": 120}
"""Questions asked of each development set at a checkpoint: about 1 % of the time."""


def in_force() -> dict[str, Any]:
    """Every number above by its name, for JSON: sets as sorted lists."""
    values = {name: value for name, value in globals().items() if name.isupper()}
    return {name: sorted(value) if isinstance(value, frozenset) else value for name, value in values.items()}
