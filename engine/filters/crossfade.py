# SPDX-License-Identifier: GPL-3.0-or-later
"""From what is there to what is new and back, inside a span of frames."""

from __future__ import annotations

import numpy as np

from ..core.curve_math import smoothstep

# Frames nearer to an edge than this stand on it.
_ON_EDGE = 0.005


def span_share(frames: np.ndarray, first: float, last: float, ease: float) -> np.ndarray:
    """How much the new values count at each frame of a span.

    Args:
        frames: float (n,), within ``first`` .. ``last``.
        first: First frame of the span.
        last: Last frame of the span.
        ease: Frames from either edge until the new values count fully; more than half the span
            is half the span.

    Returns:
        float64 (n,): exactly 0 on the edges, whatever ``ease``, so that nothing jumps there;
        exactly 1 from ``ease`` frames inside on; a smoothstep between.
    """
    frames = np.asarray(frames, np.float64)
    inside = np.minimum(frames - first, last - frames)
    ease = min(ease, (last - first) / 2)
    share = smoothstep(inside / ease) if ease > 0 else np.ones(len(frames))
    share[inside < _ON_EDGE] = 0.0
    return share


def crossfade(old: np.ndarray, new: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Old values where ``share`` is 0, new ones where it is 1, both exactly; (n,) or (n, k)."""
    share = share.reshape(-1, *[1] * (np.ndim(new) - 1))
    return (1 - share) * old + share * new
