# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws the shapes that a transfer made, as one picture to look at.

    python tools/transfer_sheet.py HEAD.glb OUT.png [--only NAME,NAME] [--tile 256] [--yaw 20]
        [--authored]

``HEAD.glb`` may also be ``ict`` or ``shipped`` (``benchmarks/support/transfer_heads.py``).
``--authored`` draws the head's own shapes instead. Needs numpy, scipy, OpenCV, onnxruntime.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.support.transfer_heads import load_head  # noqa: E402
from engine.core.arkit import NAMES  # noqa: E402
from engine.pipeline.guess_landmarks import guess_landmarks  # noqa: E402
from engine.retarget.transfer.anatomy import Anatomy, examine  # noqa: E402
from engine.retarget.transfer.request import TransferRequest  # noqa: E402
from engine.retarget.transfer.surface import Surface  # noqa: E402
from engine.retarget.transfer.transfer import transfer_shapes  # noqa: E402
from engine.retarget.transfer.zbuffer import View, draw, view_from  # noqa: E402

COLUMNS = 9
_COLOURS = {
    "skin": (0.80, 0.60, 0.50),
    "eye": (0.95, 0.95, 0.93),
    "teeth": (0.93, 0.90, 0.80),
    "tongue": (0.75, 0.30, 0.30),
    "lash": (0.15, 0.10, 0.08),
    "brow": (0.25, 0.18, 0.14),
    "other": (0.55, 0.35, 0.35),
}


def picture(surface: Surface, colours: np.ndarray, view: View) -> np.ndarray:
    """uint8 (size, size, 3) BGR."""
    seen = draw(surface.vertices, surface.triangles, view).faces
    normals = surface.face_normals / np.maximum(
        np.linalg.norm(surface.face_normals, axis=1, keepdims=True), 1e-12
    )
    smooth = surface.normals[surface.triangles].mean(1)
    normals = 0.35 * normals + 0.65 * smooth
    light = np.full(len(normals), 0.2)
    for direction, strength in (((0.4, -0.7, 0.6), 0.65), ((-0.8, -0.5, 0.1), 0.25)):
        light += strength * np.clip(normals @ (view.rotation.T @ np.array(direction)), 0, None)
    shade = colours[surface.triangles[:, 0]] * light[:, None]
    image = np.full((*seen.shape, 3), 0.12)
    image[seen >= 0] = shade[seen[seen >= 0]]
    return (255 * np.clip(image, 0, 1) ** (1 / 2.2)).astype(np.uint8)[..., ::-1]


def tiles(
    anatomy: Anatomy, shapes: dict[str, np.ndarray], view: View
) -> list[tuple[str, np.ndarray]]:
    """Neutral, each shape at 1, and the two that belong together."""
    colours = np.array([_COLOURS.get(role, (0.5, 0.5, 0.5)) for role in anatomy.roles])
    for eye in anatomy.eyes:
        ball = np.flatnonzero(eye.vertices)
        ahead = (anatomy.whole.vertices[ball] - eye.centre) / eye.radius
        colours[ball[ahead[:, 1] < -np.cos(np.radians(28))]] = (0.16, 0.12, 0.10)
    poses = [("neutral", ()), *((name, (name,)) for name in shapes)]
    if {"jawOpen", "mouthClose"} <= set(shapes):
        poses.append(("jawOpen + mouthClose", ("jawOpen", "mouthClose")))
    out = []
    for title, names in poses:
        moved = anatomy.whole.vertices + sum((shapes[n] for n in names), np.zeros(3))
        image = picture(Surface(moved, anatomy.whole.triangles), colours, view).copy()
        place = (4, image.shape[0] - 6)
        cv2.putText(image, title, place, cv2.FONT_HERSHEY_SIMPLEX, 0.4, (255,) * 3, 1, cv2.LINE_AA)
        out.append((title, image))
    return out


def main() -> None:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("head")
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--tile", type=int, default=230)
    parser.add_argument("--yaw", type=float, default=0.0)
    parser.add_argument("--zoom", type=float, default=1.0)
    parser.add_argument("--up", type=float, default=0.0, help="shift in face widths")
    parser.add_argument("--authored", action="store_true")
    options = parser.parse_args()
    head = load_head(options.head)
    anatomy = examine(head.parts)
    guess = guess_landmarks(head.parts)
    names = tuple(n for n in options.only.split(",") if n) or NAMES
    if options.authored:
        own = head.authored
    else:
        result = transfer_shapes(TransferRequest(tuple(head.parts), guess))
        print(result.report())
        own = result.deltas
    shapes = {}
    for name in names:
        moves = np.zeros_like(anatomy.whole.vertices)
        for part, (first, end) in anatomy.starts.items():
            if name in own.get(part, {}):
                moves[anatomy.source[first:end]] = own[part][name]
        shapes[name] = moves
    points = guess.points
    width = float(np.linalg.norm(points[33] - points[263]))
    centre = (points[[33, 263]].mean(0) + points[152]) / 2 + [0, 0, options.up * width]
    view = view_from(options.yaw, 0, centre, 2.1 * width / options.zoom, options.tile)
    images = [image for _, image in tiles(anatomy, shapes, view)]
    columns = min(COLUMNS, len(images))
    images += [np.zeros_like(images[0])] * (-len(images) % columns)
    rows = [np.concatenate(images[i : i + columns], 1) for i in range(0, len(images), columns)]
    cv2.imwrite(str(options.out), np.concatenate(rows))


if __name__ == "__main__":
    main()
