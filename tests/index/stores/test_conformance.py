"""What every store promises, on each of them."""

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from index.article import article_from_text
from index.errors import ArticleError, EncoderError, IndexMissing, IndexStale
from index.stores import Counts, Hit, Kind, StoredArticle, VectorStore
from index.stores.embedded import EmbeddedStore
from tests.index.stores.conftest import TOY, Stores, articles, embedded, matching, nearest, rows
from tests.toy import ToyEncoder

MARS = "Rockets fly to Mars. The journey takes seven months. Nobody has walked on Mars so far."
MOON = "Ice was found on the Moon. The journey takes three days. Twelve people have walked on the Moon."
SEA = "Whales sing in the sea. A song of theirs takes half an hour. Nobody knows what it says."
THREE = articles(mars=MARS, moon=MOON, sea=SEA)
ASKED = "How long does the journey to Mars take?"
KINDS: tuple[Kind, ...] = ("sentence", "passage")


def vector(text: str) -> np.ndarray:
    return ToyEncoder().encode([text])


def told(hits: tuple[Hit, ...]) -> list[tuple[str, int]]:
    return [(hit.article_id, hit.number) for hit in hits]


def many(number: int) -> list[StoredArticle]:
    """Articles with words of their own, and some that others have."""
    return embedded(
        {
            f"a{n:03}": f"Report {n} is of crater {n * 7}. It holds {n % 5} tons of ice. The year was {1900 + n}. Ice is old."
            for n in range(number)
        }
    )


@pytest.mark.parametrize("kind", KINDS)
def test_the_nearest_rows_are_those_of_brute_force_with_their_scores(store: VectorStore, kind: Kind) -> None:
    stored = many(40)
    store.upsert(stored)
    questions = ["How many tons of ice?", "crater 49 of report 7", "nothing of the kind"]
    found = store.search(ToyEncoder().encode(questions), 12, kind=kind)
    for question, hits in zip(questions, found, strict=True):
        expected = nearest(stored, kind, vector(question)[0], 12)
        assert told(hits) == [(home, number) for home, number, _ in expected]
        assert [hit.score for hit in hits] == pytest.approx([score for _, _, score in expected], abs=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_the_rows_of_a_questions_terms_are_those_of_bm25_by_its_formula(
    stores: Stores, store: VectorStore, kind: Kind
) -> None:
    stored = many(30)
    store.upsert(stored)
    mean = stores.mean_length(kind, [text for _, _, text, _ in rows(stored, kind)])
    questions = ["ice ice in crater 49", "the year 1913", "zeppelin", "of the"]
    for question, hits in zip(questions, store.search_terms(questions, 10, kind=kind), strict=True):
        expected = matching(stored, kind, question, 10, mean)
        assert told(hits) == [(home, number) for home, number, _ in expected]
        assert [hit.score for hit in hits] == pytest.approx([score for _, _, score in expected], rel=1e-4)


def test_only_the_articles_that_are_asked_for_are_searched(stores: Stores, store: VectorStore) -> None:
    store.upsert(THREE)
    (hits,) = store.search(vector(ASKED), 10, articles=["sea", "moon", "sea", "no such"])
    assert {hit.article_id for hit in hits} == {"moon", "sea"}
    assert told(hits) == [(home, n) for home, n, _ in nearest(THREE[1:], "sentence", vector(ASKED)[0], 10)]
    (words,) = store.search_terms([ASKED], 10, articles=["moon", "sea"])
    mean = stores.mean_length("sentence", [text for _, _, text, _ in rows(THREE, "sentence")])
    expected = matching(THREE, "sentence", ASKED, 10, mean, among=["moon", "sea"])
    assert told(words) == [(home, n) for home, n, _ in expected]
    assert words[0].score == pytest.approx(expected[0][2], rel=1e-4)  # by the statistics of all
    for none in ([], ["no such"]):
        assert store.search(vector(ASKED), 10, articles=none) == [()]
        assert store.search_terms([ASKED], 10, articles=none) == [()]


def test_equal_rows_stand_in_order_also_at_the_cut(store: VectorStore) -> None:
    same = "The same sentence stands in every article."
    store.upsert(embedded({f"n{number:02}": f"{same} Number {number} is another. {same}" for number in range(50)}))
    for k in (1, 3, 7, 60):
        expected = [(f"n{number:02}", place) for number in range(50) for place in (0, 2)][:k]
        assert told(store.search(vector(same), k)[0]) == expected
        assert told(store.search_terms(["same sentence stands in every article"], k)[0]) == expected


def test_the_same_article_again_changes_nothing(store: VectorStore) -> None:
    assert store.upsert(THREE) == 3
    before, found = store.generation, store.search(vector(ASKED), 5)
    counted = store.count()
    assert store.upsert(THREE) == 0
    assert (store.generation, store.search(vector(ASKED), 5), store.count()) == (before, found, counted)
    assert store.count() == Counts(3, sum(len(own.passages) for own in THREE), 9)


def test_of_an_edited_article_no_old_row_is_left(store: VectorStore) -> None:
    store.upsert(THREE)
    before = store.generation
    (edited,) = articles(mars="Rockets fly to Venus now.")
    assert store.upsert([*THREE[1:], edited]) == 1
    assert store.generation != before
    assert {hit.number for hit in store.search(vector(MARS), 20)[0] if hit.article_id == "mars"} == {0}
    assert store.search_terms(["seven months"], 10) == [()]
    assert told(store.search_terms(["Venus"], 10)[0]) == [("mars", 0)]
    assert store.fetch(["mars"])[0].article.text == "Rockets fly to Venus now."
    assert store.count().sentences == 7


def test_after_changes_terms_are_counted_as_in_a_store_that_never_held_anything_else(
    stores: Stores, store: VectorStore
) -> None:
    store.upsert(many(30))
    changed = embedded({"a003": "Ice and ice again. A crater of ice.", "b": "The year was 1913."})
    store.upsert(changed)
    store.delete([f"a{number:03}" for number in range(10, 20)])
    left = [own for own in many(30) if own.article.id[1:] not in ("003", *(f"{n:03}" for n in range(10, 20)))] + changed
    mean = stores.mean_length("sentence", [text for _, _, text, _ in rows(left, "sentence")])
    (hits,) = store.search_terms(["ice in the crater of 1913"], 8)
    expected = matching(left, "sentence", "ice in the crater of 1913", 8, mean)
    assert told(hits) == [(home, number) for home, number, _ in expected]
    assert [hit.score for hit in hits] == pytest.approx([score for _, _, score in expected], rel=1e-4)


def test_a_title_that_changed_is_a_change_too(store: VectorStore) -> None:
    store.upsert(THREE)
    (mars,) = articles(mars=MARS)
    assert store.upsert([replace(mars, article=replace(mars.article, title="Another"))]) == 1
    assert [head.title for head in store.heads()] == ["Another", "A title", "A title"]


def test_what_is_deleted_is_gone_and_nothing_else(store: VectorStore) -> None:
    store.upsert(THREE)
    assert store.delete(["moon", "no such", "moon"]) == 1
    assert {hit.article_id for hit in store.search(vector(ASKED), 20)[0]} == {"mars", "sea"}
    assert [head.id for head in store.heads()] == ["mars", "sea"]
    assert store.count().articles == 2
    with pytest.raises(ArticleError, match="there is no article 'moon'"):
        store.fetch(["mars", "moon"])
    assert store.delete(["moon"]) == 0


def test_an_empty_store_answers_with_nothing(store: VectorStore) -> None:
    assert store.search(vector(ASKED), 3) == [()]
    assert store.search_terms([ASKED, "Mars"], 3) == [(), ()]
    assert (store.heads(), store.fetch([]), store.count()) == ((), [], Counts(0, 0, 0))
    assert store.upsert([]) == store.delete(["mars"]) == 0


def test_the_last_article_can_go_and_come_again(stores: Stores, store: VectorStore) -> None:
    store.upsert(THREE[:1])
    assert store.delete(["mars"]) == 1
    assert store.search(vector(ASKED), 3) == [()]
    store.close()
    again = stores.open()
    assert again.count() == Counts(0, 0, 0)
    assert again.upsert(THREE) == 3


def test_what_comes_as_a_stream_of_many_is_stored_whole(store: VectorStore) -> None:
    stored = many(150)
    assert store.upsert(own for own in stored) == 150
    assert store.count() == Counts(150, len(rows(stored, "passage")), len(rows(stored, "sentence")))
    assert [head.id for head in store.heads()] == sorted(own.article.id for own in stored)
    assert store.upsert(iter(stored[:149])) == 0


def test_an_article_comes_back_as_it_was_stored(store: VectorStore) -> None:
    store.upsert(THREE)
    for given, got in zip(THREE[::-1], store.fetch([own.article.id for own in THREE[::-1]]), strict=True):
        assert (got.article, got.passages, got.sentences) == (given.article, given.passages, given.sentences)
        assert np.array_equal(got.sentence_vectors, given.sentence_vectors)
        assert np.array_equal(got.passage_vectors, given.passage_vectors)
        assert got.sentence_vectors.dtype == np.float32


def test_every_particular_of_an_article_is_told_without_its_text(store: VectorStore) -> None:
    made = article_from_text(
        MARS,
        id="mars",
        title="To Mars",
        source="The Post",
        url="https://example.org/m",
        published="2031-02-03",
        language="en-GB",
    )
    (own,) = articles(mars=MARS)
    store.upsert([replace(own, article=made)])
    (head,) = store.heads()
    assert (head.title, head.source, head.url, head.published, head.language) == (
        *("To Mars", "The Post", "https://example.org/m", "2031-02-03"),
        "en-GB",
    )
    assert (head.sha256, head.characters, head.sentences, head.passages) == (made.sha256, len(MARS), 3, len(own.passages))


HOSTILE = (
    *(
        "it's",
        'a "quoted" id',
        "back\N{REVERSE SOLIDUS}n",
        "100% of {x}",
        "a' or 1 == 1 or article == 'b",
        '"] or key != ""',
    ),
    *(
        "%s%n",
        "火星への旅",
        "e\u0301 and é",
        "\U0001f469\u200d\U0001f680",
        "like '%'",
        "; DROP",
        "-- ",
        "*",
        "{article}",
        "x" * 200,
    ),
)


def test_ids_of_any_characters_are_kept_apart_found_and_deleted(store: VectorStore) -> None:
    stored = [
        replace(
            own,
            article=replace(own.article, id=hostile),
            passages=tuple(replace(unit, article_id=hostile) for unit in own.passages),
            sentences=tuple(replace(unit, article_id=hostile) for unit in own.sentences),
        )
        for number, hostile in enumerate(HOSTILE)
        for own in articles(plain=f"Article {number} tells of ice.")
    ]
    assert store.upsert(stored) == len(HOSTILE)
    assert [head.id for head in store.heads()] == sorted(HOSTILE)
    for hostile in HOSTILE:
        assert {hit.article_id for hit in store.search(vector("ice"), 50, articles=[hostile])[0]} == {hostile}
        assert {hit.article_id for hit in store.search_terms(["ice"], 50, articles=[hostile])[0]} == {hostile}
        assert store.fetch([hostile])[0].article.id == hostile
    for gone, hostile in enumerate(HOSTILE, start=1):
        assert store.delete([hostile]) == 1
        assert store.count().articles == len(HOSTILE) - gone


def test_texts_of_any_characters_and_questions_come_through(store: VectorStore) -> None:
    awkward = (
        "Quotes ' and \" and \\ stand here.\r\n\r\n100% {x} of $y; DROP.\u2028מים על הירח. "
        "e\u0301 \U0001f469\u200d\U0001f680 flew."
    )
    # What compresses little, so that its body takes several rows.
    large = "\n\n".join(f"Paragraph {n} has the sum {sha256(str(n).encode()).hexdigest()}." for n in range(2_000))
    stored = articles(awkward=awkward, large=large)
    store.upsert(stored)
    assert [own.article.text for own in store.fetch(["awkward", "large"])] == [awkward, large]
    (whole,) = store.fetch(["large"])
    assert np.array_equal(whole.sentence_vectors, stored[1].sentence_vectors)
    for question in ("' or 1 == 1", '"] or article != "', "{article}", "100% {x} of \\", "הירח", "\x00"):
        store.search_terms([question], 5)
    assert told(store.search_terms(["הירח"], 3)[0])[0][0] == "awkward"


def test_what_another_process_stores_in_a_folder_is_taken_when_it_is_looked_at(tmp_path: Path) -> None:
    serving, building = (EmbeddedStore(TOY, tmp_path / "archive") for _ in range(2))
    building.upsert(THREE)
    before = serving.generation
    assert (before, serving.heads()) == (building.generation, building.heads())
    building.delete([THREE[0].article.id])
    assert serving.generation != before
    assert serving.count().articles == len(THREE) - 1
    building.delete([one.article.id for one in THREE])
    assert (serving.generation, serving.heads()) == ("0", ())


def test_what_was_stored_is_there_when_it_is_opened_again(stores: Stores, store: VectorStore) -> None:
    store.upsert(THREE)
    before = (
        store.generation,
        store.heads(),
        store.search(vector(ASKED), 5),
        store.search_terms([ASKED], 5),
        store.count(),
    )
    store.close()
    again = stores.open(create=False)
    assert (again.generation, again.heads(), again.search(vector(ASKED), 5)) == before[:3]
    assert (again.search_terms([ASKED], 5), again.count()) == before[3:]
    (edited,) = articles(moon="The Moon is distant.")
    assert again.upsert([edited]) == 1
    assert told(again.search_terms(["distant"], 5)[0]) == [("moon", 0)]


def test_vectors_of_another_dimension_or_that_are_no_numbers_are_refused(store: VectorStore) -> None:
    store.upsert(THREE)
    with pytest.raises(EncoderError, match=r"shape \(1, 32\), expected \(n, 64\)"):
        store.search(np.ones((1, 32), np.float32), 3)
    with pytest.raises(EncoderError, match="NaN"):
        store.search(np.full((1, 64), np.nan, np.float32), 3)
    narrow = replace(THREE[0], sentence_vectors=THREE[0].sentence_vectors[:, :32])
    with pytest.raises(EncoderError, match="vectors of article 'mars'"):
        store.upsert([narrow])
    assert store.count().articles == 3


@pytest.mark.parametrize("k", [0, -1, 1_001])
def test_a_depth_that_cannot_be_is_refused(store: VectorStore, k: int) -> None:
    with pytest.raises(ValueError, match=f"k is {k}"):
        store.search(vector(ASKED), k)
    with pytest.raises(ValueError, match=f"k is {k}"):
        store.search_terms([ASKED], k)


def test_another_encoder_is_refused_with_a_line_that_names_both(stores: Stores, store: VectorStore) -> None:
    store.upsert(THREE)
    store.close()
    with pytest.raises(IndexStale, match=r"encoder.*toy") as told_of:
        stores.open(replace(TOY, name="other", fingerprint="f" * 64))
    assert "\n" not in str(told_of.value)
    stores.open(create=False)  # and nothing was changed


def test_where_there_is_none_and_none_is_to_be_made_that_is_told(stores: Stores) -> None:
    with pytest.raises(IndexMissing, match="python -m qa build"):
        stores.open(create=False)
