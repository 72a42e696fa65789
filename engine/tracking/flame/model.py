# SPDX-License-Identifier: GPL-3.0-or-later
"""FLAME's landmarks from its parameters, with the person's own file of the head.

Formulas after Li, Bolkart, Black, Li, Romero 2017, "Learning a model of facial shape and
expression from 4D scans", equations 1 to 4, which are SMPL's (Loper et al. 2015):

    vertices before the pose  = template + shape directions · β + expression directions · ψ
                                + pose directions · (R(θ) − R(rest))
    joints                    = regressor · (template + shape and expression directions)
    vertices                  = each turned about the joints, weighted (linear blend skinning)

Five joints: the root, neck, jaw, left eye, right eye; pose directions belong to all but the root.
All of it is linear but the turns, so only the corners of the triangles that carry landmarks are
kept, and the joints' regressor is applied to the directions once.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...core.errors import FacewrightError
from ...core.restricted_pickle import as_array, read_tables

SHAPES, EXPRESSIONS = 100, 50
# Where expressions begin among the model's directions: 300 of shape are before them.
_FIRST_EXPRESSION = 300
JOINTS = 5
ROOT, NECK, JAW, LEFT_EYE, RIGHT_EYE = range(JOINTS)
# Names that the published landmark files have for triangles and barycentric shares; the first that
# is there is taken. 68 points with the edge of the face, or 51 without it.
_LANDMARK_NAMES = (
    ("full_lmk_faces_idx", "full_lmk_bary_coords"),
    ("static_lmk_faces_idx", "static_lmk_bary_coords"),
    ("lmk_face_idx", "lmk_b_coords"),
)


@dataclass(frozen=True)
class Flame:
    """What FLAME's landmarks need of it. Metres; x to the actor's left, y up, z out of the face.

    Attributes:
        template: float64 (V, 3), the vertices that are needed, of the mean face.
        directions: float64 (V, 3, 150), displacements by shape (100) and expression (50) at 1.
        pose_directions: float64 (V, 3, 36), by the entries of R − 1 of neck, jaw and eyes.
        weights: float64 (V, 5), share of each joint in each vertex.
        joints: float64 (5, 3), of the mean face.
        joint_directions: float64 (5, 3, 150).
        parents: The joint that each hangs on; -1 for the root.
        corners: int64 (L, 3), the vertices around each landmark.
        shares: float64 (L, 3), barycentric.
        ibug: The number of each landmark among iBUG's 68.
    """

    template: np.ndarray
    directions: np.ndarray
    pose_directions: np.ndarray
    weights: np.ndarray
    joints: np.ndarray
    joint_directions: np.ndarray
    parents: tuple[int, ...]
    corners: np.ndarray
    shares: np.ndarray
    ibug: tuple[int, ...]

    def landmarks(
        self, shape: np.ndarray, expression: np.ndarray, pose: dict[int, np.ndarray] | None = None
    ) -> np.ndarray:
        """Where the landmarks are.

        Args:
            shape: float (100,).
            expression: float (50,).
            pose: Joint -> rotation vector (3,) in radians; a joint that is not there is at rest.

        Returns:
            float64 (L, 3).
        """
        code = np.concatenate([shape, expression]).astype(np.float64)
        vertices = self.template + self.directions @ code
        joints = self.joints + self.joint_directions @ code
        turns = np.tile(np.eye(3), (JOINTS, 1, 1))
        for joint, vector in (pose or {}).items():
            turns[joint] = rotation(np.asarray(vector, np.float64))
        bent = vertices + self.pose_directions @ (turns[1:] - np.eye(3)).ravel()
        whole, places = turns.copy(), joints.copy()
        for joint in range(1, JOINTS):
            parent = self.parents[joint]
            whole[joint] = whole[parent] @ turns[joint]
            places[joint] = places[parent] + whole[parent] @ (joints[joint] - joints[parent])
        shifts = places - np.einsum("jab,jb->ja", whole, joints)
        moved = np.einsum("vj,jab,vb->va", self.weights, whole, bent) + self.weights @ shifts
        return np.einsum("lc,lcx->lx", self.shares, moved[self.corners])


def rotation(vector: np.ndarray) -> np.ndarray:
    """float64 (3, 3) of a rotation vector in radians (Rodrigues)."""
    angle = float(np.linalg.norm(vector))
    x, y, z = vector
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    half = np.sinc(angle / (2 * np.pi)) ** 2 / 2
    return np.eye(3) + np.sinc(angle / np.pi) * cross + half * cross @ cross


def read_flame(model: Path, landmarks: Path) -> Flame:
    """Reads the two published files; nothing in them is run.

    Args:
        model: ``generic_model.pkl`` or another FLAME of the licence holder's, or a ``.npz`` with
            arrays of the same names: ``v_template`` (N, 3), ``shapedirs`` (N, 3, 400), ``posedirs``
            (N, 3, 36), ``J_regressor`` (5, N), ``weights`` (N, 5), ``kintree_table`` (2, 5),
            ``f`` (F, 3).
        landmarks: ``landmark_embedding.npy`` (68 points) or ``flame_static_embedding.pkl`` (51), or
            a ``.npz`` with arrays of those names.

    Raises:
        FacewrightError: ``model-corrupt`` where a file cannot be read, ``model-layout`` where it
            lacks something or has it in another size.
    """
    tables = read_tables(model)
    template = _table(tables, "v_template", model, (None, 3))
    count = len(template)
    directions = _table(tables, "shapedirs", model, (count, 3, None))
    if directions.shape[2] < _FIRST_EXPRESSION + EXPRESSIONS:
        wanted = _FIRST_EXPRESSION + EXPRESSIONS
        raise _layout(model, f"its shapedirs have {directions.shape[2]} directions, not {wanted}")
    pose = _table(tables, "posedirs", model, (count, 3, 9 * (JOINTS - 1)))
    regressor = _table(tables, "J_regressor", model, (JOINTS, count))
    weights = _table(tables, "weights", model, (count, JOINTS))
    parents = _table(tables, "kintree_table", model, (2, JOINTS))[0]
    faces = _table(tables, "f", model, (None, 3)).astype(np.int64)
    triangles, shares = _landmarks_in(landmarks)
    if triangles.min() < 0 or triangles.max() >= len(faces) or faces.max() >= count:
        raise _layout(landmarks, f"it names triangles that {model.name} does not have")
    below = tuple(-1 if joint == ROOT else int(parents[joint]) for joint in range(JOINTS))
    if not all(0 <= below[joint] < joint for joint in range(1, JOINTS)):
        raise _layout(model, "its kintree_table is not that of FLAME")
    wanted = np.r_[0:SHAPES, _FIRST_EXPRESSION : _FIRST_EXPRESSION + EXPRESSIONS]
    directions = directions[:, :, wanted]
    kept, corners = np.unique(faces[triangles], return_inverse=True)
    return Flame(
        template[kept],
        directions[kept],
        pose[kept],
        weights[kept],
        regressor @ template,
        np.einsum("jn,nxk->jxk", regressor, directions),
        below,
        corners.reshape(-1, 3),
        shares,
        tuple(range(68 - len(shares), 68)),
    )


def _landmarks_in(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Triangle of each landmark (L,), and shares (L, 3)."""
    tables = read_tables(path)
    for triangle_name, share_name in _LANDMARK_NAMES:
        triangles = as_array(tables.get(triangle_name))
        shares = as_array(tables.get(share_name))
        if triangles is None or shares is None:
            continue
        triangles, shares = triangles.astype(np.int64).ravel(), shares.astype(np.float64)
        if len(triangles) in (51, 68) and shares.size == 3 * len(triangles):
            return triangles, shares.reshape(-1, 3)
    raise _layout(path, "it holds neither 68 nor 51 landmarks on FLAME's triangles")


def _table(tables: dict, name: str, path: Path, shape: tuple[int | None, ...]) -> np.ndarray:
    found = as_array(tables.get(name))
    if found is None:
        raise _layout(path, f"{name} is not there, or is no array")
    fits = found.ndim == len(shape) and all(
        want in (None, there) for want, there in zip(shape, found.shape, strict=True)
    )
    if not fits:
        want = ", ".join("?" if side is None else str(side) for side in shape)
        raise _layout(path, f"{name} is {found.shape}, not ({want})")
    return found.astype(np.float64)


def _layout(path: Path, what: str) -> FacewrightError:
    return FacewrightError(
        f"{path} is not a FLAME file as it is published: {what}.",
        "docs/morphable_engines.md in Facewright's source says which files are meant.",
        "model-layout",
    )
