"""Encoders on PyTorch. The only file that imports sentence_transformers, and with it torch and transformers."""

import gc
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from index.cores import available_cores
from index.encoder import Progress
from index.errors import EncoderError
from index.model_folder import (
    PACKAGED_NAME,
    PACKAGED_SHA256,
    fingerprint,
    is_packaged,
    named_folder,
    one_line,
    packaged_folder,
)

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer

_BATCH = 32  # texts that go through the network at once
_STEP = 8 * _BATCH  # texts between two reports of progress
_LONGEST = 512  # tokens; a longer passage blurs, whatever the model takes


def load_sentence_encoder(name: str | None = None) -> "SentenceEncoder":
    """A sentence-transformers model by folder or hub name, None for the packaged one, on PyTorch. Takes seconds.

    Nothing is contacted for the packaged model, a folder, or a hub model that was fetched before.

    :raises EncoderError: there is no such model, the hub cannot be reached, or the weights are not those expected.
    """
    if name is None or is_packaged(name):
        folder, shown, identity = packaged_folder(), PACKAGED_NAME, PACKAGED_SHA256
    else:
        folder = named_folder(name)
        # A folder's own name only: the name is shown to everyone who asks, and a path may tell who runs the server.
        shown = folder.resolve().name if Path(name).expanduser().exists() else name
        identity = fingerprint(folder)
    try:
        return SentenceEncoder(_load_model(folder), name=shown, fingerprint=identity)
    except EncoderError:
        raise
    except Exception as error:  # whatever a file of somebody else's model makes the libraries raise
        raise EncoderError(
            f"cannot load the encoder {shown!r} from {folder}: {type(error).__name__}: {one_line(error)}; "
            f"give another model, or set no encoder to use the packaged {PACKAGED_NAME}"
        ) from error


class SentenceEncoder:
    """An `Encoder` on a sentence-transformers model, on the CPU. Several threads may use one at a time."""

    def __init__(self, model: "SentenceTransformer", *, name: str, fingerprint: str) -> None:
        """:raises EncoderError: the model does not tell its dimension, or has a tokenizer of its own making."""
        self.name = name
        self.fingerprint = fingerprint
        self._model = model
        self._tokenizer = _tokenizer_copy(model, name)
        dimension = model.get_embedding_dimension()
        if dimension is None:
            raise EncoderError(f"the encoder {name!r} does not tell the dimension of its vectors; use another model")
        self.dimension = dimension
        self.max_tokens = _text_room(model, self._tokenizer)

    def encode(self, texts: Sequence[str], *, progress: Progress | None = None) -> NDArray[np.float32]:
        """See `Encoder.encode`."""
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        # Longest first: texts of like length share a batch, so little is padding, and the estimate of the time left
        # errs on the long side.
        order = sorted(range(len(texts)), key=lambda row: -len(texts[row]))
        for start in range(0, len(order), _STEP):
            rows = order[start : start + _STEP]
            vectors[rows] = self._model.encode(
                [texts[row] for row in rows],
                batch_size=_BATCH,
                show_progress_bar=False,
                convert_to_numpy=True,
                normalize_embeddings=True,
            )
            if progress is not None:
                progress(start + len(rows), len(order))
        return vectors

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """See `Encoder.count_tokens`."""
        return [len(found) for found in self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]


def _tokenizer_copy(model: "SentenceTransformer", name: str) -> "Tokenizer":
    """A tokenizer for counting: a copy, since the model's own cuts and pads, and another thread may be using it."""
    from tokenizers import Tokenizer

    own: Any = getattr(model.tokenizer, "backend_tokenizer", model.tokenizer)
    if not isinstance(own, Tokenizer):
        raise EncoderError(f"the encoder {name!r} has a {type(own).__name__} that cannot count tokens; use another model")
    copy = Tokenizer.from_str(own.to_str())
    copy.no_truncation()
    copy.no_padding()
    return copy


def _text_room(model: "SentenceTransformer", tokenizer: "Tokenizer") -> int:
    """`Encoder.max_tokens`, which counts two special tokens, from the model's limit, which counts those that it adds."""
    limit = min(int(model.max_seq_length or _LONGEST), _LONGEST)
    return limit - tokenizer.num_special_tokens_to_add(False) + 2


def _load_model(folder: Path) -> "SentenceTransformer":
    with ExitStack() as stack:
        stack.enter_context(_collector_paused())
        stack.enter_context(_scikit_learn_later())
        import torch
        import transformers.utils.logging as transformers_log
        from sentence_transformers import SentenceTransformer

        stack.enter_context(quiet(transformers_log))
        torch.set_num_threads(available_cores())
        # float32 whatever the file's type is: half precision is slow on CPUs and moves scores by a hundredth.
        return SentenceTransformer(
            str(folder), device="cpu", local_files_only=True, model_kwargs={"dtype": torch.float32}
        ).eval()


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Importing makes a million objects that all stay; looking for garbage among them over and over takes 0.7 s of 4."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()  # nor need later collections look at them
        if running:
            gc.enable()


@contextmanager
def _scikit_learn_later() -> Iterator[None]:
    """Lets sentence_transformers import without scikit-learn, scipy.stats and pandas: 800 modules, 1.5 s of 5.

    Its similarity module takes one function from there, which encoding does not call; the stand-in imports scikit-learn
    when called. Once scikit-learn is imported there is nothing to save.
    """
    if "sklearn" in sys.modules:
        yield
        return

    def pairwise_distances(*args: Any, **kwargs: Any) -> Any:
        from sklearn.metrics import pairwise_distances as real

        return real(*args, **kwargs)

    package, metrics = (ModuleType(name) for name in ("sklearn", "sklearn.metrics"))
    package.__path__ = []
    metrics.pairwise_distances = pairwise_distances  # type: ignore[attr-defined]
    stand_ins = {module.__name__: module for module in (package, metrics)}
    for name, module in stand_ins.items():
        module.__spec__ = ModuleSpec(name, None)
    sys.modules.update(stand_ins)
    try:
        yield
    finally:
        for name in stand_ins:
            del sys.modules[name]


@contextmanager
def quiet(transformers_log: ModuleType) -> Iterator[None]:
    """Without the library's remarks and progress bar on loading: what matters is raised."""
    level, bar = transformers_log.get_verbosity(), transformers_log.is_progress_bar_enabled()
    transformers_log.set_verbosity_error()
    transformers_log.disable_progress_bar()
    try:
        yield
    finally:
        transformers_log.set_verbosity(level)
        if bar:
            transformers_log.enable_progress_bar()
