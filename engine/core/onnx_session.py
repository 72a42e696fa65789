# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens ONNX models: the only file that imports onnxruntime."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .errors import FacewrightError

if TYPE_CHECKING:
    import onnxruntime

CPU = "CPUExecutionProvider"
# device -> providers to try before the processor. EXHAUSTIVE search makes the first run of a
# small network slower than the whole clip, hence HEURISTIC; the arena grows as asked because
# Blender's viewport shares the card.
_CUDA = (
    "CUDAExecutionProvider",
    {"cudnn_conv_algo_search": "HEURISTIC", "arena_extend_strategy": "kSameAsRequested"},
)
_PROVIDERS: dict[str, list[tuple[str, dict]]] = {
    "cpu": [],
    "cuda": [_CUDA],
    "tensorrt": [("TensorrtExecutionProvider", {"trt_engine_cache_enable": "1"}), _CUDA],
    "directml": [("DmlExecutionProvider", {})],
    "coreml": [("CoreMLExecutionProvider", {})],
}
# Where the person does not choose, the card is tried first and the processor is no surprise.
_PROVIDERS["auto"] = _PROVIDERS["cuda"]


@dataclass(frozen=True)
class OnnxModel:
    """An opened network with one input.

    Attributes:
        session: The onnxruntime session. Its ``run`` may be called from several threads.
        input_name: Name of the input.
        provider: The provider that runs it.
        note: Why the provider is not the one asked for; empty if it is.
    """

    session: onnxruntime.InferenceSession
    input_name: str
    provider: str
    note: str

    def run(self, array: np.ndarray) -> list[np.ndarray]:
        """Every output for one float32 input."""
        return self.session.run(None, {self.input_name: array})


def available_providers() -> list[str]:
    """What the installed onnxruntime can run on; empty if it is not installed."""
    try:
        import onnxruntime
    except ImportError:
        return []
    return onnxruntime.get_available_providers()


def open_model(path: Path, device: str = "auto") -> OnnxModel:
    """Opens a model, on the processor where the device asked for is not available.

    Args:
        path: The .onnx file.
        device: A key of ``_PROVIDERS``.

    Raises:
        FacewrightError: ``package-missing`` without onnxruntime, ``device-unknown`` for a name
            that does not exist, ``model-corrupt`` for a file that cannot be opened.
    """
    if device not in _PROVIDERS:
        names = ", ".join(_PROVIDERS)
        raise FacewrightError(
            f"There is no device named {device!r}.", f"Choose one of: {names}.", "device-unknown"
        )
    try:
        import onnxruntime
    except ImportError as error:
        raise FacewrightError(
            "The package onnxruntime is missing from the worker's Python.",
            "Install the extension again, or run `python3 dev.py setup`.",
            "package-missing",
        ) from error
    wanted = _PROVIDERS[device]
    there = set(onnxruntime.get_available_providers())
    usable = [(name, options) for name, options in wanted if name in there]
    note = ""
    if wanted and not usable and device != "auto":
        note = (
            f"The device {device!r} is not in this build of onnxruntime "
            f"{onnxruntime.__version__}; the processor is used."
        )
    session = _session(onnxruntime, path, [*usable, (CPU, {})])
    provider = session.get_providers()[0]
    if usable and provider == CPU and device != "auto":
        note = f"The device {device!r} could not be started; the processor is used."
    return OnnxModel(session, session.get_inputs()[0].name, provider, note)


def _session(onnxruntime, path: Path, providers: list) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    # The networks are too small to share between threads: frames are what runs side by side.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=providers)
    except Exception as error:
        raise FacewrightError(
            f"The model file {path} cannot be opened: {error}",
            "`python -m engine models verify` checks every model file.",
            "model-corrupt",
        ) from error
