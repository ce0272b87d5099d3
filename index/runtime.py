"""Sessions of ONNX Runtime, the same for every model. The only file that imports onnxruntime, which must stay so: it is
kept from talking here, before the import.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.cores import available_cores

# Since 1.29 the published builds, those for Linux too, tell Microsoft of the process and of every model, as soon as they
# are imported and below Python's sockets; this is the only way to stop all of it, the identifier in the home included.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime
from onnxruntime import InferenceSession as InferenceSession  # for others too, who need the type's name

onnxruntime.disable_telemetry_events()  # most of it, where somebody imported onnxruntime before this file did
_ERRORS_ONLY = 3
onnxruntime.set_default_logger_severity(_ERRORS_ONLY)

_NO_INITIALIZERS: Mapping[str, NDArray[Any]] = MappingProxyType({})


def session(model: Path | bytes, *, initializers: Mapping[str, NDArray[Any]] = _NO_INITIALIZERS) -> InferenceSession:
    """A session that runs `model` on the CPU. Several threads may run it at once, and share its threads.

    :param model: an ONNX file, or its bytes.
    :param initializers: arrays, by name, for the initializers whose data the model says is elsewhere (`data_location` is
        EXTERNAL): of the dtype and shape that it gives them, C-contiguous, read-only or mapped ones too. They are copied.
    :raises Exception: whatever onnxruntime raises of a model that it cannot run, or an initializer that does not fit;
        its exceptions have no common root.
    """
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    options.intra_op_num_threads = available_cores()
    # Threads that wait spinning take their cores from a neighbour, and here from PyTorch's threads: see index/cores.py.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    values = [onnxruntime.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(array)) for array in initializers.values()]
    options.add_external_initializers(list(initializers), values)
    source = model if isinstance(model, bytes) else str(model)
    return InferenceSession(source, options, providers=["CPUExecutionProvider"])
