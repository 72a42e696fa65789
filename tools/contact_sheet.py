# SPDX-License-Identifier: GPL-3.0-or-later
"""Renders pictures of the shipped head: the sheet of all keys and the portrait in ``docs/images``.

    python tools/contact_sheet.py sheet   -> docs/images/head_keys.jpg
    python tools/contact_sheet.py hero    -> docs/images/head.jpg
    python tools/contact_sheet.py tile OUT.png [NAME=VALUE ...] [--size N] [--turn DEGREES]
    python tools/contact_sheet.py time    -> seconds per 360 x 360 frame

Needs numpy, OpenCV and the ``bpy`` wheel.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import bpy
import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from extension import ROOT, load_extension

load_extension()

from facewright.engine.core.arkit import NAMES  # noqa: E402
from facewright.scene.head import create_head  # noqa: E402
from facewright.scene.portrait_stage import (  # noqa: E402
    create_portrait_stage,
    use_portrait_render,
)

IMAGES = ROOT / "docs" / "images"
COLUMNS = 9


class Studio:
    """An empty scene with the head on its stage."""

    def __init__(self, size: int, samples: int, subdivide: bool = False) -> None:
        bpy.ops.wm.read_factory_settings(use_empty=True)
        self.scene = bpy.context.scene
        self.head = create_head(bpy.context)
        self.head.modifiers["Subdivision"].show_render = subdivide
        self.camera = create_portrait_stage(bpy.context, self.head)
        use_portrait_render(self.scene, size, samples)
        self.folder = Path(tempfile.mkdtemp())

    def render(self, weights: dict[str, float]) -> np.ndarray:
        """Picture (size, size, 3) uint8 BGR of the head with these key values, others 0."""
        for key in self.head.data.shape_keys.key_blocks[1:]:
            key.value = weights.get(key.name, 0.0)
        return render_still(self.scene, self.folder / "tile.png")

    def turn(self, degrees: float) -> None:
        """Turn the head about the vertical axis."""
        self.head.parent.rotation_euler[2] = np.radians(degrees)

    def closer(self, lens: float, shift_y: float = 0.0) -> None:
        """Zoom with a longer lens; ``shift_y`` moves the frame, in frame heights."""
        self.camera.data.lens = lens
        self.camera.data.shift_y = shift_y


def render_still(scene: bpy.types.Scene, path: Path) -> np.ndarray:
    """Picture (height, width, 3) uint8 BGR of the scene as it is now, by way of a .png file."""
    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)
    return cv2.imread(str(path))


def label(tile: np.ndarray, text: str) -> np.ndarray:
    """The tile with a line of text below it."""
    band = np.full((22, tile.shape[1], 3), 30, np.uint8)
    cv2.putText(band, text, (5, 15), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (235,) * 3, 1, cv2.LINE_AA)
    return np.concatenate([tile, band])


def sheet(tile: int = 210, samples: int = 12) -> np.ndarray:
    """Neutral, the 52 keys at 1, and jawOpen with mouthClose, as a labelled grid."""
    studio = Studio(tile, samples, subdivide=True)
    studio.closer(112, -0.05)
    poses: list[tuple[str, dict[str, float]]] = [("neutral", {})]
    poses += [(name, {name: 1.0}) for name in NAMES]
    poses.append(("jawOpen + mouthClose", {"jawOpen": 1.0, "mouthClose": 1.0}))
    tiles = [label(studio.render(weights), name) for name, weights in poses]
    blank = np.zeros_like(tiles[0])
    tiles += [blank] * (-len(tiles) % COLUMNS)
    rows = [np.concatenate(tiles[i : i + COLUMNS], 1) for i in range(0, len(tiles), COLUMNS)]
    return np.concatenate(rows)


def main() -> None:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("sheet", "hero", "tile", "time"))
    parser.add_argument("rest", nargs="*")
    parser.add_argument("--size", type=int, default=360)
    parser.add_argument("--samples", type=int, default=12)
    parser.add_argument("--turn", type=float, default=0.0)
    parser.add_argument("--lens", type=float, default=0.0)
    parser.add_argument("--shift", type=float, default=0.0)
    parser.add_argument("--subdivide", action="store_true")
    options = parser.parse_args()
    IMAGES.mkdir(parents=True, exist_ok=True)
    if options.what == "sheet":
        picture = sheet(samples=options.samples)
        cv2.imwrite(str(IMAGES / "head_keys.jpg"), picture, [cv2.IMWRITE_JPEG_QUALITY, 84])
        return
    if options.what == "hero":
        studio = Studio(1000, 64, subdivide=True)
        picture = studio.render({"mouthSmileLeft": 0.12, "mouthSmileRight": 0.12})
        cv2.imwrite(str(IMAGES / "head.jpg"), picture, [cv2.IMWRITE_JPEG_QUALITY, 88])
        return
    studio = Studio(options.size, options.samples, options.subdivide)
    if options.turn:
        studio.turn(options.turn)
    if options.lens:
        studio.closer(options.lens, options.shift)
    if options.what == "tile":
        weights = dict(pair.split("=") for pair in options.rest[1:])
        picture = studio.render({name: float(value) for name, value in weights.items()})
        cv2.imwrite(options.rest[0], picture)
        return
    studio.render({})
    start = time.perf_counter()
    for step in range(10):
        studio.render({"jawOpen": step / 10})
    print(f"{(time.perf_counter() - start) / 10:.2f} s per frame")


if __name__ == "__main__":
    main()
