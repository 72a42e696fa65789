# SPDX-License-Identifier: GPL-3.0-or-later
"""From the camera's axes to a Blender character's: the one place where they are named.

Camera (``core.types``): x to the image's right, which is the actor's left; y up; z towards the
camera, where the actor looks. A Blender character: its left is +X, it looks along -Y, up is +Z.
So (x, y, z) of the camera is (x, -z, y) of the character, and a rotation R measured in camera
axes is C R Cᵀ in the character's.

A rig's own axes may differ: imported FBX and glTF armatures often keep +Y up and look along +Z,
turned upright by their object; a character may also have been built looking another way.
"""

from __future__ import annotations

import numpy as np

FACINGS = ("-Y", "+Y", "-X", "+X")

CAMERA_TO_CHARACTER = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])

_TURN_ABOUT_UP = {"-Y": 0, "+X": 1, "+Y": 2, "-X": 3}


def character_to_local(up: np.ndarray, facing: str = "-Y") -> np.ndarray:
    """Turns a character's axes (left +X, looks along -Y, up +Z) into those of an object.

    Args:
        up: float (3,), the direction of the world's up in the object's own axes.
        facing: Where the character looks once its up is +Z, one of ``FACINGS``.

    Returns:
        float64 (3, 3) rotation. An object whose up is nearest to its own +Y is taken for a
        Y-up rig that looks along +Z; every other one for a Z-up rig.

    Raises:
        ValueError: The facing is unknown.
    """
    if facing not in FACINGS:
        raise ValueError(f"unknown facing {facing!r}, not one of {FACINGS}")
    quarter = _TURN_ABOUT_UP[facing]
    cos, sin = (1, 0, -1, 0)[quarter], (0, 1, 0, -1)[quarter]
    turn = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]], np.float64)
    up = np.asarray(up, np.float64)
    if int(np.argmax(np.abs(up))) == 1 and up[1] > 0:
        return CAMERA_TO_CHARACTER.T @ turn
    return turn
