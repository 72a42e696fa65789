# SPDX-License-Identifier: GPL-3.0-or-later
"""Corrections of the neutral face and of single keys, where the face units leave something to wish.

The units were sculpted on MakeHuman's unmodified base mesh. On another face the lids no longer
meet exactly, and some movements are weaker than people's. All lengths are decimetres in
MakeHuman's frame (x to the actor's left, y up, z to the viewer).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .geometry import Part
from .parts import HAIR_POINTS

# The ring of vertices around the eye, counted from the socket's UV seam, where the lids touch
# first; and the ring around the mouth that is the front of the lips' contact.
_LID_RING = 2
_LIP_RING = 2
LID_FORWARD = 0.16


@dataclass(frozen=True)
class Rings:
    """Rings of vertices around an opening, from the inside out."""

    rings: list[np.ndarray]

    def ordered(self, index: int, vertices: np.ndarray, upper: bool) -> np.ndarray:
        """The half of a ring above or below the line between its corners, sorted by x."""
        ring = self.rings[index]
        points = vertices[ring]
        first, last = points[points[:, 0].argmin()], points[points[:, 0].argmax()]
        share = (points[:, 0] - first[0]) / (last[0] - first[0])
        chord = first[1] + share * (last[1] - first[1])
        half = ring[points[:, 1] >= chord] if upper else ring[points[:, 1] <= chord]
        return half[np.argsort(vertices[half, 0])]


def rings_around(face: Part, islands: list[str], island: str, side: int, count: int) -> Rings:
    """Rings around the seam between the face and another island of the UV layout.

    Args:
        face: the skin.
        islands: island of each polygon.
        island: ``socket`` or ``mouth``.
        side: +1 or -1 to keep only the actor's left or right; 0 for both.
        count: number of rings.
    """
    outer = {i for f, name in zip(face.faces, islands, strict=True) if name == "face" for i in f}
    inner = {i for f, name in zip(face.faces, islands, strict=True) if name == island for i in f}
    near: dict[int, set[int]] = {}
    for polygon in face.faces:
        for a, b in zip(polygon, polygon[1:] + polygon[:1], strict=True):
            near.setdefault(a, set()).add(b)
            near.setdefault(b, set()).add(a)
    current = {i for i in outer & inner if side == 0 or face.vertices[i, 0] * side > 0}
    seen, rings = set(current), [np.array(sorted(current))]
    for _ in range(count - 1):
        current = {j for i in current for j in near[i] if j in outer} - seen
        seen |= current
        rings.append(np.array(sorted(current)))
    return Rings(rings)


def close_lids(face: Part, lashes: Part, rings: Rings, key: str) -> None:
    """Scale a blink along the lid so that the upper margin comes down exactly onto the lower one.

    Args:
        face: the skin; its delta of ``key`` is changed.
        lashes: the upper lashes of the same eye, changed in the same proportion.
        rings: rings around the eye.
        key: ``eyeBlinkLeft`` or ``eyeBlinkRight``.
    """
    points, delta = face.vertices, face.deltas[key]
    upper = rings.ordered(_LID_RING, points, True)[1:-1]
    lower = rings.ordered(_LID_RING, points, False)
    shut = points[lower] + delta[lower]
    factor = np.ones(len(upper))
    for _ in range(4):  # the place under a margin vertex depends on how far it has moved
        x = points[upper, 0] + factor * delta[upper, 0]
        order = np.argsort(shut[:, 0])
        goal = np.interp(x, shut[order, 0], shut[order, 1]) + 0.004
        factor = np.clip((goal - points[upper, 1]) / np.minimum(delta[upper, 1], -0.012), 0.3, 1.3)
    factor = np.convolve(np.pad(factor, 1, mode="edge"), (0.25, 0.5, 0.25), "valid")
    for part in (face, lashes):
        move = part.deltas[key]
        rising = move[:, 1] >= 0  # the lower lid and the corners keep their own movement
        scale = np.interp(part.vertices[:, 0], points[upper, 0], factor)
        move = move * np.where(rising, 1.0, scale)[:, None]
        # The upper lid slides in front of the lower one, also when a squint adds to the blink.
        move[:, 2] += LID_FORWARD * np.clip(-move[:, 1], 0, 0.1)
        part.deltas[key] = move
    # Lashes of closed lids hang down; the unit leaves them pointing at the viewer.
    hairs = lashes.vertices.reshape(-1, HAIR_POINTS, 3)
    along = np.linalg.norm(hairs - hairs[:, :1], axis=2)
    lashes.deltas[key][:, 1] -= 0.40 * along.ravel()
    lashes.deltas[key][:, 2] -= 0.10 * along.ravel()


def still_palate(face: Part, islands: list[str]) -> None:
    """Keep the inside of the mouth still in eye and brow keys; the blink unit lifts the palate."""
    inside = {i for f, name in zip(face.faces, islands, strict=True) if name == "mouth" for i in f}
    rows = np.array(sorted(inside))
    for key, delta in face.deltas.items():
        if key.startswith(("eye", "brow")):
            delta[rows] = 0


def close_lips(face: Part, rings: Rings) -> None:
    """Bring the lips of the neutral face together; the face units leave 2 mm between them."""
    points = face.vertices
    upper, lower = (rings.ordered(_LIP_RING, points, up) for up in (True, False))
    x = np.linspace(points[upper, 0].min(), points[upper, 0].max(), 41)
    top = np.interp(x, points[upper, 0], points[upper, 1])
    low = np.interp(x, points[lower, 0], points[lower, 1])
    half = np.maximum(top - low, 0) / 2
    moved = points.copy()
    for index, share in ((_LIP_RING, 0.85), (_LIP_RING + 1, 0.6), (_LIP_RING + 2, 0.3)):
        for up in (True, False):
            ring = rings.ordered(index, points, up)
            moved[ring, 1] -= (1 if up else -1) * share * np.interp(points[ring, 0], x, half)
    face.vertices = moved


def round_jaw_opening(face: Part, rings: Rings) -> None:
    """Give the open mouth a round lower lip instead of a pointed one; mouthClose undoes it."""
    points = face.vertices
    lower = rings.ordered(_LIP_RING, points, False)
    line = points[lower]
    corner = np.abs(line[:, 0]).max()
    moves = np.clip((-face.deltas["jawOpen"][:, 1] - 0.115) / 0.06, 0, 1)
    distance = np.full(len(points), np.inf)
    for start in line:
        distance = np.minimum(distance, np.linalg.norm(points - start, axis=1))
    lip = np.abs(points[:, 0]) / corner
    drop = np.interp(
        lip, (0, 0.25, 0.5, 0.7, 0.87, 1.0, 1.3), (0.010, -0.004, -0.024, -0.036, -0.028, 0, 0)
    )
    extra = np.zeros_like(points)
    extra[:, 1] = drop * np.exp(-((distance / 0.16) ** 2)) * moves
    face.deltas["jawOpen"] = face.deltas["jawOpen"] + extra
    face.deltas["mouthClose"] = face.deltas["mouthClose"] - extra


def smooth(face: Part, key: str, half_width: float | None = None, rounds: int = 3) -> None:
    """Take creases out of a key by averaging its delta with the neighbours'.

    Args:
        face: the skin.
        key: the key to change.
        half_width: smooth near the middle line only, out to this |x|; everywhere when None.
        rounds: repetitions.
    """
    near: dict[int, set[int]] = {}
    for polygon in face.faces:
        for a, b in zip(polygon, polygon[1:] + polygon[:1], strict=True):
            near.setdefault(a, set()).add(b)
            near.setdefault(b, set()).add(a)
    delta = face.deltas[key].copy()
    share = np.full(len(delta), 0.6)
    if half_width is not None:
        share = np.clip(1 - np.abs(face.vertices[:, 0]) / half_width, 0, 1) * 0.7
    active = np.flatnonzero(share > 0)
    for _ in range(rounds):
        mean = {i: delta[list(near[i])].mean(0) for i in active}
        for i in active:
            delta[i] += share[i] * (mean[i] - delta[i])
    if half_width is None:  # averaging everywhere weakens the key; give it its strength back
        peak, left = (np.linalg.norm(d, axis=1).max() for d in (face.deltas[key], delta))
        delta *= peak / left
    face.deltas[key] = delta


def shape_tongue(tongue: Part) -> None:
    """Round the tip, which is square in the base mesh, and let tongueOut reach past the lips."""
    points = tongue.vertices
    front, back = points[:, 2].max(), points[:, 2].min()
    along = (points[:, 2] - back) / (front - back)
    tip = np.clip((along - 0.75) / 0.25, 0, 1) ** 2
    narrow = 1 - 0.32 * tip
    tongue.vertices = points * np.stack([narrow, np.ones_like(narrow), np.ones_like(narrow)], 1)
    tongue.deltas["tongueOut"] = tongue.deltas["tongueOut"] * 1.5
