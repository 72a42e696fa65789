# SPDX-License-Identifier: GPL-3.0-or-later
"""What curves over time need again and again."""

from __future__ import annotations

import numpy as np


def runs(mask: np.ndarray) -> list[tuple[int, int]]:
    """The stretches where a bool (T,) mask is true, as (first, stop) index pairs."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], mask.astype(np.int8), [0]))))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def smoothstep(x: np.ndarray) -> np.ndarray:
    """The cubic 3x² - 2x³ on 0..1, flat at both ends, clamped outside."""
    x = np.clip(x, 0.0, 1.0)
    return x * x * (3.0 - 2.0 * x)
