# SPDX-License-Identifier: GPL-3.0-or-later
"""How near a solution comes to what was captured, and whether it is good enough to keep."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from .lips import CHANNEL_NAMES

# A channel that moves less has no correlation worth the name.
_STILL = 0.005
# What the performer's own model must reach beyond being better than the general one. With sound
# and picture that do not belong together it learns the mean face, which has a small error, too.
LEAST_LIKENESS = 0.25
MOST_OF_MEAN = 0.98


@dataclass(frozen=True)
class Score:
    """Errors over the stretches kept aside.

    Attributes:
        mae: Mean absolute error of the weights, over all channels.
        likeness: Correlation with what was captured, mean over the channels by how much they
            move.
        channel_mae, channel_likeness: The same of each channel, by name; a channel that does
            not move has no likeness.
    """

    mae: float
    likeness: float
    channel_mae: dict[str, float]
    channel_likeness: dict[str, float]

    def to_json(self) -> dict:
        """As a JSON object."""
        return asdict(self)


def score(given: np.ndarray, captured: np.ndarray, trust: np.ndarray) -> Score:
    """Compare weights.

    Args:
        given, captured: (N, 27).
        trust: (N, 27), how much each captured value counts.
    """
    weight = trust / np.maximum(trust.sum(axis=0), 1e-9)
    mae = (weight * np.abs(given - captured)).sum(axis=0)
    ours = given - (weight * given).sum(axis=0)
    theirs = captured - (weight * captured).sum(axis=0)
    spread = np.sqrt((weight * theirs**2).sum(axis=0))
    own = np.sqrt((weight * ours**2).sum(axis=0))
    likeness = (weight * ours * theirs).sum(axis=0) / np.maximum(spread * own, 1e-9)
    moving = spread > _STILL
    return Score(
        round(float(mae.mean()), 5),
        round(float((likeness * spread)[moving].sum() / max(spread[moving].sum(), 1e-9)), 4),
        {name: round(float(v), 5) for name, v in zip(CHANNEL_NAMES, mae, strict=True)},
        {
            name: round(float(v), 4)
            for name, v, moves in zip(CHANNEL_NAMES, likeness, moving, strict=True)
            if moves
        },
    )


def shortcomings(own: Score, general: Score, mean_face: Score) -> list[str]:
    """Why a performer's own model should not replace the general one; empty where it should."""
    found = []
    if own.mae >= general.mae:
        found.append(f"its error is {own.mae:.4f}, that of the general model {general.mae:.4f}")
    if own.likeness <= general.likeness:
        found.append(
            f"its likeness is {own.likeness:.2f}, that of the general model {general.likeness:.2f}"
        )
    if own.mae > MOST_OF_MEAN * mean_face.mae:
        found.append(f"the mean face alone comes as near ({mean_face.mae:.4f})")
    elif own.likeness < LEAST_LIKENESS:
        found.append(f"its likeness is only {own.likeness:.2f}")
    return found
