# SPDX-License-Identifier: GPL-3.0-or-later
"""A morphable head with the ARKit shapes: ICT-FaceKit's light model, or one made like it.

Li et al., "Learning Formation of Physically-Based Face Attributes", CVPR 2020;
https://github.com/USC-ICT/ICT-FaceKit (MIT). The model does not ship with Facewright; the archive
holds its meshes: ``base`` (n, 3) cm, ``exp`` (53, n, 3) and ``ids`` (100, n, 3) offsets, ``faces``
(polygons), ``mats`` (their materials) and ``names`` (of the expressions, with ``_L`` and ``_R``).
``makehuman.py`` writes a second model of this form, with ``landmarks`` of its own topology.
Frame of reference: x to the actor's left, y up, z out of the face.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.core.arkit import NAMES

# Rotation of the eyeball at a weight of 1, in degrees. The lids of the model's eyeLook shapes are
# sculpted for about these angles; the comfortable range of human gaze is a little wider.
LOOK_SIDE_DEG, LOOK_DOWN_DEG, LOOK_UP_DEG = 28.0, 26.0, 22.0
# Transparent shells around the eye that a plain renderer would show as milk.
_SHELLS = ("M_EyeBlend", "M_EyeOcclusion", "M_LacrimalFluid")
# Order of the materials in ``Head.material``.
MATERIALS = ("skin", "eye", "teeth", "gums", "lashes")
_MATERIAL = {
    "M_Face": 0,
    "M_BackHead": 0,
    "M_ScleraLeft": 1,
    "M_ScleraRight": 1,
    "M_IrisLeft": 1,
    "M_IrisRight": 1,
    "M_Teeth": 2,
    "M_GumsTongue": 3,
    "M_EyeLashes": 4,
}
# Vertices of the iBUG landmarks in ICT-FaceKit's topology (its vertex_indices.json): brows, eyes,
# outer and inner lips. Jaw and nose are not needed.
# fmt: off
_ICT_LANDMARKS = (
    *[-1] * 17,
    268, 493, 1914, 2044, 1401, 3615, 4240, 4114, 2734, 2509,
    *[-1] * 9,
    1507, 1542, 1537, 1528, 1518, 1511, 3742, 3751, 3756, 3721, 3725, 3732,
    5708, 5695, 2081, 0, 4275, 6200, 6213, 6346, 6461, 5518, 5957, 5841,
    5702, 5711, 5533, 6216, 6207, 6470, 5517, 5966,
)
# fmt: on
# The neck's joint with the skull, in cm: what a head turns about.
PIVOT = np.array([0.0, -6.0, -2.0], np.float32)


@dataclass(frozen=True)
class Head:
    """The model, ready to be posed.

    Attributes:
        base: float32 (n, 3), the mean head, cm.
        shapes: float32 (52, n * 3), offsets of the ARKit shapes; zero where the model has none.
        people: float32 (100, n * 3), offsets of the identity modes.
        triangles: int32 (m, 3).
        material: int32 (n,), index into ``MATERIALS`` of each vertex.
        eyes: The vertices of the left and of the right eyeball.
        landmarks: int32 (68,), vertices of the iBUG landmarks; -1 for those of jaw and nose.
    """

    base: np.ndarray
    shapes: np.ndarray
    people: np.ndarray
    triangles: np.ndarray
    material: np.ndarray
    eyes: tuple[slice, slice]
    landmarks: np.ndarray

    @property
    def has_tongue(self) -> bool:
        """Whether ``tongueOut`` can be shown."""
        return bool(self.shapes[NAMES.index("tongueOut")].any())

    def person(self, modes: np.ndarray) -> np.ndarray:
        """float32 (n, 3): the neutral head of a person with (100,) identity weights."""
        return self.base + (modes.astype(np.float32) @ self.people).reshape(-1, 3)

    def pose(self, neutral: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """V = V_neutral + sum of w_i dV_i, with the eyeballs turned.

        Args:
            neutral: float32 (n, 3), a person.
            weights: float (52,), ARKit order.

        Returns:
            float32 (n, 3).
        """
        vertices = neutral + (weights.astype(np.float32) @ self.shapes).reshape(-1, 3)
        for eye, pitch_yaw in zip(self.eyes, gaze_deg(weights), strict=True):
            ball = neutral[eye]
            centre = ball.mean(0)
            vertices[eye] = (ball - centre) @ turn(*np.radians(pitch_yaw), 0.0).T + centre
        return vertices


def gaze_deg(weights: np.ndarray) -> np.ndarray:
    """Gaze that belongs to eyeLook weights.

    Args:
        weights: float (..., 52).

    Returns:
        float (..., 2, 2), left and right eye: pitch (down positive) and yaw (to the actor's left
        positive), degrees relative to the head.
    """
    look = {name: weights[..., NAMES.index(name)] for name in NAMES if name.startswith("eyeLook")}
    gaze = np.empty((*weights.shape[:-1], 2, 2))
    for eye, (side, outward) in enumerate((("Left", 1.0), ("Right", -1.0))):
        down, up = look[f"eyeLookDown{side}"], look[f"eyeLookUp{side}"]
        out, inward = look[f"eyeLookOut{side}"], look[f"eyeLookIn{side}"]
        gaze[..., eye, 0] = LOOK_DOWN_DEG * down - LOOK_UP_DEG * up
        gaze[..., eye, 1] = outward * LOOK_SIDE_DEG * (out - inward)
    return gaze


def turn(pitch: float, yaw: float, roll: float) -> np.ndarray:
    """Rotation of Euler XYZ angles in radians, ``rz @ ry @ rx``: float32 (3, 3)."""
    cx, cy, cz = np.cos([pitch, yaw, roll])
    sx, sy, sz = np.sin([pitch, yaw, roll])
    rx = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    ry = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    rz = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    return (rz @ ry @ rx).astype(np.float32)


def load_head(path: Path) -> Head:
    """Reads the archive described above."""
    data = np.load(path, allow_pickle=True)
    names = [str(name) for name in data["names"]]
    shapes = np.zeros((len(NAMES), *data["base"].shape), np.float32)
    for row, name in enumerate(NAMES):
        for part in _parts(name):
            if part in names:
                shapes[row] += data["exp"][names.index(part)]
    kept = [
        (polygon, _MATERIAL[str(material)])
        for polygon, material in zip(data["faces"], data["mats"], strict=True)
        if str(material) not in _SHELLS
    ]
    triangles = [
        (polygon[0], polygon[i], polygon[i + 1])
        for polygon, _ in kept
        for i in range(1, len(polygon) - 1)
    ]
    material = np.zeros(len(data["base"]), np.int32)
    for polygon, kind in kept:
        material[list(polygon)] = kind
    eyes = [_range(material == 1, data, side) for side in ("Left", "Right")]
    return Head(
        data["base"].astype(np.float32),
        shapes.reshape(len(NAMES), -1),
        data["ids"].astype(np.float32).reshape(len(data["ids"]), -1),
        np.array(triangles, np.int32),
        material,
        (eyes[0], eyes[1]),
        np.array(data.get("landmarks", _ICT_LANDMARKS), np.int32),
    )


def _parts(name: str) -> tuple[str, ...]:
    """ICT's names of an ARKit shape."""
    if name in ("browInnerUp", "cheekPuff"):
        return f"{name}_L", f"{name}_R"
    for side in ("Left", "Right"):
        if name.endswith(side) and name not in ("jawLeft", "jawRight", "mouthLeft", "mouthRight"):
            return (f"{name.removesuffix(side)}_{side[0]}",)
    return (name,)


def _range(eye: np.ndarray, data, side: str) -> slice:
    """The vertices of one eyeball: they lie together."""
    used = {
        vertex
        for polygon, material in zip(data["faces"], data["mats"], strict=True)
        if str(material) in (f"M_Sclera{side}", f"M_Iris{side}")
        for vertex in polygon
    }
    return slice(min(used), max(used) + 1)
