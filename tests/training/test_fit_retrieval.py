"""The fitting of retrieval's weights: its data, and that it finds what was put in."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from index.store import Index
from qa.retriever import MEASURES, Retriever, fuse
from qa.training import fit_retrieval
from qa.training.cut_articles import cut_articles
from tests.toy import ToyEncoder

WORDS = (
    "amber birch cedar daisy elder fern gorse hazel iris juniper kale larch maple nettle oak pine quince rose sage thyme"
)


def _data(folder: Path) -> Path:
    """Three articles of 20 paragraphs, each about one plant, with a question on each."""
    rows = []
    for number in range(3):
        for plant in WORDS.split():
            gardener = f"{plant.title()}son"
            context = (
                f"In garden {number} the {plant} was planted by gardener {gardener}. It grew for {len(plant)} years."
            )
            rows.append(
                {
                    "source": "squad1",
                    "article": f"garden {number}",
                    "context": context,
                    "question": f"Who planted the {plant}?",
                    "answers": [{"text": f"{plant.title()}son", "start": context.index(plant.title())}],
                }
            )
    rows.append({"source": "tweetqa", "article": "t", "context": "x", "question": "y", "answers": []})
    path = folder / "train.jsonl.gz"
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    return path


def test_withheld_paragraphs_make_the_silent_questions(tmp_path: Path) -> None:
    cuts = cut_articles(_data(tmp_path), seed=1, per_article=100)
    assert {cut.source for cut in cuts} == {"squad1/garden 0", "squad1/garden 1", "squad1/garden 2"}
    asked = [(cut, question) for cut in cuts for question in cut.questions]
    assert {bool(question.gold) for _, question in asked} == {True, False}
    for cut, question in asked:
        plant = question.text.removeprefix("Who planted the ").rstrip("?")
        holding = [number for number, text in enumerate(cut.paragraphs) if f" {plant} " in text]
        assert [paragraph for paragraph, _ in question.gold] == holding
        for paragraph, start in question.gold:
            assert cut.paragraphs[paragraph][start:].startswith(plant.title())


def test_cutting_is_seeded(tmp_path: Path) -> None:
    path = _data(tmp_path)
    assert cut_articles(path, seed=1, per_article=9) == cut_articles(path, seed=1, per_article=9)
    assert cut_articles(path, seed=1, per_article=9) != cut_articles(path, seed=2, per_article=9)


def test_fusion_finds_the_measure_that_tells_gold(toy_index: Index, toy_encoder: ToyEncoder) -> None:
    retrievals = Retriever(toy_index, toy_encoder).retrieve(["ice near the south pole", "a cafe opened", "Musk on Mars"])
    asked = [fit_retrieval.Asked(found, frozenset({int(found.raw[1].argmax())})) for found in retrievals]
    weights = fit_retrieval.fit_fusion(asked)
    assert (weights >= 0).all()
    assert weights.argmax() == 1 or weights[1] > 1
    for question in asked:
        assert int(fuse(question.retrieval.raw[None], weights)[0].argmax()) in question.gold


def test_silent_questions_have_no_part_in_the_weights(toy_index: Index, toy_encoder: ToyEncoder) -> None:
    first, second = Retriever(toy_index, toy_encoder).retrieve(["ice near the south pole", "a cafe opened"])
    answerable = [fit_retrieval.Asked(first, frozenset({int(first.raw[1].argmax())}))]
    silent = [fit_retrieval.Asked(second, frozenset())]
    np.testing.assert_array_equal(fit_retrieval.fit_fusion(answerable), fit_retrieval.fit_fusion(answerable + silent))


def test_the_whole_program_prints_the_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, toy_encoder: ToyEncoder, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(fit_retrieval, "load_encoder", lambda: toy_encoder)
    fit_retrieval.main([str(_data(tmp_path))])
    weights = json.loads(capsys.readouterr().out)
    assert tuple(weights) == MEASURES
    assert np.isfinite(list(weights.values())).all()
    assert max(weights.values()) > 0
