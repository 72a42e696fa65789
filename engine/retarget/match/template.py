# SPDX-License-Identifier: GPL-3.0-or-later
"""The shipped head's motion: what other heads' keys are compared with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from ...core.arkit import NAMES
from ..head_asset import load_asset
from .motion import Motion, key_mass, moments, observe

# Eyeballs, teeth and lashes are left out: many rigs have none of them in the mesh with the keys.
PARTS = ("skin", "tongue")
COARSE = 300


@dataclass(frozen=True)
class Template:
    """The shipped head, in a frame of spread 1: +x the actor's left, -y the front, +z up.

    Attributes:
        motion: its keys in the order of ``NAMES``.
        coarse: the same with few points.
        centre: (3,) metres, and ``spread`` (3,) metres: the frame's origin and unit.
    """

    motion: Motion
    coarse: Motion
    centre: np.ndarray
    spread: np.ndarray


@cache
def template() -> Template:
    """Read the shipped head once.

    Raises:
        FacewrightError: its file is missing or damaged.
    """
    head = load_asset()
    kept = np.concatenate([np.arange(*head.parts[part]) for part in PARTS])
    deltas = [head.deltas[name][kept] for name in NAMES]
    motion = observe(head.vertices[kept], deltas)
    centre, spread = moments(motion.points, key_mass(motion)[motion.face].sum(axis=0))
    motion = motion.moved(np.diag(1 / spread), centre)
    return Template(motion, motion.thinned(COARSE), centre, spread)


def mirrored(name: str) -> str:
    """The name of the other side; a name without sides is its own."""
    if "Left" in name:
        return name.replace("Left", "Right")
    return name.replace("Right", "Left")


# (52,) index of the other side's name, in the order of ``NAMES``.
MIRROR: tuple[int, ...] = tuple(NAMES.index(mirrored(name)) for name in NAMES)
