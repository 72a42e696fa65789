# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person may ask of solved weights: see ``core.requests.SolveSettings``."""

from __future__ import annotations

import numpy as np

from ..core.arkit import INDEX, MIRROR
from ..core.requests import SolveSettings

# Movements of which one face makes only one at a time.
_EXCLUSIVE = (
    ("jawLeft", "jawRight"),
    ("mouthLeft", "mouthRight"),
    *((f"eyeLookUp{side}", f"eyeLookDown{side}") for side in ("Left", "Right")),
    *((f"eyeLookIn{side}", f"eyeLookOut{side}") for side in ("Left", "Right")),
)
# A movement that was seen weaker than this is too close to the noise to be stretched to 1.
_LEAST_REACH = 0.3


def apply_options(weights: np.ndarray, settings: SolveSettings, reach: np.ndarray) -> np.ndarray:
    """Range, symmetry, exclusion, clamping, in this order.

    Args:
        weights: float (T, 52).
        settings: Which, and how much.
        reach: float (52,), the performer's strongest values.

    Returns:
        float (T, 52), new.
    """
    out = weights * range_gain(reach, settings.learn_range)
    if settings.symmetry:
        # A glance to the side is no asymmetry.
        mirrored = out[:, _both_sides()]
        out = out + settings.symmetry * ((out + mirrored) / 2 - out)
    if settings.exclusive:
        for first, second in _EXCLUSIVE:
            a, b = out[:, INDEX[first]].copy(), out[:, INDEX[second]].copy()
            # The net movement: continuous where one takes over from the other.
            out[:, INDEX[first]] = np.maximum(a - np.maximum(b, 0), 0)
            out[:, INDEX[second]] = np.maximum(b - np.maximum(a, 0), 0)
        jaw, close = INDEX["jawOpen"], INDEX["mouthClose"]
        out[:, close] = np.minimum(out[:, close], out[:, jaw])
    return np.clip(out, 0, 1) if settings.clamp else out


def range_gain(reach: np.ndarray, share: float) -> np.ndarray:
    """float (52,): factors that bring a performer's own maximum to 1.

    Both sides of a pair share one factor, or a crooked smile would come out straight.
    """
    both = np.maximum(reach, reach[_both_sides()])
    full = np.where(both >= _LEAST_REACH, 1 / np.maximum(both, _LEAST_REACH), 1.0)
    # A glance is an angle: stretched, the eyes would cross.
    full[[i for name, i in INDEX.items() if name.startswith("eyeLook")]] = 1.0
    return 1 + share * (full - 1)


def _both_sides() -> list[int]:
    """The mirror partner of each channel, itself for glances and for the jaw's and mouth's ways."""
    names = list(INDEX)
    ways = ("eyeLookIn", "eyeLookOut", "jaw", "mouthLeft", "mouthRight")
    return [i if names[i].startswith(ways) else MIRROR[i] for i in range(len(names))]
