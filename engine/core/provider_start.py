# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts a provider other than the processor for a network, and proves it first."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.metadata
import platform
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from .bound_session import BoundSession, PlainSession, Shapes, shapes_of
from .gather import Gatherer
from .gpu_facts import gpu_facts
from .gpu_settings import GpuSettings
from .home import home
from .provider_check import MOST_ATTEMPTS, Verdict, Verdicts, check, stored_input
from .provider_faults import fault_in, fault_of, gist
from .providers import (
    CPU,
    DIRECTML,
    ON_CUDA,
    TENSORRT,
    batch_limit,
    batch_sizes,
    cache_key,
    provider_options,
)

VERDICTS_FILE = "providers.json"
_TITLES = {TENSORRT: "TensorRT", DIRECTML: "DirectML"}
_TENSORRT_PACKAGES = ("tensorrt-cu12", "tensorrt-cu13", "tensorrt")


@dataclass(frozen=True)
class Asked:
    """A network that shall run on a device.

    Attributes:
        path: The .onnx file.
        gpu: How the device may be used.
        batch: Pictures that may come at once; 0 for as many as the memory holds.
        forced: The person named the device: it is used though the processor is faster.
        cpu_streams: Pictures that the processor would work on at once.
    """

    path: Path
    gpu: GpuSettings
    batch: int = 1
    forced: bool = False
    cpu_streams: int = 1

    @property
    def largest_batch(self) -> int:
        """A power of two."""
        limit = batch_limit(self.gpu)
        return min(limit, batch_sizes(self.batch)[-1]) if self.batch else limit

    @functools.cached_property
    def sha256(self) -> str:
        """Of the file."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


class Started(NamedTuple):
    """What came of starting a provider.

    Attributes:
        run: Runs float32 (n, ...) on it, from any thread; None where it is not used.
        session: onnxruntime's; None where it is not used.
        batch: Pictures that it takes at once.
        note: Why it is not used, or what is to be known; empty for nothing.
    """

    run: Callable | None
    session: Any
    batch: int
    note: str


def title(provider: str) -> str:
    """What people call a provider: "CUDA" for "CUDAExecutionProvider"."""
    return _TITLES.get(provider, provider.removesuffix("ExecutionProvider"))


def compiled_folder(onnxruntime: Any, provider: str, asked: Asked) -> Path:
    """Where a provider keeps what it compiles of a network."""
    return home() / "cache" / title(provider).lower() / _key(onnxruntime, provider, asked)


def tensorrt_is_built(onnxruntime: Any, asked: Asked) -> bool:
    """Whether TensorRT's engine for this network and card is in the cache."""
    if TENSORRT not in onnxruntime.get_available_providers():
        return False
    return any(compiled_folder(onnxruntime, TENSORRT, asked).glob("*.engine"))


def start(
    onnxruntime: Any,
    provider: str,
    asked: Asked,
    make_session: Callable[[list], Any],
    cpu_session: Callable[[], Any],
) -> Started:
    """Opens a network on a provider, unless it does not start, is wrong, or is slower.

    Args:
        onnxruntime: The package.
        provider: Its name of it.
        asked: What shall run.
        make_session: Opens the network: (providers) -> session.
        cpu_session: Gives the same network on the processor, opened when it is first wanted.
    """
    name, file = title(provider), asked.path.name
    verdicts = Verdicts(home() / "cache" / VERDICTS_FILE)
    key = _key(onnxruntime, provider, asked, for_verdict=True)
    known = verdicts.find(key)
    if known and (reason := _refusal(known, asked)):
        return _unused(f"{name} is not used for {file}: {reason}.")
    if known is None and verdicts.attempts(key) >= MOST_ATTEMPTS:
        return _unused(
            f"{name} is not used for {file}: it ended the process or hung when it was tried. "
            f"Delete {home() / 'cache' / VERDICTS_FILE} to try it again."
        )
    # An attempt counts from here on: a driver may take the process with it.
    if known is None:
        verdicts.begin(key)
    try:
        started, verdict = _open_and_check(
            onnxruntime, provider, asked, make_session, cpu_session, known
        )
    except KeyboardInterrupt:  # a person has lost patience; the provider did come back
        verdicts.forget(key)
        raise
    except Exception as error:  # noqa: BLE001 - drivers fail in every way
        verdicts.forget(key)
        with contextlib.suppress(OSError):  # it is kept where there is something in it
            compiled_folder(onnxruntime, provider, asked).rmdir()
        fault = fault_of(error) or f"it failed ({gist(error)})"
        return _unused(f"{name} is not used for {file}: {fault}.")
    if known is None:
        if verdict:
            verdicts.keep(key, verdict)
        else:
            verdicts.forget(key)
    return started


def _open_and_check(
    onnxruntime, provider, asked, make_session, cpu_session, known
) -> tuple[Started, Verdict | None]:
    name, file = title(provider), asked.path.name
    session = _open(onnxruntime, provider, asked, make_session, cpu_session)
    if session.get_providers()[0] != provider:
        note = f"{name} could not be started for {file}; a library or the driver is missing."
        return _unused(note), None
    shapes = shapes_of(session)
    batch = asked.largest_batch if shapes.batched else 1
    device = _device(onnxruntime, provider, session, shapes, batch)
    verdict = known
    if known is None:
        on_cpu = cpu_session()
        verdict = check(
            device.run,
            lambda array: on_cpu.run(None, {shapes.name: array}),
            shapes.picture,
            batch,
            cpu_streams=asked.cpu_streams if batch > 1 else 1,
            warm_up=asked.gpu.warm_up_runs,
        )
    if reason := _refusal(verdict, asked):
        return _unused(f"{name} is not used for {file}: {reason}."), verdict
    note = ""
    if verdict.is_slower:
        note = f"{name} is used for {file} as asked, though {_slower(verdict)}."
    for size in batch_sizes(batch):
        for _ in range(asked.gpu.warm_up_runs):
            if fault := fault_in(device.run(stored_input(shapes.picture, size))):
                return _unused(f"{name} is not used for {file}: {fault}."), None
    run = Gatherer(device.run, batch).run if batch > 1 else device.run
    return Started(run, session, batch, note), verdict


def _open(onnxruntime, provider, asked, make_session, cpu_session) -> Any:
    folder, shapes = Path(), None
    if provider == TENSORRT:
        folder = compiled_folder(onnxruntime, provider, asked)
        folder.mkdir(parents=True, exist_ok=True)
        known = shapes_of(cpu_session())
        if None not in known.picture:
            shapes = {known.name: (None if known.batched else 1, *known.picture)}
    options = provider_options(provider, asked.gpu, folder, shapes, asked.largest_batch)
    providers = [(provider, options)]
    if provider == TENSORRT:  # what it cannot run
        rest = ON_CUDA[0]
        if rest in onnxruntime.get_available_providers():
            providers.append((rest, provider_options(rest, asked.gpu, folder)))
    return make_session([*providers, (CPU, {})])


def _device(
    onnxruntime: Any, provider: str, session: Any, shapes: Shapes, batch: int
) -> BoundSession | PlainSession:
    if provider not in ON_CUDA or not shapes.fixed:
        return PlainSession(session, shapes, batch)

    def make_value(shape, element_type):
        return onnxruntime.OrtValue.ortvalue_from_shape_and_type(shape, element_type, "cuda", 0)

    return BoundSession(session, shapes, make_value, batch)


def _refusal(verdict: Verdict, asked: Asked) -> str:
    """Why a provider is not used, for the end of a sentence; empty where it is."""
    if verdict.problem:
        return verdict.problem
    return _slower(verdict) if verdict.is_slower and not asked.forced else ""


def _slower(verdict: Verdict) -> str:
    return (
        f"it takes {verdict.device_ms:.2f} ms a picture and the processor {verdict.cpu_ms:.2f} ms"
    )


def _unused(note: str) -> Started:
    return Started(None, None, 1, note)


def _key(onnxruntime: Any, provider: str, asked: Asked, *, for_verdict: bool = False) -> str:
    version = f"onnxruntime {onnxruntime.__version__}"
    if provider == TENSORRT:
        # The engine holds for these alone; other settings make another engine.
        version += f" {_tensorrt_version()} {asked.gpu.half} {asked.largest_batch}"
    if for_verdict:
        version += f" {asked.gpu} {asked.largest_batch} {asked.cpu_streams}"
    facts = gpu_facts() if provider in ON_CUDA else None
    system = f"{platform.system()} {platform.machine()}"
    return cache_key(provider, version, asked.sha256, facts, system)


def _tensorrt_version() -> str:
    for package in _TENSORRT_PACKAGES:
        try:
            return f"{package} {importlib.metadata.version(package)}"
        except importlib.metadata.PackageNotFoundError:
            continue
    return ""
