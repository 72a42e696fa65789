# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the landmarks of a mesh as the tracker finds those of a person: by looking at it.

The head is drawn from several sides, the landmark network looks at each picture, and what it
finds is carried back to the mesh through the picture's depth.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..core.errors import FacewrightError
from ..core.progress import Progress
from ..models.catalog import model_path
from ..retarget.transfer.anatomy import Anatomy, examine
from ..retarget.transfer.closest import NearestOnSurface
from ..retarget.transfer.landmarks import COUNT
from ..retarget.transfer.request import FacePoints, MeshPart
from ..retarget.transfer.surface import Surface
from ..retarget.transfer.zbuffer import View, back_project, draw, view_from
from ..tracking.base import TrackerOptions
from ..tracking.detectors.blazeface import BlazeFace
from ..tracking.landmarkers.mediapipe import MediapipeLandmarker
from ..tracking.regions import from_detection, from_landmarks, letterbox

_Networks = tuple[BlazeFace, MediapipeLandmarker]
SIZE = 512
# Yaw and pitch of the pictures in degrees. The frontal one alone leaves the sides of the face
# to chance; beyond 40 degrees the network guesses the far half.
VIEWS = ((0, 0), (-20, 0), (20, 0), (-36, 0), (36, 0), (0, 12), (0, -12), (-20, -8), (20, -8))
# Where a face may be in a figure: height of the picture's middle as a share of the figure's
# height from above, and height of the picture as a share of it.
_FRAMINGS = ((0.5, 1.15), (0.5, 1.6), (0.3, 0.75), (0.12, 0.3), (0.09, 0.2), (0.07, 0.15))
# What the landmark network must say to a picture; drawn faces convince it less than real ones.
MIN_PRESENCE = 0.5
# How far a point of one picture may lie from the others', in face widths.
_OUTLIER = 0.06
# A mesh thinner than this share of its largest side is flat.
_FLAT = 1e-6
# Disagreement between pictures, in face widths, that halves the trust in a point.
_DOUBT = 0.02
_SKIN = np.array([0.80, 0.60, 0.50])
_EYE = np.array([0.95, 0.95, 0.93])
_IRIS = np.array([0.16, 0.12, 0.10])
_LIGHTS = (((0.35, -0.8, 0.5), 0.62), ((-0.7, -0.6, 0.25), 0.22), ((0.0, -0.35, 0.95), 0.22))


def guess_landmarks(
    parts: Sequence[MeshPart], progress: Progress | None = None, device: str = "cpu"
) -> FacePoints:
    """Points of the face mesh on a head.

    Args:
        parts: The character's meshes at rest.
        progress: Told of each picture.
        device: What the network runs on.

    Returns:
        Points in the meshes' unit and axes; those that were not seen have weight 0.

    Raises:
        FacewrightError: ``no-face-in-mesh`` where no face is found, ``mesh-flat``.
    """
    progress = progress or Progress()
    anatomy = examine(parts)
    options = TrackerOptions(model_path, device, streams=1)
    networks = BlazeFace(options), MediapipeLandmarker(options)
    # Lashes, hair, tears and teeth only hide what has to be seen.
    shown = np.isin(anatomy.roles, ("skin", "eye"))[anatomy.whole.triangles[:, 0]]
    whole = Surface(anatomy.whole.vertices, anatomy.whole.triangles[shown])
    skin = anatomy.skin_triangles[shown]
    paint = _paint(anatomy)
    centre, span = _find_face(whole, paint, networks, progress)
    seen = []
    for number, (yaw, pitch) in enumerate(VIEWS):
        progress.step(number, len(VIEWS), "pictures")
        view = view_from(yaw, pitch, centre, span, SIZE)
        found = _look(whole, paint, view, networks)
        if found is not None:
            seen.append(_on_mesh(whole, skin, view, *found))
    if not seen:
        raise _no_face()
    return _together(whole, skin, seen)


def _no_face() -> FacewrightError:
    return FacewrightError(
        "No face was found on the mesh by looking at it from the front.",
        "Place landmarks on it, at least the corners of the eyes and the mouth, nose tip and chin; "
        "check that the character looks along -Y and stands along Z.",
        "no-face-in-mesh",
    )


def _paint(anatomy: Anatomy) -> np.ndarray:
    """A plausible colour for each vertex, (N, 3): the network knows eyes by their contrast."""
    colours = np.tile(_SKIN, (len(anatomy.whole.vertices), 1))
    for eye in anatomy.eyes:
        ball = np.flatnonzero(eye.vertices)
        ahead = (anatomy.whole.vertices[ball] - eye.centre) / eye.radius
        colours[ball] = _EYE
        colours[ball[ahead[:, 1] < -np.cos(np.radians(28))]] = _IRIS
    return colours


def _shade(surface: Surface, colours: np.ndarray, view: View, seen: np.ndarray) -> np.ndarray:
    """Picture uint8 (size, size, 3) RGB of the triangles seen."""
    rows, columns = np.nonzero(seen >= 0)
    faces = seen[rows, columns]
    corners = surface.triangles[faces]
    flat = view.project(surface.vertices)[:, :2]
    a, b, c = (flat[corners[:, i]] for i in range(3))
    p = np.stack([columns + 0.5, rows + 0.5], 1)
    area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (c[:, 0] - a[:, 0]) * (b[:, 1] - a[:, 1])
    area = np.where(np.abs(area) < 1e-12, 1e-12, area)
    wb = ((p - a)[:, 0] * (c - a)[:, 1] - (p - a)[:, 1] * (c - a)[:, 0]) / area
    wc = ((b - a)[:, 0] * (p - a)[:, 1] - (b - a)[:, 1] * (p - a)[:, 0]) / area
    shares = np.clip(np.stack([1 - wb - wc, wb, wc], 1), 0, 1)
    normals = np.einsum("nk,nkd->nd", shares, surface.normals[corners])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    normals *= np.where(normals @ view.towards_viewer < 0, -1.0, 1.0)[:, None]
    base = np.einsum("nk,nkd->nd", shares, colours[corners])
    light = np.full(len(rows), 0.16)
    for direction, strength in _LIGHTS:
        direction = np.array(direction) / np.linalg.norm(direction)
        light += strength * np.clip(normals @ (view.rotation.T @ direction), 0, None)
    picture = np.full((*seen.shape, 3), 0.35)
    picture[rows, columns] = base * light[:, None]
    return (255 * np.clip(picture, 0, 1) ** (1 / 2.2)).astype(np.uint8)


def _look(
    surface: Surface, colours: np.ndarray, view: View, networks: _Networks
) -> tuple[np.ndarray, np.ndarray] | None:
    """Landmarks (478, 3) in pixels and the triangle at each pixel, or None without a face."""
    seen = draw(surface.vertices, surface.triangles, view).faces
    picture = _shade(surface, colours, view, seen)
    faces = networks[0].detect(picture, letterbox(picture))
    if not faces:
        return None
    region = from_detection(faces[0].box, faces[0].keypoints)
    # A second look from where the first one found the face is steadier.
    for _ in range(2):
        face = networks[1].find(picture, region)
        if face.presence < MIN_PRESENCE:
            return None
        region = from_landmarks(face.landmarks)
    return face.landmarks, seen


def _find_face(
    surface: Surface, colours: np.ndarray, networks: _Networks, progress: Progress
) -> tuple[np.ndarray, float]:
    """The middle of the face and the width of a good picture of it."""
    # Vertices that no face uses are not seen, wherever they lie.
    seen_ones = surface.vertices[np.unique(surface.triangles)]
    if not len(seen_ones):
        raise _no_face()
    low, high = seen_ones.min(0), seen_ones.max(0)
    if (high - low).min() <= _FLAT * (high - low).max():
        raise FacewrightError(
            "The mesh is flat; it can have no face.",
            "Choose the head's mesh, and give its object a scale that is nowhere 0.",
            "mesh-flat",
        )
    height = float(high[2] - low[2])
    middle = (low + high) / 2
    for number, (down, share) in enumerate(_FRAMINGS):
        progress.step(number, len(_FRAMINGS), "framings")
        centre = np.array([middle[0], middle[1], high[2] - down * height])
        view = view_from(0, 0, centre, share * height, SIZE)
        found = _look(surface, colours, view, networks)
        if found is None:
            continue
        points, seen = found
        x0, y0 = points[:COUNT, :2].min(0)
        x1, y1 = points[:COUNT, :2].max(0)
        pixel = view.span / SIZE
        nose = points[1, :2].astype(int).clip(0, SIZE - 1)
        face = seen[nose[1], nose[0]]
        depth = middle[1] if face < 0 else surface.vertices[surface.triangles[face], 1].mean()
        side = max(x1 - x0, y1 - y0) * pixel
        # The head turns about a point behind the face, so that it stays in the picture.
        place = np.array(
            [
                centre[0] + ((x0 + x1) / 2 - SIZE / 2) * pixel,
                depth + 0.45 * side,
                centre[2] - ((y0 + y1) / 2 - SIZE / 2) * pixel,
            ]
        )
        return place, 1.7 * side
    raise _no_face()


def _on_mesh(
    surface: Surface, skin: np.ndarray, view: View, landmarks: np.ndarray, seen: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Points (468, 3) on the mesh and how squarely each was seen (468,), 0 where not."""
    pixels = landmarks[:COUNT, :2].astype(np.float64)
    is_skin = np.zeros(seen.shape, bool)
    there = seen >= 0
    is_skin[there] = skin[seen[there]]
    points, weights = np.full((COUNT, 3), np.nan), np.zeros(COUNT)
    faces, places = np.full(COUNT, -1), pixels.copy()
    reach = 6
    window = np.stack(np.meshgrid(*[np.arange(-reach, reach + 1)] * 2), -1).reshape(-1, 2)
    window = window[np.argsort((window**2).sum(1), kind="stable")]
    for row, (x, y) in enumerate(pixels):
        near = np.floor([x, y]).astype(int) + window
        inside = ((near >= 0) & (near < view.size)).all(1)
        near = near[inside]
        hits = np.flatnonzero(is_skin[near[:, 1], near[:, 0]])
        if len(hits):
            cell = near[hits[0]]
            faces[row] = seen[cell[1], cell[0]]
            if (cell != np.floor([x, y])).any():
                places[row] = cell + 0.5
    known = faces >= 0
    points[known] = back_project(
        surface.vertices, surface.triangles, view, faces[known], places[known]
    )
    normals = surface.face_normals[faces[known]]
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-30)
    weights[known] = np.clip(np.abs(normals @ view.towards_viewer) - 0.25, 0, None) ** 2 + 1e-4
    return points, weights


def _together(
    surface: Surface, skin: np.ndarray, seen: list[tuple[np.ndarray, np.ndarray]]
) -> FacePoints:
    """What several pictures agree on."""
    points = np.stack([p for p, _ in seen])
    weights = np.stack([w for _, w in seen])
    width = np.nanmedian(np.linalg.norm(points[:, 263] - points[:, 33], axis=1))
    safe = np.nan_to_num(points)
    for _ in range(2):
        total = np.maximum(weights.sum(0), 1e-12)
        mean = (weights[:, :, None] * safe).sum(0) / total[:, None]
        if len(seen) > 2:
            far = np.linalg.norm(safe - mean, axis=2) > _OUTLIER * width
            spare = np.where(far, 0, weights)
            weights = np.where(spare.sum(0) > 0, spare, weights)
    total = weights.sum(0)
    mean = (weights[:, :, None] * safe).sum(0) / np.maximum(total, 1e-12)[:, None]
    known = total > 1e-3
    # Where the pictures disagree, the point is on an outline or behind an edge.
    spread = (weights * ((safe - mean) ** 2).sum(2)).sum(0) / np.maximum(total, 1e-12)
    total = total / (1 + spread / (_DOUBT * width) ** 2)
    hit = NearestOnSurface(surface, np.flatnonzero(skin)).find(mean[known])
    mean[known] = hit.points
    mean[~known] = np.nan
    return FacePoints(mean, np.where(known, np.clip(total / 0.5, 0.01, 1.0), 0.0))
