"""The terminal answer: the words that answer, the sentence they stand in, where that is, and how sure it is."""

import re
from dataclasses import replace
from typing import Any

import pytest

from index.article import Article, article_from_text
from qa.answer import Answer, AnswerText, Citation, Models, Span
from qa.cli.render import render_answer
from qa.cli.terminal import Terminal, cells

LANDING = 'In a post on X, Musk said human landings could take place as early as 2029, but that "2031 was more likely."'
CITY = 'He spoke last year of plans to build a "self-sustaining city in about 20 years" on Mars'
PLAIN = Terminal()
COLOUR = Terminal(styled=True, coloured=True)


def cite(article: Article, quote: str, span: str = "", number: int | None = 1) -> Citation:
    start = article.text.index(quote)
    begin = article.text.index(span, start)
    return Citation(
        number=number,
        article_id=article.id,
        article_sha256=article.sha256,
        title=article.title,
        url=article.url,
        published=article.published,
        passage_id=7,
        sentence_id=11,
        start=start,
        end=start + len(quote),
        quote=quote,
        prefix="",
        suffix="",
        spans=(Span(begin, begin + len(span)),) if span else (),
        score=0.9,
    )


def answered(*citations: Citation, **changes: Any) -> Answer:
    first = citations[0]
    span = first.spans[0]
    words = first.quote[span.start - first.start : span.end - first.start]
    answer = Answer(
        kind="answer",
        question="When?",
        answerable=True,
        answer=AnswerText(words, span.start, span.end, first.article_id),
        confidence=0.93,
        confidence_label="high",
        p_no_answer=0.04,
        citations=citations,
        nearest=(),
        models=Models("encoder", "reader"),
    )
    return replace(answer, **changes)


def refused(*nearest: Citation) -> Answer:
    return replace(
        answered(cite_anything(nearest[0])),
        kind="no_answer",
        answerable=False,
        answer=None,
        citations=(),
        nearest=nearest,
    )


def cite_anything(citation: Citation) -> Citation:
    return replace(citation, spans=(Span(citation.start, citation.end),))


def shown(answer: Answer, *articles: Article, terminal: Terminal = PLAIN) -> str:
    return render_answer(answer, {article.id: article for article in articles}.__getitem__, terminal)


def unstyled(text: str) -> str:
    return re.sub(r"\x1b\[[\d;]*m", "", text)


def test_an_answer_shows_words_sentence_and_place(seed_article: Article) -> None:
    article = replace(seed_article, title="Mars plant", published="2025-03-27", url="https://example.org/mars")
    text = shown(answered(cite(article, LANDING, "as early as 2029")), article)
    assert text == (
        "  The article says                                           High confidence ●●●\n"
        "\n"
        "  as early as 2029\n"
        "\n"
        "  ┃ In a post on X, Musk said human landings could take place as early as 2029,\n"
        '  ┃ but that "2031 was more likely."\n'
        "  [1] Mars plant · The Jerusalem Post · 2025-03-27 · passage 7, characters\n"
        "      1679–1787\n"
        "      https://example.org/mars"
    )


def test_a_citation_of_a_pdf_names_its_page(seed_article: Article) -> None:
    cited = replace(cite(seed_article, LANDING, "as early as 2029"), page=3)
    assert "· p. 3, passage 7," in shown(answered(cited), seed_article)


def test_the_span_is_marked_within_its_sentence_across_lines(seed_article: Article) -> None:
    answer = answered(cite(seed_article, LANDING, "as early as 2029, but that"))
    marked = re.findall(r"\x1b\[1;30;43m(.*?)\x1b\[0m", shown(answer, seed_article, terminal=COLOUR))
    assert marked == ["as early as 2029,", "but that"]


@pytest.mark.parametrize("span", [LANDING, LANDING.rstrip('."')])
def test_a_span_of_the_whole_sentence_is_told_by_the_bar_alone(span: str, seed_article: Article) -> None:
    text = shown(answered(cite(seed_article, LANDING, span)), seed_article, terminal=COLOUR)
    assert "\x1b[33m┃\x1b[0m In a post" in text
    assert "43m" not in text
    assert unstyled(text).count("In a post") == 1


def test_colours_change_no_word(seed_article: Article) -> None:
    answer = answered(cite(seed_article, LANDING, "2029"), cite(seed_article, CITY, number=2))
    assert unstyled(shown(answer, seed_article, terminal=COLOUR)) == shown(answer, seed_article)


def test_further_citations_are_set_apart_and_name_their_article_once(seed_article: Article) -> None:
    text = shown(answered(cite(seed_article, LANDING, "2029"), cite(seed_article, CITY, number=2)), seed_article)
    assert "Also relevant\n\n  │ He spoke last year" in text
    assert "\n  [2] passage 7, characters" in text
    assert text.count("The Jerusalem Post") == 1


def test_a_further_citation_has_its_own_words_marked(seed_article: Article) -> None:
    answer = answered(cite(seed_article, LANDING, "2029"), cite(seed_article, CITY, "city", number=2))
    marked = re.findall(r"\x1b\[1;30;43m(.*?)\x1b\[0m", shown(answer, seed_article, terminal=COLOUR))
    assert marked == ["2029", "city"]


def test_citations_of_several_articles_name_each(seed_article: Article) -> None:
    other = article_from_text("The Moon has ice.\n\nMuch of it.", id="moon", title="Moon")
    citations = [
        cite(seed_article, LANDING, "2029"),
        cite(other, "Much of it.", number=2),
        cite(seed_article, CITY, number=3),
    ]
    text = shown(answered(*citations), seed_article, other)
    assert "[2] Moon · passage 7" in text
    assert text.count("The Jerusalem Post") == 2


def test_a_refusal_says_so_and_calls_what_is_near_no_answer(seed_article: Article) -> None:
    nearest = [cite(seed_article, quote, number=None) for quote in (LANDING, CITY)]
    text = shown(refused(*nearest), seed_article)
    assert text.startswith("  The article does not say.")
    assert "none of which is an answer:\n\n  · In a post on X" in text
    assert "\n    passage 7, characters 1679–1787\n" in text
    assert "[1]" not in text


def test_help_speaks_and_suggests(seed_article: Article) -> None:
    answer = answered(
        cite(seed_article, LANDING, "2029"),
        kind="help",
        answer=None,
        citations=(),
        confidence_label=None,
        message="Hello!",
        suggestions=("When could humans land?",),
    )
    assert shown(answer, seed_article) == "  Hello!\n\n  You could ask\n  · When could humans land?"


def test_what_to_ask_next_is_told_to_one_who_was_refused_and_not_to_one_who_was_answered(seed_article: Article) -> None:
    near = cite(seed_article, LANDING, number=None)
    refusal = replace(refused(near), suggestions=("Who?",))
    assert shown(refusal, seed_article).endswith("\n\n  You could ask\n  · Who?")
    answer = answered(cite(seed_article, LANDING, "2029"), suggestions=("Who?",))
    assert "Who?" not in shown(answer, seed_article)


def test_an_overview_is_the_articles_own_sentences(seed_article: Article) -> None:
    answer = answered(
        cite(seed_article, LANDING, "2029"), cite(seed_article, CITY, number=2), kind="overview", answer=None
    )
    text = shown(answer, seed_article)
    assert text.startswith("  In the article's own sentences")
    assert "[2] passage 7" in text


def test_a_follow_up_says_how_it_was_understood(seed_article: Article) -> None:
    answer = answered(cite(seed_article, LANDING, "2029"), interpreted_as="When could humans land on Mars?")
    assert shown(answer, seed_article).startswith(
        "  Interpreted as: When could humans land on Mars?\n\n  The article says"
    )


@pytest.mark.parametrize(("label", "words"), [("medium", "The article says"), ("low", "The article may say")])
def test_confidence_is_told_in_words_and_a_meter(label: Any, words: str, seed_article: Article) -> None:
    text = shown(answered(cite(seed_article, LANDING, "2029"), confidence_label=label), seed_article)
    meter = {"medium": "●●○", "low": "●○○"}[label]
    assert re.match(rf"  {words} +{label.capitalize()} confidence {meter}\n", text)


def test_escape_sequences_of_an_article_do_not_reach_the_terminal() -> None:
    hostile = article_from_text("It\x1b[2J is\x9b31m \u202eso.\n\nMore.", id="x", title="A title")
    quote = hostile.text[: hostile.text.index("\n")]
    for terminal in (PLAIN, COLOUR):
        text = shown(answered(cite(hostile, quote, "is")), hostile, terminal=terminal)
        assert "␛[2J" in text
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", unstyled(text))


def test_text_written_from_the_right_stays_as_it_is() -> None:
    hebrew = article_from_text("מים על הירח נמצאו בקוטב הדרומי.\n\nעוד.", id="moon", title="ירח", language="he")
    assert "מים על הירח נמצאו בקוטב הדרומי." in shown(answered(cite(hebrew, hebrew.text[:31], "הירח")), hebrew)


@pytest.mark.parametrize("width", [32, 40, 88])
def test_no_line_is_wider_than_the_terminal(width: int, seed_article: Article) -> None:
    terminal = Terminal(width=width, unicode=False)
    nearest = [cite(seed_article, quote, number=None) for quote in (LANDING, CITY)]
    answer = answered(cite(seed_article, LANDING, "2029"), cite(seed_article, CITY, number=2))
    for each in (answer, refused(*nearest)):
        text = shown(each, seed_article, terminal=terminal)
        assert max(map(cells, text.splitlines())) <= width
        assert text.isascii()


def test_an_answer_of_an_archive_names_each_article_with_its_date_link_and_id(seed_article: Article) -> None:
    article = replace(seed_article, id="mars-2029", published="2025-03-27", url="https://news.example.org/mars")
    two = (cite(article, LANDING, "as early as 2029"), cite(article, CITY, number=2))
    lines = render_answer(answered(*two), lambda _: article, PLAIN, archive=True)
    told = " ".join(lines.split())
    assert told.count("Putin envoy says Russia could supply") == told.count("article mars-2029 · passage 7") == 2
    assert "The Jerusalem Post · 2025-03-27" in told and told.count("https://news.example.org/mars") == 2


def test_a_refusal_of_an_archive_says_whose_the_nearest_sentences_are(seed_article: Article) -> None:
    near = (cite(seed_article, LANDING, number=None),)
    refusal = answered(cite(seed_article, LANDING, "2029"), kind="no_answer", answerable=False, answer=None, nearest=near)
    told = " ".join(render_answer(replace(refusal, citations=()), lambda _: seed_article, PLAIN, archive=True).split())
    assert "The articles do not say." in told and "article article · passage 7" in told
