# SPDX-License-Identifier: GPL-3.0-or-later
"""The similarity transform between two sets of points."""

from __future__ import annotations

import numpy as np


def fit_similarity(
    source: np.ndarray, target: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scale, rotation and shift that best take ``source`` to ``target``.

    Minimises the weighted squared distance of ``scale * rotation @ source + shift``: the weighted
    orthogonal Procrustes problem (Umeyama 1991).

    Args:
        source: float64 (n, 3).
        target: float64 (T, n, 3).
        weights: float64 (n,).

    Returns:
        scale (T,), rotation (T, 3, 3), shift (T, 3).
    """
    share = (weights / weights.sum())[:, None]
    source_mean = (source * share).sum(0)
    target_mean = (target * share).sum(1)
    centred = (source - source_mean) * weights[:, None]
    covariance = np.einsum("tni,nj->tij", target - target_mean[:, None], centred)
    u, _, vt = np.linalg.svd(covariance)
    # A reflection fits better only where the points are nearly flat; it is never a head.
    u[np.linalg.det(u) * np.linalg.det(vt) < 0, :, 2] *= -1
    rotation = u @ vt
    scale = np.einsum("tij,tij->t", rotation, covariance) / (centred * (source - source_mean)).sum()
    shift = target_mean - scale[:, None] * (rotation @ source_mean)
    return scale, rotation, shift
