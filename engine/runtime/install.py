# SPDX-License-Identifier: GPL-3.0-or-later
"""Install and remove the GPU runtime.

Everything happens in a folder of its own: what fails or is cancelled leaves what was there, and
a runtime that works is removed only when its successor has proved itself.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ..core.errors import FacewrightError
from ..core.inference.gpu_facts import GpuFacts, ask_gpus
from ..core.progress import Progress
from ..models.catalog import model_path
from . import trial
from .choose import choose_runtime, newest
from .folder import (
    PARTIAL,
    Runtime,
    clean,
    describe_packages,
    discard,
    find_runtimes,
    only_one,
    out_of_reach,
    runtime_root,
)
from .forget import forget
from .lock import Wheel, requirements, this_platform, this_python, wheels_of
from .pip_process import install_wheels, pip_command
from .prove import prove

MEGA = 1_000_000
# Unpacked packages are this many times as large as their wheels (docs/gpu_runtime.md); wheels
# and packages are on the disk together for a while.
_UNPACKED = 1.7
_NVIDIA_TERMS = (
    "onnxruntime is free software (MIT). CUDA, cuBLAS, cuFFT, cuRAND, NVRTC and cuDNN are NVIDIA's "
    "and proprietary: with the download you accept NVIDIA's licences, which lie beside each "
    "library. They are no part of Facewright"
)
_DIRECTML_TERMS = (
    "onnxruntime is free software (MIT), DirectML in it is Microsoft's and proprietary"
)


@dataclass(frozen=True)
class Plan:
    """What an install would do.

    Attributes:
        runtime: "cuda12", "cuda13" or "directml".
        card: What it is for.
        wheels: What is downloaded.
        root: Folder of the runtimes.
        free: Bytes free on its disk.
    """

    runtime: str
    card: str
    wheels: tuple[Wheel, ...]
    root: Path
    free: int

    @property
    def download_bytes(self) -> int:
        """Size of all wheels."""
        return sum(wheel.size for wheel in self.wheels)

    @property
    def disk_bytes(self) -> int:
        """Size of what is installed, estimated."""
        return round(self.download_bytes * _UNPACKED)

    @property
    def needed_bytes(self) -> int:
        """Free space that the install needs."""
        return self.download_bytes + self.disk_bytes

    @property
    def device(self) -> str:
        """The device that it makes possible."""
        return "directml" if self.runtime == "directml" else "cuda"

    def sentences(self) -> list[str]:
        """What the person should know before saying yes."""
        versions = ", ".join(f"{wheel.name} {wheel.version}" for wheel in self.wheels)
        return [
            f"GPU runtime {self.runtime} for {self.card}: {self.download_bytes / MEGA:.0f} MB to "
            f"download, about {self.disk_bytes / MEGA:.0f} MB on disk "
            f"({self.free / MEGA:.0f} MB are free).",
            f"{_DIRECTML_TERMS if self.runtime == 'directml' else _NVIDIA_TERMS}.",
            f"Packages, each checked by its hash: {versions}.",
            f"Folder: {self.root}. Only Facewright's worker uses it; it can be removed again.",
        ]


@dataclass
class RuntimeReport:
    """What an install or a removal has done.

    Attributes:
        state: "complete" or "cancelled".
        runtime: What was installed; empty after a removal.
        folder: Where it is.
        bytes: On disk, or given back by a removal.
        seconds: How long it took.
        version: Of onnxruntime.
        providers: What it can run on.
        warnings: Sentences.
    """

    state: str = "complete"
    runtime: str = ""
    folder: str = ""
    bytes: int = 0
    seconds: float = 0.0
    version: str = ""
    providers: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def plan_install(
    what: str = "gpu", driver: str = "", root: Path | None = None, lock: Path | None = None
) -> Plan:
    """Choose a runtime for this machine; nothing is changed or fetched.

    Args:
        what: "gpu" chooses by the card; "cuda12", "cuda13" or "directml" is taken as it is.
        driver: Version of an NVIDIA driver to choose for, instead of this machine's.
        root: Folder of the runtimes; without it that of ``home()``.
        lock: Another lock, for tests.

    Raises:
        FacewrightError: ``runtime-not-for-this``, or ``folder-unwritable`` where nobody may look.
    """
    root = root or runtime_root()
    cards = [GpuFacts("a card of another machine", "", driver, 0, 0)] if driver else ask_gpus()
    runtime = choose_runtime(this_platform(), cards) if what == "gpu" else what
    name = "any card with DirectX 12"
    if runtime != "directml":
        name = "an NVIDIA card"
        if cards:
            card = newest(cards)
            name = f"{card.name} (driver {card.driver})"
    wheels = wheels_of(runtime, this_platform(), this_python(), lock)
    try:
        existing = next(path for path in (root, *root.parents) if path.exists())
        free = shutil.disk_usage(existing).free
    except OSError as error:
        raise out_of_reach(root, error) from error
    return Plan(runtime, name, tuple(wheels), root, free)


def install(plan: Plan, progress: Progress, index: Sequence[str] = ()) -> RuntimeReport:
    """Download, unpack, prove, and only then let it count.

    Args:
        plan: Of ``plan_install``.
        progress: Told in megabytes written, of wheels and of what is unpacked from them; asked
            several times a second.
        index: Further words for pip, e.g. another index.

    Raises:
        FacewrightError: ``disk-full``, ``runtime-busy``, ``folder-unwritable``, ``pip-missing``,
            ``runtime-hash``, ``runtime-download`` or ``runtime-broken``; nothing has changed.
        Cancelled: Nothing has changed.
    """
    started = time.monotonic()
    with only_one(plan.root):
        clean(plan.root)
        free = shutil.disk_usage(plan.root).free
        if free < plan.needed_bytes:
            raise FacewrightError(
                f"The GPU runtime needs {plan.needed_bytes / MEGA:.0f} MB while it is installed, "
                f"and {plan.root} has {free / MEGA:.0f} MB free.",
                "Make room and try again.",
                "disk-full",
            )
        partial = plan.root / PARTIAL
        try:
            proof = _fetch(plan, partial, progress, index)
            runtime = _settle(plan, partial)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        forget()  # who installs again wants what was given up to be tried again
        trial.keep(runtime, "")  # its proof has imported it
        for other in find_runtimes(plan.root):
            if other.folder != runtime.folder and other.python == runtime.python:
                with suppress(OSError):  # the newest is used
                    discard(other.folder)
    if proof["device_note"]:
        progress.warn(f"It is installed. On this machine: {proof['device_note']}")
    return RuntimeReport(
        runtime=plan.runtime,
        folder=str(runtime.folder),
        bytes=runtime.bytes,
        seconds=round(time.monotonic() - started, 1),
        version=proof["version"],
        providers=proof["providers"],
        warnings=list(progress.warnings),
    )


def remove(root: Path | None = None) -> RuntimeReport:
    """Remove every installed runtime; the shipped onnxruntime is used again.

    Args:
        root: Folder of the runtimes; without it that of ``home()``.

    Raises:
        FacewrightError: ``runtime-busy`` or ``folder-unwritable``.
    """
    started = time.monotonic()
    root = root or runtime_root()
    report = RuntimeReport(folder=str(root))
    try:
        if not root.is_dir():
            return report
    except OSError as error:
        raise out_of_reach(root, error) from error
    with only_one(root):
        for runtime in find_runtimes(root):
            try:
                is_gone = discard(runtime.folder)
            except OSError as error:
                raise out_of_reach(runtime.folder, error) from error
            report.bytes += runtime.bytes
            if not is_gone:
                report.warnings.append(
                    f"{runtime.folder} is in use and cannot be removed whole; it is not used any "
                    "more, and what is left goes with the next install or removal."
                )
        clean(root)
    report.seconds = round(time.monotonic() - started, 1)
    return report


def _fetch(plan: Plan, partial: Path, progress: Progress, index: Sequence[str]) -> dict:
    packages, scratch = partial / "packages", partial / "t"
    scratch.mkdir(parents=True)
    total, most = plan.needed_bytes // MEGA, 0

    def look(written: int) -> None:
        nonlocal most
        most = max(most, min(written // MEGA, total))  # pip moves what is done out of the way
        progress.step(most, total, "MB written")

    look(0)
    listed = partial / "requirements.txt"
    listed.write_text(requirements(plan.wheels), "utf-8")
    pip = pip_command(partial / "pip")
    install_wheels(pip, listed, packages, scratch, look, index)
    shutil.rmtree(scratch, ignore_errors=True)
    look(total * MEGA)
    return prove(packages, model_path("face_landmarks"), plan.device)


def _settle(plan: Plan, partial: Path) -> Runtime:
    """Give the packages a folder with a name that is free, and write what they are."""
    name = base = f"{plan.runtime}-{this_python()}"
    number = 2
    while (plan.root / name).exists():
        name, number = f"{base}-{number}", number + 1
    size, libraries = describe_packages(partial / "packages")
    runtime = Runtime(
        plan.root / name,
        plan.runtime,
        this_platform(),
        this_python(),
        time.time(),
        size,
        {wheel.name: wheel.version for wheel in plan.wheels},
        libraries,
    )
    runtime.folder.mkdir()
    (partial / "packages").rename(runtime.packages)
    runtime.write()
    return runtime
