# SPDX-License-Identifier: GPL-3.0-or-later
"""All meshes of a character as one surface, and what each piece of it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...core.errors import FacewrightError
from .request import MeshPart
from .surface import Surface, triangulate, weld_seams

# Words in a part's name that tell its role; the first that fits wins.
_WORDS = (
    ("lash", "lash"),
    ("brow", "brow"),
    ("tongue", "tongue"),
    ("teeth", "teeth"),
    ("tooth", "teeth"),
    ("gum", "teeth"),
    ("dent", "teeth"),
)
# Names that no face skin has.
_NEVER_SKIN = ("hair", "cloth", "shirt", "hat", "glass", "dress", "shoe", "lash", "brow", "eye")
# How round an island must be to be an eyeball: root mean square of the distance to the sphere,
# as a share of the radius.
_ROUND = 0.13
# How much of its sphere an eyeball covers at least.
_COVERED = 0.35


@dataclass(frozen=True)
class Eye:
    """An eyeball.

    Attributes:
        vertices: (N,) bool, of the whole surface.
        centre: (3,) what it turns about.
        radius: Of the ball.
        side: +1 the character's left, -1 its right.
    """

    vertices: np.ndarray
    centre: np.ndarray
    radius: float
    side: int


@dataclass
class Anatomy:
    """Everything at once.

    Attributes:
        whole: All parts, seams joined, skin facing outwards.
        source: (M,) vertex of ``whole`` of each vertex of all parts, one part after the other.
        starts: Part name -> (first, end) in ``source``.
        part_of: (N,) number of the part of each vertex of ``whole``.
        islands: (N,) number of the island.
        roles: (N,) str: ``skin``, ``eye``, ``teeth``, ``tongue``, ``lash``, ``brow``, ``other``,
            ``ignore``.
        eyes: The eyeballs found, left first.
    """

    whole: Surface
    source: np.ndarray
    starts: dict[str, tuple[int, int]]
    part_of: np.ndarray
    islands: np.ndarray
    roles: np.ndarray
    eyes: list[Eye]

    @property
    def skin_triangles(self) -> np.ndarray:
        """(T,) bool."""
        return self.roles[self.whole.triangles[:, 0]] == "skin"


def examine(parts: Sequence[MeshPart]) -> Anatomy:
    """Join the parts and find skin and eyeballs among their islands.

    Raises:
        FacewrightError: ``mesh-empty`` without polygons, ``mesh-broken`` with numbers that are
            none or corners that do not exist.
    """
    for part in parts:
        _check(part)
    vertices = np.concatenate([np.asarray(p.vertices, np.float64).reshape(-1, 3) for p in parts])
    counts = [len(p.vertices) for p in parts]
    firsts = np.cumsum([0, *counts])
    triangles = np.concatenate(
        [
            triangulate(p.face_sizes, p.face_vertices) + first
            for p, first in zip(parts, firsts, strict=False)
        ]
    )
    part_of = np.repeat(np.arange(len(parts)), counts)
    stands = weld_seams(vertices, triangles)
    # Objects stay apart even where their borders meet.
    stands = np.where(part_of[stands] == part_of, stands, np.arange(len(vertices)))
    kept, source = np.unique(stands, return_inverse=True)
    joined = source.ravel()[triangles]
    distinct = (
        (joined[:, 0] != joined[:, 1])
        & (joined[:, 1] != joined[:, 2])
        & (joined[:, 2] != joined[:, 0])
    )
    whole = Surface(vertices[kept], joined[distinct])
    part_of = part_of[kept]
    islands = whole.islands()
    roles = np.full(len(kept), "other", dtype="<U6")
    for number, part in enumerate(parts):
        named = part.role if part.role != "auto" else _role_by_name(part.name)
        if named:
            roles[part_of == number] = named
    whole = _facing_out(whole, islands)
    settled = roles.copy()
    for number, island in enumerate(_skin_candidates(whole, islands, roles, parts, part_of)):
        trial = roles.copy()
        trial[(islands == island) & (roles == "other")] = "skin"
        eyes = _find_eyes(whole, islands, trial, parts, part_of)
        own = whole.vertices[trial == "skin"]
        low, high = own.min(0), own.max(0)
        holds = bool(eyes) and all(((e.centre > low) & (e.centre < high)).all() for e in eyes)
        # The body may be larger than the head; the head is what the eyes are in.
        if number == 0 or holds:
            settled, found = trial, eyes
        if holds:
            break
    roles, eyes = settled, found
    for eye in eyes:
        roles[eye.vertices] = "eye"
    starts = {
        p.name: (int(first), int(first + count))
        for p, first, count in zip(parts, firsts, counts, strict=False)
    }
    return Anatomy(whole, source.ravel(), starts, part_of, islands, roles, eyes)


def _check(part: MeshPart) -> None:
    vertices = np.asarray(part.vertices)
    corners, sizes = np.asarray(part.face_vertices), np.asarray(part.face_sizes)
    if not len(vertices) or not len(corners):
        raise FacewrightError(
            f"The mesh {part.name} has no faces.", "Choose the head's mesh.", "mesh-empty"
        )
    if not np.isfinite(vertices).all():
        raise FacewrightError(
            f"The mesh {part.name} has vertices at no place (NaN or infinite).",
            "Delete or mend these vertices.",
            "mesh-broken",
        )
    if corners.min() < 0 or corners.max() >= len(vertices) or sizes.sum() != len(corners):
        raise FacewrightError(
            f"The faces of the mesh {part.name} name vertices that do not exist.",
            "Run Blender's mesh validation on it.",
            "mesh-broken",
        )


def _role_by_name(name: str) -> str:
    low = name.lower()
    return next((role for word, role in _WORDS if word in low), "")


def _skin_candidates(
    whole: Surface,
    islands: np.ndarray,
    roles: np.ndarray,
    parts: Sequence[MeshPart],
    part_of: np.ndarray,
) -> list[int]:
    """Islands that can be the face's skin, the largest first; at least one."""
    if (roles == "skin").any():
        return [-1]
    areas = np.bincount(
        islands[whole.triangles[:, 0]],
        np.linalg.norm(whole.face_normals, axis=1),
        islands.max() + 1,
    )
    barred = np.array([any(w in p.name.lower() for w in _NEVER_SKIN) for p in parts])
    usable = np.zeros(len(areas), bool)
    usable[islands[(roles == "other") & ~barred[part_of]]] = True
    if not usable.any():
        usable[islands[roles == "other"]] = True
    if not usable.any():
        usable[:] = True
    areas = np.where(usable, areas, -1)
    order = np.argsort(-areas)
    return [int(i) for i in order[:4] if areas[i] >= 0.03 * areas[order[0]]]


def _facing_out(whole: Surface, islands: np.ndarray) -> Surface:
    """Turn islands that are inside out."""
    corners = whole.vertices[whole.triangles]
    which = islands[whole.triangles[:, 0]]
    count = islands.max() + 1
    sizes = np.bincount(islands, minlength=count)
    middles = np.stack(
        [np.bincount(islands, whole.vertices[:, k], count) / sizes for k in range(3)], 1
    )
    share = np.einsum("td,td->t", corners[:, 0] - middles[which], whole.face_normals)
    inside_out = np.bincount(which, share, count) < 0
    triangles = whole.triangles.copy()
    turn = inside_out[which]
    triangles[turn] = triangles[turn][:, ::-1]
    return Surface(whole.vertices, triangles)


def fit_sphere(points: np.ndarray) -> tuple[np.ndarray, float, float]:
    """Centre (3,), radius and root mean square error of the sphere nearest to points (n, 3).

    Algebraic least squares, once more without the worst fifth: eyeballs have corneas and pupils.
    """
    chosen = points
    for _ in range(2):
        middle = chosen.mean(0)
        p = chosen - middle
        matrix = np.concatenate([2 * p, np.ones((len(p), 1))], 1)
        solution = np.linalg.lstsq(matrix, (p**2).sum(1), rcond=None)[0]
        centre = solution[:3] + middle
        radius = float(np.sqrt(max(solution[3] + solution[:3] @ solution[:3], 1e-30)))
        error = np.abs(np.linalg.norm(points - centre, axis=1) - radius)
        chosen = points[error <= np.quantile(error, 0.8)]
        if len(chosen) < 8:
            break
    kept = np.sort(error)[: max(int(0.8 * len(error)), 4)]
    return centre, radius, float(np.sqrt((kept**2).mean()))


def _find_eyes(
    whole: Surface,
    islands: np.ndarray,
    roles: np.ndarray,
    parts: Sequence[MeshPart],
    part_of: np.ndarray,
) -> list[Eye]:
    """The two most plausible balls, one a side, each with all that lies within it."""
    skin = whole.vertices[roles == "skin"]
    width = float(np.ptp(skin[:, 0])) or 1.0
    middle_x = float(np.median(skin[:, 0]))
    faces = np.linalg.norm(whole.face_normals, axis=1) / 2
    areas = np.bincount(islands[whole.triangles[:, 0]], faces, islands.max() + 1)
    balls = []
    for island in np.unique(islands[np.isin(roles, ("other", "eye"))]):
        rows = np.flatnonzero(islands == island)
        if len(rows) < 20:
            continue
        centre, radius, error = fit_sphere(whole.vertices[rows])
        called = "eye" in parts[part_of[rows[0]]].name.lower() or roles[rows[0]] == "eye"
        round_enough = error < (2 if called else 1) * _ROUND * radius
        # Lashes lie on a sphere, too, but cover little of it; teeth are round, but small.
        covered = areas[island] / (4 * np.pi * radius**2)
        if round_enough and covered > _COVERED and 0.035 * width < radius < 0.3 * width:
            balls.append((centre, radius, error / radius))
    eyes = []
    for side, (centre, radius, _) in _best_pair(balls, middle_x):
        within = np.linalg.norm(whole.vertices - centre, axis=1) < 1.25 * radius
        mask = np.zeros(len(whole.vertices), bool)
        for island in np.unique(islands[within & np.isin(roles, ("other", "eye"))]):
            members = islands == island
            covered = areas[island] / (4 * np.pi * radius**2)
            middle = np.linalg.norm(whole.vertices[members].mean(0) - centre)
            # A shell in front of the eye (tear line, shadow) follows the lids, not the gaze.
            turns = (
                covered > _COVERED
                or middle < 0.8 * radius
                or _disc(whole.vertices[members], radius)
            )
            if within[members].all() and turns:
                mask |= members & np.isin(roles, ("other", "eye"))
        eyes.append(Eye(mask, centre, radius, side))
    return eyes


def _disc(points: np.ndarray, radius: float) -> bool:
    """Whether points (n, 3) are about as wide as high, as irises are, and no lash."""
    extent = np.ptp(points, axis=0)
    return bool(0.8 < extent[0] / max(extent[2], 1e-30) < 1.25 and extent[0] > 0.4 * radius)


def _best_pair(balls: list, middle_x: float) -> list[tuple[int, tuple]]:
    """The left and right ball that mirror each other best; nothing without a pair."""
    best, chosen = np.inf, []
    for i, one in enumerate(balls):
        for other in balls[i + 1 :]:
            size = one[1] + other[1]
            gap = np.abs(one[0] + other[0] - [2 * middle_x, 0, 0]) * [1, 0, 0]
            gap = gap + np.abs(one[0] - other[0]) * [0, 1, 1]
            apart = abs(one[0][0] - other[0][0])
            if apart < size or apart > 6 * size or abs(one[1] - other[1]) > 0.15 * size:
                continue
            # Of balls inside balls, and of eyes and teeth, the largest are the eyes.
            score = 0.3 * gap.max() / size + one[2] + other[2] - 2 * size / apart
            if gap.max() < 0.5 * size and score < best:
                best = score
                left, right = (one, other) if one[0][0] > other[0][0] else (other, one)
                chosen = [(1, left), (-1, right)]
    return chosen
