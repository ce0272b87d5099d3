"""What is asked of a store: answers, refusals, follow-ups, overviews, and what a page shows of its articles."""

import pytest
from starlette.testclient import TestClient

from index.errors import ArticleError, IndexMissing, QuestionError, StoreUnavailable
from index.store import build_index
from index.stores import Hit, VectorStore
from index.stores.rows import parts_of
from qa.catalogue import catalogue_of
from qa.citations import holds
from qa.decision import load_decision
from qa.pipeline import QAPipeline
from qa.settings import load_settings
from qa.stored.finding import fused
from qa.stored.live import LiveStore
from qa.stored.pipeline import StorePipeline
from qa.web.scraped import index_lines
from qa.web.server import create_app
from tests.index.stores.conftest import Stores
from tests.qa.stored.conftest import archive, over
from tests.toy import ToyEncoder, ToyReader

QUESTIONS = ("How many tons of ice did the crew of Saturn find?", "Who was Eros led by?", "rain on Titan for months")


def test_the_answers_are_those_of_an_index_of_all_articles(pipeline: StorePipeline) -> None:
    embedded = QAPipeline(
        build_index(archive(), ToyEncoder()), ToyEncoder(), load_settings(), reader=ToyReader(), decision=load_decision()
    )
    for question in QUESTIONS:
        one, other = pipeline.answer(question), embedded.answer(question)
        assert (one.kind, one.answer) == (other.kind, other.answer)
        assert [cited.quote for cited in (*one.citations, *one.nearest)][:1] == [
            cited.quote for cited in (*other.citations, *other.nearest)
        ][:1]


def test_every_quote_is_a_slice_of_the_article_that_the_store_gives(pipeline: StorePipeline) -> None:
    for question in (*QUESTIONS, "What colour are whales?", "What is this about?"):
        answer = pipeline.answer(question)
        for cited in (*answer.citations, *answer.nearest):
            article = pipeline.store.fetch([cited.article_id])[0].article
            assert holds(article, cited)
            assert cited.article_sha256 == article.sha256


def test_one_article_is_asked_by_its_id_or_address(pipeline: StorePipeline) -> None:
    for key in ("pluto?'\"%", "https://example.org/pluto"):
        answer = pipeline.answer("How many tons of ice did the crew find?", article=key)
        assert {cited.article_id for cited in (*answer.citations, *answer.nearest)} == {"pluto?'\"%"}
    with pytest.raises(ArticleError, match="there is no article 'nowhere'"):
        pipeline.answer("Why?", article="nowhere")


def test_what_cannot_be_asked_is_refused_as_everywhere(pipeline: StorePipeline) -> None:
    with pytest.raises(QuestionError):
        pipeline.answer("  ")
    with pytest.raises(QuestionError, match="top_k"):
        pipeline.answer("Who led the crew of Eros?", top_k=99)
    with pytest.raises(QuestionError, match="history"):
        pipeline.answer("Who led the crew of Eros?", history=[1])  # type: ignore[list-item]


def test_a_follow_up_finds_the_article_of_the_turn_before(pipeline: StorePipeline) -> None:
    first = pipeline.answer(QUESTIONS[0])
    turn = {"question": QUESTIONS[0], "answer": "13"}
    then = pipeline.answer("In what year?", history=[turn])
    assert first.citations[0].article_id == "saturn?'\"%"
    assert (then.citations or then.nearest)[0].article_id == "saturn?'\"%"


def test_half_a_character_of_an_earlier_turn_reaches_no_encoder(pipeline: StorePipeline) -> None:
    turn = {"question": f"{QUESTIONS[0]} \ud800", "answer": "\udfff", "interpreted_as": "\ud800"}
    assert pipeline.answer("In what year?", history=[turn]).question == "In what year?"


def test_an_overview_of_all_counts_all_and_shows_the_newest(pipeline: StorePipeline) -> None:
    answer = pipeline.answer("What is this about?")
    assert answer.kind == "overview"
    assert answer.message is not None and "10 articles here, from 2030 to 2039" in answer.message
    assert [cited.article_id[:3] for cited in answer.citations] == ["tri", "ero", "ves", "eur", "tit"]
    assert pipeline.answer("Hello!").kind == "help"


def test_the_list_of_articles_is_searched_without_fetching_their_texts(
    pipeline: StorePipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[str] = []
    fetch = type(pipeline.store).fetch

    def counting(self: VectorStore, ids: list[str]) -> list[object]:
        fetched.extend(ids)
        return fetch(self, ids)  # type: ignore[arg-type,return-value]

    monkeypatch.setattr(type(pipeline.store), "fetch", counting)
    found = catalogue_of(pipeline.index).search("news sat", limit=10)
    assert ([own.id for own in found.articles], found.total) == (["saturn?'\"%"], 1)
    assert fetched == []


def test_the_page_and_the_api_show_what_the_store_holds(pipeline: StorePipeline) -> None:
    live = LiveStore(pipeline)
    with TestClient(create_app(live, pipeline.settings), base_url="http://localhost") as client:
        listed = client.get("/api/v1/articles", params={"limit": 3}).json()
        assert (listed["total"], [own["title"] for own in listed["articles"]][:1]) == (10, ["News from Ceres"])
        assert client.get("/api/v1/articles", params={"q": "eros"}).json()["total"] == 1
        one = client.get("/api/v1/articles/https%3A%2F%2Fexample.org%2Fmars").json()
        article = pipeline.store.fetch(["mars?'\"%"])[0]
        assert one["text"] == article.article.text
        assert [own["end"] for own in one["sentence_ranges"]] == [own.end for own in article.sentences]
        answer = client.post("/api/v1/ask", json={"question": QUESTIONS[1]}).json()
        assert answer["citations"][0]["article_id"] == "eros?'\"%"
        assert client.get("/readyz").json() == {"status": "ready", "articles": 10, "sentences": 40}
        assert "10 articles" in client.get("/").text
        assert client.get("/widget").status_code == client.get("/docs").status_code == 200
    assert "article_qa_index_sentences 40" in index_lines(live)


def test_a_store_that_goes_away_is_told_in_words_and_not_where_it_is(
    pipeline: StorePipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object, **__: object) -> None:
        raise StoreUnavailable(f"the store {pipeline.store.name} cannot be used: refused; start it")

    with TestClient(create_app(LiveStore(pipeline), pipeline.settings), base_url="http://localhost") as client:
        for name in ("search", "fetch"):
            monkeypatch.setattr(type(pipeline.store), name, gone)
        pipeline.shelf._kept.clear()
        for reply in (
            client.post("/api/v1/ask", json={"question": "Who led them?"}),
            client.get("/api/v1/articles/https%3A%2F%2Fexample.org%2Fmars"),
        ):
            assert reply.status_code == 503
            assert reply.headers["retry-after"] == "2"
            assert "cannot be reached just now" in reply.json()["detail"]
            assert pipeline.store.name not in reply.text


def test_what_is_built_into_the_store_is_taken_by_a_server_and_the_rest_goes_on(pipeline: StorePipeline) -> None:
    live = LiveStore(pipeline)
    live.look()
    assert live.current is pipeline
    edited = archive(edited="They named it Frosty. ")
    pipeline.store.upsert(parts_of(build_index(edited[:1], ToyEncoder())))
    pipeline.store.delete(["pluto?'\"%"])
    live.look()
    assert (live.taken, len(live.current.index.articles)) == (1, 9)
    answer = live.current.answer("What did the crew of Mars find?")
    cited = next(one for one in (*answer.citations, *answer.nearest) if one.article_id == edited[0].id)
    assert (cited.article_sha256, edited[0].text[cited.start : cited.end]) == (edited[0].sha256, cited.quote)
    low, high = live.current.index.sentence_rows("mars?'\"%")
    assert [own.end for own in live.current.index.sentences[low:high]][-1] == len(edited[0].text)


def test_one_that_cannot_be_looked_at_is_told_once_and_the_old_goes_on(
    pipeline: StorePipeline, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    live = LiveStore(pipeline)

    def gone(self: VectorStore) -> str:
        raise StoreUnavailable("it is gone")

    monkeypatch.setattr(type(pipeline.store), "generation", property(gone))
    live.look()
    live.look()
    assert (live.current, live.refused) == (pipeline, 1)
    assert caplog.text.count("it is gone") == 1


def test_a_store_without_articles_is_refused_with_the_command_that_fills_it(stores: Stores) -> None:
    with pytest.raises(IndexMissing, match="holds no article; build into it: python -m qa build"):
        over(stores.open())


def test_articles_are_found_by_their_ranks_in_all_lists() -> None:
    first, second, third = (Hit(name, 0, 1.0) for name in "abc")
    assert fused([[first, second], [second, first], [second]]) == ["b", "a"]
    assert fused([[third], [first]]) == ["a", "c"]  # equals by id
    assert fused([]) == []
