"""What a sentence is worth in an overview by itself, and which sentences are running text."""

import pytest

from index.article import article_from_text
from index.store import build_index
from qa.overview.telling import leans, telling, worth
from tests.toy import ToyEncoder

TEXT = """Ice on the Moon

A standfirst that says what was found in the crater (photo credit: X)

Ice was found near the south pole of the Moon by a small probe of the survey.

Under the rim

However, nobody had looked there before, said the people who had sent the probe up.

![A crater in the shade of its rim](crater.png)

Subscribe to our newsletter

The survey will send another probe to the Moon next year, and it will carry a drill.
"""


@pytest.mark.parametrize(
    "sentence",
    [
        "However, nobody came.",
        "In 1908 she married him.",
        '"They say so," he said.',
        "Fresh water does so only down to 4 degrees.",
        "Each of these men had a ladder.",
        "The latter won.",
        "הוא הלך הביתה.",
    ],
)
def test_a_sentence_that_needs_the_one_before_is_known(sentence: str) -> None:
    assert leans(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "In 1908 Tolmie married her engineer.",
        "Ice was found near the south pole.",
        "When Strake had gone, he was missed.",
        "A vessel launched in 2009 bears the name of the woman who had made it.",
        "",
    ],
)
def test_a_sentence_that_stands_alone_is_known(sentence: str) -> None:
    assert not leans(sentence)


def test_only_paragraphs_and_the_standfirst_tell(toy_encoder: ToyEncoder) -> None:
    index = build_index([article_from_text(TEXT, id="moon")], toy_encoder)
    told = [index.text(one).split()[0] for one in telling(index, index.articles[0])]
    assert told == ["Ice", "However,", "The"]


def test_where_there_is_no_paragraph_everything_tells(toy_encoder: ToyEncoder) -> None:
    text = "# Ice\n\n![A crater in the shade](crater.png)\n\n![A probe](probe.png)"
    index = build_index([article_from_text(text, id="moon")], toy_encoder)
    assert telling(index, index.articles[0]) == list(index.sentences)


def test_an_early_sentence_is_worth_more_than_one_that_is_speech_leans_or_is_short(toy_encoder: ToyEncoder) -> None:
    more = '\nIt is so.\n\n"Nobody," said all the people who had sent it up to the pole.'
    index = build_index([article_from_text(TEXT + more, id="moon")], toy_encoder)
    first, however, last, short, speech = worth(index.articles[0], telling(index, index.articles[0]))
    assert first > last > 0 > speech > however > short
    assert first - last > 0.05
