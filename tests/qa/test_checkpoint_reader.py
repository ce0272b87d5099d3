"""Other people's question-answering models: loaded from a folder, read with whole or in windows, or refused.

The models are random and tiny; what they say is compared with what transformers computes by its own way.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
from transformers import (
    AutoModelForQuestionAnswering,
    AutoTokenizer,
    BertConfig,
    BertForQuestionAnswering,
    BertModel,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaForQuestionAnswering,
)

from index.errors import ReaderError
from index.model_folder import packaged_folder
from index.store import Index
from qa.checkpoint_reader import LONGEST, OVERLAP, QUESTION, CheckpointReader, load_checkpoint
from qa.decision import FEATURES, Decision
from qa.pipeline import QAPipeline
from qa.reader import load_reader
from qa.settings import load_settings
from tests.conftest import ROOT
from tests.toy import ToyEncoder

ASKED = "When did the ship leave Oslo?"
TEXTS = (
    "The ship left Oslo in May 1911. Nobody came back.",
    "Two  spaces,\ttabs\n\nand lines; a cafe\u0301 \U0001f469\u200d\U0001f680 in (Paris), מים.",
)
NARROW = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
WILD = {"initializer_range": 1.0}  # so that every token's logits differ by much


def save_bert(folder: Path, kind: type[BertModel] | type[BertForQuestionAnswering], *, positions: int = 512) -> Path:
    torch.manual_seed(0)
    kind(BertConfig(**NARROW, **WILD, max_position_embeddings=positions)).save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json", "vocab.txt"):
        shutil.copyfile(packaged_folder() / name, folder / name)
    return folder


def save_roberta(folder: Path, *, trim_offsets: bool) -> Path:
    """With bytes for characters, and tokens that hold the space before them; some checkpoints count it in."""
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=300, special_tokens=special, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator([ASKED, TEXTS[0]] * 5, trainer)
    tokenizer.post_processor = processors.RobertaProcessing(
        ("</s>", 2), ("<s>", 0), trim_offsets=trim_offsets, add_prefix_space=False
    )
    names = dict(zip(("bos_token", "pad_token", "eos_token", "unk_token", "mask_token"), special, strict=True))
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, cls_token="<s>", sep_token="</s>", model_input_names=["input_ids"], **names
    ).save_pretrained(folder)
    torch.manual_seed(1)
    # Its numbering of positions begins at 2, so 130 of them are 128 tokens.
    config = RobertaConfig(**NARROW, **WILD, vocab_size=300, max_position_embeddings=130, type_vocab_size=1)
    RobertaForQuestionAnswering(config).save_pretrained(folder)
    return folder


MAKERS: dict[str, Callable[[Path], Path]] = {
    "bert": lambda folder: save_bert(folder, BertForQuestionAnswering),
    "bert of few positions": lambda folder: save_bert(folder, BertForQuestionAnswering, positions=64),
    "roberta": lambda folder: save_roberta(folder, trim_offsets=True),
    "roberta with spaces": lambda folder: save_roberta(folder, trim_offsets=False),
}


@pytest.fixture(scope="module", params=MAKERS)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return MAKERS[request.param](tmp_path_factory.mktemp("model") / "my-reader")


@pytest.fixture(scope="module")
def reader(folder: Path) -> CheckpointReader:
    return load_checkpoint(str(folder))


def test_logits_are_those_that_transformers_computes(folder: Path, reader: CheckpointReader) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForQuestionAnswering.from_pretrained(folder).eval()
    for number, (text, reading) in enumerate(zip(TEXTS, reader.read(ASKED, TEXTS), strict=True)):
        inputs = tokenizer(ASKED, text, return_tensors="pt")
        with torch.inference_mode():
            said = model(**inputs)
        # A token of white space alone is left out; all others are there in order.
        kept = [
            place
            for place, sequence in enumerate(inputs.sequence_ids(0))
            if sequence == 1 and text[slice(*inputs.token_to_chars(0, place))].strip()
        ]
        logits = torch.stack([said.start_logits[0], said.end_logits[0]], dim=1).numpy()
        assert reading.text == number
        assert len(kept) > 10
        np.testing.assert_allclose(reading.start, logits[kept, 0] - logits[0, 0], atol=1e-4)
        np.testing.assert_allclose(reading.end, logits[kept, 1] - logits[0, 1], atol=1e-4)
        assert np.std(reading.start) > 0.1  # or the comparison would prove little


def test_offsets_are_words_of_the_text(reader: CheckpointReader) -> None:
    for text, reading in zip(TEXTS, reader.read(ASKED, TEXTS), strict=True):
        shown = [text[start:end] for start, end in reading.offsets.tolist()]
        assert all(shown)
        assert all(one == one.strip() for one in shown)
        assert (np.diff(reading.offsets, axis=0) >= 0).all()
        held = {place for start, end in reading.offsets.tolist() for place in range(start, end)}
        assert {place for place, letter in enumerate(text) if letter.isalnum()} <= held


def test_a_long_text_is_read_in_windows(reader: CheckpointReader) -> None:
    text = "Potatoes grew in barrels. " * 200 + TEXTS[0]
    readings = reader.read(ASKED, [TEXTS[1], text])
    assert [reading.text for reading in readings] == [0] + [1] * (len(readings) - 1)
    assert len(readings) > 3
    spans = [[tuple(span) for span in reading.offsets.tolist()] for reading in readings[1:]]
    for one, after in pairwise(spans):
        overlap = one.index(after[0])
        assert one[overlap:] == after[: len(one) - overlap]
        assert len(one) - overlap >= min(OVERLAP, 15)
    whole = {place for window in spans for start, end in window for place in range(start, end)}
    assert {place for place, letter in enumerate(text) if letter.isalnum()} <= whole


def test_a_text_is_read_alike_alone_and_among_others(reader: CheckpointReader) -> None:
    for alone, together in zip((reader.read(ASKED, [text])[0] for text in TEXTS), reader.read(ASKED, TEXTS), strict=True):
        np.testing.assert_array_equal(alone.start, together.start)
        np.testing.assert_array_equal(alone.offsets, together.offsets)


@pytest.mark.parametrize("text", ["", " \n ", "x"])
def test_texts_of_nothing_are_read(reader: CheckpointReader, text: str) -> None:
    (reading,) = reader.read(ASKED, [text])
    assert [text[start:end] for start, end in reading.offsets] == text.split()
    assert reading.start.shape == reading.end.shape == (len(text.split()),)


@pytest.mark.parametrize("question", ["ship " * 200, "\u05d0" * 1_000, ""])
def test_a_question_of_any_length_leaves_room_for_the_text(reader: CheckpointReader, question: str) -> None:
    readings = reader.read(question, ["ice " * 500])
    assert all(len(reading.offsets) >= 20 for reading in readings)
    assert readings[-1].offsets[-1, 1] == len("ice " * 500) - 1


def test_a_question_is_cut_where_it_is_too_long(tmp_path: Path) -> None:
    reader = load_checkpoint(str(save_bert(tmp_path, BertForQuestionAnswering)))
    longest = "ship " * QUESTION
    one, other = (reader.read(longest + word, [TEXTS[0]])[0] for word in ("left", "Oslo"))
    np.testing.assert_array_equal(one.start, other.start)
    shorter = "ship " * (QUESTION - 1)
    one, other = (reader.read(shorter + word, [TEXTS[0]])[0] for word in ("left", "Oslo"))
    assert not np.array_equal(one.start, other.start)


@pytest.mark.parametrize(("positions", "longest"), [(-1, LONGEST), (66, 64), (100_000, LONGEST)])
def test_a_run_is_as_long_as_the_model_allows(tmp_path: Path, positions: int, longest: int) -> None:
    """-1 is how XLNet says that any number will do."""
    model = BertForQuestionAnswering.from_pretrained(save_bert(tmp_path, BertForQuestionAnswering)).eval()
    model.config.max_position_embeddings = positions
    tokenizer = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    reading = CheckpointReader(model, tokenizer, null=101, name="b", fingerprint="").read("Who?", ["ice " * 500])[0]
    assert len(reading.offsets) == longest - len(["who", "?", "[CLS]", "[SEP]", "[SEP]"])


def test_tokens_are_counted_without_special_ones(reader: CheckpointReader, folder: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    expected = [len(tokenizer(text, add_special_tokens=False)["input_ids"]) for text in TEXTS]
    assert reader.count_tokens(TEXTS) == expected


def test_it_is_known_by_its_folders_name_and_its_files(tmp_path: Path, folder: Path, reader: CheckpointReader) -> None:
    assert reader.name == "my-reader"
    other = shutil.copytree(folder, tmp_path / "other")
    assert load_checkpoint(str(other)).fingerprint == reader.fingerprint
    weights = bytearray((other / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (other / "model.safetensors").write_bytes(weights)
    assert load_checkpoint(str(other)).fingerprint != reader.fingerprint


@pytest.mark.parametrize("question", ["When could humans land on Mars?", "Where was ice found near the south pole?"])
def test_a_pipeline_answers_with_the_reader_of_its_settings(
    folder: Path, toy_index: Index, toy_encoder: ToyEncoder, question: str
) -> None:
    flat = (0.0,) * len(FEATURES)
    answering = Decision("", "", "", flat, (1.0,) * len(FEATURES), (flat, flat, flat), (0.0, 2.0, 0.0), "nothing")
    settings = load_settings(reader=str(folder), depth=2)
    pipeline = QAPipeline(toy_index, toy_encoder, settings, decision=answering)
    answer = pipeline.answer(question)
    assert answer.models.reader == "my-reader"
    assert answer.answer is not None
    text = toy_index.article(answer.answer.article_id).text
    assert text[answer.answer.start : answer.answer.end] == answer.answer.text != ""
    prediction = pipeline.predict([question])[0]
    for found in prediction.ranked:
        span = found.span or found.sentence
        assert found.sentence.start <= span.start < span.end <= found.sentence.end


def refused(folder: Path) -> str:
    with pytest.raises(ReaderError) as raised:
        load_reader(str(folder))
    assert "\n" not in str(raised.value)
    assert "set no reader to use the packaged one" in str(raised.value)
    return str(raised.value)


def test_a_model_that_was_not_trained_to_answer_is_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = save_bert(tmp_path / "encoder", BertModel)
    capfd.readouterr()
    said = refused(folder)
    assert "the model 'encoder' was not trained to answer questions (no qa_outputs.bias, qa_outputs.weight)" in said
    assert capfd.readouterr() == ("", "")  # the library would print a table


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "there is no reader" in refused(tmp_path / "missing")


def test_a_folder_without_a_config_is_refused(tmp_path: Path) -> None:
    assert "holds no model in transformers format (no config.json)" in refused(tmp_path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("config.json", b"{"),
        ("config.json", b'{"model_type": "no such type"}'),
        ("model.safetensors", b"damaged"),
        ("model.safetensors", None),
        ("tokenizer.json", b"{}"),
    ],
)
def test_a_damaged_or_foreign_model_is_refused(tmp_path: Path, name: str, content: bytes | None) -> None:
    folder = save_bert(tmp_path / "model", BertForQuestionAnswering)
    (folder / name).unlink()
    if content is not None:
        (folder / name).write_bytes(content)
    assert "cannot load the reader 'model': " in refused(folder)


def test_code_that_comes_with_a_model_is_not_run(tmp_path: Path) -> None:
    folder = save_bert(tmp_path / "model", BertForQuestionAnswering)
    config = json.loads((folder / "config.json").read_text())
    config |= {
        "model_type": "their own",
        "auto_map": {"AutoConfig": "code.Config", "AutoModelForQuestionAnswering": "code.M"},
    }
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "code.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass Config: ...\nclass M: ...\n")
    assert "cannot load the reader 'model': " in refused(folder)
    assert not (tmp_path / "ran").exists()


OFFLINE = """
from index.errors import ReaderError
from index.model_folder import checkpoint_folder
try:
    checkpoint_folder("someone/some-reader")
except ReaderError as error:
    print(error)
"""


def test_a_hub_that_cannot_be_reached_is_said_in_one_line(tmp_path: Path) -> None:
    surroundings = os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)}
    command = [sys.executable, "-c", OFFLINE]
    done = subprocess.run(command, cwd=ROOT, env=surroundings, capture_output=True, text=True, check=True)
    said = done.stdout.splitlines()
    assert len(said) == 1
    assert said[0].startswith("cannot load the reader 'someone/some-reader': ")
    assert "set no reader to use the packaged one" in said[0]
