# SPDX-License-Identifier: GPL-3.0-or-later
"""The plain solver: the network's own scores, head angles from its matrix, gaze from the scores."""

from __future__ import annotations

import numpy as np

from ..core.axes import euler_deg
from ..core.gaze import gaze_deg
from ..core.types import FaceTrack, Observations


def solve(observations: Observations) -> FaceTrack:
    """Take the scores as weights.

    Args:
        observations: T frames of a tracker.

    Returns:
        The T solved frames; NaN where no face was seen.
    """
    return FaceTrack(
        time_s=observations.time_s,
        valid=observations.valid,
        confidence=observations.presence,
        # The network does not say which of its scores to trust.
        channel_confidence=np.where(observations.valid[:, None], 1.0, np.nan)
        .repeat(observations.scores.shape[1], axis=1)
        .astype(np.float32),
        weights=observations.scores,
        head_deg=euler_deg(observations.head[:, :3, :3]).astype(np.float32),
        head_cm=observations.head[:, :3, 3],
        gaze_deg=gaze_deg(observations.scores),
    )


class RawSolver:
    """``solve`` as a ``base.Solver``: there is nothing to learn first."""

    margin_s = 0.0

    def __init__(self, _options: object) -> None:
        pass

    def study(self, observations: Observations) -> None:
        """Nothing."""

    def study_reach(self, observations: Observations) -> None:
        """Nothing."""

    def performer(self) -> None:
        """Nothing."""

    def adopt(self, performer: object) -> None:
        """Nothing."""

    def solve(self, observations: Observations) -> FaceTrack:
        """See ``solve``."""
        return solve(observations)
