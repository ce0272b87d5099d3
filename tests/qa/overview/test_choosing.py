"""The sentences of an overview: which, in what order, marked how, and the same whoever asks."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from index.article import article_from_text, load_article
from index.encoder import Encoder
from index.errors import ArticleError, IndexDamaged
from index.store import Index, build_index
from qa.answer import Citation, Span
from qa.overview import Overviews
from qa.overview.choosing import FEWEST, MOST
from tests.toy import ToyEncoder

SEEDS = Path(__file__).parents[3] / "seeds"

CROSSING = (
    "The ferry from Osterby to Sund is driven by batteries now, which the town had wanted.\n\n"
    "Batteries drive the ferry from Osterby to Sund now, and the town had wanted that.\n\n"
    "Nurses of the hospital went on strike on Monday because of the night shifts there.\n\n"
    "A library with a garden was opened in the old brewery behind the station last week.\n\n"
    "Wolves were seen by hikers in the forest above the lake for the first time since 1870."
)


def _cited(citations: tuple[Citation, ...]) -> list[str]:
    return [citation.quote for citation in citations]


def _marked(citation: Citation) -> list[str]:
    return [citation.quote[span.start - citation.start : span.end - citation.start] for span in citation.spans]


@pytest.fixture(scope="module")
def overviews(real_index: Index) -> Overviews:
    return Overviews(real_index)


def _index(toy_encoder: ToyEncoder, **texts: str) -> Index:
    return build_index([article_from_text(text, id=name, title="None") for name, text in texts.items()], toy_encoder)


def test_the_seed_article_is_told_by_its_lead_and_what_follows_from_it(overviews: Overviews) -> None:
    lead, *others = _cited(overviews.citations("gist", "article"))
    assert lead.startswith("Russia could supply a small nuclear power plant for a mission to Mars planned by")
    assert FEWEST - 1 <= len(others) < MOST
    assert any("Trump" in quote for quote in others)
    assert not any(quote.startswith(("SpaceX's next-generation", "Russia 'could", "Putin envoy")) for quote in others)


def test_persons_stand_once_each_where_they_are_introduced_the_most_mentioned_first(overviews: Overviews) -> None:
    people = overviews.citations("people", "article")
    assert [_marked(citation) for citation in people] == [
        ["Elon Musk", "Vladimir Putin"],
        ["Kirill Dmitriev"],
        ["Donald Trump"],
        ["Yuri Borisov"],
    ]
    assert [citation.number for citation in people] == [1, 2, 3, 4]
    assert [citation.score for citation in people] == sorted((citation.score for citation in people), reverse=True)


def test_figures_are_marked_and_years_stand_in_where_there_are_few(overviews: Overviews) -> None:
    numbers = overviews.citations("numbers", "article")
    assert [_marked(citation) for citation in numbers] == [["2029", "2031"], ["20 years"], ["2033-35"], ["2022"]]
    dates = overviews.citations("dates", "article")
    assert [_marked(citation) for citation in dates] == [["2029", "2031"], ["2033-35"], ["2022"]]


def test_countries_are_not_given_with_towns_and_places_are(overviews: Overviews) -> None:
    def names(focus: str) -> set[str]:
        return {name for one in overviews.citations(focus, "article") for name in _marked(one)}  # type: ignore[arg-type]

    assert names("countries") == {"Russia", "US", "Ukraine", "China"}
    assert {"Russia", "Mars", "Moscow"} <= names("places")


def test_what_was_said_is_not_said_again(toy_encoder: ToyEncoder) -> None:
    chosen = _cited(Overviews(_index(toy_encoder, one=CROSSING)).citations("gist"))
    assert sum("ferry" in quote for quote in chosen) == 1
    assert len(chosen) == FEWEST


def test_the_sentences_stand_in_the_articles_order_with_scores_of_their_own(toy_index: Index) -> None:
    citations = Overviews(toy_index).citations("gist", "article")
    assert [one.start for one in citations] == sorted(one.start for one in citations)
    assert [one.number for one in citations] == list(range(1, len(citations) + 1))
    assert max(one.score for one in citations) == 1 and min(one.score for one in citations) >= 0


def test_an_overview_grows_with_the_article_up_to_its_limit(toy_encoder: ToyEncoder) -> None:
    words = [f"kind{chr(97 + n)}" for n in range(16)]
    for sentences, expected in ((1, 1), (2, 2), (8, FEWEST), (16, 4)):
        text = "\n\n".join(
            f"Near the {word} tree somebody left a {word} basket for all to see." for word in words[:sentences]
        )
        assert len(Overviews(_index(toy_encoder, one=text)).citations("gist")) == expected
    text = "\n\n".join(f"Near tree {n} somebody left basket {n} for all who wanted to see it there." for n in range(60))
    assert len(Overviews(_index(toy_encoder, one=text)).citations("gist")) == MOST


def test_an_article_without_what_was_asked_for_gives_nothing(toy_encoder: ToyEncoder) -> None:
    overviews = Overviews(_index(toy_encoder, one="Rain fell on the hills for days, and nobody minded it much."))
    assert overviews.citations("gist")
    for focus in ("people", "organisations", "places", "countries", "numbers", "dates"):
        assert overviews.citations(focus) == ()  # type: ignore[arg-type]


def test_all_articles_take_turns_and_each_ones_sentences_stand_together(toy_encoder: ToyEncoder) -> None:
    texts = {name: CROSSING.replace("Osterby", name.title()) for name in ("alpha", "beta", "gamma")}
    citations = Overviews(_index(toy_encoder, **texts)).citations("gist")
    assert [one.article_id for one in citations] == ["alpha", "alpha", "beta", "beta", "gamma"]
    assert [one.number for one in citations] == [1, 2, 3, 4, 5]
    alone = {name: Overviews(_index(toy_encoder, **{name: text})).citations("gist") for name, text in texts.items()}
    assert _cited(citations) == [quote for name in texts for quote in _cited(alone[name])[: 2 if name != "gamma" else 1]]


def test_an_unknown_article_is_refused(overviews: Overviews) -> None:
    with pytest.raises(ArticleError, match="nowhere"):
        overviews.citations("gist", "nowhere")


def test_a_false_quote_is_never_shown(toy_encoder: ToyEncoder) -> None:
    overviews = Overviews(_index(toy_encoder, one=CROSSING))
    overviews.citations("gist")
    first, *others = overviews._picks["one", "gist"]
    beyond = Span(first.sentence.end, first.sentence.end + 3)
    overviews._picks["one", "gist"] = (replace(first, spans=(beyond,)), *others)
    with pytest.raises(IndexDamaged, match="not in its article"):
        overviews.citations("gist")


def test_the_same_is_given_again_and_in_threads(toy_index: Index) -> None:
    expected = Overviews(toy_index).citations("gist")
    shared = Overviews(toy_index)
    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(lambda _: shared.citations("gist"), range(32))) == {expected}


def test_those_who_ask_for_the_same_at_once_have_it_made_once(toy_index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    several, made, real = 4, [], Overviews._chosen
    begun = Barrier(several)

    def chosen(self: Overviews, *of: Any) -> Any:
        made.append(of)
        return real(self, *of)

    def ask(overviews: Overviews) -> tuple[Citation, ...]:
        begun.wait(30)
        return overviews.citations("gist", "moon")

    monkeypatch.setattr(Overviews, "_chosen", chosen)
    with ThreadPoolExecutor(several) as pool:
        told = list(pool.map(ask, [Overviews(toy_index)] * several))
    assert len(set(told)) == 1
    assert len(made) == 1


@pytest.mark.parametrize(
    ("name", "lead"),
    [
        ("osterby-ferries", "OSTERBY, 23 October"),
        ("agnes-tolmie", "Agnes Jean Tolmie (14 February 1871"),
        ("pool-vote", "Thornley councillors voted by 23 to 16"),
    ],
)
def test_articles_of_other_kinds_begin_with_their_lead(name: str, lead: str, real_encoder: Encoder) -> None:
    index = build_index([load_article(SEEDS / "followups" / f"{name}.md")], real_encoder)
    citations = Overviews(index).citations("gist")
    assert citations[0].quote.startswith(lead)
    assert len(citations) == MOST
    assert len({one.passage_id for one in citations}) >= MOST - 1


def test_of_two_sentences_with_the_full_name_the_first_introduces_and_a_surname_alone_does_not(
    toy_encoder: ToyEncoder,
) -> None:
    text = "It was cold, Berg said.\n\nThe surveyor Anna Berg found the ice.\n\nNobody saw Anna Berg go away again."
    (citation,) = Overviews(_index(toy_encoder, one=text)).citations("people")
    assert citation.quote == "The surveyor Anna Berg found the ice."
    assert _marked(citation) == ["Anna Berg"]
