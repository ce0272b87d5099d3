"""Figures and dates in a sentence, as the marks that an overview sets."""

import pytest

from qa.overview.figures import find_dates, find_numbers


def _words(find: object, text: str) -> list[str]:
    return [text[span.start : span.end] for span in find(text, 0, len(text))]  # type: ignore[operator]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("Revenue rose 12 per cent to €84.6 million, or $1.2bn.", ["12 per cent", "€84.6 million", "$1.2bn"]),
        ("It takes 600 passengers, 150 cars and 11 megawatt-hours.", ["600 passengers", "150", "11 megawatt-hours"]),
        ("Some 1,700 people, 60.4% of them, at −5 °C.", ["1,700 people", "60.4%", "5 °C"]),
        ("About two million people and a few thousand sheep.", ["two million people"]),
        ("She was sixty-six, and waited five weeks for two ships.", ["sixty-six", "five weeks"]),
        ("It was 20–30% of it, the 3rd time.", ["20–30%", "3rd"]),
        ("In 1998, on 14 April 2001 and in the 1970s.", []),
        ("Version 3.2.1 came at 15:00 for the F-16.", []),
        ("היו שם 45 אנשים", ["45"]),
        ("No figure.", []),
    ],
)
def test_numbers_come_with_their_units_and_without_dates(text: str, numbers: list[str]) -> None:
    assert _words(find_numbers, text) == numbers


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("Born on 14 February 1871, died November 3, 1952.", ["14 February 1871", "November 3, 1952"]),
        ("Between 1903 and 1934, or 2033-35.", ["1903", "1934", "2033-35"]),
        ("By the end of June 2027, since May and in April.", ["June 2027", "May", "April"]),
        ("In the 18th century, the 1990s and 44 BC.", ["18th century", "the 1990s", "44 BC"]),
        ("It was the nineteenth century.", ["nineteenth century"]),
        ("On 2024-03-01 it may snow; in March it did.", ["2024-03-01", "March"]),
        ("It cost 1998.50 or 2000% more, of 12,345.", []),
        ("ב-12 במאי 2020 ובשנת 2021", ["12 במאי 2020", "2021"]),
    ],
)
def test_dates_are_days_months_years_decades_and_centuries(text: str, dates: list[str]) -> None:
    assert _words(find_dates, text) == dates


def test_only_the_stretch_that_is_asked_about_is_searched() -> None:
    text = "In 1990. In 1991, 20 men. In 1992."
    assert [text[span.start : span.end] for span in find_dates(text, 9, 25)] == ["1991"]
    assert [text[span.start : span.end] for span in find_numbers(text, 9, 25)] == ["20"]
