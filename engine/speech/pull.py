# SPDX-License-Identifier: GPL-3.0-or-later
"""The blend of targets by the pull of their phones.

value(t) = sum_i strength_i target_i P_i(t) / sum_i strength_i P_i(t), where P_i is the span of
phone i convolved with a kernel that falls as exp(-u / before) ahead of a sound and as
exp(-u / after) behind it. Cohen and Massaro (1993), "Modeling coarticulation in synthetic visual
speech", take the kernel itself, centred on the phone, as dominance.
"""

from __future__ import annotations

import numpy as np

# Pulls of more phones than 2 to this power away are left out; at 40 ms a phone that is 1.3 s.
DOUBLINGS = 5


def blend(
    edges: np.ndarray,
    targets: np.ndarray,
    strengths: np.ndarray,
    before_s: np.ndarray,
    after_s: np.ndarray,
    times_s: np.ndarray,
) -> np.ndarray:
    """Values of each channel at each time.

    Args:
        edges: (M + 1,) seconds: phone i goes from ``edges[i]`` to ``edges[i + 1]``.
        targets, strengths: (M, C).
        before_s, after_s: (C,) seconds, how far a pull reaches ahead of and behind its phone.
        times_s: (N,) seconds; outside of the edges the nearest phone goes on.

    Returns:
        float64 (N, C).
    """
    lengths = np.diff(edges)
    # Twice as many columns: what is pulled, and the pull.
    pulls = np.concatenate([strengths * targets, strengths], axis=1)
    ahead = np.tile(np.asarray(before_s, np.float64), 2)
    behind = np.tile(np.asarray(after_s, np.float64), 2)
    # State at the end of each phone of all phones up to it, and at its start of all from it on.
    fade = np.exp(-lengths[:, None] / behind)
    past = _running(pulls * behind * (1 - fade), fade)
    fade = np.exp(-lengths[:, None] / ahead)
    future = _running((pulls * ahead * (1 - fade))[::-1], fade[::-1])[::-1]
    none = np.zeros((1, pulls.shape[1]))
    past = np.concatenate([none, past[:-1]])
    future = np.concatenate([future[1:], none])
    own = np.clip(np.searchsorted(edges, times_s, side="right") - 1, 0, len(lengths) - 1)
    since = np.maximum(times_s - edges[own], 0.0)[:, None]
    until = np.maximum(edges[own + 1] - times_s, 0.0)[:, None]
    total = np.empty((len(times_s), pulls.shape[1]))
    channels = len(before_s)
    for part in (slice(0, channels), slice(channels, None)):
        gone = np.exp(-since / behind[part])
        total[:, part] = past[own, part] * gone
        total[:, part] += pulls[own, part] * behind[part] * (1 - gone)
        left = np.exp(-until / ahead[part])
        total[:, part] += future[own, part] * left
        total[:, part] += pulls[own, part] * ahead[part] * (1 - left)
    return total[:, :channels] / np.maximum(total[:, channels:], 1e-12)


def _running(gain: np.ndarray, fade: np.ndarray) -> np.ndarray:
    """y with y[i] = gain[i] + fade[i] * y[i - 1], by doubling (Hillis and Steele 1986)."""
    gain, fade = gain.copy(), fade.copy()
    step = 1
    for _ in range(DOUBLINGS):
        if step >= len(gain):
            break
        gain[step:] = gain[step:] + fade[step:] * gain[:-step]
        fade[step:] = fade[step:] * fade[:-step]
        step *= 2
    return gain
