"""Where a text gives figures and dates: the spans that an overview of numbers, or of dates, marks."""

import re

from qa.answer import Span

_MONTH = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December|"
    r"(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\.?)"
)
_HEBREW_MONTH = r"(?:ינואר|פברואר|מרץ|אפריל|מאי|יוני|יולי|אוגוסט|ספטמבר|אוקטובר|נובמבר|דצמבר)"
_YEAR = r"(?:1\d{3}|20\d{2})"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?"
_ERA = r"(?: ?(?:BCE?|CE|AD))"
_BEFORE_MONTH = (
    "in",
    "since",
    "until",
    "by",
    "from",
    "of",
    "last",
    "next",
    "this",
    "early",
    "late",
    "every",
    "between",
    "and",
)
_DATE = re.compile(
    rf"\b(?:{_DAY} (?:of )?{_MONTH}(?:,? {_YEAR})?|{_MONTH} {_DAY}(?:,? {_YEAR})?\b|{_MONTH},? (?:of )?{_YEAR}"
    rf"|\d{{1,2}} ב?{_HEBREW_MONTH}(?: {_YEAR})?|{_HEBREW_MONTH} {_YEAR}"
    rf"|{_YEAR}-\d{{2}}-\d{{2}}|\d{{1,2}}[./]\d{{1,2}}[./](?:{_YEAR}|\d\d)"
    rf"|(?:(?:early|mid|late|the)[ -])?{_YEAR}s|"
    rf"(?:\d{{1,2}}(?:st|nd|rd|th)|[a-z]+(?:teenth|tieth|th|first|second|third)) centur(?:y|ies)"
    rf"|\d{{1,4}}{_ERA}\b|(?:AD|BC) \d{{1,4}}|{_YEAR}(?: ?[–-] ?(?:{_YEAR}|\d\d))?{_ERA}?)(?![\d%]|[.,]\d)"
    rf"|(?:{'|'.join(rf'(?<= {word} )' for word in _BEFORE_MONTH)}){_MONTH}(?= |[.,;])(?! [A-Z])",
)
_SCALE = r"(?:hundred|thousand|million|billion|trillion|mn|bn|dozen)s?"
_SMALL = r"(?:two|three|four|five|six|seven|eight|nine)"
_WORDS = (
    r"(?:ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|"
    r"nineteen|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)"
    r"(?:[- ](?:one|two|three|four|five|six|seven|eight|nine))?)"
)
_UNIT = (
    r"(?:per ?cent|percentage points?|degrees?(?: (?:Celsius|Fahrenheit|C|F))?|°[CF]?|"
    r"km/h|mph|km²|km2|sq mi|square (?:kilomet|met)(?:re|er)s|"
    r"(?:kilo|centi|milli)?(?:met|lit)(?:re|er)s?|kilograms?|grams?|tonnes?|tons?|pounds?|miles?|feet|ft|inches|hectares?|acres?|"
    r"km|cm|mm|kg|m|g|ft|MW|GW|kW|kWh|MWh|(?:mega|giga|kilo)?watt(?:-hour)?s?|years?|months?|weeks?|days?|hours?|minutes?|seconds?|"
    r"dollars?|euros?|people|passengers|cent|kronor|shekels?)\b"
)
_DIGITS = r"(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:[.,]\d+)?)"
_NUMBER = re.compile(
    rf"(?:(?:US|A|C)?[$€£¥₪]\s?|\b(?:EUR|USD|GBP|NIS) )?(?<![\w.,/:-]){_DIGITS}(?:[–-]{_DIGITS})?"
    rf"(?:%|(?:st|nd|rd|th)\b)?(?: ?{_SCALE}\b)?(?:[ -]?{_UNIT}|°[CF]?)?(?!\w|[.,:]\d)"
    rf"|\b(?:(?:{_SMALL}|{_WORDS}|a|several|half a) {_SCALE}(?: {_UNIT})?"
    rf"|{_SMALL} {_UNIT}|{_WORDS}(?:[ -]{_UNIT})?)(?![\w-])",
    re.IGNORECASE,
)


def find_dates(text: str, start: int, end: int) -> tuple[Span, ...]:
    """The dates, years, decades and centuries in `text[start:end]`, in order; "last week" is none."""
    return tuple(Span(*match.span()) for match in _DATE.finditer(text, start, end))


def find_numbers(text: str, start: int, end: int) -> tuple[Span, ...]:
    """The amounts in `text[start:end]` with their signs and units, in order; years and other parts of dates are none,
    nor is "two" or "nine" without a unit.
    """
    dates = find_dates(text, start, end)
    return tuple(
        Span(*match.span())
        for match in _NUMBER.finditer(text, start, end)
        if not any(match.start() < date.end and date.start < match.end() for date in dates)
    )
