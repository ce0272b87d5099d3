"""Where a question went wrong: the first stage of the pipeline after which it could no longer end well.

    retrieve (which article, which passage) -> read (which sentence, which words) -> decide

Each question that did not end well has exactly one stage, so their counts add up to all that is wrong.
"""

from typing import Literal

Stage = Literal[
    "article_missed",
    "passage_missed",
    "sentence_missed",
    "span_wrong",
    "refused_answerable",
    "answered_unanswerable",
]

STAGES: dict[Stage, str] = {
    "article_missed": "Retrieval missed the article",
    "passage_missed": "Retrieval missed the passage",
    "sentence_missed": "The reader missed the sentence",
    "span_wrong": "Right sentence, wrong span",
    "refused_answerable": "Refused the answerable",
    "answered_unanswerable": "Answered the unanswerable",
}
"""Every stage in the order of the pipeline, with its name for people. The first is of archives only: who asks one article has
found it.
"""


def stage_of(
    *, answerable: bool, refused: bool, in_read: bool, sentence_hit: bool, right: bool, article_read: bool = True
) -> Stage | None:
    """The stage at fault, None for a question that ended well.

    A refusal is blamed on the decision only when the right sentence was at hand; with the wrong sentence on top, to refuse
    was the best that the decision could do.

    :param answerable: the question has gold answers.
    :param refused: no answer was shown.
    :param in_read: a gold sentence was in what the reader read.
    :param sentence_hit: the best span lies in a gold sentence.
    :param article_read: something of the article was in what the reader read.
    :param right: answered with F1 >= .5, or refused where SQuAD's script takes that for right, as of the unanswerable.
    """
    if right:
        return None
    if not answerable:
        return "answered_unanswerable"
    if not in_read:
        return "passage_missed" if article_read else "article_missed"
    if not sentence_hit:
        return "sentence_missed"
    return "refused_answerable" if refused else "span_wrong"
