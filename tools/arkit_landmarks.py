# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes how ARKit's 52 shapes move iBUG's 68 points on the shipped head.

    python tools/arkit_landmarks.py   -> engine/tracking/flame/arkit_landmarks.json

To be run again whenever ``assets/facewright_head.npz`` or ``template_marks.json`` changes. It is
what FLAME's displacements are explained by (``engine/tracking/flame/arkit_fit.py``). The points are
the face mesh's (``engine/tracking/correspondence.py``) where they were found on the head; the inner
lips are its own lip lines. A point of one lip or lid takes its movement from that one alone.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from engine.core.arkit import NAMES  # noqa: E402
from engine.retarget.transfer.sides import code  # noqa: E402
from engine.retarget.transfer.template import Template, load_template  # noqa: E402
from engine.tracking.correspondence import IBUG_VERTICES  # noqa: E402

OUT = ROOT / "engine" / "tracking" / "flame" / "arkit_landmarks.json"
# The edge of the face is a line of the view, except at the chin.
_POINTS = (*range(6, 11), *range(17, 68))
_LIPS = (
    ("upper_lip", (49, 50, 51, 52, 53, 61, 62, 63)),
    ("lower_lip", (55, 56, 57, 58, 59, 65, 66, 67)),
    ("upper_lid_right", (37, 38)),
    ("lower_lid_right", (40, 41)),
    ("upper_lid_left", (43, 44)),
    ("lower_lid_left", (46, 47)),
)
_SIDE = {point: name for name, points in _LIPS for point in points}
_OTHER = {"upper": "lower", "lower": "upper"}
# The inner lips along the lines where the lips part, from the right corner to the left.
_INNER = {60: ("upper_lip", 0.0), 61: ("upper_lip", 0.25), 62: ("upper_lip", 0.5)}
_INNER |= {63: ("upper_lip", 0.75), 64: ("upper_lip", 1.0)}
_INNER |= {65: ("lower_lip", 0.75), 66: ("lower_lip", 0.5), 67: ("lower_lip", 0.25)}
# Blender's axes to the canonical face's: x to the actor's left, y up, z out of the face.
_AXES = np.array([[1.0, 0, 0], [0, 0, 1.0], [0, -1.0, 0]])


def main() -> None:
    """Look the points up and write the file."""
    head = load_template("shipped")
    points, rows = [], []
    for point in _POINTS:
        place = _place(head, point)
        near, share = _around(head, place, _SIDE.get(point))
        points.append(_AXES @ place * 1000)
        rows.append([_AXES @ (share @ head.moves[name][near]) * 1000 for name in NAMES])
    moves = np.array(rows)
    table = {
        "about": "iBUG's points on the shipped head and how the shapes move them, millimetres",
        "origin": "assets/facewright_head.npz by tools/arkit_landmarks.py; see assets/README.md",
        "licence": "CC0-1.0",
        "ibug": list(_POINTS),
        "points_mm": np.round(points, 3).tolist(),
        "moves_mm": {n: np.round(moves[:, i], 3).tolist() for i, n in enumerate(NAMES)},
    }
    OUT.write_text(json.dumps(table) + "\n", encoding="utf-8")
    print(f"{OUT.name}: {len(_POINTS)} points, {OUT.stat().st_size} bytes")


def _place(head: Template, point: int) -> np.ndarray:
    """Metres, the head's own axes."""
    if point not in _INNER:
        return np.nanmean(head.points.points[list(IBUG_VERTICES[point])], axis=0)
    name, share = _INNER[point]
    line = head.contours[name]
    along = np.r_[0.0, np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))]
    return np.array([np.interp(share * along[-1], along, line[:, axis]) for axis in range(3)])


def _around(head: Template, place: np.ndarray, side: str | None) -> tuple[np.ndarray, np.ndarray]:
    """The skin's vertices nearest to a point, on its own lip or lid, and their shares."""
    allowed = head.outside.copy()
    if side:
        name, rest = side.split("_", 1)
        allowed &= head.labels != code(f"{_OTHER[name]}_{rest}")
    far = np.linalg.norm(head.skin.vertices - place, axis=1)
    far[~allowed] = np.inf
    near = np.argsort(far)[:4]
    share = 1 / np.maximum(far[near], 1e-5)
    return near, share / share.sum()


if __name__ == "__main__":
    main()
