# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines where lips and lids end, found by looking at the head from the front.

The landmark network places them within a millimetre or two; a picture of which skin is seen
where gives them to a fraction of one, and in the same way on every mesh.
"""

from __future__ import annotations

import numpy as np

from .request import FacePoints
from .sides import OPENINGS, SEEDS, code
from .surface import Surface
from .zbuffer import back_project, draw, view_from

SAMPLES = 25
_SIZE = 512
# A step in depth that ends a lip or lid, in widths of the opening.
_STEP = 0.05
# A gap of this many pixels counts as open.
_OPEN = 2


def find_contours(
    shown: Surface, skin: np.ndarray, labels: np.ndarray, points: FacePoints
) -> dict[str, np.ndarray]:
    """Points along the edge of each lip and lid.

    Args:
        shown: Skin and eyeballs.
        skin: (T,) bool, triangles of the skin.
        labels: (N,) from ``label_sides``; 0 for vertices that are not skin.
        points: Of the face mesh.

    Returns:
        Name of the lip or lid -> (SAMPLES, 3) from the character's right corner to its left one,
        evenly along the line; lips and lids whose edge is not seen are left out.
    """
    contours = {}
    for first, last, upper, lower in OPENINGS.values():
        corners = points.points[[first, last]]
        if not np.isfinite(corners).all():
            continue
        lines = _opening(shown, skin, labels, points, corners, (upper, lower))
        if lines is not None:
            contours[upper], contours[lower] = lines
    return contours


def mirrored_lines(contours: dict[str, np.ndarray], middle_x: float) -> dict[str, np.ndarray]:
    """Contours averaged with their mirror images about the plane x = ``middle_x``."""
    out = dict(contours)
    for name, line in contours.items():
        partner = name.replace("left", "RIGHT").replace("right", "left").replace("RIGHT", "right")
        if partner in contours:
            flipped = contours[partner][::-1] * [-1, 1, 1] + [2 * middle_x, 0, 0]
            out[name] = (line + flipped) / 2
    return out


def _opening(
    shown: Surface,
    skin: np.ndarray,
    labels: np.ndarray,
    points: FacePoints,
    corners: np.ndarray,
    names: tuple[str, str],
) -> list[np.ndarray] | None:
    width = float(np.linalg.norm(corners[1] - corners[0]))
    view = view_from(0, 0, corners.mean(0), 1.6 * width, _SIZE)
    seen, depth = draw(shown.vertices, shown.triangles, view)
    face_labels = np.where(skin, labels[shown.triangles].max(1), -1)
    label = np.where(seen >= 0, face_labels[seen], -2)
    ends = view.project(corners)
    low, high = int(np.ceil(ends[0, 0])), int(np.floor(ends[1, 0]))
    middle = label[_SIZE // 2 - _SIZE // 8 : _SIZE // 2 + _SIZE // 8, low:high]
    has_ball = names[0] != "upper_lip" and bool((middle == -1).mean() > 0.05)
    edges = []
    for name, direction in zip(names, (1, -1), strict=True):
        seeds = points.points[list(SEEDS[name])]
        seeds = view.project(seeds[np.isfinite(seeds).all(1)])
        if len(seeds) < 3:
            return None
        order = np.argsort(seeds[:, 0])
        xs = np.r_[ends[0, 0], seeds[order, 0], ends[1, 0]]
        ys = np.r_[ends[0, 1], seeds[order, 1], ends[1, 1]]
        # A fold of the skin may hide a lid's middle, but where there is an eyeball it ends there.
        step = np.inf if has_ball else _STEP * width
        edges.append(_edge(label, depth, (xs, ys), (low, high), code(name), direction, step))
    top, bottom = edges
    good = (top >= 0) & (bottom >= 0) & (bottom >= top)
    if good.mean() < 0.5:
        return None
    columns = np.arange(low, high + 1)
    if names[0] != "upper_lip":
        # Between the lids there is an opening, and its ends are the corners of the eye.
        open_columns = np.flatnonzero(good & (bottom - top > _OPEN))
        if len(open_columns) < 0.4 * len(columns):
            return None
        inside = slice(open_columns[0], open_columns[-1] + 1)
        columns, top, bottom, good = columns[inside], top[inside], bottom[inside], good[inside]
    lines = []
    for edge in (top, bottom):
        place = np.stack([columns[good] + 0.5, edge[good] + 0.5], 1)
        faces = seen[edge[good], columns[good]]
        line = back_project(shown.vertices, shown.triangles, view, faces, place)
        lines.append(_evenly(line))
    return lines


def _edge(
    label: np.ndarray,
    depth: np.ndarray,
    start: tuple[np.ndarray, np.ndarray],
    columns: tuple[int, int],
    wanted: int,
    direction: int,
    step: float,
) -> np.ndarray:
    """The last row of one lip or lid in each column, going towards the opening; -1: none."""
    rows = []
    size = len(label)
    for x in range(columns[0], columns[1] + 1):
        y = int(np.interp(x, *start))
        # Near the corners the line of the seeds may already lie beyond the edge.
        tries = 0
        while 0 <= y < size and label[y, x] != wanted and tries < size // 8:
            y -= direction
            tries += 1
        if not 0 <= y < size or label[y, x] != wanted:
            rows.append(-1)
            continue
        while 0 <= y + direction < size:
            following = y + direction
            if label[following, x] != wanted or abs(depth[following, x] - depth[y, x]) > step:
                break
            y = following
        rows.append(y)
    return np.array(rows)


def _evenly(line: np.ndarray) -> np.ndarray:
    """``SAMPLES`` points along a line (n, 3), smoothed over the pixels' steps."""
    kernel = np.ones(5) / 5
    padded = np.concatenate([line[:1].repeat(2, 0), line, line[-1:].repeat(2, 0)])
    smooth = np.stack([np.convolve(padded[:, k], kernel, "valid") for k in range(3)], 1)
    along = np.r_[0, np.cumsum(np.linalg.norm(np.diff(smooth, axis=0), axis=1))]
    at = np.linspace(0, along[-1], SAMPLES)
    return np.stack([np.interp(at, along, smooth[:, k]) for k in range(3)], 1)
