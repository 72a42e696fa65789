# SPDX-License-Identifier: GPL-3.0-or-later
"""Which runtime suits this machine: the NVIDIA driver decides."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..core.errors import FacewrightError
from ..core.inference.gpu_facts import GpuFacts

# The oldest drivers of CUDA 12 and 13 (NVIDIA: CUDA Compatibility, "Minor Version Compatibility";
# cuDNN 9 backend, "Support Matrix").
_CUDA13_DRIVER = (580,)
_CUDA12_DRIVER = {"linux-x64": (525, 60), "windows-x64": (527, 41)}
# CUDA 13 and the cuDNN after 9.10 have left Maxwell, Pascal and Volta behind.
_OLDEST_CARD = (7, 5)


def choose_runtime(platform_name: str, cards: Sequence[GpuFacts]) -> str:
    """The runtime for a machine.

    Args:
        platform_name: Such as "linux-x64".
        cards: Its NVIDIA cards (``core.inference.gpu_facts``).

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
    return "cuda13" if _version(newest(cards).driver) >= _CUDA13_DRIVER else "cuda12"


def newest(cards: Sequence[GpuFacts]) -> GpuFacts:
    """The card that decides where there are several: CUDA's own first choice is the fastest."""
    return max(cards, key=lambda card: (_version(card.compute_capability), card.memory_mib))


def _why_not_cuda(platform_name: str, cards: Sequence[GpuFacts]) -> str:
    """A sentence, or nothing where CUDA can be used."""
    if not cards:
        return "No NVIDIA card with a working driver was found (nvidia-smi lists none)."
    card, oldest = newest(cards), _CUDA12_DRIVER[platform_name]
    if () < _version(card.compute_capability) < _OLDEST_CARD:
        return (
            f"{card.name} has compute capability {card.compute_capability}; NVIDIA's libraries of "
            f"today need {'.'.join(map(str, _OLDEST_CARD))} (GTX 16xx, RTX 20xx) or newer."
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
