# SPDX-License-Identifier: GPL-3.0-or-later
"""Which runtime suits this machine: the NVIDIA driver decides."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass

from ..core.errors import FacewrightError

# The oldest drivers of CUDA 12 and 13 (NVIDIA: CUDA Compatibility, "Minor Version Compatibility";
# cuDNN 9 backend, "Support Matrix").
_CUDA13_DRIVER = (580,)
_CUDA12_DRIVER = {"linux-x64": (525, 60), "windows-x64": (527, 41)}
# CUDA 13 and the cuDNN after 9.10 have left Maxwell, Pascal and Volta behind.
_OLDEST_CARD = 7.5
_PATIENCE_S = 20.0


@dataclass(frozen=True)
class Card:
    """An NVIDIA card.

    Attributes:
        name: As NVIDIA calls it.
        driver: Version of the driver, such as "580.95.05".
        compute: Compute capability, such as 7.5; 0 where the driver does not tell.
    """

    name: str
    driver: str
    compute: float = 0.0


def find_cards() -> list[Card]:
    """The NVIDIA cards that the driver knows, the newest kind first; empty without a driver."""
    query = "--query-gpu=name,driver_version,compute_cap"
    window = {"creationflags": subprocess.CREATE_NO_WINDOW} if sys.platform == "win32" else {}
    try:
        done = subprocess.run(
            ["nvidia-smi", query, "--format=csv,noheader"],
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
            **window,
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    return parse_cards(done.stdout) if done.returncode == 0 else []


def parse_cards(text: str) -> list[Card]:
    """What nvidia-smi prints, one card a line: name, driver, compute capability."""
    cards = []
    for line in text.splitlines():
        words = [word.strip() for word in line.split(",")]
        if len(words) == 3 and _version(words[1]):
            number = re.fullmatch(r"\d+\.\d+", words[2])
            cards.append(Card(words[0], words[1], float(number[0]) if number else 0.0))
    return sorted(cards, key=lambda card: -card.compute)


def choose_runtime(platform_name: str, cards: list[Card]) -> str:
    """The runtime for a machine.

    Args:
        platform_name: Such as "linux-x64".
        cards: Its NVIDIA cards, the one to be used first.

    Returns:
        "cuda13", "cuda12" or "directml".

    Raises:
        FacewrightError: ``runtime-not-for-this`` where nothing suits, with the reason.
    """
    if platform_name not in _CUDA12_DRIVER:
        raise FacewrightError(
            "There is no GPU runtime for this system.",
            "On a Mac, CoreML is part of what ships; elsewhere the processor is used.",
            "runtime-not-for-this",
        )
    problem = _why_not_cuda(platform_name, cards)
    if problem and platform_name == "windows-x64":
        return "directml"  # any card with DirectX 12, NVIDIA's old ones too
    if problem:
        raise FacewrightError(problem, "The processor is used.", "runtime-not-for-this")
    return "cuda13" if _version(cards[0].driver) >= _CUDA13_DRIVER else "cuda12"


def _why_not_cuda(platform_name: str, cards: list[Card]) -> str:
    """A sentence, or nothing where CUDA can be used."""
    if not cards:
        return "No NVIDIA card with a working driver was found (nvidia-smi lists none)."
    card, oldest = cards[0], _CUDA12_DRIVER[platform_name]
    if 0 < card.compute < _OLDEST_CARD:
        return (
            f"{card.name} has compute capability {card.compute}; NVIDIA's libraries of today need "
            f"{_OLDEST_CARD} (GTX 16xx, RTX 20xx) or newer."
        )
    if _version(card.driver) < oldest:
        return (
            f"The NVIDIA driver {card.driver} is too old: CUDA 12 needs "
            f"{'.'.join(map(str, oldest))}, CUDA 13 needs {_CUDA13_DRIVER[0]} or newer."
        )
    return ""


def _version(text: str) -> tuple[int, ...]:
    """Numbers of a version; empty where it is none."""
    return tuple(map(int, text.split("."))) if re.fullmatch(r"\d+(\.\d+)*", text) else ()
