# SPDX-License-Identifier: GPL-3.0-or-later
"""Lips that touch and lids that meet do so on the other head, too, and lids go over the eyeball.

A registration is never exact to the tenth of a millimetre that a closed eye needs. So the motion
of one edge of an opening relative to the other is taken from the shipped head itself, edge point
by edge point, and what is missing is spread over the lip or lid.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .anatomy import Anatomy, Eye
from .closest import NearestOnSurface
from .registration import Face, Registration, SidedNearest
from .sides import OPENINGS, code, label_sides
from .surface import Surface
from .template import Template

# How far a correction of the lips reaches, in widths of the mouth.
_LIP_REACH = 0.16
# Room between lid and eyeball, in face widths.
_CLEARANCE = 0.004
BLINKS = {"eye_left": "eyeBlinkLeft", "eye_right": "eyeBlinkRight"}
# How many passes: a correction of one edge moves its neighbours a little.
_PASSES = 5


@dataclass(frozen=True)
class _Seam:
    """The two edges of one opening on both heads.

    Attributes:
        upper, lower: Sparse (S, N): a field on the other skin -> along its edges.
        spread_upper, spread_lower: (rows, weights): what a correction of the edge's points does to
            vertices; weights (k, S).
        gap: (S, 3) upper less lower edge at rest.
    """

    upper: object
    lower: object
    spread_upper: tuple[np.ndarray, np.ndarray]
    spread_lower: tuple[np.ndarray, np.ndarray]
    gap: np.ndarray


class Contacts:
    """Corrects shapes of one head.

    Args:
        template: The shipped head.
        face: The other head.
        fit: Registration.
    """

    def __init__(self, template: Template, face: Face, fit: Registration) -> None:
        self._template, self._face, self._fit = template, face, fit
        self._laplacian = face.skin.laplacian()
        self._openings = [
            name
            for name, (_, _, upper, lower) in OPENINGS.items()
            if {upper, lower} <= set(template.contours) & set(face.contours)
        ]
        here = SidedNearest(
            template.skin, template.labels, np.ones(len(template.skin.triangles), bool)
        )
        there = SidedNearest(face.skin, face.labels, np.ones(len(face.skin.triangles), bool))
        # Corrections run out towards the corners by themselves, so they need no room there.
        self._sides = label_sides(face.skin, face.points, dict.fromkeys(OPENINGS, 0.0))
        self._here = {
            name: _edges(here, template.skin, template.contours, name) for name in self._openings
        }
        self._there = {
            name: _edges(there, face.skin, face.contours, name) for name in self._openings
        }
        self._seams = {name: self._seam(name) for name in self._openings}

    def _seam(self, opening: str) -> _Seam:
        upper, lower = self._there[opening]
        first, last, *names = OPENINGS[opening]
        corners = self._face.points.points[[first, last]]
        width = float(np.linalg.norm(corners[1] - corners[0]))
        vertices = self._face.skin.vertices
        spreads = []
        for name, matrix in zip(names, (upper, lower), strict=True):
            line = matrix @ vertices
            rows = np.flatnonzero(self._sides == code(name))
            gaps = np.linalg.norm(vertices[rows][:, None] - line[None], axis=2)
            nearest = gaps.min(1)
            kernel = np.exp(
                -((gaps / (0.05 * width)) ** 2) + ((nearest / (0.05 * width)) ** 2)[:, None]
            )
            kernel /= kernel.sum(1, keepdims=True)
            fade = np.exp(-((nearest / (_LIP_REACH * width)) ** 2))
            spreads.append((rows, kernel * fade[:, None]))
        gap = upper @ vertices - lower @ vertices
        return _Seam(upper, lower, spreads[0], spreads[1], gap)

    def correct(self, name: str, moves: np.ndarray, base: np.ndarray | None = None) -> np.ndarray:
        """One shape's displacements (N, 3), corrected.

        Args:
            name: ARKit name.
            moves: (N, 3) of the skin.
            base: Displacements of ``jawOpen`` where ``name`` is ``mouthClose``, which closes that.
        """
        moves = moves.copy()
        for opening in self._openings:
            seam = self._seams[opening]
            wanted = self._wanted(opening, name)
            lid = opening != "mouth"
            closing = name == {"eye_left": "eyeBlinkLeft", "eye_right": "eyeBlinkRight"}.get(
                opening
            )
            if not np.abs(wanted).max() > 0 and not closing:
                continue
            if closing:
                # Lids have a thickness and meet one before the other: heights are what counts.
                closed = np.minimum(self._closed(opening, name)[:, 2], 0)
                wanted[:, 2] = closed - seam.gap[:, 2]
            elif lid:
                wanted = _not_beyond(wanted, seam.gap)
            taper = _taper(len(wanted))
            if name == "mouthClose" and base is not None:
                # What matters is where both together leave the lips.
                both = wanted + self._wanted(opening, "jawOpen")
                wanted = both - (seam.upper @ base - seam.lower @ base)
            for _ in range(_PASSES):
                missing = (wanted - (seam.upper @ moves - seam.lower @ moves)) * taper[:, None]
                change = np.zeros_like(moves)
                share = 0.9 if lid else 0.5
                rows, weights = seam.spread_upper
                if lid:
                    weights = self._stretched(moves, seam)
                change[rows] = weights @ (share * missing)
                rows, weights = seam.spread_lower
                change[rows] -= weights @ ((1 - share) * missing)
                # No vertex alone: a spike is worse than a tenth of a millimetre.
                for _ in range(2):
                    change += 0.5 * (self._laplacian @ change)
                moves += change
        return moves

    def _stretched(self, moves: np.ndarray, seam: _Seam) -> np.ndarray:
        """Weights (k, S) of the upper lid, by how far its parts move anyway in this shape."""
        rows, weights = seam.spread_upper
        near = weights.sum(1)
        kernel = weights / np.maximum(near, 1e-12)[:, None]
        most = np.linalg.norm(seam.upper @ moves, axis=1)
        own = np.linalg.norm(moves[rows], axis=1)
        ratio = np.clip(own / np.maximum(kernel @ most, 1e-9), 0, 1)
        return kernel * np.maximum(ratio, near * (ratio > 0.05))[:, None]

    def _wanted(self, opening: str, name: str) -> np.ndarray:
        """(S, 3) the motion of the upper edge relative to the lower one."""
        delta = self._template.moves[name]
        upper, lower = self._here[opening]
        return self._fit.gain * (upper @ delta - lower @ delta) @ self._fit.rotation.T

    def _closed(self, opening: str, name: str) -> np.ndarray:
        """(S, 3) upper less lower edge of the shipped head's closed eye."""
        vertices = self._template.skin.vertices
        upper, lower = self._here[opening]
        rest = self._fit.gain * (upper @ vertices - lower @ vertices) @ self._fit.rotation.T
        return rest + self._wanted(opening, name)

    def check(self, shapes: dict[str, np.ndarray]) -> dict[str, float]:
        """How well lips and lids meet, in face widths.

        Args:
            shapes: ARKit name -> (N, 3) displacements of the skin.

        Returns:
            ``lip_crossing``: the furthest the upper lip's edge goes below the lower's in any shape
            but ``mouthClose``, beyond where it is at rest and what the shipped head's does;
            ``lips_closed``: the mean distance of the edges with ``jawOpen`` and ``mouthClose``,
            beyond that at rest; ``lid_gap``: the mean height between the lids' edges in a blink.
        """
        width = self._fit.width
        figures: dict[str, float] = {}
        if "mouth" in self._openings:
            seam = self._seams["mouth"]
            inner = slice(3, -3)
            crossing = 0.0
            for name, moves in shapes.items():
                if name != "mouthClose":
                    change = (seam.upper @ moves - seam.lower @ moves)[inner, 2]
                    own = np.minimum(self._wanted("mouth", name)[inner, 2], 0)
                    below = own - (change + np.maximum(seam.gap[inner, 2], 0))
                    crossing = max(crossing, float(below.max()))
            figures["lip_crossing"] = max(crossing, 0.0) / width
            if {"jawOpen", "mouthClose"} <= set(shapes):
                both = shapes["jawOpen"] + shapes["mouthClose"]
                change = (seam.upper @ both - seam.lower @ both)[inner]
                figures["lips_closed"] = float(np.linalg.norm(change, axis=1).mean()) / width
        for opening, name in BLINKS.items():
            if opening in self._openings and name in shapes:
                seam = self._seams[opening]
                left = seam.gap + seam.upper @ shapes[name] - seam.lower @ shapes[name]
                gap = float(np.maximum(left[3:-3, 2], 0).mean()) / width
                figures["lid_gap"] = max(figures.get("lid_gap", 0.0), gap)
        return figures


def _taper(count: int) -> np.ndarray:
    """(count,) 0 at the corners, 1 from a fourteenth of the way on."""
    s = np.linspace(0, 1, count)
    return np.clip(np.minimum(s, 1 - s) / 0.07, 0, 1)


def _not_beyond(wanted: np.ndarray, gap: np.ndarray) -> np.ndarray:
    """Relative motion (S, 3) that closes an opening (S, 3), but does not cross its edges."""
    height = np.linalg.norm(gap, axis=1)
    along = gap / np.maximum(height, 1e-12)[:, None]
    closing = -(wanted * along).sum(1)
    excess = np.maximum(closing - height, 0)
    return wanted + excess[:, None] * along


def _edges(nearest: SidedNearest, skin: Surface, contours: dict, opening: str) -> list:
    """Sparse (S, N) for the upper and the lower edge."""
    from scipy.sparse import coo_array

    matrices = []
    for name in OPENINGS[opening][2:]:
        line = contours[name]
        labels = np.full(len(line), code(name))
        hit = nearest.find(line, labels, np.zeros_like(line), -2.0)
        rows = np.repeat(np.arange(len(line)), 3)
        corners = skin.triangles[hit.faces].ravel()
        shape = (len(line), len(skin.vertices))
        matrices.append(coo_array((hit.weights.ravel(), (rows, corners)), shape=shape).tocsr())
    return matrices


class OverTheEye:
    """Keeps lids in front of one eyeball.

    Args:
        anatomy: All meshes.
        face: The skin.
        eye: The eyeball.
        width: Face width.
    """

    def __init__(self, anatomy: Anatomy, face: Face, eye: Eye, width: float) -> None:
        self._vertices, self._eye, self._width = face.skin.vertices, eye, width
        rows = np.flatnonzero(eye.vertices)
        number = np.full(len(anatomy.whole.vertices), -1)
        number[rows] = np.arange(len(rows))
        own = anatomy.whole.triangles[eye.vertices[anatomy.whole.triangles].all(1)]
        self._ball = NearestOnSurface(Surface(anatomy.whole.vertices[rows], number[own]))
        side = "left" if eye.side > 0 else "right"
        lids = [code(f"{which}_lid_{side}") for which in ("upper", "lower")]
        far = np.linalg.norm(self._vertices - eye.centre, axis=1)
        near = np.isin(face.labels, lids) & (far < 1.6 * eye.radius)
        self._rows = np.flatnonzero(near)
        self._room = self._height(self._vertices[self._rows], None)
        # What lies within the ball at rest is the back of a lid, which nobody sees.
        self._keep = self._room > -0.002 * width

    def _height(self, points: np.ndarray, rotation: np.ndarray | None) -> np.ndarray:
        """(k,) distance outside the ball along its radius; negative inside."""
        return self._over(points, rotation)[0]

    def _over(
        self, points: np.ndarray, rotation: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        turn = np.eye(3) if rotation is None else rotation
        local = (points - self._eye.centre) @ turn + self._eye.centre
        hit = self._ball.find(local)
        outwards = local - self._eye.centre
        outwards /= np.maximum(np.linalg.norm(outwards, axis=1, keepdims=True), 1e-12)
        return ((local - hit.points) * outwards).sum(1), outwards @ turn.T

    def lift(self, moves: np.ndarray, rotation: np.ndarray | None) -> np.ndarray:
        """Displacements (N, 3) with the lids lifted out of the ball where they went in.

        Args:
            moves: Of the skin.
            rotation: (3, 3) of the eyeball in this shape; None at rest.
        """
        rows = self._rows[self._keep]
        moving = np.abs(moves[rows]).max(1) > 1e-6 * self._width
        moving |= rotation is not None
        rows, room = rows[moving], self._room[self._keep][moving]
        if not len(rows):
            return moves
        wanted = np.clip(room, 0, _CLEARANCE * self._width)
        out = moves.copy()
        for _ in range(2):
            height, outwards = self._over(self._vertices[rows] + out[rows], rotation)
            out[rows] += np.maximum(wanted - height, 0)[:, None] * outwards
        return out

    def deepest(self, moves: np.ndarray, rotation: np.ndarray | None) -> float:
        """How deep in the ball any vertex is that is outside at rest, in face widths."""
        rows = self._rows[self._keep & (self._room > 0)]
        if rotation is None:
            rows = rows[np.abs(moves[rows]).max(1) > 1e-6 * self._width]
        if not len(rows):
            return 0.0
        height = self._height(self._vertices[rows] + moves[rows], rotation)
        return float(max(-height.min(), 0.0)) / self._width
