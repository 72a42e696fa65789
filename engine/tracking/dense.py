# SPDX-License-Identifier: GPL-3.0-or-later
"""MediaPipe's 478 landmarks from the few that another network finds.

The canonical face is posed so that its places for the points lie as near to them as a rigid face
can (scaled orthographic camera), and what is left over is the expression and the person: it moves
the places exactly, and everything between them smoothly. Lids, lips and brows are drawn as lines
first, because the solver measures them: between the points on a lid the lid keeps its bow, so a
closed eye closes along its whole length.

All of it but the pose is linear in the points: one matrix, made once, from points to vertices. A
``completion.Completion`` adds what was learned from faces to it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..core.face_geometry import FaceGeometry
from ..core.types import LANDMARKS
from .completion import Completion
from .correspondence import (
    LINES,
    RIGIDITY,
    SAME_CORNER,
    VERTICES,
    Correspondence,
)

RIGHT_IRIS, LEFT_IRIS = 468, 473
# The four lid vertices whose middle is the middle of an eye, right and left.
EYES = ((160, 158, 153, 144), (387, 385, 380, 373))
# From there to the centre of an iris that looks ahead, and the iris' radius, cm: medians of
# MediaPipe's own landmarks of ten people.
_IRIS_AHEAD, _IRIS_RADIUS = np.array([0.0, 0.05, -0.17]), 0.6
# The four points of the ring: towards the actor's left, up, right, down.
_RING = np.array([[1.0, 0, 0], [0, 1.0, 0], [-1.0, 0, 0], [0, -1.0, 0]]) * _IRIS_RADIUS
_EYE_CORNERS = (33, 263)
_FLIP = np.array([1.0, -1.0, -1.0])
# Steps of the pose's fit; it settles in three.
_STEPS = 4
# Keeps a movement along the line of sight, which no picture shows, from growing without bounds.
_SIGHT = 0.05


class Posed(NamedTuple):
    """Where the canonical face is, and what it leaves over.

    Attributes:
        scale: Pixels a centimetre.
        rotation: float64 (3, 3), canonical face to camera (x right, y up, z towards the camera).
        shift: float64 (2,), where its origin is seen, pixels, y up.
        left_over: float64 (N, 2), from the posed places to the points, pixels, y up.
        in_plane: float64 (N, 2), the same along the face's own x and y, pixels.
    """

    scale: float
    rotation: np.ndarray
    shift: np.ndarray
    left_over: np.ndarray
    in_plane: np.ndarray

    @property
    def moves_cm(self) -> np.ndarray:
        """float64 (N, 2): movements along the face's own x and y, as if it had the usual size."""
        return self.in_plane / self.scale


class Dense:
    """Makes 478 landmarks of a network's points. May be called from several threads.

    Args:
        geometry: The canonical face.
        points: What the network's points stand for.
        completion: What else their movements tell; None for nothing.
    """

    def __init__(
        self, geometry: FaceGeometry, points: Correspondence, completion: Completion | None = None
    ) -> None:
        self._take = np.array(points.take)
        self._rigidity = RIGIDITY[list(points.ibug)]
        self._still = np.flatnonzero(self._rigidity)
        self.vertices = with_irises(geometry.vertices)
        self.places = np.stack([self.vertices[list(VERTICES[i])].mean(0) for i in points.ibug])
        self._irises = np.zeros((2, 2)) if points.irises is None else points.irises
        if points.offsets is not None:
            self.places[:, :2] += points.offsets
        self._spread = _spread(self.vertices, self.places, points.ibug)
        self._completion = completion

    def __call__(
        self,
        points: np.ndarray,
        aspect: float,
        *,
        irises: np.ndarray | None = None,
        trust: np.ndarray | None = None,
    ) -> np.ndarray:
        """The landmarks of one face.

        Args:
            points: float (N, 2 or 3), all of the network's points, image pixels. Depth, where it is
                given, is not used: the pose gives it.
            aspect: Width of the picture / its height, for MediaPipe's stretch of depth in tilted
                heads (``landmarkers.mediapipe.to_image``), which the rest of the engine undoes.
            irises: float (2, 2), centres of the right and the left iris, image pixels; NaN for one
                that is not known; None: both look ahead.
            trust: float (N,), 0..1 for each point; one that is not trusted takes no part and is
                drawn where the rest of the face says.

        Returns:
            float32 (478, 3), image pixels, as ``parts.RawFace.landmarks``.
        """
        posed = self.pose(points, trust)
        learned = None
        if self._completion is not None:
            learned = self._completion.matrix @ posed.moves_cm.ravel() + self._completion.offset
        return self.drawn(posed, aspect, irises=irises, learned=learned)

    def drawn(
        self,
        posed: Posed,
        aspect: float,
        *,
        irises: np.ndarray | None = None,
        learned: np.ndarray | None = None,
    ) -> np.ndarray:
        """The landmarks of a face whose pose is known; arguments and result as for a call.

        Args:
            posed: What ``pose`` made of the points.
            aspect: As above.
            irises: As above.
            learned: float (1434,), what is known besides the points: what to add to each value of
                the landmarks (canonical frame, cm); None for nothing.
        """
        scale, rotation = posed.scale, posed.rotation
        left_over, in_plane, plane = posed.left_over, posed.in_plane, rotation[:2, :2]
        # What the damping keeps back stays in the picture's plane: there the points are right.
        moves = np.concatenate([in_plane, left_over - in_plane @ plane.T], 1)
        moves = self._spread @ moves
        moved = scale * self.vertices
        if learned is not None:
            moved += scale * learned.reshape(-1, 3)
        moved[:, :2] += moves[:, :2]
        out = moved @ rotation.T
        out[:, :2] += posed.shift + moves[:, 2:]
        if irises is not None:
            aside = scale * self._irises @ plane.T
            _place_irises(out, np.asarray(irises, np.float64) * _FLIP[:2] - aside)
        out *= _FLIP
        out[:, 2] *= depth_stretch(out, aspect)
        return out.astype(np.float32)

    def pose(self, points: np.ndarray, trust: np.ndarray | None = None) -> Posed:
        """The rigid part; arguments as for a call."""
        seen = np.asarray(points, np.float64)[self._take, :2] * _FLIP[:2]
        trusted = np.ones(len(seen)) if trust is None else np.asarray(trust, float)[self._take]
        still = self._still
        scale, rotation, shift = fit_pose(
            self.places[still], seen[still], (self._rigidity * trusted + 1e-6)[still]
        )
        left_over = seen - (scale * self.places @ rotation[:2].T + shift)
        left_over *= trusted[:, None]
        # The same in the face's own plane: lips part down the face, not towards the camera.
        plane = rotation[:2, :2]
        back = np.linalg.solve(plane @ plane.T + _SIGHT * np.eye(2), plane).T
        return Posed(scale, rotation, shift, left_over, left_over @ back.T)


def depth_stretch(landmarks: np.ndarray, aspect: float) -> float:
    """MediaPipe's stretch of depth in a tilted head, as ``solve.frontal`` undoes it.

    Args:
        landmarks: float (478, 2 or 3), image pixels.
        aspect: Width of the picture / its height.
    """
    dx, dy = landmarks[_EYE_CORNERS[1], :2] - landmarks[_EYE_CORNERS[0], :2]
    length = max(float(np.hypot(dx, dy)), 1e-9)
    return float(np.hypot(dx / length, dy / length * aspect))


def with_irises(vertices: np.ndarray) -> np.ndarray:
    """The canonical face's 468 vertices and ten for irises that look ahead, float64 (478, 3)."""
    centres = [vertices[list(eye)].mean(0) + _IRIS_AHEAD for eye in EYES]
    irises = [np.concatenate([centre[None], centre + _RING]) for centre in centres]
    return np.concatenate([vertices, *irises])


def fit_pose(
    places: np.ndarray, seen: np.ndarray, weights: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray]:
    """The pose in which a rigid face seen from far away lies nearest to points in a picture.

    Starts from the best affine camera and improves scale, rotation and shift by Gauss-Newton.

    Args:
        places: float64 (N, 3).
        seen: float64 (N, 2), y up.
        weights: float64 (N,), not negative, some positive.

    Returns:
        scale, rotation (3, 3), shift (2,): ``scale * (rotation @ place)[:2] + shift`` lies near
        ``seen``.
    """
    share = weights / weights.sum()
    centre, middle = share @ places, share @ seen
    body, target = places - centre, seen - middle
    moment = (body * share[:, None]).T @ body
    # The ridge keeps nearly flat sets of points from turning over.
    affine = np.linalg.solve(
        moment + 1e-3 * np.trace(moment) * np.eye(3), (body * share[:, None]).T @ target
    ).T
    u, size, vt = np.linalg.svd(affine, full_matrices=False)
    two = u @ vt
    rotation = np.stack([*two, np.cross(two[0], two[1])])
    scale = max(float(size.mean()), 1e-9)
    shift = np.zeros(2)
    root = np.sqrt(share)[:, None, None]
    for _ in range(_STEPS):
        turned = body @ rotation.T
        miss = target - (scale * turned[:, :2] + shift)
        # Columns: turns about x, y and z, logarithm of the scale, shift.
        slope = np.zeros((len(body), 2, 6))
        x, y, z = (scale * turned).T
        slope[:, 1, 0], slope[:, 0, 1] = -z, z
        slope[:, 0, 2], slope[:, 1, 2] = -y, x
        slope[:, 0, 3], slope[:, 1, 3] = x, y
        slope[:, 0, 4] = slope[:, 1, 5] = 1
        rows = (slope * root).reshape(-1, 6)
        normal = rows.T @ rows
        normal[np.diag_indices(4)] += 1e-6 * scale**2
        step = np.linalg.solve(normal, rows.T @ (miss[:, :, None] * root).reshape(-1))
        rotation = _turn(step[:3]) @ rotation
        scale *= float(np.exp(np.clip(step[3], -0.5, 0.5)))
        shift = shift + step[4:]
    return scale, rotation, shift + middle - scale * rotation[:2] @ centre


def _turn(vector: np.ndarray) -> np.ndarray:
    """Rotation matrix of a rotation vector in radians (Rodrigues)."""
    angle = float(np.linalg.norm(vector))
    x, y, z = vector
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return (
        np.eye(3)
        + np.sinc(angle / np.pi) * cross
        + np.sinc(angle / (2 * np.pi)) ** 2 / 2 * cross @ cross
    )


def _place_irises(out: np.ndarray, centres: np.ndarray) -> None:
    """Move each known iris with its ring, in place."""
    for first, centre in zip((RIGHT_IRIS, LEFT_IRIS), centres, strict=True):
        if np.isfinite(centre).all():
            out[first : first + 5, :2] += centre - out[first, :2]


def _spread(vertices: np.ndarray, places: np.ndarray, ibug: tuple[int, ...]) -> np.ndarray:
    """float64 (478, N): how far each vertex goes with each point."""
    number = {point: row for row, point in enumerate(ibug)}
    for point, other in SAME_CORNER.items():
        if point not in ibug and other in ibug:
            number[point] = ibug.index(other)
    spread = np.zeros((LANDMARKS, len(places)))
    known: list[int] = []
    for line, points, shape in LINES:
        rows = [number[p] for p in points if p in number]
        for place, vertex in enumerate(line):
            if vertex in known:
                continue
            known.append(vertex)
            end = {0: rows[0], len(line) - 1: rows[-1]}.get(place) if shape else None
            if end is not None:
                spread[vertex, end] = 1
            else:
                spread[vertex, rows] = _along(vertices[vertex], places[rows], shape)
    lined = {p for _, points, _ in LINES for p in points}
    free = [row for row, point in enumerate(ibug) if point not in lined]
    # The rest of the face follows the lines and the points that are on none.
    guides = np.concatenate([vertices[known], places[free]])
    follow = np.concatenate([spread[known], np.eye(len(places))[free]])
    rest = np.setdiff1d(np.arange(len(vertices) - 10), known)
    spread[rest] = _smooth(guides, vertices[rest]) @ follow
    for first, eye in zip((RIGHT_IRIS, LEFT_IRIS), EYES, strict=True):
        spread[first : first + 5] = spread[list(eye)].mean(0)
    return spread


def _along(vertex: np.ndarray, points: np.ndarray, shape: bool) -> np.ndarray:
    """Shares (n,) of the points of a line in the movement of a vertex between them."""
    chord = points[-1] - points[0]
    where = (points - points[0]) @ chord
    at = float(np.clip((vertex - points[0]) @ chord, where.min(), where.max()))
    shares = np.array([np.interp(at, where, row) for row in np.eye(len(points))])
    if shape:
        # The smallest change with which the points' own positions make the vertex's: then any
        # stretch or tilt of the line, and its flattening, takes the vertex along.
        wanted = np.append(vertex[:2] - shares @ points[:, :2], 0.0)
        system = np.concatenate([points[:, :2].T, np.ones((1, len(points)))])
        shares = shares + np.linalg.lstsq(system, wanted, rcond=None)[0]
    return shares


def _smooth(guides: np.ndarray, others: np.ndarray) -> np.ndarray:
    """float64 (m, n): movement of ``others`` from that of ``guides``, as smooth as can be.

    The biharmonic spline in space (Duchon 1977): distances as basis, plus an affine part.
    """

    def basis(points: np.ndarray) -> np.ndarray:
        return np.linalg.norm(points[:, None] - guides[None], axis=2)

    count = len(guides)
    system = np.zeros((count + 4, count + 4))
    affine = np.concatenate([guides, np.ones((count, 1))], 1)
    # A trace of give, for two guides in one place.
    system[:count, :count] = basis(guides) - 1e-3 * np.eye(count)
    system[:count, count:], system[count:, :count] = affine, affine.T
    rows = np.concatenate([basis(others), others, np.ones((len(others), 1))], 1)
    return (rows @ np.linalg.pinv(system))[:, :count]
