# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens ONNX models: the only file that imports onnxruntime."""

from __future__ import annotations

import contextlib
import functools
import io
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import FacewrightError
from ..runtime_note import runtime_note
from .gpu_settings import GpuSettings
from .provider_faults import fault_in, fault_of, is_memory
from .provider_start import Asked, start, tensorrt_is_built, title
from .providers import CPU, DIRECTML, ON_CUDA, candidates, check_device, is_missing

if TYPE_CHECKING:
    import onnxruntime

    from .provider_start import Started

# onnxruntime would note every session in the person's cache folder and send the notes to its maker.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

# What the processor works on at once where nobody says otherwise (``tracking.network_tracker``).
CPU_STREAMS = 4


class OnnxModel:
    """An opened network with one input.

    Args:
        cpu_session: Opens the network on the processor; called when that is wanted.
        provider: The provider that runs it.
        notes: What is to be said of the provider; more may come.
        started: What runs it on a provider other than the processor.
        file: Name of the file, for messages.

    Attributes:
        input_name: Name of the input.
        provider: The provider that runs it now.
        notes: Sentences: why the provider is not the one asked for, and what happened to it since.
        batch: Pictures that it likes to be asked for at once, from several threads; 1 on the
            processor, which gains nothing by it.
    """

    def __init__(
        self,
        cpu_session: Callable[[], Any],
        provider: str,
        notes: list[str],
        started: Started | None = None,
        file: str = "",
    ) -> None:
        self.provider = provider
        self.notes = notes
        self.batch = started.batch if started else 1
        self._cpu_session, self._file = cpu_session, file
        self._on_device = started
        self._on_cpu = None if started else cpu_session()
        self.input_name = self.session.get_inputs()[0].name
        self._lock = threading.Lock()
        self._lost: Started | None = None

    @property
    def session(self) -> onnxruntime.InferenceSession:
        """The onnxruntime session of now. Its ``run`` may be called from several threads."""
        on_device = self._on_device
        return on_device.card.session if on_device else self._on_cpu

    @property
    def note(self) -> str:
        """All notes; empty if the provider is the one asked for."""
        return " ".join(self.notes)

    def run(self, array: np.ndarray) -> list[np.ndarray]:
        """Every output for one float32 input.

        Where the provider fails, the processor takes over for good, beginning with this input.
        """
        on_device = self._on_device
        if on_device is not None:
            try:
                outputs = on_device.run(array)
                fault = fault_in(outputs)
            except Exception as error:
                fault = fault_of(error)
                if not fault:
                    raise
            if not fault:
                return outputs
            self._fall_back(fault)
        return self._on_cpu.run(None, {self.input_name: array})

    def _fall_back(self, fault: str) -> None:
        """Goes on on the processor; threads that come later find it done."""
        with self._lock:
            if self._on_device is None:
                return
            self._on_cpu = self._cpu_session()
            # The memory is given back. To free what is on a device that is gone can end the
            # process, so that is kept.
            self._lost = None if is_memory(fault) else self._on_device
            failed, self.provider = self.provider, CPU
            self.notes.append(
                f"{title(failed)} stopped working for {self._file}: {fault}. "
                "The processor went on from the same picture."
            )
            self.batch = 1
            self._on_device = None


def available_providers() -> list[str]:
    """What the installed onnxruntime can run on; empty if it is not installed."""
    try:
        import onnxruntime
    except ImportError:
        return []
    return onnxruntime.get_available_providers()


def is_tensorrt_built(path: Path) -> bool:
    """Whether ``open_model(path, "tensorrt")`` finds what TensorRT else builds for minutes."""
    return tensorrt_is_built(_package(), Asked(Path(path), GpuSettings()))


def open_model(
    path: Path,
    device: str = "auto",
    gpu: GpuSettings | None = None,
    batch: int = 1,
    *,
    insist: bool = True,
) -> OnnxModel:
    """Opens a model on what proves itself of the device asked for, else on the processor.

    Args:
        path: The .onnx file.
        device: One of ``providers.DEVICES``.
        gpu: How a card may be used.
        batch: Pictures that several threads may ask for at once; they are then run together where
            a card is. 0 for as many as the card's share of memory holds.
        insist: Use a device that was named though the processor is faster.

    Raises:
        FacewrightError: ``package-missing`` without onnxruntime, ``device-unknown`` for a name
            that does not exist, ``model-corrupt`` for a file that cannot be opened.
    """
    check_device(device)
    onnxruntime = _package()

    def cpu_session():
        return _session(onnxruntime, path, [(CPU, {})])

    notes: list[str] = []
    if device != "cpu" and (note := runtime_note()):
        notes.append(note)
    # The usual case asks nobody anything: no card, no file, no tool.
    there = onnxruntime.get_available_providers()
    if is_missing(device, there):
        notes.append(
            f"The device {device!r} is not in this build of onnxruntime "
            f"{onnxruntime.__version__}; the processor is used."
        )
    elif candidates(device, there, tensorrt_built=True):
        streams = 1 if batch == 1 else min(CPU_STREAMS, os.cpu_count() or 1)
        named = device != "auto"
        forced = insist and named
        asked = Asked(Path(path), gpu or GpuSettings(), batch, named, forced, streams)
        cpu_session = functools.cache(cpu_session)
        model = _on_device(onnxruntime, device, asked, notes, cpu_session)
        if model:
            return model
    return OnnxModel(cpu_session, CPU, notes, file=Path(path).name)


def _on_device(onnxruntime, device: str, asked: Asked, notes: list[str], cpu_session):
    """The model on the first provider that proves itself; None, and why in the notes."""
    there = onnxruntime.get_available_providers()
    if not asked.path.is_file():
        return None  # opening it on the processor tells what is wrong
    built = device == "auto" and tensorrt_is_built(onnxruntime, asked)
    providers = candidates(device, there, tensorrt_built=built)
    if set(providers) & set(ON_CUDA):
        _load_cuda(onnxruntime)
    for provider in providers:
        started = start(
            onnxruntime,
            provider,
            asked,
            lambda providers: _new_session(onnxruntime, asked.path, providers),
            cpu_session,
            notes.append,
        )
        if started:
            return OnnxModel(cpu_session, provider, notes, started, asked.path.name)
    return None


def _package():
    try:
        import onnxruntime
    except ImportError as error:
        raise FacewrightError(
            "The package onnxruntime is missing from the worker's Python.",
            "Install the extension again, or run `python3 dev.py setup`.",
            "package-missing",
        ) from error
    return onnxruntime


@functools.cache
def _load_cuda(onnxruntime) -> None:
    """Loads CUDA's libraries from their wheels, where onnxruntime does not find them itself."""
    # TensorRT computes with ten bits of mantissa on newer cards; onnxruntime has no option for it,
    # and NVIDIA's libraries look once (onnxruntime's issues 6427 and 26029).
    os.environ.setdefault("NVIDIA_TF32_OVERRIDE", "0")
    preload = getattr(onnxruntime, "preload_dlls", None)
    if preload is None:
        return
    # It prints what it does not find; the worker's standard output is a wire. Where a library is
    # missing the session does not start, and that is told.
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(Exception):
        preload(directory="")


def _session(onnxruntime, path: Path, providers: list) -> onnxruntime.InferenceSession:
    try:
        return _new_session(onnxruntime, path, providers)
    except Exception as error:
        raise FacewrightError(
            f"The model file {path} cannot be opened: {error}",
            "It has to be an ONNX network. `python -m engine models verify` tells which of those "
            "that ship or were added have changed.",
            "model-corrupt",
        ) from error


def _new_session(onnxruntime, path: Path, providers: list) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    # The networks are too small to share between threads: frames are what runs side by side.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    if providers[0][0] == DIRECTML:
        # Microsoft's condition for DirectML.
        options.enable_mem_pattern = False
    # Its own way back to the processor prints to the standard output, tells nobody which provider
    # runs then, and hides why; ours is in OnnxModel.
    return onnxruntime.InferenceSession(str(path), options, providers=providers, enable_fallback=0)
