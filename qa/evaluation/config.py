"""What a run was made of: data, settings, models, program and library versions. The content of config.json."""

import hashlib
import json
import platform
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import index
import qa
from index.encoder import Encoder
from index.errors import SettingsError
from qa.decision import Decision
from qa.evaluation.questions import Dataset
from qa.reader import Reader
from qa.settings import Settings, load_settings
from qa.verifier import load_verifier

_LIBRARIES = (
    "bm25s",
    "faiss-cpu",
    "numpy",
    "onnxruntime",
    "PyStemmer",
    "scikit-learn",
    "scipy",
    "sentence-transformers",
    "sentencex",
    "tokenizers",
    "torch",
    "transformers",
)
_SERVERS = ("host", "port", "hosts", "allowed_origins", "feedback", "feedback_days", "articles")
"""Settings that no evaluation uses: it brings its own articles, and serves nobody."""
_EDGES = ("web", "cli", "training")
"""Parts of `qa` that no evaluation runs."""


def describe_run(
    *,
    dataset: Dataset,
    limit: int | None,
    seed: int,
    oracle_passage: bool,
    settings: Settings,
    encoder: Encoder,
    reader: Reader,
    decision: Decision,
) -> dict[str, Any]:
    """Everything that decides what the files of a run say, timings apart; two runs alike in it write the same bytes.

    The articles are named by their texts' hashes, since a question file may leave an article's text to another file.
    """
    return {
        "data": [asdict(file) for file in dataset.files],
        "articles": {article.id: article.sha256 for article in dataset.articles},
        "questions": len(dataset.questions),
        "limit": limit,
        "seed": seed,
        "oracle_passage": oracle_passage,
        "settings": settings.model_dump(mode="json", exclude=set(_SERVERS)),
        "models": {
            "encoder": encoder.name,
            "encoder_sha256": encoder.fingerprint,
            "reader": reader.name,
            "reader_sha256": reader.fingerprint,
            "verifier": load_verifier().name,
            "verifier_sha256": load_verifier().fingerprint,
            "decision": decision.fitted_on,
            "decision_sha256": hashlib.sha256(json.dumps(decision.as_dict()).encode()).hexdigest(),
        },
        "program_sha256": _program(),
        "versions": {"python": platform.python_version()} | {name: _version(name) for name in _LIBRARIES},
    }


def parse_settings(texts: Sequence[str]) -> Settings:
    """The settings of the environment, with those of `texts` (`KEY=VALUE`) in their place.

    :raises SettingsError: some cannot be used; one line that names each.
    """
    known = [name for name in Settings.model_fields if name not in _SERVERS]
    chosen: dict[str, object] = {}
    problems = []
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or name not in known:
            problems.append(f"--set {text}: expected KEY=VALUE, KEY one of {', '.join(known)}")
        chosen[name] = value
    if problems:
        raise SettingsError("; ".join(problems))
    return load_settings(**chosen)


def fingerprint(config: dict[str, Any]) -> str:
    """SHA-256 of a run's description: what a checkpoint must have been made by to be taken up."""
    return hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()


def _program() -> str:
    """SHA-256 of the code and models that answer and score: an edit in between must not be half of a run."""
    digest = hashlib.sha256()
    for package in (index, qa):
        home = Path(package.__path__[0])
        for path in sorted((*home.rglob("*.py"), *(home / "models").rglob("*"))):
            place = path.relative_to(home)
            if path.is_file() and place.parts[0] not in _EDGES:
                digest.update(f"{home.name}/{place.as_posix()}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _version(library: str) -> str | None:
    try:
        return version(library)
    except PackageNotFoundError:
        return None
