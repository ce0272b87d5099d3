"""Names as an article uses them: what they are of, how often they are mentioned, and what is no name."""

import pytest

from index.sentences import split_sentences
from qa.overview.names import Name, find_names


def _names(text: str) -> tuple[Name, ...]:
    return find_names(text, split_sentences(text, 0, len(text), "en"))


def _of(text: str, kind: str) -> list[str]:
    return [name.text for name in _names(text) if name.kind == kind]


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("The envoy, Kirill Dmitriev, said so.", ["Kirill Dmitriev"]),
        ("They asked SpaceX CEO Elon Musk, who agreed.", ["Elon Musk"]),
        ("It was US President Donald Trump's idea.", ["Donald Trump"]),
        ("Ursula von der Leyen spoke. Then von der Leyen left.", ["Ursula von der Leyen"]),
        ('"We sail slower," said Jonas Adeyemi.', ["Jonas Adeyemi"]),
        ("The talk was given by Zyx Wuvt, head of the fund.", ["Zyx Wuvt"]),
        ("His wife Oriel kept a shop.", ["Oriel"]),
        ("In July Abcde Fghij, 41, came home.", ["Abcde Fghij"]),
        ("Franklin D. Roosevelt signed it.", ["Franklin D. Roosevelt"]),
        ("The Summit Series began in the Financial District.", []),
        ("Speaking in New York, the Prime Minister smiled.", []),
        ("Many Americans celebrate Black Friday.", []),
        ("We saw the Walton Frobnitz and the Walton Frobnitz again, as Frobnitz.", []),
        ("everything is small here, even paul.", []),
        ("מר כהן הגיע לירושלים.", []),
    ],
)
def test_persons_are_told_by_title_given_name_speech_and_apposition(text: str, people: list[str]) -> None:
    assert _of(text, "people") == people


def test_organisations_places_and_countries_are_told_apart() -> None:
    text = (
        "Engineers of the European Space Agency (ESA) met SpaceX in Murmansk. The University of St Andrews paid. "
        "A ship crossed Lake Geneva from France to the United States, and a probe went to Mars."
    )
    assert _of(text, "organisations") == ["European Space Agency", "SpaceX", "University of St Andrews"]
    assert _of(text, "countries") == ["France", "United States"]
    assert _of(text, "places") == ["Murmansk", "Lake Geneva", "Mars"]


def test_a_surname_alone_is_a_mention_of_the_whole_name_and_the_most_mentioned_comes_first() -> None:
    text = "Anna Berg met Carl Sagan. Sagan's crater was hers. Later Sagan wrote to Berg, and Sagan went home."
    first, second = _names(text)
    assert (first.text, second.text) == ("Carl Sagan", "Anna Berg")
    assert [text[span.start : span.end] for span in first.mentions] == ["Carl Sagan", "Sagan", "Sagan", "Sagan"]
    assert [text[span.start : span.end] for span in second.mentions] == ["Anna Berg", "Berg"]


def test_a_word_that_only_opens_sentences_is_no_name() -> None:
    assert _of("Rain fell in Leith. Thunder said nothing. The rain went on in Leith.", "people") == []
    assert _of("Rain fell in Leith. Thunder said nothing. The rain went on in Leith.", "places") == ["Leith"]
