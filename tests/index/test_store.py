"""An index comes back from disk exactly as it was, or not at all."""

import json
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.article import Article, article_from_paragraphs, article_from_text
from index.encoder import Encoder
from index.errors import (
    ArticleError,
    EncoderError,
)
from index.generations import read_manifest
from index.records import articles_to_bytes, read_articles
from index.sentences import SEGMENTER
from index.store import Index, build_index, is_stale, load_index, save_index
from tests.index.saved import FILES, stored, tree
from tests.toy import ToyEncoder


def content(index: Index) -> list[object]:
    """Everything an index holds, in a form that compares."""
    questions = ["When could humans land on Mars?", "ice"]
    return [
        index.articles,
        index.passages,
        index.sentences,
        index.sentence_vectors.vectors().tobytes(),
        index.passage_vectors.vectors().tobytes(),
        index.sentence_terms.scores(questions).tobytes(),
        index.passage_terms.scores(questions).tobytes(),
    ]


def test_an_index_comes_back_as_it_was(toy_index: Index, index_dir: Path) -> None:
    loaded = load_index(index_dir, ToyEncoder.fingerprint)
    assert content(loaded) == content(toy_index)
    assert [article.text for article in loaded.articles] == [article.text for article in toy_index.articles]


def test_the_real_index_comes_back_as_it_was(real_index: Index, real_index_dir: Path, real_encoder: Encoder) -> None:
    assert content(load_index(real_index_dir, real_encoder.fingerprint)) == content(real_index)


def test_rows_belong_to_their_articles(toy_index: Index) -> None:
    for article in toy_index.articles:
        low, high = toy_index.sentence_rows(article.id)
        assert {sentence.article_id for sentence in toy_index.sentences[low:high]} == {article.id}
        low, high = toy_index.passage_rows(article.id)
        assert {passage.article_id for passage in toy_index.passages[low:high]} == {article.id}
    first, second = (toy_index.sentence_rows(article.id) for article in toy_index.articles)
    assert (first[0], first[1], second[1]) == (0, second[0], len(toy_index.sentences))
    assert toy_index.sentence_rows() == (0, second[1])
    assert toy_index.passage_rows() == (0, len(toy_index.passages))


def test_each_sentence_row_names_its_passage_row(toy_index: Index) -> None:
    for row, sentence in enumerate(toy_index.sentences):
        passage = toy_index.passages[toy_index.passage_of[row]]
        assert (passage.article_id, passage.id) == (sentence.article_id, sentence.passage_id)
        assert passage == toy_index.passage(sentence.article_id, sentence.passage_id)
        assert toy_index.text(sentence) in toy_index.text(passage)


def test_vectors_and_terms_stand_in_the_rows_of_their_texts(toy_index: Index, toy_encoder: ToyEncoder) -> None:
    for units, vectors, terms in (
        (toy_index.sentences, toy_index.sentence_vectors, toy_index.sentence_terms),
        (toy_index.passages, toy_index.passage_vectors, toy_index.passage_terms),
    ):
        texts = [toy_index.text(unit) for unit in units]
        np.testing.assert_allclose(np.diag(vectors.scores(toy_encoder.encode(texts))), 1, atol=1e-5)
        for row, scores in enumerate(terms.scores(texts)):
            assert scores[row] > 0


def test_an_unknown_article_names_the_known_ones(toy_index: Index) -> None:
    for ask in (
        toy_index.article,
        toy_index.sentence_rows,
        toy_index.passage_rows,
        lambda name: toy_index.passage(name, 0),
    ):
        with pytest.raises(ArticleError, match="no article 'mars' in the index; it holds: article, moon"):
            ask("mars")
    with pytest.raises(IndexError, match="not 999"):
        toy_index.passage("moon", 999)


def test_equal_sentences_have_equal_vectors(real_encoder: Encoder) -> None:
    fillers = [
        f"Crater {n} is {'very ' * n}deep, as far as anybody knows by now, and so cold that ice stays." for n in range(40)
    ]
    article = article_from_paragraphs("twice", "Twice", ["The ice is old.", *fillers, "The ice is old."])
    index = build_index([article], real_encoder)
    rows = [row for row, sentence in enumerate(index.sentences) if index.text(sentence) == "The ice is old."]
    vectors = index.sentence_vectors.vectors()
    assert len(rows) == 2
    assert (vectors[rows[0]] == vectors[rows[1]]).all()


def test_building_reports_progress(seed_article: Article, toy_encoder: ToyEncoder) -> None:
    reports: list[tuple[int, int]] = []
    index = build_index([seed_article], toy_encoder, progress=lambda done, total: reports.append((done, total)))
    texts = {index.text(unit) for unit in (*index.passages, *index.sentences)}
    assert reports == [(done, len(texts)) for done in range(1, len(texts) + 1)]


def test_no_article_two_of_a_name_and_a_silent_one_are_refused(moon: Article, toy_encoder: ToyEncoder) -> None:
    with pytest.raises(ArticleError, match="no article"):
        build_index([], toy_encoder)
    with pytest.raises(ArticleError, match="two articles have the id 'moon'"):
        build_index([moon, moon], toy_encoder)
    with pytest.raises(ArticleError, match="'moon' has no sentence"):
        build_index([replace(moon, blocks=())], toy_encoder)


@pytest.fixture
def moon(awkward_article: Article) -> Article:
    return awkward_article


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda vectors: vectors[:-1], "of shape"),
        (lambda vectors: vectors[:, :-1], "of shape"),
        (lambda v: v * np.nan, "NaN"),
    ],
)
def test_an_encoder_that_breaks_its_promise_is_refused(
    spoil: Callable[[np.ndarray], np.ndarray], message: str, moon: Article
) -> None:
    class Faulty(ToyEncoder):
        def encode(self, texts: Any, *, progress: Any = None) -> np.ndarray:
            return spoil(super().encode(texts))

    with pytest.raises(EncoderError, match=message):
        build_index([moon], Faulty())


def test_the_manifest_says_what_the_index_is_made_of(toy_index: Index, index_dir: Path) -> None:
    fields = json.loads((index_dir / "manifest.json").read_text())
    assert fields["schema_version"] == 1
    assert fields["metric"] == "inner product"
    assert (fields["encoder_name"], fields["encoder_fingerprint"]) == ("toy", ToyEncoder.fingerprint)
    assert (fields["dimension"], fields["segmenter"]) == (64, SEGMENTER)
    assert (fields["passages"], fields["sentences"]) == (len(toy_index.passages), len(toy_index.sentences))
    assert [(one["id"], one["sha256"]) for one in fields["articles"]] == [
        (one.id, one.sha256) for one in toy_index.articles
    ]
    assert fields["libraries"]["faiss-cpu"] == version("faiss-cpu")
    assert {"manifest.json", *fields["files"]} == set(FILES)


def test_passages_can_be_read_by_people_and_programs(toy_index: Index, index_dir: Path) -> None:
    lines = stored(index_dir, "passages.jsonl").read_text().splitlines()  # splits at U+2028 and U+0085 too
    assert len(lines) == len(toy_index.passages)
    for passage, line in zip(toy_index.passages, map(json.loads, lines), strict=True):
        text = toy_index.article(line["article_id"]).text
        assert line["text"] == text[line["start"] : line["end"]] == toy_index.text(passage)
        assert all(own["text"] == text[own["start"] : own["end"]] for own in line["sentences"])
    assert "מים על הירח" in stored(index_dir, "passages.jsonl").read_text()


def test_the_same_articles_give_the_same_bytes(toy_index: Index, index_dir: Path, tmp_path: Path) -> None:
    save_index(build_index(toy_index.articles, ToyEncoder()), tmp_path / "again")
    assert tree(tmp_path / "again") == tree(index_dir)


def test_nothing_is_pickled(index_dir: Path) -> None:
    for path in index_dir.rglob("*.npy"):
        np.load(path, allow_pickle=False)
    assert {path.suffix for path in index_dir.rglob("*") if path.is_file()} == {"", ".json", ".jsonl", ".npy", ".faiss"}


@given(
    st.text(min_size=1, alphabet=st.characters(exclude_categories=["Cs"])), st.text(alphabet="\r\n\x85\u2028\x00\ufeff")
)
def test_any_text_comes_back_exactly(tmp_path_factory: pytest.TempPathFactory, text: str, ends: str) -> None:
    article = Article("a\u2028b", ends + text + ends, (), "\x1f title", pages=(0, 1))
    path = tmp_path_factory.getbasetemp() / "articles.jsonl"
    path.write_bytes(articles_to_bytes([article, article]))
    assert read_articles(path) == (article, article)
    assert read_articles(path)[0].text == article.text


# is_stale


def test_an_index_of_these_articles_is_not_stale(toy_index: Index, index_dir: Path) -> None:
    assert is_stale(toy_index, toy_index.articles, ToyEncoder.fingerprint) is None
    assert is_stale(load_index(index_dir), toy_index.articles, ToyEncoder.fingerprint) is None


def test_what_has_changed_is_named(toy_index: Index) -> None:
    seed, moon = toy_index.articles
    fingerprint = ToyEncoder.fingerprint
    assert is_stale(toy_index, [seed, moon], "other") == "it was built with another encoder, toy"
    assert is_stale(toy_index, [seed], fingerprint) == "it holds article, moon, but the articles are article"
    assert is_stale(toy_index, [moon, seed], fingerprint) == "the articles stand in another order"
    edited = article_from_text(moon.text + " More.", id="moon", title=moon.title)
    assert is_stale(toy_index, [seed, edited], fingerprint) == "the text of article 'moon' has changed"
    retitled = replace(moon, title="Ice")
    assert (
        is_stale(toy_index, [seed, retitled], fingerprint)
        == "the title or another particular of article 'moon' has changed"
    )


def test_saving_twice_changes_nothing(toy_index: Index, index_dir: Path, tmp_path: Path) -> None:
    before = tree(index_dir)
    save_index(toy_index, index_dir)
    assert tree(index_dir) == before
    assert {path.name for path in index_dir.iterdir()} == {".lock", read_manifest(index_dir).generation, "manifest.json"}
