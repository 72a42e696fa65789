# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts a provider other than the processor for a network, and proves it first."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.metadata
import platform
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..home import home
from .bound_session import BoundSession, PlainSession, shapes_of
from .gather import Gatherer
from .gpu_facts import cuda_cards
from .gpu_settings import GpuSettings
from .provider_attempts import NotTriedError, attempt
from .provider_check import Verdict, Verdicts, check, stored_input
from .provider_faults import fault_in, fault_of, gist
from .providers import (
    CPU,
    CUDA,
    CUDA_DEVICE,
    DIRECTML,
    MAX_BATCH,
    ON_CUDA,
    TENSORRT,
    batch_limit,
    batch_sizes,
    cache_key,
    provider_options,
)
from .smaller_batches import SmallerBatches

_TITLES = {TENSORRT: "TensorRT", DIRECTML: "DirectML"}
_TENSORRT_PACKAGES = ("tensorrt-cu12", "tensorrt-cu13", "tensorrt")


@dataclass(frozen=True)
class Asked:
    """A network that shall run on a device.

    Attributes:
        path: The .onnx file.
        gpu: How the device may be used.
        batch: Pictures that may come at once; 0 for as many as the memory holds.
        named: The person named the device.
        forced: It is used though the processor is faster.
        cpu_streams: Pictures that the processor would work on at once.
    """

    path: Path
    gpu: GpuSettings
    batch: int = 1
    named: bool = False
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
    """A network on a provider.

    Attributes:
        run: Runs float32 (n, ...) on it, from any thread.
        card: What runs it.
        batch: Pictures that it takes at once.
    """

    run: Callable[[np.ndarray], list[np.ndarray]]
    card: SmallerBatches
    batch: int


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


def verdicts_file() -> Path:
    """Where it is kept which provider has proved itself for which network."""
    return home() / "cache" / "providers.json"


def attempts_folder() -> Path:
    """Where checks that have ended the process are remembered."""
    return home() / "cache" / "checks"


def start(
    onnxruntime: Any,
    provider: str,
    asked: Asked,
    make_session: Callable[[list], Any],
    cpu_session: Callable[[], Any],
    tell: Callable[[str], None],
) -> Started | None:
    """Opens a network on a provider, unless it does not start, is wrong, or is slower.

    Args:
        onnxruntime: The package.
        provider: Its name of it.
        asked: What shall run.
        make_session: Opens the network: (providers) -> session.
        cpu_session: Gives the same network on the processor, opened when it is first wanted.
        tell: Told, now or while it runs, in sentences: why it is not used, what is to be known.
    """
    opening = _Opening(onnxruntime, provider, asked, make_session, cpu_session, tell)
    verdicts = Verdicts(verdicts_file())
    key = _key(onnxruntime, provider, asked, for_verdict=True)
    try:
        if known := verdicts.find(key):
            return opening.use(known)
        # From here on a driver may take the process with it.
        with attempt(attempts_folder() / key, named=asked.named):
            known = verdicts.find(key)  # another process may have found out meanwhile
            started = opening.use(known)
            if known is None and opening.verdict:
                verdicts.keep(key, opening.verdict)
            return started
    except NotTriedError as reason:
        return opening.refuse(str(reason))
    except Exception as error:  # noqa: BLE001 - drivers fail in every way
        _discard_compiled(compiled_folder(onnxruntime, provider, asked), error)
        return opening.refuse(fault_of(error) or f"it failed ({gist(error)})")


class _Opening:
    """A network on its way to a provider; the arguments are those of ``start``.

    Attributes:
        verdict: What a check has found, or what was known before; None for nothing.
    """

    def __init__(self, onnxruntime, provider, asked, make_session, cpu_session, tell) -> None:
        self._onnxruntime, self._provider, self._asked = onnxruntime, provider, asked
        self._make_session, self._cpu_session, self._tell = make_session, cpu_session, tell
        self._name, self._file = title(provider), asked.path.name
        self.verdict: Verdict | None = None

    def refuse(self, reason: str) -> None:
        """Tells why the provider is not used."""
        self._tell(f"{self._name} is not used for {self._file}: {reason}.")

    def use(self, known: Verdict | None) -> Started | None:
        """Opens the network, checks it where nothing is known, and warms it up."""
        asked = self._asked
        if known and (reason := _refusal(known, asked)):
            return self.refuse(reason)
        card = self._card()
        if card is None:
            self._tell(
                f"{self._name} could not be started for {self._file}; "
                "a library or the driver is missing."
            )
            return None
        self.verdict = known or self._check(card)
        if reason := _refusal(self.verdict, asked):
            return self.refuse(reason)
        for size in batch_sizes(card.largest):
            for _ in range(asked.gpu.warm_up_runs):
                if fault := fault_in(card.run(stored_input(self._shapes.picture, size))):
                    self.verdict = None  # it was right a moment ago
                    return self.refuse(fault)
        self._tell_what_is_not_as_asked()
        run = Gatherer(card.run, card.largest).run if card.largest > 1 else card.run
        return Started(run, card, card.largest)

    def _card(self) -> SmallerBatches | None:
        """The network on the provider; None where it does not start."""
        session = self._open()
        if session is None:
            return None
        self._shapes = shapes_of(session)
        self._largest = self._asked.largest_batch if self._shapes.batched else 1

        def reopen(largest: int) -> BoundSession | PlainSession:
            again = self._open()
            if again is None:
                raise RuntimeError("it did not start again")
            return self._device(again, largest)

        def tell_smaller(before: int, now: int) -> None:
            self._tell(
                f"{self._name}'s memory ran out with {before} pictures of {self._file} at once; "
                f"it takes {now}."
            )

        device = self._device(session, self._largest)
        return SmallerBatches(device, reopen, self._largest, tell_smaller)

    def _check(self, card: SmallerBatches) -> Verdict:
        on_cpu = self._cpu_session()
        return check(
            card.run,
            lambda array: on_cpu.run(None, {self._shapes.name: array}),
            self._shapes.picture,
            self._largest,
            cpu_streams=self._asked.cpu_streams if self._largest > 1 else 1,
            warm_up=self._asked.gpu.warm_up_runs,
        )

    def _tell_what_is_not_as_asked(self) -> None:
        gpu = self._asked.gpu
        if self.verdict.is_slower:
            slower = _slower(self.verdict)
            self._tell(f"{self._name} is used for {self._file} as asked, though {slower}.")
        if self._largest > 1 and gpu.batch not in (0, batch_limit(gpu)):
            self._tell(
                f"Batches of {gpu.batch} pictures were asked for; they have {batch_limit(gpu)}, "
                f"because sizes are powers of two up to {MAX_BATCH}."
            )

    def _open(self) -> Any:
        """onnxruntime's session; None where the provider does not start."""
        provider, asked = self._provider, self._asked
        folder, shapes = Path(), None
        if provider == TENSORRT:
            folder = compiled_folder(self._onnxruntime, provider, asked)
            folder.mkdir(parents=True, exist_ok=True)
            known = shapes_of(self._cpu_session())
            if None not in known.picture:
                shapes = {known.name: (None if known.batched else 1, *known.picture)}
        options = provider_options(provider, asked.gpu, folder, shapes, asked.largest_batch)
        providers = [(provider, options)]
        # What TensorRT cannot run.
        if provider == TENSORRT and CUDA in self._onnxruntime.get_available_providers():
            providers.append((CUDA, provider_options(CUDA, asked.gpu, folder)))
        session = self._make_session([*providers, (CPU, {})])
        return session if session.get_providers()[0] == provider else None

    def _device(self, session: Any, largest: int) -> BoundSession | PlainSession:
        is_bound = self._asked.gpu.bind and self._shapes.fixed
        if self._provider not in ON_CUDA or not is_bound:
            return PlainSession(session, self._shapes, largest)

        def make_value(shape, element_type):
            make = self._onnxruntime.OrtValue.ortvalue_from_shape_and_type
            return make(shape, element_type, "cuda", int(CUDA_DEVICE))

        return BoundSession(session, self._shapes, make_value, largest)


def _discard_compiled(folder: Path, error: Exception) -> None:
    """Keeps what a provider has compiled, unless there is nothing or the file is damaged."""
    # TensorRT's words for files that were not written to their end; it would never make new ones.
    if any(word in str(error) for word in ("deserialize engine", "create timing cache")):
        shutil.rmtree(folder, ignore_errors=True)
    with contextlib.suppress(OSError):  # it goes where nothing is in it
        folder.rmdir()


def _refusal(verdict: Verdict, asked: Asked) -> str:
    """Why a provider is not used, for the end of a sentence; empty where it is."""
    if verdict.problem:
        return verdict.problem
    return _slower(verdict) if verdict.is_slower and not asked.forced else ""


def _slower(verdict: Verdict) -> str:
    return (
        f"it takes {verdict.device_ms:.2f} ms a picture and the processor {verdict.cpu_ms:.2f} ms"
    )


def _key(onnxruntime: Any, provider: str, asked: Asked, *, for_verdict: bool = False) -> str:
    version = f"onnxruntime {onnxruntime.__version__}"
    if provider == TENSORRT:
        # The engine holds for these alone; other settings make another engine.
        gpu = asked.gpu
        version += f" {_tensorrt_version()} {gpu.half} {gpu.tensorrt_workspace_mib}"
        version += f" {asked.largest_batch}"
    if for_verdict:
        version += f" {asked.gpu} {asked.largest_batch} {asked.cpu_streams}"
    cards = cuda_cards() if provider in ON_CUDA else ()
    system = f"{platform.system()} {platform.machine()}"
    return cache_key(provider, version, asked.sha256, cards, system)


def _tensorrt_version() -> str:
    for package in _TENSORRT_PACKAGES:
        try:
            return f"{package} {importlib.metadata.version(package)}"
        except importlib.metadata.PackageNotFoundError:
            continue
    return ""
