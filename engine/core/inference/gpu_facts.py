# SPDX-License-Identifier: GPL-3.0-or-later
"""What NVIDIA's own tool says of the card. No card or no tool gives no facts, never an error."""

from __future__ import annotations

import csv
import functools
import io
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

TIMEOUT_S = 10.0
# NVIDIA, CUDA C++ Programming Guide, "CUDA Environment Variables".
_CHOOSING = ("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER")
_FIELDS = ("name", "compute_cap", "driver_version", "memory.total", "memory.used")


@dataclass(frozen=True)
class GpuFacts:
    """One NVIDIA card.

    Attributes:
        name: "NVIDIA GeForce GTX 1650".
        compute_capability: "7.5"; empty where the driver is too old to tell.
        driver: Version of the driver, "550.54".
        memory_mib: MiB on the card; 0 where unknown.
        used_mib: MiB of it that all programs together held when this was asked.
    """

    name: str
    compute_capability: str
    driver: str
    memory_mib: int
    used_mib: int


@functools.cache
def cuda_cards() -> tuple[str, ...]:
    """What decides which card CUDA takes, and what it is; asked once per process.

    CUDA's first card is the fastest by a rule of its own, or what its variables say; the tool
    sorts by slots and knows nothing of either. So all cards count, and the variables where there
    are several: the same words, the same card.
    """
    cards = [f"{card.name}, {card.compute_capability}, {card.driver}" for card in ask_gpus()]
    if len(cards) > 1:
        cards += [f"{name}={os.environ.get(name)}" for name in _CHOOSING]
    return tuple(cards)


def ask_gpus(timeout_s: float = TIMEOUT_S) -> list[GpuFacts]:
    """All NVIDIA cards as they are now; empty where the tool is absent, fails or hangs."""
    text = ask_nvidia_smi(
        [f"--query-gpu={','.join(_FIELDS)}", "--format=csv,noheader,nounits"], timeout_s
    )
    if not text:
        # Drivers before 510 do not know the compute capability, and answer nothing at all.
        known = [field for field in _FIELDS if field != "compute_cap"]
        text = ask_nvidia_smi(
            [f"--query-gpu={','.join(known)}", "--format=csv,noheader,nounits"], timeout_s
        )
        return parse(text, with_capability=False)
    return parse(text)


def parse(text: str, *, with_capability: bool = True) -> list[GpuFacts]:
    """Rows of nvidia-smi's CSV; rows that are not as expected are left out."""
    cards = []
    for row in csv.reader(io.StringIO(text), skipinitialspace=True):
        cells = [cell.strip() for cell in row]
        if not with_capability and cells:
            cells.insert(1, "")
        if len(cells) != len(_FIELDS) or not cells[0]:
            continue
        name, capability, driver, total, used = cells
        cards.append(GpuFacts(name, capability, driver, _whole(total), _whole(used)))
    return cards


def ask_nvidia_smi(arguments: list[str], timeout_s: float = TIMEOUT_S) -> str:
    """What the tool prints; empty where it is absent, fails or hangs."""
    tool = _tool()
    if not tool:
        return ""
    hidden = {"creationflags": subprocess.CREATE_NO_WINDOW} if sys.platform == "win32" else {}
    try:
        done = subprocess.run(
            [tool, *arguments],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            errors="replace",
            timeout=timeout_s,
            **hidden,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout if done.returncode == 0 else ""


def _tool() -> str | None:
    if found := shutil.which("nvidia-smi"):
        return found
    system = Path(os.environ.get("SYSTEMROOT", "C:/Windows")) / "System32" / "nvidia-smi.exe"
    return str(system) if sys.platform == "win32" and system.exists() else None


def _whole(text: str) -> int:
    try:
        return int(float(text))
    except ValueError:  # "[N/A]"
        return 0
