"""The verifier's training: candidates of the real reader, the inputs that it is asked with later, and a run."""

import gzip
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from transformers import BertForQuestionAnswering

from index.errors import DataError
from index.model_folder import packaged_folder
from qa.answer import Span
from qa.evaluation.metrics import token_f1
from qa.networks import load_network, packaged_tokenizer
from qa.reader import QUESTION_TOKENS, Reader, Reading
from qa.training.reader import recipe, trainer
from qa.training.reader.__main__ import main
from qa.training.reader.examples import Kind
from qa.training.reader.model import load_reader
from qa.training.reader.rows import Row
from qa.training.verifier import candidates as making
from qa.training.verifier.__main__ import verifier_parser
from qa.training.verifier.candidates import (
    CANDIDATES_FILE,
    Candidate,
    candidates,
    read_candidates,
    sampled_rows,
    sentences_of,
)
from qa.training.verifier.trainer import VerifierTrainer, build_examples, load_verifier
from qa.verifier import FOLDER, MODEL, SPAN, Verifier
from tests.toy import ToyReader
from tests.training.reader import toy

CONTEXT = " ".join(toy.CONTEXTS)


def candidate(words: str, *, right: bool, question: str = "Who built the old mill on the river?") -> Candidate:
    return Candidate(question, CONTEXT, CONTEXT.index(words), CONTEXT.index(words) + len(words), right)


FOUND = [candidate("Jane Marsh", right=True), candidate("the canal", right=False), candidate("1901", right=False)]


def test_what_the_reader_finds_is_right_where_the_row_says_so(real_reader: Reader) -> None:
    rng = np.random.default_rng(0)
    for row in toy.ROWS:
        found = list(candidates(row, real_reader, rng))
        assert found
        assert any(one.right for one in found) == bool(row.answers)
        for one in found:
            said = one.context[one.start : one.end]
            assert one.right == bool(row.answers and token_f1([row.answers[0][0]], said) >= 0.5)


class Wrong(ToyReader):
    """Finds the first word of every sentence, the first one before the second."""

    def read(self, question: str, texts: Sequence[str]) -> list[Reading]:
        return [
            replace(one, start=-one.start * 0 - np.arange(len(one.start)), end=one.end * 0)
            for one in super().read(question, texts)
        ]


def test_an_answer_that_is_missed_is_a_candidate_and_a_second_span_now_and_then() -> None:
    row = Row("qed", "a", "Who built it?", CONTEXT, (("Jane Marsh", CONTEXT.index("Jane Marsh")),))
    silent = replace(row, answers=())
    rng = np.random.default_rng(0)
    found, of_silent = ([list(candidates(one, Wrong(), rng)) for _ in range(400)] for one in (row, silent))
    assert all(one[-1].right and CONTEXT[one[-1].start : one[-1].end] == "Jane Marsh" for one in found)
    assert not any(wrong.right for one in found for wrong in one[:-1])
    assert not any(wrong.right for one in of_silent for wrong in one)
    assert np.mean([len(one) == 3 for one in found]) == pytest.approx(making.SECOND, abs=0.06)
    assert np.mean([len(one) == 2 for one in of_silent]) == pytest.approx(making.SECOND_OF_SILENT, abs=0.05)
    assert {len(one) for one in found} == {2, 3}
    long = replace(row, question="who " * (QUESTION_TOKENS + 1))
    assert not list(candidates(long, Wrong(), rng))


def test_rows_are_sampled_alike_with_those_made_of_them() -> None:
    drawn = [sampled_rows(list(toy.ROWS), 8, np.random.default_rng(1)) for _ in range(2)]
    assert drawn[0] == drawn[1]
    assert len(drawn[0]) == 8
    every = sampled_rows(list(toy.ROWS), None, np.random.default_rng(1))
    assert len(every) > len(toy.ROWS)
    assert all(row in every for row in toy.ROWS)


def test_one_command_writes_the_candidates(tmp_path: Path) -> None:
    data = toy.write_data(tmp_path / "data")
    assert making.main([str(data), str(tmp_path / "out"), "--limit", "5"]) == 0
    assert len(read_candidates(tmp_path / "out")) >= 5
    assert [path.name for path in (tmp_path / "out").iterdir()] == [CANDIDATES_FILE]


def test_a_folder_without_data_or_a_limit_of_none_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert making.main([str(tmp_path), str(tmp_path / "out")]) == 2
    assert "has no train.jsonl.gz" in capsys.readouterr().err
    for option in (["--limit", "0"], ["--limit", "-5"], ["--seed", "-1"]):
        with pytest.raises(SystemExit):
            making.main([str(tmp_path), str(tmp_path / "out"), *option])
    assert not (tmp_path / "out").exists()


TEXTS = (
    CONTEXT,
    "Un caf\u00e9 a ouvert. \u05d4\u05de\u05d9\u05dd \u05d4\u05d2\u05d9\u05e2\u05d5 \u05d0\u05dc \u05d4\u05d9\u05e8\u05d7. "
    "It shut \U0001f469\u200d\U0001f680 in May 1911.",
    "potatoes " * 200 + "were shipped in May 1911 " + "barrels " * 200,
)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("room", [8, 40, 112])
def test_examples_are_what_the_verifier_is_asked_with(text: str, room: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa.training.verifier.trainer.ROOMS", (room, room + 1))
    monkeypatch.setattr("qa.verifier.ROOM", room)
    network = load_network(FOLDER, MODEL)
    given: list[tuple[list[int], list[int]]] = []
    run = network.run
    monkeypatch.setattr(
        network, "run", lambda ids, kinds: given.append((ids.tolist(), kinds.tolist())) or run(ids, kinds)
    )
    tokenizer = Tokenizer.from_file(str(packaged_folder() / "tokenizer.json"))
    words = [
        found
        for found in re.finditer(r"\w+", text)
        if found[0] in ("Marsh", "canal", "1901", "ouvert", "1911", "\u05d4\u05d9\u05e8\u05d7")
    ]
    assert words
    for word in words:
        for question in ("When?", "Why " * 120):
            one = Candidate(question, text, *word.span(), right=True)
            made = build_examples([one], tokenizer, np.random.default_rng(0))
            Verifier(network, packaged_tokenizer()).odds(question, text, sentences_of(text), Span(one.start, one.end))
            ids, segments = given[-1]
            assert made.tokens.tolist() == ids
            first, last = made.spans[0, 0]
            assert np.flatnonzero(np.array(segments) == SPAN).tolist() == list(range(first, last + 1))
            assert made.kinds[0] == Kind.POSITIVE


def test_a_span_without_a_token_gives_no_example() -> None:
    tokenizer = Tokenizer.from_file(str(packaged_folder() / "tokenizer.json"))
    with pytest.raises(DataError, match="no span has a token"):
        build_examples([Candidate("Who?", "Ice \u200b.", 4, 5, True)], tokenizer, np.random.default_rng(0))


@pytest.fixture
def start(tmp_path: Path) -> Path:
    toy.write_encoder(tmp_path / "encoder")
    load_reader(tmp_path / "encoder").save_pretrained(tmp_path / "start")
    return tmp_path / "start"


def test_a_readers_weights_get_a_segment_for_the_span_and_a_fresh_head(start: Path) -> None:
    before, after = load_reader(start), load_verifier(start)
    known, taught = (one.bert.embeddings.token_type_embeddings.weight for one in (before, after))
    assert torch.equal(known, taught[:SPAN])
    assert 0 < float((taught[SPAN] - known[-1]).detach().abs().mean()) < 0.1
    assert after.config.type_vocab_size == SPAN + 1
    assert not torch.equal(before.qa_outputs.weight, after.qa_outputs.weight)
    after.save_pretrained(start)
    again = load_verifier(start)
    assert torch.equal(again.qa_outputs.weight, after.qa_outputs.weight)
    assert torch.equal(again.bert.embeddings.token_type_embeddings.weight, taught)


@pytest.fixture
def data(tmp_path: Path, start: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of three candidates; the encoder is a toy, too."""
    monkeypatch.setattr(trainer, "packaged_folder", lambda: tmp_path / "encoder")
    monkeypatch.setattr(recipe, "WARMUP_STEPS", 1)
    (tmp_path / "data").mkdir()
    with gzip.open(tmp_path / "data" / CANDIDATES_FILE, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(asdict(one)) + "\n" for one in FOUND)
    return tmp_path / "data"


def test_one_command_teaches_it_to_tell_right_from_wrong(data: Path, start: Path, tmp_path: Path) -> None:
    given = [str(data), "--out", str(tmp_path / "out"), "--start", str(start), "--threads", "1"]
    assert main([*given, "--epochs", "150", "--peak-rate", "3e-3"], VerifierTrainer, verifier_parser()) == 0
    log = (tmp_path / "out" / "train.log").read_text()
    assert "final model in" in log
    assert "3 of 3 candidates give an example" in log
    model = BertForQuestionAnswering.from_pretrained(tmp_path / "out" / "final").eval()
    assert model.config.type_vocab_size == SPAN + 1
    made = build_examples(FOUND, Tokenizer.from_file(str(packaged_folder() / "tokenizer.json")), np.random.default_rng(0))
    odds = []
    for number in range(len(FOUND)):
        ids = made.tokens[made.bounds[number] : made.bounds[number + 1]].astype(np.int64)
        first, last = made.spans[number, 0]
        at = np.arange(len(ids))
        segments = np.where((at >= first) & (at <= last), SPAN, at >= made.context_starts[number]).astype(np.int64)
        with torch.inference_mode():
            out = model(input_ids=torch.from_numpy(ids)[None], token_type_ids=torch.from_numpy(segments)[None])
        odds.append(float(out.end_logits[0, 0] - out.start_logits[0, 0]))
    assert odds[0] > max(odds[1:]) + 1


def test_a_run_cut_off_and_resumed_is_the_uninterrupted_one(data: Path, start: Path, tmp_path: Path) -> None:
    whole = VerifierTrainer(run_of(data, tmp_path / "whole", start=start))
    assert whole.run()
    cut = VerifierTrainer(run_of(data, tmp_path / "cut", start=start))
    step = cut._step

    def stopping(*given: Any) -> None:
        step(*given)
        cut.stopped = cut.position.step == 2

    cut._step = stopping  # type: ignore[method-assign]
    assert not cut.run()
    resumed = VerifierTrainer(run_of(data, tmp_path / "cut", resume=True))
    assert resumed.run()
    assert resumed.position.step == whole.position.step > 2
    pairs = zip(whole.model.parameters(), resumed.model.parameters(), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)


def test_another_seed_or_other_rooms_are_other_examples(
    data: Path, start: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def name(seed: int = 3) -> str:
        return VerifierTrainer(replace(run_of(data, tmp_path / "out", start=start), seed=seed)).position.examples

    names = [name(), name(), name(4)]
    monkeypatch.setattr("qa.training.verifier.trainer.ROOMS", (50, 60))
    names.append(name())
    assert names[0] == names[1]
    assert len(set(names)) == 3


def run_of(data: Path, out: Path, *, start: Path | None = None, resume: bool = False) -> trainer.Options:
    out.mkdir(exist_ok=True)
    return trainer.Options(
        data=data,
        out=out,
        fraction=1.0,
        seed=3,
        epochs=4.0,
        until=None,
        peak_rate=1e-3,
        threads=1,
        start=start,
        resume=resume,
    )


GOOD = json.dumps(asdict(FOUND[0])).encode()
DAMAGED = (
    b"",
    gzip.compress(b""),
    gzip.compress(b"\xff"),
    gzip.compress(b"{}"),
    gzip.compress(b"[]"),
    gzip.compress(GOOD.replace(b'"start": 41', b'"start": "x"').replace(b'"start"', b'"begin"', 1)),
    gzip.compress(json.dumps(asdict(FOUND[0]) | {"start": "x"}).encode()),
    gzip.compress(json.dumps(asdict(FOUND[0]) | {"end": 10_000}).encode()),
    gzip.compress(json.dumps(asdict(FOUND[0]) | {"right": 1}).encode()),
    gzip.compress(GOOD * 50)[:-20],
    gzip.compress(GOOD)[:12] + b"\x00" * 20,
)


@pytest.mark.parametrize("content", [None, *DAMAGED])
def test_a_folder_without_sound_candidates_is_refused(
    tmp_path: Path, content: bytes | None, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        (tmp_path / CANDIDATES_FILE).write_bytes(content)
    assert main([str(tmp_path), "--out", str(tmp_path / "out")], VerifierTrainer, verifier_parser()) == 2
    said = capsys.readouterr().err
    assert "make it with `python -m qa.training.verifier.candidates`" in said
    assert "Traceback" not in said
