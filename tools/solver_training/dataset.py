# SPDX-License-Identifier: GPL-3.0-or-later
"""A corpus as the solver sees it: faces turned to the front, appearance, truth."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import linear_sum_assignment
from scipy.spatial.transform import Rotation

from engine.core.arkit import MIRROR
from engine.core.axes import euler_deg
from engine.core.face_geometry import FaceGeometry
from engine.core.types import APPEARANCE, LANDMARKS
from engine.solve.frontal import placed, turn_to_front

from .corpus import PICTURE

# Numbers of the people of one morphable head: 0 and up, 100000 and up, ...
PEOPLE_PER_MODEL = 100_000


@dataclass
class Frames:
    """What training reads, one row a frame.

    Attributes:
        face: float32 (n, 1434), landmarks turned to the front, cm.
        view: float32 (n, 3), pitch, yaw, roll of the fitted head along its ray, radians.
        weights: float32 (n, 52), truth.
        turn: float32 (n, 3), rotation from the fitted to the true head, rotation vector.
        person: int (n,).
        resting: bool (n,).
        looks: float32 (n, 256), appearance; zeros where not known.
    """

    face: np.ndarray
    view: np.ndarray
    weights: np.ndarray
    turn: np.ndarray
    person: np.ndarray
    resting: np.ndarray
    looks: np.ndarray

    def __getitem__(self, rows) -> Frames:
        return Frames(*(column[rows] for column in vars(self).values()))

    def __len__(self) -> int:
        return len(self.face)

    @staticmethod
    def concatenate(parts: list[Frames]) -> Frames:
        """One after the other."""
        columns = zip(*(vars(part).values() for part in parts), strict=True)
        return Frames(*(np.concatenate(column) for column in columns))


def read_corpus(shards: list[Path], geometry: FaceGeometry) -> tuple[Frames, np.ndarray]:
    """Every frame of the shards, and its feature maps, float16 (n, 10240)."""
    parts, maps = [], []
    for shard in shards:
        rows = np.load(shard)
        frontal = turn_to_front(rows["landmarks"], geometry, 1.0)
        # One field of view a row: the rays differ, nothing else does.
        truth = np.empty((len(rows), 3, 3))
        for field_of_view in np.unique(rows["field_of_view"]):
            same = rows["field_of_view"] == field_of_view
            part = type(frontal)(*(column[same] for column in vars(frontal).values()))
            ray, _ = placed(part, np.eye(3), PICTURE, PICTURE, float(field_of_view))
            truth[same] = np.swapaxes(ray, 1, 2) @ rows["rotation"][same]
        turn = Rotation.from_matrix(np.swapaxes(frontal.rotation, 1, 2) @ truth).as_rotvec()
        parts.append(
            Frames(
                frontal.points.reshape(len(rows), -1),
                np.radians(euler_deg(frontal.rotation)).astype(np.float32),
                rows["weights"],
                turn.astype(np.float32),
                rows["person"],
                rows["resting"],
                np.zeros((len(rows), APPEARANCE), np.float32),
            )
        )
        maps.append(rows["maps"])
    frames = Frames.concatenate(parts)
    _agree_on_ahead(frames)
    return frames, np.concatenate(maps)


def _agree_on_ahead(frames: Frames) -> None:
    """Two models hold their heads differently where they say zero; the first one decides."""
    model = frames.person // PEOPLE_PER_MODEL
    ahead = {
        number: frames.turn[(model == number) & frames.resting].mean(0)
        for number in np.unique(model)
    }
    first = ahead[min(ahead)]
    for number, mean in ahead.items():
        frames.turn[model == number] += first - mean


def resting_rows(frames: Frames, count: int) -> np.ndarray:
    """int (n, count): for each frame, resting frames of the same person; -1 where there is none."""
    people, own = np.unique(frames.person, return_inverse=True)
    bank = np.full((len(people), count), -1)
    for number in range(len(people)):
        rows = np.flatnonzero((own == number) & frames.resting)
        if len(rows):
            bank[number] = np.resize(rows, count)
    return bank[own]


def learn_projection(
    maps: np.ndarray, weights: np.ndarray, rest: np.ndarray, ridge: float = 3.0
) -> tuple[np.ndarray, np.ndarray]:
    """The part of the feature maps that tells expressions apart.

    A few dozen directions from a ridge regression of the weights on the change since rest, the
    others the main directions of that change.

    Args:
        maps: float16 (n, k).
        weights: float32 (n, 52).
        rest: int (n, m), resting rows of each frame; frames with -1 are left out.

    Returns:
        Matrix float32 (256, k) and offset float32 (256,): vectors are ``maps @ matrix.T + offset``
        and vary by about 1.
    """
    size = maps.shape[1]
    covariance = np.zeros((size, size), np.float32)
    shared = np.zeros((size, weights.shape[1]), np.float32)
    usable = np.flatnonzero(rest[:, 0] >= 0)
    for first in range(0, len(usable), 2048):
        rows = usable[first : first + 2048]
        change = maps[rows].astype(np.float32) - maps[rest[rows]].astype(np.float32).mean(1)
        covariance += change.T @ change
        shared += change.T @ weights[rows]
    covariance /= len(usable)
    shared /= len(usable)
    step = ridge * float(np.trace(covariance)) / size
    factor = cho_factor(covariance + step * np.eye(size, dtype=np.float32))
    told = cho_solve(factor, shared).T
    told = told[np.linalg.norm(told, axis=1) > 0]
    main = _main_directions(covariance, APPEARANCE - len(told))
    matrix = np.concatenate([told, main])
    matrix /= np.sqrt(np.einsum("ij,ij->i", matrix @ covariance, matrix))[:, None] + 1e-9
    mean = maps[::7].astype(np.float32).mean(0)
    return matrix.astype(np.float32), (-matrix @ mean).astype(np.float32)


def _main_directions(covariance: np.ndarray, count: int) -> np.ndarray:
    """The first eigenvectors (count, k), by subspace iteration (Halko et al. 2011)."""
    random = np.random.default_rng(0)
    basis = random.normal(size=(len(covariance), count + 32)).astype(np.float32)
    for _ in range(4):
        basis, _ = np.linalg.qr(covariance @ basis)
    small = basis.T @ covariance @ basis
    _, vectors = np.linalg.eigh(small)
    return (basis @ vectors[:, ::-1][:, :count]).T


def mirror_landmarks(mean_face: np.ndarray) -> np.ndarray:
    """int (478,): each landmark's partner on the other side of a mean face, float (478, 3)."""
    flipped = mean_face * [-1.0, 1.0, 1.0]
    distance = np.linalg.norm(mean_face[:, None] - flipped[None], axis=2)
    return linear_sum_assignment(distance + distance.T)[1]


def mirrored(frames: Frames, partner: np.ndarray) -> Frames:
    """The same frames in a mirror, where nobody knows what they look like."""
    face = frames.face.reshape(-1, LANDMARKS, 3)[:, partner] * np.float32([-1, 1, 1])
    return Frames(
        face.reshape(len(face), -1),
        frames.view * np.float32([1, -1, -1]),
        frames.weights[:, list(MIRROR)],
        frames.turn * np.float32([1, -1, -1]),
        frames.person + frames.person.max() + 1,
        frames.resting,
        np.zeros_like(frames.looks),
    )
