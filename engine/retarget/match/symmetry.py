# SPDX-License-Identifier: GPL-3.0-or-later
"""Which keys are each other's mirror image, told from the motion alone.

A face's keys come in pairs of two sides, or do the same on both. Which is which needs no name, and
a rig's left keys are recognised better together with its right ones than alone.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .likeness import direction
from .motion import Motion
from .template import MIRROR

# A key and the mirror image of its partner are at least this alike.
PAIRED = 0.5
# A key with two sides is unlikely to be a name with one, and the other way round.
MISMATCH = 0.8

_FLIP = np.array([-1.0, 1.0, 1.0], np.float32)
_MIRROR = np.array(MIRROR)
_SINGLE = np.arange(len(MIRROR)) == _MIRROR


def partners(motion: Motion) -> np.ndarray:
    """(K,) int: each key's mirror image: another key, itself, or -1 where there is none.

    Args:
        motion: in a face's frame (x = 0 between the sides).
    """
    flipped = replace(motion, points=motion.points * _FLIP, fields=motion.fields * _FLIP[:, None])
    alike = direction(motion, flipped)
    alike = (alike + alike.T) / 2
    alike[motion.still] = -1
    alike[:, motion.still] = -1
    best = alike.argmax(axis=1)
    number = np.arange(len(best))
    return np.where((best[best] == number) & (alike.max(axis=1) > PAIRED), best, -1)


def symmetric(score: np.ndarray, partner: np.ndarray) -> np.ndarray:
    """(K, 52) scores in which both keys of a pair speak for each other.

    Args:
        score: (K, 52), columns in the order of ``NAMES``.
        partner: (K,) of ``partners``.
    """
    number = np.arange(len(partner))
    alone = partner == number
    paired = (partner >= 0) & ~alone
    fair = score.copy()
    fair[paired] = (score[paired] + score[partner[paired]][:, _MIRROR]) / 2
    fair[np.ix_(paired, _SINGLE)] -= MISMATCH
    fair[np.ix_(alone, ~_SINGLE)] -= MISMATCH
    return fair
