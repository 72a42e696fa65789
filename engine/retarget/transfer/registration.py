# SPDX-License-Identifier: GPL-3.0-or-later
"""Lays the shipped head's skin onto another head: similarity, warp, then non-rigid ICP.

The last step is after Amberg, Romdhani and Vetter 2007 ("Optimal step nonrigid ICP algorithms for
surface registration") with displacements that are smooth in the sense of the bi-Laplacian instead
of local affine maps. Lips and lids only meet their like (``sides``), and their edges lie on each
other's (``contours``).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ...core.similarity import fit_similarity
from .closest import Hit, NearestOnSurface
from .landmarks import INNER_LIPS, OUTLINE
from .request import FacePoints
from .sides import NAMES, opposite
from .surface import Surface, unique_edges
from .template import Template
from .warp import NearWarp, Warp

# How stiff the skin is in each round; falling, so that large features settle first.
STIFFNESS = (50.0, 30.0, 20.0, 10.0, 5.0, 2.0)
_ROUNDS = 3
_LEAST_COSINE = 0.5
# How loosely the warp holds points of the network and of the edges of lips and lids.
_SLACK, _SLACK_CONTOUR = 0.02, 0.004
_LANDMARK_PULL, _LANDMARK_HOLD, _CONTOUR_PULL = 0.15, 0.3, 1.0


@dataclass(frozen=True)
class Face:
    """What is known of the other head.

    Attributes:
        skin: Its skin.
        points: Of the face mesh.
        labels: (N,) lip or lid of each vertex.
        contours: Edges of lips and lids.
        outside: (N,) bool, seen from outside.
        middle: x of the plane of symmetry, None where there is none.
    """

    skin: Surface
    points: FacePoints
    labels: np.ndarray
    contours: dict[str, np.ndarray]
    outside: np.ndarray
    middle: float | None = None


@dataclass(frozen=True)
class Registration:
    """The shipped head's skin in the shape of the other head.

    Attributes:
        skin: Its vertices correspond to the template's one by one.
        scale: Of the similarity.
        rotation: (3, 3).
        shift: (3,).
        warp: Takes points given in the target's space after the similarity to the registered
            place; for what lies inside the head.
        trust: (n,) 0..1, how well each vertex lies on the other head.
        residual: Mean distance of the outer face, in face widths.
        width: Of the other face, outer eye corner to outer eye corner.
        gain: What displacements are multiplied with, see ``displacement_gain``.
    """

    skin: Surface
    scale: float
    rotation: np.ndarray
    shift: np.ndarray
    warp: NearWarp
    trust: np.ndarray
    residual: float
    width: float
    gain: float

    def similar(self, points: np.ndarray) -> np.ndarray:
        """Points (m, 3) of the template's space by the similarity alone."""
        return self.scale * points @ self.rotation.T + self.shift


def register(template: Template, face: Face, step: Callable[[int, int], None]) -> Registration:
    """Find where each vertex of the shipped skin lies on the other head.

    Args:
        template: The shipped head.
        face: The other head.
        step: Told (done, total); may raise to stop.
    """
    here, there, weights = _landmark_pairs(template.points, face.points)
    scale, rotation, shift = (
        x[0] for x in fit_similarity(here, there[None], np.maximum(weights, 1e-3))
    )
    moved = scale * template.skin.vertices @ rotation.T + shift
    source, target, slack = [scale * here @ rotation.T + shift], [there], [_SLACK / weights]
    lines = [name for name in NAMES if name in template.contours and name in face.contours]
    for name in lines:
        source.append(scale * template.contours[name] @ rotation.T + shift)
        target.append(face.contours[name])
        slack.append(np.full(len(target[-1]), _SLACK_CONTOUR))
    warp = Warp(np.concatenate(source), np.concatenate(target), np.concatenate(slack))
    start = warp(moved)
    width = float(np.linalg.norm(face.points.points[263] - face.points.points[33]))
    if not np.isfinite(width):
        width = float(scale) * float(
            np.linalg.norm(template.points.points[263] - template.points.points[33])
        )
    fit = _Fit(template, face, start, width, lines)
    total = len(STIFFNESS) * _ROUNDS
    x = start
    for number in range(total):
        step(number, total)
        x = fit.round(x, STIFFNESS[number // _ROUNDS], number / (total - 1))
    step(total, total)
    trust, residual = fit.quality(x)
    # What lies in the mouth and behind the lids goes with the face around it, not with the neck.
    middle = np.nanmean(face.points.points, axis=0)
    near = np.linalg.norm(x - middle, axis=1) < 1.0 * width
    outer = np.flatnonzero(template.outside & (trust > 0.2) & near)
    some = outer[:: max(len(outer) // 500, 1)]
    inner_warp = NearWarp(moved[some], x[some], 0.05 * width)
    return Registration(
        Surface(x, template.skin.triangles),
        float(scale),
        rotation,
        shift,
        inner_warp,
        trust,
        residual,
        width,
        displacement_gain(float(scale)),
    )


def displacement_gain(scale: float) -> float:
    """What displacements are multiplied with on a head that is ``scale`` times the shipped one.

    Among people the motion does not grow with the head: in the parametric heads that we measured
    (MakeHuman's, ICT-FaceKit's) it is the same for all. So up to a quarter larger or smaller, in
    the nearest decimal unit, a head keeps the shipped head's amounts; beyond, they follow its
    size.
    """
    unit = 10.0 ** round(math.log10(scale))
    return scale / min(max(scale / unit, 0.8), 1.25)


def _landmark_pairs(
    here: FacePoints, there: FacePoints
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    both = (
        np.isfinite(here.points).all(1)
        & np.isfinite(there.points).all(1)
        & (there.weights > 0)
        & (here.weights > 0)
    )
    weights = np.where(there.weights > 1, there.weights, here.weights * there.weights)
    placed = there.weights > 1
    both[list(INNER_LIPS)] &= placed[list(INNER_LIPS)]
    loose = np.zeros(len(both), bool)
    loose[list(OUTLINE)] = True
    weights = np.where(loose & ~placed, 0.05 * weights, weights)
    rows = np.flatnonzero(both)
    # Points that no smooth warp takes along have been seen in the wrong place.
    for _ in range(2):
        source, target = here.points[rows], there.points[rows]
        if len(rows) < 30:
            break
        stiff = Warp(source, target, 0.5 / np.maximum(weights[rows], 0.01))
        gaps = np.linalg.norm(stiff(source) - target, axis=1)
        usual = np.median(gaps) + 0.002 * float(np.ptp(target, axis=0).max())
        rows = rows[(gaps < 3 * usual) | placed[rows]]
    return here.points[rows], there.points[rows], np.maximum(weights[rows], 0.002)


def nearest_on_line(points: np.ndarray, line: np.ndarray) -> np.ndarray:
    """The nearest places (n, 3) on an open polyline (k, 3)."""
    a, ab = line[:-1], np.diff(line, axis=0)
    length = np.maximum((ab**2).sum(1), 1e-30)
    t = np.clip(((points[:, None] - a) * ab).sum(2) / length, 0, 1)
    at = a + t[:, :, None] * ab
    gaps = ((at - points[:, None]) ** 2).sum(2)
    return at[np.arange(len(points)), gaps.argmin(1)]


class SidedNearest:
    """Nearest points that respect lips and lids.

    Args:
        surface: Where to look.
        labels: (N,) of its vertices.
        faces: (T,) bool, triangles that may be found.
    """

    def __init__(self, surface: Surface, labels: np.ndarray, faces: np.ndarray) -> None:
        marks = labels[surface.triangles]
        self._all = NearestOnSurface(surface, np.flatnonzero(faces))
        self._without = {
            label: NearestOnSurface(
                surface, np.flatnonzero(faces & (marks != opposite(label)).all(1))
            )
            for label in range(1, len(NAMES) + 1)
            if (labels == label).any() and (labels == opposite(label)).any()
        }

    def find(
        self, points: np.ndarray, labels: np.ndarray, normals: np.ndarray, least_cosine: float
    ) -> Hit:
        """As ``NearestOnSurface.find``; a labelled point never meets the opposite label."""
        hit = Hit(*(a.copy() for a in self._all.find(points, normals, least_cosine)))
        for label, nearest in self._without.items():
            rows = np.flatnonzero(labels == label)
            if len(rows):
                own = nearest.find(points[rows], normals[rows], least_cosine)
                for into, value in zip(hit, own, strict=True):
                    into[rows] = value
        return hit


class _Fit:
    """The parts of the equations that stay the same from round to round."""

    def __init__(
        self, template: Template, face: Face, start: np.ndarray, width: float, lines: list[str]
    ) -> None:
        from scipy.sparse import vstack

        self.template, self.face, self.start, self.width = template, face, start, width
        triangles = face.skin.triangles
        self.nearest = SidedNearest(face.skin, face.labels, face.outside[triangles].all(1))
        edges, counts = unique_edges(triangles)
        self.border = np.zeros(len(face.skin.vertices))
        self.border[edges[counts == 1]] = 1
        laplacian = template.skin.laplacian()
        self.bending = (laplacian.T @ laplacian).tocsc()
        here, there, weights = _landmark_pairs(template.points, face.points)
        self.marks = self._rows(here)
        self.mark_weights, self.mark_targets = weights, there
        nearest = SidedNearest(
            template.skin, template.labels, np.ones(len(template.skin.triangles), bool)
        )
        rows, targets = [], []
        for name in lines:
            line = template.contours[name]
            labels = np.full(len(line), NAMES.index(name) + 1)
            hit = nearest.find(line, labels, np.zeros_like(line), -2.0)
            rows.append(self._matrix(hit))
            targets.append(face.contours[name])
        self.lines = vstack(rows).tocsr() if rows else None
        self.line_targets = np.concatenate(targets) if targets else np.zeros((0, 3))
        self.lines_there = targets

    def _matrix(self, hit: Hit):
        """Sparse (m, n): interpolation at hits on the template's skin."""
        from scipy.sparse import coo_array

        m = len(hit.faces)
        corners = self.template.skin.triangles[hit.faces]
        return coo_array(
            (hit.weights.ravel(), (np.repeat(np.arange(m), 3), corners.ravel())),
            shape=(m, len(self.start)),
        ).tocsr()

    def _rows(self, points: np.ndarray):
        outside = self.template.outside[self.template.skin.triangles].all(1)
        return self._matrix(
            NearestOnSurface(self.template.skin, np.flatnonzero(outside)).find(points)
        )

    def _hits(self, x: np.ndarray, limit: float) -> tuple[np.ndarray, np.ndarray]:
        """Where each vertex should go (n, 3), and its weight (n,)."""
        surface = Surface(x, self.template.skin.triangles)
        rows = np.flatnonzero(self.template.outside)
        hit = self.nearest.find(
            x[rows], self.template.labels[rows], surface.normals[rows], _LEAST_COSINE
        )
        good = (hit.faces >= 0) & (hit.distances < limit)
        corners = self.face.skin.triangles[np.maximum(hit.faces, 0)]
        good &= (hit.weights * self.border[corners]).sum(1) < 0.999
        targets, weights = np.zeros_like(x), np.zeros(len(x))
        targets[rows[good]] = hit.points[good]
        weights[rows[good]] = 1 / (1 + (hit.distances[good] / (0.03 * self.width)) ** 2)
        return targets, weights

    def round(self, x: np.ndarray, stiffness: float, progress: float) -> np.ndarray:
        """One step: nearest points, then a linear system; returns vertices (n, 3)."""
        from scipy.sparse import diags_array
        from scipy.sparse.linalg import splu

        limit = self.width * (0.25 - 0.17 * progress)
        targets, weights = self._hits(x, limit)
        system = diags_array(weights + 1e-6) + stiffness * self.bending
        right = weights[:, None] * (targets - self.start)
        pull = _LANDMARK_PULL * (1 - progress) ** 2 + _LANDMARK_HOLD
        if pull > 0:
            weighted = diags_array(pull * self.mark_weights) @ self.marks
            system = system + self.marks.T @ weighted
            right += weighted.T @ (self.mark_targets - self.marks @ self.start)
        if self.lines is not None:
            if progress > 0.3:
                self._slide(x)
            system = system + _CONTOUR_PULL * (self.lines.T @ self.lines)
            right += _CONTOUR_PULL * (self.lines.T @ (self.line_targets - self.lines @ self.start))
        return self.start + splu(system.tocsc()).solve(right)

    def _slide(self, x: np.ndarray) -> None:
        """Let the edges of lips and lids slide along themselves, their ends excepted."""
        places = self.lines @ x
        first = 0
        for line in self.lines_there:
            end = first + len(line)
            slid = nearest_on_line(places[first:end], line)
            slid[[0, -1]] = line[[0, -1]]
            self.line_targets[first:end] = slid
            first = end

    def quality(self, x: np.ndarray) -> tuple[np.ndarray, float]:
        """Trust (n,) of each vertex, and the mean distance in face widths."""
        targets, weights = self._hits(x, 0.2 * self.width)
        gaps = np.linalg.norm(targets - x, axis=1) / self.width
        trust = np.where(weights > 0, np.exp(-((gaps / 0.02) ** 2)), 0.0)
        near = weights > 0
        return trust, float(gaps[near].mean()) if near.any() else 1.0
