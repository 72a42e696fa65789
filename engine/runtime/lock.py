# SPDX-License-Identifier: GPL-3.0-or-later
"""Which wheels a runtime is made of, each with its hash and size; ``runtime.lock.toml``."""

from __future__ import annotations

import platform
import sys
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import FacewrightError

LOCK = Path(__file__).with_name("runtime.lock.toml")
_MACHINES = {"x86_64": "x64", "amd64": "x64", "arm64": "arm64", "aarch64": "arm64"}
_SYSTEMS = {"win32": "windows", "darwin": "macos"}


@dataclass(frozen=True)
class Wheel:
    """One file of a runtime.

    Attributes:
        runtime: "cuda12", "cuda13" or "directml".
        platform: Blender's name of the platform, such as "linux-x64".
        name, version: Of the package.
        file: File name, which says for which Python it is (PEP 427).
        sha256: Hexadecimal digest of the whole file.
        size: Bytes.
    """

    runtime: str
    platform: str
    name: str
    version: str
    file: str
    sha256: str
    size: int

    def suits(self, python: str) -> bool:
        """Whether a Python, such as "cp311", can use it."""
        return self.file.split("-")[2] in (python, "py3")


def this_platform() -> str:
    """Blender's name of this platform, such as "linux-x64"."""
    machine = platform.machine().lower()
    return f"{_SYSTEMS.get(sys.platform, sys.platform)}-{_MACHINES.get(machine, machine)}"


def this_python() -> str:
    """The tag of this Python, such as "cp311"."""
    return f"cp{sys.version_info.major}{sys.version_info.minor}"


def wheels_of(
    runtime: str, platform_name: str, python: str, lock: Path | None = None
) -> list[Wheel]:
    """The wheels of a runtime.

    Args:
        runtime: "cuda12", "cuda13" or "directml".
        platform_name: Such as "linux-x64".
        python: Such as "cp311".
        lock: Another lock, for tests.

    Raises:
        FacewrightError: ``runtime-not-for-this`` where there is none for them.
    """
    entries = tomllib.loads((lock or LOCK).read_text("utf-8"))["wheel"]
    wheels = [wheel for wheel in (Wheel(**entry) for entry in entries) if wheel.runtime == runtime]
    wheels = [wheel for wheel in wheels if wheel.platform == platform_name and wheel.suits(python)]
    if not any(wheel.name.startswith("onnxruntime") for wheel in wheels):
        raise FacewrightError(
            f"There is no {runtime} runtime for {platform_name} and Python {python}.",
            "The processor is used.",
            "runtime-not-for-this",
        )
    return wheels


def requirements(wheels: Iterable[Wheel]) -> str:
    """The wheels as the requirement list that ``pip --require-hashes`` takes."""
    return "".join(f"{w.name}=={w.version} --hash=sha256:{w.sha256}\n" for w in wheels)
