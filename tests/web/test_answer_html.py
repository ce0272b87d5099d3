"""An Answer as a chat message: words exact, spans marked, chips pointing home, nothing typed becoming markup."""

import re
from dataclasses import replace
from html import unescape
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.article import Article, Block
from index.units import Sentence
from qa.answer import Answer, AnswerText, Citation, Models, Span
from qa.web.answer_html import answer_html, error_html, notice_html, permalink, question_html, welcome_html

TEXT = 'Musk & "<friends>" met.\nHe spoke of a city. "They may land in 2029," he said. The end came.'
SENTENCES = [Sentence("a", n, 0, *bounds) for n, bounds in enumerate([(0, 23), (24, 43), (44, 77), (78, 91)])]
ARTICLE = Article("a", TEXT, (Block("paragraph", 0, len(TEXT)),), "The title", "The Post", None, "2025-03-27")
ANY_TEXT = st.text(st.characters(codec="utf-8"), max_size=300)


def cite(n: int, number: int | None, *spans: Span) -> Citation:
    s = SENTENCES[n]
    quote = TEXT[s.start : s.end]
    return Citation(
        number, "a", ARTICLE.sha256, "The title", None, "2025-03-27", 0, s.id, s.start, s.end, quote, "", "", spans, 0.9
    )


def answered(*citations: Citation, label="high", question="Who spoke?", votes=False, **fields) -> str:
    first = citations[0].spans[0]
    text = AnswerText(TEXT[first.start : first.end], first.start, first.end, "a")
    answer = Answer("answer", question, True, text, 0.93, label, 0.1, citations, (), Models("e", "r"), **fields)
    return answer_html(answer, ARTICLE, SENTENCES, votes=votes)


def refused(*, votes=False, **fields) -> str:
    nearest = (cite(0, None), cite(2, None))
    answer = Answer("no_answer", "Who left?", False, None, 0.9, "medium", 0.9, (), nearest, Models("e", "r"), **fields)
    return answer_html(answer, ARTICLE, SENTENCES, votes=votes)


def words(html: str) -> str:
    return unescape(re.sub(r"<[^>]+>", "", html))


def whole(n: int) -> Span:
    return Span(SENTENCES[n].start, SENTENCES[n].end)


def test_the_fixtures_sentences_are_what_they_seem():
    assert [TEXT[s.start : s.end] for s in SENTENCES] == [
        'Musk & "<friends>" met.',
        "He spoke of a city.",
        '"They may land in 2029," he said.',
        "The end came.",
    ]


def test_the_quote_is_the_sentence_with_its_span_marked_and_a_chip_that_points_to_it():
    start = TEXT.index("2029")
    html = answered(cite(2, 1, Span(start, start + 4)))
    assert "<mark>2029</mark>" in html
    (quote,) = re.findall(r"<blockquote.*?</blockquote>", html)
    assert words(quote).startswith('"They may land in 2029," he said.')
    assert 'href="#s2"' in quote and "[1]" in quote


def test_the_page_of_a_pdf_stands_beside_the_chip_and_in_what_is_copied():
    html = answered(replace(cite(2, 1, whole(2)), page=3), replace(cite(3, 2, whole(3)), page=4))
    assert re.findall(r"\[(\d)\]</a> <span [^>]*>(p\. \d)</span>", html) == [("1", "p. 3"), ("2", "p. 4")]
    assert "The title, The Post, 27 March 2025, p. 3</span>" in html
    assert "p. " not in words(answered(cite(2, 1, whole(2))))


def test_a_span_that_is_the_whole_sentence_is_marked_as_such():
    assert 'class="qa-whole"' in answered(cite(3, 1, whole(3)))


def test_further_citations_follow_with_their_numbers():
    html = answered(cite(3, 1, whole(3)), cite(0, 2), cite(2, 3))
    assert re.findall(r"\[(\d)\]", html) == ["1", "2", "3"]


def test_each_citation_has_its_own_words_marked():
    start, city = TEXT.index("2029"), TEXT.index("a city")
    html = answered(cite(2, 1, Span(start, start + 4)), cite(1, 2, Span(city, city + 6)), cite(3, 3))
    assert re.findall(r"<mark>(.*?)</mark>", html) == ["2029", "a city"]
    assert re.findall(r"<mark>a city</mark>\..*?\[(\d)\]", html) == ["2"]


@pytest.mark.parametrize(("label", "bars", "says"), [("high", 3, "says"), ("medium", 2, "says"), ("low", 1, "may say")])
def test_confidence_is_said_in_words_beside_a_meter(label, bars, says):
    html = answered(cite(3, 1, whole(3)), label=label)
    assert f"{label.capitalize()} confidence" in html
    assert html.count('<i class="on">') == bars
    assert f"The article {says}" in html


@pytest.mark.parametrize(
    ("n", "before"), [(0, None), (1, 'Musk & "<friends>" met.'), (2, "He spoke of a city."), (3, None)]
)
def test_a_quote_that_points_back_offers_the_sentence_before(n, before):
    html = answered(cite(n, 1, whole(n)))
    folded = re.findall(r'<details class="qa-before">.*?<p dir="auto">(.*?)</p></details>', html)
    assert [unescape(found) for found in folded] == ([before] if before else [])


def test_no_other_text_stands_under_a_citation_where_the_article_is_another_by_now():
    other = replace(ARTICLE, text="Something was written before. " + TEXT)
    said = Span(SENTENCES[1].start + 3, SENTENCES[1].start + 8)
    text = AnswerText("spoke", said.start, said.end, "a")
    answer = Answer("answer", "Who?", True, text, 0.9, "high", 0.1, (cite(1, 1, said),), (), Models("e", "r"))
    now, then = (answer_html(answer, article, SENTENCES) for article in (other, ARTICLE))
    assert re.findall(r'class="qa-words">(.*?)</span>', now) == ["He <mark>spoke</mark> of a city."]
    assert "qa-before" in then and "qa-before" not in now  # the sentence that it leans on is of the text that is cited
    assert f"v={ARTICLE.sha256[:12]}" in now


def test_a_refusal_says_so_and_numbers_nothing():
    html = refused()
    assert "The article does not say." in html
    assert "Not an answer — the nearest sentences:" in html
    assert re.findall(r'class="qa-near" href="#s(\d)"', html) == ["0", "2"]
    assert "[1]" not in html and "<mark" not in html and "qa-cite" not in html


def test_a_message_of_the_answer_replaces_ours():
    assert "The article does not say." not in refused(message="It says nothing about that.")


def test_a_greeting_speaks_and_offers_questions():
    answer = Answer(
        "help", "hi", False, None, None, None, None, (), (), Models("e", "r"), message="Hello!", suggestions=("Who?",)
    )
    html = answer_html(answer, ARTICLE, SENTENCES)
    assert "Hello!" in html and ">Who?</button>" in html
    assert "confidence" not in html and "qa-link" not in html


def test_an_overview_cites_every_sentence_copies_them_all_and_asks_for_no_vote():
    citations = (cite(0, 1), cite(1, 2), cite(3, 3))
    answer = Answer("overview", "About?", True, None, 0.6, "medium", 0.1, citations, (), Models("e", "r"))
    html = answer_html(answer, ARTICLE, SENTENCES, votes=True)
    assert re.findall(r"\[(\d)\]", html) == ["1", "2", "3"]
    (copied,) = re.findall(r'<span class="qa-copytext">(.*?)</span>', html)
    assert unescape(copied).startswith('“Musk & "<friends>" met.” “He spoke of a city.” “The end came.” — The title')
    assert "qa-vote" not in html


def test_a_question_that_was_interpreted_shows_how_and_offers_to_change_it():
    html = answered(cite(3, 1, whole(3)), question="And he?", interpreted_as="Who is Musk & co?")
    assert "Understood as: Who is Musk & co? Edit" in words(html)
    assert '<span class="qa-understood" dir="auto">Who is Musk &amp; co?</span>' in html
    assert "qa-edit" not in answered(cite(3, 1, whole(3)), question="And he?")


def test_the_link_of_a_follow_up_asks_what_was_understood():
    html = answered(cite(3, 1, whole(3)), question="And he?", interpreted_as="Who is Musk?")
    (link,) = re.findall(r'class="qa-link" href="\?(.*?)"', html)
    assert parse_qs(unescape(link))["q"] == ["Who is Musk?"]


def test_the_words_that_answer_stand_in_the_message_for_the_next_question():
    assert '<span class="qa-said">The end</span>' in answered(cite(3, 1, Span(78, 85)))
    assert "qa-said" not in refused()


def test_answers_and_refusals_ask_for_a_vote_where_the_server_keeps_them():
    kinds = {"votes": answered(cite(3, 1, whole(3)), votes=True), "refusal": refused(votes=True)}
    for html in kinds.values():
        assert re.findall(r'class="qa-vote qa-(\w+)"', html) == ["up", "down"]
        assert "Is that right? Yes, it is right No, it is wrong" in " ".join(re.sub(r"<[^>]+>", " ", html).split())
    assert "qa-vote" not in answered(cite(3, 1, whole(3))) + refused()


def test_no_vote_is_asked_for_on_what_means_nothing_without_the_turns_before():
    followed = {"question": "Why did he?", "votes": True}
    assert "qa-vote" not in answered(cite(3, 1, whole(3)), **followed)
    assert "qa-vote" in answered(cite(3, 1, whole(3)), interpreted_as="Why did Musk?", **followed)


def test_the_copied_text_is_quote_title_source_and_date():
    (copied,) = re.findall(r'<span class="qa-copytext">(.*?)</span>', answered(cite(0, 1, whole(0))))
    assert unescape(copied) == '“Musk & "<friends>" met.” — The title, The Post, 27 March 2025'


@given(ANY_TEXT)
def test_a_permalink_carries_the_question_whatever_it_is(question):
    query = parse_qs(permalink(question, replace(ARTICLE, id="café & co"), cite(1, 1))[1:], keep_blank_values=True)
    assert (query["article"], query["q"], query["s"]) == (["café & co"], [question], ["1"])


def test_a_permalink_carries_the_words_so_that_a_text_that_has_changed_is_searched_for_them():
    cited = replace(cite(1, 1), prefix="met.\n", suffix=' "They', quote="é" * 300)
    query = parse_qs(permalink("Who?", ARTICLE, cited)[1:])
    assert query == {
        "article": ["a"],
        "q": ["Who?"],
        "s": ["1"],
        "v": [ARTICLE.sha256[:12]],
        "quote": ["é" * 200],
        "prefix": ["met.\n"],
        "suffix": [' "They'],
    }
    assert parse_qs(permalink("Who?", None, None, archive=True)[1:]) == {"q": ["Who?"], "of": ["all"]}


@given(ANY_TEXT)
def test_what_was_typed_is_shown_as_typed_in_one_line_of_html(question):
    html = question_html(question)
    assert "\n" not in html and "\r" not in html
    shown = re.fullmatch(r'<div class="qa-question" dir="auto">([^<>"]*)</div>', html)
    assert shown is not None
    normal = re.sub(r"[\r\n]+", "\n", question)
    assert unescape(shown[1]) == normal or "\x00" in question or re.search(r"[\x01-\x1f\x7f-\x9f]", question)


def test_a_question_too_long_to_ask_is_shown_in_part():
    assert len(question_html("x" * 50_000)) < 300
    assert question_html("x" * 1_000).count("x") == 1_000


@given(ANY_TEXT)
def test_no_message_holds_a_line_break_or_markup_from_outside(text):
    for html in (
        answered(cite(0, 1, whole(0)), question=text, interpreted_as=text, suggestions=(text,), votes=True),
        error_html(text),
        welcome_html((text,)),
    ):
        assert "\n" not in html
        assert set(re.findall(r"<(\w+)", html)) <= {
            "div",
            "p",
            "span",
            "i",
            "blockquote",
            "mark",
            "a",
            "button",
            "ul",
            "li",
        }


def test_a_welcome_without_suggestions_promises_none():
    assert "Try one of these" in welcome_html(("Who?",))
    assert words(welcome_html(())).endswith("you are told so.") and "<ul" not in welcome_html(())


def test_a_notice_is_told_from_an_empty_one():
    assert "qa-unasked" in notice_html("No <b>.") and "&lt;b&gt;" in notice_html("No <b>.")
    assert "qa-unasked" not in notice_html()


def test_equal_answers_are_told_apart_by_their_id():
    ids = {re.search(r'id="(t\w+)"', error_html("x"))[1] for _ in range(2)}
    assert len(ids) == 2
