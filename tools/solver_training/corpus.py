# SPDX-License-Identifier: GPL-3.0-or-later
"""Rendered heads as the tracker sees them: the data that the solver's network learns from.

Each person is drawn with many expressions; the first few frames are at rest, from which training
makes the person's neutral as the solver will know it.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from engine.core.inference.onnx_session import open_model
from engine.tracking.appearance import MAPS
from engine.tracking.crop import crop, planes
from engine.tracking.landmarkers.mediapipe import SIZE, to_image
from engine.tracking.regions import Region, from_landmarks, square

from .expressions import random_expression
from .morphable import PIVOT, Head, load_head, turn
from .people import Wardrobe, random_lights, random_modes
from .pictures import compose
from .rasterizer import Rasterizer, View

PICTURE = 304
RESTING = 5
# About the middle of the face, cm.
_FACE = np.array([0.0, 0.0, 10.0])
FRAMES_PER_PERSON = 32
# Landmarks, feature maps and truth of one frame.
ROW = np.dtype(
    [
        ("person", "<i4"),
        ("resting", "?"),
        ("landmarks", "<f4", (478, 3)),
        ("presence", "<f4"),
        ("tongue", "<f4"),
        ("maps", "<f2", (MAPS,)),
        ("weights", "<f4", (52,)),
        ("rotation", "<f4", (3, 3)),
        ("position", "<f4", (3,)),
        ("field_of_view", "<f4"),
        ("covered", "<f4"),
    ]
)


class Studio:
    """Draws and tracks.

    Args:
        model: The archive of the morphable head.
        network: The landmark network.
    """

    def __init__(self, model: Path, network: Path) -> None:
        self.head: Head = load_head(model)
        self._wardrobe = Wardrobe(self.head)
        triangles, at = self.head.triangles, self.head.base
        middle = at[triangles].mean(1)
        skin = self.head.material[triangles[:, 0]] == 0
        # The back of the head and the chest shade nothing that the tracker looks at.
        casters = triangles[skin & (middle[:, 2] > -3) & (middle[:, 1] > -12)]
        self._painter = Rasterizer(triangles, casters, len(at), PICTURE)
        self._network = open_model(network, "cpu")
        front = (self.head.material == 0) & (self.head.base[:, 2] > 5) & (self.head.base[:, 1] > -9)
        self._front = np.flatnonzero(front & (self.head.base[:, 1] < 9))[::7]

    def person(self, random: np.random.Generator, number: int) -> np.ndarray:
        """All frames of one person, records of ``ROW``; frames without a face are left out."""
        modes = random_modes(random, len(self.head.people))
        neutral = self.head.person(modes)
        self._painter.paint(*self._wardrobe.dress(random))
        rows = np.zeros(FRAMES_PER_PERSON, ROW)
        kept = 0
        field_of_view = random.uniform(24, 55)
        calm = random.random() < 0.5
        lights, exposure = random_lights(random)
        for frame in range(FRAMES_PER_PERSON):
            resting = frame < RESTING
            row = rows[kept]
            weights = self._weights(random, resting)
            if frame % 8 == 0:
                lights, exposure = random_lights(random)
            rotation, view = _pose(random, field_of_view, calm or resting)
            vertices = self.head.pose(neutral, weights)
            posed = (vertices - PIVOT) @ rotation.T + PIVOT
            picture, mask = self._painter.draw(posed, view, lights, exposure)
            outline = _project(posed[self._front], view)
            box = np.concatenate([outline.min(0), outline.max(0)])
            picture, row["covered"] = compose(random, picture, mask, box)
            if not self._track(random, picture, box, row):
                continue
            row["person"], row["resting"] = number, resting
            row["weights"], row["rotation"] = weights, rotation
            row["position"] = rotation @ -PIVOT + PIVOT - view.position
            row["field_of_view"] = view.field_of_view_deg
            kept += 1
        return rows[:kept]

    def _weights(self, random: np.random.Generator, resting: bool) -> np.ndarray:
        if resting:
            return _almost_at_rest(random)
        return random_expression(random, self.head.has_tongue)

    def _track(self, random, picture: np.ndarray, box: np.ndarray, row: np.ndarray) -> bool:
        """Looks three times, as a tracker that has followed the face would."""
        region = square(*((box[:2] + box[2:]) / 2), float((box[2:] - box[:2]).max()) * 1.5)
        for look in range(3):
            values, presence, tongue, maps = self._network.run(
                planes(crop(picture, region, SIZE), 1 / 255, 0.0)
            )
            points = to_image(values.reshape(478, 3), region, 1.0)
            region = from_landmarks(points)
            if look == 1:
                region = _behind(random, region)
        row["landmarks"], row["tongue"] = points, tongue[0, 0]
        row["presence"] = 1 / (1 + math.exp(-float(np.clip(presence[0, 0], -50, 50))))
        row["maps"] = maps[0]
        return row["presence"] > 0.5


def _behind(random: np.random.Generator, region: Region) -> Region:
    """The region of the frame before: the face has moved since."""
    side = region.width
    return Region(
        region.x + random.normal(0, 0.01) * side,
        region.y + random.normal(0, 0.01) * side,
        side * random.uniform(0.97, 1.03),
        side * random.uniform(0.97, 1.03),
        region.angle + random.normal(0, 0.015),
    )


def _almost_at_rest(random: np.random.Generator) -> np.ndarray:
    """Nobody rests perfectly: one movement in four frames is a slight one."""
    if random.random() < 0.75:
        return np.zeros(52, np.float32)
    return random_expression(random) * 0.1


def _pose(random: np.random.Generator, field_of_view: float, calm: bool) -> tuple[np.ndarray, View]:
    spread = np.array([6.0, 8.0, 4.0]) if calm else np.array([15.0, 24.0, 12.0])
    rotation = turn(*np.radians(np.clip(random.normal(0, spread), -48, 48)))
    # So far away that the face takes a third to two thirds of the picture.
    height = random.uniform(19, 34)
    distance = height / (2 * math.tan(math.radians(field_of_view) / 2)) + 8
    middle = rotation @ (_FACE - PIVOT) + PIVOT
    place = np.array([*(middle[:2] + random.uniform(-0.13, 0.13, 2) * height), distance])
    return rotation, View(place, field_of_view)


def _project(points: np.ndarray, view: View) -> np.ndarray:
    """Pixels (n, 2) of points in space."""
    seen = points - view.position
    reach = -seen[:, 2:] * math.tan(math.radians(view.field_of_view_deg) / 2)
    return (seen[:, :2] / reach * [1, -1] + 1) * PICTURE / 2


def write_shard(model: Path, network: Path, out: Path, first: int, count: int, seed: int) -> None:
    """Frames of ``count`` people into one .npy file."""
    studio = Studio(model, network)
    people = [
        studio.person(np.random.default_rng([seed, number]), number)
        for number in range(first, first + count)
    ]
    np.save(out, np.concatenate(people))
